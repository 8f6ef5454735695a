import Exchange
import HTTPTypes
import Hummingbird
import NIOCore

/// 運用: what a load balancer and a scraper ask, on the operations listener only.
package enum OperationsRoutes {
    package static func all(
        readiness checks: [ReadinessCheck], metrics registry: PrometheusRegistry
    ) -> [Route] {
        [
            // Alive means that the event loop turns. It asks nobody else: a gateway without its
            // database must not be restarted over and over.
            Route(.get, "/live") { _, _ in text(.ok, "live\n") },
            Route(.get, "/ready") { _, _ in await readiness(checks) },
            Route(.get, "/metrics") { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: .init(byteBuffer: ByteBuffer(string: registry.exposition())))
            },
        ]
    }

    /// One line a check; 503 when any of them fails. The checks run at the same time.
    private static func readiness(_ checks: [ReadinessCheck]) async -> Response {
        let verdicts = await withTaskGroup(of: (Int, ReadinessCheck.Verdict).self) { group in
            for (place, check) in checks.enumerated() {
                group.addTask { (place, await check.check()) }
            }
            var verdicts = [ReadinessCheck.Verdict](repeating: .ready, count: checks.count)
            for await (place, verdict) in group { verdicts[place] = verdict }
            return verdicts
        }
        let lines = zip(checks, verdicts).map { check, verdict in
            switch verdict {
            case .ready: "\(check.name): ok\n"
            case .readyBut(let remark): "\(check.name): ok, but \(remark)\n"
            case .notReady(let reason): "\(check.name): \(reason)\n"
            }
        }
        let isReady = verdicts.allSatisfy(\.isReady)
        return text(isReady ? .ok : .serviceUnavailable, lines.joined())
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

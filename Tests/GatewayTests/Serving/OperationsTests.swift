import CoreMetrics
import Exchange
import Gateway
import ServiceLifecycle
import TestSupport
import Testing

/// What operators and scrapers read.
@Suite(.timeLimit(.minutes(10)))
struct OperationsTests {
    @Test(arguments: [("0.0.0.0", Listener.operations), ("127.0.0.1", .office)])
    func `plain HTTP is for operations on loopback alone`(_ host: String, _ listener: Listener) {
        #expect(throws: ListenerConfiguration.Invalid.self) {
            try ListenerConfiguration(
                listener: listener, host: host, port: 0, security: .plainOnLoopback)
        }
    }

    @Test func `an address that is another's is told by the names of its settings`() async throws {
        try await RunningListener.run(.init(listener: .operations), tls: nil) { first in
            let trust = first.trust
            let environment = ServingEnvironment(
                errors: ErrorReading(), enter: trust.enter, now: { trust.now },
                metrics: first.registry, logger: first.log.logger)
            let second = listenerService(
                try ListenerConfiguration(
                    listener: .operations, host: "127.0.0.1", port: first.port,
                    security: .plainOnLoopback),
                routes: RunningListener.Setup.plainRoutes, environment: environment
            ) { _ in }
            let group = ServiceGroup(
                configuration: .init(services: [.init(service: second)], logger: first.log.logger))
            let error = await #expect(throws: ListenerConfiguration.Invalid.self) {
                try await group.run()
            }
            let said = error?.description ?? ""
            #expect(said.contains("operations listener cannot listen on 127.0.0.1"))
            #expect(said.contains("port \(first.port) (listen.operations.host, "))
        }
    }

    @Test func `ready says which part is not`() async throws {
        let gate = Gate()
        var setup = RunningListener.Setup(listener: .operations)
        setup.routes = OperationsRoutes.all(
            readiness: [
                ReadinessCheck("database") { gate.isOpen ? .ready : .notReady("no connection") },
                ReadinessCheck("card revocation list") { .ready },
                ReadinessCheck("log") { .readyBut("not for long") },
            ], metrics: PrometheusRegistry())
        try await RunningListener.run(setup, tls: nil) { listener in
            let others = "card revocation list: ok\nlog: ok, but not for long\n"
            let client = try await TLSClient(port: listener.port, credentials: nil)
            #expect(try await client.send("GET", "/live").text == "live\n")
            let before = try await client.send("GET", "/ready")
            #expect(before.status == 503)
            #expect(before.text == "database: no connection\n\(others)")
            gate.open()
            let after = try await client.send("GET", "/ready")
            #expect(after.status == 200)
            #expect(after.text == "database: ok\n\(others)")
        }
    }

    @Test func `a trouble that lasts is told when it begins, changes and is over`() async {
        let log = LineLog()
        var trouble = TroubleLog("refresh", log.logger)
        for text in [nil, "away", "away", "full", "full", nil, nil, "away"] {
            await trouble.watching {
                if let text { throw TLSClient.Gone(description: text) }
            }
        }
        #expect(
            log.all == [
                "refresh postponed error=away", "refresh postponed error=full",
                "refresh goes on ", "refresh postponed error=away",
            ])
    }

    @Test func `the exposition is what Prometheus reads`() {
        let registry = PrometheusRegistry()
        Counter(label: "requests_total", dimensions: [("route", "/a\"b\\c\nd")], factory: registry)
            .increment(by: 3)
        Meter(label: "open.connections", factory: registry).set(7)
        let recorder = Recorder(label: "batch", factory: registry)
        recorder.record(1)
        recorder.record(3)
        recorder.record(100_000)
        let text = registry.exposition()
        #expect(text.contains("# TYPE batch histogram\nbatch_bucket{le=\"1.0\"} 1\n"))
        #expect(text.contains("batch_bucket{le=\"4.0\"} 2\n"))
        #expect(text.contains("batch_bucket{le=\"+Inf\"} 3\nbatch_sum 100004.0\nbatch_count 3\n"))
        #expect(text.contains("# TYPE open_connections gauge\nopen_connections 7.0\n"))
        #expect(
            text.contains(
                "# TYPE requests_total counter\nrequests_total{route=\"/a\\\"b\\\\c\\nd\"} 3\n"))
        #expect(text.hasSuffix("metrics_series_dropped_total 0\n"))
        #expect(registry.exposition() == text)
    }

    @Test func `the same series is counted together and a timer is in seconds`() {
        let registry = PrometheusRegistry()
        for _ in 0..<2 { Counter(label: "c", factory: registry).increment() }
        Timer(label: "t", dimensions: [("r", "x")], factory: registry)
            .recordNanoseconds(12_000_000)
        let text = registry.exposition()
        #expect(text.contains("c 2\n"))
        #expect(
            text.contains("t_bucket{r=\"x\",le=\"0.01\"} 0\nt_bucket{r=\"x\",le=\"0.015\"} 1\n"))
        #expect(text.contains("t_sum{r=\"x\"} 0.012\n"))
    }

    @Test func `labels cannot fill the memory`() {
        let registry = PrometheusRegistry(seriesMax: 10)
        for number in 0..<1_000 {
            Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        let text = registry.exposition()
        #expect(text.contains("metrics_series_dropped_total 990\n"))
        #expect(text.split(separator: "\n").filter { $0.hasPrefix("c{") }.count == 10)
    }

    @Test func `requests are counted by route and no path makes a series`() async throws {
        try await RunningListener.run(.init(listener: .operations), tls: nil) { listener in
            let client = try await TLSClient(port: listener.port, credentials: nil)
            for name in ["hanako", "taro"] {
                _ = try await client.send("GET", "/\(name)")
                _ = try await client.send("PROPFIND", "/\(name)")
                _ = try await client.send("GET", "/echo/\(name)")
            }
            let text = listener.registry.exposition()
            #expect(!text.contains("hanako"))
            #expect(!text.contains("PROPFIND"))
            #expect(text.contains("route=\"-\",status=\"404\"} 4\n"))
            #expect(text.contains("status=\"405\"} 2\n"))
            #expect(text.contains("gateway_requests_in_flight{listener=\"operations\"} 0.0\n"))
            #expect(text.contains("gateway_connections_open{listener=\"operations\"} 1.0\n"))
        }
    }
}

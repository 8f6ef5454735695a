import Exchange
import Gateway
import Ledger
import Logging
import Metrics
import ServiceLifecycle
import Trust

/// 脈: once a second, what may have changed outside: rules, suspensions; each half minute the
/// revocation lists.
struct Heartbeat: Service {
    let ledger: Ledger
    let revocation: RevocationStore
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var beat = 0
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                beat += 1
                // A source that is away changes nothing: what was last known goes on, and readiness
                // says so.
                do { try await ledger.refresh() } catch  where !Task.isCancelled {
                    logger.warning("refresh postponed", metadata: ["error": "\(error)"])
                } catch {}
                if beat % 10 == 0 { revocation.reload() }
                measure()
            }
        }
    }
}

extension Heartbeat {
    /// What an operator watches beside requests: queues that grow, lists that age.
    private func measure() {
        for (name, value) in ledger.gauges { Gauge(label: name).record(value) }
        guard let until = revocation.freshUntil else { return }
        Gauge(label: "tsunagi_revocation_list_seconds_left").record(
            until.seconds - WallClock.now().seconds)
    }
}

struct SealerService: Service {
    let sealer: Sealer

    func run() async throws {
        await cancelWhenGracefulShutdown { await sealer.run() }
    }
}

/// Services that start and stop at the same moment, as the listeners do.
struct Together: Service {
    let services: [any Service]

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            try await group.waitForAll()
        }
    }
}

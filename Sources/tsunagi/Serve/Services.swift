import Gateway
import Ledger
import Logging
import ServiceLifecycle
import Trust

/// 脈: once a second, what may have changed outside: rules, suspensions; each half minute the revocation lists.
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
                // A source that is away changes nothing: what was last known goes on, and readiness says so.
                do { try await ledger.refresh() } catch where !Task.isCancelled {
                    logger.warning("refresh postponed", metadata: ["error": "\(error)"])
                } catch {}
                if beat % 5 == 0 { revocation.reload() }
            }
        }
    }
}

struct SealerService: Service {
    let sealer: Sealer

    func run() async throws {
        await cancelWhenGracefulShutdown { await sealer.run() }
    }
}

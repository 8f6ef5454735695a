import Logging
import ServiceLifecycle

/// 見回り: work of a gateway that comes round again until the gateway stops. A round that fails is said in the
/// log and left to the next: nothing that it has not committed is lost, because each begins by looking.
package struct Rounds: Service {
    private let work: @Sendable () async -> Void

    /// `name` is what is put off: `losses`. `round` returns whether more waits already; then it goes on at
    /// once. What it keeps from one round to the next begins as `start`, and a round that failed changes
    /// nothing of it.
    init<Kept: Sendable>(
        _ name: String, every pause: Duration, logger: Logger, from start: Kept,
        _ round: @Sendable @escaping (inout Kept) async throws -> Bool
    ) {
        work = {
            var kept = start
            while !Task.isCancelled {
                var next = kept
                do {
                    let goesOn = try await round(&next)
                    kept = next
                    if goesOn { continue }
                } catch  where !Task.isCancelled {
                    logger.warning("\(name) postponed", metadata: ["error": "\(error)"])
                } catch {}
                try? await Task.sleep(for: pause)
            }
        }
    }

    init(
        _ name: String, every pause: Duration, logger: Logger,
        _ round: @Sendable @escaping () async throws -> Bool
    ) {
        self.init(name, every: pause, logger: logger, from: ()) { _ in try await round() }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown(work)
    }
}

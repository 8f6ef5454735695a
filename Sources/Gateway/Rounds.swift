import Logging
import ServiceLifecycle

/// 見回り: work of a gateway that comes round again until the gateway stops. A round that fails is said in the
/// log and left to the next: nothing that it has not committed is lost, because each begins by looking.
struct Rounds {
    /// What is put off: `losses`.
    let name: String
    let pause: Duration
    let logger: Logger

    /// `round` returns whether more waits already; then it goes on at once. What it keeps from one round to
    /// the next begins as `start`, and a round that failed changes nothing of it.
    func run<Kept: Sendable>(
        from start: Kept, _ round: @Sendable @escaping (inout Kept) async throws -> Bool
    ) async {
        await cancelWhenGracefulShutdown { [self] in
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

    func run(_ round: @Sendable @escaping () async throws -> Bool) async {
        await run(from: ()) { _ in try await round() }
    }
}

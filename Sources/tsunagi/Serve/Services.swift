import Exchange
import Gateway
import Ledger
import Logging
import Metrics
import ServiceLifecycle
import Trust
import UnixSignals

/// 脈: once a second, what may have changed in the database: rules, suspensions, registered
/// certificates; each ten seconds, and at once on SIGHUP, the files: revocation lists and the
/// gateway's own certificate.
struct Heartbeat: Service {
    let ledger: Ledger
    let revocation: RevocationStore
    let certificate: ServerCertificate
    let logger: Logger

    func run() async throws {
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await beat() }
                group.addTask { for await _ in hangups { reload() } }
            }
        }
    }

    private func beat() async {
        var count = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            count += 1
            // A source that is away changes nothing: what was last known goes on, and readiness
            // says so.
            do { try await ledger.refresh() } catch  where !Task.isCancelled {
                logger.warning("refresh postponed", metadata: ["error": "\(error)"])
            } catch {}
            if count % 10 == 0 { reload() }
            measure()
        }
    }

    private func reload() {
        revocation.reload()
        certificate.reload()
    }
}

extension Heartbeat {
    /// What an operator watches beside requests: queues that grow, lists that age.
    private func measure() {
        certificate.measure()
        for (name, value) in ledger.gauges { Gauge(label: name).record(value) }
        guard let until = revocation.freshUntil else { return }
        Gauge(label: "tsunagi_revocation_list_seconds_left").record(
            until.seconds - WallClock.now().seconds)
    }
}

struct SealerService: Service {
    let sealer: Sealer
    let epochSeconds: Int

    func run() async throws {
        await cancelWhenGracefulShutdown { await sealer.run(epochSeconds: epochSeconds) }
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

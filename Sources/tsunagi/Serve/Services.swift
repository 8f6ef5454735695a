import Exchange
import Gateway
import Ledger
import Logging
import Metrics
import ServiceLifecycle
import Trust
import UnixSignals

/// 脈: once a second, what may have changed in the database: rules, suspensions, registered
/// certificates, the versions of the keys in use; each ten seconds, and at once on SIGHUP, the files:
/// revocation lists, the gateway's own certificates and its keys.
struct Heartbeat: Service {
    let ledger: Ledger
    let keys: KeyShelf
    let revocation: RevocationStore
    let certificates: [OwnCertificate]
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
        var refreshing = TroubleLog("refresh", logger)
        var following = TroubleLog("refresh of the keys in use", logger)
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            count += 1
            // A source that is away changes nothing: what was last known goes on, and readiness
            // says so.
            await refreshing.watching { try await ledger.refresh() }
            await following.watching { try await keys.follow(ledger) }
            if count % 10 == 0 {
                reload()
                await countReviews()
                await measureSeal()
            }
            measure()
        }
    }

    /// 災害時の受付の確認: counts alone.
    private func countReviews() async {
        guard let reviews = try? await ledger.openReviews() else { return }
        Gauge(label: "tsunagi_emergency_reviews_open").record(reviews.open)
        Gauge(label: "tsunagi_emergency_reviews_overdue").record(reviews.overdue)
    }

    private func measureSeal() async {
        guard let seconds = try? await ledger.unsealedSeconds() else { return }
        Gauge(label: "tsunagi_log_unsealed_seconds").record(seconds)
    }

    private func reload() {
        revocation.reload()
        for certificate in certificates { certificate.reload() }
        do { try keys.reload() } catch {
            logger.error("keys not read again", metadata: ["reason": "\(error)"])
        }
    }
}

extension Heartbeat {
    /// What an operator watches beside requests: queues that grow, lists that age.
    private func measure() {
        for certificate in certificates { certificate.measure() }
        for (name, count) in keys.held {
            Gauge(label: "tsunagi_key_versions", dimensions: [("key", name.rawValue)]).record(count)
        }
        for (name, value) in ledger.gauges { Gauge(label: name).record(value) }
        Gauge(label: "tsunagi_revocation_lists_not_taken").record(revocation.refusedCount)
        guard let until = revocation.freshUntil else { return }
        Gauge(label: "tsunagi_revocation_list_seconds_left").record(
            until.seconds - WallClock.now().seconds)
    }
}

extension KeyShelf {
    /// Makes with what the database says is in use.
    func follow(_ ledger: Ledger) async throws {
        var versions: [KeyRing.Name: InUse] = [:]
        for key in try await ledger.keyVersions(checks: checks) {
            guard let name = KeyRing.Name(rawValue: key.key) else { continue }
            versions[name] = InUse(version: key.version, check: key.check)
        }
        try use(versions)
    }
}

struct SealerService: Service {
    let sealer: Sealer
    let epochSeconds: Int

    func run() async throws {
        await cancelWhenGracefulShutdown { await sealer.run(epochSeconds: epochSeconds) }
    }
}

struct OfficeIndexService: Service {
    let index: OfficeIndex

    func run() async throws {
        await cancelWhenGracefulShutdown { await index.run() }
    }
}

/// Services that start and stop at the same moment, as the listeners do. The first that ends, or cannot
/// begin, takes the others with it, in order: a gateway that went on without one of its listeners would call
/// itself ready, and nobody would start it again.
struct Together: Service {
    let services: [any Service]
    let logger: Logger

    func run() async throws {
        let groups = services.map { service in
            ServiceGroup(
                configuration: .init(
                    services: [
                        .init(
                            service: service, successTerminationBehavior: .gracefullyShutdownGroup)
                    ], logger: logger))
        }
        try await withThrowingTaskGroup(of: Void.self) { running in
            for group in groups { running.addTask { try await group.run() } }
            var failure: (any Error)?
            do { _ = try await running.next() } catch { failure = error }
            for group in groups { await group.triggerGracefulShutdown() }
            do { try await running.waitForAll() } catch { failure = failure ?? error }
            if let failure { throw failure }
        }
    }
}

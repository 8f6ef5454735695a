import CoreMetrics
import Crypto
import Exchange
import Foundation
import Gateway
import Ledger
import Logging
import Postgres
import ServiceLifecycle
import Trust
import UnixSignals

/// One gateway as it runs: the ledger, the listeners, the sealer and the heartbeat, made from
/// settings alone.
struct GatewayProcess {
    let settings: Settings
    let logger: Logger
    let metrics: PrometheusRegistry

    /// Serves until a signal asks it to stop; then finishes what was accepted.
    func run(onListening: @escaping @Sendable (Listener, Int) async -> Void = { _, _ in })
        async throws
    {
        let keys = try SettingProblem.naming("keys.folder") {
            try KeyShelf(settings.keysFolder, names: settings.keyNames)
        }
        let anchors = try Anchors(settings.trust)
        let revocation = RevocationStore(
            paths: settings.trust.revocationLists, issuers: anchors.all,
            freshness: .init(graceSeconds: Int64(settings.trust.revocationGraceHours) * 3600),
            now: WallClock.now, logger: logger)
        let certificates = try OwnCertificates(settings, logger)
        let ledger = Ledger(
            .init(
                gateway: Address(settings.databases.gateway),
                office: settings.databases.office.map { Address($0) }), logger: logger)
        try await prepare(ledger)
        // Before any rules are loaded nobody is answered, and readiness says so.
        try (try? ledger.rules.current())?.requireRows()
        try await keys.follow(ledger)
        if let name = keys.lacking.first {
            throw FileProblem(
                settings.keysFolder,
                "does not hold \(name.rawValue) as this site uses it: copy its versions from another gateway"
            )
        }
        let parts = GatewayParts(
            ledger: ledger, keys: keys,
            cards: CardTrust(anchors: anchors.card, revocation: revocation),
            origin: settings.logOrigin, now: WallClock.now)
        // The group stops its services in reverse: listeners first, then what they relied on.
        var services: [any Service] = [
            Heartbeat(
                ledger: ledger, keys: keys, revocation: revocation, certificates: certificates.all,
                logger: logger)
        ]
        services += try backgroundWork(parts, certificates)
        services.append(
            Together(
                services: try listeners(
                    parts, Trusted(anchors, revocation, certificates.server), onListening),
                logger: logger))
        let group = ServiceGroup(
            configuration: .init(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            await ledger.shutdown()
            throw error
        }
        await ledger.shutdown()
    }

    private func prepare(_ ledger: Ledger) async throws {
        do {
            try await ledger.prepare()
            try await ledger.requireZones(sealer: settings.databases.sealer.map { Address($0) })
        } catch DatabaseError.unreachable {
            throw SettingProblem(
                "No connection could be opened with one of the settings database.gateway, database.office "
                    + "and database.sealer: the warning before this line, or PostgreSQL's log, says why."
            )
        }
    }

    /// What goes on beside the listeners: each needs the listener or the setting that it works for.
    private func backgroundWork(
        _ parts: GatewayParts, _ certificates: OwnCertificates
    ) throws -> [any Service] {
        var services: [any Service] = []
        if let address = settings.databases.sealer {
            services += [
                SealerService(
                    sealer: try sealer(address, parts.keys), epochSeconds: settings.epochSeconds),
                OfficeIndexService(index: OfficeIndex(Address(address), logger: logger)),
            ]
        }
        if settings.endpoints[.office]?.port != nil {
            services += [
                FileWork(parts), parts.statementRounds(logger), parts.lossRounds(logger),
                parts.exportRounds(logger),
            ]
        }
        if settings.endpoints[.institution]?.port != nil {
            services += [parts.lapseRounds(logger), parts.claimRounds(logger)]
        }
        if let caller = try certificates.webhook?.caller() {
            services.append(WebhookWork(parts, caller, logger: logger))
        }
        if let feed = settings.auditFeed, let receiver = try certificates.auditFeed?.receiver(feed)
        {
            services.append(try auditFeed(feed, to: receiver, parts))
        }
        return services
    }

    private func sealer(_ address: String, _ keys: KeyShelf) throws -> Sealer {
        let origin = settings.logOrigin
        return Sealer(
            Address(address), keys: { try SealCommand.keys(keys.ring, origin: origin) },
            outlet: try SettingProblem.naming("log.checkpoints") {
                try CheckpointOutlet(folder: settings.checkpointsFolder) {
                    WallClock.now().dayInJapan.text
                }
            }, logger: logger)
    }

    private func auditFeed(
        _ feed: Settings.AuditFeedSettings, to receiver: SyslogReceiver, _ parts: GatewayParts
    ) throws -> AuditFeed {
        let host = ProcessInfo.processInfo.hostName
        return AuditFeed(
            parts, to: receiver, as: try .init(auditor: feed.auditor, host: host), logger: logger)
    }

    private func listeners(
        _ parts: GatewayParts, _ trusted: Trusted,
        _ onListening: @escaping @Sendable (Listener, Int) async -> Void
    ) throws -> [any Service] {
        let environment = ServingEnvironment(
            errors: .gateway, enter: parts.ledger.turnAway, now: WallClock.now, metrics: metrics,
            logger: logger)
        return try Listener.allCases.compactMap { listener -> (any Service)? in
            guard let endpoint = settings.endpoints[listener], let port = endpoint.port else {
                return nil
            }
            let configuration = try ListenerConfiguration(
                listener: listener, host: endpoint.host, port: port,
                security: try security(listener, parts, trusted), limits: endpoint.limits)
            let routes =
                listener == .operations
                ? OperationsRoutes.all(
                    readiness: readiness(parts, trusted.revocation), metrics: metrics)
                : parts.routes(of: listener)
            return listenerService(configuration, routes: routes, environment: environment) {
                await onListening(listener, $0)
            }
        }
    }

    private func security(
        _ listener: Listener, _ parts: GatewayParts, _ trusted: Trusted
    ) throws -> ListenerConfiguration.Security {
        guard listener != .operations else { return .plainOnLoopback }
        let (roots, usage, pem) = trusted.anchors.of(listener)
        let trust = PartyTrust(
            anchors: roots, usage: usage, revocation: trusted.revocation,
            parties: parts.ledger.parties)
        return .mutualTLS(try trusted.certificate.tls(clientRoots: pem), trust.clientTrust)
    }

    /// What the gateway shows of itself: to those who call it, and where it calls.
    private struct OwnCertificates {
        let server: OwnCertificate
        let auditFeed: OwnCertificate?
        let webhook: OwnCertificate?

        init(_ settings: Settings, _ logger: Logger) throws {
            func own(_ name: String, _ settings: String, _ certificate: String, _ key: String)
                throws -> OwnCertificate
            {
                try OwnCertificate(
                    name, .init(settings: settings, certificate: certificate, key: key),
                    now: WallClock.now, logger: logger)
            }
            let trust = settings.trust
            server = try own("server", "trust.server-", trust.serverCertificate, trust.serverKey)
            auditFeed = try settings.auditFeed.map {
                try own("audit feed", "audit-feed.", $0.certificate, $0.key)
            }
            webhook = try settings.webhook.map {
                try own("webhook", "webhook.", $0.certificate, $0.key)
            }
        }

        var all: [OwnCertificate] { [server, auditFeed, webhook].compactMap(\.self) }
    }

    /// What the listeners believe, and what they show of themselves.
    private struct Trusted {
        let anchors: Anchors
        let revocation: RevocationStore
        let certificate: OwnCertificate

        init(
            _ anchors: Anchors, _ revocation: RevocationStore, _ certificate: OwnCertificate
        ) {
            self.anchors = anchors
            self.revocation = revocation
            self.certificate = certificate
        }
    }

    /// 答えのない理由: a database that is away, one whose table somebody locks, and one whose table somebody
    /// changed are mended in three ways.
    private static func unasked(_ error: any Error) -> ReadinessCheck.Verdict {
        switch (error as? DatabaseError)?.sqlState {
        case "57014", "55P03":
            .notReady("the database is too slow, or somebody locks the access log")
        case let state? where state.hasPrefix("42"):
            .notReady("the access log is not as it was made, or a right is gone: SQLSTATE \(state)")
        case let state?: .notReady("the database does not answer: SQLSTATE \(state)")
        case nil: .notReady("the database does not answer")
        }
    }

    /// 封印: an entry waits a minute at most for its place, and for a checkpoint outside the database.
    private static func sealed(_ ledger: Ledger) async -> ReadinessCheck.Verdict {
        do {
            let unsealed = try await ledger.unsealedSeconds()
            guard unsealed <= 60 else {
                return .readyBut(
                    "an entry has waited \(unsealed) s for its seal: see the sealer's log")
            }
            let unsigned = try await ledger.unsignedSeconds()
            guard unsigned > 60 else { return .ready }
            return .readyBut(
                "an entry has waited \(unsigned) s for a checkpoint outside the database: is the "
                    + "folder log.checkpoints full? See the sealer's log")
        } catch { return unasked(error) }
    }

    /// What must hold before a load balancer sends requests here.
    private func readiness(_ parts: GatewayParts, _ revocation: RevocationStore) -> [ReadinessCheck]
    {
        [
            ReadinessCheck("database-and-clock") {
                guard let drift = try? await parts.ledger.clockDrift(from: WallClock.now) else {
                    return .notReady("the database does not answer")
                }
                return drift < 1_000_000 ? .ready : .notReady("clocks differ by \(drift) µs")
            },
            ReadinessCheck("durability") {
                do {
                    try await parts.ledger.requireDurability()
                    return .ready
                } catch let database as UnsafeDatabase {
                    return .notReady("\(database)")
                } catch { return .notReady("the database does not answer") }
            },
            ReadinessCheck("seal") { await Self.sealed(parts.ledger) },
            ReadinessCheck("log-months") {
                do {
                    switch try await parts.ledger.logMonths() {
                    case .none: return .notReady("this month has no partition for its entries")
                    case .thisMonthOnly:
                        return .readyBut("next month has no partition for its entries")
                    case .ahead: return .ready
                    }
                } catch { return Self.unasked(error) }
            },
            ReadinessCheck("keys") {
                let lacking = parts.keys.lacking.map(\.rawValue).joined(separator: ", ")
                return lacking.isEmpty
                    ? .ready : .notReady("the folder does not hold what the site uses: \(lacking)")
            },
            ReadinessCheck("rules") {
                (try? parts.ledger.rules.current()) != nil
                    ? .ready : .notReady("no rules are loaded: run tsunagi profiles load")
            },
            ReadinessCheck("revocation-lists") {
                // A stale list stops those it is about, and a metric warns ahead of it; it must not
                // take every other institution's gateway away.
                let problems = revocation.problems(at: WallClock.now()).joined(separator: "; ")
                guard revocation.listCount > 0 else {
                    return .notReady("no revocation list could be read: \(problems)")
                }
                return problems.isEmpty
                    ? .ready : .readyBut("a list is missing, stale or not taken: \(problems)")
            },
        ]
    }
}

enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else { throw unreadable(path) }
        return Array(data)
    }

    /// Of one that is read later, a part at a time: who waits for its turn is told now.
    static func requireReadable(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            !isFolder.boolValue, FileManager.default.isReadableFile(atPath: path)
        else { throw unreadable(path) }
    }

    private static func unreadable(_ path: String) -> SettingProblem {
        SettingProblem("The file \(path) is not there or cannot be read.")
    }
}

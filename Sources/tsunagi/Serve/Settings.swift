import Configuration
import Exchange
import Foundation
import Gateway
import Postgres
import SystemPackage
import Trust

/// 設定: every setting of a gateway, from a JSON file and from `TSUNAGI_…` variables, which win. A
/// bad or unknown setting refuses to start with one sentence that names it.
struct Settings: Sendable {
    struct Endpoint: Sendable {
        let host: String
        /// Nothing: this listener is not served here.
        let port: Int?
        /// The listener's own, as far as the operator set no others.
        let limits: Limits
    }

    let databases: Databases
    let keysFolder: String
    let checkpointsFolder: String
    let logOrigin: String
    /// 時代: how long the map of all sequences stays the last one.
    let epochSeconds: Int
    let trust: TrustFiles
    /// Nothing: no audit messages are sent.
    let auditFeed: AuditFeedSettings?
    let webhook: WebhookSettings?
    let endpoints: [Listener: Endpoint]
    let logLevel: String

    /// libpq connection strings, one for each database role.
    struct Databases: Sendable {
        let gateway: String
        let office: String?
        let sealer: String?
    }

    struct TrustFiles: Sendable {
        let serverCertificate: String
        let serverKey: String
        let institutionAnchors: String
        let officeAnchors: String
        let portalAnchors: String
        let cardAnchors: String
        let revocationLists: [String]
        let revocationGraceHours: Int
    }

    /// 監査記録の送り出し: the syslog receiver, and who we are to it.
    struct AuditFeedSettings: Sendable {
        let host: String
        let port: Int
        let certificate: String
        let key: String
        let anchors: String
        /// An auditor's code: the messages carry the ids by which that auditor knows residents.
        let auditor: String
    }

    /// 呼び鈴: who we are to the servers of bodies.
    struct WebhookSettings: Sendable {
        let certificate: String
        let key: String
    }

    /// Every process has the keys of what it does, and no others: hashes of individual numbers and
    /// office tokens belong to the office listener, the seal to whoever seals.
    var keyNames: Set<KeyRing.Name> {
        var names: Set<KeyRing.Name> = [.pairwise, .card, .nonce]
        if endpoints[.office]?.port != nil { names.formUnion([.number, .token, .statement]) }
        if endpoints[.resident]?.port != nil { names.insert(.healthCard) }
        if databases.sealer != nil { names.insert(.seal) }
        if webhook != nil { names.insert(.notice) }
        return names
    }

    static func read(file path: String?) async throws -> Settings {
        try refuseUnknown(in: ProcessInfo.processInfo.environment.keys.sorted())
        var providers: [any ConfigProvider] = [
            EnvironmentVariablesProvider().prefixKeys(with: "tsunagi")
        ]
        if let path {
            try refuseUnknown(in: path)
            do {
                providers.append(try await FileProvider<JSONSnapshot>(filePath: FilePath(path)))
            } catch {
                throw SettingProblem("The configuration file \(path) cannot be read as JSON.")
            }
        }
        return try Settings(Source(reader: ConfigReader(providers: providers)))
    }

    private init(_ source: Source) throws {
        databases = Databases(
            gateway: try source.text("database.gateway"),
            office: try source.optional("database.office"),
            sealer: try source.optional("database.sealer"))
        try Self.requireProtection("database.gateway", databases.gateway)
        try Self.requireProtection("database.office", databases.office)
        try Self.requireProtection("database.sealer", databases.sealer)
        keysFolder = try source.text("keys.folder")
        checkpointsFolder = try source.text("log.checkpoints")
        logOrigin = try Self.requireName(source.text("log.origin"))
        epochSeconds = try source.number("log.epoch-seconds", in: 1...86_400) ?? 600
        trust = TrustFiles(
            serverCertificate: try source.text("trust.server-certificate"),
            serverKey: try source.text("trust.server-key"),
            institutionAnchors: try source.text("trust.institution-anchors"),
            officeAnchors: try source.text("trust.office-anchors"),
            portalAnchors: try source.text("trust.portal-anchors"),
            cardAnchors: try source.text("trust.card-anchors"),
            revocationLists: try source.list("trust.revocation-lists"),
            revocationGraceHours: try source.number("trust.revocation-grace-hours", in: 0...8_760)
                ?? 0)
        auditFeed = try Self.auditFeed(source)
        webhook = try source.optional("webhook.certificate").map {
            WebhookSettings(certificate: $0, key: try source.text("webhook.key"))
        }
        var endpoints: [Listener: Endpoint] = [:]
        for listener in Listener.allCases {
            let name = listener.rawValue
            endpoints[listener] = Endpoint(
                host: try source.optional("listen.\(name).host") ?? "127.0.0.1",
                port: try source.number("listen.\(name).port", in: 0...65_535),
                limits: try Self.limits(of: listener, source))
        }
        self.endpoints = endpoints
        logLevel = try source.optional("log.level") ?? "notice"
        guard endpoints.values.contains(where: { $0.port != nil }) else {
            throw SettingProblem(
                "No listener has a port, so that nothing would be served: set listen.institution.port, "
                    + "or that of another (listen.operations.port where a process only seals).")
        }
        guard endpoints[.office]?.port == nil || databases.office != nil else {
            throw SettingProblem(
                "listen.office.port is set but database.office is not: "
                    + "the office listener needs its own role.")
        }
    }

    /// 記録の名: one that no checkpoint can carry would be served under, and never signed.
    private static func requireName(_ origin: String) throws -> String {
        let isName = origin.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0 != "+" && !$0.properties.isWhitespace
        }
        guard isName, !origin.contains("://") else {
            throw SettingProblem(
                "The setting log.origin is \(origin): it must be a domain of yours and a path, without a "
                    + "scheme, a space or a +.")
        }
        return origin
    }

    /// Said of each address by its setting's name, before any of them is asked.
    private static func requireProtection(_ setting: String, _ address: String?) throws {
        guard let address else { return }
        do { try Address(address).requireProtection() } catch {
            throw SettingProblem("The setting \(setting) does not serve: \(error).")
        }
    }

    /// All of it or nothing: the host says whether there is a receiver.
    private static func auditFeed(_ source: Source) throws -> AuditFeedSettings? {
        guard let host = try source.optional("audit-feed.host") else { return nil }
        return AuditFeedSettings(
            host: host, port: try source.number("audit-feed.port", in: 1...65_535) ?? 6514,
            certificate: try source.text("audit-feed.certificate"),
            key: try source.text("audit-feed.key"),
            anchors: try source.text("audit-feed.anchors"),
            auditor: try source.text("audit-feed.auditor"))
    }

    /// What a large site may raise; the defaults and their arithmetic are in `Limits`.
    private static func limits(of listener: Listener, _ source: Source) throws -> Limits {
        var limits = Limits.standard(for: listener)
        let name = "listen.\(listener.rawValue)"
        let rate = try source.number("\(name).requests-per-second-per-party", in: 1...1_000_000)
        if let rate = rate.map(Double.init) {
            limits.requestsPerSecondPerParty = rate
            limits.requestBurstPerParty = max(limits.requestBurstPerParty, rate)
        }
        if let most = try source.number("\(name).connections-per-party", in: 1...1_000_000) {
            limits.connectionsPerPartyMax = most
        }
        return limits
    }

    /// Every setting there is. `deploy/settings.md` explains each.
    static let known: Set<String> = [
        "database.gateway", "database.office", "database.sealer", "keys.folder", "log.checkpoints",
        "log.origin", "log.epoch-seconds", "log.level", "trust.server-certificate",
        "trust.server-key",
        "trust.institution-anchors", "trust.office-anchors", "trust.portal-anchors",
        "trust.card-anchors", "trust.revocation-lists", "trust.revocation-grace-hours",
        "audit-feed.host", "audit-feed.port", "audit-feed.certificate", "audit-feed.key",
        "audit-feed.anchors", "audit-feed.auditor", "webhook.certificate", "webhook.key",
        "listen.institution.host", "listen.institution.port",
        "listen.institution.requests-per-second-per-party",
        "listen.institution.connections-per-party", "listen.office.host", "listen.office.port",
        "listen.office.requests-per-second-per-party", "listen.office.connections-per-party",
        "listen.resident.host", "listen.resident.port",
        "listen.resident.requests-per-second-per-party", "listen.resident.connections-per-party",
        "listen.operations.host", "listen.operations.port",
    ]

    /// The owner's commands take theirs from the environment too, perhaps of the same file.
    private static let ownersVariable = "TSUNAGI_DATABASE_OWNER"

    private static func refuseUnknown(in variables: [String]) throws {
        let known = Set(known.map(variable)).union([ownersVariable])
        for name in variables where name.hasPrefix("TSUNAGI_") && !known.contains(name) {
            throw SettingProblem("The variable \(name) is no setting. Check its spelling.")
        }
    }

    private static func variable(_ setting: String) -> String {
        "TSUNAGI_" + setting.uppercased().map { "\($0 == "." || $0 == "-" ? "_" : $0)" }.joined()
    }

    /// Read again from the file here: the library takes `true` for 1, and what is of another form for not
    /// there.
    private static func refuseUnknown(in path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingProblem("The configuration file \(path) is not there or cannot be read.")
        }
        guard let json = try? JSON(reading: Array(data)), case .object(let object) = json else {
            throw SettingProblem("The configuration file \(path) is not one JSON object.")
        }
        for (name, value) in settings(in: object, under: "") {
            guard known.contains(name) else {
                throw SettingProblem(
                    "The setting \(name) in \(path) is unknown. Check its spelling.")
            }
            if isNumber(name) {
                guard value.int != nil else { throw Source.noNumber(name) }
            } else if name != "trust.revocation-lists", value.string == nil {
                throw SettingProblem("The setting \(name) is not a text in quotation marks.")
            }
        }
    }

    private static func isNumber(_ name: String) -> Bool {
        [".port", "-seconds", "-hours", "-per-party"].contains(where: name.hasSuffix)
    }

    private static func settings(
        in object: JSONObject, under path: String
    ) -> [(name: String, value: JSON)] {
        object.members.flatMap { member -> [(name: String, value: JSON)] in
            let name = path.isEmpty ? member.name : "\(path).\(member.name)"
            guard case .object(let inner) = member.value, !known.contains(name) else {
                return [(name, member.value)]
            }
            return settings(in: inner, under: name)
        }
    }
}

/// A setting that does not serve; the text is what the operator reads.
struct SettingProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// What is wrong with a file or a folder, told with the setting that names it.
    static func naming<R>(_ setting: String, _ body: () throws -> R) throws -> R {
        do { return try body() } catch {
            let problem = "\(error)"
            throw SettingProblem(
                "The setting \(setting) does not serve: \(problem)\(problem.hasSuffix(".") ? "" : ".")"
            )
        }
    }
}

/// Reads one setting at a time, and says which one was wrong.
private struct Source {
    let reader: ConfigReader

    func optional(_ name: String) throws -> String? {
        guard let text = reader.string(forKey: ConfigKey(name)) else { return nil }
        guard !text.isEmpty else { throw SettingProblem("The setting \(name) is empty.") }
        return text
    }

    func text(_ name: String) throws -> String {
        guard let text = try optional(name) else {
            throw SettingProblem("The setting \(name) is missing.")
        }
        return text
    }

    func list(_ name: String) throws -> [String] {
        guard let list = reader.stringArray(forKey: ConfigKey(name)), !list.isEmpty else {
            throw SettingProblem("The setting \(name) is missing: a list of files or folders.")
        }
        return list
    }

    /// Nothing where it is not set. A number that is none, or out of its range, MUST NOT pass for that.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        let key = ConfigKey(name)
        if let number = reader.int(forKey: key) {
            guard range.contains(number) else {
                throw SettingProblem(
                    "The setting \(name) is \(number): it must be \(range.lowerBound) to "
                        + "\(range.upperBound).")
            }
            return number
        }
        guard reader.string(forKey: key) == nil else { throw Self.noNumber(name) }
        return nil
    }

    static func noNumber(_ name: String) -> SettingProblem {
        SettingProblem("The setting \(name) is not a whole number.")
    }
}

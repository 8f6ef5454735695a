import Exchange
import Foundation
import Gateway
import HTTPTypes
import Ledger
import TestSupport
import Testing

/// 権限表: every route of every listener, asked by every kind of party that reaches it, answers as the file
/// says.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PermissionTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let parties: [Listener: [Party]] = [
        .institution: [Cast.clinic],
        .office: [
            Cast.town, Cast.prefecture, Cast.reviewer, Cast.authority, Cast.statistics,
            Cast.auditor, Cast.ombudsman, Cast.ministry,
        ],
        .resident: [Cast.portal],
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "profiles").path

    /// `<role> <operation>` to the purpose, read here by itself.
    private static func granted() throws -> [String: String] {
        let path = folder + "/access/permissions.json"
        let file = try #require(FileManager.default.contents(atPath: path))
        var granted: [String: String] = [:]
        let object = try #require(JSON(reading: Array(file)).object)
        for row in try object.requiredArray("permissions").compactMap(\.object) {
            for party in try row.requiredArray("parties").compactMap(\.string) {
                for operation in try row.requiredArray("operations").compactMap(\.string) {
                    granted["\(party) \(operation)"] = row["purpose"]?.string ?? ""
                }
            }
        }
        return granted
    }

    @Test(arguments: [Listener.institution, .office, .resident])
    func `each kind of party may do what the file says and nothing else`(_ listener: Listener)
        async throws
    {
        let granted = try Self.granted()
        // Otherwise that field is refused for want of it.
        _ = try await gateway.registry.designate(
            Cast.town, Designation(body: Cast.town.code, scheme: "sensitive-checkups"))
        let parties = try #require(Self.parties[listener])
        #expect(Set(parties.map(\.role)) == listener.roles)
        for route in try gateway.parts().routes(of: listener) {
            for party in parties {
                let purpose = granted["\(party.role.rawValue) \(route.operation)"]
                let comment = Comment(rawValue: "\(party.key) \(route.operation)")
                var answer: RunningGateway.Answer?
                let entries = try await gateway.entries { answer = try await ask(route, party) }
                let code = try #require(answer).code
                #expect((code == Refusal.notYourPurpose.code) == (purpose == nil), comment)
                if purpose != nil {
                    #expect(purpose == route.purpose?.rawValue ?? "", comment)
                } else {
                    let wanted = (route.purpose ?? .connect).rawValue
                    #expect(entries.map(\.purpose) == [wanted], comment)
                }
            }
        }
        try await gateway.takeEntriesAsTold()
    }

    /// With nothing that it could answer to.
    private func ask(_ route: Route, _ party: Party) async throws -> RunningGateway.Answer {
        let path = route.path.split(separator: "/").map { part in
            part.hasPrefix(":") ? RecordID.random().text : String(part)
        }.joined(separator: "/")
        let method = route.method.rawValue
        return try await gateway.send(
            party, method, "/" + path, body: method == "GET" ? nil : .object(JSONObject()))
    }

    /// A copy of the rules with one file spoilt, loaded as an operator loads it.
    private func load(_ old: String, _ new: String) async throws -> Program.Ended {
        let copy = gateway.folder + "/profiles-\(RecordID.random().text)"
        try FileManager.default.copyItem(atPath: Self.folder, toPath: copy)
        let path = copy + "/access/permissions.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try #require(text.contains(old))
        try text.replacing(old, with: new, maxReplacements: 1)
            .write(toFile: path, atomically: true, encoding: .utf8)
        return try await Program.run(["profiles", "load", copy], owner: gateway.database)
    }

    @Test(arguments: [
        (#""POST /visits/nonces""#, #""POST /visits/nonce""#, "POST /visits/nonces"),
        (#""tsunagi key retire""#, #""tsunagi key rewind""#, "tsunagi key rewind"),
        (#""field": "tokens""#, #""field": "visits""#, "POST /oauth2/token"),
    ])
    func `rules that leave a route out, or name none, are not loaded`(
        old: String, new: String, named: String
    ) async throws {
        let ended = try await load(old, new)
        #expect(ended.status != 0 && ended.errors.contains(named), "\(ended.errors)")
        #expect(ended.errors.contains("access/permissions.json"))
    }
}

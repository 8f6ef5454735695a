import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 委任: what a resident lets somebody do, in which kinds, and for how long.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct DelegationTests {
    typealias Header = (String, String)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func session(years: Int) async throws -> Header {
        try await gateway.session(of: gateway.settle(years: years).card)
    }

    private func read(_ path: String, _ token: Header) async throws -> TLSClient.Answer {
        try await gateway.send(Cast.portal, "GET", path, headers: [token])
    }

    @Test func `whoever has no token hears of that before of the body`() async throws {
        for path in ["/delegations", "/delegations/accept"] {
            let answer = try await gateway.send(
                Cast.portal, "POST", path, body: .object(JSONObject([])))
            #expect(answer.status == 401, "\(path) \(answer.text)")
        }
    }

    @Test func `whoever takes the code acts in the kinds that were chosen, and no other`()
        async throws
    {
        let own = try await session(years: 30)
        let proxy = try await session(years: 40)
        let made = try await gateway.delegate(["immunization"], own)
        try made.expect(201)
        #expect(try await gateway.represented(proxy).isEmpty)
        try await gateway.accept(made.text("code"), proxy).expect(204)
        let list = try await gateway.represented(proxy)
        #expect(list.map { $0["resident"]?.string } == [try await gateway.patient(own)])
        let acting = try await gateway.acting(proxy)
        try await read("/fhir/Immunization", acting).expect(200)
        for (path, purpose) in [
            ("/fhir/Coverage", Purpose.readOwnEntitlements), ("/fhir/Consent", .readOwnVisits),
            ("/fhir/DiagnosticReport", .readOwnCheckups), ("/fhir/AuditEvent", .readOwnAccessLog),
        ] {
            try await gateway.expect(.relationUnknown, of: purpose, from: Cast.portal) {
                try await read(path, acting)
            }
        }
        let shown = try await read("/representatives", own)
        #expect(try shown.json.requiredArray("representatives").count == 1)
        #expect(try shown.json.requiredArray("delegations").count == 1)
    }

    @Test func `of the rows, those of the kinds that are open are shown`() async throws {
        let (resident, card) = try await gateway.settle(years: 30)
        let today = gateway.clock.today
        try await gateway.hold(
            [
                resident.row(
                    "seishintsuin", today.adding(days: -10), today.adding(days: 300),
                    ["incomeSegment": "1", "medicalSubsidyInsurerNumber": "21136015"])
            ], by: Cast.prefecture)
        let own = try await gateway.session(of: card)
        #expect(try await read("/fhir/Coverage", own).entries.count == 2)
        let proxy = try await session(years: 40)
        try await gateway.accept(
            gateway.delegate(["subsidy"], own).text("code"), proxy
        ).expect(204)
        let acting = try await gateway.acting(proxy)
        let entries = try await read("/fhir/Coverage", acting).entries
        #expect(entries.count == 1)
    }

    @Test func `an end works on the next request, and the resident is told of both`() async throws {
        let own = try await session(years: 30)
        let proxy = try await session(years: 40)
        let made = try await gateway.delegate(["immunization"], own)
        try await gateway.accept(made.text("code"), proxy).expect(204)
        let acting = try await gateway.acting(proxy)
        try await read("/fhir/Immunization", acting).expect(200)
        let path = "/delegations/\(made.text("delegation"))/end"
        // Not by the one who acts, nor by whoever else knows the number.
        for token in [acting, proxy] {
            let answer = try await gateway.send(Cast.portal, "POST", path, headers: [token])
            #expect(
                [Refusal.relationUnknown.code, Refusal.delegationUnknown.code]
                    .contains(answer.code))
        }
        for _ in 0..<2 {
            try await gateway.send(Cast.portal, "POST", path, headers: [own]).expect(204)
        }
        try await gateway.expect(
            .relationUnknown, of: .readOwnVaccinations, from: Cast.portal
        ) { try await read("/fhir/Immunization", acting) }
        let told = try await read("/fhir/Communication", own).entries.compactMap {
            $0["category"]?.array?.first?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
        #expect(told.filter { $0 == "delegation-changed" }.count == 2)
        #expect(told.contains("refused"))
    }

    @Test func `a code serves once, another person, for a while`() async throws {
        let own = try await session(years: 30)
        let proxy = try await session(years: 40)
        let code = try await gateway.delegate(["immunization"], own).text("code")
        #expect(try await gateway.accept(code, own).code == Refusal.delegationUnknown.code)
        try await gateway.accept(code, proxy).expect(204)
        let another = try await session(years: 50)
        for token in [proxy, another] {
            #expect(
                try await gateway.accept(code, token).code == Refusal.delegationUnknown.code)
        }
        let late = try await gateway.delegate(["immunization"], own)
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    "update exchange.delegation set code_lapses_at = now() where proxy is null"))
        }
        #expect(
            try await gateway.accept(late.text("code"), proxy).code
                == Refusal.delegationUnknown.code)
        #expect(try await gateway.accept("short", proxy).code == Refusal.delegationUnknown.code)
    }

    @Test(arguments: [
        (14, "immunization", false), (15, "immunization", true), (15, "subsidy", true),
        (15, "maternal", false), (17, "maternal-sensitive", false), (17, "subsidy-mental", false),
        (18, "maternal-sensitive", true), (30, "subsidy-mental", true),
    ])
    func `a child shares what it decides about alone`(
        _ years: Int, _ kind: String, _ isTaken: Bool
    ) async throws {
        let own = try await session(years: years)
        let answer = try await gateway.delegate([kind], own)
        #expect(answer.status == (isTaken ? 201 : 403), "\(answer.text)")
        #expect(isTaken || answer.code == Refusal.notYoursToShare.code)
    }

    @Test func `a mother goes on where her child of fifteen lets her`() async throws {
        let (child, card) = try await gateway.settle(years: 15)
        let (mother, motherCard) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([gateway.guardianship(of: child, by: mother)])
        let token = try await gateway.session(of: motherCard)
        #expect(try await gateway.represented(token).isEmpty)
        let own = try await gateway.session(of: card)
        try await gateway.accept(
            gateway.delegate(["immunization"], own).text("code"), token
        ).expect(204)
        let acting = try await gateway.acting(token)
        try await read("/fhir/Immunization", acting).expect(200)
        try await gateway.expect(
            .relationUnknown, of: .readOwnEntitlements, from: Cast.portal
        ) { try await read("/fhir/Coverage", acting) }
    }

    static let wrong: [(body: String, refusal: Refusal)] = [
        (#"{"kinds":[],"validTo":"2099-01-01"}"#, .missing("kinds")),
        (#"{"kinds":["no-such"],"validTo":"2099-01-01"}"#, .consentUnknown),
        (#"{"kinds":["subsidy"],"validTo":"2099-01-01"}"#, .malformed("validTo")),
        (#"{"kinds":["subsidy"],"validTo":"2020-01-01"}"#, .malformed("validTo")),
        (#"{"kinds":["subsidy"]}"#, .missing("validTo")),
        (#"{"kinds":["subsidy"],"validTo":"2099-01-01","to":"x"}"#, .unknownItem("to")),
    ]

    @Test(arguments: wrong.indices)
    func `what cannot be delegated is refused by name`(_ index: Int) async throws {
        let (body, refusal) = Self.wrong[index]
        let own = try await session(years: 30)
        let answer = try await gateway.send(
            Cast.portal, "POST", "/delegations", headers: [own], body: JSON(reading: body))
        gateway.expect(refusal, in: answer)
    }
}

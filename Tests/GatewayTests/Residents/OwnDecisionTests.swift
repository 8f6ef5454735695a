import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 本人の意思: what a resident takes back or forbids works on the very next request, and on nobody else's.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct OwnDecisionTests {
    typealias Header = (String, String)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Patient {
        let resident: TestResident
        let card: SoftwareCard
        let token: Header
        let visit: RunningGateway.Visit
    }

    private func patient(
        _ consents: [String] = ["subsidy", "immunization"], kind: String = "outpatient"
    ) async throws -> Patient {
        let (resident, card) = try await gateway.settle(years: 5)
        return Patient(
            resident: resident, card: card, token: try await gateway.session(of: card),
            visit: try await gateway.openVisit(card, consents: consents, kind: kind))
    }

    private func withdraw(
        _ kinds: [String], _ visit: RunningGateway.Visit, _ token: Header
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.portal, "POST", "/visits/\(visit.id)/withdraw", headers: [token],
            body: .object(
                JSONObject([.init(name: "consents", value: .array(kinds.map { .string($0) }))])))
    }

    private func block(_ institution: Party, _ token: Header) async throws -> String {
        let answer = try await gateway.send(
            Cast.portal, "POST", "/blocks", headers: [token],
            body: .object(
                JSONObject([.init(name: "institution", value: .string(institution.code))])))
        try answer.expect(201)
        return answer.text("block")
    }

    /// What the clinic is answered, on each of its routes.
    private func answers(_ patient: Patient) async throws -> [String] {
        let visit = patient.visit
        let check = try await gateway.check(visit)
        let person = try await gateway.send(Cast.clinic, "GET", "/fhir/\(visit.patient)")
        let screenings = try await gateway.search(
            Cast.clinic, RunningGateway.responsePath + "/_search",
            [("subject", visit.patient), ("visit", visit.id)])
        let dose = try await gateway.record(SentDose(on: gateway.clock.today), visit)
        return [check, person, screenings, dose].map {
            "\($0.status) " + $0.normalised(visit)
        }
    }

    @Test func `a blocked institution gets what it would get without any consent`() async throws {
        let (blocked, declined) = (try await patient(), try await patient([]))
        #expect(try await gateway.check(blocked.visit).outcomes != ["declined"])
        _ = try await block(Cast.clinic, blocked.token)
        #expect(try await gateway.check(blocked.visit).outcomes == ["declined"])
        #expect(try await answers(blocked) == answers(declined))
    }

    @Test func `a visit opened under a block opens nothing, and everything when it is lifted`()
        async throws
    {
        let patient = try await patient(kind: "home-care")
        let id = try await block(Cast.clinic, patient.token)
        #expect(try await block(Cast.clinic, patient.token) == id)
        let later = try await gateway.openVisit(patient.card, consents: ["subsidy"])
        #expect(try await gateway.check(later).outcomes == ["declined"])
        // Another institution is none of it.
        let elsewhere = try await gateway.openVisit(patient.card, at: Cast.pharmacy)
        #expect(
            try await gateway.check(elsewhere, by: Cast.pharmacy).outcomes != ["declined"])
        for _ in 0..<2 {
            try await gateway.send(
                Cast.portal, "POST", "/blocks/\(id)/lift", headers: [patient.token]
            ).expect(204)
        }
        for visit in [patient.visit, later] {
            #expect(try await gateway.check(visit).outcomes != ["declined"])
        }
        let list = try await gateway.send(
            Cast.portal, "GET", "/blocks", headers: [patient.token])
        let blocks = try list.json.requiredArray("blocks").compactMap(\.object)
        #expect(blocks.map { $0["institution"]?.string } == [Cast.clinic.code])
        #expect(blocks.first?["liftedAt"] != nil)
    }

    /// 打ち間違い: who mistypes a code is told, and not left to believe that somebody is stopped.
    @Test func `a code that no institution here has stops nobody, and says so`() async throws {
        let patient = try await patient()
        for code in [Cast.unregistered.code, "1310000099"] {
            try await gateway.expect(.institutionUnknown, of: .setOwnBlock, from: Cast.portal) {
                try await gateway.send(
                    Cast.portal, "POST", "/blocks", headers: [patient.token],
                    body: .object(JSONObject([.init(name: "institution", value: .string(code))])))
            }
        }
        let list = try await gateway.send(
            Cast.portal, "GET", "/blocks", headers: [patient.token])
        #expect(try list.json.requiredArray("blocks").isEmpty)
        // Whether it takes part now or not: who is registered can be stopped.
        #expect(try await !block(Cast.notOptedIn, patient.token).isEmpty)
    }

    @Test func `another resident's block changes nothing, and cannot be lifted`() async throws {
        let (patient, other) = (try await patient(), try await patient())
        let before = try await gateway.check(patient.visit).outcomes
        let id = try await block(Cast.clinic, other.token)
        #expect(try await gateway.check(patient.visit).outcomes == before)
        try await gateway.expect(.recordUnknown, of: .liftOwnBlock, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "POST", "/blocks/\(id)/lift", headers: [patient.token])
        }
        #expect(try await gateway.check(other.visit).outcomes == ["declined"])
    }

    @Test func `a consent that is taken back is gone, also for days gone by, and its answers too`()
        async throws
    {
        let patient = try await patient(kind: "home-care")
        let yesterday = gateway.clock.today.adding(days: -1)
        let told = try await gateway.check(patient.visit)
        let path = "/fhir/CoverageEligibilityResponse/\(told.text("id"))"
        try await gateway.send(Cast.clinic, "GET", path).expect(200)
        for _ in 0..<2 {
            try await withdraw(["subsidy"], patient.visit, patient.token).expect(204)
        }
        for day in [gateway.clock.today, yesterday] {
            #expect(try await gateway.check(patient.visit, day: day).outcomes == ["declined"])
        }
        #expect(
            try await gateway.send(Cast.clinic, "GET", path).code == Refusal.recordUnknown.code)
        // The other kind stands, and so does what the body was asked for.
        #expect(
            try await gateway.record(SentDose(on: gateway.clock.today), patient.visit).status
                == 201)
        try await gateway.send(Cast.town, "GET", path + "/$replay").expect(200)
        let consents = try await gateway.send(
            Cast.portal, "GET", "/fhir/Consent", headers: [patient.token])
        #expect(!consents.text.contains(#""code":"subsidy""#))
        #expect(consents.text.contains(#""code":"immunization""#))
    }

    @Test func `an answer given after a part was taken back is given again as it was`() async throws
    {
        let patient = try await patient(["subsidy", "subsidy-mental"])
        let before = Self.path(of: try await gateway.check(patient.visit))
        try await gateway.send(Cast.clinic, "GET", before).expect(200)
        try await withdraw(["subsidy-mental"], patient.visit, patient.token).expect(204)
        let told = try await gateway.check(patient.visit)
        #expect(told.outcomes != ["declined"])
        let path = Self.path(of: told)
        try await gateway.send(Cast.town, "GET", path + "/$replay").expect(200)
        let again = try await gateway.send(Cast.clinic, "GET", path)
        #expect(again.status == 200 && again.body == told.body)
        try await gateway.send(Cast.clinic, "GET", path + "/$replay").expect(200)
        try await gateway.expect(.recordUnknown, of: .readEligibility, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", before)
        }
        // More is taken back: now that answer is one from before, too.
        try await withdraw(["subsidy"], patient.visit, patient.token).expect(204)
        for path in [before, path] {
            try await gateway.expect(.recordUnknown, of: .readEligibility, from: Cast.clinic) {
                try await gateway.send(Cast.clinic, "GET", path)
            }
        }
    }

    @Test func `a blocked institution reads what it was told under the block, and nothing before`()
        async throws
    {
        let (blocked, declined) = (try await patient(), try await patient([]))
        let before = Self.path(of: try await gateway.check(blocked.visit))
        _ = try await block(Cast.clinic, blocked.token)
        try await gateway.expect(.recordUnknown, of: .readEligibility, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", before)
        }
        for visit in [blocked.visit, declined.visit] {
            let told = try await gateway.check(visit)
            #expect(told.outcomes == ["declined"])
            let again = try await gateway.send(Cast.clinic, "GET", Self.path(of: told))
            #expect(again.status == 200 && again.body == told.body)
        }
    }

    private static func path(of answer: TLSClient.Answer) -> String {
        "/fhir/CoverageEligibilityResponse/\(answer.text("id"))"
    }

    @Test func `nobody else takes a consent back, and nobody one that is unknown`() async throws {
        let (patient, other) = (try await patient(), try await patient())
        try await gateway.expect(.visitUnknown, of: .withdrawOwnConsent, from: Cast.portal) {
            try await withdraw(["subsidy"], patient.visit, other.token)
        }
        #expect(try await gateway.check(patient.visit).outcomes != ["declined"])
        let unknown = try await withdraw(["no-such"], patient.visit, patient.token)
        #expect(unknown.code == Refusal.consentUnknown.code)
    }

    /// 列で待つ要求: what is decided with a batch is decided by the batch's own snapshot.
    @Test func `requests that wait when a visit ends are decided by what then stands`() async throws
    {
        let patient = try await patient(kind: "home-care")
        let yesterday = gateway.clock.today.adding(days: -1)
        try await withThrowingTaskGroup(of: String.self) { tasks in
            for _ in 0..<20 {
                tasks.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.checkPath,
                        bytes: Array(
                            JSON.object(gateway.checkBody(patient.visit, day: yesterday)).text
                                .utf8))
                    await client.close()
                    return answer.code ?? "ok"
                }
            }
            try await gateway.send(
                Cast.portal, "POST", "/visits/\(patient.visit.id)/end", headers: [patient.token]
            ).expect(204)
            let after = try await gateway.check(patient.visit, day: yesterday)
            #expect(after.code == Refusal.visitEnded.code)
            for try await outcome in tasks {
                #expect(["ok", Refusal.visitEnded.code].contains(outcome))
            }
        }
        // By the log: whatever was committed after the end was refused.
        let late = try await gateway.count(
            """
            select count(*) from log.access_entry e
            where e.visit = $1::text::uuid and e.purpose = 'check-eligibility' and e.outcome = 'ok'
                and e.xid > (select x.xid from log.access_entry x
                    where x.visit = e.visit and x.purpose = 'end-own-visit')
                and e.at > (select v.ends_at from exchange.visit v where v.visit = e.visit)
                    + interval '1 second'
            """, [.text(patient.visit.id)])
        #expect(late == 0)
    }

    // MARK: Notices

    private func told(_ token: Header) async throws -> [String] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        try answer.expect(200)
        return answer.entries.compactMap {
            $0["category"]?.array?.first?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
    }

    @Test func `each visit and each refusal is in the inbox, newest first, and nobody else's`()
        async throws
    {
        let (patient, other) = (try await patient(), try await patient())
        #expect(try await told(patient.token) == ["visit-opened"])
        let far = gateway.clock.today.adding(days: 400)
        _ = try await gateway.check(patient.visit, day: far)
        _ = try await gateway.openVisit(patient.card, at: Cast.pharmacy)
        let kinds = try await told(patient.token)
        #expect(kinds == ["visit-opened", "refused", "visit-opened"])
        #expect(try await told(other.token) == ["visit-opened"])
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [patient.token])
        #expect(answer.text.contains("Checking subsidy eligibility"))
    }

    /// A clinic's program that asks again and again would else drive out every invitation of the family's.
    @Test func `however often somebody is refused, what else was told stays in the inbox`()
        async throws
    {
        let patient = try await patient()
        let far = gateway.clock.today.adding(days: 400)
        var refused = 0
        while refused < 101 {
            let status = try await gateway.check(patient.visit, day: far).status
            if status == 422 { refused += 1 } else { try await Task.sleep(for: .milliseconds(50)) }
        }
        let kinds = try await told(patient.token)
        #expect(kinds.count { $0 == "refused" } == 100)
        #expect(kinds.last == "visit-opened")
    }

    /// Somebody else holds the token, or goes on with one that was ended. What one is refused oneself is no
    /// news.
    @Test func `what is refused at a portal and may not have been the resident is told`()
        async throws
    {
        let patient = try await patient()
        for (portal, refusal) in [
            (Cast.otherPortal, Refusal.tokenOfAnotherParty), (Cast.portal, .recordUnknown),
        ] {
            try await gateway.expect(refusal, of: .liftOwnBlock, from: portal) {
                try await gateway.send(
                    portal, "POST", "/blocks/\(RecordID.random().text)/lift",
                    headers: [patient.token])
            }
        }
        #expect(try await told(patient.token) == ["refused", "visit-opened"])
        let ended = try await gateway.session(of: patient.card)
        try await gateway.send(Cast.portal, "POST", "/tokens/revoke", headers: [ended]).expect(204)
        try await gateway.expect(.tokenRevoked, of: .readOwnVisits, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", "/fhir/Consent", headers: [ended])
        }
        #expect(try await told(patient.token) == ["refused", "refused", "visit-opened"])
    }

    @Test func `the same bytes sent again are one visit and one notice`() async throws {
        let (_, card) = try await gateway.settle(years: 5)
        let body = try await gateway.visitBody(card)
        for status in [201, 200] {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
                .expect(status)
        }
        #expect(try await told(gateway.session(of: card)) == ["visit-opened"])
    }
}

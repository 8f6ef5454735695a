import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 記録の結果 over the wire: whether the record is a claim, why not, and what deserves a look, in the record
/// itself or, if its sender prefers, in its place.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VaccinationOutcomeTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    struct Situation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let claim: String
        let warnings: [String]
        let change: @Sendable (inout SentDose) -> Void
        var body: @Sendable (JSONObject) -> JSONObject = { $0 }
    }

    static let situations: [Situation] = [
        Situation(testDescription: "a whole record", claim: "claimed", warnings: []) { _ in },
        Situation(testDescription: "voluntary", claim: "not-routine", warnings: []) {
            $0.basis = "voluntary"
        },
        Situation(
            testDescription: "of no price", claim: "awaiting-price", warnings: []
        ) { $0.vaccine = "hib" },
        Situation(
            testDescription: "an old vial", claim: "reason-missing", warnings: ["expired"],
            change: { _ in },
            body: { $0.with("expirationDate", .string("2020-01-31")) }),
        Situation(
            testDescription: "no last day on it", claim: "claimed", warnings: ["expiry-unsaid"],
            change: { _ in }, body: { $0.without("expirationDate") }),
        Situation(
            testDescription: "words that nobody knows", claim: "vaccine-unknown",
            warnings: ["vaccine-unknown"], change: { _ in },
            body: { $0.with("vaccineCode", .object(JSONObject([.init(name: "text", value: "謎")]))) }
        ),
    ]

    /// Codes of an extension, in order.
    private func codes(_ answer: TLSClient.Answer, _ name: String) -> [String] {
        (answer.json["extension"]?.array ?? []).compactMap(\.object)
            .filter { $0["url"]?.string?.hasSuffix(":\(name)") == true }
            .compactMap {
                $0["valueCodeableConcept"]?.object?["coding"]?.array?.first?.object?["code"]?.string
            }
    }

    @Test(arguments: situations)
    func `the clinic is told what became of its record`(_ row: Situation) async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        var dose = SentDose(on: today)
        row.change(&dose)
        let body = row.body(dose.body(visit))
        let made = try await gateway.send(
            Cast.clinic, "POST", RunningGateway.vaccinationPath, body: .object(body))
        try made.expect(201)
        #expect(codes(made, "vaccination-claim") == [row.claim])
        #expect(codes(made, "vaccination-warning") == row.warnings)
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/Immunization/\(made.text("id"))")
        #expect(read.body == made.body)
        let again = try await gateway.send(
            Cast.clinic, "POST", RunningGateway.vaccinationPath,
            headers: [("Prefer", "respond-async, return=OperationOutcome")], body: .object(body))
        #expect(again.status == 200)
        let issues = (again.json["issue"]?.array ?? []).compactMap(\.object)
        let told = issues.map {
            $0["details"]?.object?["coding"]?.array?.first?.object?["code"]?.string ?? ""
        }
        #expect(told == [row.claim] + row.warnings)
        #expect(
            issues.first?["severity"]?.string
                == (row.claim == "claimed" ? "information" : "warning"))
        #expect(issues.allSatisfy { $0["details"]?.object?["text"]?.string?.isEmpty == false })
    }

    @Test(arguments: [(-1, true), (0, false)])
    func `the town's line remarks a vial that was over`(_ days: Int, _ isOver: Bool) async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let last = today.adding(days: days).text
        var dose = SentDose(on: today)
        if isOver { dose.reasons = ["lot-expired": "気づかずに接種した"] }
        let body = dose.body(visit).with("expirationDate", .string(last))
        let made = try await gateway.send(
            Cast.clinic, "POST", RunningGateway.vaccinationPath, body: .object(body))
        try made.expect(201)
        #expect(codes(made, "vaccination-claim") == ["claimed"])
        let remarked = try await gateway.count(
            """
            select count(*) from exchange.vaccination_claim
            where vaccination::text = $1 and 'lot-expired' = any (remarks)
            """, [.text(made.text("id"))])
        #expect(remarked == (isOver ? 1 : 0))
    }

    /// An old defect: what the check stopped and nobody gave a reason for was claimed all the same.
    @Test func `a stopped dose is no claim before its reason is recorded, and the town reads it`()
        async throws
    {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        try await gateway.record(SentDose(on: today.adding(days: -10)), visit).expect(201)
        var dose = SentDose(on: today)
        dose.number = 2
        dose.lot = "SOON\(RecordID.random().text.prefix(8))"
        let bare = try await gateway.record(dose, visit)
        try bare.expect(201)
        #expect(codes(bare, "vaccination-claim") == ["reason-missing"])
        #expect(bare.text.contains("決まり: interval。"))
        let kept = try await gateway.count(
            """
            select count(*) from exchange.vaccination_claim c
            where c.vaccination::text = $1 and c.remarks = '{interval}' and c.municipality is null
                and not exists (select 1 from exchange.delivery d where d.record = c.vaccination)
            """, [.text(bare.text("id"))])
        #expect(kept == 1)
        dose.reasons = ["interval": "周囲で流行"]
        let told = try await gateway.correct(bare.text("id"), seen: "W/\"1\"", dose, visit)
        try told.expect(200)
        #expect(codes(told, "vaccination-claim") == ["claimed"])
        let lines = try await received().filter { $0["lotNumber"]?.string == dose.lot }
        #expect(lines.count == 1)
        let text = lines.map { JSON.object($0).text }.joined()
        #expect(text.contains("周囲で流行") && text.contains(#""valueCode":"interval""#))
    }

    /// Of the whole ledger of the town, each resident shown being entered.
    private func received() async throws -> [JSONObject] {
        var query = "?_cursor=0&_count=1000"
        var lines: [JSONObject] = []
        while true {
            let answer = try await gateway.send(
                Cast.town, "GET", RunningGateway.vaccinationPath + query)
            try answer.expect(200)
            let residents = Set(
                answer.entries.compactMap { $0["patient"]?.object?["reference"]?.string })
            if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
            lines += answer.entries
            guard let next = answer.next else { return lines }
            query = String(next.dropFirst(RunningGateway.vaccinationPath.count))
        }
    }

    @Test func `a claim that waited for the residence is made when the record is sent again`()
        async throws
    {
        var (resident, card) = try await gateway.settle(in: nil)
        let birth = today.adding(days: -150)
        resident.dateOfBirth = birth.text
        try await gateway.hold([resident.row("kodomo", birth, today.adding(days: 300))])
        let visit = try await gateway.openVaccinationVisit(card)
        let dose = SentDose(on: today)
        let waiting = try await gateway.record(dose, visit)
        #expect(codes(waiting, "vaccination-claim") == ["residence-unknown"])
        let again = try await gateway.record(dose, visit)
        #expect(again.status == 200 && again.body == waiting.body)
        try await gateway.feed([
            resident.residence(Cast.town.code, from: today.adding(days: -100))
        ])
        let claimed = try await gateway.record(dose, visit)
        #expect(claimed.status == 200 && claimed["ETag"] == "W/\"2\"")
        #expect(claimed.text("id") == waiting.text("id"))
        #expect(codes(claimed, "vaccination-claim") == ["claimed"])
        #expect(try await gateway.record(dose, visit).body == claimed.body)
        let delivered = try await gateway.count(
            "select count(*) from exchange.delivery where record::text = $1",
            [.text(claimed.text("id"))])
        #expect(delivered == 1)
    }

    @Test func `a claim that waited for the residence is made by itself, and once`() async throws {
        var (resident, card) = try await gateway.settle(in: nil)
        let birth = today.adding(days: -150)
        resident.dateOfBirth = birth.text
        try await gateway.hold([resident.row("kodomo", birth, today.adding(days: 300))])
        let visit = try await gateway.openVaccinationVisit(card)
        let waiting = try await gateway.record(SentDose(on: today), visit)
        #expect(codes(waiting, "vaccination-claim") == ["residence-unknown"])
        try await gateway.makeWaitingClaims()
        try await gateway.feed([
            resident.residence(Cast.town.code, from: today.adding(days: -100))
        ])
        // Two gateways look at once.
        try await withThrowingTaskGroup(of: Void.self) { [gateway] group in
            for _ in 0..<2 { group.addTask { try await gateway.makeWaitingClaims() } }
            try await group.waitForAll()
        }
        let id = waiting.text("id")
        let read = try await gateway.send(Cast.clinic, "GET", "/fhir/Immunization/\(id)")
        #expect(read["ETag"] == "W/\"2\"" && codes(read, "vaccination-claim") == ["claimed"])
        let delivered = try await gateway.count(
            "select count(*) from exchange.delivery where record::text = $1", [.text(id)])
        #expect(delivered == 1)
        let versions = try await gateway.count(
            "select count(*) from exchange.vaccination where vaccination::text = $1", [.text(id)])
        #expect(versions == 2)
    }

    /// An old defect: a line that waited for a price stayed with the town where the resident did not live.
    @Test func `a line that waits for a price goes where the residence was corrected to`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today)
        dose.vaccine = "hib"
        let waiting = try await gateway.record(dose, visit)
        #expect(codes(waiting, "vaccination-claim") == ["awaiting-price"])
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -1000))
        ])
        for _ in 0..<2 { try await gateway.makeWaitingClaims() }
        let id = waiting.text("id")
        let again = try await gateway.record(dose, visit)
        #expect(again["ETag"] == "W/\"2\"", "\(again.text)")
        #expect(codes(again, "vaccination-claim") == ["awaiting-price"])
        let told = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select d.version || ' ' || d.body || ' ' || d.is_withdrawn
                    from exchange.delivery d where d.record::text = $1 order by 1
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
        let (old, new) = (Cast.town.code, Cast.otherTown.code)
        #expect(Set(told) == ["1 \(old) false", "2 \(old) true", "2 \(new) false"])
    }

    @Test func `a withdrawn record says so, and a resident is told nothing of claims`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        dose.status = "entered-in-error"
        let withdrawn = try await gateway.correct(id, seen: "W/\"1\"", dose, visit)
        #expect(codes(withdrawn, "vaccination-claim") == ["withdrawn"])
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/Immunization", headers: [gateway.session(of: card)])
        #expect(own.entries.count == 1)
        #expect(!own.text.contains("vaccination-claim") && !own.text.contains("withdrawn"))
    }

    @Test(arguments: [("return=minimal", true), ("return=everything", false), ("wait=5", false)])
    func `a sender who prefers nothing gets nothing`(_ preferred: String, isEmpty: Bool)
        async throws
    {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let answer = try await gateway.record(SentDose(on: today), visit, preferring: preferred)
        try answer.expect(201)
        #expect(answer.body.isEmpty == isEmpty)
        #expect(answer["Location"]?.hasPrefix("/fhir/Immunization/") == true)
        #expect(answer["ETag"] == "W/\"1\"")
    }

    /// A client's library may say it with every request.
    @Test(arguments: ["return=minimal", "return=OperationOutcome"])
    func `whoever reads gets the record, whatever they prefer of what they write`(
        _ preferred: String
    ) async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let made = try await gateway.record(SentDose(on: today), visit)
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/Immunization/\(made.text("id"))",
            headers: [("Prefer", preferred)])
        try read.expect(200)
        #expect(read.body == made.body)
    }
}

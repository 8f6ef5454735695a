import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 接種前の確認 over the wire: held against what every clinic recorded, and telling nothing that the resident did
/// not agree to.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VaccinationCheckTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A baby with one dose of another clinic, so many days ago.
    private func vaccinated(_ days: Int) async throws -> SoftwareCard {
        let card = try await gateway.settleBaby()
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        try await gateway.record(
            SentDose(on: today.adding(days: -days)), there, by: Cast.paperClinic
        ).expect(201)
        return card
    }

    // 20日以上の間隔: twenty full days between, so the twenty-first day after.
    @Test(arguments: [(19, true), (20, true), (21, false), (22, false)])
    func `a dose of another clinic too short ago stops the next`(_ days: Int, isStopped: Bool)
        async throws
    {
        let visit = try await gateway.openVaccinationVisit(vaccinated(days))
        let answer = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        try answer.expect(200)
        #expect((answer.parameter("verdict")?.string == "stop") == isStopped)
        #expect(answer.parameter("dosesKnown")?.int == 1)
        let interval = answer.findings.first { $0.rule == "interval" }
        let earliest = today.adding(days: 21 - days).text
        #expect(interval?.earliest == (isStopped ? earliest : nil))
    }

    @Test func `what was withdrawn is no dose`() async throws {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today.adding(days: -5))
        let id = try await gateway.record(dose, visit).text("id")
        dose.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        let answer = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        #expect(answer.parameter("dosesKnown")?.int == 0)
        #expect(answer.parameter("verdict")?.string != "stop")
    }

    @Test func `a child too young by the register is stopped`() async throws {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby(days: 20))
        let answer = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        #expect(answer.parameter("verdict")?.string == "stop")
        #expect(answer.findings.first?.rule == "too-early")
    }

    @Test func `where nothing was agreed to, the answer is that of one of whom nothing is held`()
        async throws
    {
        let rich = try await gateway.openVisit(vaccinated(5), consents: ["subsidy"])
        let stranger = try await gateway.openVaccinationVisit(
            gateway.settle(in: nil).card)
        let left = try await gateway.checkVaccine("dpt-ipv-hib", rich)
        let right = try await gateway.checkVaccine("dpt-ipv-hib", stranger)
        try left.expect(200)
        #expect(left.body == right.body)
        #expect(left.parameter("dosesKnown")?.int == 0)
    }

    @Test func `what the clinic does not send is a caution, and never silently fine`() async throws
    {
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let unsaid = ["expiry-unsaid", "temperature-unsaid", "answers-unsaid"]
        let bare = try await gateway.checkVaccine("dpt-ipv-hib", visit, isWhole: false)
        #expect(bare.parameter("verdict")?.string == "caution")
        #expect(Set(unsaid).isSubset(of: bare.findings.map(\.rule)))
        let whole = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        #expect(Set(unsaid).isDisjoint(with: whole.findings.map(\.rule)))
    }

    @Test func `the reason for which a doctor goes on is entered with the check`() async throws {
        let visit = try await gateway.openVaccinationVisit(vaccinated(5))
        let reasons = ["interval", "too-late"].map { rule in
            """
            {"name":"override","part":[{"name":"rule","valueCode":"\(rule)"},\
            {"name":"reason","valueString":"周囲で流行"}]}
            """
        }
        let body = try JSON(
            reading: """
                {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":"\(visit.id)"},\
                {"name":"patient","valueReference":{"reference":"\(visit.patient)"}},\
                {"name":"candidate","part":[{"name":"vaccineCode","valueCodeableConcept":{"coding":[\
                {"system":"urn:tsunagi:CodeSystem:vaccine","code":"dpt-ipv-hib"}]}}]},\
                \(reasons.joined(separator: ","))]}
                """)
        let entries = try await gateway.entries {
            try await gateway.send(
                Cast.clinic, "POST", RunningGateway.vaccinationPath + "/$check", body: body
            ).expect(200)
        }
        let basis = try #require(try JSON(reading: entries.first?.basis ?? "").object)
        let lifted = (basis["overrides"]?.array ?? []).compactMap(\.object)
        // What lifts nothing is no reason of this check.
        #expect(lifted.map { $0["rule"]?.string } == ["interval"])
        #expect(lifted.map { $0["reason"]?.string } == ["周囲で流行"])
    }

    @Test func `the entry holds the digest, the rules and the records it was decided from`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let id = try await gateway.record(SentDose(on: today.adding(days: -30)), visit)
            .text("id")
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        }
        let answer = try #require(sent)
        #expect(entries.map(\.purpose) == ["check-vaccination"])
        #expect(entries.map(\.hasPerson) == [true])
        let basis = try #require(try JSON(reading: entries.first?.basis ?? "").object)
        #expect(basis["rules"]?.string == answer.parameter("rules")?.string)
        #expect(basis["records"]?.array?.compactMap(\.string) == ["\(id)/1"])
        // The same answer to somebody else has the same bytes.
        let digests = try await gateway.count(
            """
            select count(*) from log.access_entry
            where digest = $1 and position($2 in basis) > 0
            """,
            [.bytes(Array(SHA256.hash(data: answer.body))), .text("\(id)/1")])
        #expect(digests == 1)
    }
}

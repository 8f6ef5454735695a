import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 母子の関係 over the wire: what a child's plan says of the pregnancy it was born of, and when it says nothing of
/// the mother any more.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MotherChildTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private var birth: CalendarDay { today.adding(days: -110) }

    private struct Family {
        let mother: TestResident
        let child: TestResident
        let card: SoftwareCard
        let key: String
    }

    /// A mother who delivered at 39 weeks 0 days, and her child, both registered by the town.
    private func family(live: Int = 1, still: Int = 0) async throws -> Family {
        let (mother, _) = try await gateway.settle()
        let (child, card) = try await gateway.settle()
        let key = "P-\(RecordID.letters())"
        try await gateway.notify([
            mother.pregnancy(
                due: birth.adding(days: 7), notified: birth.adding(days: -200), key: key,
                [
                    "fetuses": .number("\(live + still)"),
                    "delivery": try JSON(
                        reading: """
                            {"on":"\(birth.text)","live":\(live),"still":\(still)}
                            """),
                    "handbookNumbers": .array([.string("2026-0001")]),
                ])
        ])
        let family = Family(mother: mother, child: child, card: card, key: key)
        try await gateway.notify([word(family)])
        return family
    }

    /// What the town says of the child.
    private func word(
        _ family: Family, of key: String? = nil, born: CalendarDay? = nil,
        child: TestResident? = nil
    ) -> JSON {
        let row = (child ?? family.child).birth(
            on: born ?? birth, notified: birth.adding(days: 10),
            key: "C-\(family.key)-\((child ?? family.child).index)")
        return row.object.map {
            .object($0.with("pregnancyKey", .string(key ?? family.key)))
        } ?? row
    }

    /// What the plan of the child says of its birth, and how many are on the record for it.
    private func told(_ card: SoftwareCard) async throws -> (words: String?, entered: Int) {
        let token = try await gateway.session(of: card)
        var words: String?
        let entries = try await gateway.entries {
            let answer = try await gateway.send(
                Cast.portal, "GET", "/fhir/CarePlan", headers: [token])
            try answer.expect(200)
            words = answer.entries.first?["description"]?.string
        }
        // Whose row is told of is on the record beside the child.
        if words != nil { gateway.expectMoreEntries(1) }
        return (words, entries.count)
    }

    @Test
    func `a child's plan says at how many weeks it was born, and the mother is on the record`()
        async throws
    {
        let told = try await told(family().card)
        #expect(told.words == "在胎39週0日で出生")
        #expect(told.entered == 2)
    }

    @Test func `a wrong relation undone, and one that adoption ended, says nothing of her`()
        async throws
    {
        let family = try await family()
        try await gateway.notify([
            family.child.birth(
                on: birth, notified: birth.adding(days: 10),
                key: "C-\(family.key)-\(family.child.index)")
        ])
        let told = try await told(family.card)
        #expect(told.words == nil)
        #expect(told.entered == 1)
    }

    @Test func `a child that moved on without her is told nothing of her`() async throws {
        let family = try await family()
        try await gateway.feed([family.child.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [family.child.birth(on: birth, notified: today, key: "C-\(family.key)-other")],
            by: Cast.otherTown)
        #expect(try await told(family.card).words == nil)
    }

    /// 親権の喪失: what a guardian could do in this field ends with the town's word.
    @Test func `whoever lost custody sees no checkup, plan or answer of the child any more`()
        async throws
    {
        let (child, card) = try await gateway.settle(years: 3)
        let (guardian, guardianCard) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([
            gateway.guardianship(of: child, by: guardian)
        ])
        try await gateway.record(
            SentCheckup(on: today), gateway.openCheckupVisit(card)
        ).expect(201)
        let acting = try await gateway.acting(gateway.session(of: guardianCard))
        let reads: [(String, String, Purpose)] = [
            ("GET", "/fhir/DiagnosticReport", .readOwnCheckups),
            ("GET", "/fhir/Observation", .readOwnMeasurements),
            ("GET", "/fhir/CarePlan", .readOwnCheckupPlan),
            ("POST", "/checkups/print", .readOwnCheckups),
            ("GET", "/fhir/QuestionnaireResponse", .readOwnScreenings),
        ]
        for (method, path, _) in reads {
            try await gateway.send(Cast.portal, method, path, headers: [acting]).expect(200)
        }
        try await gateway.registerGuardianships([
            gateway.guardianship(of: child, by: guardian, isCustodyLost: true)
        ])
        for (method, path, purpose) in reads {
            try await gateway.expect(.relationUnknown, of: purpose, from: Cast.portal) {
                try await gateway.send(Cast.portal, method, path, headers: [acting])
            }
        }
    }

    @Test func `a mother's plan names her handbooks, one for each twin`() async throws {
        let (_, card) = try await gateway.settleMother([
            "fetuses": .number("2"),
            "handbookNumbers": .array([.string("2026-0007"), .string("2026-0008")]),
        ])
        let token = try await gateway.session(of: card)
        let plan = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [token])
        let numbers = plan.entries.first?["identifier"]?.array?.compactMap {
            $0.object?["value"]?.string
        }
        #expect(numbers == ["2026-0007", "2026-0008"])
        let page = try await gateway.send(
            Cast.portal, "POST", "/checkups/print", headers: [token])
        #expect(page.text.contains("2026-0007、2026-0008"))
    }

    @Test func `days that do not agree, and a stillbirth, are no birth of this child`() async throws
    {
        let family = try await family()
        try await gateway.notify([word(family, born: birth.adding(days: -2))])
        #expect(try await told(family.card).words == nil)
        let still = try await self.family(live: 0, still: 1)
        #expect(try await told(still.card).words == nil)
    }

    @Test func `twins are each told, also across midnight`() async throws {
        let family = try await family(live: 2)
        let (twin, card) = try await gateway.settle()
        try await gateway.notify([word(family, born: birth.adding(days: 1), child: twin)])
        #expect(try await told(family.card).words == "在胎39週0日で出生")
        #expect(try await told(card).words == "在胎39週1日で出生")
    }

    @Test(arguments: [true, false])
    func `where either is not disclosed, nothing is told`(isMother: Bool) async throws {
        let family = try await family()
        let hidden = isMother ? family.mother : family.child
        try await gateway.hold([
            hidden.row(
                "kodomo", today.adding(days: -10), today.adding(days: 300),
                ["isNotDisclosed": .bool(true)])
        ])
        let told = try await told(family.card)
        #expect(told.words == nil)
        #expect(told.entered == 1)
    }

    @Test func `a ticket given back stays so, and one that was used is not taken back`()
        async throws
    {
        let (resident, card) = try await gateway.settleMother()
        let visit = try await gateway.openCheckupVisit(card)
        let used = try await gateway.record(.prenatal(on: today), visit)
        try used.expect(201)
        func word(_ serial: Int) throws -> JSON {
            resident.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -10),
                [
                    "returnedTickets": try JSON(
                        reading: """
                            [{"kind":"prenatal","serial":\(serial),"on":"\(today.text)"}]
                            """)
                ])
        }
        var refused: TLSClient.Answer?
        let entries = try await gateway.entries {
            refused = try await gateway.send(
                Cast.town, "POST", "/maternal-health/registration-tasks",
                body: .array([try word(1)]))
        }
        // That a ticket was used is something of the mother.
        #expect(refused?.int("refused") == 1)
        #expect(entries.map(\.hasPerson) == [true])
        try await gateway.notify([word(4)])
        var named = SentCheckup.prenatal(on: today)
        named.ticket = .init(Cast.town, "prenatal", 4)
        try await gateway.expect(
            .ticketRefused(.ticketReturned), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(named, visit) }
        // A correction of the notification brings no other for it.
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: 99), notified: today.adding(days: -10))
        ])
        let tickets = try await gateway.count(
            """
            select count(*) from exchange.checkup_ticket where kind = 'prenatal' and person = (
                select person from exchange.maternal_notification order by version desc limit 1)
            """)
        #expect(tickets == 14)
    }

    /// 転出後に届いた結果: whoever has the family does what it asks for.
    @Test(arguments: [true, false])
    func `what arrives after the move waits where the family was taken over`(isTakenOver: Bool)
        async throws
    {
        let (child, card) = try await gateway.settle()
        try await gateway.notify([child.birth(on: birth, notified: birth.adding(days: 10))])
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.feed([
            child.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        if isTakenOver {
            try await gateway.notify(
                [child.birth(on: birth, notified: today, key: "M-\(child.index)")],
                by: Cast.otherTown)
        }
        func ids(_ body: Party) async throws -> Set<String> {
            Set(try await gateway.followUps(of: body).entries.compactMap { $0["id"]?.string })
        }
        let (here, there) = (try await ids(Cast.town), try await ids(Cast.otherTown))
        var checkup = SentCheckup(on: today.adding(days: -2))
        checkup.findings = checkup.findings.filter { $0.item != "child-judgement" }
        checkup.findings.append(("child-judgement", .choice("detailed-examination")))
        try await gateway.record(checkup, visit).expect(201)
        #expect(try await ids(Cast.town).count == here.count + (isTakenOver ? 0 : 1))
        #expect(try await ids(Cast.otherTown).count == there.count + (isTakenOver ? 1 : 0))
        guard !isTakenOver else { return }
        // Handed on with the family, later.
        try await gateway.notify(
            [child.birth(on: birth, notified: today, key: "M-\(child.index)")],
            by: Cast.otherTown)
        #expect(try await ids(Cast.town) == here)
        #expect(try await ids(Cast.otherTown).count == there.count + 1)
    }

    @Test func `what waits is handed on with the family, once, and the answer is the next town's`()
        async throws
    {
        let (child, card) = try await gateway.settle()
        try await gateway.notify([child.birth(on: birth, notified: birth.adding(days: 10))])
        let visit = try await gateway.openCheckupVisit(card)
        var checkup = SentCheckup(on: today)
        checkup.findings = checkup.findings.filter { $0.item != "child-judgement" }
        checkup.findings.append(("child-judgement", .choice("detailed-examination")))
        try await gateway.record(checkup, visit).expect(201)
        let before = try await gateway.followUps().entries
        let task = try #require(
            before.max { ($0["authoredOn"]?.string ?? "") < ($1["authoredOn"]?.string ?? "") })
        let id = try #require(task["id"]?.string)
        try await gateway.feed([child.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [child.birth(on: birth, notified: today, key: "C-\(id)")], by: Cast.otherTown)
        #expect(try await !gateway.followUps().text.contains(id))
        let there = try await gateway.followUps(of: Cast.otherTown)
        let moved = try #require(there.entries.first { $0["id"]?.string == id })
        let key = moved["for"]?.object?["identifier"]?.object?["value"]?.string
        #expect(key == "C-\(id)")
        let answer = try JSON(reading: #"{"resourceType":"Task","status":"completed"}"#)
        let seen = [("If-Match", "W/\"1\"")]
        let late = try await gateway.send(
            Cast.town, "PUT", "/fhir/Task/\(id)", headers: seen, body: answer)
        #expect(late.code == "record-unknown")
        try await gateway.send(
            Cast.otherTown, "PUT", "/fhir/Task/\(id)", headers: seen, body: answer
        ).expect(200)
    }
}

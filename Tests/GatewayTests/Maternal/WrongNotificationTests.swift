import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 他の市区町村の誤った届出 over the wire: it takes nothing from a family that lives elsewhere, and what it did
/// take while nobody knew better comes back once it is taken back.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct WrongNotificationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private var birth: CalendarDay { today.adding(days: -110) }

    private func tell(_ row: JSON, by body: Party) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            body, "POST", "/maternal-health/registration-tasks", body: .array([row]))
        try answer.expect(202)
        return answer
    }

    private func findings(_ answer: TLSClient.Answer, of body: Party) async throws -> [String] {
        let report = try await gateway.send(
            body, "GET", "/maternal-health/registration-tasks/\(answer.text("taskId"))")
        let found = report.json["results"]?.array?.first?.object?["findings"]?.array ?? []
        return found.compactMap(\.object).map {
            "\($0["item"]?.string ?? "") \($0["code"]?.string ?? "")"
        }
    }

    private func withdrawn(_ row: JSON) throws -> JSON {
        .object(try #require(row.object).with("isWithdrawn", .bool(true)))
    }

    /// The residence of today as it was told last, of the same day, so that it puts right what was wrong.
    private func lives(_ resident: TestResident, in body: Party) async throws {
        try await gateway.feed([
            resident.residence(body.code, from: today.adding(days: -5))
        ])
    }

    private func unseen(_ key: String) async throws -> Bool {
        let answer = try await gateway.send(
            Cast.town, "GET", "/maternal-health/unseen?checkup=infant-3-4m&count=1000")
        try answer.expect(200)
        let targets = (answer.json["targets"]?.array ?? []).compactMap(\.object)
        gateway.expectMoreEntries(max(0, targets.count - 1))
        return targets.contains { $0["notificationKey"]?.string == key }
    }

    @Test func `a town takes over nobody who lives elsewhere, and is told so by row`() async throws
    {
        let (mother, card) = try await gateway.settleMother()
        let row = mother.pregnancy(
            due: today.adding(days: 100), notified: today, key: "W-\(mother.index)")
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries {
            answer = try await tell(row, by: Cast.otherTown)
        }
        let refused = try #require(answer)
        #expect(refused.int("refused") == 1)
        // That she lives elsewhere is something of her.
        #expect(entries.map(\.hasPerson) == [true])
        #expect(try await findings(refused, of: Cast.otherTown) == ["myNumber not-own-resident"])
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = .init(Cast.town, "prenatal", 1)
        try await gateway.record(checkup, gateway.openCheckupVisit(card)).expect(201)
        // The same row once the move is known.
        try await lives(mother, in: Cast.otherTown)
        #expect(try await tell(row, by: Cast.otherTown).int("applied") == 1)
    }

    @Test func `somebody of whom nobody notified anything is not begun elsewhere either`()
        async throws
    {
        let (child, _) = try await gateway.settle()
        let row = child.birth(on: birth, notified: today, key: "W-\(child.index)")
        let refused = try await tell(row, by: Cast.otherTown)
        #expect(try await findings(refused, of: Cast.otherTown) == ["myNumber not-own-resident"])
    }

    @Test func `who has left is corrected by the town that knew them, and not taken back by it`()
        async throws
    {
        let (mother, _) = try await gateway.settleMother()
        try await lives(mother, in: Cast.otherTown)
        func row(_ days: Int, notified: CalendarDay) -> JSON {
            mother.pregnancy(due: today.adding(days: days), notified: notified)
        }
        let corrected = row(101, notified: today.adding(days: -10))
        #expect(try await tell(corrected, by: Cast.town).int("applied") == 1)
        let there = mother.pregnancy(
            due: today.adding(days: 100), notified: today.adding(days: -5), key: "M-\(mother.index)"
        )
        #expect(try await tell(there, by: Cast.otherTown).int("applied") == 1)
        let late = try await tell(row(102, notified: today), by: Cast.town)
        #expect(try await findings(late, of: Cast.town) == ["myNumber not-own-resident"])
    }

    @Test func `a wrong word taken back leaves the tickets as they were`() async throws {
        let (mother, card) = try await gateway.settleMother()
        try await lives(mother, in: Cast.otherTown)
        let row = mother.pregnancy(
            due: today.adding(days: 90), notified: today.adding(days: -5), key: "W-\(mother.index)")
        #expect(try await tell(row, by: Cast.otherTown).int("applied") == 1)
        // The residence was wrong as well, and is put right first.
        try await lives(mother, in: Cast.town)
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = .init(Cast.town, "prenatal", 1)
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.expect(
            .ticketRefused(.ticketReplaced), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(checkup, visit) }
        #expect(try await tell(withdrawn(row), by: Cast.otherTown).int("applied") == 1)
        try await gateway.record(checkup, visit).expect(201)
        // The town's own row, sent again, is known; twins found later still bring tickets.
        let own = mother.pregnancy(
            due: today.adding(days: 100), notified: today.adding(days: -10))
        #expect(try await tell(own, by: Cast.town).int("unchanged") == 1)
        let twins = mother.pregnancy(
            due: today.adding(days: 100), notified: today.adding(days: -10),
            ["fetuses": .number("2")])
        #expect(try await tell(twins, by: Cast.town).int("applied") == 1)
        var last = SentCheckup.prenatal(on: today.adding(days: -1))
        last.ticket = .init(Cast.town, "prenatal", 19)
        try await gateway.record(last, visit).expect(201)
    }

    @Test func `a word taken back by mistake counts again, and gives out nothing twice`()
        async throws
    {
        let (mother, card) = try await gateway.settleMother()
        try await lives(mother, in: Cast.otherTown)
        let row = mother.pregnancy(
            due: today.adding(days: 90), notified: today.adding(days: -5), key: "W-\(mother.index)")
        for row in [row, try withdrawn(row), row] {
            #expect(try await tell(row, by: Cast.otherTown).int("applied") == 1)
        }
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = .init(Cast.otherTown, "prenatal", 1)
        try await gateway.record(checkup, gateway.openCheckupVisit(card)).expect(201)
        let issues = try await gateway.count(
            """
            select max(t.issue) from exchange.checkup_ticket t
            join exchange.maternal_notification n using (person)
            where n.notification_key = 'W-\(mother.index)'
            """)
        #expect(issues == 1)
    }

    @Test func `a wrong word taken back leaves tasks where they were, and the child waited for`()
        async throws
    {
        let (child, card) = try await gateway.settle()
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            child.birth(on: birth, notified: birth.adding(days: 10), key: key)
        ])
        var early = SentCheckup(on: today.adding(days: -75))
        early.checkup = "infant-1m"
        early.findings = early.findings.filter {
            !["neck-control", "hip", "child-judgement"].contains($0.item)
        }
        early.findings.append(("child-judgement", .choice("detailed-examination")))
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(early, visit).expect(201)
        try await gateway.record(.signs("found", on: today), visit).expect(201)
        func waiting(_ body: Party) async throws -> [Set<String>] {
            var waiting: [Set<String>] = []
            for compartment in CheckupCompartment.allCases {
                let tasks = try await gateway.followUps(compartment, of: body).entries
                waiting.append(Set(tasks.compactMap { $0["id"]?.string }))
            }
            return waiting
        }
        let (here, there) = (try await waiting(Cast.town), try await waiting(Cast.otherTown))
        try await lives(child, in: Cast.otherTown)
        let row = child.birth(on: birth, notified: today, key: "W-\(key)")
        #expect(try await tell(row, by: Cast.otherTown).int("applied") == 1)
        let taken = try await waiting(Cast.otherTown)
        #expect(zip(taken, there).allSatisfy { $0.count == $1.count + 1 })
        #expect(try await !unseen(key))
        try await lives(child, in: Cast.town)
        #expect(try await tell(withdrawn(row), by: Cast.otherTown).int("applied") == 1)
        #expect(try await waiting(Cast.town) == here)
        #expect(try await waiting(Cast.otherTown) == there)
        #expect(try await unseen(key))
        let lines = try await gateway.search(
            Cast.otherTown, "/fhir/DiagnosticReport/_search",
            [("patient.identifier", "urn:tsunagi:maternal-notification-key|W-\(key)")])
        #expect(lines.entries.isEmpty)
    }

    /// 転出後の返還・訂正: it is the old town's own record, and the child stays the new town's.
    @Test func `what the old town corrects after the move takes the child from nobody`()
        async throws
    {
        let (child, _) = try await gateway.settle(in: Cast.otherTown)
        let key = "C-\(RecordID.letters())"
        let there = child.birth(on: birth, notified: birth.adding(days: 10), key: "W-\(key)")
        try await gateway.notify([there], by: Cast.otherTown)
        try await lives(child, in: Cast.town)
        try await gateway.notify([
            child.birth(on: birth, notified: today.adding(days: -5), key: key)
        ])
        #expect(try await unseen(key))
        let corrected = try #require(there.object).with("handbookNumbers", .array([.string("7")]))
        #expect(try await tell(.object(corrected), by: Cast.otherTown).int("applied") == 1)
        #expect(try await unseen(key))
        // Back again: by a word of a later day, once the residence says so.
        try await gateway.feed([child.residence(Cast.otherTown.code, from: today)])
        let back = corrected.with("notifiedOn", .string(today.text))
        #expect(try await tell(.object(back), by: Cast.otherTown).int("applied") == 1)
        #expect(try await !unseen(key))
    }

    @Test func `a wrong word on a child taken back gives it its mother again`() async throws {
        let (mother, _) = try await gateway.settle()
        let (child, card) = try await gateway.settle()
        let key = "P-\(RecordID.letters())"
        try await gateway.notify([
            mother.pregnancy(
                due: birth.adding(days: 7), notified: birth.adding(days: -200), key: key,
                [
                    "delivery": try JSON(
                        reading: "{\"on\":\"\(birth.text)\",\"live\":1,\"still\":0}")
                ])
        ])
        let own = child.birth(on: birth, notified: birth.adding(days: 10), key: "C-\(key)")
        try await gateway.notify([
            .object(try #require(own.object).with("pregnancyKey", .string(key)))
        ])
        func words() async throws -> String? {
            let token = try await gateway.session(of: card)
            let plan = try await gateway.send(
                Cast.portal, "GET", "/fhir/CarePlan", headers: [token])
            let words = plan.entries.first?["description"]?.string
            if words != nil { gateway.expectMoreEntries(1) }
            return words
        }
        try await lives(child, in: Cast.otherTown)
        let row = child.birth(on: birth, notified: today, key: "W-\(key)")
        #expect(try await tell(row, by: Cast.otherTown).int("applied") == 1)
        #expect(try await words() == nil)
        #expect(try await tell(withdrawn(row), by: Cast.otherTown).int("applied") == 1)
        #expect(try await words() == "在胎39週0日で出生")
    }
}

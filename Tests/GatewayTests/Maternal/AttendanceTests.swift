import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 未受診者・勧奨・受診率・台帳 over the wire: the child nobody has seen is noticed, and nobody reports anything.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct AttendanceTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A child of 110 days whom the town notified under this key.
    private func child(_ key: String) async throws -> (resident: TestResident, card: SoftwareCard) {
        let (resident, card) = try await gateway.settle()
        try await gateway.notify([
            resident.birth(
                on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
        ])
        return (resident, card)
    }

    private func unseen(_ key: String, by town: Party = Cast.town) async throws -> JSONObject? {
        try await targets(by: town).first { $0["notificationKey"]?.string == key }
    }

    private func targets(by town: Party) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            town, "GET", "/maternal-health/unseen?checkup=infant-3-4m&count=1000")
        try answer.expect(200)
        let targets = (answer.json["targets"]?.array ?? []).compactMap(\.object)
        gateway.expectMoreEntries(max(0, targets.count - 1))
        return targets
    }

    /// 転入: those whom a town waits for without a key of its own.
    private func movedIn(to town: Party) async throws -> [String: JSONObject] {
        let found = try await targets(by: town).compactMap { target in
            target["patient"]?.string.map { ($0, target) }
        }
        return Dictionary(uniqueKeysWithValues: found)
    }

    private func remind(_ keys: [String]) async throws -> TLSClient.Answer {
        let list = JSON.array(keys.map { .string($0) }).text
        return try await gateway.send(
            Cast.town, "POST", "/maternal-health/reminders",
            body: JSON(reading: "{\"checkup\":\"infant-3-4m\",\"notificationKeys\":\(list)}"))
    }

    private func lines(_ key: String, by town: Party) async throws -> TLSClient.Answer {
        try await gateway.search(
            town, "/fhir/DiagnosticReport/_search",
            [("patient.identifier", "urn:tsunagi:maternal-notification-key|\(key)")])
    }

    @Test func `a child in its window is listed until somebody sends a result`() async throws {
        let key = "C-\(RecordID.letters())"
        let (resident, card) = try await child(key)
        let listed = try #require(try await unseen(key))
        let birth = today.adding(days: -110)
        #expect(listed["first"]?.string == birth.anniversary(months: 3).text)
        #expect(listed["isOver"]?.bool == false)
        #expect(try await unseen(key, by: Cast.otherTown) == nil)
        let made = try await gateway.record(
            SentCheckup(on: today), gateway.openCheckupVisit(card))
        #expect(try await unseen(key) == nil)
        var withdrawn = SentCheckup(on: today)
        withdrawn.identifier = made.json["identifier"]?.array?.first?.object?["value"]?.string ?? ""
        withdrawn.status = "entered-in-error"
        try await gateway.correct(
            made.text("id"), seen: "W/\"1\"", withdrawn, gateway.openCheckupVisit(card)
        ).expect(200)
        #expect(try await unseen(key) != nil)
        // 転出: whose word is the newest waits for the child.
        let there = "C-\(RecordID.letters())"
        try await gateway.feed([resident.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [resident.birth(on: birth, notified: today, key: there)], by: Cast.otherTown)
        #expect(try await unseen(key) == nil)
    }

    @Test func `a child who moved in is waited for though nobody notified it anew`() async throws {
        let (key, there) = ("C-\(RecordID.letters())", "C-\(RecordID.letters())")
        let birth = today.adding(days: -110)
        let (resident, _) = try await child(key)
        let (examined, card) = try await child("C-\(RecordID.letters())")
        func moved() async throws -> [String: JSONObject] { try await movedIn(to: Cast.otherTown) }
        let before = try await moved()
        for one in [resident, examined] {
            try await gateway.feed([one.residence(Cast.otherTown.code, from: today)])
        }
        // The town that was left waits no more.
        #expect(try await unseen(key) == nil)
        let both = try await moved().filter { before[$0.key] == nil }
        #expect(both.count == 2)
        for target in both.values {
            #expect(target["first"]?.string == birth.anniversary(months: 3).text)
            #expect(target["notificationKey"] == nil && target["identityKey"] == nil)
        }
        try await gateway.record(SentCheckup(on: today), gateway.openCheckupVisit(card))
            .expect(201)
        let left = try await moved().filter { before[$0.key] == nil }
        #expect(left.count == 1)
        let own = try await gateway.send(
            Cast.otherTown, "POST", "/municipal-checkup/registration-tasks",
            body: try JSON(
                reading: """
                    [{"modificationSeg":"1","myNumber":"\(resident.number)",
                    "municipalityIdentityKey":"\(there)"}]
                    """))
        try own.expect(202)
        let patient = try #require(left.keys.first)
        #expect(try await moved()[patient]?["identityKey"]?.string == there)
        try await gateway.notify(
            [resident.birth(on: birth, notified: today, key: there)], by: Cast.otherTown)
        #expect(try await moved()[patient] == nil)
        let anew = try #require(try await unseen(there, by: Cast.otherTown))
        #expect(anew["patient"] == nil)
        // Back home, nobody notifies it a third time: it stands under the key of before.
        try await gateway.feed([resident.residence(Cast.town.code, from: today)])
        let back = try #require(try await unseen(key))
        #expect(back["patient"] == nil)
        #expect(try await unseen(there, by: Cast.otherTown) == nil)
    }

    @Test
    func `a family is reminded once a day, and nothing is told of keys that stand for nobody`()
        async throws
    {
        let key = "C-\(RecordID.letters())"
        let card = try await child(key).card
        let first = try await remind([key, "nobody-\(key)"])
        try first.expect(200)
        #expect(first.int("reminded") == 1)
        #expect(first.int("notWaiting") == 1)
        #expect(try await remind([key]).int("unchanged") == 1)
        let token = try await gateway.session(of: card)
        let notices = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        let due = notices.entries.filter { JSON.object($0).text.contains("checkup-due") }
        #expect(due.count == 1)
        #expect(due.first.map { JSON.object($0).text.contains("3～4か月児") } == true)
        #expect(try await unseen(key)?["remindedOn"]?.string == today.text)
    }

    @Test func `a key that was taken back from one and given to another calls the other alone`()
        async throws
    {
        let (key, own) = ("C-\(RecordID.letters())", "C-\(RecordID.letters())")
        let (mistaken, _) = try await child(own)
        let word = mistaken.birth(
            on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
        try await gateway.notify([word])
        let withdrawn = try #require(word.object).with("isWithdrawn", .bool(true))
        try await gateway.notify([.object(withdrawn)])
        _ = try await child(key)
        let answer = try await remind([key])
        #expect(answer.int("reminded") == 1 && answer.int("notWaiting") == 0, "\(answer.text)")
        #expect(try await unseen(own)?["remindedOn"] == nil)
        #expect(try await unseen(key)?["remindedOn"] != nil)
    }

    @Test func `one of whom nothing was examined still waits, and so does the ticket`()
        async throws
    {
        let key = "C-\(RecordID.letters())"
        let (resident, card) = try await gateway.settle()
        try await gateway.notify([
            resident.birth(
                on: today.adding(days: -200), notified: today.adding(days: -190), key: key)
        ])
        func waits() async throws -> Bool {
            let answer = try await gateway.send(
                Cast.town, "GET", "/maternal-health/unseen?checkup=infant-6-7m&count=1000")
            try answer.expect(200)
            let targets = (answer.json["targets"]?.array ?? []).compactMap(\.object)
            gateway.expectMoreEntries(max(0, targets.count - 1))
            return targets.contains { $0["notificationKey"]?.string == key }
        }
        var sent = SentCheckup(on: today)
        sent.checkup = "infant-6-7m"
        let examined = sent.findings.filter { !["neck-control", "hip"].contains($0.item) }
        sent.findings = examined.map { (item: $0.item, value: .absent("declined")) }
        let visit = try await gateway.openCheckupVisit(card)
        let made = try await gateway.record(sent, visit)
        #expect(made.status == 201)
        let claim = made.parts("checkup-claim").first
        #expect(claim?["state"]?.string == "not-examined" && claim?["claimed"] == nil)
        #expect(made.parts("checkup-ticket").isEmpty)
        #expect(try await waits())
        // Done after all: the correction is the claim, by the ticket that was left.
        sent.findings = examined
        sent.status = "corrected"
        let done = try await gateway.correct(made.text("id"), seen: "W/\"1\"", sent, visit)
        #expect(done.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 6500)
        #expect(done.parts("checkup-ticket").first?["serial"]?.int == 1)
        #expect(try await !waits())
    }

    @Test func `sixteen reminders at once leave one notice`() async throws {
        let key = "C-\(RecordID.letters())"
        _ = try await child(key)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for _ in 0..<16 { group.addTask { try await remind([key]) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.compactMap { $0.int("reminded") }.reduce(0, +) == 1)
    }

    @Test func `attendance is counted by month of birth, and few are not told`() async throws {
        let birth = today.adding(days: -1_700)
        var rows: [JSON] = []
        for _ in 0..<12 {
            let resident = try await gateway.settle().resident
            rows.append(
                resident.birth(
                    on: birth, notified: birth.adding(days: 10),
                    key: "C-\(RecordID.letters())"))
        }
        try await gateway.notify(rows)
        let path = "/maternal-health/attendance?checkup=infant-5y"
        let answer = try await gateway.send(Cast.town, "GET", path)
        try answer.expect(200)
        let month = birth.text.prefix(7)
        let cohort = (answer.json["cohorts"]?.array ?? []).compactMap(\.object).first {
            $0["birthMonth"]?.string == String(month)
        }
        #expect(cohort?["registered"]?.int == 10)
        #expect(cohort?["seen"] == .null || cohort?["seen"] == nil)
        let prefecture = try await gateway.send(Cast.prefecture, "GET", path)
        #expect(prefecture.text.contains("\"municipality\":\"\(Cast.town.code)\""))
        let few = try await gateway.send(
            Cast.otherTown, "GET", "/maternal-health/attendance?checkup=infant-5y")
        #expect(!few.text.contains(Cast.town.code))
    }

    @Test func `the next town holds the minimum of what was found before, and its own whole`()
        async throws
    {
        let key = "C-\(RecordID.letters())"
        let (resident, card) = try await child(key)
        let visit = try await gateway.openCheckupVisit(card, consents: RunningGateway.allConsents)
        try await gateway.record(SentCheckup(on: today), visit).expect(201)
        try await gateway.record(.epds(12, on: today), visit).expect(201)
        let here = try await lines(key, by: Cast.town)
        try here.expect(200)
        #expect(here.entries.count == 1)
        #expect(here.text.contains("6.42"))
        #expect(try await lines(key, by: Cast.otherTown).entries.isEmpty)
        try await gateway.feed([resident.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [
                resident.birth(
                    on: today.adding(days: -110), notified: today, key: "there-\(key)")
            ], by: Cast.otherTown)
        let there = try await lines("there-\(key)", by: Cast.otherTown)
        #expect(there.entries.count == 1)
        #expect(there.text.contains("child-judgement"))
        for hidden in ["6.42", "head-circumference", "見本 医師", "epds"] {
            #expect(!there.text.contains(hidden))
        }
        // What the former town holds is its own.
        #expect(try await lines(key, by: Cast.town).entries.count == 1)
    }

    static let wrong: [(path: String, refusal: Refusal)] = [
        ("/maternal-health/unseen", .missing("checkup")),
        ("/maternal-health/unseen?checkup=prenatal-1", .malformed("checkup")),
        ("/maternal-health/unseen?checkup=infant-1m&count=0", .malformed("count")),
        // Whom no test referred is not missing.
        ("/maternal-health/unseen?checkup=newborn-cmv", .malformed("checkup")),
        ("/maternal-health/attendance?checkup=newborn-hearing-repeat", .malformed("checkup")),
        ("/maternal-health/attendance?checkup=nothing", .malformed("checkup")),
    ]

    @Test(arguments: wrong)
    func `a question that names no checkup is refused by its item`(
        path: String, refusal: Refusal
    ) async throws {
        let answer = try await gateway.send(Cast.town, "GET", path)
        #expect(answer.code == refusal.code)
        #expect(answer.status == refusal.row.status)
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 届出と受診券のある記録の統合: what towns notified of either record, and the tickets they gave out, are one book of the
/// one person; two pregnancies that nobody can tell apart keep two records two.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedPregnanciesTests {
    private typealias Settled = (resident: TestResident, card: SoftwareCard)
    private typealias Ticket = SentCheckup.Ticket

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func join(_ gone: Settled, into stays: Settled) async throws {
        try await gateway.join(gone.resident, into: stays.resident)
    }

    private func part(_ gone: Settled, from stays: Settled) async throws {
        try await gateway.part(gone.resident, from: stays.resident)
    }

    private func refusal(_ gone: Settled, into stays: Settled) async throws -> [String] {
        try await gateway.refusalOfMerge(gone.resident, into: stays.resident)
    }

    private func undoing(_ gone: Settled, from stays: Settled) async throws -> [String] {
        try await gateway.refusalOfUndoing(gone.resident, from: stays.resident)
    }

    /// Told of the same day again, it puts right what was told before.
    private func lives(_ settled: Settled, in body: Party, from day: CalendarDay) async throws {
        try await gateway.feed([settled.resident.residence(body.code, from: day)])
    }

    private func key(_ mother: Settled) -> String { "P-\(mother.resident.index)" }

    private func word(
        _ mother: Settled, due days: Int = 100, _ more: [String: JSON] = [:]
    ) -> JSON {
        mother.resident.pregnancy(
            due: today.adding(days: days), notified: today.adding(days: -10), key: key(mother),
            more)
    }

    private func withdrawn(_ row: JSON) -> JSON {
        row.object.map { .object($0.with("isWithdrawn", .bool(true))) } ?? row
    }

    private func delivery(daysAgo days: Int) throws -> [String: JSON] {
        [
            "delivery": try JSON(
                reading: "{\"on\":\"\(today.adding(days: -days).text)\",\"live\":1,\"still\":0}")
        ]
    }

    private func prenatal(_ serial: Int? = nil, daysAgo days: Int = 0) -> SentCheckup {
        var sent = SentCheckup.prenatal(on: today.adding(days: -days))
        sent.ticket = serial.map { Ticket(Cast.town, "prenatal", $0) }
        return sent
    }

    private func postpartum(_ serial: Int, _ checkup: String = "postpartum-2w") -> SentCheckup {
        var sent = SentCheckup(on: today)
        sent.checkup = checkup
        sent.findings = [
            ("maternal-weight", .quantity("56", "kg")), ("systolic", .quantity("110", "mm[Hg]")),
            ("diastolic", .quantity("66", "mm[Hg]")),
        ]
        sent.ticket = Ticket(Cast.town, "postpartum", serial)
        return sent
    }

    private func infant(_ checkup: String, daysAgo days: Int, _ serial: Int? = nil) -> SentCheckup {
        var sent = SentCheckup(on: today.adding(days: -days))
        sent.checkup = checkup
        sent.findings = sent.findings.filter { !["neck-control", "hip"].contains($0.item) }
        sent.ticket = serial.map { Ticket(Cast.town, "infant-6-10m", $0) }
        return sent
    }

    private func used(_ answer: TLSClient.Answer) -> String {
        let ticket = answer.parts("checkup-ticket").first
        return "\(ticket?["kind"]?.string ?? "-") \(ticket?["serial"]?.int ?? 0)"
    }

    private func send(
        _ sent: SentCheckup, _ card: SoftwareCard, at clinic: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        try await gateway.record(
            sent, gateway.openCheckupVisit(card, at: clinic), by: clinic)
    }

    private func expect(
        _ refusal: MaternalRefusal, _ sent: SentCheckup, _ card: SoftwareCard
    ) async throws {
        let visit = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        try await gateway.expect(
            .ticketRefused(refusal), of: .recordCheckup, from: Cast.pharmacy
        ) { try await gateway.record(sent, visit, by: Cast.pharmacy) }
    }

    private func withdraw(_ answer: TLSClient.Answer, _ sent: SentCheckup, _ card: SoftwareCard)
        async throws
    {
        var mistake = sent
        mistake.status = "entered-in-error"
        try await gateway.correct(
            answer.text("id"), seen: answer["ETag"], mistake, gateway.openCheckupVisit(card)
        ).expect(200)
    }

    /// Under which of the two records the rows of a table are.
    private func rows(_ table: String, _ gone: Settled, _ stays: Settled) async throws -> [Int] {
        var counts: [Int] = []
        for record in ["person", "survivor"] {
            counts.append(
                try await gateway.count(
                    """
                    select count(*) from exchange.\(table) t
                    join exchange.record_merge m on t.person = m.\(record) where m.sequence = $1
                    """, [.text("merge-\(gone.resident.index)-\(stays.resident.index)")]))
        }
        return counts
    }

    // MARK: One pregnancy

    @Test func `the tickets of the absorbed record are the one person's, each used once`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(gone)])
        let first = prenatal(1, daysAgo: 3)
        try await send(first, gone.card).expect(201)
        try await join(gone, into: stays)
        try await expect(.ticketUsed, prenatal(1), stays.card)
        let second = prenatal(2)
        let made = try await send(second, stays.card)
        try made.expect(201)
        #expect(used(made) == "prenatal 2")
        try await expect(.ticketUsed, prenatal(2, daysAgo: 1), gone.card)
        #expect(try await rows("checkup_ticket_event", gone, stays) == [2, 0])
        #expect(try await rows("checkup_result", gone, stays) == [1, 1])
        let plan = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [gateway.session(of: stays.card)])
        #expect(plan.entries.count == 1, "\(plan.text)")
        // What the one person used is of nobody alone, until it is taken back.
        #expect(try await undoing(gone, from: stays) == ["merge-used"])
        try await withdraw(made, second, stays.card)
        try await part(gone, from: stays)
        try await expect(.noSuchTicket, prenatal(2), stays.card)
        let again = try await send(prenatal(2), gone.card)
        #expect(used(again) == "prenatal 2")
    }

    @Test func `one ticket shown with both cards at once pays once`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(gone)])
        try await join(gone, into: stays)
        for serial in 1...4 {
            let here = try await gateway.openCheckupVisit(stays.card)
            let there = try await gateway.openCheckupVisit(gone.card, at: Cast.paperClinic)
            let sent = (prenatal(serial, daysAgo: serial), prenatal(serial, daysAgo: serial))
            async let first = gateway.record(sent.0, here)
            async let second = gateway.record(sent.1, there, by: Cast.paperClinic)
            let answers = try await [first, second]
            #expect(answers.map(\.status).sorted() == [201, 422])
            #expect(answers.first { $0.status == 422 }?.code == "ticket-used")
        }
    }

    @Test
    func `a result of the one record that holds a ticket of the other keeps them one`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(stays)])
        var sent = prenatal()
        let visit = try await gateway.openCheckupVisit(gone.card)
        let made = try await gateway.record(sent, visit)
        #expect(made.parts("checkup-claim").first?["state"]?.string == "no-ticket")
        try await join(gone, into: stays)
        sent.status = "corrected"
        sent.findings[0].value = .quantity("58.9", "kg")
        let corrected = try await gateway.correct(made.text("id"), seen: "W/\"1\"", sent, visit)
        #expect(used(corrected) == "prenatal 1")
        #expect(try await rows("checkup_result", gone, stays) == [2, 0])
        #expect(try await rows("checkup_ticket_event", gone, stays) == [0, 1])
        #expect(try await undoing(gone, from: stays) == ["merge-used"])
        try await withdraw(corrected, sent, stays.card)
        try await part(gone, from: stays)
        #expect(try await used(send(prenatal(1), stays.card)) == "prenatal 1")
    }

    @Test func `what the town corrects is kept beside what it said, whatever is new is not`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(gone, due: -10)])
        try await join(gone, into: stays)
        // By either number, as the key is the one under which it notified.
        let ended = stays.resident.pregnancy(
            due: today.adding(days: -10), notified: today.adding(days: -10), key: key(gone),
            try delivery(daysAgo: 14))
        try await gateway.notify([ended])
        #expect(try await rows("maternal_notification", gone, stays) == [2, 0])
        try await expect(.ticketExpired, prenatal(1), stays.card)
        try await part(gone, from: stays)
        try await expect(.ticketExpired, prenatal(1), gone.card)
        #expect(try await used(send(postpartum(1), gone.card)) == "postpartum 1")
    }

    @Test func `what the next town says of the pregnancy is of the one person, and the same one`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(gone)])
        try await join(gone, into: stays)
        try await lives(stays, in: Cast.otherTown, from: today)
        try await gateway.notify(
            [
                stays.resident.pregnancy(
                    due: today.adding(days: 100), notified: today, key: "Q-\(key(gone))")
            ], by: Cast.otherTown)
        #expect(try await rows("maternal_notification", gone, stays) == [1, 1])
        let pregnancies = try await gateway.count(
            """
            select count(distinct n.episode) from exchange.maternal_notification n
            join exchange.record_merge m on n.person in (m.person, m.survivor)
            where m.sequence = $1
            """, [.text("merge-\(gone.resident.index)-\(stays.resident.index)")])
        #expect(pregnancies == 1)
        // The tickets before it are replaced where they are, and no more can be used than there were.
        try await expect(.ticketReplaced, prenatal(1), gone.card)
        #expect(try await rows("checkup_ticket", gone, stays)[1] > 0)
        #expect(try await undoing(gone, from: stays) == ["merge-used"])
    }

    // MARK: Two notifications

    @Test func `two pregnancies that go on keep two records two, until one is taken back`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(stays), word(gone)])
        try await send(prenatal(1, daysAgo: 3), gone.card).expect(201)
        #expect(try await refusal(gone, into: stays) == ["merge-held"])
        #expect(try await refusal(stays, into: gone) == ["merge-held"])
        try await gateway.notify([withdrawn(word(gone))])
        try await join(gone, into: stays)
        // Whatever the word was, the first visit was paid for.
        try await expect(.ticketUsed, prenatal(1), stays.card)
        #expect(try await used(send(prenatal(), stays.card)) == "prenatal 2")
        let left = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [gateway.session(of: gone.card)])
        #expect(left.entries.count == 1)
    }

    @Test func `a pregnancy that ended for one record alone is told of both first`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let end = try delivery(daysAgo: 14)
        try await gateway.notify([word(stays, due: -10, end), word(gone, due: -10)])
        #expect(try await refusal(gone, into: stays) == ["merge-held"])
        try await gateway.notify([word(gone, due: -10, end)])
        try await send(postpartum(1), gone.card).expect(201)
        try await join(gone, into: stays)
        // Two books of two tickets are one of two.
        try await expect(.ticketUsed, postpartum(1, "postpartum-1m"), stays.card)
        let second = try await send(postpartum(2, "postpartum-1m"), stays.card)
        #expect(used(second) == "postpartum 2")
        try await expect(.ticketUsed, postpartum(2, "postpartum-1m"), gone.card)
    }

    @Test func `of two towns, the tickets of the one that notified later count`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let end = try delivery(daysAgo: 14)
        try await gateway.notify([word(stays, due: -10, end)])
        // The other town was told of the one number only, and its residence was wrong.
        try await lives(gone, in: Cast.otherTown, from: today.adding(days: -20))
        try await gateway.notify(
            [
                gone.resident.pregnancy(
                    due: today.adding(days: -10), notified: today.adding(days: -12),
                    key: key(gone), end)
            ], by: Cast.otherTown)
        try await lives(gone, in: Cast.town, from: today.adding(days: -20))
        try await join(gone, into: stays)
        var former = postpartum(1)
        former.ticket = Ticket(Cast.otherTown, "postpartum", 1)
        try await expect(.ticketReplaced, former, gone.card)
        #expect(try await used(send(postpartum(1), gone.card)) == "postpartum 1")
        try await expect(.ticketUsed, former, stays.card)
    }

    @Test func `a pregnancy of each, one long over, is no matter`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([
            word(stays), word(gone, due: -600, try delivery(daysAgo: 603)),
        ])
        try await join(gone, into: stays)
        let plan = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [gateway.session(of: gone.card)])
        #expect(plan.entries.count == 2, "\(plan.text)")
        #expect(try await used(send(prenatal(), gone.card)) == "prenatal 1")
    }

    @Test func `a child of two births notified has the tickets of one`() async throws {
        let (stays, gone) = try await gateway.settleBabyTwice(days: 300)
        let rows = [stays, gone].map {
            $0.resident.birth(
                on: today.adding(days: -300), notified: today.adding(days: -290),
                key: "C-\($0.resident.index)")
        }
        try await gateway.notify(rows)
        let first = infant("infant-6-7m", daysAgo: 95)
        #expect(try await used(send(first, gone.card)) == "infant-6-10m 1")
        try await join(gone, into: stays)
        try await expect(.ticketUsed, infant("infant-9-10m", daysAgo: 0, 1), stays.card)
        let sent = infant("infant-9-10m", daysAgo: 0)
        let second = try await send(sent, stays.card)
        #expect(used(second) == "infant-6-10m 2")
        // Neither of the two that stand for one visit is left.
        for serial in 1...2 {
            try await expect(
                .ticketUsed, infant("infant-9-10m", daysAgo: 1, serial), gone.card)
        }
        let plan = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [gateway.session(of: gone.card)])
        #expect(plan.entries.count == 1)
        try await withdraw(second, sent, stays.card)
        try await part(gone, from: stays)
        #expect(
            try await used(send(infant("infant-9-10m", daysAgo: 0, 1), stays.card))
                == "infant-6-10m 1")
        try await expect(.ticketUsed, infant("infant-9-10m", daysAgo: 0, 1), gone.card)
    }

    @Test func `a wrong town's word on both records, taken back, gives the tickets of both back`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice(days: 300)
        // Of two tickets of one number one was given back: of each record one is left to use.
        let births = try [(stays, 1), (gone, 2)].map { settled, serial -> JSON in
            let row = settled.resident.birth(
                on: today.adding(days: -300), notified: today.adding(days: -290),
                key: "C-\(settled.resident.index)")
            let day = today.adding(days: -120).text
            let returned = try JSON(
                reading: "[{\"kind\":\"infant-6-10m\",\"serial\":\(serial),\"on\":\"\(day)\"}]")
            return JSON.object(try #require(row.object).with("returnedTickets", returned))
        }
        try await gateway.notify(births)
        try await join(gone, into: stays)
        let wrong = stays.resident.birth(
            on: today.adding(days: -300), notified: today.adding(days: -100),
            key: "W-\(stays.resident.index)")
        // Nobody is taken over who lives elsewhere, under whichever number.
        for number in [stays.resident.number, gone.resident.number] {
            let row = try #require(wrong.object).with("myNumber", .string(number))
            let refused = try await gateway.send(
                Cast.otherTown, "POST", "/maternal-health/registration-tasks",
                body: .array([.object(row)]))
            #expect(refused.int("refused") == 1, "\(refused.text)")
        }
        try await lives(stays, in: Cast.otherTown, from: today)
        try await gateway.notify([wrong], by: Cast.otherTown)
        try await lives(stays, in: Cast.town, from: today)
        let sent = [
            infant("infant-9-10m", daysAgo: 0, 1), infant("infant-6-7m", daysAgo: 95, 2),
        ]
        // Of two that are both shut the survivor's is shown.
        try await expect(.ticketReturned, sent[0], stays.card)
        try await expect(.ticketReplaced, sent[1], gone.card)
        try await gateway.notify([withdrawn(wrong)], by: Cast.otherTown)
        let before = try await rows("checkup_ticket_event", gone, stays)
        #expect(try await used(send(sent[0], stays.card)) == "infant-6-10m 1")
        #expect(try await used(send(sent[1], gone.card)) == "infant-6-10m 2")
        let after = try await rows("checkup_ticket_event", gone, stays)
        #expect(after == before.map { $0 + 1 })
    }

    @Test func `support after a loss that two towns tell of outlives the word of the first`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        let lost = [
            "delivery": try JSON(
                reading: "{\"on\":\"\(today.adding(days: -14).text)\",\"live\":0,\"still\":1}")
        ]
        func there(_ more: [String: JSON]) -> JSON {
            gone.resident.pregnancy(
                due: today.adding(days: -10), notified: today.adding(days: -12),
                key: key(gone), more)
        }
        /// The tasks that wait for a town of whom it knows by this key.
        func waiting(_ body: Party, _ key: String) async throws -> [String] {
            try await gateway.followUps(.sensitive, of: body).entries.filter {
                let text = JSON.object($0).text
                return text.contains("loss-support") && text.contains("\"\(key)\"")
            }.compactMap { $0["id"]?.string }
        }
        try await gateway.notify([word(stays, due: -10, lost)])
        let task = try #require(try await waiting(Cast.town, key(stays)).first)
        // The other town was told of the one number only, and of a birth, by mistake.
        try await lives(gone, in: Cast.otherTown, from: today.adding(days: -20))
        try await gateway.notify([there(delivery(daysAgo: 14))], by: Cast.otherTown)
        try await lives(gone, in: Cast.town, from: today.adding(days: -20))
        try await join(gone, into: stays)
        try await gateway.notify([there(lost)], by: Cast.otherTown)
        #expect(try await waiting(Cast.town, key(stays)) == [task])
        #expect(try await waiting(Cast.otherTown, key(gone)).isEmpty)
        let first = word(stays, due: -10, lost)
        try await gateway.notify([withdrawn(first)])
        #expect(try await waiting(Cast.town, key(stays)).isEmpty)
        #expect(try await waiting(Cast.otherTown, key(gone)) == [task])
        // Said again it is told of by both, and waits where it is; taken back by both, for nobody.
        try await gateway.notify([first])
        try await gateway.notify([withdrawn(there(lost))], by: Cast.otherTown)
        try await gateway.notify([withdrawn(first)])
        for (body, key) in [(Cast.town, key(stays)), (Cast.otherTown, key(gone))] {
            #expect(try await waiting(body, key).isEmpty)
        }
    }

    @Test func `of two reports that used one number each, a correction keeps its own`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice(days: 300)
        try await gateway.notify(
            [stays, gone].map {
                $0.resident.birth(
                    on: today.adding(days: -300), notified: today.adding(days: -290),
                    key: "C-\($0.resident.index)")
            })
        var sent = [infant("infant-6-7m", daysAgo: 95, 1), infant("infant-9-10m", daysAgo: 0, 1)]
        let ids = [
            try await send(sent[0], stays.card).text("id"),
            try await send(sent[1], gone.card).text("id"),
        ]
        try await join(gone, into: stays)
        let visit = try await gateway.openCheckupVisit(stays.card)
        for place in 0...1 {
            sent[place].status = "corrected"
            sent[place].findings[0].value = .quantity("8.81", "kg")
            let answer = try await gateway.correct(
                ids[place], seen: "W/\"1\"", sent[place], visit)
            #expect(used(answer) == "infant-6-10m 1", "\(answer.text)")
        }
        #expect(try await rows("checkup_ticket_event", gone, stays) == [1, 1])
        sent[1].status = "entered-in-error"
        try await gateway.correct(ids[1], seen: "W/\"2\"", sent[1], visit).expect(200)
        // The other still holds its place.
        try await expect(.ticketUsed, infant("infant-9-10m", daysAgo: 0, 1), gone.card)
    }

    // MARK: Files

    @Test func `a file tells the face of a ticket wherever it is kept`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.notify([word(gone)])
        try await join(gone, into: stays)
        func take(_ number: String) async throws -> [Int?] {
            let row = [
                "宛名番号": "T-\(stays.resident.index)", "個人番号": stays.resident.number,
                "健診種別コード": "prenatal", "受診券番号": number, "回": "1",
                "有効期間開始": today.adding(days: -10).text,
                "有効期間終了": today.adding(days: 200).text, "助成上限額": "4700",
            ]
            let answer = try await gateway.take(
                NightFile(checkupTickets: [row]).bytes(), as: "checkup-tickets",
                field: "maternal")
            return ["additions", "changes", "ends", "unchanged", "refused"].map {
                answer.number($0)
            }
        }
        let number = "P-\(stays.resident.index)"
        #expect(try await take(number) == [1, 0, 0, 0, 0])
        #expect(try await take(number) == [0, 0, 0, 1, 0])
        #expect(try await rows("checkup_ticket_face", gone, stays) == [1, 0])
        // Issued again it is a ticket of today: the one person's.
        #expect(try await take(number + "-2") == [0, 1, 0, 0, 0])
        #expect(try await rows("checkup_ticket_face", gone, stays) == [1, 1])
        #expect(try await rows("checkup_ticket", gone, stays).last == 1)
        var old = prenatal(1)
        old.ticket?.issue = 1
        try await expect(.ticketReplaced, old, stays.card)
        let made = try await send(prenatal(), gone.card)
        #expect(used(made) == "prenatal 1")
        #expect(made.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 4700)
        #expect(try await undoing(gone, from: stays) == ["merge-used"])
    }

    // MARK: Mother and child

    @Test func `mother and child are known to each other under whichever record, or not at all`()
        async throws
    {
        let birth = today.adding(days: -150)
        let mother = try await gateway.settleTwice()
        let child = try await gateway.settleBabyTwice()
        let pregnancy = mother.gone.resident.pregnancy(
            due: birth.adding(days: 7), notified: birth.adding(days: -200), key: key(mother.gone),
            try delivery(daysAgo: 150))
        let born = child.gone.resident.birth(
            on: birth, notified: birth.adding(days: 10), key: "C-\(child.gone.resident.index)")
        try await gateway.notify([pregnancy])
        try await gateway.notify([
            born.object.map { .object($0.with("pregnancyKey", .string(key(mother.gone)))) } ?? born
        ])
        func told(_ card: SoftwareCard) async throws -> String? {
            let token = try await gateway.session(of: card)
            var words: String?
            let entries = try await gateway.entries {
                let answer = try await gateway.send(
                    Cast.portal, "GET", "/fhir/CarePlan", headers: [token])
                try answer.expect(200)
                words = answer.entries.first?["description"]?.string
            }
            if words != nil { gateway.expectMoreEntries(1) }
            #expect(entries.count == (words == nil ? 1 : 2))
            return words
        }
        #expect(try await told(child.stays.card) == nil)
        try await join(child.gone, into: child.stays)
        #expect(try await told(child.stays.card) == "在胎39週0日で出生")
        try await join(mother.gone, into: mother.stays)
        #expect(try await told(child.gone.card) == "在胎39週0日で出生")
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry e join exchange.record_merge m on m.survivor = e.person
            where m.sequence = $1 and e.purpose = 'read-own-checkup-plan'
            """,
            [
                .text(
                    "merge-\(mother.gone.resident.index)-\(mother.stays.resident.index)")
            ])
        #expect(entered == 1, "the mother is entered as who she is now")
        // 支援措置 under the other record of hers.
        let hide = gateway.lifeEvent(
            .movedWithin, of: mother.stays.resident, "hide", on: today,
            ["isNotDisclosed": .bool(true)])
        try await gateway.tell([hide]).expect(202)
        #expect(try await told(child.stays.card) == nil)
        try await part(child.gone, from: child.stays)
        #expect(try await told(child.stays.card) == nil)
    }
}

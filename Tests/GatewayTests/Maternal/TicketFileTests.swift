import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 受診券のファイル: what the municipality's own system printed, issued again or took back, as clinics then meet it.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct TicketFileTests {
    typealias Ticket = SentCheckup.Ticket

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ mother: TestResident, _ serial: Int, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "宛名番号": "T-\(mother.index)", "個人番号": mother.number, "健診種別コード": "prenatal",
            "受診券番号": number, "回": "\(serial)", "有効期間開始": today.adding(days: -10).text,
            "有効期間終了": today.adding(days: 200).text,
        ].merging(changes) { $1 }
    }

    private func giveBack(
        _ mother: TestResident, _ serial: Int, _ changes: [String: String] = [:]
    ) -> [String: String] {
        row(
            mother, serial, "",
            ["更新区分": "2", "有効期間開始": "", "有効期間終了": "", "消除の異動日": today.text]
                .merging(changes) { $1 })
    }

    /// As many entries as residents of whom it is told something: so few rows are applied at once.
    private func take(
        _ rows: [[String: String]], by town: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        try await gateway.take(
            NightFile(checkupTickets: rows).bytes(), as: "checkup-tickets", by: town,
            field: "maternal")
    }

    private func told(_ answer: TLSClient.Answer) -> [String] {
        answer.results.flatMap { result in
            result.findings.map {
                "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                    + "\($0["code"]?.string ?? "")"
            }
        }
    }

    private func counts(_ answer: TLSClient.Answer) -> [Int?] {
        ["additions", "changes", "ends", "unchanged", "refused"].map { answer.number($0) }
    }

    private func used(
        _ card: SoftwareCard, _ serial: Int, issue: Int = 1,
        refused refusal: MaternalRefusal? = nil
    ) async throws -> (issue: Int?, yen: Int?) {
        let visit = try await gateway.openCheckupVisit(card)
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = Ticket(Cast.town, "prenatal", serial, issue: issue)
        if let refusal {
            try await gateway.expect(
                .ticketRefused(refusal), of: .recordCheckup, from: Cast.clinic
            ) { try await gateway.record(checkup, visit) }
            return (nil, nil)
        }
        let made = try await gateway.record(checkup, visit)
        try made.expect(201)
        let claim = made.parts("checkup-claim").first
        return (
            made.parts("checkup-ticket").first?["issue"]?.int,
            claim?["claimed"]?.object?["value"]?.int
        )
    }

    @Test func `a file tells the faces of tickets, changes them, and says the same twice`()
        async throws
    {
        let (mother, card) = try await gateway.settleMother()
        let rows = [row(mother, 1, "A-1", ["助成上限額": "4700"]), row(mother, 2, "A-2")]
        var entries = try await gateway.entries {
            let taken = try await take(rows)
            #expect(counts(taken) == [2, 0, 0, 0, 0])
        }
        #expect(entries.count { $0.hasPerson } == 1)
        #expect(
            entries.filter(\.hasPerson).allSatisfy {
                $0.purpose == "register-maternal-notifications"
            })
        entries = try await gateway.entries {
            let taken = try await take(rows)
            #expect(counts(taken) == [0, 0, 0, 2, 0])
        }
        #expect(entries.count { $0.hasPerson } == 1)
        let until = ["有効期間終了": today.adding(days: -1).text]
        #expect(try await counts(take([row(mother, 2, "A-2", until)])) == [0, 1, 0, 0, 0])
        // What is printed on it stands before the rule's price; its last day holds.
        #expect(try await used(card, 1).yen == 4700)
        _ = try await used(card, 2, refused: .ticketExpired)
        #expect(
            try await gateway.count(
                "select count(*) from exchange.checkup_ticket_face where identity_key = $1",
                [.text("T-\(mother.index)")]) == 3)
    }

    @Test func `one that was lost is issued again, and the old one no longer counts`() async throws
    {
        let (mother, card) = try await gateway.settleMother()
        #expect(try await counts(take([row(mother, 3, "B-1")])) == [1, 0, 0, 0, 0])
        let again = try await take([
            row(mother, 3, "B-2", ["有効期間開始": today.adding(days: -1).text])
        ])
        #expect(counts(again) == [0, 1, 0, 0, 0])
        let issues = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select e.issue || ' ' || e.event || ' ' || e.day from exchange.checkup_ticket_event e
                    join exchange.checkup_ticket_face f using (person, episode, body, kind, serial)
                    where f.number = 'B-2'
                    """)
            ).map { try $0.text(0) }
        }
        #expect(issues == ["1 replace \(today.adding(days: -1).text)"])
        _ = try await used(card, 3, refused: .ticketReplaced)
        #expect(try await used(card, 3, issue: 2).issue == 2)
        // A visit that was paid for is no other's, whatever is printed.
        let late = try await take([row(mother, 3, "B-3")])
        #expect(told(late) == ["2 number ticket-not-open"])
    }

    /// A nightly file that has both rows takes nothing from the family, and gives out nothing each night.
    @Test func `the number of a lost one, sent again, does not take the place of the newer one`()
        async throws
    {
        let (mother, card) = try await gateway.settleMother()
        let both = [
            row(mother, 3, "G-1"),
            row(mother, 3, "G-2", ["有効期間開始": today.adding(days: -1).text]),
        ]
        #expect(try await counts(take(both)) == [2, 0, 0, 0, 0])
        for _ in 0..<2 {
            let night = try await take(both)
            #expect(counts(night) == [0, 0, 0, 1, 1])
            #expect(told(night) == ["2 number ticket-not-open"])
        }
        #expect(try await used(card, 3, issue: 2).issue == 2)
    }

    /// That a clinic used a ticket, or that the family lives elsewhere, is something of the resident.
    @Test func `whoever a refused row tells something of has an entry, and no stranger`()
        async throws
    {
        let (mother, card) = try await gateway.settleMother()
        #expect(try await counts(take([row(mother, 1, "F-1")])) == [1, 0, 0, 0, 0])
        _ = try await used(card, 1)
        let (away, _) = try await gateway.settleMother()
        try await gateway.feed([
            away.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        let refused = [
            (row(mother, 1, "F-2"), "2 number ticket-not-open", 1),
            (row(away, 1, "F-3"), "2 municipalityIdentityKey not-own-resident", 1),
            (row(gateway.people.next(), 1, "F-4"), "2 municipalityIdentityKey unknown-key", 0),
        ]
        for (row, finding, count) in refused {
            var answer: TLSClient.Answer?
            let entries = try await gateway.entries { answer = try await take([row]) }
            let found = told(try #require(answer))
            #expect(found == [finding])
            #expect(entries.count { $0.hasPerson } == count, "\(finding)")
            // What is only compared tells the same, once.
            let looked = try await gateway.entries { answer = try await dryRun([row]) }
            let same = told(try #require(answer))
            #expect(same == [finding], "dry run")
            #expect(looked.count { $0.hasPerson } == count, "dry run: \(finding)")
            #expect(
                looked.filter(\.hasPerson).allSatisfy {
                    $0.purpose == "register-maternal-notifications" && $0.outcome == "ok"
                })
        }
        // What would be taken tells that no clinic used it.
        let open = try await gateway.entries {
            let told = try await dryRun([row(mother, 2, "F-5")])
            #expect(told.number("additions", in: "effect") == 1, "\(told.text)")
        }
        #expect(open.count { $0.hasPerson } == 1)
    }

    private func dryRun(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
        let file = NightFile(checkupTickets: rows).bytes()
        let dry = try await gateway.upload(file, as: "checkup-tickets", "dryRun=true")
        try dry.expect(202)
        return try await gateway.settled(dry.text("file"), as: "checkup-tickets")
    }

    @Test func `one given back is not used, and stays so until another is issued`() async throws {
        let (mother, card) = try await gateway.settleMother()
        let rows = [
            row(mother, 4, "C-1"), giveBack(mother, 4), giveBack(mother, 5),
        ]
        #expect(try await counts(take(rows)) == [1, 0, 2, 0, 0])
        _ = try await used(card, 4, refused: .ticketReturned)
        #expect(try await counts(take([giveBack(mother, 4)])) == [0, 0, 0, 1, 0])
        let same = try await take([row(mother, 4, "C-1")])
        #expect(told(same) == ["2 number ticket-not-open"])
        #expect(try await counts(take([row(mother, 4, "C-2")])) == [1, 0, 0, 0, 0])
        #expect(try await used(card, 4, issue: 2).issue == 2)
        let spent = try await take([giveBack(mother, 4)])
        #expect(told(spent) == ["2 occasion ticket-not-open"])
    }

    @Test func `what is wrong is named by row, and no more is applied than what is right`()
        async throws
    {
        let (mother, _) = try await gateway.settleMother()
        let stranger = gateway.people.next()
        let (away, _) = try await gateway.settleMother()
        try await gateway.feed([
            away.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        let answer = try await take([
            row(mother, 6, "D-1"), row(stranger, 1, "D-2"), row(away, 1, "D-3"),
            row(mother, 7, "D-4", ["健診種別コード": "no-such-ticket"]),
            row(mother, 8, "D-5", ["有効期間終了": today.adding(days: -11).text]),
            row(mother, 9, ""), giveBack(mother, 6, ["受診券番号": "D-9"]),
            row(mother, 31, "D-6"), row(mother, 14, "D-7"), row(mother, 15, "D-8"),
            row(mother, 1, "D-1", ["健診種別コード": "infant-1m"]),
        ])
        #expect(counts(answer) == [3, 0, 0, 0, 8], "\(answer.text)")
        #expect(
            told(answer) == [
                "3 municipalityIdentityKey unknown-key",
                "4 municipalityIdentityKey not-own-resident", "5 kind unknown-code",
                "6 validTo date-order", "7 number required", "8 number ticket-not-open",
                "9 occasion format", "12 municipalityIdentityKey unknown-key",
            ])
        // Nobody is made by a ticket.
        #expect(!answer.text.contains(stranger.number))
    }

    @Test func `a dry run has the hash of what is applied, and many wait for a second person`()
        async throws
    {
        let mothers = try await (0..<8).asyncMap { _ in try await gateway.settleMother().resident }
        let file = NightFile(
            checkupTickets: mothers.flatMap { mother in
                (1...14).map { row(mother, $0, "E-\(mother.index)-\($0)") }
            }
        ).bytes()
        let dry = try await gateway.upload(file, as: "checkup-tickets", "dryRun=true")
        let weighed = try await gateway.settled(dry.text("file"), as: "checkup-tickets")
        #expect(weighed.number("additions", in: "effect") == 112, "\(weighed.text)")
        let sequence = try await gateway.nextSequence(field: "maternal")
        let sent = try await gateway.upload(
            file, as: "checkup-tickets", "sequence=\(sequence)", operatorID: "clerk-1")
        try sent.expect(202)
        let waiting = try await gateway.settled(sent.text("file"), as: "checkup-tickets")
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        let hash = try #require(weighed.json["effect"]?.object?["hash"]?.string)
        #expect(weighed.json["effect"]?.object?["hash"]?.string == hash)
        let confirmed = try await gateway.decide(
            "confirm", on: sent.text("file"), effect: hash, as: "checkup-tickets",
            operatorID: "clerk-2")
        try confirmed.expect(200)
        let done = try await gateway.settled(sent.text("file"), as: "checkup-tickets")
        #expect(counts(done) == [112, 0, 0, 0, 0], "\(done.text)")
    }

    @Test func `a clinic and the file at one ticket: one of them finds it as the other left it`()
        async throws
    {
        for serial in 10...13 {
            let (mother, card) = try await gateway.settleMother()
            let visit = try await gateway.openCheckupVisit(card)
            var checkup = SentCheckup.prenatal(on: today)
            checkup.ticket = Ticket(Cast.town, "prenatal", serial)
            async let used = gateway.record(checkup, visit)
            async let returned = take([giveBack(mother, serial)])
            let (report, file) = try await (used, returned)
            let isReturned = file.number("ends") == 1
            #expect(report.status == (isReturned ? 422 : 201), "\(report.text) \(file.text)")
            #expect(isReturned || told(file) == ["2 occasion ticket-not-open"], "\(file.text)")
        }
    }
}

extension Range<Int> {
    fileprivate func asyncMap<T>(_ body: (Int) async throws -> T) async rethrows -> [T] {
        var all: [T] = []
        for number in self { all.append(try await body(number)) }
        return all
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 過去の接種歴の連携: what a town's own ledger told goes to the town where the resident lives, when it is
/// told or when they move in, with corrections and withdrawals; never back to the teller, never beside the
/// clinic's own record, and no longer once they moved on.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PastDoseDeliveryTests {
    private static let path = "/deliveries/immunization"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ resident: TestResident, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "記録番号": number, "個人番号": resident.number, "生年月日": resident.dateOfBirth,
            "ワクチン": "五種混合", "接種回数": "1", "接種日": today.adding(days: -10).text,
            "製造番号": "LEDGER1", "医療機関コード": "1319999996",
        ].merging(changes) { $1 }
    }

    private func take(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
        try await gateway.take(
            NightFile(pastDoses: rows).bytes(), as: "past-doses", field: "immunization")
    }

    private func move(_ resident: TestResident, to town: Party, daysAgo: Int) async throws {
        try await gateway.feed([
            resident.residence(town.code, from: today.adding(days: -daysAgo))
        ])
    }

    /// Each resident shown has an entry: the tally counts one for the answer.
    private func receive(
        _ query: String = "", by town: Party = Cast.otherTown
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(town, "GET", Self.path + query)
        try answer.expect(200)
        let residents = Set(
            answer.entries.compactMap { $0["patient"]?.object?["reference"]?.string })
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer
    }

    /// Up to now, so that a test sees its own alone.
    private func catchUp(_ town: Party = Cast.otherTown) async throws {
        var answer = try await receive(by: town)
        while let next = answer.next {
            answer = try await receive(String(next.drop { $0 != "?" }), by: town)
        }
    }

    private func lots(_ answer: TLSClient.Answer) -> [String?] {
        answer.entries.map { $0["lotNumber"]?.string }
    }

    private func withdrawals(_ answer: TLSClient.Answer) -> [Bool?] {
        (answer.json["entry"]?.array ?? []).compactMap(\.object).map {
            TLSClient.Answer($0).parts("delivery").first?["withdrawn"]?.bool
        }
    }

    @Test func `what is told of who moved away goes where they live, with all that follows`()
        async throws
    {
        for town in [Cast.town, Cast.otherTown, Cast.silentTown] { try await catchUp(town) }
        let (resident, _) = try await gateway.settleFamily()
        try await move(resident, to: Cast.otherTown, daysAgo: 1)
        let number = RecordID.random().text
        #expect(try await take([row(resident, number)]).number("additions") == 1)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await receive() }
        let answer = try #require(sent)
        #expect(entries.map(\.purpose) == ["receive-vaccinations"])
        #expect(entries.map(\.hasPerson) == [true])
        let dose = try #require(answer.entries.first)
        #expect(lots(answer) == ["LEDGER1"] && withdrawals(answer) == [false])
        #expect(dose["primarySource"]?.bool == false)
        // History, and claimed of nobody here.
        #expect(TLSClient.Answer(dose).parts("vaccination-line").isEmpty)
        #expect(!answer.text.contains(resident.number))
        // Read again it is entered again: at least once.
        #expect(lots(try await receive()) == ["LEDGER1"])
        let mended = row(resident, number, ["製造番号": "LEDGER2"])
        #expect(try await take([mended]).number("changes") == 1)
        let gone = ["更新区分": "2", "記録番号": number, "個人番号": resident.number]
        #expect(try await take([gone]).number("ends") == 1)
        let all = try await receive()
        #expect(lots(all) == ["LEDGER1", "LEDGER2", "LEDGER2"])
        #expect(withdrawals(all) == [false, false, true])
        #expect(all.entries.last?["status"]?.string == "entered-in-error")
        #expect(Set(all.entries.compactMap { $0["id"]?.string }).count == 1)
        for town in [Cast.town, Cast.silentTown] {
            #expect(try await receive(by: town).entries.isEmpty, "\(town.key)")
        }
    }

    @Test func `a move hands over what was told before, once, and nothing that was withdrawn`()
        async throws
    {
        try await catchUp()
        let (resident, _) = try await gateway.settleFamily()
        let number = RecordID.random().text
        let rows = [
            row(resident, number),
            row(resident, number + "-x", ["接種日": today.adding(days: -40).text]),
            row(
                resident, number + "-n",
                ["接種の有無": "2", "未接種の理由": "発熱", "ワクチン": "BCG", "接種回数": ""]),
        ]
        _ = try await take(rows)
        let gone = ["更新区分": "2", "記録番号": number + "-x", "個人番号": resident.number]
        #expect(try await take([gone]).number("ends") == 1)
        #expect(try await receive().entries.isEmpty)
        try await move(resident, to: Cast.otherTown, daysAgo: 2)
        #expect(lots(try await receive()) == ["LEDGER1"])
        // The same move told once more brings nothing new.
        try await move(resident, to: Cast.otherTown, daysAgo: 1)
        #expect(lots(try await receive()) == ["LEDGER1"])
        let delivered = try await gateway.count(
            """
            select count(*) from exchange.delivery d
            join exchange.vaccination v on v.person = d.person and v.vaccination = d.record
                and v.version = d.version
            where v.identifier like $1 || '%' and d.field = 'immunization'
            """, [.text(number)])
        #expect(delivered == 1)
    }

    @Test func `who moved on before it was received is passed over, and the place goes on`()
        async throws
    {
        try await catchUp()
        let (resident, _) = try await gateway.settleFamily()
        let (stays, _) = try await gateway.settleFamily()
        for one in [resident, stays] { try await move(one, to: Cast.otherTown, daysAgo: 2) }
        let number = RecordID.random().text
        _ = try await take([row(resident, number)])
        try await move(resident, to: Cast.silentTown, daysAgo: 1)
        let passed = try await receive("?_count=1")
        #expect(passed.entries.isEmpty)
        _ = try await take([row(stays, number + "-s", ["製造番号": "LEDGER9"])])
        let next = try #require(passed.next)
        #expect(lots(try await receive(String(next.drop { $0 != "?" }))) == ["LEDGER9"])
        #expect(lots(try await receive(by: Cast.silentTown)).contains("LEDGER1"))
    }

    /// Whichever of the two comes first, the other sees it.
    @Test func `told while the resident moves in, it is delivered there once`() async throws {
        try await catchUp()
        var numbers: [String] = []
        for place in 0..<4 {
            let (resident, _) = try await gateway.settleFamily()
            let number = RecordID.random().text
            let event = gateway.lifeEvent(
                .movedIn, of: resident, "told-\(place)", on: today.adding(days: -1),
                ["otherMunicipality": .string(Cast.town.code)])
            let dose = row(resident, number)
            async let told = take([dose])
            async let moved = gateway.tell([event], by: Cast.otherTown)
            let (taken, registered) = try await (told, moved)
            try registered.expect(202)
            #expect(taken.number("additions") == 1, "\(taken.text)")
            numbers.append(number)
        }
        let delivered = try await gateway.sql { [numbers] transaction in
            try transaction.query(
                Statement(
                    """
                    select v.identifier from exchange.vaccination v
                    join exchange.delivery d on d.person = v.person and d.record = v.vaccination
                    where v.identifier = any ($1) and d.field = 'immunization' and d.body = $2
                        and not d.is_withdrawn
                    """), [.texts(numbers), .text(Cast.otherTown.code)]
            ).map { try $0.text(0) }
        }
        #expect(delivered.sorted() == numbers.sorted())
        #expect(lots(try await receive()) == Array(repeating: "LEDGER1", count: 4))
    }

    @Test func `beside the clinic's own record the ledger's copy is not sent`() async throws {
        try await catchUp()
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        _ = try await take([row(resident, RecordID.random().text)])
        try await move(resident, to: Cast.otherTown, daysAgo: 1)
        let dose = SentDose(on: today.adding(days: -10))
        try await gateway.record(dose, visit).expect(201)
        let answer = try await receive()
        #expect(answer.entries.isEmpty, "\(answer.text)")
    }

    @Test func `as a table it says whose ledger it was, and names no town as the clinic`()
        async throws
    {
        try await catchUp()
        let (resident, _) = try await gateway.settleFamily()
        try await move(resident, to: Cast.otherTown, daysAgo: 1)
        let month = String(today.adding(days: -40).text.prefix(7))
        _ = try await take([row(resident, RecordID.random().text, ["接種日": month])])
        let answer = try await gateway.send(
            Cast.otherTown, "GET", Self.path + "?encoding=utf-8")
        try answer.expect(200)
        let rows = answer.text.split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        #expect(rows.count == 2, "\(answer.text)")
        let cells = Dictionary(
            zip(try #require(rows.first), try #require(rows.last)), uniquingKeysWith: { $1 })
        #expect(cells["台帳の自治体"] == Cast.town.code && cells["医療機関コード"] == "1319999996")
        #expect(cells["接種日"] == month && cells["ワクチン"] == "dpt-ipv-hib")
        #expect(cells["接種の種類"]?.isEmpty == true && cells["請求額"]?.isEmpty == true)
    }
}

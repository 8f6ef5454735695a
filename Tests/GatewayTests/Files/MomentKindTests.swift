import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 種類ごとの時点: of prices, seasons, tickets, doses and schemes, too, what became known after the moment of a file
/// stands, whether the API said it or a file that is younger than mended rows.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MomentKindTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func codes(_ answer: TLSClient.Answer) -> [String?] {
        answer.results.flatMap(\.findings).map { $0["code"]?.string }
    }

    /// The file waits behind one that changes nothing.
    private func wait(
        _ file: [UInt8], behind nothing: [UInt8], as layout: String, field: String,
        while meanwhile: () async throws -> Void
    ) async throws -> TLSClient.Answer {
        let sequence = try await gateway.nextSequence(field: field)
        let held = try await gateway.upload(file, as: layout, "sequence=\(sequence + 1)")
        #expect(held.text("status") == "held", "\(held.text)")
        try await meanwhile()
        try await gateway.upload(nothing, as: layout, "sequence=\(sequence)").expect(202)
        return try await gateway.settled(held.text("file"), as: layout)
    }

    /// Sends the refused rows again, with every such cell mended.
    private func mend(
        _ bad: TLSClient.Answer, _ wrong: String, _ right: String, as layout: String
    ) async throws -> TLSClient.Answer {
        let errors = try await gateway.errors(of: bad.text("file"), as: layout)
        let text = NightFile.text(of: errors.body, .cp932)
        let mended = text.replacing(",\(wrong),", with: ",\(right),")
        #expect(mended != text, "\(text)")
        let receipt = try await gateway.upload(
            NightFile.bytes(of: mended, .cp932), as: layout,
            "rows=\(bad.number("refused") ?? 0)")
        try receipt.expect(202)
        return try await gateway.settled(receipt.text("file"), as: layout)
    }

    /// `varicella 9500`, of the prices of these schedules that stand.
    private func prices(_ programmes: [String]) async throws -> [String] {
        let answer = try await gateway.send(Cast.town, "GET", "/immunization/prices")
        try answer.expect(200)
        return (answer.json["prices"]?.array ?? []).compactMap(\.object).compactMap { price in
            guard let programme = price["programme"]?.string, programmes.contains(programme)
            else { return nil }
            return "\(programme) \(price["unitYen"]?.int ?? 0)"
        }.sorted()
    }

    @Test func `a file of prices that waited undoes no correction, and puts back no price`()
        async throws
    {
        let day = today.adding(days: 800)
        func file(_ lines: [String]) -> [UInt8] {
            let header = "更新区分,接種種別コード,ワクチンコード,開始日,終了日,委託単価,自己負担額,公費負担額"
            return Array(([header] + lines).map { $0 + "\r\n" }.joined().utf8)
        }
        func row(_ programme: String, _ unit: Int) -> String {
            "1,\(programme),,\(day.text),,\(unit),0,\(unit)"
        }
        func say(_ programme: String, _ unit: Int, _ modification: String = "1") async throws {
            let word = try JSON(
                reading: """
                    [{"modificationSeg":"\(modification)","programme":"\(programme)",\
                    "priceFrom":"\(day.text)","unitYen":\(unit),"copaymentYen":0}]
                    """)
            let answer = try await gateway.send(
                Cast.town, "POST", "/immunization/prices/registration-tasks", body: word)
            try answer.expect(202)
            #expect(answer.int("applied") == 1, "\(answer.text)")
        }
        try await say("varicella", 9_000)
        try await say("bcg", 7_000)
        let rows = [row("varicella", 9_100), row("bcg", 7_000)]
        let done = try await wait(
            file(rows), behind: file([row("no-such-programme", 1_000)]),
            as: "vaccination-prices", field: "immunization"
        ) {
            try await say("varicella", 9_500)
            try await say("bcg", 7_000, "2")
        }
        #expect(codes(done) == ["newer-stands", "newer-stands"], "\(done.text)")
        #expect(done.number("unchanged") == 2, "\(done.text)")
        #expect(try await prices(["varicella", "bcg"]) == ["varicella 9500"])
        // A file that is younger says it again.
        let next = try await gateway.take(
            file(rows), as: "vaccination-prices", field: "immunization")
        #expect(codes(next).isEmpty, "\(next.text)")
        #expect(next.number("changes") == 1 && next.number("additions") == 1, "\(next.text)")
        #expect(try await prices(["varicella", "bcg"]) == ["bcg 7000", "varicella 9100"])
    }

    @Test func `a file of seasons that waited leaves the days that the API said`() async throws {
        func file(_ town: Party) -> [UInt8] {
            NightFile(seasons: [
                [
                    "市区町村コード": town.code, "開始日": "2026-10-15", "終了日": "2027-02-28",
                    "お知らせの言葉": "見本市の期間",
                ]
            ]).bytes()
        }
        let word = try JSON(
            reading: """
                [{"modificationSeg":"1","municipality":"\(Cast.town.code)",\
                "campaign":"influenza-2026","effectiveFrom":"2026-10-20",\
                "effectiveTo":"2027-02-28","notice":"見本市の期間"}]
                """)
        let done = try await wait(
            file(Cast.town), behind: file(Cast.otherTown), as: "immunization-seasons",
            field: "immunization"
        ) {
            let said = try await gateway.send(
                Cast.town, "POST", "/immunization/seasons/registration-tasks", body: word)
            try said.expect(202)
            #expect(said.int("applied") == 1, "\(said.text)")
        }
        #expect(codes(done) == ["newer-stands"], "\(done.text)")
        #expect(done.number("unchanged") == 1, "\(done.text)")
        let versions = """
            select count(*) from exchange.registered_rule
            where folder = 'immunization/seasons' and key = 'influenza-2026'
            """
        #expect(try await gateway.count(versions) == 1)
        let next = try await gateway.take(
            file(Cast.town), as: "immunization-seasons", field: "immunization")
        #expect(codes(next).isEmpty && next.number("changes") == 1, "\(next.text)")
        #expect(try await gateway.count(versions) == 2)
        try await gateway.ledger.rules.refresh()
    }

    private func ticket(
        _ mother: TestResident, _ serial: Int, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "宛名番号": "K-\(mother.index)", "個人番号": mother.number, "健診種別コード": "prenatal",
            "受診券番号": number, "回": "\(serial)", "有効期間開始": today.adding(days: -9).text,
            "有効期間終了": today.adding(days: 200).text,
        ].merging(changes) { $1 }
    }

    /// The numbers told of her tickets, in the order in which they came.
    private func faces(_ mother: TestResident) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select number from exchange.checkup_ticket_face where identity_key = $1
                    order by version
                    """), [.text("K-\(mother.index)")]
            ).map { try $0.text(0) }
        }
    }

    /// 返還された券: a file that was on its way gives out no other in its place.
    @Test func `a file of tickets that waited issues none for one that was given back`()
        async throws
    {
        let (mother, _) = try await gateway.settleMother()
        let stranger = gateway.people.next()
        let file = NightFile(checkupTickets: [ticket(mother, 4, "M-4"), ticket(mother, 5, "M-5")])
        let nothing = NightFile(checkupTickets: [ticket(stranger, 1, "M-0")])
        let done = try await wait(
            file.bytes(), behind: nothing.bytes(), as: "checkup-tickets", field: "maternal"
        ) {
            let returned = try JSON(
                reading: "[{\"kind\":\"prenatal\",\"serial\":4,\"on\":\"\(today.text)\"}]")
            try await gateway.notify([
                mother.pregnancy(
                    due: today.adding(days: 100), notified: today.adding(days: -10),
                    ["returnedTickets": returned])
            ])
        }
        #expect(codes(done) == ["newer-stands"], "\(done.text)")
        #expect(done.number("unchanged") == 1 && done.number("additions") == 1, "\(done.text)")
        #expect(try await faces(mother) == ["M-5"])
        let next = try await gateway.take(
            file.bytes(), as: "checkup-tickets", field: "maternal")
        #expect(codes(next).isEmpty && next.number("additions") == 1, "\(next.text)")
        #expect(try await faces(mother) == ["M-5", "M-4"])
    }

    @Test func `a mended ticket does not take the place of one that was issued since`()
        async throws
    {
        let (mother, _) = try await gateway.settleMother()
        func take(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
            try await gateway.take(
                NightFile(checkupTickets: rows).bytes(), as: "checkup-tickets",
                field: "maternal")
        }
        let wrong = ["助成上限額": "x7x"]
        let bad = try await take([ticket(mother, 3, "N-3", wrong), ticket(mother, 4, "N-4", wrong)])
        #expect(bad.number("refused") == 2, "\(bad.text)")
        #expect(try await take([ticket(mother, 3, "N-9")]).number("additions") == 1)
        let mended = try await mend(bad, "x7x", "4700", as: "checkup-tickets")
        #expect(codes(mended) == ["newer-stands"], "\(mended.text)")
        #expect(mended.number("additions") == 1, "\(mended.text)")
        #expect(try await faces(mother) == ["N-9", "N-4"])
    }

    @Test func `a mended dose does not undo what a younger file said of it`() async throws {
        let (resident, _) = try await gateway.settleFamily(days: 150)
        func row(_ number: Int, _ changes: [String: String] = [:]) -> [String: String] {
            [
                "記録番号": "K-\(resident.index)-\(number)", "個人番号": resident.number,
                "生年月日": resident.dateOfBirth, "ワクチン": "五種混合", "接種回数": "\(number)",
                "接種日": today.adding(days: number * 30 - 90).text, "製造番号": "LEDGER1",
                "医療機関コード": "1319999996",
            ].merging(changes) { $1 }
        }
        func take(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
            try await gateway.take(
                NightFile(pastDoses: rows).bytes(), as: "past-doses", field: "immunization")
        }
        let wrong = ["接種の有無": "7"]
        let bad = try await take([row(1, wrong), row(2, wrong)])
        #expect(bad.number("refused") == 2, "\(bad.text)")
        #expect(try await take([row(1, ["製造番号": "LEDGER9"])]).number("additions") == 1)
        let mended = try await mend(bad, "7", "1", as: "past-doses")
        #expect(codes(mended).count { $0 == "newer-stands" } == 1, "\(mended.text)")
        #expect(mended.number("unchanged") == 1 && mended.number("additions") == 1)
        let versions = try await gateway.count(
            "select count(*) from exchange.vaccination where identifier = $1",
            [.text("K-\(resident.index)-1")])
        #expect(versions == 1)
        // What is sent anew is a correction.
        #expect(try await take([row(1)]).number("changes") == 1)
    }

    @Test func `a mended scheme leaves what a younger file registered`() async throws {
        func row(_ type: String, _ priority: String) -> [String: String] {
            [
                "市区町村コード": Cast.town.code, "機関別受給者証種別ID": type, "マスタ種別": "1",
                "名称": "見本の助成", "優先順位": priority,
                "適用開始日": today.adding(days: -30).text,
            ]
        }
        func take(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
            try await gateway.take(NightFile(schemes: rows).bytes(), as: "scheme-masters")
        }
        let bad = try await take([row("okure", "x7x"), row("okure-alone", "x7x")])
        #expect(bad.number("refused") == 2, "\(bad.text)")
        #expect(try await take([row("okure", "60")]).number("additions") == 1)
        let mended = try await mend(bad, "x7x", "70", as: "scheme-masters")
        #expect(codes(mended) == ["newer-stands"], "\(mended.text)")
        #expect(mended.number("unchanged") == 1 && mended.number("additions") == 1)
        try await gateway.ledger.rules.refresh()
        let rules = try gateway.ledger.rules.current().subsidy
        let priorities = rules.programs.filter { $0.body == Cast.town.code }.compactMap { program in
            program.certificateTypeID.hasPrefix("okure") ? program.priority : nil
        }
        #expect(priorities.sorted() == [60, 70])
        #expect(try await take([row("okure", "80")]).number("changes") == 1)
    }

    /// 種別の一つのコード: a younger word on another code of the type, or on its terms, is none on this one.
    @Test func `a mended code stands aside for a younger word on that code alone`() async throws {
        func row(_ kind: String, _ code: String, _ changes: [String: String]) -> [String: String] {
            [
                "市区町村コード": Cast.town.code, "機関別受給者証種別ID": "okure-code", "マスタ種別": kind,
                "コード": code, "名称": "見本の助成", "適用開始日": today.adding(days: -30).text,
            ].merging(changes) { $1 }
        }
        func take(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
            try await gateway.take(NightFile(schemes: rows).bytes(), as: "scheme-masters")
        }
        let wrong = ["優先順位": "x7x"]
        #expect(try await take([row("1", "", ["優先順位": "60"])]).number("additions") == 1)
        let bad = try await take([row("1", "", wrong), row("2", "A", wrong), row("2", "B", wrong)])
        #expect(bad.number("refused") == 3, "\(bad.text)")
        let younger = try await take([row("2", "B", ["名称": "若い区分"])])
        #expect(younger.number("additions") == 1, "\(younger.text)")
        let mended = try await mend(bad, "x7x", "70", as: "scheme-masters")
        #expect(codes(mended) == ["newer-stands"], "\(mended.text)")
        #expect(mended.number("additions") == 1 && mended.number("changes") == 1, "\(mended.text)")
        try await gateway.ledger.rules.refresh()
        let program = try gateway.ledger.rules.current().subsidy.programs.first {
            $0.certificateTypeID == "okure-code"
        }
        #expect(program?.incomeSegments.map(\.name.ja).sorted() == ["若い区分", "見本の助成"])
        #expect(program?.priority == 70)
    }
}

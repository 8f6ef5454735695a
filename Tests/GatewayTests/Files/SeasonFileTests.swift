import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 接種期間のファイル over the wire: a municipality's own days of a season by file, compared before they are
/// applied, refused row by row, and in force as those of a request are.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SeasonFileTests {
    private static let layout = "immunization-seasons"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func row(_ changes: [String: String] = [:]) -> [String: String] {
        [
            "市区町村コード": Cast.town.code, "開始日": "2026-10-15", "終了日": "2027-02-28",
            "お知らせの言葉": "見本市の期間",
        ].merging(changes) { $1 }
    }

    private func weigh(_ rows: [[String: String]]) async throws -> TLSClient.Answer {
        let sent = try await gateway.upload(
            NightFile(seasons: rows).bytes(), as: Self.layout, "dryRun=true")
        try sent.expect(202)
        return try await gateway.settled(sent.text("file"), as: Self.layout)
    }

    private func take(
        _ rows: [[String: String]], operatorID: String? = nil
    ) async throws -> TLSClient.Answer {
        let taken = try await gateway.take(
            NightFile(seasons: rows).bytes(), as: Self.layout, operatorID: operatorID,
            field: "immunization")
        try await gateway.ledger.rules.refresh()
        return taken
    }

    private func hash(_ answer: TLSClient.Answer, _ part: String) -> String? {
        answer.json[part]?.object?["hash"]?.string
    }

    /// `2026-10-15 2027-02-28 clerk-1`, of a season that the town registered itself.
    private func registered(_ season: String) async throws -> String? {
        let answer = try await gateway.send(Cast.town, "GET", "/immunization/seasons")
        try answer.expect(200)
        let row = (answer.json["seasons"]?.array ?? []).compactMap(\.object).first {
            $0["campaign"]?.string == season && $0["isRegistered"]?.bool == true
        }
        return row.map { row in
            ["effectiveFrom", "effectiveTo", "registeredBy"].map { row[$0]?.string ?? "" }
                .joined(separator: " ")
        }
    }

    private func versions() async throws -> Int {
        try await gateway.count("select count(*) from exchange.rule_book")
    }

    @Test func `days come by file, are shown before they are applied, and end by file`()
        async throws
    {
        let count = try await versions()
        let first = [
            row(["開始日": "R8.10.15", "終了日": "令和9年2月28日"]),
            row([
                "接種期コード": "covid-2026", "開始日": "2026/10/20", "終了日": "20270320",
                "お知らせの英語の言葉": "Days of the town",
            ]),
        ]
        let shown = try await weigh(first)
        #expect(shown.number("additions", in: "effect") == 2, "\(shown.text)")
        #expect(try await versions() == count)
        #expect(try await registered("influenza-2026") == nil)
        let taken = try await take(first, operatorID: "clerk-1")
        #expect(taken.number("additions") == 2 && taken.number("refused") == 0, "\(taken.text)")
        #expect(hash(taken, "processed") == hash(shown, "effect"))
        #expect(try await versions() == count + 1)
        #expect(try await registered("influenza-2026") == "2026-10-15 2027-02-28 clerk-1")
        #expect(try await registered("covid-2026") == "2026-10-20 2027-03-20 clerk-1")
        let rules = try gateway.ledger.rules.current().immunization
        let held = rules?.campaign("influenza-2026")?.effective(in: Cast.town.code)
        #expect(held?.to?.text == "2027-02-28")
        // A day more of one, nothing any more of the other, and nothing of what never was.
        let second = [
            row(["終了日": "2027-03-01"]),
            ["市区町村コード": Cast.town.code, "更新区分": "2", "接種期コード": "covid-2026"],
            ["市区町村コード": Cast.town.code, "更新区分": "2", "接種期コード": "covid-2025"],
        ]
        let next = try await weigh(second)
        for (name, number) in [("additions", 0), ("changes", 1), ("ends", 1), ("unchanged", 1)] {
            #expect(next.number(name, in: "effect") == number, "\(name): \(next.text)")
        }
        #expect(try await registered("covid-2026") != nil)
        let done = try await take(second, operatorID: "clerk-2")
        #expect(done.number("changes") == 1 && done.number("ends") == 1, "\(done.text)")
        #expect(hash(done, "processed") == hash(next, "effect"))
        #expect(try await registered("influenza-2026") == "2026-10-15 2027-03-01 clerk-2")
        #expect(try await registered("covid-2026") == nil)
        // Sent once more it changes nothing, and makes no version.
        let stood = try await versions()
        let again = try await take(Array(second.reversed()))
        #expect(again.number("unchanged") == 3, "\(again.text)")
        #expect(try await versions() == stood)
        #expect(try await registered("influenza-2026") == "2026-10-15 2027-03-01 clerk-2")
    }

    @Test func `a row that is wrong is refused with its line, and the rest is taken`() async throws
    {
        let rows = [
            row(["市区町村コード": Cast.otherTown.code]),
            row(["接種期コード": "influenza-1999"]),
            row(["終了日": "2027-04-01"]),
            row(["接種期コード": "covid-2026", "お知らせの言葉": ""]),
            row(["接種期コード": "covid-2025", "開始日": "2026-01-31", "終了日": "2026-01-30"]),
            row(["接種期コード": "influenza-2025", "開始日": "2025-10-10", "終了日": "2026-01-20"]),
        ]
        let count = try await versions()
        let entries = try await gateway.entries {
            let done = try await take(rows)
            #expect(done.number("additions") == 1 && done.number("refused") == 5, "\(done.text)")
            let told = done.results.map { result in
                let finding = result.findings.first
                return "\(result["line"]?.int ?? 0) \(finding?["item"]?.string ?? "") "
                    + "\(finding?["code"]?.string ?? "")"
            }
            #expect(
                told.sorted() == [
                    "2 municipality season-of-another", "3 campaign unknown-code",
                    "4 effectiveTo season-beyond-law", "5 notice required",
                    "6 effectiveTo date-order",
                ], "\(done.text)")
            let errors = try await gateway.errors(of: done.text("file"), as: Self.layout)
            let lines = NightFile.text(of: errors.body, .cp932).split(separator: "\r\n")
            #expect(lines.count == 6, "\(lines)")
        }
        #expect(entries.contains { $0.purpose == "register-seasons" })
        #expect(!entries.contains { $0.hasPerson })
        #expect(try await versions() == count + 1)
        // Two rows of one season contradict each other, in whichever days.
        let held = rows[5]
        let twice = try await take([held, held.merging(["終了日": "2026-01-31"]) { $1 }])
        #expect(twice.number("refused") == 1, "\(twice.text)")
        #expect(
            twice.results.flatMap(\.findings).first?["code"]?.string == "duplicate-key",
            "\(twice.text)")
        try await gateway.expect(.notYourPurpose, of: .registerSeasons, from: Cast.prefecture) {
            try await gateway.upload(
                NightFile(seasons: rows).bytes(), as: Self.layout, "dryRun=true",
                by: Cast.prefecture)
        }
    }
}

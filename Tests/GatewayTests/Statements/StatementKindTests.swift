import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 突合の分野: what is registered by files of relations, moves and schemes agrees by statement as well, however
/// each row came; and a row that is told of is on the record of everybody whom it speaks of.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct StatementKindTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// What the town is told of each file, and how many entries about somebody that left.
    private func told(
        _ files: [NightFile], as layout: String, by town: Party
    ) async throws -> (statuses: [Int32], said: [String], persons: Int) {
        var seen: [Program.Ended] = []
        let entries = try await gateway.entries {
            for file in files { seen.append(try await gateway.compare(file, as: layout, by: town)) }
        }
        gateway.expectMoreEntries(entries.count)
        return (seen.map(\.status), seen.map(\.output), entries.filter(\.hasPerson).count)
    }

    // MARK: Guardianships

    private func guardianships(_ rows: [[String: String]]) -> NightFile {
        var file = NightFile(rows.map { ["更新区分": "1", "親権喪失フラグ": "0"].merging($0) { $1 } })
        file.columns = [
            "更新区分", "本人の自治体別本人キー", "保護者の自治体別本人キー", "関係区分", "開始日", "終了日", "親権喪失フラグ",
        ]
        return file
    }

    private func row(_ child: String, _ guardian: String, _ kind: String) -> [String: String] {
        [
            "本人の自治体別本人キー": child, "保護者の自治体別本人キー": guardian, "関係区分": kind,
            "開始日": today.adding(days: -500).text,
        ]
    }

    private func take(_ rows: [[String: String]], by town: Party) async throws -> TLSClient.Answer {
        try await gateway.take(
            guardianships(rows).bytes(), as: "guardianships", by: town, field: "maternal")
    }

    @Test func `guardianships agree by the town's own keys, by whatever the rows named the two`()
        async throws
    {
        let town = Cast.otherTown
        let child = try await gateway.settle(years: 3, in: town).resident
        let mother = try await gateway.settle(years: 40, in: town).resident
        let father = try await gateway.settle(years: 41, in: town).resident
        let (own, hers, his) = ("G-\(child.index)", "G-\(mother.index)", "G-\(father.index)")
        for (resident, key) in [(child, own), (mother, hers), (father, his)] {
            try await gateway.invite(resident, key: key, by: town)
        }
        let taken = try await take([row(own, hers, "2")], by: town)
        #expect(taken.number("additions") == 1, "\(taken.text)")
        try await gateway.registerGuardianships(
            [gateway.guardianship(of: child, by: father, kind: "1")], by: town)
        let whole = guardianships([row(own, hers, "2"), row(own, his, "1")])
        var ended = whole
        ended.rows[0]["終了日"] = today.adding(days: 30).text
        let fewer = guardianships([row(own, hers, "2")])
        let seen = try await told([whole, ended, fewer], as: "guardianships", by: town)
        #expect(seen.statuses == [0, 2, 2], "\(seen.said)")
        #expect(seen.said[1].contains("line 2: ") && seen.said[1].contains("content differs"))
        #expect(
            seen.said[2].contains(
                "childIdentityKey=\(own) guardianIdentityKey=\(his) guardianKind=1"),
            "\(seen.said)")
        // Of each of the two rows that were told of, the child and the guardian.
        #expect(seen.persons == 4)
        // An end and a loss are what both sides hold, by whichever kind of row they came.
        var over = row(own, hers, "2")
        over["更新区分"] = "2"
        over["終了日"] = today.text
        var lost = row(own, his, "1")
        lost["親権喪失フラグ"] = "1"
        let taking = try await take([over, lost], by: town)
        #expect(taking.number("ends") == 2, "\(taking.text)")
        over["更新区分"] = "1"
        let after = try await told(
            [guardianships([over, lost]), whole], as: "guardianships", by: town)
        #expect(after.statuses == [0, 2], "\(after.said)")
    }

    @Test func `a guardian whom the town calls otherwise is named as its rows name them last`()
        async throws
    {
        let town = Cast.town
        let child = try await gateway.settle(years: 3, in: town).resident
        let mother = try await gateway.settle(years: 40, in: town).resident
        try await gateway.registerGuardianships(
            [gateway.guardianship(of: child, by: mother)], by: town)
        let (own, hers, new) = ("G-\(child.index)", "G-\(mother.index)", "N-\(mother.index)")
        func statuses(_ keys: String...) async throws -> [Int32] {
            try await told(
                keys.map { guardianships([row(own, $0, "2")]) }, as: "guardianships", by: town
            ).statuses
        }
        // Nobody has a key yet: the row is held under no name, and no list agrees.
        #expect(try await statuses(hers) == [2])
        for (resident, key) in [(child, own), (mother, hers), (mother, new)] {
            try await gateway.invite(resident, key: key, by: town)
        }
        #expect(try await statuses(new, hers) == [0, 2])
        let again = try await take([row(own, hers, "2")], by: town)
        #expect(again.number("unchanged") == 1, "\(again.text)")
        #expect(try await statuses(new, hers) == [2, 0])
        let notices = try await gateway.count(
            """
            select count(*) from exchange.notice n join exchange.vaccination_target t using (person)
            where t.identity_key = $1 and n.kind = 'guardianship-changed'
            """, [.text(own)])
        #expect(notices == 1, "another name is no news to the resident")
    }

    // MARK: Residents' moves

    @Test func `events agree, whether they came by file or by the API`() async throws {
        let town = Cast.otherTown
        let resident = try await gateway.settle(in: town).resident
        try await gateway.tell(
            [gateway.lifeEvent(.movedWithin, of: resident, "api", on: today)], by: town
        ).expect(202)
        func row(_ sequence: String) -> [String: String] {
            [
                "異動通番": "\(sequence)-\(resident.index)", "自治体別本人キー": "L-\(resident.index)",
                "個人番号": resident.number, "異動事由": "31", "異動年月日": today.text,
                "届出年月日": today.text, "不開示フラグ": "0",
            ]
        }
        var whole = NightFile([row("api"), row("file")])
        whole.rows[1]["住所"] = "東京都小金井市見本町9-9"
        whole.columns = [
            "異動通番", "自治体別本人キー", "個人番号", "異動事由", "異動年月日", "届出年月日", "氏名", "氏名カナ", "通称",
            "生年月日", "性別", "住所", "相手市区町村コード", "訂正する異動通番", "不開示フラグ",
        ]
        let taken = try await gateway.take(
            whole.bytes(), as: "residence-moves", by: town, field: "residence")
        #expect(
            taken.number("additions") == 1 && taken.number("unchanged") == 1, "\(taken.text)")
        var hidden = whole
        hidden.rows[0]["不開示フラグ"] = "1"
        var fewer = whole
        fewer.rows.removeFirst()
        let seen = try await told([whole, hidden, fewer], as: "residence-moves", by: town)
        #expect(seen.statuses == [0, 2, 2], "\(seen.said)")
        #expect(seen.said[1].contains("line 2: "), "\(seen.said)")
        let name = "sequence=api-\(resident.index) municipalityIdentityKey=L-\(resident.index)"
        #expect(seen.said[2].contains("not in the file: \(name)"), "\(seen.said)")
        #expect(seen.persons == 2)
        #expect(!seen.said.joined().contains(resident.number))
    }

    // MARK: Schemes

    /// Everything that the rules hold of the town's, as its own system would write it.
    private func schemes(of town: Party) throws -> [[String: String]] {
        let programs = try gateway.parts().ledger.rules.current().subsidy.programs
        return programs.filter { $0.body == town.code }.flatMap { program -> [[String: String]] in
            let common = [
                "市区町村コード": town.code, "機関別受給者証種別ID": program.certificateTypeID,
                "適用開始日": program.effective.from.text,
            ]
            let type = [
                "マスタ種別": "1", "名称": program.name.ja, "優先順位": "\(program.priority)",
                "同意区分コード": program.consentKind.code,
                "指定医療機関限定フラグ": program.requiresDesignation ? "1" : "0",
                "適用終了日": program.effective.to?.text ?? "",
            ]
            let incomes = program.incomeSegments.map {
                ["マスタ種別": "2", "コード": $0.code, "名称": $0.name.ja]
            }
            let conditions = program.additionalConditions.map { condition -> [String: String] in
                let parts = condition.code.split(separator: "-", maxSplits: 1).map { String($0) }
                return [
                    "マスタ種別": "3", "追加条件項目コード": parts[0], "コード": parts[1],
                    "名称": condition.name.ja,
                ]
            }
            return ([type] + incomes + conditions).map { common.merging($0) { $1 } }
        }
    }

    @Test func `schemes agree with the newest rules, and are about nobody`() async throws {
        let town = Cast.town
        let before = try schemes(of: town)
        #expect(before.count > 3)
        let type = "statement-type"
        let new = [
            [
                "市区町村コード": town.code, "機関別受給者証種別ID": type, "マスタ種別": "1",
                "名称": "見本の助成", "優先順位": "70", "適用開始日": today.text,
            ],
            [
                "市区町村コード": town.code, "機関別受給者証種別ID": type, "マスタ種別": "2",
                "コード": "9", "名称": "見本の区分", "適用開始日": today.text,
            ],
        ]
        let old = NightFile(schemes: before)
        let first = try await told([old], as: "scheme-masters", by: town)
        #expect(first.statuses == [0], "\(first.said)")
        let taken = try await gateway.take(
            NightFile(schemes: new).bytes(), as: "scheme-masters", by: town)
        #expect(taken.number("additions") == 2, "\(taken.text)")
        let whole = NightFile(schemes: before + new)
        var fewer = whole
        fewer.rows.removeLast()
        var others: [NightFile] = []
        for (column, cell) in [
            ("名称", "別の名の助成"), ("優先順位", "71"), ("指定医療機関限定フラグ", "1"),
            ("同意区分コード", "subsidy-mental"), ("公費負担者番号", "54132100"),
            ("適用終了日", today.adding(days: 90).text),
        ] {
            var other = whole
            other.rows[before.count][column] = cell
            others.append(other)
        }
        let seen = try await told([whole, old, fewer] + others, as: "scheme-masters", by: town)
        let differing: [Int32] = Array(repeating: 2, count: others.count + 2)
        #expect(seen.statuses == [0] + differing, "\(seen.said)")
        #expect(seen.said[1].contains("orgSpecificCertificateTypeId=\(type) schemeKind="))
        #expect(
            seen.said[2].contains(
                "orgSpecificCertificateTypeId=\(type) schemeKind=2 code=9 effectiveFrom="),
            "\(seen.said)")
        #expect(seen.said[3...].allSatisfy { $0.contains("line \(before.count + 2): ") })
        #expect(first.persons == 0 && seen.persons == 0)
        try await gateway.parts().ledger.rules.refresh()
    }
}

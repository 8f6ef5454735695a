import Exchange
import TestSupport
import Testing

/// 制度マスタ: a file of a body's own schemes over the rules, contradictions named by row, and the result is a
/// program file that the rules read.
@Suite struct SchemeMasterTests {
    private static let body = "132101"
    private static var book: RuleBook { Profiles.book }

    /// A row as its layout read it; the file has no column of these names.
    private static func rows(
        _ cells: [[String: String]], without left: Set<String> = []
    ) throws -> [SchemeMasterRow] {
        let layout = try FileSample.layout("scheme-masters")
        var check = FileCheck(layout: layout, table: FileSample.table, announced: .init())
        var file = NightFile(schemes: cells)
        file.columns.removeAll { left.contains($0) }
        file.lineEnd = "\n"
        let checked = try check.read(file.bytes(.utf8)[...]) + check.finish()
        return try checked.map { row in try row.schemeMasterRow.get() }
    }

    private static func type(
        _ type: String, _ from: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "市区町村コード": body, "機関別受給者証種別ID": type, "マスタ種別": "1", "名称": "見本の助成",
            "優先順位": "50", "適用開始日": from,
        ].merging(changes) { $1 }
    }

    private static func income(
        _ type: String, _ from: String, _ code: String, _ name: String
    ) -> [String: String] {
        [
            "市区町村コード": body, "機関別受給者証種別ID": type, "マスタ種別": "2", "コード": code,
            "名称": name, "適用開始日": from,
        ]
    }

    private func taken(
        _ cells: [[String: String]], without left: Set<String> = []
    ) throws -> (SchemeMaster, [String]) {
        var master = SchemeMaster(of: Self.body, in: Self.book)
        let verdicts = master.take(try Self.rows(cells, without: left)).map { verdict in
            switch verdict {
            case .added: "added"
            case .changed: "changed"
            case .unchanged: "unchanged"
            case .refused(let finding):
                "\(finding.line) \(finding.item) \(finding.code.rawValue)"
            }
        }
        return (master, verdicts)
    }

    private func book(of master: SchemeMaster) throws -> RuleBook {
        var files = Profiles.files
        files[master.path] = master.file(from: "見本")
        return try RuleBook(reading: files, version: "next")
    }

    @Test func `a new scheme and its codes become rules, from their day on`() throws {
        let (master, verdicts) = try taken([
            Self.income("mihon", "2027-04-01", "1", "一般"), Self.type("mihon", "2027-04-01"),
            [
                "市区町村コード": Self.body, "機関別受給者証種別ID": "mihon", "マスタ種別": "3",
                "追加条件項目コード": "01", "コード": "2", "名称": "入院", "適用開始日": "2027-04-01",
            ],
        ])
        #expect(verdicts == ["added", "added", "added"])
        let rules = try book(of: master).subsidy
        let before = rules.programs(of: Self.body, on: try CalendarDay("2027-03-31"))
        let from = rules.programs(of: Self.body, on: try CalendarDay("2027-04-01"))
        #expect(!before.contains { $0.certificateTypeID == "mihon" })
        let program = try #require(from.first { $0.certificateTypeID == "mihon" })
        #expect(program.incomeSegments.map(\.code) == ["1"])
        #expect(program.additionalConditions.map(\.code) == ["01-2"])
        #expect(program.name.ja == "見本の助成" && program.name.en == "見本の助成")
        // Whatever else the body had stands as it stood.
        let held = Self.book.subsidy.programs.filter { $0.body == Self.body }.count
        #expect(rules.programs.filter { $0.body == Self.body }.count == held + 1)
        let told = RegisteredFiles(in: [master.path: master.file(from: "見本")])
        #expect(told.body(of: master.path) == master.body)
        let operators = RegisteredFiles(in: [master.path: Profiles.files[master.path] ?? []])
        #expect(operators.body(of: master.path) == nil)
    }

    @Test func `the same again changes nothing, and a price of the law is known by its number`()
        throws
    {
        let cells = [Self.type("mihon", "2027-04-01", ["公費負担者番号": "54136015"])]
        var (master, _) = try taken(cells)
        let file = master.file(from: "見本")
        let again = master.take(try Self.rows(cells))
        #expect(again == [.unchanged] && master.file(from: "見本") == file)
        let program = try book(of: master).subsidy.programs.first {
            $0.certificateTypeID == "mihon"
        }
        #expect(program?.lawNumber == "54")
        // Nor as it is read back from the rules, beside what nobody has verified.
        var read = SchemeMaster(of: Self.body, in: try book(of: master))
        #expect(read.take(try Self.rows(cells)) == [.unchanged])
    }

    @Test func `the last word that was missing verifies the file, once`() throws {
        let held = Self.book.subsidy.programs.filter { $0.body == Self.body }
        let cells = held.map { program in
            Self.type(
                program.certificateTypeID, program.effective.from.text,
                [
                    "名称": program.name.ja, "優先順位": "",
                    "適用終了日": program.effective.to?.text ?? "",
                ])
        }
        #expect(cells.count > 1 && held.allSatisfy { !$0.source.isVerified })
        let (_, some) = try taken(Array(cells.dropLast()))
        #expect(some.allSatisfy { $0 == "unchanged" })
        let (master, all) = try taken(cells)
        #expect(all.allSatisfy { $0 == "changed" })
        let rules = try book(of: master)
        let now = rules.subsidy.programs.filter { $0.body == Self.body }
        #expect(now.count == held.count && now.allSatisfy(\.source.isVerified))
        var read = SchemeMaster(of: Self.body, in: rules)
        #expect(read.take(try Self.rows(cells)).allSatisfy { $0 == .unchanged })
    }

    @Test func `a scheme changes on a day when the row before it ends the day before`() throws {
        let next = Self.type("kodomo", "2027-04-01", ["優先順位": "", "名称": "こども新助成"])
        let end = Self.type(
            "kodomo", "2020-04-01", ["適用終了日": "2027-03-31", "名称": "こども医療費助成", "優先順位": ""])
        #expect(try taken([next]).1 == ["2 effectiveFrom scheme-overlap"])
        let (master, verdicts) = try taken([next, end])
        #expect(verdicts == ["added", "changed"])
        let programs = try book(of: master).subsidy.programs.filter {
            $0.body == Self.body && $0.certificateTypeID == "kodomo"
        }
        #expect(programs.map(\.name.ja) == ["こども医療費助成", "こども新助成"])
        // What the row left out is as it was.
        #expect(programs.map(\.priority) == [30, 30])
        #expect(programs[0].additionalConditions == programs[1].additionalConditions)
        var late = end
        late["適用終了日"] = "2027-04-01"
        #expect(try taken([next, late]).1 == ["2 effectiveFrom scheme-overlap", "changed"])
    }

    /// A system built by the layout as it first was knows nothing of them.
    @Test
    func `a file without the columns that came later is read, and a new type is refused alone`()
        throws
    {
        let later: Set<String> = ["英語名称", "同意区分コード", "優先順位", "指定医療機関限定フラグ"]
        let (master, verdicts) = try taken(
            [
                Self.type("kodomo", "2020-04-01", ["名称": "こども新助成"]),
                Self.type("mihon", "2027-04-01"),
                Self.income("kodomo", "2020-04-01", "99", "見本"),
            ], without: later)
        #expect(verdicts == ["changed", "3 priority required", "added"])
        let program = try book(of: master).subsidy.programs.first {
            $0.body == Self.body && $0.certificateTypeID == "kodomo"
        }
        let held = Self.book.subsidy.programs.first {
            $0.body == Self.body && $0.certificateTypeID == "kodomo"
        }
        #expect(program?.name.ja == "こども新助成" && program?.priority == held?.priority)
        #expect(program?.consentKind == held?.consentKind)
        #expect(program?.requiresDesignation == held?.requiresDesignation)
    }

    @Test
    func `a row that says no last day leaves the one that stands, and 99999999 takes it away`()
        throws
    {
        func row(_ name: String, to end: String) throws -> [SchemeMasterRow] {
            try Self.rows([
                Self.type("kodomo", "2020-04-01", ["名称": name, "優先順位": "", "適用終了日": end])
            ])
        }
        var master = SchemeMaster(of: Self.body, in: Self.book)
        func last() throws -> String? {
            try book(of: master).subsidy.programs.first {
                $0.body == Self.body && $0.certificateTypeID == "kodomo"
            }?.effective.to?.text
        }
        #expect(master.take(try row("こども医療費助成", to: "2027-03-31")) == [.changed])
        #expect(try last() == "2027-03-31")
        #expect(master.take(try row("こども新助成", to: "")) == [.changed])
        #expect(try last() == "2027-03-31")
        #expect(master.take(try row("こども新助成", to: "")) == [.unchanged])
        #expect(master.take(try row("こども新助成", to: "99999999")) == [.changed])
        #expect(try last() == nil)
        // A period that begins anew has no last day of the one before it.
        let next = try Self.rows([
            Self.type("kodomo", "2020-04-01", ["名称": "こども新助成", "適用終了日": "2027-03-31"]),
            Self.type("kodomo", "2027-04-01", ["名称": "こども新助成", "優先順位": ""]),
        ])
        #expect(master.take(next) == [.changed, .added])
        let programs = try book(of: master).subsidy.programs.filter {
            $0.body == Self.body && $0.certificateTypeID == "kodomo"
        }
        #expect(programs.map(\.effective.to?.text) == ["2027-03-31", nil])
    }

    static let wrong: [(row: [String: String], finding: String)] = [
        (
            type("mihon", "2027-04-01", ["市区町村コード": "222216"]),
            "2 municipality scheme-of-another"
        ),
        (type("mihon", "2027-04-01", ["優先順位": ""]), "2 priority required"),
        (
            type("mihon", "2027-04-01", ["同意区分コード": "maternal"]),
            "2 consentKind unknown-code"
        ),
        (
            type("kodomo", "2020-04-01", ["同意区分コード": "subsidy-mental"]),
            "2 consentKind consent-differs"
        ),
        (
            income("mihon", "2027-04-01", "1", "一般"),
            "2 orgSpecificCertificateTypeId unknown-type"
        ),
        (
            income("kodomo", "2021-04-01", "1", "一般"),
            "2 orgSpecificCertificateTypeId unknown-type"
        ),
    ]

    @Test(arguments: wrong.indices)
    func `what contradicts is refused by its row, with a sentence in both languages`(
        _ index: Int
    ) throws {
        let (row, finding) = Self.wrong[index]
        let before = SchemeMaster(of: Self.body, in: Self.book)
        let (master, verdicts) = try taken([row])
        #expect(verdicts == [finding])
        #expect(master == before)
        var copy = before
        guard case .refused(let said)? = copy.take(try Self.rows([row])).first else { return }
        #expect(said.ja.contains("ください") && said.en.hasSuffix("."))
    }
}

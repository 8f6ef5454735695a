import Exchange
import Testing

/// 国への書き出しの様式: the fields of the form are data, and a file that is wrong is refused at load.
@Suite struct ReactionExportTests {
    private static let path = "immunization/reaction-export.json"

    static let wrong: [(old: String, new: String, path: String)] = [
        (#""from": "lotNumber""#, #""from": "lot""#, "columns[21].from"),
        (#""from": "place""#, #""from": "not-held""#, "columns"),
        (#""from": "report" "#, #""from": "not-held" "#, "columns"),
        (#""from": "version""#, #""from": "kept-back""#, "columns"),
        (#""code": "sex""#, #""code": "age""#, "columns[11].code"),
        (#""layout": "tsunagi-reaction-export""#, #""lay": "x""#, "lay"),
        (#""version": "1""#, #""version": """#, "version"),
        (#""verified": "unverified""#, #""verified": "perhaps""#, "verified"),
    ]

    @Test(arguments: wrong)
    func `a layout that is wrong is refused with its place`(
        old: String, new: String, path: String
    ) throws {
        let files = Profiles.replacing(Self.path, old, new)
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("taken")
        } catch {
            #expect(error.file == Self.path && error.path == path, "\(error)")
        }
    }

    private static func report(
        born: String?, given: String = "2026-06-01", onset: String = "2026-06-08",
        version: Int = 1
    ) throws -> ReactionExport {
        let text = """
            {"resourceType":"AdverseEvent","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"v-1"}],\
            "identifier":{"system":"urn:x","value":"ae-1"},"actuality":"actual",\
            "event":{"coding":[{"system":"urn:tsunagi:CodeSystem:vaccine-reaction",\
            "code":"convulsion"}],"text":"=HYPERLINK(\\"x\\")"},\
            "subject":{"reference":"Patient/pw-1"},"date":"\(onset)","seriousness":{"coding":[{\
            "system":"http://terminology.hl7.org/CodeSystem/adverse-event-seriousness",\
            "code":"Serious"}]},"outcome":{"coding":[{\
            "system":"http://terminology.hl7.org/CodeSystem/adverse-event-outcome",\
            "code":"fatal"}]},"recorder":{"display":"見本 医師"},"suspectEntity":[{"extension":[{\
            "url":"urn:tsunagi:StructureDefinition:suspected-dose","extension":[{"url":"vaccine",\
            "valueCodeableConcept":{"text":"mr"}},{"url":"given","valueDateTime":"\(given)"}]}],\
            "instance":{"display":"?"}}]}
            """
        let reaction = try SubmittedReaction(
            reading: Array(text.utf8), today: CalendarDay("2026-06-15"), VaccinationCase.rules()
        ).reaction
        return ReactionExport(
            place: 7,
            of: .init(
                id: "p", sex: .male, birth: try born.map { try CalendarDay($0) },
                municipality: nil),
            ReactionVersion(
                id: "r", version: version, recordedAt: Instant(microseconds: 0),
                institution: try Party(role: .institution, code: "1310000001"),
                reaction: reaction, standing: .withinPeriod), records: [:])
    }

    private static func cells(_ report: ReactionExport) throws -> [String: String] {
        let rules = try VaccinationCase.rules()
        let bytes = ReactionExport.csv([report], rules, Characters(.utf8, table: FileSample.table))
        let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        return Dictionary(zip(rows[1], rows[2]), uniquingKeysWith: { first, _ in first })
    }

    @Test(arguments: [
        ("2025-06-02", "0歳11月"), ("2025-06-01", "1歳0月"), ("2025-05-31", "1歳0月"),
        ("2026-06-01", "0歳0月"), ("2026-06-02", ""), (nil, ""),
    ])
    func `the age is that at the dose`(born: String?, age: String) throws {
        #expect(try Self.cells(Self.report(born: born))["接種時年齢"] == age)
    }

    @Test(arguments: [(1, "第1報"), (2, "第2報"), (3, "第3報以後"), (4, "第3報以後")])
    func `which report it is, as the form counts`(version: Int, name: String) throws {
        #expect(try Self.cells(Self.report(born: nil, version: version))["報告回数"] == name)
    }

    @Test func `a cell is no formula, and what is serious or fatal is told in words`() throws {
        let cells = try Self.cells(Self.report(born: nil))
        let words = cells["概要(症状・徴候・臨床経過・診断・検査等)"] ?? ""
        #expect(words.contains("HYPERLINK") && !words.hasPrefix("=") && !words.hasPrefix("\"="))
        #expect(cells["症状の程度"] == "重い" && cells["症状の転帰"] == "死亡")
        #expect(cells["発生までの日数"] == "7" && cells["住所"] == "")
        #expect(cells["接種時の住所地(全国地方公共団体コード)"] == "")
    }
}

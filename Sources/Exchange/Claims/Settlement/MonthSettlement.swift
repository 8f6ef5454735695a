/// 月の決算: what the reports of a month come to, some institutions at a time, with the claims that came from
/// records beside them: totals, one statement for each institution, and the rows that a closing is signed
/// over.
package struct MonthSettlement: Sendable {
    package let records: [RecordClaim]
    /// 未検証の決まり that an amount rests on; while there is one, the month is not closed.
    package private(set) var unverified: Set<String> = []
    private var sums = MonthTotals()
    private var notExamined: [ClaimReason] = []
    private var reasons: ClaimReasonTexts?

    package init(records: [RecordClaim]) {
        self.records = records.sorted {
            ($0.institution, $0.day, $0.id.text) < ($1.institution, $1.day, $1.id.text)
        }
    }

    /// The report of the next institutions, in the order of their codes.
    package mutating func add(_ report: MonthReport, unverified rules: Set<String>) {
        sums.add(report)
        unverified.formUnion(rules)
        notExamined = report.notExamined
        reasons = report.rules.reasons
    }

    /// Everything by which two runs are the same: of each report its rows without the places of their
    /// files, with what their findings rest on; after the last of them the records, and what an amount
    /// rests on.
    package static func forEachDigested(of report: MonthReport, _ body: ([UInt8]) -> Void) {
        report.forEachDigested { body(line($0)) }
    }

    package func forEachDigestedLast(_ body: ([UInt8]) -> Void) {
        for record in records { body(Self.line(record.row)) }
        for rule in unverified.sorted() { body(Self.line([rule])) }
    }

    /// 医療機関ごとの明細: the rows of one institution as CSV without headings, and its totals.
    package struct Statement: Sendable {
        package let institution: String
        package fileprivate(set) var rows: [UInt8] = []
        package fileprivate(set) var count = 0
    }

    /// Of the institutions of one report, with the records that are theirs; by institution, ascending.
    /// Claims that name none stand under ten zeros.
    package static func statements(
        of report: MonthReport, _ records: [RecordClaim]
    ) -> [Statement] {
        var found: [String: Statement] = [:]
        let add = { (institution: String, row: [String]) in
            found[institution, default: Statement(institution: institution)].add(row)
        }
        report.forEachRow { add($0[0].isEmpty ? nobody : $0[0], $0) }
        for record in records { add(record.institution, record.row) }
        return found.values.sorted { $0.institution < $1.institution }
    }

    package static let nobody = "0000000000"

    /// UTF-8 with a mark, so that a spreadsheet reads it as it is.
    package static var heading: [UInt8] { TextEncoding.mark + line(MonthReport.rowHeadings) }

    package static func line(_ fields: [String]) -> [UInt8] {
        var writer = CSVWriter()
        for field in fields { writer.field(field.utf8) }
        writer.endRow()
        return writer.bytes
    }

    /// Totals in all, by scheme and by institution, as JSON.
    package var totals: String {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object {
            $0.object("total") { sums.total.write(into: &$0) }
            reasons?.writeNotExamined(notExamined, into: &$0)
            sums.write(into: &$0)
            $0.array("records") { list in
                for line in recordSums { list.object { line.write(into: &$0) } }
            }
            $0.array("unverified") { for rule in unverified.sorted() { $0.string(rule) } }
        }
        return writer.text
    }

    private struct RecordSum {
        let institution: String
        let field: RecordClaim.Field
        let programme: String
        var counts: [ClaimStanding: Int] = [:]
        var yen: [ClaimStanding: Int] = [:]

        func write(into writer: inout JSONWriter) {
            writer.member("institution", institution)
            writer.member("field", field.rawValue)
            writer.member("programme", programme)
            for standing in ClaimStanding.allCases {
                writer.object(standing.rawValue) {
                    $0.member("count", counts[standing] ?? 0)
                    $0.member("amount", yen[standing] ?? 0)
                }
            }
        }
    }

    private var recordSums: [RecordSum] {
        var found: [[String]: RecordSum] = [:]
        for record in records {
            let key = [record.institution, record.field.rawValue, record.programme]
            var sum =
                found[key]
                ?? RecordSum(
                    institution: record.institution, field: record.field,
                    programme: record.programme)
            sum.counts[record.standing, default: 0] += 1
            sum.yen[record.standing, default: 0] += record.claimedYen
            found[key] = sum
        }
        return found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }
}

extension MonthSettlement.Statement {
    fileprivate mutating func add(_ row: [String]) {
        rows += MonthSettlement.line(row)
        count += 1
    }
}

/// 月の決算: what the reports of a month come to, some institutions at a time, with the claims that came from
/// records beside them: totals, one statement for each institution, and the rows that a closing is signed
/// over. What it holds grows with institutions and programmes, not with claims.
package struct MonthSettlement: Sendable {
    /// 未検証の決まり that an amount rests on; while there is one, the month is not closed.
    package private(set) var unverified: Set<String> = []
    private var sums = MonthTotals()
    private var recordSums: [[String]: RecordSum] = [:]
    private var notExamined: [ClaimReason] = []
    private var reasons: ClaimReasonTexts?

    package init() {}

    /// The report of the next institutions, in the order of their codes, and the records that are theirs.
    package mutating func add(
        _ report: MonthReport, _ records: [RecordClaim], unverified rules: Set<String>
    ) {
        sums.add(report)
        for record in records {
            let key = [record.institution, record.field.rawValue, record.programme]
            recordSums[key, default: RecordSum(record)].add(record)
        }
        unverified.formUnion(rules)
        notExamined += report.notExamined.filter { !notExamined.contains($0) }
        reasons = report.rules.reasons
    }

    /// Everything by which two runs are the same: of each report its rows without the places of their
    /// files, with what their findings rest on; of each record its row and which one it is; after the last of
    /// them what an amount rests on.
    package static func forEachDigested(of report: MonthReport, _ body: ([UInt8]) -> Void) {
        report.forEachDigested { body(line($0)) }
    }

    /// Of records by institution, day and id. A row says nothing of whose it is: a dose that was withdrawn
    /// and one that another child had on its day are two claims.
    package static func forEachDigested(of records: [RecordClaim], _ body: ([UInt8]) -> Void) {
        for record in records { body(line(record.row + [record.id.text])) }
    }

    package func forEachDigestedLast(_ body: ([UInt8]) -> Void) {
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
                let lines = recordSums.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                for line in lines { list.object { line.value.write(into: &$0) } }
            }
            $0.array("unverified") { for rule in unverified.sorted() { $0.string(rule) } }
        }
        return writer.text
    }

    private struct RecordSum {
        let institution: String
        let field: RecordClaim.Field
        let programme: String
        private var counts: [ClaimStanding: Int] = [:]
        private var yen: [ClaimStanding: Int] = [:]

        init(_ record: RecordClaim) {
            institution = record.institution
            field = record.field
            programme = record.programme
        }

        mutating func add(_ record: RecordClaim) {
            counts[record.standing, default: 0] += 1
            yen[record.standing, default: 0] += record.claimedYen
        }

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
}

extension MonthSettlement.Statement {
    fileprivate mutating func add(_ row: [String]) {
        rows += MonthSettlement.line(row)
        count += 1
    }
}

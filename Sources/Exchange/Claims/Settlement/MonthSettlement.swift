/// 月の決算: the report of a month with the claims that came from records beside it: totals, one statement for
/// each institution, and the rows that a closing is signed over.
package struct MonthSettlement: Sendable {
    package let report: MonthReport
    package let records: [RecordClaim]
    /// 未検証の決まり that an amount rests on; while there is one, the month is not closed.
    package let unverified: [String]

    package init(_ report: MonthReport, records: [RecordClaim], unverified: Set<String>) {
        self.report = report
        self.records = records.sorted {
            ($0.institution, $0.day, $0.id.text) < ($1.institution, $1.day, $1.id.text)
        }
        self.unverified = unverified.sorted()
    }

    /// Everything by which two runs are the same: rows without the places of their files, and what an
    /// amount rests on.
    package func forEachDigested(_ body: ([UInt8]) -> Void) {
        report.forEachRow(places: false) { body(Self.line($0)) }
        for record in records { body(Self.line(record.row)) }
        for rule in unverified { body(Self.line([rule])) }
    }

    /// 医療機関ごとの明細: the rows of one institution as CSV without headings, and its totals.
    package struct Statement: Sendable {
        package let institution: String
        package fileprivate(set) var rows: [UInt8] = []
        package fileprivate(set) var count = 0
    }

    /// By institution, ascending; claims that name none stand under ten zeros.
    package var statements: [Statement] {
        var found: [String: Statement] = [:]
        let add = { (institution: String, row: [String]) in
            var statement = found[institution] ?? Statement(institution: institution)
            statement.rows += Self.line(row)
            statement.count += 1
            found[institution] = statement
        }
        report.forEachRow { add($0[0].isEmpty ? Self.nobody : $0[0], $0) }
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
            $0.object("total") { report.total.write(into: &$0) }
            report.writeNotExamined(into: &$0)
            report.writeSums(into: &$0)
            $0.array("records") { list in
                for line in recordSums { list.object { line.write(into: &$0) } }
            }
            $0.array("unverified") { for rule in unverified { $0.string(rule) } }
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

import Exchange
import Foundation
import Testing

/// 再開: of a closed month exactly what is judged otherwise is open again.
@Suite struct ToldClaimTests {
    private func told(check: String?, cap: String = "5000") throws -> String {
        let report = try ClaimSamples.run(
            [ClaimSamples.file([.init()])],
            entitlements: ClaimSamples.entitlements.replacingOccurrences(of: "10000", with: cap))
        return report.told(0, check: check)
    }

    @Test func `another check of the day, and other words for a reason, are no other judgement`()
        throws
    {
        let before = try told(check: "0f8fad5b-d9cb-469f-a165-70867728950e")
        #expect(before.contains("OVER_MONTHLY_CAP"))
        let later = try told(check: "7c9e6679-7425-40de-944b-e07fc1f90ae7")
        #expect(before != later && ToldClaim.isSame(before, later))
        #expect(ToldClaim.isSame(before, try told(check: nil)))
        let reworded = before.replacingOccurrences(of: #""nextJa":""#, with: #""nextJa":"まず"#)
        #expect(before != reworded && ToldClaim.isSame(before, reworded))
    }

    /// What came back is in the run as it came, and nobody is to read it as paid.
    @Test func `a claim that came back is told as cancelled`() throws {
        let report = try ClaimSamples.run(
            [ClaimSamples.file([.init()])], entitlements: ClaimSamples.entitlements,
            facts: """
                {"returns": [{"payer": "54136015", "recipient": "1234566",
                  "institution": "1319999996", "month": "2026-04"}]}
                """)
        let showing = ToldClaim.Showing(
            patientID: nil, body: "130001", created: Instant(microseconds: 0))
        let open = try ToldClaim(reading: try told(check: nil), id: "a.1")
        let back = try ToldClaim(reading: report.told(0, check: nil), id: "a.1")
        #expect(!open.isReturned && back.isReturned)
        for (claim, status) in [(open, "active"), (back, "cancelled")] {
            for bytes in [
                claim.renderClaimResponse(showing), claim.renderExplanationOfBenefit(showing),
            ] {
                let resource = try #require(try JSON(reading: bytes).object)
                #expect(resource["status"]?.string == status)
                #expect((resource["disposition"]?.string == "withdrawn") == (claim.isReturned))
            }
        }
    }

    @Test(arguments: ["4000", "10000"])
    func `another amount, and another standing, are another judgement`(cap: String) throws {
        let check = "0f8fad5b-d9cb-469f-a165-70867728950e"
        let (before, after) = (try told(check: check), try told(check: check, cap: cap))
        #expect(!ToldClaim.isSame(before, after))
        #expect(ToldClaim.isSame(after, after))
    }

    private func dose(_ id: UInt64, version: Int = 1, unit: Int? = 12_000) -> RecordClaim {
        RecordClaim(
            .immunization, id: (RecordID(high: 1, low: id), version), institution: "1319999996",
            programme: ("dpt-ipv-hib", CalendarDay(daysSince1970: 20_553)), yen: (unit, 0))
    }

    /// 製造番号の訂正 and the like are told with the record's next version.
    @Test func `a record that was corrected elsewhere is judged as before, at another price not`() {
        let before = dose(1).told
        let corrected = dose(1, version: 2).told
        #expect(before != corrected && ToldClaim.isSame(before, corrected))
        #expect(!ToldClaim.isSame(before, dose(1, version: 2, unit: 12_500).told))
        #expect(!ToldClaim.isSame(before, dose(1, unit: nil).told))
    }

    /// One child's dose was withdrawn, and another had one on that day: the rows are the same.
    @Test func `a dose in the place of another makes another run`() {
        func digested(_ record: RecordClaim) -> [[UInt8]] {
            var lines: [[UInt8]] = []
            MonthSettlement.forEachDigested(of: [record]) { lines.append($0) }
            return lines
        }
        #expect(dose(1).row == dose(2).row && digested(dose(1)) != digested(dose(2)))
        #expect(digested(dose(1)) == digested(dose(1)))
    }

    /// 消えた記録: whoever reads the statement finds the row that was closed, and that it is none any more.
    @Test func `a record that is gone has its row, as come back`() throws {
        for record in [dose(1), dose(1, unit: nil)] {
            let told = #"{"isReturned":true,"# + String(record.told.dropFirst())
            let (row, gone) = (record.row, try RecordClaim.goneRow(told))
            #expect(gone.count == MonthReport.rowHeadings.count && gone[9] == "withdrawn")
            #expect(!gone[11].isEmpty && !gone[12].isEmpty)
            // Institution, month, field and place, what was claimed, programme and day.
            for place in [0, 1, 2, 3, 4, 5, 6, 8, 13, 14] {
                #expect(gone[place] == row[place], "\(place)")
            }
        }
        #expect(throws: Refusal.self) { try RecordClaim.goneRow("{}") }
    }
}

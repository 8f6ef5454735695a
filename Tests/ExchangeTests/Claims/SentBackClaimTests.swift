import Exchange
import Testing

/// 返戻済みの請求: what a closing sent back stays in its month as it was, and claims nothing there once its reason
/// is gone: it is paid where it is claimed again.
@Suite struct SentBackClaimTests {
    private func report(
        births: [String], marked marks: [Claim.Marks], at institution: String = "1319999996"
    ) throws -> MonthReport {
        let claims = births.map { birth in
            """
            {"institution": "\(institution)", "month": "2026-04", "type": "1122", "days": [9],
             "birthDate": "\(birth)", "sex": "2", "points": 3000,
             "publics": [{"payer": "54136015", "recipient": "1234566", "copayment": 6000}]}
            """
        }
        var batch = ClaimBatch()
        var recipients = RecipientTexts()
        let bytes = Array("{\"claims\": [\(claims.joined(separator: ","))]}".utf8)
        try batch.append(reading: bytes, file: 0, recipients: &recipients)
        for (place, mark) in marks.enumerated() {
            batch.mark(place) { $0.marks.formUnion(mark) }
        }
        var run = MonthRun(
            rules: ClaimSamples.rules, month: ClaimSamples.month,
            files: [.init(name: "a", claims: claims.count)], batch: batch, recipients: recipients)
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        return run.report()
    }

    private let right = "1990-01-02"
    private let wrong = "1950-01-01"

    @Test func `one whose reason is gone is in no sum, and is told to be sent again`() throws {
        let report = try report(births: [right], marked: [.sentBack])
        let sums = [report.total.accepted, report.total.questioned, report.total.rejected]
        #expect(sums.allSatisfy { $0.count == 0 && $0.copayment == 0 })
        let told = try ToldClaim(reading: report.told(0, check: nil), id: "a.1")
        #expect(told.isReturned && told.isToBeSentAgain && told.reasons.isEmpty)
        var rows: [[String]] = []
        report.forEachRow { rows.append($0) }
        #expect(rows.count == 1 && rows[0][9] == "withdrawn")
        #expect(!rows[0][11].isEmpty && rows[0][12].contains("再請求"))
        let showing = ToldClaim.Showing(
            patientID: nil, body: "130001", created: Instant(microseconds: 0))
        let response = try #require(try JSON(reading: told.renderClaimResponse(showing)).object)
        #expect(response["status"]?.string == "cancelled")
        #expect(response["processNote"]?.array?.count == 4)
    }

    @Test func `one that would go back once more is as it was closed`() throws {
        let before = try report(births: [wrong], marked: [[]])
        let after = try report(births: [wrong], marked: [.sentBack])
        #expect(after.reasons(0) == ["PERSON_MISMATCH"])
        #expect(after.total == before.total && after.total.rejected.count == 1)
        #expect(after.told(0, check: nil) == before.told(0, check: nil))
        // Of another slice of the month, nothing is said of it here.
        let beside = try report(births: [right], marked: [[.sentBack, .earlier]])
        #expect(beside.batch.claims[0].isToBeSentAgain == false)
    }

    @Test func `what came after it is no duplicate of it, and of two that went back one is`() throws
    {
        let after = try report(births: [wrong, right], marked: [.sentBack, []])
        #expect(after.verdicts.standings[0] == .rejected)
        #expect(after.reasons(0) == ["PERSON_MISMATCH"])
        #expect(after.reasons(1).isEmpty && after.total.accepted.copayment == 6_000)
        let both = try report(births: [wrong, right], marked: [.sentBack, .sentBack])
        #expect(both.reasons(1).contains("DUPLICATE_RECEIPT"))
        let third = try report(births: [wrong, right, right], marked: [.sentBack, [], []])
        #expect(third.reasons(2).first == "DUPLICATE_RECEIPT")
    }

    /// A pharmacy writes one for each prescriber: the same once more, after it went back, is the same one.
    @Test func `the same of a pharmacy is no duplicate of what went back either`() throws {
        let pharmacy = "1340000000"
        let after = try report(births: [wrong, wrong], marked: [.sentBack, []], at: pharmacy)
        let alone = try report(births: [wrong], marked: [[]], at: pharmacy)
        #expect(after.reasons(0) == alone.reasons(0) && after.reasons(1) == alone.reasons(0))
        let both = try report(births: [right, right], marked: [[], []], at: pharmacy)
        #expect(both.reasons(1).contains("DUPLICATE_RECEIPT"))
    }

    /// What went back asks for nothing: what a pharmacy sends after it, corrected or of another prescriber,
    /// has nothing beside it to be asked about, and bears no cap with it.
    @Test func `another of a pharmacy after what went back is no question`() throws {
        let pharmacy = "1340000000"
        let after = try report(births: [wrong, right], marked: [.sentBack, []], at: pharmacy)
        #expect(after.reasons(0) == ["PERSON_MISMATCH"] && after.reasons(1).isEmpty)
        #expect(after.total.accepted.copayment == 6_000)
        let twice = try report(
            births: [wrong, "1951-01-01", right], marked: [.sentBack, .sentBack, []], at: pharmacy)
        #expect(twice.reasons(1).contains("REPEATED_RECEIPT"))
        #expect(twice.reasons(2).isEmpty)
    }

    @Test func `of two that a pharmacy sends after it the second is asked about`() throws {
        let pharmacy = "1340000000"
        for births in [[wrong, right, wrong], [wrong, wrong, right]] {
            let after = try report(births: births, marked: [.sentBack, [], []], at: pharmacy)
            #expect(!after.reasons(1).contains("REPEATED_RECEIPT"))
            #expect(after.reasons(2).contains("REPEATED_RECEIPT"))
        }
        // Beside one that stands, the same as what went back is as it was: a question.
        let beside = try report(
            births: [right, wrong, wrong], marked: [[], .sentBack, []], at: pharmacy)
        #expect(beside.reasons(0).isEmpty)
        #expect(beside.reasons(1).contains("REPEATED_RECEIPT"))
        #expect(beside.reasons(2).contains("REPEATED_RECEIPT"))
    }
}

import Exchange
import Testing

/// The examples of `profiles/maternal/examples`: a child born on 2026-03-01, seen on 2026-06-15.
@Suite struct MaternalExampleTests {
    static func reads(_ example: Example) -> Bool {
        example.path.hasPrefix("maternal/")
            && (!example.isValid
                || ["report-", "notification-", "response-"].contains {
                    example.path.contains("/valid/" + $0)
                })
    }

    private static let birth = "2026-03-01"

    private static func rules() throws -> MaternalRules {
        try #require(Example.book.maternal)
    }

    private static func read(_ example: Example) throws -> SubmittedCheckup {
        try SubmittedCheckup(
            reading: example.bytes,
            institution: Party(role: .institution, code: Written.institution),
            today: CalendarDay("2026-09-30"), rules())
    }

    private static func check(_ sent: SubmittedCheckup, _ side: JSONObject) throws -> CheckedResult
    {
        let code = try side.requiredString("compartment")
        let compartment = try #require(CheckupCompartment.allCases.first { $0.rawValue == code })
        return try rules().check(
            sent.report.result, of: .birth(CalendarDay(birth)), in: compartment)
    }

    private static func told(_ checked: CheckedResult) -> [String] {
        checked.findings.map { "\($0.item) \($0.code.rawValue)" }
    }

    private static func listed(_ side: JSONObject, _ name: String) throws -> [String] {
        try side.requiredArray(name).compactMap(\.string)
    }

    @Test(arguments: Example.of("maternal", "valid/report-"))
    func `a valid report is taken, and read again as it was`(example: Example) throws {
        let side = try #require(example.expectation)
        let sent = try Self.read(example)
        let checked = try Self.check(sent, side)
        #expect(checked.isAccepted)
        #expect(try Self.told(checked) == Self.listed(side, "findings"))
        #expect(try checked.followUps == Self.listed(side, "followUps"))
        #expect(try sent.report.status.rawValue == side.requiredString("status"))
        let version = CheckupVersion(
            id: "rep-0001", version: 1, recordedAt: try Written.now(),
            institution: try Party(role: .institution, code: Written.institution),
            report: sent.report)
        let shown = ShownCheckup(
            version: version, compartment: .open, warnings: checked.findings, line: nil)
        let again = Example(
            path: example.path,
            bytes: shown.render(as: sent.patientID, visitID: sent.visitID, try Self.rules()),
            expectation: nil)
        let read = try Self.read(again)
        #expect(read.id == version.id)
        #expect(read.report == sent.report)
        #expect((read.visitID, read.patientID) == (sent.visitID, sent.patientID))
        #expect(try CheckupReport(face: sent.report.face) == sent.report)
    }

    @Test(arguments: Example.of("maternal", "invalid/report-"))
    func `an invalid report names its error`(example: Example) throws {
        let side = try #require(example.expectation)
        do {
            let checked = try Self.check(try Self.read(example), side)
            #expect(!checked.isAccepted)
            #expect(try Self.told(checked) == Self.listed(side, "findings"))
        } catch let refusal as Refusal {
            let expected = try side.requiredString("expect")
            #expect("Refusal.\(refusal)".replacing("\"", with: "") == expected)
        }
    }

    @Test(arguments: Example.of("maternal").filter { $0.path.contains("/notification-") })
    func `a notification is taken, or says why not`(example: Example) throws {
        let side = try #require(example.expectation)
        var found: [String] = []
        for row in try readMaternalNotificationRows(example.bytes, Self.rules()) {
            switch row {
            case .success(let row):
                let face = row.notification.face
                #expect(
                    try MaternalNotification(face: face, Self.rules()) == row.notification)
            case .failure(let refusal):
                found += refusal.findings.map { "\($0.item) \($0.code.rawValue)" }
            }
        }
        #expect(try found == Self.listed(side, "findings"))
        #expect(found.isEmpty == example.isValid)
    }

    @Test(arguments: Example.of("maternal", "valid/response-"))
    func `a valid response is scored as its side file says, and read again as it was`(
        example: Example
    ) throws {
        let side = try #require(example.expectation)
        let forms = try Self.rules().screenings
        let sent = try SubmittedResponse(reading: example.bytes, forms)
        let score = sent.response.score
        #expect(try sent.response.unanswered == Self.listed(side, "unanswered"))
        #expect(score.total == side["total"]?.int)
        #expect(try score.followUps == Self.listed(side, "followUps"))
        let again = ScreeningVersion(
            id: "qr-0001", version: 1, savedAt: try Written.now(), response: sent.response
        ).render(as: sent.patientID)
        let read = try SubmittedResponse(reading: again, forms)
        #expect(read.patientID == sent.patientID && read.response == sent.response)
    }

    @Test(arguments: Example.of("maternal", "invalid/response-"))
    func `an invalid response names its error`(example: Example) throws {
        let expected = try #require(example.expectation).requiredString("expect")
        do {
            _ = try SubmittedResponse(reading: example.bytes, Self.rules().screenings)
            Issue.record("\(example.path) was read")
        } catch {
            #expect("Refusal.\(error)".replacing("\"", with: "") == expected)
        }
    }

    @Test func `the code systems of checkups list what the rules list`() throws {
        func codes(_ name: String) throws -> [String] {
            let file = try JSON(reading: Example.files["fhir/CodeSystem-\(name).json"] ?? [])
            return try #require(file.object).requiredArray("concept").compactMap {
                $0.object?["code"]?.string
            }
        }
        let rules = try Self.rules()
        let checkups = (rules.postpartum + rules.child).map(\.code) + [rules.pregnancy.checkup]
        #expect(try Set(codes("checkup")) == Set(checkups))
        #expect(try Set(codes("checkup-item")) == Set(rules.items.byCode.keys))
        #expect(try Set(codes("not-examined")) == Set(rules.items.notExaminedReasons.keys))
        #expect(try Set(codes("follow-up")) == Set(rules.followUps.keys))
        #expect(
            try codes("item-finding") == ItemFinding.Code.allCases.map(\.rawValue))
        #expect(
            try codes("checkup-claim") == ["claimed", "awaits-price"]
                + CheckupClaimRefusal.allCases.map(\.rawValue))
        #expect(try codes("checkup-plan") == CheckupPlan.State.allCases.map(\.rawValue))
    }
}

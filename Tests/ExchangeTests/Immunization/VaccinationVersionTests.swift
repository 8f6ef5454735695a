import Exchange
import Testing

/// A correction is a new version of the clinic's own record, or it is refused with what to do.
@Suite struct VaccinationVersionTests {
    private static func vaccination(_ old: String, _ new: String) throws -> Vaccination {
        try VaccinationSample.read(VaccinationSample.record(old, new)).vaccination
    }

    private static func outcome(
        _ current: VaccinationVersion, _ next: Vaccination, by code: String, seen: Int?
    ) throws -> Result<RecordAmendment, Refusal> {
        let party = try VaccinationSample.party(code)
        do throws(Refusal) {
            return .success(try current.amended(by: next, from: party, seen: seen))
        } catch {
            return .failure(error)
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var old = "FAKE01"
        var new = "FAKE02"
        var by = VaccinationSample.institution
        var seen: Int? = 3
        let outcome: Result<RecordAmendment, Refusal>

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "another lot", outcome: .success(.newVersion(4))),
        Case(name: "the same again", new: "FAKE01", outcome: .success(.unchanged)),
        Case(
            name: "the same again, unseen", new: "FAKE01", seen: nil, outcome: .success(.unchanged)),
        Case(
            name: "the same again, seen long ago", new: "FAKE01", seen: 1,
            outcome: .success(.unchanged)),
        Case(
            name: "withdrawn", old: #""completed""#, new: #""entered-in-error""#,
            outcome: .success(.newVersion(4))),
        Case(
            name: "created again with other content", seen: nil,
            outcome: .failure(.identifierReused)),
        Case(name: "an older version seen", seen: 2, outcome: .failure(.versionPassed)),
        Case(name: "a version that never was", seen: 4, outcome: .failure(.versionPassed)),
        Case(name: "another clinic", by: "1310000001", outcome: .failure(.recordUnknown)),
        Case(
            name: "another identifier", old: "im-1", new: "im-2",
            outcome: .failure(.identifierChanged)),
    ]

    @Test(arguments: cases)
    func `what a correction does`(row: Case) throws {
        let current = try VaccinationSample.version(Self.vaccination("FAKE01", "FAKE01"), number: 3)
        let next = try Self.vaccination(row.old, row.new)
        #expect(try Self.outcome(current, next, by: row.by, seen: row.seen) == row.outcome)
    }

    @Test func `what was withdrawn stays so`() throws {
        let error = try Self.vaccination(#""completed""#, #""entered-in-error""#)
        let current = try VaccinationSample.version(error, number: 2)
        let code = VaccinationSample.institution
        let back = try Self.vaccination("FAKE01", "FAKE01")
        #expect(try Self.outcome(current, back, by: code, seen: 2) == .failure(.recordWithdrawn))
        #expect(try Self.outcome(current, error, by: code, seen: 2) == .success(.unchanged))
    }

    @Test func `every refusal says what to do in both languages`() {
        for text in VaccinationWarning.allCases.map(\.text)
            + VaccinationClaimRefusal.allCases.map(\.text)
        {
            #expect(text.ja.hasSuffix("。") && text.en.hasSuffix("."))
        }
    }

    @Test(arguments: [
        // Two clinics of one vendor may count alike.
        (#""code":"mr"}"#, #""code":"mr"}"#, "im-1", 1),
        (#""code":"mr"}"#, #""code":"mr"}"#, "im-9", 1),
        // MMR is a dose of the same schedule; 水痘 is not.
        (#""code":"mr"}"#, #""code":"mmr"}"#, "im-9", 1),
        (#""code":"mr"}"#, #""code":"varicella"}"#, "im-9", 0),
        ("2026-06-15T10:00:00+09:00", "2026-06-14", "im-9", 0),
        (#""completed""#, #""entered-in-error""#, "im-9", 0),
    ])
    func `the same dose told twice is recognised`(
        old: String, new: String, identifier: String, count: Int
    ) throws {
        let text = try VaccinationSample.replacing(
            VaccinationSample.record(old, new).replacing(
                #","text":"MRワクチン""#, with: ""), "im-1", identifier)
        let other = try VaccinationSample.read(text).vaccination.counted
        let ours = try Self.vaccination("FAKE01", "FAKE01").counted
        #expect(try VaccinationCase.rules().duplicates(of: ours, among: [other]).count == count)
    }
}

import Exchange
import Testing

/// 書式の版: the bytes of an answer are held against the digest on its entry for ever, so whoever changes
/// them raises `EligibilityAnswer.form` and keeps the old way of writing for old entries.
@Suite struct AnswerFormTests {
    struct Golden: Sendable {
        let form: Int
        /// Of the rules these answers were decided from: other rules, other bytes, same form.
        let rules: UInt64
        let answers: [String: UInt64]
    }

    /// One row a form; a row that stands is never changed, but for `rules` and `answers` together
    /// when profiles/ changed and nothing else did.
    static let golden = [
        Golden(
            form: 1, rules: 0x3747A76C381B1612,
            answers: [
                "always by refund": 0x534371A9265BF82D,
                "declined": 0xF12F0C9EF10FB254,
                "named for others only": 0xC85DF109E20EDA01,
                "neither body known": 0x629D01AC3FEEEB41,
                "nothing held": 0xBEFC3D375CB60B4E,
                "nothing left of the month's cap": 0x2645A65C897637A2,
                "residence unknown": 0x90C12C7F5F8AB873,
                "the day after its last": 0x53FD2ACEADEFA3F8,
                "the day before it begins": 0x8D038E7251CEE9BD,
                "valid on the day": 0xC353FFC74F2EEBE1,
                "with every warning": 0x619E3F88AC7F1A46,
            ])
    ]

    /// One situation of each outcome, and one with every warning.
    static let situations: [String: SubsidyCase] = {
        let names: Set = [
            "valid on the day", "always by refund", "the day before it begins",
            "the day after its last", "nothing held", "named for others only",
            "neither body known", "residence unknown", "declined",
            "nothing left of the month's cap",
        ]
        var cases: [String: SubsidyCase] = [:]
        for row in AnswerEligibilityTests.situations where names.contains(row.name) {
            var situation = SubsidyCase()
            row.make(&situation)
            cases[row.name] = situation
        }
        var warned = SubsidyCase()
        warned.cardValidTo = "2026-06-20"
        warned.bodies[0] = SubsidyCase.standing(
            SubsidyCase.koganei, asOf: "2026-06-01T03:00:00+09:00")
        warned.entitlements = [
            SubsidyCase.row(1),
            SubsidyCase.row(2, known: "2026-05-01T00:00:00Z", isUnderReview: true),
        ]
        cases["with every warning"] = warned
        return cases
    }()

    @Test func `an answer keeps its bytes, or its form is raised`() throws {
        let current = try #require(
            Self.golden.last { $0.form == EligibilityAnswer.form },
            "form \(EligibilityAnswer.form) has no row: add one, and leave the others")
        let answers = try Self.situations.mapValues { Self.digest([try $0.bytes()]) }
        let rules = Self.digest(Self.rules)
        guard rules == current.rules else {
            Issue.record(
                """
                profiles/ changed, so these answers do too. With the code of the last commit, or after a \
                look at the difference of the published examples, write: rules: \(rules), \
                answers: \(answers.sorted { $0.key < $1.key })
                """)
            return
        }
        for (name, digest) in answers.sorted(by: { $0.key < $1.key }) {
            #expect(
                digest == current.answers[name],
                """
                "\(name)": the same rules give other bytes. Raise EligibilityAnswer.form, keep writing \
                form \(current.form) for the entries that cite it, and add a row here: \(digest)
                """)
        }
        #expect(Set(answers.keys) == Set(current.answers.keys))
    }

    @Test func `every outcome and every warning is among them`() throws {
        let answers = try Self.situations.values.map { try $0.answer() }
        let outcomes = Set(answers.flatMap(\.items).map(\.outcome))
        #expect(Set(EligibilityOutcome.allCases) == outcomes)
        let warnings = Set(answers.flatMap(\.warnings).map(\.code))
        #expect(warnings == Set(EligibilityWarning.Code.allCases))
    }

    /// The files that deciding and writing read, in the order of their paths.
    private static var rules: [[UInt8]] {
        let folders = ["subsidy/programs/", "subsidy/eligibility", "subsidy/law-numbers"]
        return Profiles.files.sorted { $0.key < $1.key }.filter { file in
            folders.contains { file.key.hasPrefix($0) } && !file.key.contains("/examples/")
        }.map(\.value)
    }

    /// FNV-1a: to notice a change, not to withstand anybody.
    private static func digest(_ parts: [[UInt8]]) -> UInt64 {
        parts.joined().reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

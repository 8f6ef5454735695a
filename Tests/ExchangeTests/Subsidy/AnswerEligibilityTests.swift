import Exchange
import Testing

/// Each row: a situation, and every line of its answer, in the order of the answer.
@Suite struct AnswerEligibilityTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let expected: [String]
        let make: @Sendable (inout SubsidyCase) -> Void
        var testDescription: String { name }

        init(
            _ name: String, _ expected: [String],
            _ make: @escaping @Sendable (inout SubsidyCase) -> Void
        ) {
            self.name = name
            self.expected = expected
            self.make = make
        }
    }

    /// What Tokyo and Koganei say beside the children's certificate when nothing else is held.
    static func koganei(_ kodomo: String) -> [String] {
        let rest = [
            "130001/shoman none-held", "130001/nanbyo none-held", "132101/shogai none-held",
            "132101/hitorioya none-held",
        ]
        let line = "132101/kodomo " + kodomo
        return line.contains("#") ? [line] + rest : rest + [line]
    }

    static let situations: [Row] = [
        Row("valid on the day", koganei("entitled #1")) { $0.entitlements = [SubsidyCase.row(1)] },
        Row("always by refund", koganei("entitled-refund-only #1")) {
            $0.entitlements = [SubsidyCase.row(1, isRefundOnly: true)]
        },
        Row("the day before it begins", koganei("not-yet 2026-06-16")) {
            $0.entitlements = [SubsidyCase.row(1, from: "2026-06-16")]
        },
        Row("the day it begins", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, from: "2026-06-15")]
        },
        Row("the day after it began", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, from: "2026-06-14")]
        },
        Row("the day before its last", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, to: "2026-06-16")]
        },
        Row("its last day", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, to: "2026-06-15")]
        },
        Row("the day after its last", koganei("ended 2026-06-14")) {
            $0.entitlements = [SubsidyCase.row(1, to: "2026-06-14")]
        },
        Row("one day only", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, from: "2026-06-15", to: "2026-06-15")]
        },
        Row("nothing held", koganei("none-held")) { _ in },
        Row("deleted", koganei("none-held")) {
            $0.entitlements = [
                SubsidyCase.row(1),
                SubsidyCase.row(2, known: "2026-05-01T00:00:00Z", isDeleted: true),
            ]
        },
        Row("deleted and registered again", koganei("entitled #1")) {
            $0.entitlements = [
                SubsidyCase.row(1, known: "2026-03-01T00:00:00Z"),
                SubsidyCase.row(2, known: "2026-04-01T00:00:00Z", isDeleted: true),
                SubsidyCase.row(3, known: "2026-05-01T00:00:00Z"),
            ]
        },
        Row("the later version shortens it", koganei("ended 2026-05-31")) {
            $0.entitlements = [
                SubsidyCase.row(1),
                SubsidyCase.row(2, to: "2026-05-31", known: "2026-06-01T00:00:00Z"),
            ]
        },
        Row("two versions of one instant: the row version settles", koganei("ended 2026-05-31")) {
            $0.entitlements = [SubsidyCase.row(7, to: "2026-05-31"), SubsidyCase.row(6)]
        },
        Row("of two periods, the one that covers the day", koganei("entitled #1")) {
            $0.entitlements = [
                SubsidyCase.row(1, key: "h1", from: "2025-04-01", to: "2026-03-31"),
                SubsidyCase.row(2, key: "h2"),
            ]
        },
        Row("of two ended periods, the later", koganei("ended 2026-03-31")) {
            $0.entitlements = [
                SubsidyCase.row(1, key: "h1", from: "2024-04-01", to: "2025-03-31"),
                SubsidyCase.row(2, key: "h2", from: "2025-04-01", to: "2026-03-31"),
            ]
        },
        Row("in a gap between two periods", koganei("ended 2026-03-31")) {
            $0.entitlements = [
                SubsidyCase.row(1, key: "h1", from: "2025-04-01", to: "2026-03-31"),
                SubsidyCase.row(2, key: "h2", from: "2026-07-01"),
            ]
        },
        Row("of two coming periods, the nearer", koganei("not-yet 2026-07-01")) {
            $0.entitlements = [
                SubsidyCase.row(1, key: "h1", from: "2026-10-01"),
                SubsidyCase.row(2, key: "h2", from: "2026-07-01"),
            ]
        },
        Row(
            "overlapping periods: the later registration speaks", koganei("entitled-refund-only #1")
        ) {
            $0.entitlements = [
                SubsidyCase.row(1, key: "h1"),
                SubsidyCase.row(
                    2, key: "h2", known: "2026-05-01T00:00:00Z", isRefundOnly: true),
            ]
        },
        Row("nothing left of the month's cap", koganei("cap-reached #1")) {
            $0.entitlements = [SubsidyCase.row(1)]
            $0.reached = [SubsidyCase.capMonth("2026-06")]
        },
        Row("nothing left of other months' caps", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1)]
            $0.reached = [SubsidyCase.capMonth("2026-05"), SubsidyCase.capMonth("2026-07")]
        },
        Row("nothing left of another certificate's cap", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1)]
            $0.reached = [SubsidyCase.capMonth("2026-06", subKey: "2")]
        },
        Row("named for this institution", koganei("entitled #1")) {
            $0.entitlements = [
                SubsidyCase.row(1, designated: "見本病院（1319999999）、見本クリニック：１３１９９９９９９６")
            ]
        },
        Row("named for others only", koganei("institution-not-designated")) {
            $0.entitlements = [SubsidyCase.row(1, designated: "1319999999")]
        },
        Row("named in words without a code", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, designated: "見本病院 電話 042-999-9999")]
        },
        Row("eleven digits are no code", koganei("entitled #1")) {
            $0.entitlements = [SubsidyCase.row(1, designated: "13199999999")]
        },
        Row("refund only, but not for this institution", koganei("institution-not-designated")) {
            $0.entitlements = [SubsidyCase.row(1, isRefundOnly: true, designated: "1319999999")]
        },
        Row(
            "body not connected yet on the service date",
            ["130001/shoman none-held", "130001/nanbyo none-held", "132101 body-not-connected"]
        ) {
            $0.bodies[0] = SubsidyCase.standing(SubsidyCase.koganei, since: "2026-06-16")
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row(
            "body connected on the very day", koganei("entitled #1")
        ) {
            $0.bodies[0] = SubsidyCase.standing(SubsidyCase.koganei, since: "2026-06-15")
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row(
            "body connected, but it has registered nothing",
            ["130001/shoman none-held", "130001/nanbyo none-held", "132101 body-not-connected"]
        ) { $0.bodies[0] = SubsidyCase.standing(SubsidyCase.koganei, asOf: nil) },
        Row(
            "neither body known", ["130001 body-not-connected", "132101 body-not-connected"]
        ) {
            $0.bodies = []
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row("residence unknown", ["- residence-unknown"]) {
            $0.residences = []
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row("residence known only from a later day", ["- residence-unknown"]) {
            $0.residences = [SubsidyCase.lives(in: SubsidyCase.koganei, from: "2026-06-16")]
        },
        Row("moved abroad", ["- residence-unknown"]) {
            $0.residences.append(
                SubsidyCase.lives(in: Residence.nowhere, from: "2026-06-01", version: 2))
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row("declined", ["- declined"]) {
            $0.consents = []
            $0.entitlements = [SubsidyCase.row(1)]
        },
        Row("only another field agreed to", ["- declined"]) {
            $0.consents = ["immunization", "maternal"]
            $0.entitlements = [SubsidyCase.row(1)]
        },
    ]

    @Test(arguments: situations)
    func `each situation has its one answer`(row: Row) throws {
        var situation = SubsidyCase()
        row.make(&situation)
        #expect(try situation.lines() == row.expected)
    }

    @Test func `every outcome stands in the table`() {
        let met = Set(
            Self.situations.flatMap(\.expected).compactMap { line in
                line.split(separator: " ").dropFirst().first.map(String.init)
            })
        #expect(met == Set(EligibilityOutcome.allCases.map(\.rawValue)))
    }

    // MARK: Moving

    static let moves: [(day: String, expected: String)] = [
        ("2026-06-09", "132101/kodomo entitled #1"), ("2026-06-10", "272108/kodomo entitled #1"),
        ("2026-06-11", "272108/kodomo entitled #1"),
    ]

    @Test(arguments: moves)
    func `a move changes who answers on its very day`(day: String, expected: String) throws {
        var moved = SubsidyCase()
        moved.day = day
        moved.residences.append(
            SubsidyCase.lives(in: SubsidyCase.hirakata, from: "2026-06-10", version: 2))
        moved.entitlements = [SubsidyCase.row(1), SubsidyCase.row(2, SubsidyCase.hirakata)]
        let lines = try moved.lines()
        #expect(lines.filter { $0.contains("#") } == [expected])
        let bodies = Set(try moved.answer().items.compactMap(\.body))
        #expect(bodies == (day < "2026-06-10" ? ["132101", "130001"] : ["272108", "270008"]))
    }

    @Test func `a certificate of a former municipality never answers`() throws {
        var moved = SubsidyCase()
        moved.residences.append(
            SubsidyCase.lives(in: SubsidyCase.hirakata, from: "2026-06-10", version: 2))
        let without = try moved.bytes()
        moved.entitlements = [SubsidyCase.row(1), SubsidyCase.row(2, SubsidyCase.tokyo, "shoman")]
        #expect(try moved.bytes() == without)
    }

    @Test func `a corrected move of the same day replaces the first word`() throws {
        var moved = SubsidyCase()
        moved.residences += [
            SubsidyCase.lives(in: SubsidyCase.hirakata, from: "2026-06-10", version: 2),
            SubsidyCase.lives(
                in: SubsidyCase.koganei, from: "2026-06-10", version: 3,
                known: "2026-06-12T00:00:00Z"),
        ]
        moved.entitlements = [SubsidyCase.row(1)]
        #expect(try moved.lines().first == "132101/kodomo entitled #1")
        #expect(try moved.answer().residenceUsed == 3)
    }

    // MARK: Designation by the registry

    @Test(arguments: [
        ("", "institution-not-designated"), ("130001:54", "entitled"),
        ("130001:nanbyo", "entitled"), ("270008:54", "institution-not-designated"),
        ("130001:52", "institution-not-designated"),
    ])
    func `a scheme for designated institutions asks the registry`(
        designation: String, outcome: String
    ) throws {
        var named = SubsidyCase()
        named.entitlements = [SubsidyCase.row(1, SubsidyCase.tokyo, "nanbyo")]
        let parts = designation.split(separator: ":").map(String.init)
        if parts.count == 2 { named.designations = [.init(body: parts[0], scheme: parts[1])] }
        let item = try named.answer().items.first { $0.program?.certificateTypeID == "nanbyo" }
        #expect(item?.outcome.rawValue == outcome)
        #expect((item?.certificate != nil) == (outcome == "entitled"))
    }
}

import Exchange
import Testing

/// What an answer must not say: everything here is held byte for byte.
@Suite struct EligibilityDisclosureTests {
    static let everything = [
        SubsidyCase.row(1), SubsidyCase.row(2, SubsidyCase.tokyo, "nanbyo"),
        SubsidyCase.row(3, SubsidyCase.tokyo, "seishintsuin", designated: SubsidyCase.institution),
        SubsidyCase.row(4, SubsidyCase.koganei, "shogai", to: "2026-05-31"),
        SubsidyCase.row(5, isUnderReview: true),
    ]

    @Test func `declined is the same bytes whatever is held, known or connected`() throws {
        var declined = SubsidyCase()
        declined.consents = []
        let bare = try declined.bytes()
        var situations = [declined, declined, declined, declined, declined]
        situations[0].entitlements = Self.everything
        situations[1].residences = []
        situations[2].bodies = []
        situations[3].cardValidTo = "2026-06-20"
        situations[4].kind = .paper(limitedTo: 1)
        situations[4].entitlements = Self.everything
        for situation in situations { #expect(try situation.bytes() == bare) }
        let text = String(decoding: bare, as: UTF8.self)
        for trace in ["132101", "130001", "asOf", "insurance\"", "warning"] {
            #expect(!text.contains(trace), "declined shows \(trace)")
        }
    }

    @Test func `a sensitive scheme that was left out is the same bytes, held or not`() throws {
        var visit = SubsidyCase()
        visit.entitlements = [SubsidyCase.row(1)]
        let without = try visit.bytes()
        visit.entitlements.append(Self.everything[2])
        visit.entitlements.append(
            SubsidyCase.row(
                9, SubsidyCase.tokyo, "seishintsuin", known: "2026-06-01T00:00:00Z",
                isUnderReview: true))
        #expect(try visit.bytes() == without)
        #expect(!String(decoding: without, as: UTF8.self).contains("seishintsuin"))
        visit.consents.insert("subsidy-mental")
        #expect(try visit.lines().contains("130001/seishintsuin entitled #1"))
    }

    @Test func `consent to the sensitive kind alone shows that scheme alone`() throws {
        var visit = SubsidyCase()
        visit.consents = ["subsidy-mental"]
        visit.entitlements = Self.everything
        #expect(try visit.lines() == ["130001/seishintsuin entitled #1"])
    }

    @Test func `a type that no scheme of the body knows is never told`() throws {
        var visit = SubsidyCase()
        let without = try visit.bytes()
        visit.entitlements = [SubsidyCase.row(1, SubsidyCase.koganei, "somethingelse")]
        #expect(try visit.bytes() == without)
    }

    // MARK: Under review

    @Test func `a row under review that nothing precedes leaves no trace`() throws {
        var visit = SubsidyCase()
        let without = try visit.bytes()
        visit.entitlements = [SubsidyCase.row(1, isUnderReview: true)]
        #expect(try visit.bytes() == without)
    }

    @Test func `a row under review warns beside the reviewed one, which goes on answering`() throws
    {
        var visit = SubsidyCase()
        visit.entitlements = [
            SubsidyCase.row(1),
            SubsidyCase.row(
                2, to: "2026-05-31", known: "2026-06-01T00:00:00Z", isUnderReview: true),
        ]
        #expect(try visit.lines().first == "132101/kodomo entitled #1")
        #expect(try visit.answer().warnings == [.partUnderReview])
        #expect(try visit.answer().versionsUsed == [1])
        // Reviewed: the warning is over.
        visit.entitlements.append(
            SubsidyCase.row(3, to: "2026-05-31", known: "2026-06-02T00:00:00Z"))
        #expect(try visit.lines().contains("132101/kodomo ended 2026-05-31"))
        #expect(try visit.answer().warnings == [])
    }

    @Test func `a deletion under review does not delete`() throws {
        var visit = SubsidyCase()
        visit.entitlements = [
            SubsidyCase.row(1),
            SubsidyCase.row(
                2, known: "2026-06-01T00:00:00Z", isDeleted: true, isUnderReview: true),
        ]
        #expect(try visit.lines().first == "132101/kodomo entitled #1")
    }

    @Test func `another body's review says nothing here`() throws {
        var visit = SubsidyCase()
        visit.entitlements = [SubsidyCase.row(1), SubsidyCase.row(2, SubsidyCase.hirakata)]
        let without = try visit.bytes()
        visit.entitlements.append(
            SubsidyCase.row(
                3, SubsidyCase.hirakata, known: "2026-06-01T00:00:00Z", isUnderReview: true))
        #expect(try visit.bytes() == without)
    }

    // MARK: Paper

    static let papers: [(name: String, row: EntitlementVersion, expected: String)] = [
        ("valid", SubsidyCase.row(1), "132101/kodomo entitled #1"),
        ("ended", SubsidyCase.row(1, to: "2026-06-14"), "132101/kodomo ended 2026-06-14"),
        ("not yet", SubsidyCase.row(1, from: "2026-06-16"), "132101/kodomo not-yet 2026-06-16"),
        ("refund", SubsidyCase.row(1, isRefundOnly: true), "132101/kodomo entitled-refund-only #1"),
        ("deleted", SubsidyCase.row(1, isDeleted: true), "132101/kodomo none-held"),
        (
            "elsewhere only", SubsidyCase.row(1, designated: "1319999999"),
            "132101/kodomo institution-not-designated"
        ),
        (
            "of a body never lived in", SubsidyCase.row(1, SubsidyCase.hirakata),
            "272108/kodomo none-held"
        ),
        (
            "a sensitive one, shown by hand",
            SubsidyCase.row(
                1, SubsidyCase.tokyo, "seishintsuin", designated: SubsidyCase.institution),
            "130001/seishintsuin entitled #1"
        ),
    ]

    @Test(arguments: papers)
    func `a paper visit answers on that certificate alone`(
        name: String, row: EntitlementVersion, expected: String
    ) throws {
        var visit = SubsidyCase()
        visit.kind = .paper(limitedTo: 1)
        visit.entitlements = [row]
        #expect(try visit.lines() == [expected], "\(name)")
        let alone = try visit.bytes()
        visit.entitlements += [
            SubsidyCase.row(50, SubsidyCase.koganei, "shogai"),
            SubsidyCase.row(51, SubsidyCase.koganei, "kodomo", key: "another period"),
            SubsidyCase.row(52, SubsidyCase.tokyo, "nanbyo", isUnderReview: true),
        ]
        #expect(try visit.bytes() == alone, "\(name)")
    }

    @Test func `the paper of a former municipality ended with the move`() throws {
        var visit = SubsidyCase()
        visit.kind = .paper(limitedTo: 1)
        visit.entitlements = [SubsidyCase.row(1)]
        visit.residences.append(
            SubsidyCase.lives(in: SubsidyCase.hirakata, from: "2026-06-10", version: 2))
        #expect(try visit.lines() == ["132101/kodomo ended 2026-06-09"])
        visit.entitlements = [SubsidyCase.row(1, to: "2026-05-31")]
        #expect(try visit.lines() == ["132101/kodomo ended 2026-05-31"])
    }

    @Test func `a body reads its own outcomes and no others`() throws {
        var visit = SubsidyCase()
        visit.cardValidTo = "2026-06-20"
        visit.consents.insert("subsidy-mental")
        visit.entitlements = Self.everything
        let own = try visit.answer().only(of: SubsidyCase.koganei)
        #expect(
            own.items.map(SubsidyCase.line) == [
                "132101/kodomo entitled #1", "132101/shogai ended 2026-05-31",
                "132101/hitorioya none-held",
            ])
        let text = String(
            decoding: own.render(
                id: "r", requestID: "q", question: try visit.question(), created: visit.decidedAt,
                rules: Profiles.book.subsidy), as: UTF8.self)
        #expect(!text.contains("130001") && !text.contains("2026-06-20"))
    }
}

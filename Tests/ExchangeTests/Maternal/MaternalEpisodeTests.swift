import Exchange
import Testing

/// Pregnancies and children across municipalities: which is which, and whose tickets count.
@Suite struct MaternalEpisodeTests {
    static let rules = MaternalCase.rules

    static func pregnancy(
        due: String, ended: String? = nil, key: String = "P"
    ) throws -> MaternalNotification {
        var pregnancy = Pregnancy(calendar: MaternalCase.due(due))
        if let ended {
            pregnancy = try pregnancy.applying(
                .delivery(on: MaternalCase.day(ended), live: 1, still: 0), rules: rules.pregnancy)
        }
        return MaternalNotification(
            key: key, notifiedOn: MaternalCase.day("2026-05-01"), subject: .pregnancy(pregnancy))
    }

    static func episode(_ notification: MaternalNotification, _ low: UInt64 = 1) -> MaternalEpisode
    {
        MaternalEpisode(
            id: RecordID(high: 0, low: low), notification: notification, tickets: [])
    }

    static let pairs: [(due: String, ended: String?, other: String, isSame: Bool)] = [
        ("2026-11-17", nil, "2026-11-20", true),
        ("2026-11-17", nil, "2026-12-24", true),
        ("2026-11-17", "2026-11-10", "2026-11-17", true),
        // Conceived after the delivery: another.
        ("2026-11-17", "2026-11-10", "2027-08-18", false),
        ("2026-11-17", "2026-11-10", "2027-08-16", true),
        ("2026-11-17", nil, "2028-01-01", false),
    ]

    @Test(arguments: pairs)
    func `two pregnancies never overlap, so those that do are one`(
        due: String, ended: String?, other: String, isSame: Bool
    ) throws {
        let known = Self.episode(try Self.pregnancy(due: due, ended: ended))
        let found = [known].same(as: try Self.pregnancy(due: other, key: "Q"), Self.rules)
        #expect((found != nil) == isSame)
    }

    @Test func `a child and a pregnancy are never the same, and a child is born once`() throws {
        let child = MaternalNotification(
            key: "C", notifiedOn: MaternalCase.day("2026-05-01"),
            subject: .child(MaternalCase.day("2026-04-01")))
        let known = [Self.episode(try Self.pregnancy(due: "2026-11-17"))]
        #expect(known.same(as: child, Self.rules) == nil)
        #expect((known + [Self.episode(child, 2)]).same(as: child, Self.rules)?.id.low == 2)
    }

    @Test func `a checkup belongs to the pregnancy that had begun, a child's to the child`() throws
    {
        let first = Self.episode(
            try Self.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1)
        let second = Self.episode(try Self.pregnancy(due: "2026-11-17"), 2)
        func owner(_ checkup: String, _ day: String) -> UInt64? {
            let result = CheckupResult(
                checkup: checkup, day: MaternalCase.day(day), entries: [])
            return [first, second].episode(of: result, Self.rules)?.id.low
        }
        #expect(owner("prenatal", "2024-12-01") == 1)
        #expect(owner("postpartum-1m", "2025-03-01") == 1)
        #expect(owner("prenatal", "2026-06-01") == 2)
        #expect(owner("infant-3-4m", "2026-06-01") == nil)
        #expect(owner("prenatal", "2023-01-01") == nil)
    }

    /// Weeks of the second are counted from 2025-02-18, three weeks after the delivery of the first.
    static let seenAfter: [(checkup: String, day: String, lost: String?, owner: UInt64)] = [
        ("postpartum-1m", "2025-02-17", nil, 1), ("postpartum-1m", "2025-02-18", nil, 1),
        ("postpartum-1m", "2025-02-28", nil, 1),
        // 56日目 is the last of the window, 57日目 is not.
        ("postpartum-1m", "2025-03-24", nil, 1), ("postpartum-1m", "2025-03-25", nil, 2),
        ("prenatal", "2025-02-28", nil, 2),
        // Both ended within 56 days: what is done after the second is of the second.
        ("postpartum-2w", "2025-03-19", "2025-03-20", 1),
        ("postpartum-2w", "2025-03-20", "2025-03-20", 2),
    ]

    @Test(arguments: seenAfter)
    func `a mother is seen after the pregnancy that ended, though the next counts weeks already`(
        checkup: String, day: String, lost: String?, owner: UInt64
    ) throws {
        let first = Self.episode(try Self.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1)
        let second = Self.episode(
            try Self.pregnancy(due: "2025-11-25", ended: lost, key: "Q"), 2)
        let result = CheckupResult(checkup: checkup, day: MaternalCase.day(day), entries: [])
        #expect([first, second].episode(of: result, Self.rules)?.id.low == owner)
        #expect([second, first].episode(of: result, Self.rules)?.id.low == owner)
    }

    static let answered: [(checkup: String, day: String, today: String, isFormer: Bool)] = [
        // The second pregnancy's weeks begin 2025-02-18, and the first is seen after until 2025-03-24.
        ("postpartum-2w", "2025-02-10", "2025-03-24", false),
        ("postpartum-2w", "2025-02-10", "2025-03-25", true),
        ("postpartum-2w", "2025-02-10", "2025-12-04", true),
        ("postpartum-2w", "2025-11-01", "2025-12-04", false),
        ("prenatal", "2025-01-10", "2025-02-17", false),
        ("prenatal", "2025-01-10", "2025-02-18", true),
        ("prenatal", "2025-04-10", "2025-05-10", false),
        ("infant-1m", "2025-02-10", "2025-12-04", false),
    ]

    @Test(arguments: answered)
    func `what was answered of one pregnancy is no answer in the next`(
        checkup: String, day: String, today: String, isFormer: Bool
    ) throws {
        let episodes = [
            Self.episode(try Self.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1),
            Self.episode(
                try Self.pregnancy(due: "2025-11-25", ended: "2025-11-20", key: "Q"), 2),
        ]
        func isTold(_ episodes: [MaternalEpisode]) -> Bool {
            episodes.isOfFormer(
                checkup, answeredOn: MaternalCase.day(day), today: MaternalCase.day(today),
                Self.rules)
        }
        #expect(isTold(episodes) == isFormer)
        #expect(!isTold([]))
    }

    @Test func `the town that gave out tickets before the move gives out none after it`() throws {
        let notification = try Self.pregnancy(due: "2026-11-17")
        let old = Self.episode(notification)
        func after(_ book: TicketBook) -> MaternalEpisode {
            MaternalEpisode(id: old.id, notification: notification, tickets: book.tickets)
        }
        let here = old.issuing(by: "132101", notification, isFirst: true, Self.rules)
        let moved = after(here).issuing(by: "222216", notification, isFirst: true, Self.rules)
        #expect(!moved.open.isEmpty && moved.open.allSatisfy { $0.number.body == "222216" })
        let again = after(moved).issuing(by: "132101", notification, isFirst: false, Self.rules)
        #expect(again == TicketBook(holding: moved.tickets))
        // They came back: a later day than any ticket of the other town was given out on.
        let back = MaternalNotification(
            key: "P", notifiedOn: MaternalCase.day("2026-07-01"), subject: notification.subject)
        let home = after(moved).issuing(by: "132101", back, isFirst: false, Self.rules)
        #expect(!home.open.isEmpty && !here.tickets.isEmpty)
        #expect(home.open.allSatisfy { $0.number.body == "132101" && $0.number.issue == 2 })
        #expect(home.open.count == here.open.count)
        // A child's tickets are no mother's.
        #expect(here.tickets.allSatisfy { ["prenatal", "postpartum"].contains($0.number.kind) })
    }

    static let two:
        [(own: (due: String, ended: String?), other: (String, String?), isAtOdds: Bool)] = [
            (("2026-11-17", nil), ("2026-11-20", nil), true),
            (("2026-11-17", "2026-07-10"), ("2026-11-20", nil), true),
            (("2025-11-17", "2025-11-10"), ("2025-11-20", nil), true),
            (("2025-11-17", "2025-11-10"), ("2025-11-20", "2025-11-10"), false),
            (("2025-11-17", "2025-11-10"), ("2026-11-17", nil), false),
            // Nobody ever told of the ends: long ago they are one, or two.
            (("2025-01-17", nil), ("2025-01-20", nil), false),
            (("2024-01-17", nil), ("2026-11-17", nil), false),
        ]

    @Test(arguments: two)
    func `two pregnancies of two records are read as hers where there is no question`(
        own: (due: String, ended: String?), other: (String, String?), isAtOdds: Bool
    ) throws {
        let today = MaternalCase.day("2026-08-01")
        let left = Self.episode(try Self.pregnancy(due: own.due, ended: own.ended))
        let notification = try Self.pregnancy(due: other.0, ended: other.1, key: "Q")
        let right = Self.episode(notification, 2)
        #expect([left].isAtOdds(with: [right], on: today, Self.rules) == isAtOdds)
        #expect([right].isAtOdds(with: [left], on: today, Self.rules) == isAtOdds)
        let mistake = MaternalNotification(
            key: "Q", notifiedOn: notification.notifiedOn, subject: notification.subject,
            isWithdrawn: true)
        #expect(![left].isAtOdds(with: [Self.episode(mistake, 2)], on: today, Self.rules))
        #expect(![left].isAtOdds(with: [], on: today, Self.rules))
    }

    @Test func `a notification is read again as it was`() throws {
        for ended in [nil, "2026-11-10"] {
            let notification = try Self.pregnancy(due: "2026-11-17", ended: ended)
            #expect(
                try MaternalNotification(face: notification.face, Self.rules) == notification)
        }
    }
}

import Exchange
import TestSupport
import Testing

@Suite struct TicketBookTests {
    typealias Number = CheckupTicket.Number
    typealias Use = CheckupTicket.Use
    static let rules = MaternalCase.rules
    static let issued = MaternalCase.day("2026-05-01")
    static let moved = MaternalCase.day("2026-08-01")
    static let here = rules.tickets(of: "132101", on: issued)
    static let there = rules.tickets(of: "222216", on: issued)

    static func book(isPlural: Bool = false) -> TicketBook {
        TicketBook(issuing: here, on: issued, isPlural: isPlural)
    }

    static func number(_ serial: Int, of body: String = "132101", issue: Int = 1) -> Number {
        Number(body: body, kind: "prenatal", serial: serial, issue: issue)
    }

    static func use(_ day: String, key: String = "k1", at institution: String = "A") -> Use {
        Use(day: MaternalCase.day(day), institution: institution, key: key)
    }

    static func after(
        _ events: [TicketEvent], from book: TicketBook = book()
    ) throws(MaternalRefusal) -> TicketBook {
        var book = book
        for event in events { book = try book.applying(event) }
        return book
    }

    static let move = TicketEvent.move(to: there, on: moved, isPlural: false)

    @Test func `fourteen tickets are issued, nineteen for more than one child`() throws {
        func prenatal(_ book: TicketBook) -> Int {
            book.open.count { $0.number.kind == "prenatal" }
        }
        #expect(prenatal(Self.book()) == 14)
        #expect(prenatal(Self.book(isPlural: true)) == 19)
        // 多胎と分かってから: only what is missing is added.
        let added = try Self.after([
            .use(Self.number(1), Self.use("2026-05-10")),
            .add(Self.here, on: MaternalCase.day("2026-06-01"), isPlural: true),
        ])
        #expect(prenatal(added) == 18)
        #expect(Set(added.tickets.map(\.number)).count == added.tickets.count)
    }

    @Test func `a ticket is used once, and the same result sent again changes nothing`() throws {
        let used = try Self.after([.use(Self.number(3), Self.use("2026-06-01"))])
        #expect(used.state(of: Self.number(3)) == .used(Self.use("2026-06-01")))
        #expect(try used.applying(.use(Self.number(3), Self.use("2026-06-01"))) == used)
        #expect(throws: MaternalRefusal.keyReused) {
            try used.applying(.use(Self.number(3), Self.use("2026-06-02")))
        }
        #expect(throws: MaternalRefusal.ticketUsed) {
            try used.applying(.use(Self.number(3), Self.use("2026-06-01", key: "k2")))
        }
        #expect(throws: MaternalRefusal.usedTicketStays) {
            try used.applying(.giveBack(Self.number(3), on: Self.moved))
        }
    }

    @Test func `a cancelled use can be used again, by its own key alone`() throws {
        let used = try Self.after([.use(Self.number(3), Self.use("2026-06-01"))])
        #expect(throws: MaternalRefusal.useNotFound) {
            try used.applying(.cancelUse(Self.number(3), key: "k2"))
        }
        #expect(throws: MaternalRefusal.useNotFound) {
            try used.applying(.cancelUse(Self.number(4), key: "k1"))
        }
        let again = try Self.after(
            [
                .cancelUse(Self.number(3), key: "k1"),
                .use(Self.number(3), Self.use("2026-06-02", key: "k2")),
            ], from: used)
        #expect(again.state(of: Self.number(3)) == .used(Self.use("2026-06-02", key: "k2")))
    }

    static let refused: [(name: String, events: [TicketEvent], refusal: MaternalRefusal)] = [
        ("unknown", [.use(number(15), use("2026-06-01"))], .noSuchTicket),
        ("before its issue", [.use(number(1), use("2026-04-30"))], .ticketNotYetValid),
        (
            "given back",
            [.giveBack(number(2), on: issued), .use(number(2), use("2026-06-01"))],
            .ticketReturned
        ),
        (
            "given back twice",
            [.giveBack(number(2), on: issued), .giveBack(number(2), on: issued)],
            .ticketReturned
        ),
        (
            "after the pregnancy ended",
            [
                .close(kind: "prenatal", after: MaternalCase.day("2026-06-30")),
                .use(number(2), use("2026-07-01")),
            ], .ticketExpired
        ),
        ("on the day of the move", [move, .use(number(2), use("2026-08-01"))], .ticketReplaced),
        ("given back after the move", [move, .giveBack(number(2), on: moved)], .ticketReplaced),
        (
            "the new one before the move",
            [move, .use(number(2, of: "222216"), use("2026-07-31"))], .ticketNotYetValid
        ),
        (
            "the new one for a visit already paid for",
            [
                .use(number(2), use("2026-06-01")), move,
                .use(number(2, of: "222216"), use("2026-08-02", key: "k2")),
            ], .ticketUsed
        ),
        (
            "late, when the new one was used",
            [
                move, .use(number(2, of: "222216"), use("2026-08-02")),
                .use(number(2), use("2026-07-31", key: "k2")),
            ], .ticketUsed
        ),
        (
            "added by the former municipality", [move, .add(here, on: moved, isPlural: true)],
            .otherMunicipality
        ),
        (
            "a move before an earlier one",
            [move, .move(to: here, on: moved.adding(days: -1), isPlural: false)],
            .moveOutOfOrder
        ),
    ]

    @Test(arguments: refused)
    func `what cannot be is refused, and the book stays as it was`(
        name: String, events: [TicketEvent], refusal: MaternalRefusal
    ) throws {
        let before = try Self.after(events.dropLast())
        #expect(throws: refusal) { try before.applying(try #require(events.last)) }
    }

    private static func tell(_ number: String, limit: Int? = nil) -> TicketEvent {
        .tell(
            body: "132101", kind: "prenatal", serial: 2,
            CheckupTicket.Face(
                number: number, validFrom: issued, validTo: issued.adding(days: 300),
                limitYen: limit))
    }

    @Test func `a face that was replaced or given back comes not back, and a new one still does`()
        throws
    {
        let reissued = try Self.after([Self.tell("B-1"), Self.tell("B-2")])
        #expect(throws: MaternalRefusal.ticketReplaced) {
            try reissued.applying(Self.tell("B-1"))
        }
        #expect(try reissued.applying(Self.tell("B-2")) == reissued)
        let third = try reissued.applying(Self.tell("B-3"))
        #expect(third.state(of: Self.number(2, issue: 3)) == .issued)
        let returned = try Self.after([
            Self.tell("B-1"), .giveBack(Self.number(2), on: Self.moved), Self.tell("B-2"),
        ])
        #expect(throws: MaternalRefusal.ticketReturned) {
            try returned.applying(Self.tell("B-1"))
        }
    }

    @Test func `the last day before a move or an ending still counts`() throws {
        let book = try Self.after([
            .close(kind: "prenatal", after: MaternalCase.day("2026-06-30")),
            .use(Self.number(2), Self.use("2026-06-30")),
            .use(Self.number(1), Self.use("2026-05-01", key: "k2")),
        ])
        #expect(book.open.count { $0.number.kind == "prenatal" } == 12)
        // 転出日の前日の受診が、転出の後に届く。
        let late = try Self.after([Self.move, .use(Self.number(2), Self.use("2026-07-31"))])
        let new = Self.number(2, of: "222216")
        #expect(late.state(of: new) == .spentElsewhere(Self.number(2)))
        #expect(late.usesAfterMove.isEmpty)
        // Cancelled, the visit is open again, at the new municipality alone.
        let again = try late.applying(.cancelUse(Self.number(2), key: "k1"))
        #expect(again.state(of: new) == .issued)
        #expect(again.state(of: Self.number(2)) == .replaced(on: Self.moved))
    }

    @Test func `a use that turns out to lie after the move is the new municipality's to settle`()
        throws
    {
        let book = try Self.after([.use(Self.number(4), Self.use("2026-08-01")), Self.move])
        #expect(book.usesAfterMove.map(\.number) == [Self.number(4)])
        #expect(
            book.state(of: Self.number(4, of: "222216")) == .spentElsewhere(Self.number(4)))
    }

    @Test func `a family that comes back gets new numbers, not the old ones`() throws {
        let back = try Self.after([
            Self.move, .move(to: Self.here, on: Self.moved.adding(days: 30), isPlural: false),
        ])
        #expect(back.state(of: Self.number(1, issue: 2)) == .issued)
        #expect(back.state(of: Self.number(1)) == .replaced(on: Self.moved))
        #expect(back.open.allSatisfy { $0.number.body == "132101" && $0.number.issue == 2 })
    }

    @Test func `a ticket's last day follows from the windows it pays for`() throws {
        let birth = MaternalCase.day("2026-01-31")
        func last(_ kind: String) throws -> String? {
            let rule = try #require(Self.here.first { $0.kind == kind })
            return Self.rules.lastDay(of: rule, from: birth)?.text
        }
        #expect(try last("prenatal") == nil)
        #expect(try last("postpartum") == "2026-03-27")
        #expect(try last("infant-1m") == "2026-03-13")
        #expect(try last("infant-6-10m") == "2026-12-30")
    }

    @Test(arguments: Seeded.seeds(40))
    func `of two clinics at once exactly one wins, whichever comes first`(seed: UInt64) throws {
        var seeded = Seeded(seed)
        let serial = seeded.int(1...14)
        let uses = [
            Self.use("2026-06-01", key: "a", at: "A"), Self.use("2026-06-01", key: "b", at: "B"),
        ]
        for order in [uses, uses.reversed()] {
            let first = try Self.after([.use(Self.number(serial), order[0])])
            #expect(throws: MaternalRefusal.ticketUsed) {
                try first.applying(.use(Self.number(serial), order[1]))
            }
        }
    }

    /// Any event at all, of days around the moves and of tickets that exist or do not.
    static func anyEvent(_ seeded: inout Seeded, _ book: TicketBook) -> TicketEvent {
        let day = issued.adding(days: seeded.int(-5...200))
        let number =
            seeded.oneIn(8) ? Self.number(seeded.int(1...20)) : seeded.pick(book.tickets).number
        let key = "k\(seeded.int(1...6))"
        switch seeded.int(0...9) {
        case 0: return .giveBack(number, on: day)
        case 1, 2: return .cancelUse(number, key: key)
        case 3: return .move(to: seeded.oneIn(2) ? here : there, on: day, isPlural: seeded.oneIn(3))
        case 4: return .add(seeded.oneIn(2) ? here : there, on: day, isPlural: true)
        case 5 where seeded.oneIn(6): return .close(kind: "prenatal", after: day)
        default: return .use(number, Use(day: day, institution: "A", key: key))
        }
    }

    @Test(arguments: Seeded.seeds(60))
    func `whatever happens, no visit is paid for twice and no used ticket is open`(
        seed: UInt64
    ) throws {
        var seeded = Seeded(seed)
        var book = Self.book()
        for _ in 0..<60 {
            let event = Self.anyEvent(&seeded, book)
            let before = book
            do {
                book = try book.applying(event)
            } catch {
                #expect(book == before)
            }
            let used = book.tickets.filter { $0.use != nil }
            let visits = used.map { "\($0.number.kind)/\($0.number.serial)" }
            #expect(Set(visits).count == visits.count)
            let open = book.open.map { "\($0.number.kind)/\($0.number.serial)" }
            #expect(Set(open).isDisjoint(with: visits) && Set(open).count == open.count)
            #expect(Set(book.tickets.map(\.number)).count == book.tickets.count)
            if let use = used.first?.use, case .use(_, use) = event {
                #expect(try book.applying(event) == book)
            }
        }
    }
}

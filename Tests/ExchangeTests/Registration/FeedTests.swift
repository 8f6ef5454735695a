import Exchange
import Testing

/// 届き方: entitlements are stale after 72 hours and targets after 62 days, as `profiles/` has it.
@Suite struct FeedTests {
    static let body = "132101"
    static let now = Instant(seconds: 1_800_000_000)

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var field = StatementField.residenceMoves
        let hours: Int64
        var fileHours: Int64?
        var fileBeforeHours: Int64?
        let late: String?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        .init(name: "on its last hour", hours: 72, late: nil),
        .init(name: "an hour later", hours: 73, late: "132101/residence-moves"),
        .init(
            name: "another field has its own hours", field: .checkupTickets, hours: 73, late: nil),
        .init(
            name: "and is late after them", field: .checkupTickets, hours: 1489,
            late: "132101/checkup-tickets"),
        .init(
            name: "a row by the API for a file of every night", field: .subsidy, hours: 1,
            fileHours: 73, fileBeforeHours: 97, late: "132101/subsidy/file"),
        .init(
            name: "the night's file came", field: .subsidy, hours: 1, fileHours: 72,
            fileBeforeHours: 96, late: nil),
        .init(
            name: "one that comes now and then", field: .subsidy, hours: 1, fileHours: 73,
            fileBeforeHours: 73 + 73, late: nil),
        .init(name: "the only one", field: .subsidy, hours: 1, fileHours: 500, late: nil),
        .init(
            name: "what is late as a whole is not told twice", hours: 80, fileHours: 80,
            fileBeforeHours: 104, late: "132101/residence-moves"),
    ]

    @Test(arguments: cases)
    func `a feed that stopped is late`(row: Case) {
        func ago(_ hours: Int64) -> Instant { Self.now.adding(seconds: -hours * 3600) }
        let feed = Feed(
            body: Self.body, field: row.field, asOf: ago(row.hours),
            fileAt: row.fileHours.map(ago), fileBefore: row.fileBeforeHours.map(ago))
        #expect(feed.late(by: Profiles.book.subsidy, at: Self.now)?.name == row.late)
    }

    /// A version of the rules kept from before there were hours of fields.
    @Test func `without hours of its own a field is as entitlements are`() throws {
        var files = Profiles.files
        files["registration/feeds.json"] = nil
        let rules = try RuleBook(reading: files, version: "old").subsidy
        let asOf = Self.now.adding(seconds: -73 * 3600)
        #expect(rules.isStale(Self.body, in: .checkupTickets, asOf: asOf, at: Self.now))
        let present = Profiles.book.subsidy
        #expect(!present.isStale(Self.body, in: .checkupTickets, asOf: asOf, at: Self.now))
    }
}

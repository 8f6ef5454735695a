import Exchange
import Ledger
import TestSupport
import Testing

/// 突合の木: the same rows have the same root in any order, and whatever differs is found in as many steps as
/// the tree forks.
@Suite struct StatementTreeTests {
    private static func row(_ number: Int, _ face: String) -> StatementRow {
        StatementRow(checkupTarget: "{\"item\":\"\(face)\"}", identityKey: "K-\(number)")
    }

    private static func leaves(_ rows: [(Int, String)]) -> [StatementTree.Leaf] {
        rows.map { StatementTree.Leaf(row($0.0, $0.1), line: $0.0) }
    }

    @Test(arguments: Seeded.seeds(30))
    func `the order of the rows makes no difference`(seed: UInt64) {
        var chance = Seeded(seed)
        let rows = (0..<chance.int(0...400)).map { ($0, "x") }
        let depth = chance.int(0...3)
        let one = StatementTree(Self.leaves(rows), depth: depth)
        let other = StatementTree(Self.leaves(rows.shuffled(using: &chance)), depth: depth)
        #expect(one.root == other.root)
    }

    /// What one side changed, and the walk that the command does, of which the last step is the gateway's.
    @Test(arguments: Seeded.seeds(60))
    func `the first key that differs is found, and it is one that was changed`(seed: UInt64) throws
    {
        var chance = Seeded(seed)
        let count = chance.int(1...500)
        let here = (0..<count).map { ($0, "x") }
        var there = here
        var changed: Set<StatementHash> = []
        for _ in 0..<chance.int(1...4) {
            let place = chance.int(0...count - 1)
            switch chance.int(1...3) {
            case 1: there.removeAll { $0.0 == place }
            case 2: there = there.map { $0.0 == place ? (place, "y") : $0 }
            default: there.append((count + place, "z"))
            }
        }
        for number in 0..<(count * 2) {
            let ours = here.filter { $0.0 == number }.map(\.1)
            let theirs = there.filter { $0.0 == number }.map(\.1)
            if ours.sorted() != theirs.sorted() {
                changed.insert(StatementTree.Leaf(Self.row(number, ""), line: 0).key)
            }
        }
        let depth = StatementTree.depth(of: count)
        let (own, other) = (
            StatementTree(Self.leaves(here), depth: depth),
            StatementTree(Self.leaves(there), depth: depth)
        )
        #expect((own.root == other.root) == changed.isEmpty)
        guard !changed.isEmpty else { return }
        var node = 0
        for level in 0..<depth {
            let branches = StatementTree.branches(of: node).map { other.levels[level + 1][$0] }
            #expect(StatementTree.node(branches[...]) == other.levels[level][node])
            node = try #require(own.firstDifference(branches, below: node, level: level))
        }
        let found = try #require(
            StatementDifference(
                here: own.bucket(node),
                there: other.bucket(node).map { ($0.key, $0.content) }))
        #expect(found.key == changed.min())
    }

    static let depths: [(rows: Int, depth: Int)] = [
        (0, 0), (32, 0), (33, 1), (512, 1), (513, 2), (1_000_000, 4), (100_000_000, 5),
    ]

    @Test(arguments: depths)
    func `questions grow with the logarithm of the rows`(row: (rows: Int, depth: Int)) {
        #expect(StatementTree.depth(of: row.rows) == row.depth)
    }

    static let alike: [(name: String, one: String, other: String)] = [
        ("order of items", #"{"a":"1","b":"2"}"#, #"{"b":"2","a":"1"}"#),
        ("spacing", #"{ "a" : "1" }"#, #"{"a":"1"}"#),
        ("what is empty", #"{"a":"1","b":"","c":null,"d":[],"e":{}}"#, #"{"a":"1"}"#),
        ("what says it is not deleted", #"{"a":"1","isDeleted":false}"#, #"{"a":"1"}"#),
    ]

    @Test(arguments: alike.indices)
    func `rows that say the same are the same`(_ index: Int) {
        let (name, one, other) = Self.alike[index]
        let rows = [one, other].map {
            StatementRow(
                entitlement: $0, certificateType: "kodomo", subKey: "", historyKey: "1",
                birthDate: "2020-04-01")
        }
        #expect(rows[0] == rows[1], Comment(rawValue: name))
    }

    @Test func `another value, another birth date or another key is another row`() {
        func row(_ face: String, _ born: String, _ key: String) -> StatementRow {
            StatementRow(
                entitlement: face, certificateType: "kodomo", subKey: "", historyKey: key,
                birthDate: born)
        }
        let rows = [
            row(#"{"a":"1"}"#, "2020-04-01", "1"), row(#"{"a":"2"}"#, "2020-04-01", "1"),
            row(#"{"a":"1"}"#, "2020-04-02", "1"), row(#"{"a":"1"}"#, "2020-04-01", "2"),
        ]
        #expect(Set(rows).count == rows.count)
    }

    @Test func `a statement is read as it was written, and nothing else is one`() throws {
        let statement = HoldingStatement(
            origin: "tsunagi.example/test", of: ("132101", .subsidy),
            at: Instant(microseconds: 1_700_000_000_000_000), counts: (12, 1),
            asOf: nil, isStale: true, tree: (1, [UInt8](repeating: 7, count: 32)))
        #expect(try HoldingStatement(reading: statement.text) == statement)
        for wrong in [
            "", "x", statement.text + "more: 1\n", statement.text.replacing("v1", with: "v2"),
        ] {
            #expect(throws: Refusal.malformed("statement")) {
                try HoldingStatement(reading: wrong)
            }
        }
    }
}

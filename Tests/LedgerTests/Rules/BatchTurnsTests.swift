import Exchange
import Ledger
import Testing

/// 組分け: jobs share a turn only by the same rules, and a resident's jobs keep their order.
@Suite struct BatchTurnsTests {
    private static let (mother, child) = (PersonKey(high: 1, low: 1), PersonKey(high: 2, low: 2))

    struct Row: Sendable {
        let name: String
        let jobs: [(rules: String, person: PersonKey?)]
        let turns: [[Int]]
    }

    static let rows: [Row] = [
        Row(name: "none", jobs: [], turns: []),
        Row(name: "two residents", jobs: [("a", mother), ("a", child)], turns: [[0, 1]]),
        Row(
            name: "one resident three times", jobs: [("a", mother), ("a", mother), ("a", mother)],
            turns: [[0], [1], [2]]),
        Row(
            name: "another in between", jobs: [("a", mother), ("a", child), ("a", mother)],
            turns: [[0, 1], [2]]),
        Row(
            name: "nobody's order matters", jobs: [("a", nil), ("a", nil), ("a", nil)],
            turns: [[0, 1, 2]]),
        Row(
            name: "rules change between", jobs: [("a", nil), ("b", nil), ("a", nil)],
            turns: [[0, 2], [1]]),
        Row(
            name: "one resident by other rules",
            jobs: [("b", child), ("a", mother), ("b", mother)],
            turns: [[0], [1], [2]]),
        Row(
            name: "and again by the first", jobs: [("a", mother), ("b", mother), ("a", mother)],
            turns: [[0], [1], [2]]),
    ]

    @Test(arguments: rows) func `jobs are parted`(_ row: Row) {
        #expect(BatchTurns(row.jobs).turns == row.turns, "\(row.name)")
    }

    @Test func `every job has one turn, and a resident's turns rise`() {
        for jobs in Self.everyFour {
            let turns = BatchTurns(jobs).turns
            #expect(turns.flatMap { $0 }.sorted() == Array(jobs.indices))
            for turn in turns {
                #expect(Set(turn.map { jobs[$0].rules }).count == 1)
                #expect(Set(turn.map { jobs[$0].person }).count == turn.count)
            }
            for person in [Self.mother, Self.child] {
                let places = turns.flatMap { $0.filter { jobs[$0].person == person } }
                #expect(places == places.sorted())
            }
        }
    }

    /// All sequences of four jobs of two residents by two rules.
    private static var everyFour: [[(rules: String, person: PersonKey?)]] {
        (0..<256).map { number in
            (0..<4).map { place in
                let bits = number >> (2 * place)
                return (bits & 1 == 0 ? "a" : "b", bits & 2 == 0 ? mother : child)
            }
        }
    }
}

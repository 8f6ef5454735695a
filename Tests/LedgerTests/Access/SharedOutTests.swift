import Ledger
import Testing

/// 手分け: what two hands make is what one would have made.
struct SharedOutTests {
    private struct Broken: Error, Equatable { let number: Int }

    @Test(arguments: [0, 1, 31, 63, 64, 65, 127, 200, 1001])
    func `all of it is made, once and in order`(count: Int) throws {
        let made = try sharedOut(Array(0..<count)) { part in part.map { 2 * $0 } }
        #expect(made == (0..<count).map { 2 * $0 })
    }

    /// Of a part, what it makes need not be as many as its rows.
    @Test func `a long list is made in two parts, a short one in one`() throws {
        #expect(try sharedOut(Array(0..<63)) { [$0.count] } == [63])
        #expect(try sharedOut(Array(0..<200)) { [$0.count] } == [100, 100])
    }

    @Test func `the first part that fails is what is told`() {
        #expect(throws: Broken(number: 0)) {
            try sharedOut(Array(0..<200)) { part -> [Int] in
                throw Broken(number: part[part.startIndex])
            }
        }
        #expect(throws: Broken(number: 100)) {
            try sharedOut(Array(0..<200)) { part -> [Int] in
                guard part.contains(0) else { throw Broken(number: part[part.startIndex]) }
                return Array(part)
            }
        }
    }
}

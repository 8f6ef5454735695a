import Synchronization

/// SQL with a stable prepared name: equal texts are one statement, which every connection prepares
/// once, on first use. Texts are kept for the life of the process, so write them as constants and
/// pass what varies as values.
package struct Statement: Hashable, Sendable {
    package let sql: String
    let number: Int

    package init(_ sql: String) {
        self.sql = sql
        number = Self.numbers.withLock { numbers in
            if let known = numbers[sql] { return known }
            numbers[sql] = numbers.count
            return numbers.count - 1
        }
    }

    /// The name on the server. Short enough to need no allocation.
    var name: String { "s\(number)" }

    package static func == (left: Statement, right: Statement) -> Bool {
        left.number == right.number
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
    }

    private static let numbers = Mutex<[String: Int]>([:])
}

import CPostgres

/// Where PostgreSQL is and as whom: libpq's keywords or URI. A password in it is never printed.
package struct Address: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    private let conninfo: String
    private var overrides: [String: String] = [:]

    /// Nothing is checked until the first connection: a malformed text is `DatabaseError.address`.
    package init(_ conninfo: String) {
        self.conninfo = conninfo
    }

    package func with(user: String) -> Address { with("user", user) }
    package func with(database: String) -> Address { with("dbname", database) }
    package func with(password: String) -> Address { with("password", password) }

    /// libpq's keywords with their values: what the text says, then what was set beside it.
    func keywords() throws -> [String: String] {
        guard let parsed = PQconninfoParse(conninfo, nil) else { throw DatabaseError.address }
        defer { PQconninfoFree(parsed) }
        var words: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                words[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return words.merging(overrides) { _, new in new }
    }

    /// Host, port, database and user: enough to find the server in a log, nothing secret.
    package var description: String {
        guard let words = try? keywords() else { return "malformed address" }
        return ["host", "port", "dbname", "user"]
            .compactMap { name in words[name].map { "\(name)=\($0)" } }
            .joined(separator: " ")
    }

    /// `dump` and string interpolation of an enclosing value must not reach the password either.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }

    private func with(_ keyword: String, _ value: String) -> Address {
        var copy = self
        copy.overrides[keyword] = value
        return copy
    }
}

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
        return Self.words(parsed).merging(overrides) { _, new in new }
    }

    private static func words(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String]
    {
        var words: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val {
                words[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return words
    }

    /// 守られた経路: throws `.unprotected` unless every server it may lead to is on this machine (a Unix socket or
    /// loopback) or has to prove its name over TLS. libpq's own default is to send in the clear when TLS is
    /// not offered, and to whoever answers. What it takes from its variables (`PGHOST`, `PGSSLMODE`) counts
    /// as if it stood here; where a service file leads nobody can say.
    package func requireProtection() throws {
        var words = try keywords()
        if let defaults = PQconndefaults() {
            defer { PQconninfoFree(defaults) }
            words = Self.words(defaults).merging(words) { _, own in own }
        }
        guard words["sslmode"] != "verify-full" else { return }
        let hosts = Self.list(words["host"])
        let addresses = Self.list(words["hostaddr"])
        let isHere = (0..<max(hosts.count, addresses.count)).allSatisfy { index in
            // libpq connects to the address where there is one; the name is only what it checks.
            let address = index < addresses.count ? addresses[index] : ""
            let host = index < hosts.count ? hosts[index] : ""
            return Self.isHere(address.isEmpty ? host : address)
        }
        guard isHere, words["service"] == nil else { throw DatabaseError.unprotected }
    }

    private static func list(_ text: String?) -> [String] {
        text?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    }

    /// An empty name is libpq's default socket.
    private static func isHere(_ host: String) -> Bool {
        if host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback =
            parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isLoopback || host == "::1" || host == "localhost"
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

import CPostgres
import Glibc

/// 接続の決まり: what every connection asks of the server, whatever the address says.
extension Connection.Options {
    /// The address's keywords between our defaults, which it may override, and what is not
    /// negotiable. Timeouts travel as start-up options, so no connection is ever without them.
    func keywords(for address: Address) throws -> [String: String] {
        let defaults = [
            // Seconds. A server that does not answer in three is as good as down.
            "connect_timeout": "3",
            // A peer that vanished without a word is noticed after 10 + 3 × 5 = 25 s of silence,
            // or when data sent to it stays unacknowledged for 15 s.
            "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3",
            "tcp_user_timeout": "15000",
            // Saves looking for Kerberos tickets on each connection.
            "gssencmode": "disable",
        ]
        var words = try defaults.merging(address.keywords()) { _, theirs in theirs }
        words["application_name"] = label
        words["client_encoding"] = "UTF8"
        let own = settings.sorted { $0.key < $1.key }.map { name, value in
            "-c \(name)=\(value.split(separator: " ").joined(separator: "\\ "))"
        }
        words["options"] = ([words["options"]].compactMap(\.self) + own).joined(separator: " ")
        return words
    }

    private var settings: [String: String] {
        [
            "statement_timeout": String(statementTimeoutMilliseconds),
            "lock_timeout": String(lockTimeoutMilliseconds),
            "idle_in_transaction_session_timeout": String(idleInTransactionMilliseconds),
            // Notices are not read, warnings are: see `Connection.takeWarning`.
            "client_min_messages": "warning",
            "DateStyle": "ISO", "bytea_output": "hex",
            // A plan made while a table was empty (a fresh database, a month's first second) is kept until
            // statistics come, and would read the whole table by then: an index is taken where there is one.
            "enable_seqscan": "off",
            // Compiling costs more than any of these statements, and so does starting workers: the few
            // milliseconds that they run are taken from the cores on which others wait for an answer.
            "jit": "off", "max_parallel_workers_per_gather": "0",
        ].merging(mode.defaults) { _, new in new }.merging(plansOnce ? Self.planning : [:]) {
            _, new in new
        }
    }

    /// A plan for whatever values come knows nothing of how many rows each has: a join that reads all of
    /// a table may look cheap to it, and one by index is never wrong by more than the batch.
    private static let planning = [
        "plan_cache_mode": "force_generic_plan", "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    ]
}

/// Lends a null-terminated array of C strings.
func withCStrings<R>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    let copies = texts.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return (copies + [nil]).withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("never empty") }
        return body(base)
    }
}

package import Exchange
import Postgres

/// What the ledger's own errors mean to a caller, for the one place that maps errors to answers.
package enum LedgerError {
    /// `.overloaded` for a full queue or a lock that somebody else has, `.notReady` while the database
    /// is away or when it cannot be known whether a commit was kept (sent again, the same request
    /// finds what it did); nothing for the rest.
    package static func refusal(for error: any Error) -> Refusal? {
        switch error {
        case is PoolExhausted, is TaskUnderWay: .overloaded
        case is KeyVersionLacking: .notReady
        case DatabaseError.connectionLost, DatabaseError.unreachable, DatabaseError.shutDown,
            DatabaseError.commitUnknown:
            .notReady
        // Every check of ours has a name: one without is an entry that finds no partition of its
        // month, and until there is one nothing may be answered.
        case DatabaseError.server(sqlState: "23514", constraint: nil): .notReady
        case let error as DatabaseError: refusal(forState: error.sqlState)
        default: nil
        }
    }

    /// https://www.postgresql.org/docs/15/errcodes-appendix.html: what passes by itself.
    private static func refusal(forState state: String?) -> Refusal? {
        switch state {
        // Lock not available, statement cancelled by its limit, deadlock, serialization.
        case "55P03", "57014", "40P01", "40001": .overloaded
        // Out of connections, shutting down, starting up, read only after a failover, disk full.
        case "53300", "57P01", "57P02", "57P03", "25006", "53100": .notReady
        default: nil
        }
    }

    /// Codes and names of the schema alone: an error of the database never quotes a row.
    package static func safeText(of error: any Error) -> String? {
        switch error {
        case let error as DatabaseError: error.description
        case let error as KeyVersionLacking: "lacks version \(error.version) of \(error.key)"
        case let error as UnenteredAccess: "unentered access: \(error.purpose.rawValue)"
        default: nil
        }
    }
}

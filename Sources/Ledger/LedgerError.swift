package import Exchange
import Postgres

/// What the ledger's own errors mean to a caller, for the one place that maps errors to answers.
package enum LedgerError {
    /// `.overloaded` for a full queue, `.notReady` while the database is away; nothing for the rest.
    package static func refusal(for error: any Error) -> Refusal? {
        switch error {
        case is PoolExhausted: .overloaded
        case DatabaseError.connectionLost: .notReady
        default: nil
        }
    }

    /// Codes and names of the schema alone: an error of the database never quotes a row.
    package static func safeText(of error: any Error) -> String? {
        switch error {
        case let error as DatabaseError: error.description
        case let error as UnenteredAccess: "unentered access: \(error.purpose.rawValue)"
        default: nil
        }
    }
}

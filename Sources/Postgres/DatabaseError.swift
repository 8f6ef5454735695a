/// What went wrong between us and PostgreSQL, without a word of what was asked or stored: the
/// server's message, detail and hint can quote a row, so none of them is ever kept.
package enum DatabaseError: Error, Hashable, CustomStringConvertible {
    /// The server refused. SQLSTATE is the standard's code; the constraint is named for its rule.
    case server(sqlState: String, constraint: String?)
    /// The connection broke before COMMIT was sent: nothing of the transaction was kept.
    case connectionLost
    /// COMMIT was sent and its answer never came, or came with the warning that no replica has it.
    /// MUST NOT be repeated blindly: the transaction may be durable.
    case commitUnknown
    /// No connection could be opened within the limit.
    case unreachable
    /// The address is not one libpq can read.
    case address
    /// The address leads to another machine over a line that anybody on the way could read, or answer.
    case unprotected
    /// A null where none was expected, or a type that the getter does not read.
    case decoding(column: String)
    /// The value at this position (from 1) cannot be sent: a NUL in a text, a number of values that
    /// is not the statement's, or a kind that its parameter's type does not take.
    case parameter(position: Int)
    /// The transaction had already been committed by `pipelineAndCommit`, or by its own script.
    case transactionEnded
    /// A lane's `run` returned another number of outcomes than it was given jobs.
    case outcomesMismatch
    /// The pool or lane has been shut down.
    case shutDown

    package var sqlState: String? {
        if case .server(let sqlState, _) = self { sqlState } else { nil }
    }

    package var constraint: String? {
        if case .server(_, let constraint) = self { constraint } else { nil }
    }

    package var description: String {
        switch self {
        case .server(let sqlState, nil): "database refused: SQLSTATE \(sqlState)"
        case .server(let sqlState, let constraint?):
            "database refused: SQLSTATE \(sqlState), constraint \(constraint)"
        case .connectionLost: "database connection lost before commit"
        case .commitUnknown: "database connection lost during commit: outcome unknown"
        case .unreachable: "database unreachable"
        case .address: "malformed database address"
        case .unprotected:
            "the database is on another machine and need not prove its name: set sslmode=verify-full and "
                + "sslrootcert=FILE in its connection string (a Unix socket or loopback needs neither)"
        case .decoding(let column): "column \(column) does not hold what was asked of it"
        case .parameter(let position): "parameter \(position) cannot be sent"
        case .transactionEnded: "transaction already ended"
        case .outcomesMismatch: "a batch gave another number of outcomes than it had jobs"
        case .shutDown: "shut down"
        }
    }
}

/// The queue is full or the wait limit has passed: an overload that the caller can be told of.
package struct PoolExhausted: Error, Hashable, CustomStringConvertible {
    package let label: String

    package init(label: String) {
        self.label = label
    }

    package var description: String { "\(label): too many are waiting for the database" }
}

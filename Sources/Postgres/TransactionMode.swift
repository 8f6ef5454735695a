/// How much a transaction may do, and of which moment it reads.
package enum TransactionMode: Sendable {
    /// Read committed: each statement sees what was committed before it began.
    case readWrite
    /// Repeatable read, read only: all statements see one moment, and none can write.
    case readOnly
    /// Repeatable read: all statements see one moment, and some write. The server refuses with SQLSTATE
    /// 40001 to change a row that another transaction changed since.
    case snapshot
    /// As if one transaction ran at a time; the server may refuse with SQLSTATE 40001 at any point.
    case serializable

    var begin: Statement {
        switch self {
        case .readWrite: Self.beginReadWrite
        case .readOnly: Self.beginReadOnly
        case .snapshot: Self.beginSnapshot
        case .serializable: Self.beginSerializable
        }
    }

    /// What a connection's transactions are when no BEGIN says otherwise.
    var defaults: [String: String] {
        let isolation =
            switch self {
            case .readWrite: "read committed"
            case .readOnly, .snapshot: "repeatable read"
            case .serializable: "serializable"
            }
        return [
            "default_transaction_isolation": isolation,
            "default_transaction_read_only": self == .readOnly ? "on" : "off",
        ]
    }

    static let commit = Statement("COMMIT")
    static let rollback = Statement("ROLLBACK")

    private static let beginReadWrite = Statement("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    private static let beginReadOnly = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    private static let beginSnapshot = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE")
    private static let beginSerializable = Statement(
        "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE")
}

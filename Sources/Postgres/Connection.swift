import CPostgres
import Glibc
import Logging

/// One libpq connection in pipeline mode, owned by one thread. Once broken it stays broken and is
/// thrown away: nothing on it is ever repaired.
final class Connection {
    struct Options: Sendable {
        var label: String
        var mode: TransactionMode
        var statementTimeoutMilliseconds: Int
        var lockTimeoutMilliseconds: Int
        var idleInTransactionMilliseconds: Int
        /// 一度の計画: for who sends the same few statements again and again, whatever their values: planning
        /// one of them for the values of a batch takes longer than the batch. Plans are made anew each
        /// second: one made for a table that was empty would be bad for long.
        var plansOnce = false
    }

    let handle: OpaquePointer
    let options: Options
    let logger: Logger
    private(set) var isBroken = false
    private let notices = Notices()
    private var plansGoodUntil = Moment.now.adding(milliseconds: 1_000)
    private var parameterTypes: [Int: [Oid]] = [:]

    /// Throws `.unreachable` once `refused` was told why.
    init(
        _ address: Address, _ options: Options, logger: Logger, refused: (String) -> Void
    ) throws {
        try address.requireProtection()
        let words = try options.keywords(for: address)
        let opened = withCStrings(words.map(\.key)) { names in
            withCStrings(words.map(\.value)) { values in
                PQconnectdbParams(constant(names), constant(values), 0)
            }
        }
        guard let opened else { throw DatabaseError.unreachable }
        guard PQstatus(opened) == CONNECTION_OK else {
            // libpq's words about connecting name host, database and user; it knows no row yet.
            refused(PQerrorMessage(opened).map { String(cString: $0) } ?? "")
            PQfinish(opened)
            throw DatabaseError.unreachable
        }
        handle = opened
        self.options = options
        self.logger = logger
        notices.receive(from: opened)
        // From here on a failure runs `deinit`, which finishes it.
        guard PQenterPipelineMode(opened) == 1 else { throw DatabaseError.unreachable }
    }

    deinit {
        PQfinish(handle)
    }

    /// False when the server has closed its end. Between transactions an honest connection has
    /// nothing to read, so anything readable (the end, a last word, a changed setting) counts as
    /// closed: a new connection is cheap, half a request is not.
    var isOpen: Bool {
        guard !isBroken, PQstatus(handle) == CONNECTION_OK else { return false }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) == 0
    }

    /// Between transactions; see `Options.plansOnce`.
    func forgetOldPlans() throws {
        guard options.plansOnce, Moment.now > plansGoodUntil else { return }
        _ = try exchange([(Self.discardPlans, [])])
        plansGoodUntil = Moment.now.adding(milliseconds: 1_000)
    }

    private static let discardPlans = Statement("DISCARD PLANS")

    /// What the server says of the transaction since the last exchange.
    var hasOpenTransaction: Bool {
        PQtransactionStatus(handle) != PQTRANS_IDLE
    }

    /// Whether the server warned, since last asked, that a commit may not be on a replica.
    func takeWarning() -> Bool {
        defer { notices.warned = false }
        return notices.warned
    }

    /// Several statements in one round trip, results in order. After the first that fails the
    /// server skips the rest, and the failure is thrown. Each is written while the server is at the
    /// one before; a value that cannot be sent breaks the connection unless it is of the first.
    func exchange(_ steps: [(Statement, [Value])]) throws -> [Rows] {
        guard !isBroken else { throw DatabaseError.connectionLost }
        try prepare(steps)
        for (index, (statement, values)) in steps.enumerated() {
            let parameters: Parameters
            do {
                parameters = try Parameters(
                    values, as: parameterTypes[statement.number] ?? [])
            } catch {
                // What went before is with the server, and nothing will be committed after it.
                isBroken = index > 0
                throw error
            }
            guard parameters.send(handle, statement) else { throw lost() }
        }
        return try synchronize(expecting: steps.count)
    }

    /// Asks the server to parse what this connection has not yet seen, and for the parameters'
    /// types. One more round trip, once in a connection's life.
    func prepare(_ steps: [(Statement, [Value])]) throws {
        // The first time also what ends a transaction, so that COMMIT goes out at once.
        var missing =
            parameterTypes.isEmpty ? [TransactionMode.commit, TransactionMode.rollback] : []
        for (statement, _) in steps
        where parameterTypes[statement.number] == nil && !missing.contains(statement) {
            missing.append(statement)
        }
        guard !missing.isEmpty else { return }
        for statement in missing {
            guard PQsendPrepare(handle, statement.name, statement.sql, 0, nil) == 1,
                PQsendDescribePrepared(handle, statement.name) == 1
            else { throw lost() }
        }
        let answers: [Rows]
        do {
            answers = try synchronize(expecting: 2 * missing.count)
        } catch {
            // Some may be prepared and some not: the names must not be used twice.
            if missing.count > 1 { isBroken = true }
            throw error
        }
        for (index, statement) in missing.enumerated() {
            parameterTypes[statement.number] = answers[2 * index + 1].parameterTypes
        }
    }

    /// Ends the pipeline and reads all that the server answers up to there.
    private func synchronize(expecting count: Int) throws -> [Rows] {
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        var answers: [Rows] = []
        answers.reserveCapacity(count)
        var failure: DatabaseError?
        var endsInARow = 0
        while true {
            guard let result = PQgetResult(handle) else {
                // Each statement's results end with nil; twice in a row is no server's answer.
                endsInARow += 1
                guard endsInARow < 3, PQstatus(handle) == CONNECTION_OK else { throw lost() }
                continue
            }
            endsInARow = 0
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                if let failure { throw failure }
                guard answers.count == count else { throw lost() }
                return answers
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                answers.append(Rows(result))
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
            case PGRES_FATAL_ERROR:
                let error = refusal(Rows(result))
                if isBroken { throw DatabaseError.connectionLost }
                failure = failure ?? error
            default:
                // COPY and the like: not spoken here.
                PQclear(result)
                throw lost()
            }
        }
    }

    /// Several statements by the simple protocol, for migrations. What was prepared is forgotten:
    /// the tables under it may have changed.
    func script(_ sql: String) throws {
        guard !isBroken else { throw DatabaseError.connectionLost }
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        for text in [sql, "DEALLOCATE ALL"] {
            guard let result = PQexec(handle, text) else { throw lost() }
            let rows = Rows(result)
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: continue
            case PGRES_FATAL_ERROR:
                let error = refusal(rows)
                guard !isBroken, PQenterPipelineMode(handle) == 1 else {
                    throw DatabaseError.connectionLost
                }
                throw error
            default: throw lost()
            }
        }
        parameterTypes = [:]
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
    }

    private func lost() -> DatabaseError {
        isBroken = true
        return .connectionLost
    }

    private func refusal(_ rows: Rows) -> DatabaseError {
        let severity = rows.errorField("V")
        guard PQstatus(handle) == CONNECTION_OK, let sqlState = rows.errorField("C"),
            severity != "FATAL", severity != "PANIC"
        else { return lost() }
        // A prepared statement that is gone, or whose result changed shape: only a new connection
        // prepares it anew.
        if sqlState == "26000" || sqlState == "0A000" { isStale = true }
        logger.debug(
            "database refused",
            metadata: [
                "sqlState": "\(sqlState)", "constraint": "\(rows.errorField("n") ?? "")",
                "table": "\(rows.errorField("t") ?? "")", "column": "\(rows.errorField("c") ?? "")",
                "position": "\(rows.errorField("P") ?? "")",
            ])
        return .server(sqlState: sqlState, constraint: rows.errorField("n"))
    }

    /// Still able to end its transaction, but not to serve another.
    private(set) var isStale = false
}

/// Keeps the server's notices off standard error, where libpq would print them with the data in
/// them.
private final class Notices {
    /// SQLSTATE 01000 while committing: the wait for the replicas was given up.
    var warned = false

    /// The connection MUST NOT outlive this object.
    func receive(from handle: OpaquePointer) {
        PQsetNoticeReceiver(
            handle,
            { context, result in
                guard let context, let state = PQresultErrorField(result, 67),
                    String(cString: state) == "01000"
                else { return }
                Unmanaged<Notices>.fromOpaque(context).takeUnretainedValue().warned = true
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}

/// The same C strings, which libpq promises not to write to.
private func constant(
    _ texts: UnsafePointer<UnsafeMutablePointer<CChar>?>
) -> UnsafePointer<UnsafePointer<CChar>?> {
    UnsafeRawPointer(texts).assumingMemoryBound(to: UnsafePointer<CChar>?.self)
}

/// One transaction on a database thread, lent to a closure: its return commits, its throw rolls
/// back. BEGIN is not sent by itself but rides with the first statements.
package struct Transaction: ~Copyable {
    private let connection: Connection
    private let mode: TransactionMode
    private let interrupt: Interrupt
    private var stage = Stage.fresh

    private enum Stage {
        /// Nothing sent yet.
        case fresh
        case open
        /// The server takes nothing more but ROLLBACK; the first error is kept, in case the closure
        /// swallows it.
        case failed(any Error)
        case ended
    }

    init(_ connection: Connection, _ mode: TransactionMode, _ interrupt: Interrupt) {
        self.connection = connection
        self.mode = mode
        self.interrupt = interrupt
    }

    package mutating func query(_ statement: Statement, _ values: [Value] = []) throws -> Rows {
        try one(pipeline([(statement, values)]))
    }

    /// The number of rows inserted, updated or deleted.
    @discardableResult
    package mutating func run(_ statement: Statement, _ values: [Value] = []) throws -> Int {
        try query(statement, values).affected
    }

    /// Several statements in one round trip, results in order. The first error is thrown; the
    /// transaction has then failed, and committing it throws the same error.
    package mutating func pipeline(_ steps: [(Statement, [Value])]) throws -> [Rows] {
        try checkUsable()
        guard !steps.isEmpty else { return [] }
        guard case .fresh = stage else {
            return try attempt { try $0.exchange(steps) }
        }
        let begin = mode.begin
        let answers = try attempt { try $0.exchange([(begin, [])] + steps) }
        stage = .open
        return Array(answers.dropFirst())
    }

    /// BEGIN if not begun, the steps, and COMMIT in one round trip; nothing can follow. A single
    /// statement on a connection of the same mode is its own transaction. When the connection
    /// breaks, a transaction that can write is `commitUnknown`.
    package mutating func pipelineAndCommit(_ steps: [(Statement, [Value])]) throws -> [Rows] {
        try checkUsable()
        var all = steps
        var isAlone = false
        if case .fresh = stage {
            guard !steps.isEmpty else {
                stage = .ended
                return []
            }
            isAlone = steps.count == 1 && mode == connection.options.mode
            if !isAlone { all.insert((mode.begin, []), at: 0) }
        }
        if !isAlone { all.append((TransactionMode.commit, [])) }
        let answers = try commit(all)
        return Array(answers.dropLast(isAlone ? 0 : 1).suffix(steps.count))
    }

    /// Several statements by the simple protocol, for migrations only. It MUST NOT end the
    /// transaction itself.
    package mutating func script(_ sql: String) throws {
        try checkUsable()
        if case .fresh = stage {
            let begin = mode.begin
            _ = try attempt { try $0.exchange([(begin, [])]) }
            stage = .open
        }
        _ = try attempt {
            try $0.script(sql)
            return []
        }
        guard connection.hasOpenTransaction else {
            stage = .ended
            throw DatabaseError.transactionEnded
        }
    }

    /// After this returns the transaction is durable, as far as the server's settings promise.
    mutating func commit() throws {
        switch stage {
        case .ended: return
        case .failed(let error): throw error
        case .fresh:
            try checkNotCancelled()
            stage = .ended
        case .open:
            _ = try commit([(TransactionMode.commit, [])])
        }
    }

    /// A rollback that fails breaks the connection, which rolls back as well.
    mutating func rollBack() -> Bool {
        stage = .ended
        guard !connection.isBroken else { return false }
        guard connection.hasOpenTransaction else { return true }
        interrupt.close()
        return (try? connection.exchange([(TransactionMode.rollback, [])])) != nil
    }

    /// Runs steps whose last makes the transaction durable. From the first byte no cancel may get
    /// through, unless nothing can be written.
    private mutating func commit(_ steps: [(Statement, [Value])]) throws -> [Rows] {
        try checkNotCancelled()
        if mode != .readOnly {
            interrupt.close()
            try checkNotCancelled()
        }
        // Before the first byte, so that a connection lost here is not yet an unknown outcome.
        _ = try attempt {
            try $0.prepare(steps)
            return []
        }
        _ = connection.takeWarning()
        let answers: [Rows]
        do {
            answers = try attempt { try $0.exchange(steps) }
        } catch DatabaseError.connectionLost where mode != .readOnly {
            throw DatabaseError.commitUnknown
        }
        stage = .ended
        if mode != .readOnly, connection.takeWarning() { throw DatabaseError.commitUnknown }
        return answers
    }

    private mutating func attempt(_ body: (Connection) throws -> [Rows]) throws -> [Rows] {
        try checkNotCancelled()
        do {
            return try body(connection)
        } catch {
            // 57014 is what both a cancel and the statement's time limit look like.
            let isCancel = (error as? DatabaseError)?.sqlState == "57014"
            let cause: any Error =
                isCancel && interrupt.isCancelled ? CancellationError() : error
            stage = .failed(cause)
            throw cause
        }
    }

    private mutating func checkNotCancelled() throws {
        guard interrupt.isCancelled else { return }
        stage = .failed(CancellationError())
        throw CancellationError()
    }

    private func checkUsable() throws {
        switch stage {
        case .fresh, .open: return
        case .failed(let error): throw error
        case .ended: throw DatabaseError.transactionEnded
        }
    }

    private func one(_ answers: [Rows]) throws -> Rows {
        guard let rows = answers.first else { throw DatabaseError.connectionLost }
        return rows
    }
}

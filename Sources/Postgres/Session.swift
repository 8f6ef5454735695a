import Glibc
import Logging

/// A thread's connection through its whole life: opened when first needed, looked at before each
/// transaction, thrown away when broken. Not Sendable: it stays with its thread.
final class Session {
    let interrupt = Interrupt()
    private let address: Address
    private let options: Connection.Options
    private let logger: Logger
    private var connection: Connection?
    /// Why the server was not reached when it was tried last.
    private var refusal: String?

    init(_ address: Address, _ options: Connection.Options, logger: Logger) {
        self.address = address
        self.options = options
        self.logger = logger
    }

    func disconnect() {
        interrupt.aim(at: nil)
        connection = nil
    }

    /// Runs `body` in a transaction. Waits for a connection until `deadline`; once one is open
    /// nothing is tried twice here.
    func transaction<R>(
        _ mode: TransactionMode, until deadline: Moment,
        _ body: (inout Transaction) throws -> R
    ) throws -> R {
        defer { interrupt.close() }
        let connection = try connected(until: deadline)
        var transaction = Transaction(connection, mode, interrupt)
        do {
            let result = try body(&transaction)
            try transaction.commit()
            if connection.isStale { disconnect() }
            return result
        } catch {
            if !transaction.rollBack() || connection.isStale { disconnect() }
            throw error
        }
    }

    /// An idle connection that the server has closed in the meantime is replaced before anything is
    /// sent. A server that is restarting is waited for, with pauses that double up to half a
    /// second.
    private func connected(until deadline: Moment) throws -> Connection {
        if let connection {
            if connection.isOpen {
                // A connection that breaks at this is replaced, too: nothing was sent yet.
                if (try? connection.forgetOldPlans()) != nil { return connection }
            }
            logger.info("database connection closed by the server, opening another")
            disconnect()
        }
        var pauseMilliseconds = 20
        while true {
            do {
                let opened = try Connection(
                    address, options, logger: logger, refused: tell(of:))
                interrupt.aim(at: opened.handle)
                connection = opened
                refusal = nil
                return opened
            } catch DatabaseError.unreachable {
                guard Moment.now.adding(milliseconds: pauseMilliseconds) < deadline,
                    !interrupt.isCancelled
                else { throw DatabaseError.unreachable }
                usleep(UInt32(pauseMilliseconds) * 1000)
                pauseMilliseconds = min(2 * pauseMilliseconds, 500)
            }
        }
    }

    /// Once, and again when it is another reason: a server that is away for a night is tried twice a second.
    private func tell(of reason: String) {
        let lines = reason.split(whereSeparator: \.isNewline).map { $0.drop(while: \.isWhitespace) }
        let text = lines.joined(separator: " ")
        guard text != refusal else { return }
        refusal = text
        logger.warning("database connection refused", metadata: ["reason": "\(text)"])
    }
}

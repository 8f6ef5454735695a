import CPostgres

/// Lets another thread cancel the statement that a request runs, and no other request's: the owner
/// closes it before it turns to COMMIT or to the next request, and waits there for a cancel in
/// flight.
final class Interrupt: Sendable {
    private struct State {
        var handle: OpaquePointer?
        var target: ObjectIdentifier?
        var isCancelled = false
    }

    private let state = Monitor(State())

    deinit {
        state.withLock { PQfreeCancel($0.handle) }
    }

    /// Points at a connection just made; nil when there is none.
    func aim(at connection: OpaquePointer?) {
        state.withLock { state in
            PQfreeCancel(state.handle)
            state.handle = connection.flatMap { PQgetCancel($0) }
        }
    }

    func open(for request: AnyObject) {
        state.withLock { state in
            state.target = ObjectIdentifier(request)
            state.isCancelled = false
        }
    }

    /// No cancel reaches the server after this returns. Cancelling a COMMIT would not undo it: it
    /// would only end the wait for the replicas and report a success that they do not have.
    func close() {
        state.withLock { $0.target = nil }
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Sends the cancel while holding the lock, so that `close` waits for it. The request MUST be
    /// retained by the caller: its identity stands for it here.
    func cancel(_ request: AnyObject) {
        state.withLock { state in
            guard state.target == ObjectIdentifier(request) else { return }
            state.isCancelled = true
            guard let handle = state.handle else { return }
            // A cancel that does not arrive leaves the statement to its time limit.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
                _ = PQcancel(handle, text.baseAddress, Int32(text.count))
            }
        }
    }
}

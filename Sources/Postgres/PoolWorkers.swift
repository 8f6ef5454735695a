import Logging

/// The threads of a pool. A free worker is handed its request directly, the one that was busy last
/// first, so that the others can grow idle and close.
final class PoolWorkers: Sendable {
    private struct State {
        var waiting: [PoolRequest] = []
        var idle: [PoolWorker] = []
        var workers = 0
        var cancelled: [PoolRequest] = []
        var hasKeeper = false
        var isClosed = false
        var ended: [CheckedContinuation<Void, Never>] = []
    }

    private let address: Address
    private let limits: Pool.Limits
    private let label: String
    private let logger: Logger
    private let state = Monitor(State())
    private let keeperCondition = Condition()

    init(_ address: Address, _ limits: Pool.Limits, label: String, logger: Logger) {
        self.address = address
        self.limits = limits
        self.label = label
        self.logger = logger
    }

    var statistics: Pool.Statistics {
        state.withLock { state in
            Pool.Statistics(
                connections: state.workers, busy: state.workers - state.idle.count,
                waiting: state.waiting.count)
        }
    }

    /// Calls exactly one of the two closures, once.
    func submit(
        _ request: PoolRequest, perform: @escaping @Sendable (Session, Moment) -> Void,
        orFail fail: @escaping @Sendable (any Error) -> Void
    ) {
        let deadline = Moment.now.adding(milliseconds: limits.waitMilliseconds)
        let refusal = state.withLock { state -> (any Error)? in
            if case .cancelled = request.phase { return CancellationError() }
            request.work = PoolRequest.Work(deadline: deadline, perform: perform, fail: fail)
            return place(request, &state)
        }
        if let refusal { fail(refusal) }
    }

    private func place(_ request: PoolRequest, _ state: inout State) -> (any Error)? {
        guard !state.isClosed else { return DatabaseError.shutDown }
        if let worker = state.idle.popLast() {
            request.phase = .running(worker)
            worker.next = request
            worker.idleUntil = nil
            worker.condition.signal()
        } else if state.workers < limits.connectionsMax {
            state.workers += 1
            let worker = PoolWorker()
            request.phase = .running(worker)
            worker.next = request
            startThread(named: label) { self.work(worker) }
        } else if state.waiting.count < limits.waitersMax {
            request.phase = .waiting
            state.waiting.append(request)
            if state.waiting.count == 1 { wakeKeeper(&state) }
        } else {
            return PoolExhausted(label: label)
        }
        return nil
    }

    func cancel(_ request: PoolRequest) {
        let work = state.withLock { state -> PoolRequest.Work? in
            switch request.phase {
            case .new:
                request.phase = .cancelled
            case .waiting:
                state.waiting.removeAll { $0 === request }
                request.phase = .cancelled
                return request.work
            case .running(let worker) where worker.next === request:
                // Handed over, but the thread has not woken up for it yet.
                worker.next = nil
                request.phase = .cancelled
                return request.work
            case .running:
                // The keeper sends it: a cancel is a connection of its own and may block.
                state.cancelled.append(request)
                wakeKeeper(&state)
            case .cancelled, .done:
                break
            }
            return nil
        }
        work?.fail(CancellationError())
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.idle.forEach { $0.condition.signal() }
        }
    }

    func shutdown() async {
        close()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.workers > 0 { state.ended.append(continuation) }
                return state.workers == 0
            }
            if isOver { continuation.resume() }
        }
    }
}

extension PoolWorkers {
    private func work(_ worker: PoolWorker) {
        let options = Connection.Options(
            label: label, mode: .readWrite,
            statementTimeoutMilliseconds: limits.statementTimeoutMilliseconds,
            lockTimeoutMilliseconds: limits.lockTimeoutMilliseconds,
            idleInTransactionMilliseconds: limits.idleInTransactionMilliseconds)
        let session = Session(address, options, logger: logger)
        state.withLock { _ in worker.interrupt = session.interrupt }
        repeat {
            while let (request, work) = next(worker) {
                work.perform(session, work.deadline)
                state.withLock { _ in request.phase = .done }
            }
            session.disconnect()
        } while !leave()
    }

    /// What this worker does next; nil when it has been idle too long or the pool is closed.
    private func next(_ worker: PoolWorker) -> (PoolRequest, PoolRequest.Work)? {
        state.turns(on: worker.condition) { state in
            if worker.next == nil, !state.waiting.isEmpty {
                worker.next = state.waiting.removeFirst()
            }
            if let request = worker.next, let work = request.work {
                worker.next = nil
                request.phase = .running(worker)
                worker.interrupt?.open(for: request)
                return .done((request, work))
            }
            let isOver = worker.idleUntil.map { $0 <= Moment.now } ?? false
            if state.isClosed || isOver {
                state.idle.removeAll { $0 === worker }
                worker.idleUntil = nil
                return .done(nil)
            }
            if worker.idleUntil == nil {
                worker.idleUntil = Moment.now.adding(milliseconds: limits.idleMilliseconds)
                state.idle.append(worker)
            }
            return .sleep(until: worker.idleUntil)
        }
    }

    /// False when somebody began to wait while the worker was closing its connection.
    private func leave() -> Bool {
        let ended = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
            guard state.waiting.isEmpty else { return nil }
            state.workers -= 1
            guard state.workers == 0 else { return [] }
            defer { state.ended = [] }
            return state.ended
        }
        ended?.forEach { $0.resume() }
        return ended != nil
    }
}

/// The keeper: a thread that is there only while somebody waits or is to be cancelled.
extension PoolWorkers {
    private func wakeKeeper(_ state: inout State) {
        if state.hasKeeper {
            keeperCondition.signal()
        } else {
            state.hasKeeper = true
            startThread(named: "\(label) keeper") { self.keep() }
        }
    }

    private func keep() {
        while let (expired, cancelled) = nextDuties() {
            expired.forEach { $0.fail(PoolExhausted(label: label)) }
            for (request, interrupt) in cancelled { interrupt.cancel(request) }
        }
    }

    private typealias Duties = (
        expired: [PoolRequest.Work], cancelled: [(PoolRequest, Interrupt)]
    )

    private func nextDuties() -> Duties? {
        let lingerUntil = Moment.now.adding(milliseconds: 1_000)
        return state.turns(on: keeperCondition) { state in
            let now = Moment.now
            var duties: Duties = ([], [])
            while let request = state.waiting.first, let work = request.work, work.deadline <= now {
                state.waiting.removeFirst()
                request.phase = .done
                duties.expired.append(work)
            }
            for request in state.cancelled {
                guard case .running(let worker) = request.phase else { continue }
                if let interrupt = worker.interrupt {
                    duties.cancelled.append((request, interrupt))
                }
            }
            state.cancelled = []
            if !duties.expired.isEmpty || !duties.cancelled.isEmpty { return .done(duties) }
            if let deadline = state.waiting.first?.work?.deadline { return .sleep(until: deadline) }
            guard now < lingerUntil else {
                state.hasKeeper = false
                return .done(nil)
            }
            return .sleep(until: lingerUntil)
        }
    }
}

/// A caller of `Pool.transaction`.
// @unchecked: everything in it is guarded by the pool's monitor.
final class PoolRequest: @unchecked Sendable {
    struct Work: Sendable {
        var deadline: Moment
        var perform: @Sendable (Session, Moment) -> Void
        var fail: @Sendable (any Error) -> Void
    }

    enum Phase {
        case new, waiting, running(PoolWorker), cancelled, done
    }

    var phase = Phase.new
    var work: Work?
}

/// A thread with a connection.
// @unchecked: everything in it is guarded by the pool's monitor.
final class PoolWorker: @unchecked Sendable {
    let condition = Condition()
    var next: PoolRequest?
    var interrupt: Interrupt?
    var idleUntil: Moment?
}

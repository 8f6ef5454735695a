package import Logging

/// Threads, each with its own connection, that take whatever is queued as one batch: what arrived while
/// the last batch was being flushed is the next. A job that comes to a lane at rest goes at once; a lane that
/// has just ended a batch gathers for a moment before a small one.
package final class Lane<Job: Sendable, Outcome: Sendable>: Sendable {
    package typealias Run =
        @Sendable (inout Transaction, [Job]) throws -> [Result<Outcome, any Error>]

    private let worker: LaneWorker<Job, Outcome>

    /// `run` gives one result for each job, in order. It may be called again with the same jobs
    /// when nothing of the first attempt was kept; with several `threads`, also at the same time with
    /// others: while one is at work, another begins once many are waiting or one has waited for long.
    package init(
        _ address: Address, label: String, threads: Int = 1, batchMax: Int, queueMax: Int,
        gathering: LaneGathering = .usual, statementTimeoutMilliseconds: Int, logger: Logger,
        mode: TransactionMode, run: @escaping Run
    ) {
        let options = Connection.Options(
            label: label, mode: mode, statementTimeoutMilliseconds: statementTimeoutMilliseconds,
            lockTimeoutMilliseconds: max(1, statementTimeoutMilliseconds * 4 / 5),
            idleInTransactionMilliseconds: 2 * statementTimeoutMilliseconds, plansOnce: true)
        let worker = LaneWorker(
            limits: LaneLimits(
                threads: max(1, threads), batchMax: max(1, batchMax), queueMax: queueMax,
                gathering: gathering),
            mode: mode, label: label, run: run)
        self.worker = worker
        for thread in 0..<max(1, threads) {
            startThread(named: label) {
                worker.work(Session(address, options, logger: logger), as: thread)
            }
        }
    }

    deinit {
        worker.close()
    }

    /// Returns after the batch's commit is acknowledged. A batch that the server refuses is tried
    /// again job by job, so that one bad job fails alone; a connection lost during COMMIT fails the
    /// jobs with `commitUnknown`. Throws `PoolExhausted` when the queue is full. A job once queued
    /// is not taken back by cancelling the task.
    package func submit(_ job: Job) async throws -> Outcome {
        try await withCheckedThrowingContinuation { worker.submit(job, $0) }
    }

    /// Refuses new jobs, runs those queued, and closes the connection.
    package func shutdown() async {
        await worker.shutdown()
    }

    /// Jobs queued and not yet taken.
    package var waiting: Int { worker.waiting }
}

/// 集め: with fewer jobs than these a thread that has just ended a batch waits for more, until so long after
/// it. Batch after batch of three cost each job half as much again as batches of ten, and at half of what a
/// machine can do leave nothing of it: who waits two milliseconds here is answered sooner.
package struct LaneGathering: Sendable {
    let from: Int
    let milliseconds: Int

    package static let usual = LaneGathering(from: 8, milliseconds: 2)

    package init(from: Int, milliseconds: Int) {
        self.from = from
        self.milliseconds = milliseconds
    }
}

struct LaneLimits: Sendable {
    var threads = 1
    var batchMax: Int
    var queueMax: Int
    var gathering: LaneGathering
    /// How long a batch waits for a connection: a restart of the server takes about a second.
    var connectMilliseconds = 3_000
    /// 加勢: while one thread is at work, another begins with so many jobs at least. Two small batches cost
    /// nearly twice what one of both costs, which at half of what a machine can do is all the rest of it.
    var helpFrom = 16
    /// Or when one has waited for so long: whoever is at work may wait for a lock.
    var helpMilliseconds = 5
}

/// What a lane's threads do.
final class LaneWorker<Job: Sendable, Outcome: Sendable>: Sendable {
    private typealias Verdict = Result<Outcome, any Error>

    private struct Entry {
        let job: Job
        let continuation: CheckedContinuation<Outcome, any Error>
    }

    private struct State {
        var queue: [Entry] = []
        /// Threads with nothing to do.
        var asleep: Set<Int> = []
        /// Those that leave what is waiting to who is at work, for a while.
        var patient: Set<Int> = []
        /// One that waits for more before a small batch.
        var gathering: Set<Int> = []
        var gathersUntil = Moment.now
        /// Threads with a batch.
        var working = 0
        var isClosed = false
        /// Threads that have not ended.
        var running: Int
        var isOver: Bool { running == 0 }
        var ended: [CheckedContinuation<Void, Never>] = []
    }

    private let limits: LaneLimits
    private let mode: TransactionMode
    private let label: String
    private let run: Lane<Job, Outcome>.Run
    private let state: Monitor<State>
    /// One for each thread: whoever is woken was asleep.
    private let conditions: [Condition]

    init(
        limits: LaneLimits, mode: TransactionMode, label: String,
        run: @escaping Lane<Job, Outcome>.Run
    ) {
        self.limits = limits
        self.mode = mode
        self.label = label
        self.run = run
        state = Monitor(State(running: limits.threads))
        conditions = (0..<limits.threads).map { _ in Condition() }
    }

    var waiting: Int { state.withLock { $0.queue.count } }

    func submit(_ job: Job, _ continuation: CheckedContinuation<Outcome, any Error>) {
        let refusal = state.withLock { state -> (any Error)? in
            guard !state.isClosed else { return DatabaseError.shutDown }
            guard state.queue.count < limits.queueMax else { return PoolExhausted(label: label) }
            state.queue.append(Entry(job: job, continuation: continuation))
            if state.gathering.isEmpty, let thread = state.asleep.popFirst() {
                conditions[thread].signal()
            }
            if state.queue.count >= limits.gathering.from, let thread = state.gathering.popFirst() {
                conditions[thread].signal()
            }
            if state.queue.count >= limits.helpFrom, let thread = state.patient.popFirst() {
                conditions[thread].signal()
            }
            return nil
        }
        if let refusal { continuation.resume(throwing: refusal) }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        conditions.forEach { $0.signal() }
    }

    func shutdown() async {
        close()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.ended.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    func work(_ session: Session, as thread: Int) {
        while let batch = nextBatch(of: thread) {
            let verdicts = settle(batch.map(\.job), session)
            for (entry, verdict) in zip(batch, verdicts) {
                entry.continuation.resume(with: verdict)
            }
            state.withLock { state in
                state.working -= 1
                state.gathersUntil = Moment.now.adding(milliseconds: limits.gathering.milliseconds)
            }
        }
        session.disconnect()
        let ended = state.withLock { state in
            state.running -= 1
            return state.isOver ? state.ended : []
        }
        ended.forEach { $0.resume() }
    }

    private func nextBatch(of thread: Int) -> [Entry]? {
        var isPatientUntil: Moment?
        return state.turns(on: conditions[thread]) { state in
            state.patient.remove(thread)
            state.gathering.remove(thread)
            if state.queue.isEmpty {
                if state.isClosed { return .done(nil) }
                isPatientUntil = nil
                state.asleep.insert(thread)
                return .sleep(until: nil)
            }
            state.asleep.remove(thread)
            if state.working > 0, state.queue.count < limits.helpFrom, !state.isClosed {
                let until =
                    isPatientUntil ?? Moment.now.adding(milliseconds: limits.helpMilliseconds)
                isPatientUntil = until
                if Moment.now < until {
                    state.patient.insert(thread)
                    return .sleep(until: until)
                }
            }
            let isSmall = state.queue.count < limits.gathering.from && !state.isClosed
            if state.working == 0, isSmall, Moment.now < state.gathersUntil {
                state.gathering.insert(thread)
                return .sleep(until: state.gathersUntil)
            }
            let batch = Array(state.queue.prefix(limits.batchMax))
            state.queue.removeFirst(batch.count)
            state.working += 1
            return .done(batch)
        }
    }

    /// One verdict for each job.
    private func settle(_ jobs: [Job], _ session: Session) -> [Verdict] {
        do {
            return try attempt(jobs, session)
        } catch DatabaseError.connectionLost {
            // COMMIT was not sent: nothing was kept, so the same batch may go again, once.
            return settleAgain(jobs, session)
        } catch let error as DatabaseError where error.endsTheBatch {
            return jobs.map { _ in .failure(error) }
        } catch {
            return jobs.count == 1 ? [.failure(error)] : settleOneByOne(jobs, session)
        }
    }

    private func settleAgain(_ jobs: [Job], _ session: Session) -> [Verdict] {
        do {
            return try attempt(jobs, session)
        } catch let error as DatabaseError where error.endsTheBatch || error == .connectionLost {
            return jobs.map { _ in .failure(error) }
        } catch {
            return jobs.count == 1 ? [.failure(error)] : settleOneByOne(jobs, session)
        }
    }

    private func settleOneByOne(_ jobs: [Job], _ session: Session) -> [Verdict] {
        var outage: DatabaseError?
        return jobs.map { job in
            // Without a server each job would wait for it anew.
            if let outage { return .failure(outage) }
            do {
                return try attempt([job], session)[0]
            } catch {
                if let error = error as? DatabaseError, error == .unreachable { outage = error }
                return .failure(error)
            }
        }
    }

    private func attempt(_ jobs: [Job], _ session: Session) throws -> [Verdict] {
        let deadline = Moment.now.adding(milliseconds: limits.connectMilliseconds)
        return try session.transaction(mode, until: deadline) { transaction in
            let verdicts = try run(&transaction, jobs)
            guard verdicts.count == jobs.count else { throw DatabaseError.outcomesMismatch }
            return verdicts
        }
    }
}

extension DatabaseError {
    /// Trying the jobs one by one would not help, or MUST NOT be done.
    fileprivate var endsTheBatch: Bool {
        switch self {
        case .commitUnknown, .unreachable, .address, .unprotected, .shutDown: true
        // A lock that did not come (55P03), a statement that took too long (57014), no room (53…):
        // each job alone would wait as long as the whole batch did.
        case .server(let state, constraint: _):
            state == "55P03" || state == "57014" || state.hasPrefix("53")
        default: false
        }
    }
}

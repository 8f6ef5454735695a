import NIOCore
import NIOPosix

/// One thread's load: its connections, which request is next and when it is due. Everything of it
/// lives on its event loop; nothing is shared with other threads but what never changes.
final class Worker {
    private static let drainSeconds: Int64 = 30
    private static let reconnectPause = TimeAmount.milliseconds(20)

    private let plan: Plan
    private let thread: Int
    private let loop: any EventLoop
    private let start: NIODeadline
    private let windowStart: NIODeadline
    private let plannedEnd: NIODeadline
    private let done: EventLoopPromise<Tally>

    private var tally = Tally()
    private var turn: Int
    private var inFlight = 0
    private var isWaking = false
    private var isOver = false
    private var isFinished = false
    private var idle = CircularBuffer<Connection>()
    private var open: [ObjectIdentifier: Connection] = [:]

    init(_ plan: Plan, thread: Int, on loop: any EventLoop, start: NIODeadline) {
        self.plan = plan
        self.thread = thread
        self.loop = loop
        self.start = start
        windowStart = start + plan.pace.warmup
        plannedEnd = windowStart + plan.pace.measured
        turn = thread
        done = loop.makePromise(of: Tally.self)
        tally.windowEnd = plannedEnd
        tally.mayTurnAway = plan.expectation.mayTurnAway
    }

    func run() -> EventLoopFuture<Tally> {
        let count = plan.pace.connections(ofThread: thread)
        let isolated = loop.assumeIsolated()
        isolated.scheduleTask(deadline: start) {
            for _ in 0..<count { self.connect() }
        }
        isolated.scheduleTask(deadline: plannedEnd) { self.endWindow(at: self.plannedEnd) }
        isolated.scheduleTask(deadline: plannedEnd + .seconds(Self.drainSeconds)) { self.giveUp() }
        watchTimeouts()
        return done.futureResult
    }

    private func connect() {
        let box = NIOLoopBound(self, eventLoop: loop)
        let began = NIODeadline.now()
        ClientBootstrap(group: loop)
            .channelOption(.maxMessagesPerRead, value: 1)
            .connectTimeout(plan.pace.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let worker = box.value
                    if let tls = try worker.plan.target.makeHandler() {
                        try pipeline.addHandler(tls)
                    }
                    try pipeline.addHandler(Connection(of: worker, began: began))
                }
            }
            .connect(to: plan.target.address)
            .assumeIsolated()
            .whenFailure { self.connectFailed($0) }
    }

    private func connectFailed(_ error: any Error) {
        fail(.connect, "\(error)")
        reconnect()
    }

    func opened(_ connection: Connection) {
        open[ObjectIdentifier(connection)] = connection
        sendNext(on: connection)
    }

    /// The connection is gone, with or without a request on it.
    func closed(_ connection: Connection) {
        guard open.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        idle.removeAll(where: { $0 === connection })
        if !plan.pace.isHandshakeEach, !isOver { reconnect() }
        finishIfIdle()
    }

    private func reconnect() {
        guard !isOver else { return finishIfIdle() }
        tally.reconnects += 1
        loop.assumeIsolated().scheduleTask(in: Self.reconnectPause) {
            if !self.isOver { self.connect() }
        }
    }

    private func watchTimeouts() {
        loop.assumeIsolated().scheduleTask(in: .milliseconds(500)) {
            let limit = NIODeadline.now() - self.plan.pace.timeout
            for connection in self.open.values { connection.closeIfSent(before: limit) }
            if !self.isFinished { self.watchTimeouts() }
        }
    }

    private func sendNext(on connection: Connection) {
        guard !isOver || plan.pace.interval != nil else { return finishIfIdle() }
        if plan.pace.interval == nil {
            // A handshake is part of what is measured when each request makes one.
            let due = plan.pace.isHandshakeEach ? connection.began : NIODeadline.now()
            send(on: connection, due: due)
        } else {
            idle.append(connection)
            sendDueOnIdle()
        }
    }

    private func send(on connection: Connection, due: NIODeadline) {
        guard let request = plan.requests.request(atTurn: turn) else {
            endWindow(at: .now())
            return
        }
        turn += plan.pace.threads
        inFlight += 1
        connection.send(request.bytes, index: request.index, due: due)
    }

    /// The next request's due time: from its number alone, so a slow server puts off nothing.
    private func dueTime(_ interval: Double) -> NIODeadline {
        start + .nanoseconds(Int64(Double(turn) * interval))
    }

    private func sendDueOnIdle() {
        guard let interval = plan.pace.interval else { return }
        let now = NIODeadline.now()
        var due = dueTime(interval)
        while due <= now, due < plannedEnd, let connection = idle.popFirst() {
            send(on: connection, due: due)
            due = dueTime(interval)
        }
        finishIfIdle()
        // With no idle connection it is the next answer that sends what has become due.
        guard !idle.isEmpty, !isWaking, !isOver, due < plannedEnd else { return }
        isWaking = true
        loop.assumeIsolated().scheduleTask(deadline: due) {
            self.isWaking = false
            self.sendDueOnIdle()
        }
    }

    func answered(
        _ connection: Connection, status: Int, body: UnsafeRawBufferPointer, index: Int,
        due: NIODeadline
    ) {
        let now = NIODeadline.now()
        inFlight -= 1
        tally.answers += 1
        if plan.expectation.isTurnedAway(status: status) {
            tally.turnedAway += 1
        } else if let fault = plan.expectation.fault(status: status, body: body, ofRequest: index) {
            let text = String(decoding: body.prefix(300), as: UTF8.self)
            fail(fault, "request \(index + 1): \(status) \(text)")
        } else {
            if now >= windowStart, now < tally.windowEnd { tally.answersInWindow += 1 }
            if due >= windowStart, due < tally.windowEnd {
                tally.latencies.add(nanoseconds: UInt64((now - due).nanoseconds))
            }
        }
    }

    /// After the answer is done with: the connection's next request, or a new connection's.
    func proceed(after connection: Connection) {
        if plan.pace.isHandshakeEach {
            connection.close()
            if !isOver { connect() }
            finishIfIdle()
        } else {
            sendNext(on: connection)
        }
    }

    func received(bytes: Int) {
        tally.bytesReceived += bytes
    }

    func requestFailed(_ fault: Fault, _ detail: String) {
        inFlight -= 1
        fail(fault, detail)
        if plan.pace.isHandshakeEach { reconnect() }
    }

    private func fail(_ fault: Fault, _ detail: String) {
        tally.faults[fault, default: 0] += 1
        if tally.firstFault == nil { tally.firstFault = "\(fault.rawValue): \(detail)" }
    }

    private func endWindow(at end: NIODeadline) {
        guard !isOver else { return }
        isOver = true
        tally.windowEnd = min(plannedEnd, max(end, windowStart))
        finishIfIdle()
    }

    /// In an open loop what was due before the end is still sent: leaving it out would flatter the
    /// tail.
    private func finishIfIdle() {
        guard isOver, inFlight == 0 else { return }
        if let interval = plan.pace.interval, dueTime(interval) < plannedEnd,
            plan.requests.request(atTurn: turn) != nil, !open.isEmpty
        {
            return
        }
        finish()
    }

    private func giveUp() {
        for connection in open.values { connection.closeIfSent(before: .distantFuture) }
        finish()
    }

    private func finish() {
        guard !isFinished else { return }
        isFinished = true
        if let interval = plan.pace.interval {
            while dueTime(interval) < plannedEnd, plan.requests.request(atTurn: turn) != nil {
                tally.unsent += 1
                turn += plan.pace.threads
            }
        }
        for connection in open.values { connection.close() }
        done.succeed(tally)
    }
}

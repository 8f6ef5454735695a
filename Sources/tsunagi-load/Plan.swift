import NIOCore
import NIOPosix

/// When requests are sent, and which of their answers are measured.
struct Pace: Sendable {
    let connections: Int
    let threads: Int
    let isHandshakeEach: Bool
    /// Nanoseconds between two due times over all threads; nothing in a closed loop.
    let interval: Double?
    let warmup: TimeAmount
    let measured: TimeAmount
    let timeout: TimeAmount

    init(_ command: LoadCommand) {
        connections = command.connections
        threads = command.threads
        isHandshakeEach = command.handshakes
        interval = command.rate.map { 1e9 / $0 }
        warmup = .nanoseconds(Int64(command.warmup * 1e9))
        measured = .nanoseconds(Int64(command.seconds * 1e9))
        timeout = .nanoseconds(Int64(command.timeout * 1e9))
    }

    func connections(ofThread thread: Int) -> Int {
        connections / threads + (thread < connections % threads ? 1 : 0)
    }
}

/// One run: the same load from every thread, at the same time, and what came of it.
struct Plan: Sendable {
    let target: Target
    let requests: RequestList
    let expectation: Expectation
    let pace: Pace
    let name: String

    func run() async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: pace.threads)
        let loops = Array(group.makeIterator())
        // A moment for all threads to begin at the same one.
        let start = NIODeadline.now() + .milliseconds(20)
        let windowStart = start + pace.warmup
        let running = loops.enumerated().map { thread, loop in
            loop.flatSubmit { Worker(self, thread: thread, on: loop, start: start).run() }
        }
        try await Task.sleep(for: .nanoseconds((windowStart - .now()).nanoseconds))
        let before = ProcessorTime.now()
        let tallies = try await EventLoopFuture.whenAllSucceed(running, on: loops[0]).get()
        let used = ProcessorTime.now() - before
        try await group.shutdownGracefully()
        return LoadResult(plan: self, tally: Tally.total(tallies), used: used, start: windowStart)
    }
}

/// What a thread counted. Only what was due within the window counts as a result; failures count
/// always.
struct Tally: Sendable {
    var latencies = LatencyHistogram()
    /// Every answer of the run, right or wrong, warm-up included: what a server's whole cost is
    /// shared by.
    var answers = 0
    /// Right answers that came within the window, whenever they were due: the throughput.
    var answersInWindow = 0
    var faults: [Fault: Int] = [:]
    var firstFault: String?
    var bytesReceived = 0
    var reconnects = 0
    /// Due within the window and never sent, for want of an idle connection.
    var unsent = 0
    /// Answers of a server that was too busy, where that is allowed; what is unsent is then no failure.
    var turnedAway = 0
    var mayTurnAway = false
    /// When the window closed: its planned end, or before when the requests ran out.
    var windowEnd = NIODeadline.uptimeNanoseconds(0)

    var failures: Int {
        faults.values.reduce(mayTurnAway ? 0 : unsent, +)
    }

    static func total(_ tallies: [Tally]) -> Tally {
        tallies.reduce(into: Tally()) { total, tally in
            total.latencies.add(tally.latencies)
            total.answers += tally.answers
            total.answersInWindow += tally.answersInWindow
            total.faults.merge(tally.faults, uniquingKeysWith: +)
            total.firstFault = total.firstFault ?? tally.firstFault
            total.bytesReceived += tally.bytesReceived
            total.reconnects += tally.reconnects
            total.unsent += tally.unsent
            total.turnedAway += tally.turnedAway
            total.mayTurnAway = total.mayTurnAway || tally.mayTurnAway
            total.windowEnd = max(total.windowEnd, tally.windowEnd)
        }
    }
}

import NIOCore

/// Runs a connection's jobs on the event loop that owns its socket, so that a request changes
/// threads nowhere between its first byte and its answer.
///
/// A job MUST NOT block or compute for long: the loop's other connections wait for it.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

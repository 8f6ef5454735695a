import CPostgres
import Glibc

/// State that threads share and wait on: a lock with conditions. `Mutex` cannot be waited on, and a
/// blocking libpq call must have a thread of its own, so the threads need this one primitive.
// @unchecked: `state` is touched only while `mutex` is held.
final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var state: State

    enum Turn<R> {
        case done(R)
        /// Looks again when the condition is signalled or the moment has come.
        case sleep(until: Moment?)
    }

    init(_ state: sending State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func withLock<R>(_ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Runs `body` until it is done, asleep without the lock between the turns.
    func turns<R>(on condition: Condition, _ body: (inout State) -> Turn<R>) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch body(&state) {
            case .done(let result): return result
            case .sleep(let moment): condition.wait(mutex, until: moment)
            }
        }
    }
}

/// What threads sleep on; belongs to one monitor.
// @unchecked: a pthread condition variable is made to be used by several threads.
final class Condition: @unchecked Sendable {
    private let handle = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(handle, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(handle)
        handle.deallocate()
    }

    /// Each condition has one sleeper at most, so one wake-up is enough.
    func signal() {
        pthread_cond_signal(handle)
    }

    fileprivate func wait(_ mutex: UnsafeMutablePointer<pthread_mutex_t>, until moment: Moment?) {
        guard let moment else {
            pthread_cond_wait(handle, mutex)
            return
        }
        var time = timespec(
            tv_sec: Int(moment.nanoseconds / 1_000_000_000),
            tv_nsec: Int(moment.nanoseconds % 1_000_000_000))
        pthread_cond_timedwait(handle, mutex, &time)
    }
}

/// A point on the monotonic clock, which no change of the wall clock moves.
struct Moment: Comparable {
    let nanoseconds: Int64

    static var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    func adding(milliseconds: Int) -> Moment {
        Moment(nanoseconds: nanoseconds + Int64(milliseconds) * 1_000_000)
    }

    static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }
}

/// Starts a thread of our own. Blocking calls MUST NOT run on Swift's cooperative threads, of which
/// there are only as many as cores.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    final class Box {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    let box = Unmanaged.passRetained(Box(name, body))
    var thread = pthread_t()
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
            tsunagi_name_thread(box.name)
            box.body()
            return nil
        }, box.toOpaque())
    // The number of threads is bounded by the limits; a system that refuses them cannot serve.
    precondition(status == 0, "no thread can be started")
}

import CPostgres
import Glibc
import Synchronization

/// 子プロセス: another program, started without a shell and without Foundation, whose own class was seen to read
/// what was freed when several threads start programs at once.
///
/// The program gets no descriptor but the first three, no blocked signal, and each signal's own effect.
package final class ChildProcess: Sendable {
    package enum Stream: Hashable, Sendable {
        case nothing
        /// This program's own.
        case inherited
        /// The other end is `input`, `output` or `errors`.
        case pipe
        /// Appended to, and made for its owner alone where there is none.
        case file(String)
    }

    package struct CannotRun: Error, Hashable, CustomStringConvertible {
        package let program: String
        package var description: String { "cannot run \(program)" }
    }

    package let processID: Int32
    private let inputEnd: PipeEnd?
    private let outputEnd: PipeEnd?
    private let errorsEnd: PipeEnd?
    /// As `waitpid` says it, once nobody else may have the number.
    private let ended = Mutex<Int32?>(nil)

    /// `program` is a path, or a name looked for on the PATH; without an `environment` it gets this
    /// program's. Throws `CannotRun`.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil,
        in folder: String? = nil, input: Stream = .nothing, output: Stream = .inherited,
        errors: Stream = .inherited
    ) throws {
        var start = try ChildStart(program)
        defer { start.destroy() }
        inputEnd = try start.connect(0, input)
        outputEnd = try start.connect(1, output)
        errorsEnd = try start.connect(2, errors)
        processID = try start.run(arguments, environment, in: folder)
    }

    deinit {
        // Nobody waits any more: one that has ended shall not stand among the processes for ever.
        _ = hasEnded
    }

    /// To be written to, and read from, by `ChildOutput`; open as long as this object.
    package var input: Int32 { inputEnd?.descriptor ?? -1 }
    package var output: Int32 { outputEnd?.descriptor ?? -1 }
    package var errors: Int32 { errorsEnd?.descriptor ?? -1 }

    /// The program reads its end.
    package func closeInput() { inputEnd?.close() }

    /// Waits until the program has ended. Its exit status; 128 and more when a signal ended it.
    package func wait() -> Int32 {
        var about = siginfo_t()
        // Left for `hasEnded` to take: a number that was given back may be another's when it is signalled.
        while !hasEnded {
            _ = waitid(P_PID, id_t(processID), &about, WEXITED | WNOWAIT)
        }
        let status = ended.withLock { $0 ?? 0 }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    package var hasEnded: Bool {
        ended.withLock { ended in
            if ended != nil { return true }
            var status: Int32 = 0
            let found = waitpid(processID, &status, WNOHANG)
            // Without a child of this number there is nothing to wait for.
            if found == processID || (found < 0 && errno == ECHILD) { ended = status }
            return ended != nil
        }
    }

    /// Nothing to one that has ended: its number may be another's by now.
    package func signal(_ number: Int32) {
        ended.withLock { if $0 == nil { _ = kill(processID, number) } }
    }
}

/// What posix_spawn is told.
private struct ChildStart {
    private let program: String
    private var actions = posix_spawn_file_actions_t()
    private var attributes = posix_spawnattr_t()
    /// The program's ends of the pipes: closed here once it has them.
    private var theirs: [PipeEnd] = []

    init(_ program: String) throws {
        self.program = program
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    }

    mutating func destroy() {
        posix_spawn_file_actions_destroy(&actions)
        posix_spawnattr_destroy(&attributes)
    }

    /// Our end, where there is one.
    mutating func connect(_ number: Int32, _ stream: ChildProcess.Stream) throws -> PipeEnd? {
        switch stream {
        case .inherited: return nil
        case .nothing:
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        case .file(let path):
            let flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND
            posix_spawn_file_actions_addopen(&actions, number, path, flags, 0o600)
        case .pipe:
            var ends: [Int32] = [-1, -1]
            guard pipe2(&ends, O_CLOEXEC) == 0 else {
                throw ChildProcess.CannotRun(program: program)
            }
            let (reading, writing) = (PipeEnd(ends[0]), PipeEnd(ends[1]))
            let (own, other) = number == 0 ? (writing, reading) : (reading, writing)
            posix_spawn_file_actions_adddup2(&actions, other.descriptor, number)
            theirs.append(other)
            return own
        }
        return nil
    }

    mutating func run(
        _ arguments: [String], _ environment: [String: String]?, in folder: String?
    ) throws -> pid_t {
        if let folder { posix_spawn_file_actions_addchdir_np(&actions, folder) }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var process = pid_t()
        let status = withCStrings([program] + arguments) { words in
            guard let environment else {
                return posix_spawnp(&process, program, &actions, &attributes, words, environ)
            }
            return withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawnp(&process, program, &actions, &attributes, words, environment)
            }
        }
        guard status == 0 else { throw ChildProcess.CannotRun(program: program) }
        return process
    }
}

/// One end of a pipe, closed once.
private final class PipeEnd: Sendable {
    let descriptor: Int32
    private let isOpen = Atomic<Bool>(true)

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close() }

    func close() {
        if isOpen.exchange(false, ordering: .acquiringAndReleasing) { _ = Glibc.close(descriptor) }
    }
}

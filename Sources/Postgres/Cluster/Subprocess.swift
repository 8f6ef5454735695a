import Glibc

/// Runs a program to its end, its output appended to a file. Blocks: call it from start-up and from
/// tests, never from a request.
enum Subprocess {
    /// The exit status; 128 and more when a signal ended it.
    static func run(_ program: String, _ arguments: [String], log: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var process = pid_t()
        let status = withCStrings([program] + arguments) { words in
            withCStrings(environment) { environment in
                posix_spawn(&process, program, &actions, nil, words, environment)
            }
        }
        guard status == 0 else { throw ClusterError.cannotRun(program: program) }
        var ended: Int32 = 0
        while waitpid(process, &ended, 0) < 0 {
            guard errno == EINTR else { throw ClusterError.cannotRun(program: program) }
        }
        let signal = ended & 0x7F
        return signal == 0 ? (ended >> 8) & 0xFF : 128 + signal
    }

    /// Nothing of ours is handed on: PGHOST, PGDATA and their like would lead the programs astray.
    private static let environment = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
    ]
}

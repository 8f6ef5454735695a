import Foundation
import Glibc
import Postgres
import Synchronization
import Testing

/// 子プロセス: real programs, started and ended.
@Suite(.timeLimit(.minutes(10)))
struct ChildProcessTests {
    private func shell(_ line: String, errors: ChildProcess.Stream = .inherited) throws
        -> ChildProcess
    {
        try ChildProcess("sh", ["-c", line], input: .pipe, output: .pipe, errors: errors)
    }

    private func said(_ process: ChildProcess) throws -> String {
        String(decoding: try ChildOutput.all(of: process.output), as: UTF8.self)
    }

    @Test func `it is told, it answers, and its status is known however often it is asked for`()
        throws
    {
        let process = try shell("read a; echo \"$a twice $a\"; exit 7")
        #expect(!process.hasEnded)
        #expect(ChildOutput.tell("once\n", to: process.input))
        #expect(try said(process) == "once twice once\n")
        #expect(process.wait() == 7 && process.wait() == 7 && process.hasEnded)
    }

    @Test func `what kills it is told from how it ended, and nobody is killed twice`() throws {
        let process = try shell("read a")
        process.signal(SIGTERM)
        #expect(process.wait() == 128 + SIGTERM)
        process.signal(SIGKILL)
        #expect(process.wait() == 128 + SIGTERM)
    }

    @Test func `a program that is not there is no program that failed`() {
        for program in ["/nowhere/at/all", "no-such-program-on-any-path"] {
            let error = #expect(throws: ChildProcess.CannotRun.self) {
                try ChildProcess(program, [])
            }
            #expect(error?.program == program)
        }
    }

    @Test func `it has its folder, its words and its environment, and no descriptor of ours`()
        throws
    {
        let ours = open("/dev/null", O_RDONLY)
        defer { close(ours) }
        let process = try ChildProcess(
            "/bin/sh", ["-c", "pwd; echo \"$NAME\"; env | grep -c PATH; ls /proc/self/fd | wc -l"],
            environment: ["NAME": "見本 \"1\""], in: "/usr/bin", output: .pipe)
        // `ls` itself has the folder open that it lists.
        #expect(try said(process) == "/usr/bin\n見本 \"1\"\n0\n4\n")
        #expect(process.wait() == 0)
    }

    @Test func `what blocks or ignores signals here does not there`() throws {
        var all = sigset_t()
        var open = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &open)
        defer { pthread_sigmask(SIG_SETMASK, &open, nil) }
        let before = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, before) }
        let process = try shell("grep -E 'Sig(Blk|Ign)' /proc/self/status")
        let masks = try said(process).split(separator: "\n").map {
            UInt64($0.split(separator: "\t")[1], radix: 16)
        }
        // 32 and 33 are the C library's own, and ignored while it starts a program.
        #expect(masks.map { ($0 ?? .max) & ~0x1_8000_0000 } == [0, 0])
    }

    @Test func `output and errors are apart, or in one file, which is its owner's alone`() throws {
        let apart = try shell("echo a; echo b >&2", errors: .pipe)
        #expect(try said(apart) == "a\n")
        #expect(try ChildOutput.all(of: apart.errors) == Array("b\n".utf8))
        let file = FileManager.default.temporaryDirectory.path + "/tsunagi-child-\(getpid())"
        defer { unlink(file) }
        for _ in 0..<2 {
            let one = try ChildProcess(
                "sh", ["-c", "echo a; echo b >&2"], output: .file(file), errors: .file(file))
            #expect(one.wait() == 0)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "a\nb\na\nb\n")
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test func `several threads start programs at once, and each hears its own`() {
        let wrong = Mutex<[String]>([])
        let done = DispatchGroup()
        for thread in 0..<6 {
            done.enter()
            Thread {
                for turn in 0..<40 {
                    let word = "\(thread) \(turn)"
                    let heard = Result {
                        let process = try ChildProcess("echo", [word], output: .pipe)
                        return (try said(process), process.wait())
                    }
                    if (try? heard.get())?.0 != word + "\n" || (try? heard.get())?.1 != 0 {
                        wrong.withLock { $0.append(word) }
                    }
                }
                done.leave()
            }.start()
        }
        done.wait()
        #expect(wrong.withLock { $0 } == [])
    }
}

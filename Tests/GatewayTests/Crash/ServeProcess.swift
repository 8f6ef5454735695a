import Dispatch
import Exchange
import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport

/// `tsunagi serve`, the real program, as a process that can be stopped and killed.
final class ServeProcess: Sendable {
    private let process: ChildProcess
    private let errors: String

    /// The program that was built beside this test.
    static let program: String = {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: own).deletingLastPathComponent().appending(path: "tsunagi").path
    }()

    init(configuration path: String, errors: String) throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw TLSClient.Gone(description: "no tsunagi beside the tests: \(Self.program)")
        }
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        self.errors = errors
        process = try ChildProcess(
            Self.program, ["serve", "--config", path], output: .pipe, errors: .file(errors))
    }

    /// The ports, once this many listeners listen; throws with what the program said if it ends before.
    func ports(_ count: Int) async throws -> [Listener: Int] {
        try await onAThread {
            var text = ""
            while true {
                let ports = Self.ports(in: text)
                if ports.count == count { return ports }
                let more = try ChildOutput.next(of: self.process.output)
                guard !more.isEmpty else {
                    throw TLSClient.Gone(description: "did not start: \(self.complaint)")
                }
                text += String(decoding: more, as: UTF8.self)
            }
        }
    }

    var complaint: String { (try? String(contentsOfFile: errors, encoding: .utf8)) ?? "" }

    /// Not one that has ended: its number may be another's by now.
    func signal(_ number: Int32) { process.signal(number) }

    /// Its exit status; 128 + signal for one that was killed.
    func exit() async throws -> Int32 {
        try await onAThread { self.process.wait() }
    }

    private func onAThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws
        -> R
    {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }

    /// `institution listener on port 8443`, a line for each.
    private static func ports(in text: String) -> [Listener: Int] {
        var ports: [Listener: Int] = [:]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let words = line.split(separator: " ")
            guard words.count == 5, words[1] == "listener", let port = Int(words[4]),
                let listener = Listener(rawValue: String(words[0]))
            else { continue }
            ports[listener] = port
        }
        return ports
    }
}

/// Every process of a world, so that a test that fails in the middle leaves none running.
final class Started: Sendable {
    private let processes = Mutex<[ServeProcess]>([])

    func add(_ process: ServeProcess) { processes.withLock { $0.append(process) } }

    func killAll() {
        for process in processes.withLock({ $0 }) { process.signal(SIGKILL) }
    }
}

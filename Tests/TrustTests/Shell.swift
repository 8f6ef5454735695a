import Foundation
import Postgres
import Testing

/// Runs a real program, so that a second implementation judges what ours made.
enum Shell {
    struct Missing: Error, CustomStringConvertible {
        let program: String
        let package: String

        var description: String {
            "\(program) is not installed: apt-get install \(package), then run the tests again"
        }
    }

    /// Fails the test with a sentence naming the package when the program is not there.
    static func require(_ program: String, package: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        for folder in folders.map(String.init) + ["/usr/bin", "/usr/local/bin"] {
            let path = folder + "/" + program
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw Missing(program: program, package: package)
    }

    @discardableResult
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (status: Int32, output: String) {
        let process = try ChildProcess(
            "/bin/sh", ["-c", "exec \"$@\" 2>&1", "sh", program] + arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: .pipe)
        let data = try ChildOutput.all(of: process.output)
        return (process.wait(), String(decoding: data, as: UTF8.self))
    }
}

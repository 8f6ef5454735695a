import Foundation
import Postgres

/// Another program, run to its end.
enum Command {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Its standard output. Throws with its error output when it does not exit with 0.
    @discardableResult
    static func output(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let process = try ChildProcess(
            program, arguments,
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            output: .pipe, errors: .pipe)
        // Errors are few; what they say fits the pipe, so reading one after the other does not
        // block.
        let text = try ChildOutput.all(of: process.output)
        let complaint = try ChildOutput.all(of: process.errors)
        let status = process.wait()
        guard status == 0 else {
            let said = String(decoding: complaint, as: UTF8.self)
            throw Failure(
                description: "\(program) ended with \(status): \(said)")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

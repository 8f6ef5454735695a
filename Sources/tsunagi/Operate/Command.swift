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
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let out = Pipe()
        let errors = Pipe()
        process.standardOutput = out
        process.standardError = errors
        try process.run()
        // Errors are few; what they say fits the pipe, so reading one after the other does not
        // block.
        let text = try ChildOutput.all(of: out.fileHandleForReading.fileDescriptor)
        let complaint = try ChildOutput.all(
            of: errors.fileHandleForReading.fileDescriptor)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let said = String(decoding: complaint, as: UTF8.self)
            throw Failure(
                description: "\(program) ended with \(process.terminationStatus): \(said)")
        }
        return String(decoding: text, as: UTF8.self)
    }
}

import Foundation
import Postgres

/// The command line as a person types it: the real program, run to its end.
enum Program {
    struct Ended: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Commands that need the owner get this database by the variable that operators set. `program` is
    /// another one with its first arguments.
    static func run(
        _ arguments: [String], owner: Address? = nil, of program: [String] = [ServeProcess.program]
    ) async throws -> Ended {
        let variable = owner.map { ["TSUNAGI_DATABASE_OWNER": $0.description] } ?? [:]
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(with: Result { try runHere(program + arguments, variable) })
            }.start()
        }
    }

    private static func runHere(_ line: [String], _ variables: [String: String]) throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: line[0])
        process.arguments = Array(line.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // What is said on either fits a pipe, so reading one after the other does not block.
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complained = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
            errors: String(decoding: complained, as: UTF8.self))
    }
}

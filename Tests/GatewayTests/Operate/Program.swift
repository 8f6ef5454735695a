import Dispatch
import Exchange
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// A program as a person types it, run to its end on a thread of its own: tests share as many threads as
/// there are cores, and none of them may wait for a process.
enum Program {
    struct Ended: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// Commands that need the owner get this database by the variable that operators set. `program` is
    /// another one with its first arguments; `folder` is where it is typed.
    static func run(
        _ arguments: [String], owner: Address? = nil, variables: [String: String] = [:],
        of program: [String] = [ServeProcess.program], in folder: String? = nil
    ) async throws -> Ended {
        let owner = owner.map { ["TSUNAGI_DATABASE_OWNER": $0.description] } ?? [:]
        let variable = owner.merging(variables) { $1 }
        return try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result { try runHere(program + arguments, variable, folder) })
            }.start()
        }
    }

    /// What one alone does not do: as one operator types it, who is told that another is waited for, and then
    /// as that other.
    static func runByTwo(_ arguments: [String], owner: Address) async throws -> Ended {
        let first = try await run(
            arguments + ["--operator", Cast.operators[0].code], owner: owner)
        #expect(first.status == 1 && first.output.contains("waits for another operator"))
        return try await run(arguments + ["--operator", Cast.operators[1].code], owner: owner)
    }

    private static func runHere(
        _ line: [String], _ variables: [String: String], _ folder: String?
    ) throws -> Ended {
        let process = try ChildProcess(
            line[0], Array(line.dropFirst()),
            environment: ProcessInfo.processInfo.environment.merging(variables) { $1 }, in: folder,
            output: .pipe, errors: .pipe)
        let complained = Mutex(Result<[UInt8], any Error>.success([]))
        let isSilent = DispatchSemaphore(value: 0)
        // Read beside the output: a program that fills either pipe would wait for its reader for ever.
        Thread {
            let all = Result { try ChildOutput.all(of: process.errors) }
            complained.withLock { $0 = all }
            isSilent.signal()
        }.start()
        let said = try ChildOutput.all(of: process.output)
        isSilent.wait()
        return Ended(
            status: process.wait(), output: String(decoding: said, as: UTF8.self),
            errors: String(decoding: try complained.withLock { try $0.get() }, as: UTF8.self))
    }
}

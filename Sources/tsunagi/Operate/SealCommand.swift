import ArgumentParser
import Crypto
import Foundation
import Ledger
import Postgres
import Trust

/// `tsunagi seal`: for auditors. Holds a database, or a copy of one, against a checkpoint kept
/// elsewhere.
struct SealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Verify the access log.",
        subcommands: [Verify.self, Key.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find any sealed entry altered, reordered, missing or invented.",
            discussion: """
                Exits 0 when every sealed entry up to the checkpoint is what was signed, 1 with each finding \
                otherwise. It cannot show what a dishonest gateway never wrote.
                """)

        @Option(help: "libpq connection string of the database or its copy; a reader's is enough.")
        var database: String
        @Option(help: "A checkpoint file.") var checkpoint: String
        @Option(help: "The log's public key, as `tsunagi seal key` prints it.") var key: String

        func run() async throws {
            let audit = LogAudit(Address(database), logger: OwnerOption().logger)
            let report = try await audit.verify(
                note: Files.read(checkpoint), key: CheckpointKey(text: key))
            await audit.close()
            Output.line(
                "checkpoint of \(report.checkpoint.size) entries; \(report.sealed) sealed now")
            for finding in report.findings { Output.line("FOUND: \(finding)") }
            guard report.findings.isEmpty else { throw ExitCode(1) }
            Output.line("Every entry of the checkpoint is unchanged and in its place.")
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the log's public key, for auditors and witnesses.")

        @Option(help: "The gateway's key folder.") var keys: String
        @Option(help: "The log's name (log.origin).") var origin: String

        func run() async throws {
            Output.line(try SealCommand.signer(keys: keys, origin: origin).key.text)
        }
    }

    static func signer(keys folder: String, origin: String) throws -> CheckpointSigner {
        let ring = try KeyRing.load(folder, names: [.seal])
        let seed = ring.current(.seal).secret.withUnsafeBytes { Array($0) }
        return try CheckpointSigner(origin: origin, privateKey: seed)
    }
}

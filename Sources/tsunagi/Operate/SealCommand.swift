import ArgumentParser
import Crypto
import Exchange
import Foundation
import Ledger
import Postgres
import Trust

/// `tsunagi seal`: for auditors, who hold a database, or a copy of one, against a checkpoint kept
/// elsewhere; and for residents and portals, who hold a list they were shown against the log.
struct SealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Verify the access log.",
        subcommands: [Verify.self, Proof.self, Key.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find any sealed entry altered, reordered, missing or invented.",
            discussion: """
                Exits 0 when every sealed entry up to the checkpoint is what was signed and every resident's \
                sequence and map counts all of them, 1 with each finding otherwise. It cannot show what a \
                dishonest gateway never wrote.
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
            for change in report.keys {
                Output.line("since \(change.at.text) the log's key is also \(change.key.text)")
            }
            for finding in report.findings { Output.line("FOUND: \(finding)") }
            guard report.findings.isEmpty else { throw ExitCode(1) }
            Output.line("Every entry of the checkpoint is unchanged and in its place.")
            Output.line("Every resident's sequence counts all of them, and so does every map.")
        }
    }

    struct Proof: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that a list of AuditEvents is true and complete, offline.",
            discussion: """
                Takes what GET /fhir/AuditEvent answered, saved to a file (each page its own), and the log's \
                public key; nothing else is asked. Says one sentence for each check. Exits 0 when all are \
                good: then no entry up to the epoch that it names is missing from the list or was changed.
                """)

        @Argument(help: "The saved answer; several when the list has several pages.")
        var files: [String]
        @Option(help: "The log's public key, as `tsunagi seal key` prints it.") var key: String

        func run() throws {
            let key = try CheckpointKey(text: key)
            let checks = try ShownList(files.map { try Files.read($0) }).check(with: key)
            for check in checks {
                Output.line((check.isGood ? "OK: " : "FOUND: ") + check.sentence)
            }
            guard checks.areGood else { throw ExitCode(1) }
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the log's public key, for auditors and witnesses.")

        @Option(help: "The gateway's key folder.") var keys: String
        @Option(help: "The log's name (log.origin).") var origin: String
        @Option(help: "Which version, after a rotation.") var version = 1

        func run() async throws {
            Output.line(
                try SealCommand.signer(keys: keys, origin: origin, version: version).key.text)
        }
    }

    static func signer(keys folder: String, origin: String, version: Int) throws
        -> CheckpointSigner
    {
        let ring = try KeyRing.load(folder, names: [.seal])
        guard let key = ring.all(.seal).first(where: { $0.version == version }) else {
            throw ValidationError("There is no seal-\(version).key in \(folder).")
        }
        return try signer(key, origin: origin)
    }

    private static func signer(_ key: KeyRing.Key, origin: String) throws -> CheckpointSigner {
        try CheckpointSigner(
            origin: origin, privateKey: key.secret.withUnsafeBytes { Array($0) })
    }

    static func keys(_ ring: KeyRing, origin: String) throws -> SealKeys {
        SealKeys(try ring.all(.seal).map { try signer($0, origin: origin) })
    }
}

import ArgumentParser
import Crypto
import Exchange
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
                sequence and map counts all of them, 2 with each finding otherwise. Exit 1 is neither: \
                nothing was verified, because the database is away, a file cannot be read, or the checkpoint \
                is not signed by the key or a witness. It cannot show what a dishonest gateway never wrote.
                """)

        @Option(help: "libpq connection string of the database or its copy; a reader's is enough.")
        var database: String
        @Option(help: "A checkpoint file.") var checkpoint: String
        @Option(help: "The log's public key, as `tsunagi seal key` prints it.") var key: String
        @Option(
            parsing: .upToNextOption,
            help: """
                Public keys that the log has under other names, before or after it lost its end and went on: \
                stored checkpoints may be signed by them as well.
                """)
        var otherKey: [String] = []
        @Option(
            parsing: .upToNextOption,
            help:
                "Archives of months that have left the database: their lines are verified as well.")
        var archive: [String] = []
        @Option(
            parsing: .upToNextOption,
            help: "Public keys of witnesses, each of which must have cosigned the checkpoint.")
        var witness: [String] = []
        @Option(
            help: """
                A folder of rules of your own: how long a month is kept is read there, and not in the \
                database.
                """)
        var profiles: String?

        func run() async throws {
            let retention = try profiles.map {
                try RuleBook(reading: ProfileFolder.read($0), version: "file").retention
            }
            let note = try Files.read(checkpoint)
            for path in archive { try Files.requireReadable(path) }
            for key in try witness.map({ try WitnessKey(text: $0) }) {
                let seen = try key.verify(SignedNote(note))
                Output.line("\(key.name) cosigned the checkpoint at \(seen.text)")
            }
            let audit = LogAudit(Address(database), logger: OwnerOption().logger)
            let report: LogAudit.Report
            do {
                report = try await audit.verify(
                    note: note, key: CheckpointKey(text: key),
                    others: otherKey.map { try CheckpointKey(text: $0) }, archives: archive,
                    retention: retention ?? nil)
            } catch DatabaseError.server(sqlState: "42501", constraint: _) {
                throw SettingProblem(
                    "The role of --database may not read the log: connect as tsunagi_reader, or ask who took "
                        + "its rights away.")
            }
            await audit.close()
            let read = report.isReadToTheEnd ? "sealed now" : "could be read"
            Output.line(
                "checkpoint of \(report.checkpoint.size) entries; \(report.sealed) \(read)")
            for change in report.keys {
                Output.line("since \(change.at.text) the log's key is also \(change.key.text)")
            }
            for (archived, isGone) in report.archived { tell(archived, isGone) }
            if !report.archived.isEmpty { tell(report.retention) }
            for finding in report.findings { Output.line("FOUND: \(finding)") }
            guard report.findings.isEmpty else {
                Output.line(
                    "Repair nothing. Stop the gateway, copy the database as it is, and go on by "
                        + "deploy/runbook.md, `tsunagi seal verify` prints FOUND.")
                throw ExitCode.alarm
            }
            Output.line("Every entry of the checkpoint is unchanged and in its place.")
            Output.line("Every resident's sequence counts all of them, and so does every map.")
        }

        private func tell(_ archived: ArchivedMonth, _ isGone: Bool) {
            let hash = Exchange.Hexadecimal.text(archived.contents.archive)
            Output.line(
                "\(archived.month.text): \(archived.contents.entries) entries "
                    + "\(isGone ? "are archived" : "were written to an archive and are still here")"
                    + ", by a leaf of \(archived.at.text), SHA-256 of the file \(hash)")
        }

        private func tell(_ retention: RetentionRule?) {
            guard let retention else {
                return Output.line(
                    "NOT CHECKED: whether a month was archived before its time; no rule is known. "
                        + "Give --profiles.")
            }
            let place = profiles.map { "in \($0)" } ?? "in the database"
            Output.line(
                "A month is kept for \(retention.months) months after it (the rule \(place)).")
        }
    }

    struct Proof: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that a list of AuditEvents is true and complete, offline.",
            discussion: """
                Takes what GET /fhir/AuditEvent answered, saved to a file (each page its own), and the log's \
                public key; nothing else is asked. Says one sentence for each check. Exits 0 when all are \
                good: then no entry up to the epoch that it names is missing from the list or was changed. \
                Exits 2 when a check found something, and 1 when something could not be checked, as when a \
                file cannot be read or nothing is sealed yet.

                With --checkpoint, one that did not come from the portal (a witness's), the list must be \
                of the same log: of the same size, or joined to it by what \
                GET /log/consistency/{from}/{to} answered.
                """)

        @Argument(help: "The saved answer; several when the list has several pages.")
        var files: [String]
        @Option(help: "The log's public key, as `tsunagi seal key` prints it.") var key: String
        @Option(help: "A checkpoint from elsewhere, such as a witness's.") var checkpoint: String?
        @Option(
            parsing: .upToNextOption,
            help: "Saved answers that show how the log went on from one checkpoint to the other.")
        var consistency: [String] = []
        @Option(
            parsing: .upToNextOption,
            help: "Public keys of witnesses, each of which must have cosigned the checkpoint.")
        var witness: [String] = []

        func validate() throws {
            guard checkpoint != nil || (consistency.isEmpty && witness.isEmpty) else {
                throw ValidationError("Give the --checkpoint that is to be witnessed or joined.")
            }
        }

        func run() throws {
            let key = try CheckpointKey(text: key)
            let list = try ShownList(files.map { try Files.read($0) })
            var checks = list.check(with: key)
            if let checkpoint {
                let kept = KeptCheckpoint(
                    note: try Files.read(checkpoint),
                    proofs: try consistency.map {
                        try ConsistencyProof(reading: Files.read($0))
                    },
                    witnesses: try witness.map { try WitnessKey(text: $0) })
                checks += kept.check(list, with: key)
            }
            for check in checks {
                let word = check.isGood ? "OK: " : check.isOpen ? "NOT CHECKED: " : "FOUND: "
                Output.line(word + check.sentence)
            }
            guard !checks.findSomething else { throw ExitCode.alarm }
            guard checks.areGood else { throw ExitCode(1) }
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the log's public key, for auditors and witnesses.")

        @OptionGroup var published: PublishedKey

        func run() async throws {
            let signer = try SealCommand.signer(
                keys: published.keys, origin: published.origin, version: published.version)
            Output.line(signer.key.text)
        }
    }

    static func signer(keys folder: String, origin: String, version: Int) throws
        -> CheckpointSigner
    {
        try signer(KeyRing.key(.seal, version: version, in: folder), origin: origin)
    }

    private static func signer(_ key: KeyRing.Key, origin: String) throws -> CheckpointSigner {
        try CheckpointSigner(
            origin: origin, privateKey: key.secret.withUnsafeBytes { Array($0) })
    }

    static func keys(_ ring: KeyRing, origin: String) throws -> SealKeys {
        SealKeys(try ring.all(.seal).map { try signer($0, origin: origin) })
    }
}

import ArgumentParser
import Exchange
import Foundation
import Gateway
import Ledger
import Postgres
import Trust

/// `tsunagi import`: a file that a municipality handed over on a medium, taken in by the operator in its
/// name. It goes the very way that an upload goes, with the same entries and the same place in the
/// line, and is worked through here, whether a gateway runs or not.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take in a municipality's file, and decide about one.",
        discussion: """
            The municipality's own uploads (`POST /files/{layout}`) and these stand in one line. The \
            operator's name is on the record with every entry.
            """,
        subcommands: [
            Send.self, List.self, Show.self, Errors.self, Plan.self, Ends.self, Confirm.self,
            Withdraw.self, Lift.self,
        ],
        defaultSubcommand: Send.self)

    struct Desk: ParsableArguments {
        @Option(help: "Whose file it is: municipality:132101.") var party: String
        @Option(help: "Who does this: at most 64 letters, digits, `.`, `_`, `-`.")
        var `operator`: String
        @Option(help: "The layout's code, as in `POST /files/{layout}`.") var layout: String
        @Option(help: "The folder of the secret keys.") var keys: String
        @Option(
            help: """
                libpq connection string of the office role. TSUNAGI_DATABASE_OFFICE is used without it.
                """)
        var database: String?

        func open() async throws -> OpenDesk {
            let parts = party.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let role = Role(rawValue: parts[0]),
                let party = try? Party(role: role, code: parts[1])
            else { throw ValidationError("--party is ROLE:CODE, such as municipality:132101.") }
            try OperatorName.require(`operator`, of: "--operator")
            let variable = ProcessInfo.processInfo.environment["TSUNAGI_DATABASE_OFFICE"]
            guard let text = database ?? variable else {
                throw ValidationError("Give --database or set TSUNAGI_DATABASE_OFFICE.")
            }
            let shelf = try KeyShelf(keys, names: [.number, .card])
            let hashing = FileHashing(shelf)
            guard let kind = FileKind.all(hashing).first(where: { $0.layout == layout }) else {
                let known = FileKind.all(hashing).map(\.layout).joined(separator: ", ")
                throw ValidationError("--layout is one of \(known).")
            }
            let ledger = Ledger(
                .init(gateway: Address(text), office: Address(text)), logger: OwnerOption().logger)
            try await ledger.prepare()
            try await shelf.follow(ledger)
            return OpenDesk(
                ledger: ledger, kind: kind, hashing: hashing,
                caller: Caller(party: party, operatorID: `operator`))
        }

        /// Says a refusal in words, and leaves no connection behind.
        func work<Answer>(
            _ operation: ImportOperation, _ body: (OpenDesk) async throws -> Answer
        ) async throws -> Answer {
            let desk = try await open()
            do {
                try await desk.require(operation)
                let answer = try await body(desk)
                await desk.ledger.shutdown()
                return answer
            } catch let refusal as Refusal {
                await desk.ledger.shutdown()
                throw ValidationError("\(refusal.code): \(refusal.ja) / \(refusal.en)")
            } catch {
                await desk.ledger.shutdown()
                throw error
            }
        }
    }

    struct Send: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in a file; exits 0 when every row is applied, else 1.")

        @OptionGroup var desk: Desk
        @Argument(help: "The file.") var file: String
        @Option(help: "The number in the line: one more than the file before, beginning with 1.")
        var sequence: Int?
        @Option(help: "Or the SHA-256 of the file before; none for the first.")
        var follows: String?
        @Option(help: "How many rows it has, if its end may be missing.") var rows: Int?
        @Option(help: "cp932, utf-8 or utf-8-bom. Default: found out from the file.")
        var encoding: String?
        @Option(help: "Of a whole list: as of which day or instant it is. Default: now.")
        var asOf: String?
        @Flag(help: "Show what it would do, and do nothing.") var dryRun = false

        func run() async throws {
            let announcement = try announcement()
            guard let input = FileHandle(forReadingAtPath: file) else {
                throw ValidationError("The file \(file) is not there.")
            }
            let isTaken = try await desk.work(.send) { desk in
                guard announcement.asOf == nil || desk.kind.isWhole else {
                    throw ValidationError("--as-of is said of a whole list alone.")
                }
                let receipt = try await desk.receive(input, announcement)
                guard receipt.refusal == nil else { return false }
                return try await desk.finish(receipt.file)
            }
            if !isTaken { throw ExitCode(1) }
        }

        private func announcement() throws -> FileAnnouncement {
            guard encoding.map({ TextEncoding(rawValue: $0) != nil }) ?? true else {
                throw ValidationError("--encoding is cp932, utf-8 or utf-8-bom.")
            }
            let moment: Instant?
            do {
                moment = try asOf.map { try Instant(dayOrInstant: $0, item: "asOf") }
            } catch {
                throw ValidationError(
                    "--as-of is a day or an instant: 2026-04-01 or 2026-04-01T20:00:00+09:00.")
            }
            let place: FileDelivery.Place?
            switch (sequence, follows) {
            case (let number?, nil): place = .sequence(number)
            case (nil, "none"): place = .following(nil)
            case (nil, let digest?) where Hexadecimal.bytes(digest)?.count == 32:
                place = .following(digest.lowercased())
            // A dry run and mended rows need none; any other is refused for it.
            case (nil, nil): place = nil
            default: throw ValidationError("Give --sequence NUMBER or --follows SHA256 (or none).")
            }
            return FileAnnouncement(
                place: place,
                said: .init(encoding: encoding.flatMap(TextEncoding.init(rawValue:)), rows: rows),
                isDryRun: dryRun, asOf: moment, certificate: nil)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What became of a file, as JSON.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.show) { _ = try await $0.show(file) }
        }
    }

    struct Errors: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the rows to be mended, in the encoding of their file.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        @Option(help: "Where to write them.") var to: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.errors) { try await $0.writeErrors(file, to: to) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                What the party sent under the layout, newest first, and the next place in its line, as JSON.
                """)
        @OptionGroup var desk: Desk
        @Option(help: "The file to go on from: `next` of the list before.") var from: String?
        func run() async throws {
            let first = try from.map(ImportCommand.id)
            try await desk.work(.list) { try await $0.list(from: first) }
        }
    }

    struct Plan: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Which rows of a file that waits, or only looked, would change what.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.plan) { try await $0.showPlan(file) }
        }
    }

    struct Ends: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whom a whole list would end, or has, by the keys of their certificates.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.ends) { try await $0.showEnds(file) }
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "As the second person, confirm the effect of a file that waits.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        @Option(help: "The hash of the effect that was looked at.") var effect: String
        func run() async throws {
            guard let hash = Hexadecimal.bytes(effect), hash.count == 32 else {
                throw ValidationError("--effect is the hash that `show` prints with the effect.")
            }
            let file = try ImportCommand.id(file)
            let isTaken = try await desk.work(.confirm) { desk in
                try await desk.decide(.confirm(effect: hash), on: file)
                return try await desk.finish(file)
            }
            if !isTaken { throw ExitCode(1) }
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply nothing of a file that waits or is held.")
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.withdraw) { desk in
                try await desk.decide(.withdraw, on: file)
                _ = try await desk.show(file)
            }
        }
    }

    struct Lift: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                As the second person, protect no more whom a file that was withdrawn still protects: `list` \
                names them.
                """)
        @OptionGroup var desk: Desk
        @Argument(help: "The file's id, from its receipt.") var file: String
        func run() async throws {
            let file = try ImportCommand.id(file)
            try await desk.work(.lift) { desk in
                try await desk.decide(.lift, on: file)
                _ = try await desk.show(file)
            }
        }
    }

    private static func id(_ text: String) throws -> RecordID {
        guard let id = try? RecordID(text) else {
            throw ValidationError("\(text) is not the id of a file.")
        }
        return id
    }
}

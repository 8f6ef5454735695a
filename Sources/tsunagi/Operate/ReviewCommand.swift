import ArgumentParser
import Exchange
import Foundation
import Ledger
import Postgres

/// `tsunagi review`: registered rows that are held back, and the municipality's word on them. It goes
/// through the door like every other access: as a registered operator, with its entry, which the
/// resident reads.
struct ReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Settle registered rows that are under review.",
        discussion: """
            The operator settles nothing on their own: the municipality that sent the row says \
            whether it is the right person, and where that is written goes on the record.
            """,
        subcommands: [List.self, Accept.self, Reject.self])

    struct Desk: ParsableArguments {
        @Option(
            help: """
                libpq connection string of the office role. TSUNAGI_DATABASE_OFFICE is used without it.
                """)
        var database: String?
        @OptionGroup var desk: OperatorDesk

        func access<Answer: Sendable>(
            _ body: @escaping @Sendable (inout Records, RuleBook) throws -> Answer
        ) async throws -> Answer {
            let variable = ProcessInfo.processInfo.environment["TSUNAGI_DATABASE_OFFICE"]
            guard let text = database ?? variable else {
                throw ValidationError("Give --database or set TSUNAGI_DATABASE_OFFICE.")
            }
            return try await desk.access(
                .review, at: .init(gateway: Address(text), office: Address(text)), body)
        }

        func settle(_ version: Int, _ kind: ReviewVerdict.Kind, _ word: String) async throws {
            guard let verdict = try? ReviewVerdict(kind, word: word) else {
                throw ValidationError(
                    "--word is one line of at most 200 characters without an individual number.")
            }
            try await access { records, rules in
                try records.settleReview(version, verdict, rules: rules)
            }
            Output.line("\(version): \(kind.rawValue)ed")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is held back: number, body, certificate type, since when, which task.")
        @OptionGroup var desk: Desk

        func run() async throws {
            for review in try await desk.access({ records, _ in try records.openReviews() }) {
                Output.line(
                    [
                        String(review.version), review.body, review.certificateType,
                        review.since.text, review.task.text,
                    ].joined(separator: "\t"))
            }
        }
    }

    struct Accept: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "It is the right person: the row answers from now on.")
        @OptionGroup var desk: Desk
        @Argument(help: "The number that `list` prints.") var number: Int
        @Option(help: "Where the municipality's word stands.") var word: String
        func run() async throws { try await desk.settle(number, .accept, word) }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "It is another person: the row never answers.")
        @OptionGroup var desk: Desk
        @Argument(help: "The number that `list` prints.") var number: Int
        @Option(help: "Where the municipality's word stands.") var word: String
        func run() async throws { try await desk.settle(number, .reject, word) }
    }
}

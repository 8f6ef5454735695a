import ArgumentParser
import Exchange
import Foundation
import Ledger

/// `tsunagi log`: for whoever keeps the access log: what leaves the database when its time is over.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Keep the access log: archive a month.",
        subcommands: [Archive.self])

    struct Archive: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Write a month of entries to a file, enter that into the log, and drop the month.",
            discussion: """
                Two operators type it: the first proposes, and with the second it is done. Needs a gateway \
                that seals. Refuses a month that is not over its time of keeping \
                (profiles/access/retention.json) or not wholly sealed, \
                and one that the audit feed or the offices' search has not taken yet. Run again after it was \
                interrupted, it goes on where it was. The file names residents by their keys: keep it \
                as you keep the database, and copy it before you delete backups of that month.
                """)

        @OptionGroup var owner: OwnerOption
        @OptionGroup var desk: OperatorDesk
        @Option(help: "The month in Japan, YYYY-MM.") var month: String
        @Option(name: .customLong("to"), help: "The folder of the archives.") var folder: String

        @Option(
            name: .customLong("without"), parsing: .upToNextOption,
            help: """
                A follower of the log that was given up for good (audit-feed, offices): the month is not \
                kept for it.
                """)
        var abandoned: [String] = []

        /// Two operators in two places may type the same words for two folders.
        private var place: String {
            let isWhole = folder.hasPrefix("/")
            let whole = isWhole ? folder : FileManager.default.currentDirectoryPath + "/" + folder
            return URL(filePath: whole).standardizedFileURL.path
        }

        func run() async throws {
            guard let month = try? LogMonth(month) else {
                throw ValidationError("\(month) is no month: YYYY-MM is needed.")
            }
            let archiving = LogArchiving(try owner.address(), logger: owner.logger)
            let outcome: LogArchiving.Outcome
            do {
                // Agreed once, it stays so: nobody agrees to what is not due, nor to another folder.
                if try await archiving.isHere(month) {
                    try await archiving.requireOld(month, now: WallClock.now())
                    try await desk.agree(.logArchive, on: subject(month), by: .archiveLog, owner)
                }
                outcome = try await archiving.archive(
                    month, to: place, now: WallClock.now(), without: Set(abandoned))
                await archiving.close()
            } catch {
                await archiving.close()
                throw error
            }
            let contents = outcome.archived.contents
            let hash = Exchange.Hexadecimal.text(contents.archive)
            if let path = outcome.path {
                Output.line("\(path): \(contents.entries) entries, SHA-256 \(hash)")
                Output.line("The log says so, and the month has left the database.")
            } else {
                Output.line(
                    "\(month.text) left the database before: \(contents.entries) entries, "
                        + "archive SHA-256 \(hash)")
            }
        }

        /// All that the second operator types as the first did.
        private func subject(_ month: LogMonth) -> String {
            let without =
                abandoned.isEmpty ? "" : " without " + abandoned.sorted().joined(separator: " ")
            return "\(month.text) to \(place)\(without)"
        }
    }
}

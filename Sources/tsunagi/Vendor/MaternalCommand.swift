import ArgumentParser
import Exchange

/// `tsunagi maternal`: the rules of maternal and child health, asked without a database.
struct MaternalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maternal", abstract: "Ask the rules of maternal and child health.",
        subcommands: [Windows.self])

    struct Windows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print every window and visit of a child or a pregnancy as JSON.")

        @Option(help: "The day of birth, as 2026-04-01: the child's checkups.")
        var birth: String?

        @Option(
            help: """
                The expected date of delivery, as 2026-04-01: visits, tests and postpartum checkups.
                """)
        var due: String?

        @Option(help: "The folder of rules.") var profiles = "profiles"

        func run() async throws {
            let question = try MaternalQuestion(birth: birth, due: due)
            let rules = try MaternalRules(reading: ProfileFolder.read(profiles))
            Output.line(question.answer(by: rules))
        }
    }
}

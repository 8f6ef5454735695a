import ArgumentParser
import Exchange
import Foundation

/// `tsunagi copay`: what patients pay, for vendors; from files alone, without a database.
struct CopayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copay",
        abstract: "Compute copayments of a file of cases, with every step.",
        discussion: """
            Reads JSON: data, each with id and input. Prints JSON: data, each with id and output, or error \
            in its place. Days may be written as 2026-04-01, 2026/4/1, 20260401, R8.4.1, 5080401, \
            令和8年4月1日 or 2026年4月1日. Exits 1 when the file cannot be read or a case was refused.
            """)

    @Option(help: "The folder of rules.") var profiles = "profiles"
    @Argument(help: "The file of cases.") var file: String

    func run() async throws {
        let cases = try CopaymentFile(reading: Files.read(file))
        let book = try RuleBook(reading: ProfileFolder.read(profiles), version: "file")
        guard let rules = book.copayment else {
            throw SettingProblem("The folder \(profiles) has no subsidy/copayment.json.")
        }
        let answers = cases.answers(rules)
        Output.line(String(decoding: answers.json, as: UTF8.self))
        guard answers.refused > 0 else { return }
        let sentence = "\(answers.refused) of \(cases.count) cases were refused; see their error.\n"
        FileHandle.standardError.write(Data(sentence.utf8))
        throw ExitCode(1)
    }
}

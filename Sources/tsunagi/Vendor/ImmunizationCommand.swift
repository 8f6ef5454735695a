import ArgumentParser
import Exchange
import Foundation

/// `tsunagi immunization`: the schedule and the check before the needle, from `profiles/` alone,
/// for vendors who hold their own systems against it. No database, no network.
struct ImmunizationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "immunization",
        abstract: "Legal windows and the check before the needle, from profiles/.",
        subcommands: [Windows.self, Check.self])

    struct RulesOption: ParsableArguments {
        @Option(help: "The folder with the rules.") var profiles = "profiles"

        func read() throws -> ImmunizationRules {
            do {
                return try ImmunizationRules(reading: ProfileFolder.read(profiles))
            } catch let fault as RuleFault {
                throw SettingProblem("The rules in \(profiles) are not usable. \(fault)")
            }
        }
    }

    struct Windows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the legal window of each routine vaccine as JSON.")

        @Option(help: "The day of birth: 2025-01-15.") var birth: String
        @Option(help: "female or male. Without it, the windows of both.") var sex: String?
        @OptionGroup var rules: RulesOption

        func validate() throws {
            guard day != nil else {
                throw ValidationError("--birth is no day: 2025-01-15 is.")
            }
            guard sex == nil || known != nil else {
                throw ValidationError("--sex is female or male.")
            }
        }

        func run() async throws {
            guard let day else { return }
            Output.line(try rules.read().legalWindowsJSON(birth: day, sex: known))
        }

        private var known: ResidentSex? { sex.flatMap(ResidentSex.init(word:)) }

        private var day: CalendarDay? {
            (try? CalendarDay(birth)).flatMap { (1868...2200).contains($0.year) ? $0 : nil }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Judge the cases of a file; the last dose of each is the candidate. Prints JSON: data, \
                each with id, verdict (reject, warn, accept), rule, source and earliest, or error. \
                Exits 1 when the file or a case cannot be read.
                """)

        @Argument(help: "The file: {\"data\": [{\"id\", \"birth\", \"sex\", \"given\": […]}]}.")
        var file: String
        @OptionGroup var rules: RulesOption

        func run() async throws {
            let book = try rules.read()
            let bytes = try Files.read(file)
            let cases: ImmunizationCheckCases
            do {
                cases = try ImmunizationCheckCases(reading: bytes, book)
            } catch {
                throw SettingProblem("The file \(file) is not usable. \(error.en)")
            }
            Output.line(cases.answers)
            guard !cases.complaints.isEmpty else { return }
            let sentences = cases.complaints.joined(separator: "\n") + "\n"
            FileHandle.standardError.write(Data(sentences.utf8))
            throw ExitCode(1)
        }
    }
}

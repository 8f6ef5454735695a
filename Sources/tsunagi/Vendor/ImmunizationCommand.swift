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
            guard (try? CalendarDay(birth)) != nil else {
                throw ValidationError("--birth is no day: 2025-01-15 is.")
            }
            guard day != nil else {
                let years = ImmunizationCheckCases.years
                throw ValidationError(
                    "--birth lies outside the years \(years.lowerBound) to \(years.upperBound).")
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
            (try? CalendarDay(birth)).flatMap {
                ImmunizationCheckCases.years.contains($0.year) ? $0 : nil
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: """
                Judge the cases of a file; the last dose of each is the candidate. Prints JSON: data, \
                each with id, verdict (reject, warn, accept), rule, source and earliest, or error. \
                Exits 1 when the file or a case cannot be read.
                """,
            discussion: """
                A case holds id, given and, where known: birth and sex (female, male), dueDate \
                (出産予定日, for vaccines of pregnancy), today (later days are refused), basis (routine or \
                voluntary), temperature (37.5) and answers (codes of what the questionnaire says yes to). \
                Each of given holds v, the name of the vaccine, and where known date, of an earlier dose \
                also 2015-06 or 2015 alone; the candidate also \
                lot, expiry (2027-03-31 or 2027-03), birth and sex as its ticket states them. Beside \
                these, why, note, source, expect, expected and comment are passed over; any other item \
                is told on the standard error and as unused.
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
                throw SettingProblem("The file \(file) is not usable. \(Self.why(bytes, error))")
            }
            Output.line(cases.answers)
            let sentences = cases.complaints + cases.warnings
            guard !sentences.isEmpty else { return }
            FileHandle.standardError.write(Data((sentences.joined(separator: "\n") + "\n").utf8))
            if !cases.complaints.isEmpty { throw ExitCode(1) }
        }

        /// A file that is no JSON at all has no item to name.
        private static func why(_ bytes: [UInt8], _ refusal: Refusal) -> String {
            if bytes.allSatisfy({ $0 <= 0x20 }) { return "It is empty." }
            guard refusal == .malformed("body") else { return refusal.en }
            return "It is no JSON text in UTF-8."
        }
    }
}

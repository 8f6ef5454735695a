import ArgumentParser
import Exchange
import Ledger

/// `tsunagi party designate`, `undesignate` and `designations`: 指定 of an institution for a scheme, with the
/// first and the last day that its body gave.
extension PartyCommand {
    struct Designated: ParsableArguments {
        @Option(help: "The body's 6-digit code.") var body: String
        @Option(help: "A law number (54) or a certificate type.") var scheme: String
        var designation: Designation { Designation(body: body, scheme: scheme) }
        var text: String { "by \(body) for \(scheme)" }
    }

    struct Designate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A body designates an institution for a scheme.",
            discussion: """
                Told again, it corrects the first day, or takes back an end that lies ahead. Without a first \
                day it counts from the day on which it was told, and claims of care before are asked about.
                """)
        @OptionGroup var named: Named
        @OptionGroup var designated: Designated
        @Option(help: "Its first day, YYYY-MM-DD.") var from: String?

        func run() async throws {
            let first = try from.map { try CalendarDay($0, item: "from") }
            try await named.change(
                "designated \(designated.text)" + (first.map { " from \($0.text)" } ?? ""),
                otherwise: "is unknown, or its designation ends before that day or ended after it"
            ) { try await $0.designate($1, designated.designation, from: first) }
        }
    }

    struct Undesignate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A body takes a designation back, now or after a last day.")
        @OptionGroup var named: Named
        @OptionGroup var designated: Designated
        @Option(help: "Its last day, past or to come, YYYY-MM-DD; without it, it ends now.")
        var last: String?

        func run() async throws {
            let last = try last.map { try CalendarDay($0, item: "last") }
            try await named.change(
                "no longer designated \(designated.text)"
                    + (last.map { " after \($0.text)" } ?? ""),
                otherwise: "is not designated \(designated.text), or not until that day"
            ) { try await $0.undesignate($1, designated.designation, after: last) }
        }
    }

    struct Designations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Designations with their first and last day, those that ended too.",
            discussion: "Of an institution, or all that a municipality or prefecture gave.")
        @OptionGroup var named: Named

        func run() async throws {
            let lines = try await named.with { try await $0.designations(of: $1) }
            for line in lines { Output.line(line.text) }
            if lines.isEmpty { Output.line("\(named.party): no designation") }
        }
    }
}

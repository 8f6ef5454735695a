import ArgumentParser
import Exchange
import Foundation
import Ledger

/// `tsunagi party`: the registry of who may connect.
struct PartyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "party", abstract: "Load and change the registry of parties.",
        subcommands: [
            Load.self, OptIn.self, OptOut.self, Suspend.self, Resume.self, Connect.self,
            Disconnect.self, PastDoses.self, Designate.self, Undesignate.self, Designations.self,
            Place.self,
            CertificateCommand.self,
            WebhookCommand.self,
            Show.self,
        ])

    struct Named: ParsableArguments {
        @OptionGroup var owner: OwnerOption
        @Argument(help: "The party, as role:code.") var party: String

        func with<Answer>(_ body: (PartyRegistry, Party) async throws -> Answer) async throws
            -> Answer
        {
            guard let read = try? Party(uri: "urn:tsunagi:party:" + party) else {
                throw ValidationError("\(party) is no party: role:code is needed.")
            }
            let registry = PartyRegistry(try owner.address(), logger: owner.logger)
            do {
                let answer = try await body(registry, read)
                await registry.close()
                return answer
            } catch {
                await registry.close()
                throw error
            }
        }

        /// `otherwise` is said when nothing was there to change.
        func change(
            _ word: String, otherwise: String = "is not in the registry",
            _ body: (PartyRegistry, Party) async throws -> Bool
        ) async throws {
            guard try await with(body) else { throw ValidationError("\(party) \(otherwise).") }
            Output.line("\(party): \(word)")
        }
    }

    struct OptIn: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "opt-in", abstract: "The party agreed to the terms of use.")
        @OptionGroup var named: Named
        func run() async throws { try await named.change("opted in") { try await $0.optIn($1) } }
    }

    struct OptOut: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "opt-out",
            abstract: "The party took its agreement back; no list opts it in again.")
        @OptionGroup var named: Named
        func run() async throws {
            try await named.change("opted out") { try await $0.optOut($1) }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop the party, on live connections too.")
        @OptionGroup var named: Named
        func run() async throws { try await named.change("suspended") { try await $0.suspend($1) } }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lift a suspension.")
        @OptionGroup var named: Named
        func run() async throws { try await named.change("resumed") { try await $0.resume($1) } }
    }

    struct Connect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "From this day the body's registrations are complete.")
        @OptionGroup var named: Named
        @Option(help: "YYYY-MM-DD.") var since: String

        func run() async throws {
            let day = try CalendarDay(since, item: "since")
            try await named.change("connected since \(since)") {
                try await $0.connect($1, since: day)
            }
        }
    }

    struct Disconnect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The body's registrations are no longer complete, for no service date.",
            discussion: "Checks say \"body not connected\" of it from now on, never \"none held\".")
        @OptionGroup var named: Named
        func run() async throws {
            try await named.change("disconnected") { try await $0.disconnect($1) }
        }
    }

    struct PastDoses: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "past-doses",
            abstract: "A municipality says since when the ledger of doses it sent is whole.",
            discussion: """
                Before a needle nothing is then said of a gap in the time from that day to its connection. \
                It must have sent its ledger (layout past-doses), and be connected.
                """)
        @OptionGroup var named: Named
        @Option(help: "YYYY-MM-DD.") var since: String?
        @Flag(help: "It takes that back.") var withdrawn = false

        func validate() throws {
            guard (since == nil) == withdrawn else {
                throw ValidationError("Either --since or --withdrawn is needed.")
            }
        }

        func run() async throws {
            let day = try since.map { try CalendarDay($0, item: "since") }
            try await named.change(
                since.map { "ledger of doses whole since \($0)" } ?? "ledger of doses not whole",
                otherwise: "is no municipality that sent past doses"
            ) { try await $0.tellLedger($1, isWholeSince: day) }
        }
    }

    struct Place: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "In which municipality an institution stands.",
            discussion: "Without it an institution is in no declared disaster.")
        @OptionGroup var named: Named
        @Option(help: "The municipality's 6-digit code.") var municipality: String

        func run() async throws {
            guard let code = try? LocalGovernmentCode(municipality) else {
                throw ValidationError("\(municipality) is no local government code.")
            }
            try await named.change(
                "stands in \(municipality)", otherwise: "is no institution of the registry"
            ) { try await $0.place($1, in: code) }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the registry says, and what it said before.")
        @OptionGroup var named: Named

        func run() async throws {
            let records = try await named.with { try await $0.records(of: $1) }
            guard let now = records.first else {
                throw ValidationError("\(named.party) is not in the registry.")
            }
            Output.line("\(now.name): \(now.text)")
            for past in records.dropFirst() {
                Output.line("  until \(past.until?.text ?? "now"): \(past.text)")
            }
        }
    }

    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load a list: CSV in UTF-8 with a header that names code and name.",
            discussion: """
                Lines whose check digit is odd are loaded and named: real codes differ (some prefectures, \
                combined dental practices). Lines whose code is of the wrong form refuse the whole file.
                """)

        @OptionGroup var owner: OwnerOption
        @Option(help: "institution, municipality, prefecture, …") var role: String
        @Flag(help: "They agreed to the terms of use.") var optIn = false
        @Argument(help: "The file; .gz is read through gunzip.") var file: String

        func run() async throws {
            guard let role = Role(rawValue: role) else {
                throw ValidationError("\(self.role) is no role.")
            }
            let list = try PartyList(text: PartyList.text(of: file), role: role)
            let registry = PartyRegistry(try owner.address(), logger: owner.logger)
            let latest = list.latest
            let added = try await registry.load(latest, isOptedIn: optIn)
            await registry.close()
            let repeats = list.listings.count - latest.count
            let repeated = repeats > 0 ? "\(repeats) of them told before, " : ""
            Output.line(
                "\(list.listings.count) read, \(repeated)\(added) new, \(list.odd.count) odd codes")
            for odd in list.odd.prefix(20) { Output.line("  odd check digit: \(odd)") }
        }
    }
}

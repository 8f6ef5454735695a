import ArgumentParser
import Exchange
import Gateway

/// つなぎ: the one command line. Everything an operator, a vendor or an auditor does begins here.
@main
struct Tsunagi: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tsunagi",
        abstract: "A gateway between clinics, municipalities and residents of Japan.",
        version: Release.version,
        subcommands: [
            DemoCommand.self, ServeCommand.self, MigrateCommand.self, ProfilesCommand.self,
            PartyCommand.self, ReviewCommand.self, ImportCommand.self, PKICommand.self,
            KeyCommand.self, LogCommand.self,
            CardCommand.self,
            TrustCommand.self, SealCommand.self, WitnessCommand.self, CopayCommand.self,
            MaternalCommand.self,
            ReconcileCommand.self, ImmunizationCommand.self, LayoutCommand.self,
            StatementCommand.self, BenchCommand.self,
        ])

    /// As the library's own, but that a refusal which no command has put into words of its own is told in
    /// those that callers read.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let refusal as Refusal {
            exit(withError: SettingProblem("\(refusal.code): \(refusal.ja) / \(refusal.en)"))
        } catch {
            exit(withError: error)
        }
    }
}

import ArgumentParser
import Exchange
import Foundation
import Gateway
import Ledger
import Logging
import Postgres

/// The owner's connection, which only commands use; a gateway never has it.
struct OwnerOption: ParsableArguments {
    @Option(
        help: "libpq connection string of the owner. TSUNAGI_DATABASE_OWNER is used without it.")
    var database: String?

    func address() throws -> Address {
        let variable = ProcessInfo.processInfo.environment["TSUNAGI_DATABASE_OWNER"]
        guard let text = database ?? variable else {
            throw ValidationError("Give --database or set TSUNAGI_DATABASE_OWNER.")
        }
        return Address(text)
    }

    var logger: Logger {
        var logger = Logger(label: "tsunagi") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        return logger
    }
}

/// `tsunagi migrate`: brings the schema to this release. Safe to run from several machines at once.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema to this release.")

    @OptionGroup var owner: OwnerOption

    func run() async throws {
        let applied = try await Migrations.apply(as: owner.address(), logger: owner.logger)
        Output.line(
            applied.isEmpty ? "Nothing to do." : "Applied: \(applied.joined(separator: ", "))")
    }
}

/// `tsunagi profiles load`: puts a version of the rules on the shelf; running gateways use it
/// within seconds.
struct ProfilesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "Load rules (profiles/) into the database.",
        subcommands: [Load.self])

    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check every file and load them as one version, all or nothing.",
            discussion: """
                What municipalities registered of their own schemes stays as it is, whatever the folder says \
                of them, but for the kind of consent of a type that the folder has too.
                """)

        @OptionGroup var owner: OwnerOption
        @Argument(help: "The folder.") var folder = "profiles"

        @Option(
            name: .customLong("replace-registered"),
            help: """
                The code of a municipality whose own registered schemes give way to the folder's, for one \
                that this release cannot read. It sends its file again.
                """)
        var replaced: [String] = []

        func run() async throws {
            let pool = Pool(
                try owner.address(), limits: .init(connectionsMax: 1), label: "tsunagi-profiles",
                logger: owner.logger)
            let files = try ProfileFolder.read(folder)
            let version = try await RuleShelf.load(
                files, into: pool, replacing: Set(replaced)
            ) { try $0.requireRows() }
            await pool.shutdown()
            Output.line("Rules \(version) are loaded.")
        }
    }
}

/// The files of a folder of rules, by their path inside it: JSON, and the national master as it comes;
/// examples are not rules.
enum ProfileFolder {
    static func read(_ folder: String) throws -> [String: [UInt8]] {
        guard let paths = FileManager.default.subpaths(atPath: folder) else {
            throw SettingProblem("The folder \(folder) is not there.")
        }
        var files: [String: [UInt8]] = [:]
        for path in paths
        where (path.hasSuffix(".json") && !path.hasPrefix("examples/") && !path.hasPrefix("fhir/"))
            || (path.hasPrefix("subsidy/national-master/") && path.hasSuffix(".csv"))
        {
            files[path] = try Files.read(folder + "/" + path)
        }
        return files
    }
}

extension RuleBook {
    /// 権限表: throws a sentence where a route or a command of this release has no row, or a row no route.
    func requireRows() throws {
        guard let permissions else {
            throw SettingProblem(
                "The rules have no access/permissions.json that this release reads: nobody could do "
                    + "anything. Run tsunagi profiles load with the profiles of this release.")
        }
        try OpenAPI.require(
            rowsOf: permissions,
            commands: OperatorDesk.Operation.allCases.map(\.rawValue) + ImportOperation.names)
    }
}

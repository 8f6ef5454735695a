import ArgumentParser
import Exchange
import Gateway
import Logging
import Metrics

/// `tsunagi serve`: runs a gateway until a signal asks it to stop.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a gateway.",
        discussion: """
            Settings come from the file and from TSUNAGI_… variables, which win. \
            deploy/gateway.example.json shows every one.
            """)

    @Option(help: "A JSON file with settings.") var config: String?

    func run() async throws {
        let settings = try await Settings.read(file: config)
        let metrics = PrometheusRegistry()
        MetricsSystem.bootstrap(metrics)
        let process = GatewayProcess(
            settings: settings, logger: try Self.logger(settings), metrics: metrics)
        try await process.run { listener, port in
            Output.line("\(listener.rawValue) listener on port \(port)")
        }
    }

    static func logger(_ settings: Settings) throws -> Logger {
        guard let level = Logger.Level(rawValue: settings.logLevel) else {
            throw SettingProblem(
                "The setting log.level is \(settings.logLevel); use one of "
                    + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
        var logger = Logger(label: "tsunagi") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        return logger
    }
}

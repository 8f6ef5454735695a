import ArgumentParser

/// Sends requests over mutual TLS, checks every answer, and tells how many came back and how late.
/// The table goes to standard error, one JSON line to standard output; any failed answer makes it
/// exit 1.
@main
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tsunagi-load",
        abstract: "Load generator: closed or open loop, mutual TLS, every answer checked.",
        discussion: """
            Closed loop: each connection sends its next request when the last is answered.
            Open loop (--rate): requests are due at fixed times, whether or not answers come, and \
            an answer's time counts from when its request was due, not from when it could be sent.
            """)

    @Argument(help: "Scheme, host and port, such as https://127.0.0.1:8443")
    var url: String

    @Option(help: "One JSON request a line: {\"method\",\"path\",\"headers\":{},\"body\"}.")
    var requests: String?

    @Option(help: "Instead of --requests: GET this path, over and over.")
    var path: String?

    @Flag(help: "Send each request of the file once and stop, instead of beginning again.")
    var once = false

    @Flag(help: "A new connection and full handshake for each request.")
    var handshakes = false

    @Option(help: "Open loop: requests a second over all connections.")
    var rate: Double?

    @Option(help: "Connections over all threads.")
    var connections = 32

    @Option(help: "Event loops.")
    var threads = 1

    @Option(help: "Measured seconds.")
    var seconds = 10.0

    @Option(help: "Seconds of the same load beforehand, which are not measured.")
    var warmup = 2.0

    @Option(help: "Seconds after which an unanswered request has failed.")
    var timeout = 10.0

    @Option(help: "PEM file with the client's certificate and those above it.")
    var certificate: String?

    @Option(help: "PEM file with the client's key.")
    var key: String?

    @Option(help: "PEM file with the CA of the server.")
    var ca: String?

    @Option(help: "Name to ask for and to find in the server's certificate, if not the host.")
    var serverName: String?

    @Option(help: "TLS version, 1.2 or 1.3.")
    var tls = "1.3"

    @Option(help: "Status that every answer must have.")
    var expectStatus = 200

    @Option(
        help: """
            Status by which a busy server sends away: such answers, and what could not be sent for \
            want of an idle connection, are counted apart and are no failures.
            """)
    var turnedAway: Int?

    @Option(help: "Text that every answer's body must contain; may be given several times.")
    var expectBody: [String] = []

    @Option(help: "File with, for each line of --requests, a text that its answer must contain.")
    var expectBodies: String?

    @Option(help: "What this run is called in the results.")
    var name = "load"

    func validate() throws {
        guard (requests == nil) != (path == nil) else {
            throw ValidationError("Give either --requests or --path.")
        }
        guard threads > 0, connections >= threads else {
            throw ValidationError("There must be at least one connection for each thread.")
        }
        guard seconds > 0, warmup >= 0, timeout > 0, rate ?? 1 > 0 else {
            throw ValidationError("Times and rates must be positive.")
        }
        guard turnedAway != expectStatus else {
            throw ValidationError("An answer is either right or turned away.")
        }
        guard rate == nil || !handshakes else {
            throw ValidationError("--handshakes has no open loop: it measures connections.")
        }
        guard tls == "1.2" || tls == "1.3" else {
            throw ValidationError("--tls is 1.2 or 1.3.")
        }
    }

    func run() async throws {
        let target = try Target(self)
        let requests = try RequestList(self, authority: target.authority)
        let plan = Plan(
            target: target, requests: requests, expectation: try Expectation(self, requests.count),
            pace: Pace(self), name: name)
        let result = try await plan.run()
        try Output.write(result.table, to: .error)
        try Output.write(result.json, to: .results)
        guard result.tally.latencies.count > 0 else {
            throw LoadFault("nothing was measured: too few requests, or none answered")
        }
        if result.tally.failures > 0 { throw ExitCode.failure }
    }
}

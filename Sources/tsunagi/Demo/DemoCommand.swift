import ArgumentParser
import Exchange
import Foundation
import Ledger
import Postgres
import UnixSignals

/// `tsunagi demo`: the whole exchange on this machine, told as a story: a private PostgreSQL, a
/// development PKI, a thousand synthetic residents, real requests over mutual TLS, and at the end a
/// proof that is checked.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Tell the story on this machine.",
        discussion: """
            Everything lives in one folder and is stopped at the end. DEMO_KEEP=1 leaves it running until \
            Enter or a signal, for trying by hand.
            """)

    @Option(help: "The folder; it is made anew.") var folder = "run/demo"
    @Option(help: "How many synthetic residents.") var residents = 1_000
    @Option(help: "The first of four ports; free ones are taken when one of them is in use.")
    var ports = DemoPorts.standardFirst

    func run() async throws {
        try? World(folder: folder).cluster.stop()
        try? FileManager.default.removeItem(atPath: folder)
        let world = try World(folder: folder)
        do {
            let started = Date()
            Output.line(
                "Tsunagi (つなぎ): a demonstration. Every person and every number here is invented.")
            try await unlessStopped { try await tell(world) }
            Output.line(
                "\nDone in \(Int(Date().timeIntervalSince(started))) seconds; everything is stopped."
            )
        } catch {
            try? world.cluster.stop()
            throw error
        }
        try world.cluster.stop()
    }

    private func tell(_ world: World) async throws {
        try await world.build()
        let cast = try await DemoCast(world: world, residents: residents)
        try cast.saveCards(in: world.folder + "/cards")
        try world.configure(
            ports: DemoPorts.from(ports), epochSeconds: 1,
            limits: ["requests-per-second-per-party": 200])
        let serve = try RunningServe(configuration: world.configurationPath, expecting: 4)
        defer { serve.stop() }
        let bodies = world.folder + "/sent"
        try FileManager.default.createDirectory(
            atPath: bodies, withIntermediateDirectories: true)
        let teller = Teller(world: world, ports: serve.ports, bodies: bodies)
        teller.say("PostgreSQL, a development PKI, keys and rules are in \(world.folder)")
        teller.say("In the commands below, DEMO=\(world.folder)")
        let story = DemoStory(teller: teller, cast: cast)
        try await story.tell()
        guard ProcessInfo.processInfo.environment["DEMO_KEEP"] == "1" else { return }
        Output.line(
            "\nEverything is still running. Try the commands above by hand; DEMO=\(world.folder)")
        for listener in DemoPorts.listeners {
            Output.line("  \(listener.rawValue): port \(serve.ports[listener] ?? 0)")
        }
        if serve.ports[.institution] != ports {
            Output.line(
                "One of the ports from \(ports) is in use, so these differ from the README's.")
        }
        Output.line("Press Enter to stop.")
        try await Self.enter()
    }

    /// A signal ends the story where it is, and what was started is stopped all the same.
    private func unlessStopped(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: body)
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: [.sigterm, .sigint]) {
                    throw Command.Failure(
                        description: "Stopped by a signal; nothing is left running.")
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Asked for, not waited in: a thread that reads cannot be called back. Without a terminal
    /// there is no Enter, and a signal is what ends it.
    private static func enter() async throws {
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while true {
            try await Task.sleep(for: .milliseconds(200))
            if input.fd >= 0, poll(&input, 1, 0) > 0 {
                guard readLine() == nil else { return }
                input.fd = -1
            }
        }
    }
}

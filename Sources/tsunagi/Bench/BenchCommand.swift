import ArgumentParser
import Exchange
import Foundation
import Ledger
import Postgres

/// `tsunagi bench`: what `bench/run` asks of the gateway's own program: a world to measure in, and
/// the log's own rate.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Prepare a world for bench/run.", shouldDisplay: false,
        subcommands: [
            Prepare.self, Entries.self, Copay.self, Verdicts.self, Claims.self, Night.self,
        ])

    struct Prepare: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A cluster left running, a PKI, and the request files of bench/run.")

        @Option(help: "The folder.") var dir: String
        @Option(help: "How many residents.") var residents = 10_000
        @Option(help: "Lines of visit-rsa.jsonl; half as many of visit-p384.jsonl.") var visits =
            50_000
        @Option(
            help: "Pairs of bills.jsonl, reserve and confirm; a sixth as many of one certificate.")
        var bills = 12_000

        func run() async throws {
            let world = try World(
                folder: dir,
                // As deploy/postgresql/settings.conf has them, for a machine of this size.
                settings: [
                    "shared_buffers": "512MB", "min_wal_size": "4GB", "max_wal_size": "4GB",
                    "wal_compression": "lz4", "checkpoint_timeout": "15min",
                    "autovacuum_vacuum_cost_delay": "10ms", "max_connections": "100",
                ])
            try await world.build()
            let bench = try await BenchWorld(world)
            try await bench.fill(residents)
            try await bench.writeChecks(of: min(residents / 2, 10_000))
            try await bench.writeProofs(of: 200)
            // Opening visits, bills and vaccinations are measured in the small world alone.
            let isSmall = residents <= 100_000
            try await bench.writeVisits(isSmall ? visits : 0)
            if isSmall {
                // Before the bills, whose visits agree to nothing but subsidies.
                try await bench.writeVaccinations(of: min(residents / 2, 10_000))
                try await bench.writeCheckups(of: min(residents / 2, 10_000))
                try await bench.writeBills(bills)
            }
            try bench.writeEnvironment()
            Output.line("\(residents) residents in \(world.folder)")
        }
    }

    struct Entries: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Append access entries as the gateway does; prints one JSON line.")

        @Option(help: "The prepared folder.") var dir: String
        @Option(help: "For how long.") var seconds = 8.0
        @Option(help: "How many wait for their own commit at once.") var waiting = 128

        func run() async throws {
            let world = try World(folder: dir)
            let ledger = Ledger(
                .init(gateway: world.address("tsunagi_gateway"), office: nil), logger: world.logger)
            let caller = Caller(
                party: try Party(role: .institution, code: BenchWorld.institution), operatorID: nil)
            let end = Date().addingTimeInterval(seconds)
            let started = Date()
            let count = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<waiting {
                    group.addTask {
                        var count = 0
                        while Date() < end {
                            try? await ledger.refuse(caller, .checkEligibility, .visitUnknown)
                            count += 1
                        }
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
            let rate = Double(count) / Date().timeIntervalSince(started)
            await ledger.shutdown()
            Output.line("{\"per_second\":\(Int(rate))}")
        }
    }
}

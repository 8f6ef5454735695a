import Exchange
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 鍵の更新 on a running gateway, by the command an operator types, while clinics and a municipality go
/// on: no error, nobody lost, and what was given before goes on being good.
@Suite(.serialized, .timeLimit(.minutes(4)))
struct RotationTests {
    static let names = ["number", "card", "pairwise", "token", "nonce", "seal", "health-card"]

    @Test func `every key is rotated under load without an error`() async throws {
        try await CrashWorld.with { world in
            let process = try world.serve()
            let doorplate = Doorplate()
            doorplate.put(try await process.ports(CrashWorld.listeners.count))
            let journal = Journal()
            let clients = try await CrashTests.clients(3, world, doorplate, journal)
            let persons = try await world.count("exchange.person")
            let before = try await Self.acts(world, doorplate)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for var client in clients { group.addTask { try await client.run() } }
                do {
                    try await Self.rotateAll(world, process)
                    journal.stop()
                    try await group.waitForAll()
                } catch {
                    journal.stop()
                    throw error
                }
            }
            let told = journal.now
            // Nothing was refused, nothing had to be sent twice.
            #expect(told.unexpected == [] && told.repeated == 0 && told.failed == 0)
            #expect(told.answers.count > 20 && told.registered.count > 5)
            #expect(told.registered == told.sent)
            #expect(try await world.count("exchange.person") == persons)
            #expect(try await world.count("office.number_key where key_version = 2") == persons)
            #expect(try await world.count("exchange.card_binding where key_version < 2") == 0)
            try await Self.goesOn(before, world, doorplate, clients[0].card)
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
        }
    }

    /// What was given under the first versions.
    private struct Given {
        let token: String
    }

    private static func rotateAll(_ world: CrashWorld, _ process: ServeProcess) async throws {
        let owner = world.cluster.address()
        for name in names {
            let made = try await Program.run(
                ["key", "prepare", name, "--keys", world.keys], owner: owner)
            #expect(made.status == 0, "\(made.errors)")
        }
        process.signal(SIGHUP)
        // The files are read at once; then each is taken into use within a second.
        try await Task.sleep(for: .seconds(2))
        for name in names {
            let rotated = try await Program.run(
                ["key", "rotate", name, "--keys", world.keys], owner: owner)
            #expect(rotated.status == 0, "\(rotated.errors)")
            #expect(rotated.output.contains("\(name): version 2 is in use"))
            try await Task.sleep(for: .milliseconds(1_500))
        }
        let retired = try await Program.run(["key", "retire"], owner: owner)
        #expect(retired.status == 0, "\(retired.errors)")
        let list = try await Program.run(["key", "list"], owner: owner)
        #expect(list.output.split(separator: "\n").allSatisfy { $0.hasSuffix("version 2") })
    }

    private static func acts(_ world: CrashWorld, _ doorplate: Doorplate) async throws -> Given {
        let office = try await TLSClient(
            port: try #require(doorplate.port(.office)),
            credentials: world.pki.credentials(of: Cast.town))
        let answer = try await office.send(
            "POST", "/oauth2/token",
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array("grant_type=client_credentials".utf8))
        await office.close()
        try #require(answer.status == 200)
        return Given(token: answer.text("access_token"))
    }

    /// The token of before is good, and the resident's id of before names the resident at the new visit.
    private static func goesOn(
        _ given: Given, _ world: CrashWorld, _ doorplate: Doorplate, _ card: SoftwareCard
    ) async throws {
        let office = try await TLSClient(
            port: try #require(doorplate.port(.office)),
            credentials: world.pki.credentials(of: Cast.town))
        let task = try await office.send(
            "GET", "/medical-subsidy/registration-tasks/\(RecordID.random().text)",
            headers: [("Authorization", "Bearer \(given.token)")])
        await office.close()
        #expect(task.code == Refusal.taskUnknown.code)

        let clinic = try await TLSClient(
            port: try #require(doorplate.port(.institution)),
            credentials: world.pki.credentials(of: Cast.clinic))
        let opened = try await clinic.openVisit(card, at: Cast.clinic)
        let former = try #require(opened.json["replaces"]?.array?.first?.string)
        let current = opened.text("patient")
        #expect(former != current)
        for id in [former, current] {
            let visit = Journal.Visit(id: opened.text("visit"), patient: id)
            let checked = try await clinic.send(
                "POST", RunningGateway.checkPath, headers: [("Content-Type", "application/json")],
                body: visit.question)
            #expect(checked.status == 200, "\(checked.text)")
            #expect(checked.text.contains(current) && !checked.text.contains(former))
            let replayed = try await clinic.send(
                "GET", "/fhir/CoverageEligibilityResponse/\(checked.text("id"))/$replay")
            #expect(replayed.status == 200, "\(replayed.text)")
            let patient = try await clinic.send("GET", "/fhir/\(id)")
            #expect(patient.status == 200, "\(patient.text)")
        }
        await clinic.close()
    }
}

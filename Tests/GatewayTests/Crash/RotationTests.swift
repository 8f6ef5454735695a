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
@Suite(.serialized, .timeLimit(.minutes(10)))
struct RotationTests {
    static let names = [
        "number", "card", "pairwise", "token", "nonce", "seal", "health-card", "statement",
        "notice",
    ]

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
            #expect(told.ownLists.count > 5)
            #expect(try await world.count("exchange.person") == persons)
            #expect(try await world.count("office.number_key where key_version = 2") == persons)
            #expect(try await world.count("exchange.card_binding where key_version < 2") == 0)
            try await Self.goesOn(before, world, doorplate, clients[0].card)
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
        }
    }

    @Test func `a folder without the key in use, or with another, prepares and serves nothing`()
        async throws
    {
        try await CrashWorld.with { world in
            let owner = world.cluster.address()
            let own = world.folder + "/own"
            try FileManager.default.copyItem(atPath: world.keys, toPath: own)
            let process = try world.serve()
            _ = try await process.ports(CrashWorld.listeners.count)
            let rotated = try await Program.runByTwo(
                ["key", "rotate", "number", "--to", "2", "--keys", world.keys], owner: owner)
            #expect(rotated.status == 0, "\(rotated.errors)")
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")

            let prepare = ["key", "prepare", "number", "--keys", own]
            let behind = try await Program.run(prepare, owner: owner)
            #expect(behind.status != 0 && behind.errors.contains("version 2 of number"))
            #expect(!FileManager.default.fileExists(atPath: own + "/number-2.key"))
            try KeyRing.rotate(own, .number)
            let foreign = try await Program.run(prepare, owner: owner)
            #expect(foreign.status != 0 && foreign.errors.contains("version 2 of number"))
            try world.configure { $0["keys"] = ["folder": own] }
            let refused = try world.serve()
            #expect(try await refused.exit() != 0)
            #expect(refused.complaint.contains("number"), "\(refused.complaint)")
        }
    }

    /// What was given under the first versions.
    private struct Given {
        let token: String
        let nonce: TLSClient.Answer
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
            let rotated = try await Program.runByTwo(
                ["key", "rotate", name, "--to", "2", "--keys", world.keys], owner: owner)
            #expect(rotated.status == 0, "\(rotated.errors)")
            #expect(rotated.output.contains("\(name): version 2 is in use"))
            try await Task.sleep(for: .milliseconds(1_500))
        }
        // Whoever lost sight of the first run types it again: nothing is begun anew.
        for name in names {
            let again = try await Program.run(
                [
                    "key", "rotate", name, "--to", "2", "--keys", world.keys, "--operator",
                    Cast.operators[0].code,
                ], owner: owner)
            #expect(again.status == 0 && again.output.contains("in use already"), "\(again.errors)")
        }
        let retired = try await Program.runByTwo(["key", "retire"], owner: owner)
        #expect(retired.status == 0, "\(retired.errors)")
        let list = try await Program.run(["key", "list"], owner: owner)
        let lines = list.output.split(separator: "\n")
        #expect(lines.count == names.count && lines.allSatisfy { $0.hasSuffix("version 2") })
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
        let clinic = try await TLSClient(
            port: try #require(doorplate.port(.institution)),
            credentials: world.pki.credentials(of: Cast.clinic))
        let nonce = try await clinic.nonce()
        await clinic.close()
        return Given(token: answer.text("access_token"), nonce: nonce)
    }

    /// The token and the nonce of before are good, and the resident's id of before names the resident at
    /// the new visit.
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
        let opened = try await clinic.openVisit(card, at: Cast.clinic, nonce: given.nonce)
        _ = try await clinic.openVisit(card, at: Cast.clinic)
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

import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 立会い: `tsunagi witness`, the program, over real TLS: it finds two gateways that show two logs under one
/// key, and what it cosigned serves residents and auditors.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct WitnessedTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var folder: String { gateway.folder + "/witness" }
    private var key: [String] {
        ["--name", "witness.example/koganei", "--key", gateway.folder + "/witness.key"]
    }

    private func look(at shown: RunningGateway) async throws -> Program.Ended {
        let name = Cast.town.fileName
        return try await Program.run(
            [
                "witness", "--once", "--gateway", "https://localhost:\(try shown.port(.office))",
                "--log", shown.sealKey.text, "--folder", folder, "--certificate",
                shown.pki.certificatePath(.offices, name), "--private-key",
                shown.pki.keyPath(.offices, name), "--anchors", shown.pki.path(.server, "ca.pem"),
            ] + key)
    }

    @Test func `what a witness cosigned proves a resident's list and the auditor's database`()
        async throws
    {
        let made = try await Program.run(["witness", "key"] + key)
        let witness = made.output.trimmingCharacters(in: .newlines)
        #expect(made.status == 0 && (try? WitnessKey(text: witness)) != nil, "\(made.errors)")
        let card = try await gateway.settle().card
        let token = try await gateway.session(of: card)
        try await gateway.sealEpoch()
        let first = try await look(at: gateway)
        #expect(
            first.status == 0 && first.output.contains("cosigned"), "\(first.output)\(first.errors)"
        )
        let list = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent", headers: [token])
        let given = ["--checkpoint", folder + "/latest", "--witness", witness]
        let same = try await ListVerdicts.of([list.body], under: gateway.sealKey, given)
        #expect(same.own.status == 0, "\(same.own.output)\(same.own.errors)")
        #expect(same.own.output.contains("the very checkpoint that you gave"))
        #expect(same.own.output.contains("witness.example/koganei cosigned it"))

        let still = try await look(at: gateway)
        #expect(still.status == 0 && still.output.contains("still"), "\(still.output)")
        let kept = gateway.folder + "/kept"
        try FileManager.default.copyItem(atPath: folder + "/latest", toPath: kept)
        try await gateway.sealEpoch()
        let second = try await look(at: gateway)
        #expect(second.status == 0 && second.output.contains("cosigned"), "\(second.output)")
        try await joined(list.body, witness)

        let verify = [
            "seal", "verify", "--database", gateway.database.description, "--key",
            gateway.sealKey.text, "--witness", witness, "--checkpoint",
        ]
        for checkpoint in [kept, folder + "/latest"] {
            let audit = try await Program.run(verify + [checkpoint])
            #expect(audit.status == 0, "\(audit.output)\(audit.errors)")
            #expect(audit.output.contains("koganei cosigned the checkpoint"))
        }
        let bare = try await Program.run(verify + [gateway.folder + "/checkpoints/latest"])
        #expect(bare.status == 1)
    }

    /// The list is of another size than the witness's checkpoint by now.
    private func joined(_ list: [UInt8], _ witness: String) async throws {
        let latest = Array(try Data(contentsOf: URL(filePath: folder + "/latest")))
        let given = ["--checkpoint", folder + "/latest", "--witness", witness]
        let apart = try await ListVerdicts.of([list], under: gateway.sealKey, given)
        let newer = try gateway.sealKey.open(latest).size
        let proof = try #require(try ShownList([list]).pages[0].proof)
        let older = try gateway.sealKey.open(Array(proof.checkpoint.utf8)).size
        let path = "/log/consistency/\(older)/\(newer)"
        #expect(
            apart.own.status == 1 && apart.own.output.contains("NOT CHECKED: ")
                && apart.own.output.contains("GET \(path)"), "\(apart.own.output)"
        )
        let answer = try await gateway.send(Cast.portal, "GET", path)
        try answer.expect(200)
        for (body, status) in [(answer.text, Int32(0)), (Self.altered(answer.text), 2)] {
            let file = gateway.folder + "/consistency.json"
            try body.write(toFile: file, atomically: true, encoding: .utf8)
            let verdict = try await ListVerdicts.of(
                [list], under: gateway.sealKey, given + ["--consistency", file])
            #expect(verdict.own.status == status, "\(verdict.own.output)\(verdict.own.errors)")
            #expect(verdict.own.output.contains(status == 0 ? "are of one log" : "TWO VIEWS"))
        }
    }

    private static func altered(_ text: String) -> String {
        text.replacing(/"proof":\["[^"]+"/, with: #""proof":["\#(Base64.text(Array(1...32)))""#)
    }

    @Test func `two gateways with one key and two logs are found by one witness`() async throws {
        _ = try await gateway.settle()
        try await gateway.seal()
        try? FileManager.default.removeItem(atPath: folder)
        _ = try await Program.run(["witness", "key"] + key)
        let before = try await look(at: gateway)
        #expect(before.status == 0, "\(before.output)\(before.errors)")
        let cosigned = try Data(contentsOf: URL(filePath: folder + "/latest"))
        try await RunningGateway.run(signer: gateway.signer) { other in
            for _ in 0..<8 { _ = try await other.settle() }
            try await other.seal()
            let found = try await look(at: other)
            #expect(found.status == 2, "\(found.output)\(found.errors)")
            #expect(found.output.contains("警告") && found.output.contains("ALARM"))
            let shown = try await other.ledger.checkpoint()
            #expect(
                try String(contentsOfFile: folder + "/evidence/shown", encoding: .utf8) == shown)
        }
        #expect(try Data(contentsOf: URL(filePath: folder + "/evidence/cosigned")) == cosigned)
        // The gateway that it knew gets no cosignature either, until somebody looked.
        let after = try await look(at: gateway)
        #expect(after.status == 2 && after.output.contains("ALARM"))
        try FileManager.default.removeItem(atPath: folder + "/evidence")
        let again = try await look(at: gateway)
        #expect(again.status == 0, "\(again.output)\(again.errors)")
    }
}

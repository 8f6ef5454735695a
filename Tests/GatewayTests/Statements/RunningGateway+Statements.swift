import Exchange
import Foundation
import Gateway
import Ledger
import TestSupport
import Trust

/// 突合 as a municipality asks for it.
extension RunningGateway {
    var statementKey: CheckpointKey {
        get throws {
            try CheckpointSigner(
                of: "statements", origin: "tsunagi.example/test",
                key: keys.ring.current(.statement)
            ).key
        }
    }

    /// `tsunagi statement compare` at a town, against a statement of this moment; of this gateway, unless
    /// another `address` is asked.
    func compare(
        _ file: NightFile, as layout: String = "entitlements", by town: Party,
        at address: String? = nil
    ) async throws -> Program.Ended {
        let own = "https://localhost:\(try port(.office))"
        let path = folder + "/\(RecordID.random().text).csv"
        try Data(file.bytes()).write(to: URL(filePath: path))
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return try await Program.run([
            "statement", "compare", path, "--layout", layout, "--profiles",
            "/\(root)/profiles", "--gateway", address ?? own,
            "--certificate", pki.certificatePath(.offices, town.fileName),
            "--private-key", pki.keyPath(.offices, town.fileName), "--anchors",
            pki.path(.server, "ca.pem"), "--statement-key", try statementKey.text, "--now",
        ])
    }
}

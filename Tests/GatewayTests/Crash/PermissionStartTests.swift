import Exchange
import Foundation
import Ledger
import TestSupport
import Testing

/// A gateway whose rules leave a route out does not start: what nobody named is nobody's, and an operator
/// hears of it before the clinics do.
@Suite(.timeLimit(.minutes(10)))
struct PermissionStartTests {
    @Test func `a route without a row keeps the gateway from starting`() async throws {
        try await CrashWorld.with { world in
            var files = CrashWorld.profiles
            let path = "access/permissions.json"
            let text = String(decoding: try #require(files[path]), as: UTF8.self)
            files[path] = Array(
                text.replacing(#""POST /visits/nonces""#, with: #""POST /visits/once""#).utf8)
            _ = try await RuleShelf.load(files, into: world.owner)
            let process = try world.serve()
            #expect(try await process.exit() != 0)
            #expect(
                process.complaint.contains(
                    "POST /visits/nonces of the institution listener has no row"),
                "\(process.complaint)")
        }
    }
}

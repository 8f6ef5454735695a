import Exchange
import Foundation
import Ledger
import TestSupport
import Testing

/// 名簿の取込み: what `tsunagi party load` says of a list that is not what it was taken for.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PartyListTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func load(_ lines: [String], as role: Role) async throws -> Program.Ended {
        let file = gateway.folder + "/list-\(RecordID.random().text).csv"
        let text = (["code,name"] + lines).joined(separator: "\n")
        try Data(text.utf8).write(to: URL(filePath: file))
        return try await Program.run(
            ["party", "load", "--role", role.rawValue, file], owner: gateway.database)
    }

    /// Real lists name an institution twice; the numbers must add up for whoever reads them.
    @Test func `a line that tells of a party again is counted`() async throws {
        let lines = ["0110112489,見本病院", "0110112745,見本医院", "0110112489,見本病院"]
        let ended = try await load(lines, as: .institution)
        #expect(ended.output == "3 read, 1 of them told before, 2 new, 0 odd codes\n")
        let again = try await load(Array(lines.prefix(2)), as: .institution)
        #expect(again.output == "2 read, 0 new, 0 odd codes\n")
    }

    @Test func `a list of municipalities is no list of prefectures, nor the reverse`() async throws
    {
        for (line, role) in [
            ("011011,札幌市 中央区", Role.prefecture), ("010006,北海道", Role.municipality),
        ] {
            let ended = try await load([line], as: role)
            #expect(ended.status == 1)
            #expect(
                ended.errors.contains("Line 2: the code is not of the form a \(role.rawValue) has"))
        }
        #expect(try await load(["011011,札幌市 中央区"], as: .municipality).status == 0)
        #expect(try await load(["010006,北海道"], as: .prefecture).status == 0)
    }

    /// …/Tests/GatewayTests/Operate/PartyListTests.swift → beside the package; never committed.
    private static let registries = (0..<5).reduce(URL(filePath: #filePath)) { url, _ in
        url.deletingLastPathComponent()
    }.appending(path: "shared/data")

    private static var areThere: Bool {
        FileManager.default.fileExists(atPath: registries.path)
    }

    /// 実在の名簿: all institutions and municipalities of the country, into a database of their own.
    @Test(.enabled(if: areThere, "shared/data with the real registries is not beside the package"))
    func `the real registries load`() async throws {
        let owner = try await TestPostgres.freshDatabase()
        let migrated = try await Program.run(["migrate"], owner: owner)
        #expect(migrated.status == 0, "\(migrated.errors)")
        for (role, file, start) in [
            (
                "institution", "medical-institutions.csv.gz",
                "97024 read, 536 of them told before, 96488 new, "
            ), ("municipality", "local-governments.csv", "1916 read, 1916 new, 0 odd codes\n"),
        ] {
            let path = Self.registries.appending(path: file).path
            let ended = try await Program.run(
                ["party", "load", "--role", role, path], owner: owner)
            #expect(ended.status == 0 && ended.output.hasPrefix(start), "\(ended.output)")
        }
        try await TestPostgres.drop(owner)
    }
}

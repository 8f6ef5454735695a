import Ledger
import Postgres
import TestSupport
import Testing

/// だれの記録か: whoever got hold of one database role records in nobody else's name.
@Suite struct ZoneRecordTests {
    private static let person = "00000000-0000-4000-8000-00000000000a"
    private static let clinic = "institution:1310000001"
    private static let town = "municipality:132101"
    static let tables = ["vaccination", "checkup_result", "sensitive_checkup_result"]

    /// A version of a record, as its table has it; of a municipality no visit brought it.
    private static func version(
        _ number: Int, of record: String, in table: String, by party: String
    ) -> String {
        let isTown = party.hasPrefix("municipality:")
        let visit = isTown ? "null" : "gen_random_uuid()"
        let own = "'x', gen_random_uuid()::text"
        guard table != "vaccination" else {
            return """
                insert into exchange.vaccination (person, vaccination, version, party, identifier_system,
                    identifier, status, face, visit, recorded_at)
                values ('\(person)', '\(record)', \(number), '\(party)', \(own), 'completed', '{}', \(visit),
                    now())
                """
        }
        let isSensitive = table == "sensitive_checkup_result"
        return """
            insert into exchange.\(table) (person, result, version, party, identifier_system, identifier,
                status, checkup, day, face, warnings, follow_ups, visit, rules,
                recorded_at\(isSensitive ? ", consented_on" : ""))
            values ('\(person)', '\(record)', \(number), '\(party)', \(own), 'final', 'infant-3-4m',
                '2026-04-01', '{}', '{}', '{}', \(visit), 'r',
                now()\(isSensitive ? (isTown ? ", '2026-04-01'" : ", null") : ""))
            """
    }

    /// 42501: insufficient_privilege. Nothing else may be what stopped it.
    private static func expectRefused(
        _ sql: String, _ role: String, _ world: LedgerWorld
    ) async {
        let error = await #expect(throws: DatabaseError.self, "\(role): \(sql)") {
            try await world.execute(sql, as: role)
        }
        #expect(error?.sqlState == "42501", "\(role): \(sql)")
    }

    @Test(arguments: tables)
    func `neither zone records in the other's name, nor over what the other recorded`(
        _ table: String
    ) async throws {
        let ofClinic = "00000000-0000-4000-8000-0000000000c1"
        let ofTown = "00000000-0000-4000-8000-0000000000d1"
        let new = "00000000-0000-4000-8000-0000000000e1"
        try await LedgerWorld.with { world in
            func sql(_ number: Int, _ record: String, _ party: String) -> String {
                Self.version(number, of: record, in: table, by: party)
            }
            try await world.execute(
                "insert into exchange.person (person) values ('\(Self.person)')")
            try await world.execute(sql(1, ofClinic, Self.clinic), as: "tsunagi_gateway")
            try await world.execute(sql(1, ofTown, Self.town), as: "tsunagi_office")
            for forged in [
                sql(1, new, Self.clinic), sql(2, ofClinic, Self.clinic),
                sql(2, ofClinic, Self.town),
                sql(2, ofTown, Self.clinic), sql(2, ofTown, "municipality:132047"),
            ] {
                await Self.expectRefused(forged, "tsunagi_office", world)
            }
            for forged in [
                sql(1, new, Self.town), sql(2, ofTown, Self.town), sql(2, ofTown, Self.clinic),
                sql(2, ofClinic, "institution:1310000002"),
            ] {
                await Self.expectRefused(forged, "tsunagi_gateway", world)
            }
            // What is their own they correct.
            try await world.execute(sql(2, ofClinic, Self.clinic), as: "tsunagi_gateway")
            try await world.execute(sql(2, ofTown, Self.town), as: "tsunagi_office")
            #expect(try await world.count("exchange.\(table)") == 4)
        }
    }

    @Test func `no dose that the office's role files is a claim`() async throws {
        let record = "00000000-0000-4000-8000-0000000000d1"
        try await LedgerWorld.with { world in
            func claim(_ refusal: String) -> String {
                """
                insert into exchange.vaccination_claim
                    (person, vaccination, version, rules, made_at, refusal)
                values ('\(Self.person)', '\(record)', 1, 'r', now(), \(refusal))
                """
            }
            try await world.execute(
                "insert into exchange.person (person) values ('\(Self.person)')")
            try await world.execute(
                Self.version(1, of: record, in: "vaccination", by: Self.town), as: "tsunagi_office")
            await Self.expectRefused(claim("null"), "tsunagi_office", world)
            try await world.execute(claim("'copied'"), as: "tsunagi_office")
        }
    }
}

import Postgres

/// 区分: what the database lets a connection do is what its listeners may, and no more. Whoever served as the
/// owner, or as another zone's role, could read hashes of numbers or change entries, and no table would
/// refuse.
extension Ledger {
    /// Asked once, before anybody is served. Throws `WrongRole`.
    package func requireZones() async throws {
        try await Self.requireZone(gateway, of: "database.gateway", seesNumbers: false)
        if let office {
            try await Self.requireZone(office, of: "database.office", seesNumbers: true)
        }
    }

    private static func requireZone(
        _ pool: Pool, of setting: String, seesNumbers: Bool
    ) async throws {
        let rights = try await pool.transaction(.readOnly) {
            try Rights($0.query(Self.selectRights)[0])
        }
        guard !rights.changesEntries else {
            throw WrongRole(setting, rights.role, "may change the access log")
        }
        guard rights.seesNumbers == seesNumbers else {
            throw WrongRole(
                setting, rights.role,
                seesNumbers
                    ? "may not use schema office"
                    : "may use schema office, where the hashes of individual numbers are")
        }
    }

    private struct Rights: Sendable {
        let role: String
        let seesNumbers: Bool
        let changesEntries: Bool

        init(_ row: Row) throws {
            role = try row.text(0)
            seesNumbers = try row.bool(1)
            changesEntries = try row.bool(2)
        }
    }

    private static let selectRights = Statement(
        """
        select current_user::text, has_schema_privilege('office', 'usage'),
            has_any_column_privilege('log.access_entry', 'update')
                or has_table_privilege('log.access_entry', 'delete')
                or has_table_privilege('log.access_entry', 'truncate')
        """)
}

/// A connection that its zone may not have: with it the other zones' walls would be paper.
package struct WrongRole: Error, CustomStringConvertible {
    let setting: String
    let role: String
    let problem: String

    init(_ setting: String, _ role: String, _ problem: String) {
        self.setting = setting
        self.role = role
        self.problem = problem
    }

    package var description: String {
        "The role \(role) of \(setting) \(problem): give it the role that deploy/postgresql/roles.md names."
    }
}

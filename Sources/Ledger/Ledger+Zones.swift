package import Postgres

/// 区分: what the database lets a connection do is what its listeners may, and no more. Whoever served as the
/// owner, or as another zone's role, could read hashes of numbers or change entries, and no table would
/// refuse.
extension Ledger {
    /// Asked once, before anybody is served or sealed for. Throws `WrongRole`.
    package func requireZones(sealer: Address?) async throws {
        _ = try await Self.requireZone(gateway, of: "database.gateway", seesNumbers: false)
        if let office {
            _ = try await Self.requireZone(office, of: "database.office", seesNumbers: true)
        }
        guard let sealer else { return }
        let limits = Pool.Limits(connectionsMax: 1, waitersMax: 1)
        let pool = Pool(sealer, limits: limits, label: "tsunagi-zones", logger: logger)
        do {
            try await Self.requireSealer(pool)
            await pool.shutdown()
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    /// Whoever seals reads every entry: one that could also change them would sign what it likes.
    private static func requireSealer(_ pool: Pool) async throws {
        let setting = "database.sealer"
        let rights = try await requireZone(pool, of: setting, seesNumbers: false)
        guard rights.seals else { throw WrongRole(setting, rights.role, "may not seal") }
    }

    private static func requireZone(
        _ pool: Pool, of setting: String, seesNumbers: Bool
    ) async throws -> Rights {
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
        return rights
    }

    private struct Rights: Sendable {
        let role: String
        let seesNumbers: Bool
        let changesEntries: Bool
        let seals: Bool

        init(_ row: Row) throws {
            role = try row.text(0)
            seesNumbers = try row.bool(1)
            changesEntries = try row.bool(2)
            seals = try row.bool(3)
        }
    }

    private static let selectRights = Statement(
        """
        select current_user::text, has_schema_privilege('office', 'usage'),
            has_any_column_privilege('log.access_entry', 'update')
                or has_table_privilege('log.access_entry', 'delete')
                or has_table_privilege('log.access_entry', 'truncate'),
            has_table_privilege('log.position', 'insert')
                and has_any_column_privilege('log.head', 'update')
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

package import Exchange
package import Logging
package import Postgres

/// 関係機関の台帳: who may connect, as the operator loads it from real lists. Works as the owner, never
/// inside a gateway.
package struct PartyRegistry: Sendable {
    /// One line of a list.
    package struct Listing: Sendable {
        package let party: Party
        package let name: String

        package init(party: Party, name: String) {
            self.party = party
            self.name = name
        }
    }

    let pool: Pool

    package init(_ owner: Address, logger: Logger) {
        pool = Pool(owner, limits: .single, label: "tsunagi-party", logger: logger)
    }

    package func close() async { await pool.shutdown() }

    /// Adds or renames; suspensions and designations of those already there stay as they are. A list
    /// opts nobody out, and opts nobody in again who opted out. Returns how many are new. All lines
    /// or none.
    package func load(_ listings: [Listing], isOptedIn: Bool = false) async throws -> Int {
        try await pool.transaction { transaction in
            var added = 0
            for start in stride(from: 0, to: listings.count, by: 5_000) {
                let part = listings[start..<min(start + 5_000, listings.count)]
                let rows = try transaction.query(
                    Self.upsert,
                    [
                        .texts(part.map(\.party.key)), .texts(part.map(\.party.role.rawValue)),
                        .texts(part.map(\.party.code)), .texts(part.map(\.name)),
                        .bool(isOptedIn),
                    ])
                added += try (0..<rows.count).reduce(0) { try $0 + (rows[$1].bool(0) ? 1 : 0) }
            }
            return added
        }
    }

    /// 利用開始: the party agreed to the terms and may use the gateway. Returns false for an unknown
    /// party.
    package func optIn(_ party: Party) async throws -> Bool {
        try await change(
            """
            update exchange.party set is_opted_in = true, opted_out_at = null where party = $1
            """, party)
    }

    /// 利用の取りやめ: the party took its agreement back. From its next access on it is refused
    /// `party-not-opted-in`, until it opts in by name; a list does not do that.
    package func optOut(_ party: Party) async throws -> Bool {
        try await change(
            """
            update exchange.party
            set is_opted_in = false, opted_out_at = coalesce(opted_out_at, clock_timestamp())
            where party = $1
            """, party)
    }

    /// 停止: effective on live connections within a second or two, on every access at once.
    package func suspend(_ party: Party) async throws -> Bool {
        try await change(
            """
            update exchange.party set suspended_at = coalesce(suspended_at, clock_timestamp())
            where party = $1
            """, party)
    }

    package func resume(_ party: Party) async throws -> Bool {
        try await change("update exchange.party set suspended_at = null where party = $1", party)
    }

    /// 接続: from this day a body's registrations are complete, so "none held" may be said of it.
    package func connect(_ party: Party, since day: CalendarDay) async throws -> Bool {
        try await change(
            "update exchange.party set connected_since = $2 where party = $1", party, [.day(day)])
    }

    /// 切断: the body's registrations can no longer be taken as complete, for no service date: what
    /// it has not said it may have failed to say.
    package func disconnect(_ party: Party) async throws -> Bool {
        try await change(
            "update exchange.party set connected_since = null where party = $1", party)
    }

    /// 台帳の申出: the municipality says that the ledger it sent (`past-doses`) holds every dose of its
    /// residents since this day; with `nil` it takes that back. Returns false for what is no municipality
    /// that sent any.
    package func tellLedger(_ party: Party, isWholeSince day: CalendarDay?) async throws -> Bool {
        try await change(
            """
            update exchange.party set doses_since = $2::date
            where party = $1 and role = 'municipality' and ($2::date is null or exists (
                select 1 from exchange.past_dose d where d.party = $1 and d.status = 'completed'))
            """, party, [day.map { Value.day($0) } ?? .null])
    }

    /// 所在: in which municipality an institution stands, for declared disasters.
    package func place(_ party: Party, in municipality: LocalGovernmentCode) async throws -> Bool {
        try await change(
            """
            insert into exchange.institution_area as a (party, municipality)
            select party, $2::text from exchange.party where party = $1 and role = 'institution'
            on conflict (party) do update
            set municipality = excluded.municipality, placed_at = clock_timestamp()
            """, party, [.text(municipality.digits)])
    }

    private func change(_ sql: String, _ party: Party, _ values: [Value] = []) async throws -> Bool
    {
        try await pool.transaction { transaction in
            try transaction.run(Statement(sql), [.text(party.key)] + values) == 1
        }
    }

    private static let upsert = Statement(
        """
        insert into exchange.party (party, role, code, name, is_opted_in)
        select *, $5::bool from unnest($1::text[], $2::text[], $3::text[], $4::text[])
        on conflict (party) do update
        set name = excluded.name,
            is_opted_in = party.is_opted_in or (excluded.is_opted_in and party.opted_out_at is null)
        returning xmax = 0
        """)
}

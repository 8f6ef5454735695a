package import Exchange
import Postgres

/// 自分へのアクセス: an entry about the resident, with its place in the tree once it is sealed.
package struct OwnEntry: Sendable {
    package let entry: StoredEntry
    package let partyName: String
    /// Nothing while the entry waits for the next seal.
    package let proof: InclusionProof?
}

/// The resident's entries as of one checkpoint.
package struct OwnAccessLog: Sendable {
    package let entries: [OwnEntry]
    package let total: Int
    /// The signed note the proofs lead to; nothing before the first seal.
    package let checkpoint: String?
}

extension Records {
    /// Newest first, `limit` of them from `offset` on.
    package mutating func ownAccessLog(of person: PersonKey, offset: Int, limit: Int) throws
        -> OwnAccessLog
    {
        let rows = try transaction.pipeline([
            (Self.selectOwnEntries, [.person(person), .int(offset), .int(limit)]),
            (Self.countOwnEntries, [.person(person)]),
            (Self.selectCheckpoint, []),
        ])
        let signed = rows[2].count == 0 ? nil : rows[2][0]
        let size = try signed?.int(0) ?? 0
        var tree = TileTree(size: size)
        var tiles = TileStore(size: size)
        let positions = try rows[0].map { try $0.optionalInt(12) }.compactMap { $0 }
        try tiles.load(
            Set(positions.flatMap { try tree.tiles(forInclusionOf: $0) }), &transaction)
        let entries = try (0..<rows[0].count).map { index in
            let row = rows[0][index]
            let proof = try row.optionalInt(12).flatMap { position in
                try tree.inclusionProof(of: position) { try tiles.tile($0, &transaction) }
            }
            return OwnEntry(
                entry: try StoredEntry(row), partyName: try row.text(11), proof: proof)
        }
        return OwnAccessLog(
            entries: entries, total: try rows[1][0].int(0), checkpoint: try signed?.text(1))
    }

    private static let selectOwnEntries = Statement(
        """
        select e.entry, e.at, e.party, e.operator, e.purpose, e.visit, e.person, e.outcome,
            e.basis, e.digest, e.salt,
            coalesce(p.name, e.party), s.position
        from log.access_entry e
        left join exchange.party p on p.party = e.party
        left join log.position s on s.entry = e.entry
        where e.person = $1 order by e.at desc, e.entry desc offset $2 limit $3
        """)

    private static let countOwnEntries = Statement(
        "select count(*) from log.access_entry where person = $1")

    private static let selectCheckpoint = Statement(
        "select size, note from log.checkpoint order by size desc limit 1")
}

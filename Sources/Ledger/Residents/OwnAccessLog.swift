package import Exchange
import Postgres

/// 自分へのアクセス: an entry about the resident, with its place in the tree once it is sealed.
package struct OwnEntry: Sendable {
    package enum Content: Sendable {
        case kept(StoredEntry, partyName: String)
        /// 保管: its month has left the database, and what is known of it stands in its position.
        case archived(RecordID, at: Instant, leaf: LogHash)

        /// The hash of its leaf.
        package var leaf: LogHash {
            switch self {
            case .kept(let entry, _): .leaf(entry.leafText)
            case .archived(_, _, let leaf): leaf
            }
        }
    }

    package let content: Content
    /// Its number in the resident's sequence; nothing while it waits for the next seal.
    package let sequence: Int?
    /// Nothing while no signed checkpoint covers it.
    package let proof: InclusionProof?
    /// The map of the last epoch counts it.
    package let isCommitted: Bool
    /// 開示の延期: of one that is over, too.
    package let withholding: Withholding?
}

/// The resident's entries as of one checkpoint.
package struct OwnAccessLog: Sendable {
    package let entries: [OwnEntry]
    package let total: Int
    /// The signed note the proofs lead to; nothing before the first seal.
    package let checkpoint: String?
    /// How many there are as of the last epoch, none included; nothing before the first one.
    package let map: OwnMapProof?
    /// 保管: the months that entries of this page are archived in, as the log says it.
    package let archives: [OwnArchiveProof]
    /// 記録の数: how many records are of the resident. Each has its sequence and a list of its own: entries
    /// never move.
    package let records: Int
}

/// That the log itself says that a month was archived.
package struct OwnArchiveProof: Sendable {
    package let month: ArchivedMonth
    package let inclusion: InclusionProof
}

/// 一覧の証明: that the resident has just so many entries as of an epoch, and that its map is in the
/// log.
package struct OwnMapProof: Sendable {
    package let epoch: MapEpoch
    package let inclusion: InclusionProof
    package let index: ResidentIndex
    /// Nothing where the map has nothing at the index.
    package let head: SequenceHead?
    package let proof: MapProof
}

extension Records {
    /// Newest first, `limit` of them from `offset` on: those that wait for their number, then the
    /// sequence from its end down. `record` counts the records of the person, from 0 for the one that stands
    /// for all; throws `.recordUnknown` for one that there is not.
    package mutating func ownAccessLog(
        of survivor: PersonKey, record: Int = 0, offset: Int, limit: Int
    ) throws -> OwnAccessLog {
        let person = try self.record(record, of: survivor)
        let index = ResidentIndex(person)
        let rows = try transaction.pipeline([
            (Self.selectUnsealed, [.person(person)]), (Self.selectCheckpoint, []),
            (Self.selectTiles, [.texts(ResidentMap.prefixes(of: index))]),
            (Self.selectRecordsOf, [.person(survivor)]),
        ])
        let signed = try Signed(rows[1].first)
        let last = try rows[0][0].int(0)
        let unsealed = try rows[0].map { try OwnEntry(unsealed: $0) }.compactMap { $0 }
        // What is sealed never changes its number, so these need not be of the same moment.
        let newest = last - max(0, offset - unsealed.count)
        let waiting = Array(unsealed.dropFirst(offset).prefix(limit))
        let sealed = try transaction.pipeline([
            (
                Self.selectSealed,
                [.person(person), .int(newest - (limit - waiting.count) + 1), .int(newest)]
            ),
            (Self.selectHead, [.person(person), .int(signed.epoch?.size ?? 0)]),
        ])
        var tree = TileTree(size: signed.size)
        var tiles = TileStore(size: signed.size)
        let positions = try sealed[0].map { try $0.int(12) } + [signed.place].compactMap { $0 }
        try tiles.load(
            Set(positions.flatMap { tree.tiles(forInclusionOf: $0) }), &transaction)
        let prove = { (position: Int, transaction: inout Transaction) in
            try tree.inclusionProof(of: position) { try tiles.tile($0, &transaction) }
        }
        let numbered = try (0..<sealed[0].count).map { place in
            let row = sealed[0][place]
            let position = try row.int(12)
            return OwnEntry(
                content: try OwnEntry.Content(row),
                sequence: try row.int(13), proof: try prove(position, &transaction),
                isCommitted: position < signed.epoch?.size ?? 0,
                withholding: try Withholding(row, from: 17))
        }
        let map = try signed.place.flatMap { try prove($0, &transaction) }.map {
            try OwnMapProof(
                signed, $0, index: index,
                head: sealed[1].first.map { try SequenceHead($0, from: 0) },
                tiles: rows[2])
        }
        let archives = try Self.months(of: numbered, &transaction).compactMap { month, place in
            try prove(place, &transaction).map { OwnArchiveProof(month: month, inclusion: $0) }
        }
        return OwnAccessLog(
            entries: waiting + numbered, total: last + unsealed.count, checkpoint: signed.note,
            map: map, archives: archives, records: 1 + rows[3].count)
    }

    /// The one that stands for all is known without asking.
    private mutating func record(_ place: Int, of survivor: PersonKey) throws -> PersonKey {
        guard place != 0 else { return survivor }
        let absorbed = try absorbedRecords(of: survivor)
        guard absorbed.indices.contains(place - 1) else { throw Refusal.recordUnknown }
        return absorbed[place - 1]
    }

    /// The months that the archived of these entries are in, and where their leaves are.
    private static func months(
        of entries: [OwnEntry], _ transaction: inout Transaction
    ) throws -> [(ArchivedMonth, Int)] {
        let months = Set(entries.compactMap(\.content.archivedMonth))
        guard !months.isEmpty else { return [] }
        let first = months.sorted().map { $0.text + "-01" }
        return try transaction.query(selectArchives, [.texts(first)]).map {
            (try ArchivedMonth($0, from: 0), try $0.int(7))
        }
    }

    private static let selectArchives = Statement(
        """
        select \(ArchivedMonth.Contents.columns(of: "a")), a.at, p.position
        from log.archive a join log.position p on p.entry = a.entry
        where a.month = any($1::text[]::date[]) order by a.month
        """)

    /// What nobody has sealed yet, and where the sequence ends: one statement, so that an entry
    /// sealed at this moment is in one of the two. There is always one row.
    private static let selectUnsealed = Statement(
        """
        select sealed.last, \(StoredEntry.columns(of: "e")), coalesce(p.name, e.party),
            \(Withholding.columns)
        from (select coalesce(max(sequence), 0) as last from log.position where person = $1) sealed
        left join log.access_entry e on e.person = $1 and e.xid >= (select next_xid from log.head)
        left join exchange.party p on p.party = e.party
        left join log.withholding_now w on w.entry = e.entry
        order by e.at desc, e.entry desc
        """)

    /// With the time of the position, one month's partition is looked into. An entry that is not there is
    /// shown as archived where its month was, and nowhere else.
    private static let selectSealed = Statement(
        """
        select \(StoredEntry.columns(of: "e")), coalesce(p.name, e.party), s.position, s.sequence,
            s.entry, s.at, s.leaf, \(Withholding.columns)
        from log.position s
        left join log.access_entry e on e.entry = s.entry and e.at = s.at and e.person = $1
        left join exchange.party p on p.party = e.party
        left join log.withholding_now w on w.entry = s.entry
        where s.person = $1 and s.sequence between $2 and $3 and (e.entry is not null or exists (
            select 1 from log.archive a
            where a.month = date_trunc('month', s.at at time zone 'Asia/Tokyo')::date))
        order by s.sequence desc
        """)

    private static let selectHead = Statement(
        """
        select sequence, position, link from log.position
        where person = $1 and position < $2 order by sequence desc limit 1
        """)

    /// The newest checkpoint, with the newest epoch that it covers.
    private static let selectCheckpoint = Statement(
        """
        select c.size, c.note, e.epoch, e.size, e.root, e.at, e.position
        from (select size, note from log.checkpoint order by size desc limit 1) c
        left join lateral (
            select m.epoch, m.size, m.root, m.at, p.position
            from log.epoch m join log.position p on p.entry = m.entry
            where p.position < c.size order by m.epoch desc limit 1) e on true
        """)

    private static let selectTiles = Statement(
        """
        select prefix, epoch, slots, prior from log.map_tile where prefix = any($1::text[])
        order by prefix
        """)
}

/// The newest checkpoint, and the newest epoch that it covers.
private struct Signed {
    let size: Int
    let note: String?
    let epoch: MapEpoch?
    /// Where the epoch's leaf is.
    let place: Int?

    init(_ row: Row?) throws {
        size = try row?.int(0) ?? 0
        note = try row?.text(1)
        place = try row?.optionalInt(6)
        guard let row, place != nil else {
            epoch = nil
            return
        }
        epoch = try MapEpoch(row, from: 2)
    }
}

extension OwnEntry {
    /// Nothing for the row that only says where the sequence ends.
    fileprivate init?(unsealed row: Row) throws {
        guard try row.optionalUUID(1) != nil else { return nil }
        self.init(
            content: .kept(try StoredEntry(row, from: 1), partyName: try row.text(12)),
            sequence: nil, proof: nil, isCommitted: false,
            withholding: try Withholding(row, from: 13))
    }
}

extension OwnEntry.Content {
    fileprivate var archivedMonth: LogMonth? {
        guard case .archived(_, let at, _) = self else { return nil }
        return LogMonth(of: at)
    }

    fileprivate init(_ row: Row) throws {
        guard try row.optionalUUID(0) == nil else {
            self = .kept(try StoredEntry(row), partyName: try row.text(11))
            return
        }
        guard let leaf = LogHash(try row.bytes(16)) else { throw LogDamage.unproved }
        self = .archived(
            try row.uuid(14).record, at: Instant(microseconds: try row.instant(15)), leaf: leaf)
    }
}

extension OwnMapProof {
    /// Throws `LogDamage` when the tiles are not the map that the epoch's leaf says: a proof that
    /// would not hold does not leave.
    fileprivate init(
        _ signed: Signed, _ inclusion: InclusionProof, index: ResidentIndex, head: SequenceHead?,
        tiles: Rows
    ) throws {
        guard let epoch = signed.epoch else { throw LogDamage.mapRoot(epoch: 0) }
        var map = ResidentMap()
        // In the order of prefixes, a tile follows the one above it.
        for place in 0..<tiles.count {
            guard let (prefix, tile) = try MapTile.stored(tiles[place], asOf: epoch.number) else {
                continue
            }
            try map.load(tile, at: prefix)
        }
        let (leaf, proof) = try map.proof(of: index)
        guard leaf == head?.leaf(of: index), proof.verifies(leaf, at: index, root: epoch.root)
        else { throw LogDamage.mapRoot(epoch: epoch.number) }
        self.init(epoch: epoch, inclusion: inclusion, index: index, head: head, proof: proof)
    }
}

extension MapTile {
    /// A row's tile as of an epoch: the last one's or the one's before. Nothing where there was none.
    static func stored(_ row: Row, asOf epoch: Int) throws -> (String, MapTile)? {
        let prefix = try row.text(0)
        let bytes = try row.int(1) <= epoch ? row.bytes(2) : row.optionalBytes(3)
        guard let bytes else { return nil }
        guard let tile = MapTile(bytes) else { throw LogDamage.mapTile(prefix: prefix) }
        return (prefix, tile)
    }
}

extension MapEpoch {
    init(_ row: Row, from column: Int) throws {
        guard let root = LogHash(try row.bytes(column + 2)) else {
            throw LogDamage.mapRoot(epoch: try row.int(column))
        }
        self.init(
            number: try row.int(column), size: try row.int(column + 1), root: root,
            at: Instant(microseconds: try row.instant(column + 3)))
    }
}

extension SequenceHead {
    init(_ row: Row, from column: Int) throws {
        self.init(
            count: try row.int(column), position: try row.int(column + 1),
            link: try row.bytes(column + 2))
    }
}

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
        var steps: [(Statement, [Value])] = [
            (Self.selectUnsealed, [.person(person)]), (Self.selectSigned, [.person(person)]),
            (Self.selectTiles, [.texts(ResidentMap.prefixes(of: index))]),
            (Self.selectRecordsOf, [.person(survivor)]),
        ]
        // The first page begins at the end of the sequence, wherever that is.
        if offset == 0 { steps.append(Self.sealed(1...Int.max, of: person, limit)) }
        let rows = try transaction.pipeline(steps)
        let signed = try Signed(rows[1].first)
        let last = try rows[0][0].int(0)
        let unsealed = try rows[0].map { try OwnEntry(unsealed: $0) }.compactMap { $0 }
        // What is sealed never changes its number, so these need not be of the same moment.
        let newest = last - max(0, offset - unsealed.count)
        let waiting = Array(unsealed.dropFirst(offset).prefix(limit))
        let sealed = try sealed(
            newest - (limit - waiting.count) + 1..<newest + 1, of: person,
            among: offset == 0 ? rows[4] : nil)
        var tree = SignedTree(size: signed.size, root: signed.root, remembering: tiles)
        try tree.load(
            sealed.map { try $0.int(12) } + [signed.place].compactMap { $0 }, &transaction)
        let numbered = try sealed.map { row in
            try OwnEntry(sealed: row, signed, &tree, &transaction)
        }
        let map = try mapProof(of: index, signed, &tree, tiles: rows[2])
        let archives = try Self.archives(of: numbered, &tree, &transaction)
        return OwnAccessLog(
            entries: waiting + numbered, total: last + unsealed.count, checkpoint: signed.note,
            map: map, archives: archives, records: 1 + rows[3].count)
    }

    /// The sealed entries of these numbers, newest first; those that left with no month archived are not
    /// among them. What was read early is short of them only where others were sealed since.
    private mutating func sealed(
        _ numbers: Range<Int>, of person: PersonKey, among early: Rows?
    ) throws -> [Row] {
        let first = max(1, numbers.lowerBound)
        guard first < numbers.upperBound else { return [] }
        var rows = early
        let reached = try early.flatMap { $0.isEmpty ? nil : $0[$0.count - 1] }?.int(13)
        if reached.map({ $0 > first }) ?? true {
            let (statement, values) = Self.sealed(
                first...numbers.upperBound - 1, of: person, numbers.upperBound - first)
            rows = try transaction.query(statement, values)
        }
        return try (rows?.map { $0 } ?? []).filter { row in
            guard numbers.contains(try row.int(13)) else { return false }
            return try row.optionalUUID(0) != nil || row.bool(17)
        }
    }

    /// Nothing before an epoch is signed.
    private mutating func mapProof(
        of index: ResidentIndex, _ signed: Signed, _ tree: inout SignedTree, tiles: Rows
    ) throws -> OwnMapProof? {
        guard let epoch = signed.epoch, let place = signed.place,
            let inclusion = try tree.proof(
                of: place, leaf: .leaf(epoch.leafText), &transaction)
        else { return nil }
        return try OwnMapProof(epoch, inclusion, index: index, head: signed.head, tiles: tiles)
    }

    /// The one that stands for all is known without asking.
    private mutating func record(_ place: Int, of survivor: PersonKey) throws -> PersonKey {
        guard place != 0 else { return survivor }
        let absorbed = try absorbedRecords(of: survivor)
        guard absorbed.indices.contains(place - 1) else { throw Refusal.recordUnknown }
        return absorbed[place - 1]
    }

    /// The months that the archived of these entries are in, and that their leaves are in the log.
    private static func archives(
        of entries: [OwnEntry], _ tree: inout SignedTree, _ transaction: inout Transaction
    ) throws -> [OwnArchiveProof] {
        let months = Set(entries.compactMap(\.content.archivedMonth))
        guard !months.isEmpty else { return [] }
        let first = months.sorted().map { $0.text + "-01" }
        let found = try transaction.query(selectArchives, [.texts(first)]).map {
            (month: try ArchivedMonth($0, from: 0), place: try $0.int(7))
        }
        try tree.load(found.map { $0.place }, &transaction)
        return try found.compactMap { month, place in
            try tree.proof(of: place, leaf: .leaf(month.leafText), &transaction).map {
                OwnArchiveProof(month: month, inclusion: $0)
            }
        }
    }

    private static func sealed(
        _ numbers: ClosedRange<Int>, of person: PersonKey, _ limit: Int
    ) -> (Statement, [Value]) {
        (
            selectSealed,
            [
                .person(person), .int(numbers.lowerBound), .int(numbers.upperBound), .int(limit),
            ]
        )
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
            s.entry, s.at, s.leaf, e.entry is null and exists (
                select 1 from log.archive a
                where a.month = date_trunc('month', s.at at time zone 'Asia/Tokyo')::date),
            \(Withholding.columns)
        from (
            select position, sequence, entry, at, leaf from log.position
            where person = $1 and sequence between $2 and $3 order by sequence desc limit $4) s
        left join lateral (
            select * from log.access_entry a
            where a.entry = s.entry and a.at = s.at and a.person = $1 limit 1) e on true
        left join exchange.party p on p.party = e.party
        left join log.withholding_now w on w.entry = s.entry
        order by s.sequence desc
        """)

    /// The newest checkpoint, with the newest epoch that it covers and where the resident's sequence ended
    /// in that epoch's map.
    private static let selectSigned = Statement(
        """
        select c.size, c.note, c.root, e.epoch, e.size, e.root, e.at, e.position,
            h.sequence, h.position, h.link
        from (select size, note, root from log.checkpoint order by size desc limit 1) c
        left join lateral (
            select m.epoch, m.size, m.root, m.at, p.position
            from log.epoch m join log.position p on p.entry = m.entry
            where p.position < c.size order by m.epoch desc limit 1) e on true
        left join lateral (
            select s.sequence, s.position, s.link from log.position s
            where s.person = $1 and s.position < e.size order by s.sequence desc limit 1) h on true
        """)

    private static let selectTiles = Statement(
        """
        select prefix, epoch, slots, prior from log.map_tile where prefix = any($1::text[])
        """)
}

/// The newest checkpoint, and the newest epoch that it covers.
private struct Signed {
    let size: Int
    let note: String?
    let root: LogHash?
    let epoch: MapEpoch?
    /// Where the epoch's leaf is.
    let place: Int?
    /// Of the resident in that epoch's map.
    let head: SequenceHead?

    init(_ row: Row?) throws {
        size = try row?.int(0) ?? 0
        note = try row?.text(1)
        root = try row.flatMap { LogHash(try $0.bytes(2)) }
        place = try row?.optionalInt(7)
        guard let row, place != nil else {
            (epoch, head) = (nil, nil)
            return
        }
        epoch = try MapEpoch(row, from: 3)
        head = try row.optionalInt(8) == nil ? nil : SequenceHead(row, from: 8)
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

    fileprivate init(
        sealed row: Row, _ signed: Signed, _ tree: inout SignedTree,
        _ transaction: inout Transaction
    ) throws {
        let position = try row.int(12)
        guard let leaf = LogHash(try row.bytes(16)) else { throw LogDamage.unproved }
        self.init(
            content: try Content(row, leaf: leaf), sequence: try row.int(13),
            proof: try tree.proof(of: position, leaf: leaf, &transaction),
            isCommitted: position < signed.epoch?.size ?? 0,
            withholding: try Withholding(row, from: 18))
    }
}

extension OwnEntry.Content {
    fileprivate var archivedMonth: LogMonth? {
        guard case .archived(_, let at, _) = self else { return nil }
        return LogMonth(of: at)
    }

    fileprivate init(_ row: Row, leaf: LogHash) throws {
        guard try row.optionalUUID(0) == nil else {
            self = .kept(try StoredEntry(row), partyName: try row.text(11))
            return
        }
        self = .archived(
            try row.uuid(14).record, at: Instant(microseconds: try row.instant(15)), leaf: leaf)
    }
}

extension OwnMapProof {
    /// Throws `LogDamage` when the tiles are not the map that the epoch's leaf says: a proof that
    /// would not hold does not leave.
    fileprivate init(
        _ epoch: MapEpoch, _ inclusion: InclusionProof, index: ResidentIndex, head: SequenceHead?,
        tiles: Rows
    ) throws {
        var map = ResidentMap()
        for place in 0..<tiles.count {
            guard let (prefix, tile) = try MapTile.stored(tiles[place], asOf: epoch.number) else {
                continue
            }
            map.take(tile, at: prefix)
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

import Exchange
import Postgres

/// 連番の監査: makes every resident's sequence and every epoch's map again from the entries, and holds
/// what is stored against it. Takes some 300 bytes of memory for each resident.
struct SequenceAudit {
    private var heads: [PersonKey: SequenceHead] = [:]
    private var map = ResidentMap()
    /// Heads that the next epoch's map may not hold yet, in the order of positions.
    private var coming: [(person: PersonKey, head: SequenceHead)] = []
    private var last: MapEpoch?

    /// The entry at a position: what is wrong with its number, if anything.
    mutating func take(
        _ position: Int, of person: PersonKey?, stored: Stored, leaf: LogHash
    ) -> [LogAudit.Finding] {
        guard let person else {
            return stored.isInNone ? [] : [.sequenceForeign(position: position)]
        }
        let next = (heads[person] ?? .start(ResidentIndex(person)))
            .next(position: position, leaf: leaf)
        heads[person] = next
        coming.append((person, next))
        guard stored.person == person, let sequence = stored.sequence else {
            return [.sequenceForeign(position: position)]
        }
        if sequence < next.count { return [.sequenceRepeated(position: position)] }
        if sequence > next.count { return [.sequenceGap(position: position)] }
        return stored.link == next.link ? [] : [.linkAltered(position: position)]
    }

    /// What a position row says of the sequence.
    struct Stored {
        let person: PersonKey?
        let sequence: Int?
        let link: [UInt8]?

        /// As it is for what is about nobody, and for a leaf that is no entry.
        var isInNone: Bool { person == nil && sequence == nil && link == nil }

        init(_ row: Row, from column: Int) throws {
            person = try row.optionalUUID(column)?.person
            sequence = try row.optionalInt(column + 1)
            link = try row.optionalBytes(column + 2)
        }
    }

    /// An epoch's leaf: whether its map is what the entries make.
    mutating func take(_ epoch: MapEpoch, at position: Int) -> [LogAudit.Finding] {
        let isNext =
            epoch.number == (last?.number ?? 0) &+ 1 && epoch.size >= last?.size ?? 0
            && epoch.size <= position
        last = epoch
        guard isNext else { return [.epochDisordered(epoch: epoch.number)] }
        var changed: [PersonKey: SequenceHead] = [:]
        let due = coming.prefix { $0.head.position < epoch.size }
        for (person, head) in due { changed[person] = head }
        coming.removeFirst(due.count)
        map.put(
            changed.map { person, head in
                let index = ResidentIndex(person)
                return MapLeaf(index: index, hash: head.leaf(of: index))
            })
        return map.root == epoch.root ? [] : [.mapDiffers(epoch: epoch.number)]
    }

    /// The stored tiles, as of the last epoch in the log: proofs from others would be false.
    func compare(_ transaction: inout Transaction) throws -> [LogAudit.Finding] {
        let epoch = last?.number ?? 0
        var missing = Set(map.tiles.keys)
        var findings: [LogAudit.Finding] = []
        var after = ""
        var isFirst = true
        while true {
            let rows = try transaction.query(
                Self.selectTiles, [.text(after), .bool(isFirst), .int(LogAudit.pageRows)])
            for place in 0..<rows.count {
                let prefix = try rows[place].text(0)
                let bytes =
                    try rows[place].int(1) <= epoch
                    ? rows[place].bytes(2) : rows[place].optionalBytes(3)
                missing.remove(prefix)
                if bytes != map.tiles[prefix]?.bytes { findings.append(.mapTileAltered(prefix)) }
                after = prefix
            }
            isFirst = false
            if rows.count < LogAudit.pageRows { break }
        }
        return findings + missing.sorted().map { .mapTileAltered($0) }
    }

    private static let selectTiles = Statement(
        """
        select prefix, epoch, slots, prior from log.map_tile where $2 or prefix > $1
        order by prefix limit $3
        """)
}

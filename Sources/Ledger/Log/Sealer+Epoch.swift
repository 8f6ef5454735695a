import Exchange
import Logging
import Metrics
import Postgres
import Synchronization

/// 時代: at each epoch the heads of all sequences that changed go into the map, and the map's root
/// becomes a leaf of the log.
///
/// The map is made in steps, one transaction each, so that sealing goes on beside it. A step that
/// commits is never done again; a crash leaves the map as the last step made it, and the next sealer
/// goes on from there. The last step gives the root its position with the new head, by the same
/// compare-and-swap as any sealing.
extension Sealer {
    /// A resident costs some 130 hashes and three tiles: 192 take PostgreSQL four milliseconds, which is what
    /// a check or a proof beside it may wait for. With the pause between two steps that is 4,000 residents a
    /// second: a city that registers 100,000 at once is mapped in half a minute.
    static let mapResidentsMax = 192
    /// Entries of the same residents again cost 2 µs each: 20,000 a second, twice what is ever answered.
    static let mapPositionsMax = 1_024

    package enum EpochStep: Sendable, Hashable {
        /// Another sealer is at work, the last epoch is too young or unsigned, or nothing came since.
        case notDue
        case mapped
        case committed(epoch: Int)
    }

    /// One step, if an epoch is in the making or one is due. What an epoch that began covers does not
    /// change any more.
    @discardableResult
    package func advanceEpoch(every seconds: Int) async throws -> EpochStep {
        let known = known.withLock { $0.edge }
        let step: (step: EpochStep, edge: TileEdge?)
        do {
            step = try await pool.transaction(.snapshot) { transaction in
                try Self.advance(&transaction, known, every: seconds)
            }
        } catch DatabaseError.server(sqlState: "40001", constraint: _) {
            throw SealFault.headMoved
        }
        if let grown = step.edge { self.known.withLock { $0.edge = grown } }
        if case .committed(let epoch) = step.step {
            Gauge(label: "tsunagi_log_epoch").record(epoch)
        }
        return step.step
    }

    private static func advance(
        _ transaction: inout Transaction, _ known: TileEdge, every seconds: Int
    ) throws -> (step: EpochStep, edge: TileEdge?) {
        let read = try transaction.pipeline([
            (tryLock, []), (selectHead, []), (selectState, [.int(seconds)]),
        ])
        guard try read[0][0].bool(0) else { return (.notDue, nil) }
        let head = try Head(read[1])
        guard let stored = read[2].first else { throw SealFault.map }
        let state = try MapState(stored)
        guard let making = state.making(head) else { return (.notDue, nil) }
        let (map, end) = try mapped(making, &transaction, after: state)
        var steps: [(Statement, [Value])] = [
            (
                moveEdge,
                [
                    .int(making.epoch), .int(making.size), .int(end), .int(state.epoch),
                    .int(state.mapped),
                ]
            ),
            map.insertion(in: making.epoch),
        ]
        guard end == making.size else {
            try write(steps, &transaction)
            return (.mapped, nil)
        }
        var edge = try edge(of: head, known, &transaction)
        let epoch = MapEpoch(
            number: making.epoch, size: making.size, root: map.root, at: state.now)
        steps += leaf(of: epoch, at: head, &edge)
        try write(steps, &transaction)
        return (.committed(epoch: epoch.number), edge)
    }

    private static func write(
        _ steps: [(Statement, [Value])], _ transaction: inout Transaction
    ) throws {
        let written = try transaction.pipeline(steps)
        // The edge of the map, and the log's head where this step moves it.
        let swaps = zip(steps, written).filter { $0.0.0 == moveEdge || $0.0.0 == moveHead }
        guard swaps.allSatisfy({ $0.1.affected == 1 }) else { throw SealFault.headMoved }
    }

    /// The root's own place in the log.
    private static func leaf(of epoch: MapEpoch, at head: Head, _ edge: inout TileEdge)
        -> [(Statement, [Value])]
    {
        let leaf = LogHash.leaf(epoch.leafText)
        let tiles = edge.append([leaf])
        let id = RecordID.timeOrdered()
        return [
            move(head, to: edge, next: String(head.next)),
            (
                insertPositions,
                [
                    .ints([head.size]), .uuids([UUIDBytes(id)]), .bytesArray([leaf.bytes]),
                    .uuids([nil]), .ints([nil]), .bytesArray([nil]), .instants([nil]),
                ]
            ),
            (
                insertEpoch,
                [
                    .int(epoch.number), .id(id), .int(epoch.size), .bytes(epoch.root.bytes),
                    .time(epoch.at),
                ]
            ),
        ] + TileStore.insertion(of: tiles)
    }

    /// The map with what changed in the positions of this step.
    private static func mapped(
        _ making: MapState.Making, _ transaction: inout Transaction, after state: MapState
    ) throws -> (map: ResidentMap, end: Int) {
        var end = min(making.mapped + mapPositionsMax, making.size)
        let rows = try transaction.query(
            selectHeads,
            [.int(making.mapped), .int(end), .int(making.size), .int(mapResidentsMax)])
        if rows.count == mapResidentsMax { end = try rows[rows.count - 1].int(2) + 1 }
        let leaves = try rows.map { row in
            let index = ResidentIndex(try row.uuid(0).person)
            return MapLeaf(index: index, hash: try SequenceHead(row, from: 1).leaf(of: index))
        }
        var map = ResidentMap()
        var wanted: Set<String> = [""]
        while !wanted.isEmpty {
            let found = try transaction.query(selectTiles, [.texts(Array(wanted))])
            for place in 0..<found.count {
                let prefix = try found[place].text(0)
                guard let tile = MapTile(try found[place].bytes(1)) else {
                    throw LogDamage.mapTile(prefix: prefix)
                }
                try map.load(tile, at: prefix)
            }
            guard found.count == wanted.count || wanted == [""] else {
                throw LogDamage.mapTile(prefix: wanted.sorted()[0])
            }
            wanted = map.missing(for: leaves.map(\.index))
        }
        // A map changed by hand is not sealed over.
        if let root = state.rootToMeet, map.root.bytes != root { throw SealFault.map }
        for leaf in leaves { try map.requireWhole(at: leaf.index) }
        map.put(leaves)
        return (map, end)
    }

    /// What the database says of the map; `seconds` is how long an epoch lasts.
    private static let selectState = Statement(
        """
        select m.epoch, m.size, m.mapped, clock_timestamp(), e.root, p.position,
            e.at <= clock_timestamp() - make_interval(secs => $1::bigint)
        from log.map_edge m left join log.epoch e on e.epoch = m.epoch
        left join log.position p on p.entry = e.entry
        """)
    /// The last entry of each resident below the epoch's size, where that lies in this step: so each
    /// resident is mapped once an epoch, however many entries came.
    private static let selectHeads = Statement(
        """
        select s.person, s.sequence, s.position, s.link from log.position s
        left join lateral (
            select later.position from log.position later
            where later.person = s.person and later.sequence = s.sequence + 1 limit 1) later on true
        where s.position >= $1 and s.position < $2 and s.person is not null
            and (later.position is null or later.position >= $3)
        order by s.position limit $4
        """)
    private static let selectTiles = Statement(
        "select prefix, slots from log.map_tile where prefix = any($1::text[])")
    private static let moveEdge = Statement(
        """
        update log.map_edge set epoch = $1, size = $2, mapped = $3 where epoch = $4 and mapped = $5
        """)
    private static let insertEpoch = Statement(
        "insert into log.epoch (epoch, entry, size, root, at) values ($1, $2, $3, $4, $5)")
}

/// How far the map is, and whether its epoch has ended.
private struct MapState {
    /// The epoch in the making: what it covers, and what of it is mapped.
    struct Making {
        let epoch: Int
        let size: Int
        let mapped: Int
    }

    let epoch: Int
    let size: Int
    let mapped: Int
    let now: Instant
    /// Of the epoch's leaf; nothing while it is in the making.
    let root: [UInt8]?
    let position: Int?
    let isOld: Bool

    init(_ row: Row) throws {
        epoch = try row.int(0)
        size = try row.int(1)
        mapped = try row.int(2)
        now = Instant(microseconds: try row.instant(3))
        root = try row.optionalBytes(4)
        position = try row.optionalInt(5)
        isOld = try row.optionalBool(6) ?? true
    }

    /// An epoch begins when the last one is old enough and signed, and anything came since: an idle
    /// log does not grow by its own maps. A tile keeps the last epoch and the one in the making, so
    /// one that nobody can be shown yet must not be followed by another.
    func making(_ head: Sealer.Head) -> Making? {
        if root == nil, epoch > 0 { return Making(epoch: epoch, size: size, mapped: mapped) }
        // Beside what the last epoch holds there is its own leaf; anything more is new.
        let known = position == nil ? 0 : size + 1
        guard isOld, head.size > known, head.signedSize > position ?? -1 else { return nil }
        return Making(epoch: epoch + 1, size: head.size, mapped: mapped)
    }

    /// Where nothing is mapped since the last epoch, the map MUST be that epoch's.
    var rootToMeet: [UInt8]? { root }
}

extension ResidentMap {
    /// The changed tiles, to be kept beside what they were at the epoch before.
    fileprivate func insertion(in epoch: Int) -> (Statement, [Value]) {
        let prefixes = changed.sorted()
        return (
            Self.insertTiles,
            [
                .int(epoch), .texts(prefixes),
                .bytesArray(prefixes.map { tiles[$0]?.bytes }),
            ]
        )
    }

    private static let insertTiles = Statement(
        """
        insert into log.map_tile as tile (prefix, epoch, slots)
        select prefix, $1::bigint, slots from unnest($2::text[], $3::bytea[]) as t(prefix, slots)
        on conflict (prefix) do update set epoch = excluded.epoch, slots = excluded.slots,
            prior = case when tile.epoch < excluded.epoch then tile.slots else tile.prior end
        """)
}

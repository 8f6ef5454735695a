import Exchange
package import Logging
import Metrics
package import Postgres
import Synchronization

/// 封印: gives unsealed entries consecutive positions, extends the tree and signs its head; at least
/// once a second while there is work.
///
/// Positions, tiles and the new head commit in one transaction, with compare-and-swap on the head's
/// size: of two sealers at once one wins and the other finds nothing lost. Signing follows that
/// commit and is deterministic, so a crash between the two is mended by signing the head again.
///
/// With its position each entry about a resident gets its number in that resident's own sequence
/// (連番). At each epoch the map of all sequences becomes a leaf: see `Sealer+Epoch`.
package final class Sealer: Sendable {
    let pool: Pool
    private let keys: @Sendable () throws -> SealKeys
    let outlet: CheckpointOutlet
    private let logger: Logger
    let known = Mutex(Known())

    /// 2,048 entries are about 1 MB read and 3 ms of hashing: answers wait no longer for a core.
    static let batchMax = 2_048
    /// Small rounds, for the same reason: at 4,000 answers/s each takes some 160 entries.
    static let pauseMilliseconds = 40
    /// A signature is two flushes of files and a row that stays for ever: five a second are enough.
    static let signPauseMilliseconds = 200

    /// A sealer that stands still, its process stopped or its machine frozen, holds up every other for as
    /// long as its transaction lives. Between two statements it hashes at most 2,048 entries or 192
    /// residents, some 50 ms: a hundred times that.
    private static let limits = Pool.Limits(
        connectionsMax: 1, waitersMax: 1, waitMilliseconds: 30_000,
        statementTimeoutMilliseconds: 60_000, idleInTransactionMilliseconds: 5_000)

    /// `keys` are asked for at each round: a rotation adds to them.
    package init(
        _ address: Address, keys: @escaping @Sendable () throws -> SealKeys,
        outlet: CheckpointOutlet, logger: Logger
    ) {
        pool = Pool(address, limits: Self.limits, label: "tsunagi-sealer", logger: logger)
        self.keys = keys
        self.outlet = outlet
        self.logger = logger
    }

    /// Seals until cancelled, and signs what was sealed before it returns. A database that is away is
    /// waited for; nothing is lost by it.
    package func run(epochSeconds: Int) async {
        var partitionsDue = ContinuousClock.now
        var signatureDue = ContinuousClock.now
        var sealing = SealTrouble("nothing is sealed", over: "sealed again")
        var mapping = SealTrouble("no map is sealed", over: "map sealed again")
        while !Task.isCancelled {
            do {
                if ContinuousClock.now >= partitionsDue {
                    partitionsDue = .now + .seconds(600)
                    await ensurePartitions()
                }
                let isSignatureDue = ContinuousClock.now >= signatureDue
                if isSignatureDue {
                    signatureDue = .now + .milliseconds(Self.signPauseMilliseconds)
                }
                let count = try await seal(signing: isSignatureDue)
                // A round that signs nothing writes no file, and may go well on a full disk.
                if isSignatureDue { sealing.isOver(logger) }
                // A full batch leaves its last transaction for the next round: there is more.
                if count >= Self.batchMax / 2 { continue }
                do {
                    try await advanceEpoch(every: epochSeconds)
                    mapping.isOver(logger)
                } catch { mapping.report(error, logger) }
            } catch { sealing.report(error, logger) }
            try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
        }
        // Apart from this task, which is cancelled and could wait for nothing.
        _ = try? await Task { try await self.seal() }.value
        await pool.shutdown()
    }

    /// Months ahead always have their partition, so that no entry ever waits for one.
    /// There are months of room, so a time at which it cannot be done hurts nobody and never holds
    /// up a seal.
    package func ensurePartitions() async {
        do {
            let made = try await pool.transaction { transaction in
                try transaction.query(Self.makePartitions)[0].int(0)
            }
            if made > 0 { logger.notice("partitions made", metadata: ["count": "\(made)"]) }
        } catch {
            logger.warning("partitions postponed", metadata: ["error": "\(error)"])
        }
    }

    /// One round: returns how many leaves got a position. Also signs a head that an earlier round,
    /// or a crash, left unsigned; not `signing`, it leaves that to a later round.
    @discardableResult
    package func seal(signing: Bool = true) async throws -> Int {
        let keys = try keys()
        let known = known.withLock { $0 }
        let published = try await believed(keys)
        let round: Round?
        do {
            round = try await pool.transaction(.snapshot) { transaction in
                try Self.extend(&transaction, known, published, keys)
            }
        } catch DatabaseError.server(sqlState: "40001", constraint: _) {
            throw SealFault.headMoved
        }
        guard let round else { return 0 }
        self.known.withLock { $0 = Known(edge: round.edge, note: published?.note) }
        if signing, round.isUnsigned { try await sign(round, keys) }
        Counter(label: "tsunagi_sealed_entries_total").increment(by: round.sealed)
        Gauge(label: "tsunagi_log_size").record(round.edge.size)
        return round.sealed
    }

    private struct Round: Sendable {
        let sealed: Int
        let edge: TileEdge
        let isUnsigned: Bool
        /// The versions of the key that sign.
        let signing: ClosedRange<Int>
    }

    /// Two round trips: what there is, and what becomes of it. Nothing when another sealer is at work.
    private static func extend(
        _ transaction: inout Transaction, _ known: Known, _ published: Published?, _ keys: SealKeys
    ) throws -> Round? {
        let read = try transaction.pipeline([
            (tryLock, []), (selectHead, []), (selectUnsealed, [.int(batchMax)]),
        ])
        guard try read[0][0].bool(0) else { return nil }
        let head = try Head(read[1])
        let (entries, next) = try whole(read[2], from: head, &transaction)
        var edge = try edge(of: head, known.edge, &transaction)
        if let published, published.note != known.note || edge != known.edge {
            try published.require(beginning: edge, &transaction)
        }
        let own =
            try change(of: head, keys, &transaction) + archives(due: head, &transaction)
        let leaves =
            entries.map { LogHash.leaf($0.entry.leafText) } + own.map { LogHash.leaf($0.text) }
        guard !leaves.isEmpty else {
            return Round(
                sealed: 0, edge: edge, isUnsigned: head.signedSize < head.size,
                signing: head.signing)
        }
        let numbers = numbered(entries, leaves, from: head.size)
        let tiles = edge.append(leaves)
        let written = try transaction.pipeline(
            [
                move(head, to: edge, next: next),
                (
                    insertPositions,
                    [
                        .ints(leaves.indices.map { head.size + $0 }),
                        .uuids((entries.map(\.entry.id) + own.map(\.id)).map { UUIDBytes($0) }),
                        .bytesArray(leaves.map(\.bytes)),
                        .uuids(
                            entries.map { $0.entry.person.map { UUIDBytes($0) } }
                                + own.map { _ in nil }),
                        .ints(numbers.map { $0?.count } + own.map { _ in nil }),
                        .bytesArray(numbers.map { $0?.link } + own.map { _ in nil }),
                        .instants(entries.map(\.entry.at.microseconds) + own.map { _ in nil }),
                    ]
                ),
            ] + own.map(\.insertion) + TileStore.insertion(of: tiles))
        guard written[0].affected == 1 else { throw SealFault.headMoved }
        return Round(sealed: leaves.count, edge: edge, isUnsigned: true, signing: head.signing)
    }

    /// An entry on its way to a position, with the end of its resident's sequence so far.
    private struct Unsealed {
        let entry: StoredEntry
        let last: SequenceHead?

        init(_ row: Row) throws {
            entry = try StoredEntry(row)
            last = try row.optionalInt(12).map {
                SequenceHead(count: $0, position: -1, link: try row.bytes(13))
            }
        }

        static func all(_ rows: Rows) throws -> [Unsealed] { try rows.map { try Unsealed($0) } }
    }

    /// 連番: one after the other within each resident's sequence; nothing for an entry without one.
    private static func numbered(_ entries: [Unsealed], _ leaves: [LogHash], from size: Int)
        -> [SequenceHead?]
    {
        var heads: [PersonKey: SequenceHead] = [:]
        return zip(entries, leaves).enumerated().map { place, sealed in
            guard let person = sealed.0.entry.person else { return nil }
            let last = heads[person] ?? sealed.0.last ?? .start(ResidentIndex(person))
            let next = last.next(position: size + place, leaf: sealed.1)
            heads[person] = next
            return next
        }
    }

    static func move(_ head: Head, to edge: TileEdge, next: String) -> (Statement, [Value]) {
        (
            moveHead,
            [.int(edge.size), .bytes(edge.root.bytes), .text(next), .int(head.size)]
        )
    }

    struct Head {
        let size: Int
        let root: [UInt8]
        /// Every transaction before this one is sealed.
        let next: UInt64
        let signedSize: Int
        /// The oldest transaction that still runs.
        let horizon: UInt64
        /// The versions of the key that sign, and the last one that the log names.
        let signing: ClosedRange<Int>
        let keyInLog: Int
        let isArchiveDue: Bool

        /// A row that somebody took away, or filled with what no release writes, MUST NOT end the process.
        init(_ rows: Rows) throws {
            guard let row = rows.first else { throw SealFault.headLacking }
            size = try row.int(0)
            root = try row.bytes(1)
            next = UInt64(try row.text(2)) ?? 0
            signedSize = try row.int(3)
            horizon = UInt64(try row.text(4)) ?? 0
            let (oldest, newest) = (try row.int(5), try row.int(6))
            guard size >= 0, 0 < oldest, oldest <= newest else { throw SealFault.headLacking }
            signing = oldest...newest
            keyInLog = try row.int(7)
            isArchiveDue = try row.bool(8)
            // A dump loaded into a new cluster counts transactions from the start again: entries
            // would wait for ever.
            guard horizon >= next else { throw SealFault.horizon }
        }
    }

    static func edge(
        of head: Head, _ known: TileEdge, _ transaction: inout Transaction
    ) throws -> TileEdge {
        if known.size == head.size, known.root.bytes == head.root { return known }
        var reader = TileStore(size: head.size)
        let stored = try TileEdge(size: head.size) { try reader.tile($0, &transaction) }
        guard stored.root.bytes == head.root else { throw SealFault.head }
        return stored
    }

    /// The entries of transactions older than every one still running, in order, and where to go
    /// on.
    private static func whole(_ rows: Rows, from head: Head, _ transaction: inout Transaction)
        throws
        -> (entries: [Unsealed], next: String)
    {
        guard rows.count == batchMax else { return (try Unsealed.all(rows), "\(head.horizon)") }
        // A full batch may cut a transaction in two: its last one waits for the next round, unless
        // it fills the batch.
        let last = try rows[rows.count - 1].text(11)
        let whole = try (0..<rows.count).prefix { try rows[$0].text(11) != last }.count
        if whole > 0 { return (Array(try Unsealed.all(rows).prefix(whole)), last) }
        let one = try transaction.query(Self.selectTransaction, [.text(last)])
        return (try Unsealed.all(one), String((UInt64(last) ?? 0) + 1))
    }

    private func sign(_ round: Round, _ keys: SealKeys) async throws {
        let head = (size: round.edge.size, root: round.edge.root)
        let note = try keys.sign(round.signing, size: head.size, root: head.root).text
        // Outside first: a crash between the two leaves the head unsigned in the database, and the
        // next round writes the same note again. The other way round the outside would miss it for
        // ever. For the same reason this one row need not be waited for until it is flushed.
        try outlet.write(note)
        known.withLock { $0.note = Array(note.utf8) }
        try await pool.transaction { transaction in
            _ = try transaction.pipelineAndCommit([
                (Self.commitWithoutFlush, []),
                (Self.insertCheckpoint, [.int(head.size), .bytes(head.root.bytes), .text(note)]),
            ])
        }
    }

    private static let commitWithoutFlush = Statement(
        "select set_config('synchronous_commit', 'off', true)")
    private static let insertCheckpoint = Statement(
        "insert into log.checkpoint (size, root, note) values ($1, $2, $3) on conflict do nothing")
    private static let makePartitions = Statement("select log.ensure_partitions(3)::bigint")
    static let tryLock = Statement(
        "select pg_try_advisory_xact_lock(\(AdvisoryLock.sealer.rawValue))")
    static let selectHead = Statement(
        """
        select h.size, h.root, h.next_xid::text,
            coalesce((select max(size) from log.checkpoint), 0),
            pg_snapshot_xmin(pg_current_snapshot())::text, k.oldest, k.version,
            coalesce((select max(version) from log.seal_key), 1), \(archiveIsDue)
        from log.head h, exchange.key_version k where k.key = 'seal'
        """)
    /// Whoever has not got the lock reads nothing.
    private static let selectUnsealed = Statement(
        numbering(
            """
            select \(StoredEntry.columns), xid from log.access_entry
            where (select pg_try_advisory_xact_lock(\(AdvisoryLock.sealer.rawValue)))
                and xid >= (select next_xid from log.head)
                and xid < pg_snapshot_xmin(pg_current_snapshot())
            order by access_entry.xid, entry limit $1
            """))
    private static let selectTransaction = Statement(
        numbering(
            """
            select \(StoredEntry.columns), xid from log.access_entry where xid = $1::text::xid8
            """))

    /// The entries, each with the end of its resident's sequence: one look into an index.
    private static func numbering(_ entries: String) -> String {
        """
        select \(StoredEntry.columns), xid::text as transaction, last.sequence, last.link
        from (\(entries)) as unsealed left join lateral (
            select p.sequence, p.link from log.position p where p.person = unsealed.person
            order by p.sequence desc limit 1) as last on true
        order by unsealed.xid, entry
        """
    }

    static let moveHead = Statement(
        "update log.head set size = $1, root = $2, next_xid = $3::text::xid8 where size = $4")
    static let insertPositions = Statement(
        """
        insert into log.position (position, entry, leaf, person, sequence, link, at)
        select * from unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::uuid[], $5::bigint[], $6::bytea[],
            $7::timestamptz[])
        """)
}

extension StoredEntry {
    static let columns = names.joined(separator: ", ")

    static func columns(of table: String) -> String {
        names.map { "\(table).\($0)" }.joined(separator: ", ")
    }

    private static let names = [
        "entry", "at", "party", "operator", "purpose", "visit", "person", "outcome", "basis",
        "digest", "salt",
    ]

    init(_ row: Row, from column: Int = 0) throws {
        id = try row.uuid(column).record
        at = Instant(microseconds: try row.instant(column + 1))
        party = try row.text(column + 2)
        operatorID = try row.optionalText(column + 3)
        purpose = try row.text(column + 4)
        visit = try row.optionalUUID(column + 5)?.record
        person = try row.optionalUUID(column + 6)?.person
        outcome = try row.text(column + 7)
        basis = try row.optionalText(column + 8)
        digest = try row.optionalBytes(column + 9)
        salt = try row.bytes(column + 10)
    }
}

import Exchange
package import Logging
import Metrics
package import Postgres

/// 封印: gives unsealed entries consecutive positions, extends the tree and signs its head; at least
/// once a second while there is work.
///
/// Positions, tiles and the new head commit in one transaction, with compare-and-swap on the head's
/// size: of two sealers at once one wins and the other finds nothing lost. Signing follows that
/// commit and is deterministic, so a crash between the two is mended by signing the head again.
package final class Sealer: Sendable {
    private let pool: Pool
    private let signer: CheckpointSigner
    private let outlet: CheckpointOutlet
    private let logger: Logger

    /// 8,192 entries are about 4 MB read and 12 ms of hashing: well under the second a seal may
    /// take.
    static let batchMax = 8_192
    static let pauseMilliseconds = 200

    package init(
        _ address: Address, signer: CheckpointSigner, outlet: CheckpointOutlet, logger: Logger
    ) {
        pool = Pool(address, limits: .single, label: "tsunagi-sealer", logger: logger)
        self.signer = signer
        self.outlet = outlet
        self.logger = logger
    }

    /// Seals until cancelled. A database that is away is waited for; nothing is lost by it.
    package func run() async {
        var partitionsDue = ContinuousClock.now
        while !Task.isCancelled {
            do {
                if ContinuousClock.now >= partitionsDue {
                    partitionsDue = .now + .seconds(600)
                    await ensurePartitions()
                }
                // A full batch leaves its last transaction for the next round: there is more.
                if try await seal() >= Self.batchMax / 2 { continue }
            } catch {
                logger.warning("seal postponed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
        }
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

    /// One round: returns how many entries got a position. Also signs a head that a crash left
    /// unsigned.
    @discardableResult
    package func seal() async throws -> Int {
        let round = try await pool.transaction { transaction -> Round? in
            guard try transaction.query(Self.tryLock)[0].bool(0) else { return nil }
            return try Self.extend(&transaction)
        }
        guard let round else { return 0 }
        try requireOneHistory(round)
        if round.needsSignature { try await sign(round) }
        Counter(label: "tsunagi_sealed_entries_total").increment(by: round.sealed)
        Gauge(label: "tsunagi_log_size").record(round.size)
        return round.sealed
    }

    private struct Round: Sendable {
        let sealed: Int
        let size: Int
        let root: LogHash
        let needsSignature: Bool
    }

    private static func extend(_ transaction: inout Transaction) throws -> Round {
        let head = try transaction.query(Self.selectHead)[0]
        let size = try head.int(0)
        let (entries, next) = try unsealed(&transaction, from: head.text(2))
        guard !entries.isEmpty else {
            guard let root = LogHash(try head.bytes(1)) else { throw SealFault.head }
            return Round(
                sealed: 0, size: size, root: root, needsSignature: try head.int(3) < size)
        }
        var reader = TileStore(size: size)
        var edge = try TileEdge(size: size) { try reader.tile($0, &transaction) }
        guard edge.root.bytes == (try head.bytes(1)) else { throw SealFault.head }
        let leaves = entries.map { LogHash.leaf($0.leafText) }
        let tiles = edge.append(leaves)
        let moved = try transaction.run(
            Self.moveHead,
            [.int(edge.size), .bytes(edge.root.bytes), .text(next), .int(size)])
        guard moved == 1 else { throw SealFault.headMoved }
        try TileStore.insert(tiles, &transaction)
        _ = try transaction.run(
            Self.insertPositions,
            [
                .ints((0..<entries.count).map { size + $0 }),
                .uuids(entries.map { UUIDBytes($0.id) }), .bytesArray(leaves.map(\.bytes)),
            ])
        return Round(sealed: entries.count, size: edge.size, root: edge.root, needsSignature: true)
    }

    /// The entries of transactions older than every one still running, in order, and where to go
    /// on.
    private static func unsealed(_ transaction: inout Transaction, from next: String) throws
        -> (entries: [StoredEntry], next: String)
    {
        let horizon = try transaction.query(Self.selectHorizon)[0].text(0)
        // A dump loaded into a new cluster counts transactions from the start again: entries would
        // wait for ever.
        guard UInt64(horizon) ?? 0 >= UInt64(next) ?? 0 else { throw SealFault.horizon }
        let rows = try transaction.query(
            Self.selectUnsealed, [.text(next), .text(horizon), .int(batchMax)])
        guard rows.count == batchMax else { return (try StoredEntry.all(rows), horizon) }
        // A full batch may cut a transaction in two: its last one waits for the next round, unless
        // it fills the batch.
        let last = try rows[rows.count - 1].text(11)
        let whole = try (0..<rows.count).prefix { try rows[$0].text(11) != last }.count
        if whole > 0 { return (Array(try StoredEntry.all(rows).prefix(whole)), last) }
        let one = try transaction.query(Self.selectTransaction, [.text(last)])
        return (try StoredEntry.all(one), String((UInt64(last) ?? 0) + 1))
    }

    /// What was signed and published stays true: a database that was set back to an earlier time,
    /// or another one, must not sign a second history under the same name.
    private func requireOneHistory(_ round: Round) throws {
        guard let bytes = outlet.latest() else { return }
        let published = try signer.key.open(bytes)
        guard
            published.size < round.size
                || (published.size == round.size && published.root == round.root)
        else { throw SealFault.otherHistory }
    }

    private func sign(_ round: Round) async throws {
        let note = try signer.sign(size: round.size, root: round.root).text
        // Outside first: a crash between the two leaves the head unsigned in the database, and the
        // next round writes the same note again. The other way round the outside would miss it for
        // ever.
        try outlet.write(note)
        _ = try await pool.transaction { transaction in
            try transaction.run(
                Self.insertCheckpoint,
                [.int(round.size), .bytes(round.root.bytes), .text(note)])
        }
    }

    private static let insertCheckpoint = Statement(
        "insert into log.checkpoint (size, root, note) values ($1, $2, $3) on conflict do nothing")
    private static let makePartitions = Statement("select log.ensure_partitions(3)::bigint")
    private static let tryLock = Statement("select pg_try_advisory_xact_lock(7461746974)")
    private static let selectHead = Statement(
        """
        select size, root, next_xid::text,
            coalesce((select max(size) from log.checkpoint), 0) from log.head
        """)
    private static let selectHorizon = Statement(
        "select pg_snapshot_xmin(pg_current_snapshot())::text")
    private static let selectUnsealed = Statement(
        """
        select \(StoredEntry.columns), xid::text as transaction from log.access_entry
        where xid >= $1::text::xid8 and xid < $2::text::xid8
        order by access_entry.xid, entry limit $3
        """)
    private static let selectTransaction = Statement(
        """
        select \(StoredEntry.columns), xid::text as transaction from log.access_entry
        where xid = $1::text::xid8 order by entry
        """)
    private static let moveHead = Statement(
        "update log.head set size = $1, root = $2, next_xid = $3::text::xid8 where size = $4")
    private static let insertPositions = Statement(
        """
        insert into log.position (position, entry, leaf)
        select * from unnest($1::bigint[], $2::uuid[], $3::bytea[])
        """)
}

/// Why a round of sealing stopped. Nothing was committed by it.
enum SealFault: Error {
    /// The stored tree does not have the root that the head row says: someone changed one of them.
    case head
    /// The server's transactions are older than those already sealed: it is not the server that
    /// sealed them.
    case horizon
    /// A checkpoint that was already published is not of this log: the database was set back, or is
    /// another one.
    case otherHistory
    /// Another sealer was faster.
    case headMoved
    /// A tile that must be stored is not, or is of the wrong size.
    case tile(TileID)
}

extension StoredEntry {
    static let columns = """
        entry, at, party, operator, purpose, visit, person, outcome, basis, digest, salt
        """

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

    static func all(_ rows: Rows) throws -> [StoredEntry] {
        try (0..<rows.count).map { try StoredEntry(rows[$0]) }
    }
}

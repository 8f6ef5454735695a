import Exchange
import Postgres

/// 傍証の照合: what stands beside the entries and is told from there (checkpoints, changes of the key,
/// epochs, archived months, marks of delay), each against the log: what no leaf and no signature says,
/// somebody put in.
struct BesideAudit {
    /// The key that the auditor knows, those that the log has under other names, and those that its own
    /// leaves have named so far.
    private var known: [CheckpointKey]
    /// Checkpoints that none of them signed, until now: the first of them, for an auditor who knows only the
    /// newest key meets one a second for years.
    private var unsigned: [Int] = []
    /// One that shows another tree is followed by others that do: the first is told.
    private var hasDiffering = false
    private var pending: ArraySlice<(size: Int, root: [UInt8], note: [UInt8])> = []

    init(key: CheckpointKey, others: [CheckpointKey]) { known = [key] + others }

    /// A change of the key, at its position. An auditor who knows the new one alone cannot read what came
    /// before it: that is nobody's forgery.
    mutating func follow(_ key: CheckpointKey) {
        if key == known[0] { unsigned.removeAll() }
        known.append(key)
    }

    /// Reads the stored checkpoints of a page of positions, before their entries are taken.
    mutating func expect(after size: Int, _ transaction: inout Transaction) throws {
        let end = min(size, .max - LogAudit.pageRows) + LogAudit.pageRows
        pending = try transaction.query(
            Self.selectCheckpoints, [.int(size), .int(end)]
        ).map { (try $0.int(0), try $0.bytes(1), Array(try $0.text(2).utf8)) }[...]
    }

    /// The tree has grown to this size.
    mutating func meet(_ edge: TileEdge) -> LogAudit.Finding? {
        guard let stored = pending.first, stored.size == edge.size else { return nil }
        pending.removeFirst()
        let signed = known.lazy.compactMap { try? $0.open(stored.note) }.first
        if signed == nil, unsigned.count < LogAudit.findingsMax { unsigned.append(stored.size) }
        let root = edge.root
        let isOther = signed.map { $0.size != edge.size || $0.root != root } ?? false
        guard !hasDiffering, isOther || stored.root != root.bytes else { return nil }
        hasDiffering = true
        return .checkpointDiffers(size: stored.size)
    }

    /// After the last of so many entries.
    func end(_ size: Int, _ transaction: inout Transaction) throws -> [LogAudit.Finding] {
        let ahead = try transaction.query(Self.selectCheckpoints, [.int(size), .int(.max)])
            .map { LogAudit.Finding.checkpointDiffers(size: try $0.int(0)) }
        let leafless = try transaction.query(Self.selectLeafless)
            .map { LogAudit.Finding.leafless(try $0.text(0)) }
        let unsaid = try transaction.query(Self.selectUnsaid)
            .map { LogAudit.Finding.withheldUnsaid(entry: try $0.uuid(0).record) }
        return unsigned.map { .checkpointUnsigned(size: $0) } + ahead + leafless + unsaid
    }

    /// Marks of delay that these entries of an archive are said to have made, and do not say.
    static func unsaid(
        by entries: [StoredEntry], _ transaction: inout Transaction
    ) throws -> [LogAudit.Finding] {
        try transaction.query(
            selectUnsaidArchived,
            [
                .uuids(entries.map { UUIDBytes($0.id) }), .texts(entries.map(\.party)),
                .uuids(entries.map { $0.person.map { UUIDBytes($0) } }),
                .texts(entries.map(\.basis)),
            ]
        ).map { .withheldUnsaid(entry: try $0.uuid(0).record) }
    }

    private static let selectCheckpoints = Statement(
        "select size, root, note from log.checkpoint where size > $1 and size <= $2 order by size")

    private static let selectLeafless = Statement(
        """
        select what from (
            select 'seal key ' || version as what, entry from log.seal_key
            union all select 'epoch ' || epoch, entry from log.epoch
            union all select 'archive of ' || to_char(month, 'YYYY-MM'), entry from log.archive) said
        where not exists (select 1 from log.position s where s.entry = said.entry)
        order by what limit \(LogAudit.findingsMax)
        """)

    /// A marking names what it marked (`Records.withhold`). One that waits for its seal is no finding; one
    /// whose month was archived has its resident here, and the rest is read in its file.
    private static let selectUnsaid = Statement(
        """
        select w.entry from log.withholding w
        left join log.position s on s.entry = w.marked_by
        left join log.access_entry e on e.entry = w.marked_by and (s.at is null or e.at = s.at)
        where case
            when s.position is null then e.entry is null or e.xid < (select next_xid from log.head)
            when e.entry is null then s.person is distinct from w.person
            else \(isOther)
        end
        limit \(LogAudit.findingsMax)
        """)

    /// Of a marking `e` and what it is said to have marked, `w`.
    private static let isOther = """
        (e.party <> w.party or e.person is distinct from w.person
            or (w.entry <> w.marked_by and strpos(coalesce(e.basis, ''), w.entry::text) = 0))
        """

    /// The same of markings that left with their month, by the lines of its file.
    private static let selectUnsaidArchived = Statement(
        """
        select w.entry from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])
            as e(entry, party, person, basis)
        join log.withholding w on w.marked_by = e.entry
        where \(isOther) limit \(LogAudit.findingsMax)
        """)
}

package import Exchange
package import Logging
package import Postgres

/// 監査: reads the whole log again and holds it against a checkpoint that was kept elsewhere. Finds
/// any sealed entry that was altered, reordered, removed or invented since that checkpoint was
/// signed; any resident's sequence that does not count all of the resident's entries; and any map
/// of them that says otherwise.
///
/// It cannot find what a dishonest gateway never wrote.
package struct LogAudit: Sendable {
    package enum Finding: Sendable, Hashable {
        /// The database holds fewer sealed entries than the checkpoint says.
        case missing(from: Int, to: Int)
        /// A position without its entry.
        case entryMissing(position: Int)
        /// The entry does not have the leaf hash it was sealed with.
        case entryAltered(position: Int)
        /// Every entry meets its stored leaf, yet the tree is another one than was signed.
        case rootDiffers(size: Int)
        /// A position is left out.
        case positionGap(position: Int)
        /// A stored tile is not the one that the entries below it make: proofs from it would be
        /// false.
        case tileAltered(level: Int, index: Int)
        /// The head row is not what the positions make.
        case headDiffers(size: Int)
        /// A position before the first: it is in no tree, and would excuse whatever stands under its name.
        case positionOutside(position: Int)
        /// An entry older than the head that has no position: put in behind it, or taken out of the
        /// log.
        case neverSealed(entry: RecordID)
        /// The position is in no sequence, or in one that is not of its entry's resident: that
        /// resident's list would lack the entry. Or it is of no entry, and in a sequence all the same.
        case sequenceForeign(position: Int)
        /// The resident's sequence leaves out a number before this one.
        case sequenceGap(position: Int)
        /// Another entry of the resident's sequence has this number.
        case sequenceRepeated(position: Int)
        /// The number is right, and the link is not of the entries before it.
        case linkAltered(position: Int)
        /// The map whose root was sealed is not what the entries make.
        case mapDiffers(epoch: Int)
        /// Epochs are not counted one by one, or one says that it holds what came after it.
        case epochDisordered(epoch: Int)
        /// A stored tile of the map is not what the entries make: proofs from it would be false.
        case mapTileAltered(String)
        /// The seal key of this version does not follow the one before it.
        case keyDisordered(version: Int)
        /// The leaf that says that a month was archived does not tell the entries that were sealed of it.
        case archiveDiffers(month: String)
        /// A month was archived, and only some of its entries have left the database.
        case archivePartial(month: String, missing: Int)
        /// A month was archived before its time of keeping was over: by nobody whom the rules bound.
        case archivedEarly(month: String, at: Instant, until: CalendarDay)
        /// A file that was given is no archive, or not a whole one.
        case archiveUnreadable(String, ArchiveFault)
        /// An archive that was given is of a month that no leaf says was archived.
        case archiveUnknown(month: String)
        /// An archive that was given is not the file that was entered.
        case archiveAltered(month: String)
        /// A line of an archive that was given is not the entry that was sealed at this position.
        case archivedEntryAltered(position: Int)
        /// A stored checkpoint that none of the log's keys signed.
        case checkpointUnsigned(size: Int)
        /// A stored checkpoint of another tree than its entries make.
        case checkpointDiffers(size: Int)
        /// A seal key, an epoch or an archive that no leaf of the log says.
        case leafless(String)
        /// An entry is held back from its resident, and no entry of the log says that it was marked.
        case withheldUnsaid(entry: RecordID)
        /// A table or a column that the audit reads is not there, or is of another type.
        case formDiffers(String)
        /// A value is none that was ever written, so that nothing is read from there on.
        case unreadable(position: Int, String)
    }

    package struct Report: Sendable {
        package let checkpoint: Checkpoint
        /// How many positions were read: all there are, unless a finding says why the reading stopped.
        package let sealed: Int
        package let isReadToTheEnd: Bool
        /// The keys that followed the first, as the log's own leaves say.
        package let keys: [SealKeyChange]
        /// The months that were archived, as the log's own leaves say, and whether they have left.
        package let archived: [(month: ArchivedMonth, isGone: Bool)]
        /// What their times were held against; nothing where no rule is known.
        package let retention: RetentionRule?
        package let findings: [Finding]
    }

    /// How many findings are told one by one; a changed table has as many as rows.
    static let findingsMax = 100
    static let pageRows = 10_000

    private let pool: Pool

    package init(_ address: Address, logger: Logger) {
        pool = Pool(address, limits: .single, label: "tsunagi-audit", logger: logger)
    }

    package func close() async { await pool.shutdown() }

    /// Throws `CheckpointFault` for a note that the key did not sign. `others` are keys that the log has
    /// under another name, as one that lost its end and went on: stored checkpoints may be signed by them,
    /// and the note may not. `archives` are files of months that were archived: their lines are read as
    /// well. A month may have left after the time of `retention`; where none is given, after that of the
    /// rules in the database.
    package func verify(
        note: [UInt8], key: CheckpointKey, others: [CheckpointKey] = [], archives: [String] = [],
        retention: RetentionRule? = nil
    ) async throws -> Report {
        let checkpoint = try key.open(note)
        let shelf = RuleShelf(pool)
        // Rules that cannot be read hide no entry: whoever damaged them must not stop the audit.
        if retention == nil { try? await shelf.refresh() }
        let kept = retention ?? (try? shelf.current())?.retention
        do {
            return try await pool.transaction(.readOnly) { transaction in
                let differences = try AuditForm.differences(&transaction)
                var walk = Walk(
                    checkpoint: checkpoint, keys: (key, others), retention: kept)
                guard differences.isEmpty else { return walk.report(endedBy: differences) }
                do {
                    while try walk.page(&transaction) {}
                    try walk.end(&transaction)
                } catch {
                    guard AuditForm.isDamage(error) else { throw error }
                    // Thrown, because a transaction that the server broke off commits nothing, this answer
                    // among it.
                    throw Stopped(report: walk.report(endedBy: error))
                }
                for path in archives { try walk.read(archive: path, &transaction) }
                return walk.report()
            }
        } catch let stopped as Stopped {
            return stopped.report
        }
    }

    private struct Stopped: Error {
        let report: Report
    }

    private struct Walk {
        let checkpoint: Checkpoint
        let retention: RetentionRule?
        var edge = TileEdge()
        var next = 0
        var findings: [Finding] = []
        var rootAtCheckpoint: LogHash?
        /// From here on tiles and head differ because an entry does: that is not told again.
        var isDamaged = false
        var sequences = SequenceAudit()
        var months = ArchiveAudit()
        var keys: [SealKeyChange] = []
        var beside: BesideAudit

        init(
            checkpoint: Checkpoint, keys: (own: CheckpointKey, others: [CheckpointKey]),
            retention: RetentionRule?
        ) {
            self.checkpoint = checkpoint
            beside = BesideAudit(key: keys.own, others: keys.others)
            self.retention = retention
            if checkpoint.size == 0 { rootAtCheckpoint = .emptyRoot }
        }

        mutating func page(_ transaction: inout Transaction) throws -> Bool {
            let rows = try transaction.query(
                LogAudit.selectSealed, [.int(next), .int(LogAudit.pageRows)])
            try beside.expect(after: next, &transaction)
            var full: [Tile] = []
            for index in 0..<rows.count { full += try take(rows[index]) }
            for tile in full where !isDamaged { try compare(tile, &transaction) }
            return rows.count >= LogAudit.pageRows
        }

        /// Returns the tiles that this position completes.
        private mutating func take(_ row: Row) throws -> [Tile] {
            let position = try row.int(0)
            if position != next { damage(.positionGap(position: next)) }
            // Whatever stands there: what somebody wrote MUST NOT end the audit.
            next = position == .max ? position : position + 1
            let stored = try row.bytes(1)
            let leaf: LogHash
            if try row.optionalInt(17) != nil {
                try requireNoSequence(row, position)
                let epoch = try MapEpoch(row, from: 17)
                sequences.take(epoch, at: position).forEach { note($0) }
                leaf = .leaf(epoch.leafText)
            } else if try row.optionalInt(21) != nil {
                try requireNoSequence(row, position)
                leaf = try follow(row)
            } else if try row.optionalText(25) != nil {
                try requireNoSequence(row, position)
                let archived = try ArchivedMonth(row, from: 25)
                months.take(archived, at: position)
                leaf = .leaf(archived.leafText)
            } else {
                let entry = try row.optionalUUID(2) == nil ? nil : StoredEntry(row, from: 2)
                try count(entry, at: position, row)
                guard let entry else { return append(stored) }
                leaf = LogHash.leaf(entry.leafText)
            }
            // The leaf's text begins with the format, so a row of another one is not what was
            // sealed.
            let isOfFormat = try row.optionalInt(13) ?? Int(Entry.format) == Int(Entry.format)
            if leaf.bytes != stored || !isOfFormat { damage(.entryAltered(position: position)) }
            return append(leaf.bytes)
        }

        /// An epoch and a change of the key are about nobody.
        private mutating func requireNoSequence(_ row: Row, _ position: Int) throws {
            let isInNone = try SequenceAudit.Stored(row, from: 14).isInNone
            if !isInNone { note(.sequenceForeign(position: position)) }
        }

        /// The leaf of a change of the key; of one whose text is no key, no leaf that was ever sealed.
        private mutating func follow(_ row: Row) throws -> LogHash {
            let version = try row.int(21)
            if version != keys.count + 2 { note(.keyDisordered(version: version)) }
            guard let change = try? SealKeyChange(row, from: 21) else { return .leaf([]) }
            keys.append(change)
            beside.follow(change.key)
            return .leaf(change.leafText)
        }

        /// By the leaf as stored: an entry that was altered is told once, not again by its sequence.
        private mutating func count(_ entry: StoredEntry?, at position: Int, _ row: Row) throws {
            let stored = try SequenceAudit.Stored(row, from: 14)
            guard let leaf = LogHash(try row.bytes(1)) else { return }
            let person = entry == nil ? stored.person : entry?.person
            sequences.take(position, of: person, stored: stored, leaf: leaf).forEach { note($0) }
            // A position whose month nobody knows can have been archived by none.
            guard let at = try row.optionalInstant(24) else {
                return damage(.entryMissing(position: position))
            }
            months.take(
                position, at: Instant(microseconds: at), leaf: leaf, isHere: entry != nil)
        }

        private mutating func append(_ leaf: [UInt8]) -> [Tile] {
            guard let hash = LogHash(leaf) else { return [] }
            let full = edge.append([hash])
            if edge.size == checkpoint.size { rootAtCheckpoint = edge.root }
            if !isDamaged, let finding = beside.meet(edge) { note(finding) }
            return full
        }

        private mutating func compare(_ tile: Tile, _ transaction: inout Transaction) throws {
            let rows = try transaction.query(
                LogAudit.selectTile, [.int(tile.id.level), .int(tile.id.index)])
            let isStored =
                try rows.count == 1 && rows[0].bytes(0) == tile.bytes
                && rows[0].bytes(1) == tile.root.bytes
            if !isStored { note(.tileAltered(level: tile.id.level, index: tile.id.index)) }
        }

        mutating func end(_ transaction: inout Transaction) throws {
            let head = try transaction.query(LogAudit.selectHead)
            let size = head.count == 1 ? try head[0].int(0) : 0
            let isHead =
                try size == edge.size && head.count == 1 && head[0].bytes(1) == edge.root.bytes
            if !isDamaged, !isHead { note(.headDiffers(size: size)) }
            if !isDamaged { try sequences.compare(&transaction).forEach { note($0) } }
            months.end(keptBy: retention).forEach { note($0) }
            try beside.end(edge.size, &transaction).forEach { note($0) }
            try transaction.query(LogAudit.selectOutside).map { try $0.int(0) }
                .forEach { note(.positionOutside(position: $0)) }
            try findUnsealed(&transaction)
        }

        mutating func read(archive path: String, _ transaction: inout Transaction) throws {
            let archived = months.archived.map(\.month)
            try LogAudit.verify(archive: path, archived, &transaction).forEach { note($0) }
        }

        /// In pages, in the order of transactions: a log of years is walked, and no statement lasts.
        private mutating func findUnsealed(_ transaction: inout Transaction) throws {
            var after: [Value] = [
                .text("0"), .id(RecordID(high: 0, low: 0)), .time(Instant(microseconds: 0)),
            ]
            while findings.count < LogAudit.findingsMax {
                let rows = try transaction.query(
                    LogAudit.selectBehind, after + [.int(LogAudit.pageRows)])
                guard rows.count > 0 else { return }
                for index in 0..<rows.count where try !rows[index].bool(2) {
                    note(.neverSealed(entry: try rows[index].uuid(1).record))
                }
                let last = rows[rows.count - 1]
                after = [
                    .text(try last.text(0)), .id(try last.uuid(1).record),
                    .time(Instant(microseconds: try last.instant(3))),
                ]
            }
        }

        private mutating func damage(_ finding: Finding) {
            isDamaged = true
            note(finding)
        }

        private mutating func note(_ finding: Finding) {
            if findings.count < LogAudit.findingsMax { findings.append(finding) }
        }

        func report() -> Report {
            var findings = findings
            if edge.size < checkpoint.size {
                findings.append(.missing(from: edge.size, to: checkpoint.size))
            } else if rootAtCheckpoint != checkpoint.root {
                findings.append(.rootDiffers(size: checkpoint.size))
            }
            return report(findings, isReadToTheEnd: true)
        }

        /// What was found until something could not be read. What lies behind it is not told as missing.
        func report(endedBy error: any Error) -> Report {
            report(endedBy: [.unreadable(position: edge.size, "\(error)")])
        }

        func report(endedBy reasons: [Finding]) -> Report {
            report(findings + reasons, isReadToTheEnd: false)
        }

        private func report(_ findings: [Finding], isReadToTheEnd: Bool) -> Report {
            Report(
                checkpoint: checkpoint, sealed: edge.size, isReadToTheEnd: isReadToTheEnd,
                keys: keys, archived: months.archived, retention: retention, findings: findings)
        }
    }

    private static let selectSealed = Statement(
        """
        select s.position, s.leaf, e.entry, e.at, e.party, e.operator, e.purpose, e.visit,
            e.person, e.outcome,
            e.basis, e.digest, e.salt, e.format, s.person, s.sequence, s.link,
            m.epoch, m.size, m.root, m.at, k.version, k.key, k.at, s.at,
            \(ArchivedMonth.Contents.columns(of: "a")), a.at
        from log.position s left join log.access_entry e on e.entry = s.entry and e.at = s.at
        left join log.epoch m on m.entry = s.entry
        left join log.seal_key k on k.entry = s.entry
        left join log.archive a on a.entry = s.entry
        where s.position >= $1 order by s.position limit $2
        """)
    private static let selectTile = Statement(
        "select hashes, root from log.tile where level = $1 and index = $2")
    private static let selectHead = Statement("select size, root from log.head")
    private static let selectOutside = Statement(
        "select position from log.position where position < 0 order by position limit \(findingsMax)"
    )
    /// By its time as well: the table takes the same id at two times.
    private static let selectBehind = Statement(
        """
        select e.xid::text, e.entry, exists (
            select 1 from log.position s
            where s.entry = e.entry and s.at = e.at and s.position >= 0), e.at
        from log.access_entry e
        where (e.xid, e.entry, e.at) > ($1::text::xid8, $2::uuid, $3::timestamptz)
            and e.xid < (select next_xid from log.head)
        order by e.xid, e.entry, e.at limit $4
        """)
}

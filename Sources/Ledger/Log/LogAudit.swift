import Exchange
package import Logging
package import Postgres

/// 監査: reads the whole log again and holds it against a checkpoint that was kept elsewhere. Finds any sealed entry
/// that was altered, reordered, removed or invented since that checkpoint was signed.
///
/// It cannot find what a dishonest gateway never wrote.
package struct LogAudit: Sendable {
    package enum Finding: Sendable, Hashable, CustomStringConvertible {
        /// The database holds fewer sealed entries than the checkpoint says.
        case missing(from: Int, to: Int)
        /// A position without its entry.
        case entryMissing(position: Int)
        /// The entry does not have the leaf hash it was sealed with.
        case entryAltered(position: Int)
        /// Every entry meets its stored leaf, yet the tree is another one than was signed.
        case rootDiffers(size: Int)
        /// A partition of entries that no archive entry explains, or an entry that is sealed nowhere in order.
        case positionGap(position: Int)

        package var description: String {
            switch self {
            case .missing(let from, let to): "positions \(from) to \(to - 1) are missing"
            case .entryMissing(let position): "the entry at position \(position) is missing"
            case .entryAltered(let position): "the entry at position \(position) was altered"
            case .rootDiffers(let size):
                "the first \(size) entries make another tree than the one that was signed"
            case .positionGap(let position): "position \(position) is missing"
            }
        }
    }

    package struct Report: Sendable {
        package let checkpoint: Checkpoint
        package let sealed: Int
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

    /// Throws `CheckpointFault` for a note that the key did not sign.
    package func verify(note: [UInt8], key: CheckpointKey) async throws -> Report {
        let checkpoint = try key.open(note)
        return try await pool.transaction(.readOnly) { transaction in
            var walk = Walk(checkpoint: checkpoint)
            while try walk.page(&transaction) {}
            return walk.report()
        }
    }

    private struct Walk {
        let checkpoint: Checkpoint
        var frontier = Frontier()
        var next = 0
        var findings: [Finding] = []
        var rootAtCheckpoint: LogHash?

        init(checkpoint: Checkpoint) {
            self.checkpoint = checkpoint
            if checkpoint.size == 0 { rootAtCheckpoint = .emptyRoot }
        }

        mutating func page(_ transaction: inout Transaction) throws -> Bool {
            let rows = try transaction.query(
                LogAudit.selectSealed, [.int(next), .int(LogAudit.pageRows)])
            for index in 0..<rows.count { try take(rows[index]) }
            return rows.count == LogAudit.pageRows
        }

        private mutating func take(_ row: Row) throws {
            let position = try row.int(0)
            if position != next { note(.positionGap(position: next)) }
            next = position + 1
            let stored = try row.bytes(1)
            guard try row.optionalUUID(2) != nil else {
                note(.entryMissing(position: position))
                return append(stored)
            }
            let leaf = LogHash.leaf(try StoredEntry(row, from: 2).leafText)
            if leaf.bytes != stored { note(.entryAltered(position: position)) }
            append(leaf.bytes)
        }

        private mutating func append(_ leaf: [UInt8]) {
            guard let hash = LogHash(leaf) else { return }
            frontier.append(hash)
            if frontier.size == checkpoint.size { rootAtCheckpoint = frontier.root }
        }

        private mutating func note(_ finding: Finding) {
            if findings.count < LogAudit.findingsMax { findings.append(finding) }
        }

        func report() -> Report {
            var findings = findings
            if frontier.size < checkpoint.size {
                findings.append(.missing(from: frontier.size, to: checkpoint.size))
            } else if rootAtCheckpoint != checkpoint.root {
                findings.append(.rootDiffers(size: checkpoint.size))
            }
            return Report(checkpoint: checkpoint, sealed: frontier.size, findings: findings)
        }
    }

    private static let selectSealed = Statement(
        """
        select s.position, s.leaf, e.entry, e.at, e.party, e.operator, e.purpose, e.visit, e.person, e.outcome,
            e.basis, e.digest, e.salt
        from log.position s left join log.access_entry e on e.entry = s.entry
        where s.position >= $1 order by s.position limit $2
        """)
}

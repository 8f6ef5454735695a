package import Exchange
import Postgres

/// 突合の証明, as its body asked for it.
package struct ShownStatement: Sendable {
    package let id: RecordID
    package let madeAt: Instant
    package let note: String
    /// 塩: what the rows of a confidential field are hashed with.
    package let salt: [UInt8]?
}

/// 突合の問い: what a body wants to know of one node of the tree under a statement of its own.
package struct StatementQuestion: Sendable {
    package let statement: RecordID
    /// From the root, which is level 0, and from the left.
    package let level: Int
    package let node: Int
    /// Of a bucket: what the body holds in it.
    package let rows: [(key: StatementHash, content: StatementHash)]?

    package init(
        statement: RecordID, level: Int, node: Int,
        rows: [(key: StatementHash, content: StatementHash)]?
    ) {
        self.statement = statement
        self.level = level
        self.node = node
        self.rows = rows
    }
}

package enum StatementAnswer: Sendable {
    /// The hashes of the sixteen branches.
    case branches([StatementHash])
    /// What differs in a bucket, if anything; with what names the row, where it is held here.
    case difference(StatementDifference?, name: [(item: String, value: String)])
}

extension Records {
    /// The newest statement of the caller's own; nothing where none was made yet. Counts and hashes tell of
    /// nobody: the entry is about nobody.
    package mutating func newestStatement(_ field: StatementField) throws -> ShownStatement? {
        enter(nil)
        return try transaction.query(
            Self.selectNewest, [.text(caller.party.code), .text(field.rawValue)]
        ).first.map { row in
            ShownStatement(
                id: try row.uuid(0).record, madeAt: Instant(microseconds: try row.instant(1)),
                note: try row.text(2), salt: try row.optionalBytes(3))
        }
    }

    /// One step of a comparison. A row that is named is on the record of its resident, and of whom it
    /// speaks of beside them.
    ///
    /// Throws `.recordUnknown` for another body's statement and for one whose tree is dropped, in the same
    /// words as for none, and `.malformed` for a node that the tree has not, or a bucket asked for without
    /// rows.
    package mutating func compare(_ question: StatementQuestion, in field: StatementField) throws
        -> StatementAnswer
    {
        let own: [Value] = [
            .text(caller.party.code), .text(field.rawValue), .id(question.statement),
        ]
        guard let held = try transaction.query(Self.selectDepth, own).first else {
            throw Refusal.recordUnknown
        }
        let (depth, salt) = (try held.int(0), try held.optionalBytes(1) ?? [])
        guard (0...depth).contains(question.level) else { throw Refusal.malformed("level") }
        let width = (0..<question.level).reduce(1) { count, _ in count * StatementTree.branches }
        guard (0..<width).contains(question.node) else { throw Refusal.malformed("node") }
        guard question.level == depth else {
            enter(nil)
            return .branches(try branches(below: question, own))
        }
        guard let rows = question.rows else { throw Refusal.missing("rows") }
        let bucket = try transaction.query(
            Self.selectBucket, [.id(question.statement), .int(question.node)])
        let leaves = StatementTree.Leaf.reading(try bucket.first?.bytes(0) ?? [])
        let difference = StatementDifference(here: leaves, there: rows)
        let leaf = leaves.first { $0.key == difference?.key }
        let basis = leaf?.origin.map { "\(field.rawValue)/\($0.version)" }
        enter(try leaf?.origin?.person.map { try survivor(of: $0) }, basis: basis)
        guard let leaf else { return .difference(difference, name: []) }
        let name = try field.name(of: leaf, salt: salt, of: caller.party.code, &transaction)
        for other in name.others { enter(other, basis: basis) }
        return .difference(difference, name: name.items)
    }

    private mutating func branches(
        below question: StatementQuestion, _ own: [Value]
    ) throws -> [StatementHash] {
        // All nodes of the levels above, and then those to the left.
        let above = (0...question.level).reduce((count: 0, width: 1)) { level, _ in
            (level.count + level.width, level.width * StatementTree.branches)
        }.count
        let first = (above + question.node * StatementTree.branches) * 32
        let rows = try transaction.query(
            Self.selectNodes, own + [.int(first + 1), .int(StatementTree.branches * 32)])
        guard let bytes = try rows.first?.optionalBytes(0) else { throw Refusal.recordUnknown }
        return stride(from: 0, to: bytes.count, by: StatementHash.byteCount).compactMap {
            StatementHash(bytes[$0..<$0 + StatementHash.byteCount])
        }
    }

    private static let selectNewest = Statement(
        """
        select statement, made_at, note, salt from exchange.holding_statement
        where body = $1 and field = $2 and is_whole order by made_at desc limit 1
        """)

    private static let selectDepth = Statement(
        """
        select depth, salt from exchange.holding_statement
        where body = $1 and field = $2 and statement = $3 and nodes is not null and is_whole
        """)

    private static let selectNodes = Statement(
        """
        select substring(nodes from $4::bigint::int for $5::bigint::int)
        from exchange.holding_statement where body = $1 and field = $2 and statement = $3
        """)

    private static let selectBucket = Statement(
        "select rows from exchange.statement_bucket where statement = $1 and bucket = $2")
}

package import Exchange
import Postgres

/// 医療機関の停止: an institution that a resident wants to learn nothing more. From its next request on it is
/// answered as one to which the resident agreed to nothing; its visits stay as they are, and open again
/// when the block is lifted.
package struct OwnBlock: Sendable {
    package let id: RecordID
    package let party: Party
    /// As the registry has it; nothing of one that was blocked before the registry was asked.
    package let partyName: String?
    package let set: Instant
    package let lifted: Instant?
}

extension Records {
    /// Those that stand first, newest first.
    package mutating func ownBlocks(of person: PersonKey, limit: Int) throws -> [OwnBlock] {
        try transaction.query(Self.selectBlocks, [.person(person), .int(limit)]).map { row in
            OwnBlock(
                id: try row.uuid(0).record, party: try Party(key: try row.text(1)),
                partyName: try row.optionalText(2),
                set: Instant(microseconds: try row.instant(3)),
                lifted: try row.optionalInstant(4).map(Instant.init(microseconds:)))
        }
    }

    /// Blocks the institution; one that is blocked already stays so, under its first id. Throws
    /// `.institutionUnknown` for a code that nobody here has: a mistyped one would stop nobody.
    package mutating func setBlock(of party: Party, by person: PersonKey) throws -> RecordID {
        let rows = try transaction.query(
            Self.insertBlock,
            [.person(person), .id(.timeOrdered()), .text(party.key), .time(now)])
        guard let row = rows.first else { throw Refusal.institutionUnknown }
        return try row.uuid(0).record
    }

    /// Lifts a block of this resident now; twice is the same as once. Throws `.recordUnknown` for
    /// another's.
    package mutating func liftBlock(_ block: RecordID, of person: PersonKey) throws {
        let count = try transaction.run(
            Self.liftBlock, [.person(person), .id(block), .time(now)])
        guard count == 1 else { throw Refusal.recordUnknown }
    }

    private static let selectBlocks = Statement(
        """
        select b.block, b.party, p.name, b.set_at, b.lifted_at
        from exchange.block b left join exchange.party p on p.party = b.party
        where b.person = $1 order by b.lifted_at is not null, b.set_at desc limit $2
        """)

    /// A block set meanwhile by another request is met at the index, and this access runs again.
    private static let insertBlock = Statement(
        """
        with standing as (
            select block from exchange.block where person = $1 and party = $3 and lifted_at is null),
        made as (
            insert into exchange.block (person, block, party, set_at)
            select $1, $2, $3, $4
            where not exists (select 1 from standing)
                and exists (select 1 from exchange.party where party = $3)
            returning block)
        select block from standing union all select block from made
        """)

    private static let liftBlock = Statement(
        """
        update exchange.block set lifted_at = coalesce(lifted_at, $3) where person = $1 and block = $2
        """)
}

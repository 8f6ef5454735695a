import Crypto
package import Exchange
import Postgres

/// 月の締め: what a body closes, as bytes that the log has the digest of.
extension Records {
    /// Closes a month with its newest run, which the closer names by number and digest. The month is
    /// judged once more under the same lock: what came since is not closed unseen. What the run rejects
    /// goes back to its institutions. The closing is never changed; closed again by the same run, it is
    /// the same closing.
    ///
    /// `sets`: those that are closed though parts of them are missing, because their number was mistyped or
    /// they will never come; the closing says so.
    ///
    /// Throws `.recordUnknown` for a run that is none, `.monthChanged` where the month would come out
    /// otherwise now, `.monthUnverified` while an amount rests on a rule that nobody verified,
    /// `.monthIncomplete` while a part of any other set is missing, `.malformed` for one of `sets` that
    /// lacks none.
    package mutating func closeMonth(
        _ month: ServiceMonth, run: Int, digest: [UInt8], withoutPartsOf sets: Set<String>,
        rules: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> [UInt8] {
        try takeTime()
        try lockMonth(month)
        let known = try transaction.pipeline([
            (Self.selectNewestRun, monthKey(month)), (Self.selectClosing, monthKey(month)),
        ])
        guard let newest = try known[0].first.map({ try MonthRunRecord($0, of: month) }) else {
            throw Refusal.recordUnknown
        }
        guard newest.run == run, newest.digest == digest else { throw Refusal.monthChanged }
        let last = try known[1].first.map { row in
            (
                number: try row.int(0), run: try row.int(1), digest: try row.bytes(2),
                text: try row.bytes(3)
            )
        }
        if let last, last.run == run {
            enter(nil)
            return last.text
        }
        try requireParts(newest, without: sets)
        // From here to the commit nothing becomes of a claim but what is judged and sent back here.
        try lockThreads()
        let plan = try planMonth(month)
        let judged = try judge(plan, rules: rules, kept: kept)
        guard judged.digest == digest, newest.rulesVersion == rules.version else {
            throw Refusal.monthChanged
        }
        guard newest.unverified.isEmpty else { throw Refusal.monthUnverified }
        let closing = MonthClosing(
            of: (caller.party.code, month), number: (last?.number ?? 0) + 1,
            follows: last.map { Hexadecimal.text($0.digest) },
            run: (run, Hexadecimal.text(digest), newest.rulesVersion, newest.totals),
            withoutPartsOf: sets.sorted(), at: now)
        let bytes = closing.bytes
        let hash = Array(SHA256.hash(data: bytes))
        let entry = enter(nil, basis: "{\"closing\":\"\(Hexadecimal.text(hash))\"}")
        try returnRejected(closing)
        try transaction.run(
            Self.insertClosing,
            monthKey(month) + [
                .int(closing.number), .int(run), .bytes(bytes), .bytes(hash), .id(entry),
                .time(now),
            ])
        return bytes
    }

    private mutating func requireParts(
        _ run: MonthRunRecord, without sets: Set<String>
    ) throws {
        let lacking = try transaction.query(Self.selectLacking, monthKey(run.month)).map {
            try $0.text(0)
        }
        guard sets.isSubset(of: lacking) else { throw Refusal.malformed("withoutPartsOf") }
        let others = lacking.filter { !sets.contains($0) }
        guard others.isEmpty else {
            // A run names some of them, which may all be of the sets that are left behind.
            let parts = run.awaited.filter { part in
                others.contains { part.hasPrefix("\($0)/") }
            }
            throw Refusal.monthIncomplete(
                (parts.isEmpty ? others : parts).joined(separator: ", "))
        }
    }

    /// 返戻: what can still go back does; a claim that was paid is taken back by its own thread.
    private mutating func returnRejected(_ closing: MonthClosing) throws {
        try transaction.run(
            Self.insertReturns,
            monthKey(closing.month) + [
                .int(closing.run), .text(ClaimThread.Step.returned.rawValue),
                .day(now.dayInJapan.daysSince1970),
                .text("\(closing.month.text)/closing/\(closing.number)"),
                .text(caller.party.key), .time(now),
            ])
    }

    private static let selectClosing = Statement(
        """
        select closing, run, digest, text from exchange.claim_closing
        where body = $1 and month = $2 order by closing desc limit 1
        """)

    /// Sets of which not all parts are here: each of them is here once.
    private static let selectLacking = Statement(
        """
        select part_set from exchange.claim_file
        where body = $1 and month = $2 and part_set is not null
        group by part_set having count(*) < max(parts) order by part_set
        """)

    /// Under `lockThreads`.
    private static let insertReturns = Statement(
        """
        insert into exchange.claim_event (thread, sequence, step, day, reference, party, recorded_at)
        select r.thread, 1 + (
                select count(*) from exchange.claim_event e where e.thread = r.thread),
            $4, $5, $6, $7, $8
        from (
            select distinct c.thread from exchange.claim_verdict v
            join exchange.claim c on c.file = split_part(v.claim, '.', 1)::uuid
                and c.place = split_part(v.claim, '.', 2)::bigint
            where v.body = $1 and v.month = $2 and v.run = $3 and v.standing = 'rejected'
                and position('.' in v.claim) > 0
                and coalesce((
                    select e.step from exchange.claim_event e where e.thread = c.thread
                    order by e.sequence desc limit 1), 'corrected') = 'corrected') r
        """)

    private static let insertClosing = Statement(
        """
        insert into exchange.claim_closing (body, month, closing, run, text, digest, entry, closed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """)
}

/// 締めの証明: a closing, the leaf that its entry is in the log, and how a signed checkpoint covers it.
package struct ProvenClosing: Sendable {
    package let text: [UInt8]
    package let digest: [UInt8]
    /// The log's leaf, as text; its `digest` is the SHA-256 of the closing.
    package let leafText: [UInt8]
    /// Nothing while no signed checkpoint covers it: ask again after a second.
    package let proof: InclusionProof?
    package let checkpoint: String?
}

extension Records {
    /// Throws `.recordUnknown`.
    package mutating func closing(_ number: Int, of month: ServiceMonth) throws -> ProvenClosing {
        let rows = try transaction.pipeline([
            (Self.selectProven, monthKey(month) + [.int(number)]),
            (
                Statement("select size, note from log.checkpoint order by size desc limit 1"), []
            ),
        ])
        guard let row = rows[0].first else { throw Refusal.recordUnknown }
        enter(nil)
        let leaf = try StoredEntry(row, from: 3).leafText
        let (text, digest) = (try row.bytes(0), try row.bytes(1))
        guard let position = try row.optionalInt(2), let signed = rows[1].first,
            try signed.int(0) > position
        else {
            return ProvenClosing(
                text: text, digest: digest, leafText: leaf, proof: nil, checkpoint: nil)
        }
        let (size, note) = (try signed.int(0), try signed.text(1))
        var tree = TileTree(size: size)
        var store = TileStore(size: size)
        let proof = try tree.inclusionProof(of: position) { try store.tile($0, &transaction) }
        return ProvenClosing(
            text: text, digest: digest, leafText: leaf, proof: proof, checkpoint: note)
    }

    private static let selectProven = Statement(
        """
        select c.text, c.digest, p.position, \(StoredEntry.columns(of: "e"))
        from exchange.claim_closing c
        join log.access_entry e on e.entry = c.entry
        left join log.position p on p.entry = c.entry
        where c.body = $1 and c.month = $2 and c.closing = $3
        """)
}

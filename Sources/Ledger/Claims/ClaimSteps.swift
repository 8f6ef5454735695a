package import Exchange
import Postgres

/// 経過の一段: what happened to a claim after it was sent, as its body says it.
package struct ClaimStep: Sendable {
    let thread: RecordID
    let step: ClaimThread.Step
    let day: CalendarDay
    let reference: String
}

/// 経過の知らせ: of a claim by its id: payment, return, withdrawal, re-examination, clawback.
package struct ClaimNews: Sendable {
    package let file: RecordID
    package let place: Int
    package let step: ClaimThread.Step
    package let day: CalendarDay
    package let reference: String

    package init(
        file: RecordID, place: Int, step: ClaimThread.Step, day: CalendarDay, reference: String
    ) {
        self.file = file
        self.place = place
        self.step = step
        self.day = day
        self.reference = reference
    }
}

extension Records {
    /// Takes all of the news or none. Each must be able to follow what its thread has: throws
    /// `.claimStep` with every one that cannot, `.recordUnknown` for a claim of another body in the same
    /// words as for none. The same news again changes nothing. Returns how many were new.
    package mutating func followClaims(_ news: [ClaimNews]) throws -> Int {
        try lockThreads()
        enter(nil)
        let rows = try transaction.query(
            Self.selectThreads,
            [
                .text(caller.party.code), .uuids(news.map { UUIDBytes($0.file) }),
                .ints(news.map(\.place)),
            ])
        var threadOf: [Int: RecordID] = [:]
        var threads: [RecordID: ClaimThread] = [:]
        for row in try rows.map({ row in
            (
                try row.int(0), try row.uuid(1).record,
                CalendarDay(daysSince1970: try row.day(2))
            )
        }) {
            threadOf[row.0] = row.1
            threads[row.1] = ClaimThread(submitted: row.2, reference: "")
        }
        guard threadOf.count == news.count else { throw Refusal.recordUnknown }
        try read(into: &threads)
        var steps: [ClaimStep] = []
        var faults: [String] = []
        for (order, said) in news.enumerated() {
            guard let id = threadOf[order + 1], var thread = threads[id] else { continue }
            let entry = ClaimThread.Entry(said.step, on: said.day, reference: said.reference)
            guard thread.last != entry else { continue }
            do throws(ClaimThread.Fault) { try thread.add(entry) } catch {
                faults.append("events[\(order)].\(error.item)")
                continue
            }
            threads[id] = thread
            steps.append(
                ClaimStep(
                    thread: id, step: said.step, day: said.day, reference: said.reference))
        }
        guard faults.isEmpty else {
            throw Refusal.claimStep(faults.joined(separator: ", "))
        }
        try append(steps)
        return steps.count
    }

    private mutating func read(into threads: inout [RecordID: ClaimThread]) throws {
        let rows = try transaction.query(
            Self.selectSteps, [.uuids(threads.keys.map { UUIDBytes($0) })])
        for (id, entry) in try rows.map({ (try $0.uuid(0).record, try ClaimThread.Entry($0)) }) {
            threads[id]?.hold(entry)
        }
    }

    /// 経過の順: whoever adds steps holds this before reading what they follow, and whoever holds a month takes
    /// it after that: so of two at once the later sees the earlier, and neither waits for the other's.
    mutating func lockThreads() throws {
        try transaction.run(ClaimSQL.lock, [.text("threads of \(caller.party.code)")])
    }

    /// Under `lockThreads`.
    mutating func append(_ steps: [ClaimStep]) throws {
        guard !steps.isEmpty else { return }
        try transaction.run(
            Self.insertSteps,
            [
                .uuids(steps.map { UUIDBytes($0.thread) }), .texts(steps.map(\.step.rawValue)),
                .days(steps.map(\.day.daysSince1970)), .texts(steps.map(\.reference)),
                .text(caller.party.key), .time(now),
            ])
    }

    private static let selectThreads = Statement(
        """
        select q.ord, c.thread, (
            select min(least(t.service_month, f.month))
            from exchange.claim t join exchange.claim_file f on f.file = t.file
            where t.thread = c.thread)
        from unnest($2::uuid[], $3::bigint[]) with ordinality as q(file, place, ord)
        join exchange.claim c on c.file = q.file and c.place = q.place and c.body = $1
        """)

    private static let selectSteps = Statement(
        """
        select thread, step, day, reference from exchange.claim_event where thread = any ($1)
        order by thread, sequence
        """)

    /// Those of one thread in the order they are given.
    private static let insertSteps = Statement(
        """
        insert into exchange.claim_event (thread, sequence, step, day, reference, party, recorded_at)
        select s.thread, row_number() over (partition by s.thread order by s.ord) + (
                select count(*) from exchange.claim_event e where e.thread = s.thread),
            s.step, s.day, s.reference, $5, $6
        from unnest($1::uuid[], $2::text[], $3::date[], $4::text[]) with ordinality
            as s(thread, step, day, reference, ord)
        """)
}

extension ClaimThread.Entry {
    fileprivate init(_ row: Row) throws {
        guard let step = ClaimThread.Step(rawValue: try row.text(1)) else {
            throw Refusal.malformed("step")
        }
        self.init(
            step, on: CalendarDay(daysSince1970: try row.day(2)), reference: try row.text(3))
    }
}

package import Exchange
import Postgres

/// 分けて送る月: which part of a set a file is, as whoever sends it counts them, so that a month is not closed
/// while one of them is missing. A set has its own name, because several may send for one month.
package struct SentPart: Hashable, Sendable {
    /// Of 100,000 claims each they are fifty times a month's limit.
    package static let countMax = 1_000

    package let set: String
    /// From 1.
    package let number: Int
    package let count: Int

    package init(set: String, number: Int, of count: Int) throws(Refusal) {
        let isFormed = set.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2D
        }
        guard isFormed, (1...64).contains(set.utf8.count) else { throw .malformed("set") }
        // It is kept, and named again by whoever closes the month.
        guard !IndividualNumber.looksLikeOne(in: set) else {
            throw .individualNumberNotAllowed("set")
        }
        guard (1...Self.countMax).contains(count) else { throw .malformed("parts") }
        guard (1...count).contains(number) else { throw .malformed("part") }
        self.set = set
        self.number = number
        self.count = count
    }
}

/// 受け取った請求ファイル: what a body sent for one month.
package struct ClaimFileReceipt: Sendable {
    package let file: RecordID
    /// 月の何番目.
    package let number: Int
    package let month: ServiceMonth
    package let claims: Int
    /// As JSON, each with line, code and texts.
    package let findings: String
    package let findingsLeftOut: Int
    /// The same bytes were here already, and nothing was kept again.
    package let isDuplicate: Bool
}

extension Records {
    /// Keeps a file of claims for a month of the caller's. File, claims and entry are one commit; a crash
    /// leaves all of it or nothing. The same bytes for the same month are the first file again.
    ///
    /// A claim that says it takes the place of one that came back continues that one's thread. Throws
    /// `.tooMany("claims")` past what a month or an institution in it may have, `.claimPart` for a part
    /// that is here with other bytes, whose bytes are here as something else, or of a set that has another
    /// number of parts; then nothing of it is kept, and the part is still awaited.
    package mutating func keepClaims(
        _ arrived: ArrivedClaims, as part: SentPart?, for month: ServiceMonth, rules: String
    ) throws -> ClaimFileReceipt {
        try takeTime()
        try lockMonth(month)
        enter(nil)
        let held = try transaction.pipeline([
            (ClaimSQL.selectSame, monthKey(month) + [.bytes(arrived.digest)]),
            (ClaimSQL.selectCount, monthKey(month)),
            (ClaimSQL.selectParts, monthKey(month) + [.orNull(part?.set)]),
        ])
        if let same = held[0].first {
            if let part {
                let set = try same.optionalText(4)
                let (number, count) = (try same.optionalInt(5), try same.optionalInt(6))
                guard set == part.set, number == part.number, count == part.count else {
                    throw Refusal.claimPart("part")
                }
            }
            return ClaimFileReceipt(
                file: try same.uuid(0).record, number: try same.int(1), month: month,
                claims: try same.int(2), findings: try same.text(3), findingsLeftOut: 0,
                isDuplicate: true)
        }
        if let part {
            for (number, count) in try held[2].map({ (try $0.int(0), try $0.int(1)) }) {
                guard count == part.count else { throw Refusal.claimPart("parts") }
                guard number != part.number else { throw Refusal.claimPart("part") }
            }
        }
        let (files, claims) = (try held[1][0].int(0), try held[1][0].int(1))
        guard claims + arrived.batch.claims.count <= ArrivingClaims.monthCountMax else {
            throw Refusal.tooMany("claims")
        }
        try requireRoom(for: arrived, in: month)
        let receipt = ClaimFileReceipt(
            file: .timeOrdered(), number: files + 1, month: month,
            claims: arrived.batch.claims.count, findings: arrived.findingsText,
            findingsLeftOut: arrived.findingsLeftOut, isDuplicate: false)
        try transaction.run(
            ClaimSQL.insertFile,
            monthKey(month) + [
                .int(receipt.number), .id(receipt.file), .text(caller.party.key),
                .text(arrived.kind.rawValue), .bytes(arrived.digest), .int(arrived.byteCount),
                .int(receipt.claims), .text(receipt.findings), .text(rules), .time(now),
                .orNull(part?.set), .orNull(part?.number), .orNull(part?.count),
            ])
        try keep(arrived, receipt)
        return receipt
    }

    /// An institution's claims of a month are judged together.
    private mutating func requireRoom(
        for arrived: ArrivedClaims, in month: ServiceMonth
    ) throws {
        var counts: [UInt64: Int] = [:]
        for claim in arrived.batch.claims { counts[claim.institution, default: 0] += 1 }
        let institutions = Array(counts)
        let full = try transaction.query(
            ClaimSQL.selectFull,
            monthKey(month) + [
                .ints(institutions.map { Int(clamping: $0.key) }),
                .ints(institutions.map { $0.value }),
                .int(ArrivingClaims.institutionCountMax),
            ])
        guard full.isEmpty else { throw Refusal.tooMany("claims(institution)") }
    }

    /// Two runs or files of one month come one after the other.
    mutating func lockMonth(_ month: ServiceMonth) throws {
        try transaction.run(ClaimSQL.lock, [.text("claims of \(caller.party.code)/\(month.text)")])
    }

    func monthKey(_ month: ServiceMonth) -> [Value] {
        [.text(caller.party.code), .day(Int(month.firstDay))]
    }

    private mutating func keep(_ arrived: ArrivedClaims, _ receipt: ClaimFileReceipt) throws {
        let batch = arrived.batch
        let threads = try threads(of: arrived, receipt)
        for start in stride(from: 0, to: batch.claims.count, by: 5_000) {
            let range = start..<min(start + 5_000, batch.claims.count)
            try transaction.run(
                ClaimSQL.insertClaims,
                [.id(receipt.file), .text(caller.party.code)]
                    + ClaimSQL.values(batch, range, threads))
            try transaction.run(
                ClaimSQL.insertParts,
                [.id(receipt.file)] + ClaimSQL.partValues(batch, range, arrived.recipients))
        }
        let corrected = threads.filter { $0.value.isContinued }.sorted { $0.key < $1.key }
        try append(
            corrected.map { place, thread in
                ClaimStep(
                    thread: thread.id, step: .corrected, day: now.dayInJapan,
                    reference: "\(receipt.file.text)/\(place + 1)")
            })
    }

    /// 再請求: the thread of what came back, by institution, service month and certificate.
    private mutating func threads(
        of arrived: ArrivedClaims, _ receipt: ClaimFileReceipt
    ) throws -> [Int: (id: RecordID, isContinued: Bool)] {
        let batch = arrived.batch
        let places = batch.claims.indices.filter {
            batch.claims[$0].marks.contains(.resubmission) && batch.claims[$0].partCount > 0
        }
        guard !places.isEmpty else { return [:] }
        try lockThreads()
        let first = places.map { batch.parts[batch.claims[$0].parts.lowerBound].certificate }
        let rows = try transaction.query(
            ClaimSQL.selectReturned,
            [
                .text(caller.party.code),
                .ints(places.map { Int(batch.claims[$0].institution) }),
                .days(places.map { Int(batch.claims[$0].month.firstDay) }),
                .ints(first.map { Int($0.payer) }),
                .texts(first.map { arrived.recipients.text($0.recipient) }),
            ])
        var threads: [Int: (id: RecordID, isContinued: Bool)] = [:]
        var taken: Set<RecordID> = []
        for (order, thread) in try rows.map({ (try $0.int(0), try $0.uuid(1).record) }) {
            // Each takes the place of one; one more than went back is a claim of its own, and a duplicate.
            let place = places[order - 1]
            guard threads[place] == nil, taken.insert(thread).inserted else { continue }
            threads[place] = (thread, true)
        }
        return threads
    }
}

/// 請求の表: the statements about claims, and how a batch travels.
enum ClaimSQL {
    static let lock = Statement("select pg_advisory_xact_lock(hashtextextended($1, 0))::text")

    static let selectSame = Statement(
        """
        select file, number, claims, findings, part_set, part, parts from exchange.claim_file
        where body = $1 and month = $2 and digest = $3
        """)

    static let selectParts = Statement(
        """
        select part, parts from exchange.claim_file
        where body = $1 and month = $2 and part_set = $3
        """)

    /// Institutions that would have more than `$5` in a month.
    static let selectFull = Statement(
        """
        select q.institution
        from unnest($3::bigint[], $4::bigint[]) as q(institution, claims)
        where q.claims + (
                select count(*) from exchange.claim_file f
                join exchange.claim c on c.file = f.file and c.institution = q.institution
                where f.body = $1 and f.month = $2) > $5
        limit 1
        """)

    static let selectCount = Statement(
        """
        select count(*), coalesce(sum(claims), 0)::bigint from exchange.claim_file
        where body = $1 and month = $2
        """)

    static let insertFile = Statement(
        """
        insert into exchange.claim_file (body, month, number, file, party, kind, digest, bytes, claims,
            findings, rules, received_at, part_set, part, parts)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        """)

    static func values(
        _ batch: ClaimBatch, _ range: Range<Int>,
        _ threads: [Int: (id: RecordID, isContinued: Bool)]
    ) -> [Value] {
        let claims = batch.claims[range]
        let day = { (day: Int32) in day == Claim.unsaidDay ? nil : Int(day) }
        return [
            .ints(range.map { $0 + 1 }),
            .uuids(range.map { UUIDBytes(threads[$0]?.id ?? .random()) }),
            .ints(claims.map { Int($0.number) }), .ints(claims.map { Int($0.line) }),
            .ints(claims.map { Int($0.institution) }),
            .days(claims.map { Int($0.month.firstDay) }), .ints(claims.map { Int($0.type) }),
            .ints(claims.map { Int($0.sex) }), .ints(claims.map { Int($0.dutyReason) }),
            .ints(claims.map { Int($0.days) }), .days(claims.map { day($0.birth) }),
            .days(claims.map { day($0.paidOn) }), .ints(claims.map { Int($0.insurer) }),
            .ints(claims.map { Int($0.points) }),
            .ints(claims.map { Int(bitPattern: UInt($0.specialNotes)) }),
            .ints(claims.map { Int($0.marks.rawValue) }),
            .ints(claims.map { Int($0.prescriber) }),
        ]
    }

    static func partValues(
        _ batch: ClaimBatch, _ range: Range<Int>, _ recipients: RecipientTexts
    ) -> [Value] {
        let all = range.flatMap { index in
            batch.parts(of: index).enumerated().map { (index + 1, $0.offset + 1, $0.element) }
        }
        let months = range.flatMap { index in
            batch.parts(of: index).map { _ in Int(batch.claims[index].month.firstDay) }
        }
        return [
            .ints(all.map(\.0)), .ints(all.map(\.1)),
            .ints(all.map { Int($0.2.certificate.payer) }),
            .texts(all.map { recipients.text($0.2.certificate.recipient) }),
            .ints(all.map { Int($0.2.points) }), .ints(all.map { Int($0.2.copayment) }),
            .ints(all.map { Int($0.2.amount) }),
            .ints(all.map { Int($0.2.copaymentRecomputed) }),
            .ints(all.map { Int($0.2.amountRecomputed) }), .ints(all.map { Int($0.2.dayCount) }),
            .days(months),
        ]
    }

    static let insertClaims = Statement(
        """
        insert into exchange.claim (file, body, place, thread, receipt, line, institution,
            service_month, type, sex, duty_reason, days, birth, paid_on, insurer, points,
            special_notes, marks, prescriber)
        select $1, $2, c.* from unnest($3::bigint[], $4::uuid[], $5::bigint[], $6::bigint[],
            $7::bigint[], $8::date[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
            $13::date[], $14::date[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[],
            $19::bigint[]) c
        """)

    static let insertParts = Statement(
        """
        insert into exchange.claim_part (file, place, part, payer, recipient, points, copayment,
            amount, copayment_recomputed, amount_recomputed, day_count, service_month)
        select $1, p.* from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
            $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
            $12::date[]) p
        """)

    /// Threads that came back and have no newer claim yet.
    static let selectReturned = Statement(
        """
        select q.ord, c.thread
        from unnest($2::bigint[], $3::date[], $4::bigint[], $5::text[]) with ordinality
            as q(institution, service_month, payer, recipient, ord)
        join exchange.claim c on c.body = $1 and c.service_month = q.service_month
            and c.institution = q.institution
        join exchange.claim_part p on p.file = c.file and p.place = c.place and p.part = 1
            and p.payer = q.payer and p.recipient = q.recipient
        where (
            select e.step from exchange.claim_event e where e.thread = c.thread
            order by e.sequence desc limit 1) in ('returned', 'withdrawn', 'clawed-back')
        order by q.ord, c.file, c.place
        """)
}

import Exchange
import Postgres

/// 請求の帳簿: the claims that some institutions have in a month, with what their threads say of them, and
/// beside them whatever shares certificate and month of service: of other institutions in the same month,
/// and of earlier months. A duplicate of one that was claimed a month ago is a duplicate, and a cap is of
/// all.
struct ClaimBooks {
    struct Place: Hashable {
        let file: RecordID
        let place: Int

        var text: String { "\(file.text).\(place)" }
    }

    private(set) var files: [MonthRun.File] = []
    private(set) var batch = ClaimBatch()
    private(set) var recipients = RecipientTexts()
    /// By place in the batch.
    private(set) var places: [Place] = []

    /// Certificates that so many claims share name nobody: ten times what a slice finds beside it in a
    /// month where each resident has ten claims.
    static let besideMax = 100_000

    /// `institutions`: their codes from the first to the last; all claims between are of them. Throws
    /// `.tooMany("claims")`.
    static func load(
        _ transaction: inout Transaction, _ body: String, _ month: ServiceMonth,
        of institutions: ClosedRange<Int>
    ) throws -> ClaimBooks {
        let key: [Value] = [.text(body), .day(Int(month.firstDay))]
        let closings = Value.text("\(month.text)/closing/%")
        let range: [Value] = [.int(institutions.lowerBound), .int(institutions.upperBound)]
        let own = try transaction.pipeline([
            (ownClaims, key + [closings] + range), (ownParts, key + range),
        ])
        var books = ClaimBooks()
        var parts = try books.parts(own[1])
        let months = try Set(own[0].map { try $0.day(Column.serviceMonth) })
        let certificates = Set(parts.values.joined().map(\.certificate)).map {
            (payer: Int($0.payer), recipient: books.recipients.text($0.recipient))
        }
        .filter { $0.payer != 0 || !$0.recipient.isEmpty }
        let asked: [Value] =
            key + [
                closings, .days(Array(months)), .ints(certificates.map { $0.payer }),
                .texts(certificates.map { $0.recipient }),
            ] + range + [.int(besideMax + 1)]
        let beside = try transaction.pipeline([(besideClaims, asked), (besideParts, asked)])
        guard beside[0].count <= besideMax else { throw Refusal.tooMany("claims") }
        parts.merge(try books.parts(beside[1])) { own, _ in own }
        let claims =
            try beside[0].map { try Held($0, isOwn: false) }
            + own[0].map { try Held($0, isOwn: true) }
        try books.take(claims.sorted { $0.precedes($1) }, parts)
        return books
    }

    /// A claim as it was read, before it has its place in the order in which all of them came.
    private struct Held {
        let row: Row
        let month: String
        let number: Int
        let place: Place
        let isOwn: Bool

        init(_ row: Row, isOwn: Bool) throws {
            self.row = row
            self.isOwn = isOwn
            place = Place(file: try row.uuid(0).record, place: try row.int(1))
            number = try row.int(2)
            month = try row.text(3)
        }

        func precedes(_ other: Held) -> Bool {
            (month, number, place.place) < (other.month, other.number, other.place.place)
        }
    }

    private enum Column {
        static let serviceMonth = 6
    }

    private mutating func parts(_ rows: Rows) throws -> [Place: [ClaimPart]] {
        var parts: [Place: [ClaimPart]] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            var part = ClaimPart(
                CertificateNumber(
                    payer: UInt32(clamping: try row.int(2)),
                    recipient: recipients.key(try row.text(3))))
            part.points = Int32(clamping: try row.int(4))
            part.copayment = Int32(clamping: try row.int(5))
            part.amount = Int32(clamping: try row.int(6))
            part.copaymentRecomputed = Int32(clamping: try row.int(7))
            part.amountRecomputed = Int32(clamping: try row.int(8))
            part.dayCount = UInt8(clamping: try row.int(9))
            parts[Place(file: try row.uuid(0).record, place: try row.int(1)), default: []]
                .append(part)
        }
        return parts
    }

    private mutating func take(_ claims: [Held], _ parts: [Place: [ClaimPart]]) throws {
        var last: RecordID?
        var count = 0
        for claim in claims {
            if claim.place.file != last {
                if last != nil { closeFile(count) }
                (last, count) = (claim.place.file, 0)
                names.append("\(claim.month)-\(claim.number)")
            }
            count += 1
            batch.append(
                try self.claim(claim.row, claim.isOwn ? [] : .earlier), parts[claim.place] ?? [])
            places.append(claim.place)
        }
        if last != nil { closeFile(count) }
    }

    private var names: [String] = []

    /// 月-番号, as the file's receipt told it.
    private mutating func closeFile(_ count: Int) {
        files.append(MonthRun.File(name: names[files.count], claims: count))
    }

    private func claim(_ row: Row, _ marks: Claim.Marks) throws -> Claim {
        let service = CalendarDay(daysSince1970: try row.day(Column.serviceMonth))
        var claim = Claim(month: ServiceMonth(of: service))
        claim.file = UInt16(clamping: files.count)
        claim.number = UInt32(clamping: try row.int(4))
        claim.line = UInt32(clamping: try row.int(5))
        claim.institution = UInt64(clamping: try row.int(7))
        claim.type = UInt16(clamping: try row.int(8))
        claim.sex = UInt8(clamping: try row.int(9))
        claim.dutyReason = UInt8(clamping: try row.int(10))
        claim.days = UInt32(clamping: try row.int(11))
        claim.birth = try row.optionalDay(12).map { Int32($0) } ?? Claim.unsaidDay
        claim.paidOn = try row.optionalDay(13).map { Int32($0) } ?? Claim.unsaidDay
        claim.insurer = UInt32(clamping: try row.int(14))
        claim.points = Int32(clamping: try row.int(15))
        claim.specialNotes = UInt64(UInt(bitPattern: try row.int(16)))
        claim.marks = Claim.Marks(rawValue: UInt8(clamping: try row.int(17))).union(marks)
        if try row.bool(18) {
            claim.marks.insert(.withdrawn)
        } else if try row.bool(19) {
            claim.marks.insert(.sentBack)
        }
        claim.prescriber = UInt64(clamping: try row.int(20))
        return claim
    }

    /// A claim is out of its month where another of its thread took its place by then, or where its thread
    /// says so. What a closing of this very month returned stays in it as it was closed, and is marked; one
    /// that came in the place of it is not.
    private static let columns = """
        c.file, c.place, f.number, to_char(f.month, 'YYYY-MM'), c.receipt, c.line, c.service_month,
            c.institution, c.type, c.sex, c.duty_reason, c.days, c.birth,
            coalesce((
                select e.day from exchange.claim_event e
                where e.thread = c.thread and e.step = 'paid' order by e.sequence desc limit 1),
                c.paid_on),
            c.insurer, c.points, c.special_notes, c.marks,
            exists (
                select 1 from exchange.claim later
                join exchange.claim_file g on g.file = later.file and g.month <= $2
                where later.thread = c.thread and later.file > c.file)
            or coalesce((
                select e.step in ('returned', 'withdrawn', 'clawed-back')
                from exchange.claim_event e
                where e.thread = c.thread and e.reference not like $3
                order by e.sequence desc limit 1), false),
            exists (
                select 1 from exchange.claim_event e
                where e.thread = c.thread and e.step = 'returned' and e.reference like $3
                    and not exists (
                        select 1 from exchange.claim_event k
                        where k.thread = c.thread and k.step = 'corrected'
                            and k.sequence > e.sequence
                            and k.reference = c.file::text || '/' || c.place::text)),
            c.prescriber
        """

    private static let partColumns = """
        p.file, p.place, p.payer, p.recipient, p.points, p.copayment, p.amount,
            p.copayment_recomputed, p.amount_recomputed, p.day_count
        """

    private static let ownClaims = Statement(
        """
        select \(columns) from exchange.claim_file f
        join exchange.claim c on c.file = f.file and c.institution between $4 and $5
        where f.body = $1 and f.month = $2
        """)

    private static let ownParts = Statement(
        """
        select \(partColumns) from exchange.claim_file f
        join exchange.claim c on c.file = f.file and c.institution between $3 and $4
        join exchange.claim_part p on p.file = c.file and p.place = c.place
        where f.body = $1 and f.month = $2 order by p.file, p.place, p.part
        """)

    /// Claims `e` by months of service and certificates. Of a certificate without a recipient nothing is
    /// held together but what one institution sends again.
    private static let beside = """
        (select distinct c.file, c.place
        from unnest($5::bigint[], $6::text[]) as q(payer, recipient)
        join exchange.claim_part p on p.recipient = q.recipient and p.payer = q.payer
            and p.service_month = any ($4)
        join exchange.claim c on c.file = p.file and c.place = p.place
        join exchange.claim_file f on f.file = c.file and f.body = $1
        where (f.month < $2 and (q.recipient <> '' or c.institution between $7 and $8))
            or (f.month = $2 and q.recipient <> '' and c.institution not between $7 and $8)
        limit $9) e
        """

    private static let besideClaims = Statement(
        """
        select \(columns) from \(beside)
        join exchange.claim c on c.file = e.file and c.place = e.place
        join exchange.claim_file f on f.file = c.file
        """)

    private static let besideParts = Statement(
        """
        select \(partColumns) from \(beside)
        join exchange.claim_part p on p.file = e.file and p.place = e.place
        where $3::text is not null order by p.file, p.place, p.part
        """)
}

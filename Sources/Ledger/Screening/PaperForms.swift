import Crypto
package import Exchange
import Postgres

/// 用紙の回答の登録: what became of it, and the id by which the institution knows the resident.
package struct BroughtScreening: Sendable {
    package let saved: SavedScreening
    package let patientID: String
}

extension Records {
    /// 白紙の用紙の印刷: each sheet has a number of its own, known from the commit on. It is of nobody, and so is the
    /// entry.
    package mutating func printPaperForms(_ order: PaperFormOrder) -> [UInt8] {
        let numbers = (0..<order.count).map { _ in PaperFormNumber(.random()) }
        let lastDay = order.lastDay(printed: now.dayInJapan)
        write([
            (
                Self.insertPaperForms,
                [
                    .bytesArray(numbers.map { $0.hash }), .text(order.form.canonical),
                    .text(caller.party.key), .time(now), .day(lastDay),
                ]
            )
        ])
        enter(nil, basis: "\(order.form.canonical) \(order.count)")
        return PaperForms(
            order.form, printedBy: standing.name,
            lastDay: order.lastDayWritten(printed: now.dayInJapan)
        ).page(numbers)
    }

    /// Binds a sheet to the resident of a visit: answers, binding and entry are one commit. The same answers
    /// on the same sheet again are those that are held; a correction names the version that it follows.
    ///
    /// Throws what `fieldVisit` does, `.consentNotGiven`, `.visitEnded`, `.paperFormUnknown`,
    /// `.paperFormUsed` in the same words whoever used it, `.paperFormOver`, `.questionnaireOver`,
    /// `.malformed` for another form than the sheet's, and for a correction what
    /// `ScreeningVersion.requireSuccessor` and `ScreeningCorrection.means` do and `.recordUnknown`.
    package mutating func bring(
        _ sent: BroughtResponse, correcting correction: ScreeningCorrection?,
        rules: RuleBook, _ names: (RecordID) -> PairwiseIDs
    ) throws -> BroughtScreening {
        let visit = try fieldVisit(
            sent.visitID, of: sent.patientID, item: "subject.reference",
            opening: sent.response.form.consentKinds(rules), rules: rules)
        guard visit.isConsented else { throw Refusal.consentNotGiven }
        // Two clinics with copies of one sheet: the second finds the first.
        try transaction.run(AdvisoryLock.wait, [.int(AdvisoryLock.paperForm(sent.number.hash))])
        let sheet = try PaperSheet(transaction.query(Self.selectSheet, [.bytes(sent.number.hash)]))
        guard let sheet else { throw Refusal.paperFormUnknown }
        guard sheet.form == sent.response.form.canonical else {
            throw Refusal.malformed("questionnaire")
        }
        let day = sent.day(on: sheet, in: visit, at: now)
        let saved: SavedScreening
        if let use = sheet.use {
            saved = try again(sent, of: day, use, correction, in: visit, rules, names)
        } else {
            guard correction == nil else { throw Refusal.recordUnknown }
            try visit.requireBringing(of: day, broughtBy: nil, at: now)
            saved = try first(sent, of: day, on: sheet, in: visit, rules)
        }
        enter(
            visit.person, visit: visit.visit,
            basis: "\(saved.held.id.text)/\(saved.held.newest.version)")
        return BroughtScreening(saved: saved, patientID: visit.patientID)
    }

    private mutating func first(
        _ sent: BroughtResponse, of day: CalendarDay, on sheet: PaperSheet, in visit: FieldVisit,
        _ rules: RuleBook
    ) throws -> SavedScreening {
        guard now.dayInJapan <= sheet.lastDay else { throw Refusal.paperFormOver }
        guard sent.response.status == .completed else { throw Refusal.malformed("status") }
        // Nobody filled it in before it was printed.
        guard sheet.printedOn <= day else { throw Refusal.malformed("authored") }
        try requireAnswerable(sent.response, on: day, of: visit.person, rules)
        _ = try lockedScreenings(beside: sent.response, of: visit.person, rules)
        let saved = try save(sent.response, of: visit.person, rules)
        write([
            (
                Self.insertUse,
                [
                    .bytes(sent.number.hash), .person(visit.person), .id(saved.held.id),
                    .text(caller.party.key), .id(visit.visit), .time(now),
                ]
            )
        ])
        return saved
    }

    private mutating func again(
        _ sent: BroughtResponse, of day: CalendarDay, _ use: PaperSheet.Use,
        _ correction: ScreeningCorrection?, in visit: FieldVisit, _ rules: RuleBook,
        _ names: (RecordID) -> PairwiseIDs
    ) throws -> SavedScreening {
        guard use.person == visit.person, use.party == caller.party.key else {
            throw Refusal.paperFormUsed
        }
        let held = try lockedScreenings(beside: sent.response, of: visit.person, rules)
            .first { $0.id == use.response }
        guard let held else { throw Refusal.recordUnknown }
        if let correction {
            guard try correction.means(names(held.id)) else { throw Refusal.recordUnknown }
        }
        if held.newest.holds(sent.response) { return SavedScreening(held: held, isNew: false) }
        guard let correction else { throw Refusal.paperFormUsed }
        try visit.requireBringing(of: day, broughtBy: use.visit, at: now)
        try held.newest.requireSuccessor(sent.response, seen: correction.seen)
        return try save(sent.response, after: held, of: visit.person, rules)
    }

    private static let insertPaperForms = Statement(
        """
        insert into exchange.paper_form (number_hash, form, party, printed_at, last_day)
        select number_hash, $2, $3, $4, $5 from unnest($1::bytea[]) as q(number_hash)
        """)

    private static let selectSheet = Statement(
        """
        select f.form, f.printed_at, f.last_day, \(Survivors.sql(of: "u.person")), u.response, u.party,
            u.visit
        from exchange.paper_form f
        left join exchange.paper_form_use u on u.number_hash = f.number_hash
        where f.number_hash = $1
        """)

    private static let insertUse = Statement(
        """
        insert into exchange.paper_form_use (number_hash, person, response, party, visit, used_at)
        values ($1, $2, $3, $4, $5, $6)
        """)
}

/// 用紙: as it was printed, and whose it has become.
private struct PaperSheet {
    struct Use {
        let person: PersonKey
        let response: RecordID
        let party: String
        let visit: RecordID
    }

    let form: String
    let printedOn: CalendarDay
    let lastDay: CalendarDay
    let use: Use?

    init?(_ rows: Rows) throws {
        guard let row = rows.first else { return nil }
        form = try row.text(0)
        printedOn = Instant(microseconds: try row.instant(1)).dayInJapan
        lastDay = CalendarDay(daysSince1970: try row.day(2))
        use = try row.optionalUUID(3).map { person in
            Use(
                person: person.person, response: try row.uuid(4).record,
                party: try row.text(5), visit: try row.uuid(6).record)
        }
    }
}

extension BroughtResponse {
    /// 記入日. Where nobody wrote it down it is the last day that the sheet and the visit allow.
    fileprivate func day(
        on sheet: PaperSheet, in visit: FieldVisit, at now: Instant
    ) -> CalendarDay {
        writtenOn ?? max(sheet.printedOn, min(now.dayInJapan, visit.term.lastDay))
    }
}

extension FieldVisit {
    /// A sheet is filled in at home and handed over within the visit: what was written before it is of its
    /// first day, and may be typed when the visit is over.
    fileprivate func requireBringing(
        of written: CalendarDay, broughtBy former: RecordID?, at now: Instant
    ) throws {
        try requireRecording(
            of: max(written, term.opened.dayInJapan), broughtBy: former, at: now)
    }
}

extension PaperFormNumber {
    /// The text has 64 random bits behind it: no slower hash is needed.
    fileprivate var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

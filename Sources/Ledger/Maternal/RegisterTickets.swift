package import Exchange
import Postgres

/// A row of a ticket file whose individual number has already become a keyed hash.
package struct NumberedTicketRow: Sendable {
    package let numberHash: HashChain
    package let row: CheckupTicketRow

    package init(numberHash: HashChain, row: CheckupTicketRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// 受診券の登録: the faces of the tickets that a municipality printed, those issued again, those given back.
    /// Applied exactly once per idempotency key; a row that says what is known already is `unchanged`. A
    /// clinic that uses the same ticket meanwhile waits, or is waited for. A row of a file says nothing of a
    /// visit whose ticket was told of, or given back, after its `moment`.
    package mutating func registerTickets(
        _ request: RegistrationRequest, _ rows: [NumberedTicketRow], rules: RuleBook,
        as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let plan = try plan(rows, rules, moment, isWritten: true)
        for person in plan.looked { enter(person) }
        if plan.looked.isEmpty { enter(nil) }
        return endTask(request, plan.outcomes) { plan.steps(of: $0) }
    }

    /// What registering these rows would do. Nothing is written but entries: that a clinic used a ticket or
    /// that a family lives elsewhere is told by a file that is only compared, or withdrawn afterwards, too.
    mutating func weighTickets(
        _ rows: [NumberedTicketRow], rules: RuleBook, as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let plan = try plan(rows, rules, moment, isWritten: false)
        for person in plan.looked { enter(person) }
        return plan.outcomes
    }

    /// How many tickets stand whose face the municipality told.
    mutating func standingTickets() throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code)])[0].int(0)
    }

    private mutating func plan(
        _ rows: [NumberedTicketRow], _ rules: RuleBook, _ moment: FileMoment?, isWritten: Bool
    ) throws -> TicketPlan {
        guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
        // Nobody is made here: whoever has no notification is told of.
        let persons = try persons(of: rows.map(\.numberHash))
        if isWritten { try lockCheckups(of: Set(persons.known)) }
        let key: [Value] = [
            .uuids(persons.known.map { UUIDBytes($0) }), .text(caller.party.code),
        ]
        let read = try transaction.pipeline(
            EpisodeReading.steps(of: persons.known) + [
                (Self.selectFaces, key), (Self.selectNewer, key + FileMoment.values(moment)),
            ])
        var plan = try TicketPlan(
            body: caller.party.code, known: try EpisodeReading(read, maternal),
            faces: (standing: read[2], newer: read[3]), homes: try homes(of: persons.known),
            rules: maternal)
        for (numbered, person) in zip(rows, persons.ofRows) {
            plan.take(numbered.row, of: person)
        }
        return plan
    }

    private static let standing = """
        select distinct on (person, episode, body, kind, serial)
            person, episode, kind, serial, version, is_returned
        from exchange.checkup_ticket_face
        """

    private static let newest = "order by person, episode, body, kind, serial, version desc"

    private static let selectFaces = Statement(
        """
        \(standing) where person = any (array(
            select q.record from \(Survivors.recordsOfAsked("$1")) q)) and body = $2 \(newest)
        """)

    /// 後からの言葉: the visits of whose tickets a face was told after the moment, or that were given back by a
    /// notification since. What a file gave back it told as a face, too.
    private static let selectNewer = Statement(
        """
        with records as materialized (
            select q.record from \(Survivors.recordsOfAsked("$1")) q)
        select face.person, face.episode, face.kind, face.serial
        from exchange.checkup_ticket_face face
        where face.person in (select record from records) and face.body = $2
            and \(FileMoment.isSince("face"))
        union
        select e.person, e.episode, e.kind, e.serial from exchange.checkup_ticket_event e
        where e.person in (select record from records) and e.body = $2 and e.event = 'return'
            and e.recorded_at > $4 and not exists (
                select 1 from exchange.checkup_ticket_face f
                where f.person = e.person and f.episode = e.episode and f.body = e.body
                    and f.kind = e.kind and f.serial = e.serial and f.issue = e.issue
                    and f.is_returned)
        """)

    private static let countStanding = Statement(
        """
        select count(*) filter (where not is_returned)
        from (\(standing) where body = $1 \(newest)) newest
        """)
}

/// What a part of a ticket file writes: faces, tickets, and what becomes of those before them.
private struct TicketPlan {
    private struct Face {
        let place: EpisodePlace
        let row: CheckupTicketRow
        let ticket: CheckupTicket
        let isReturned: Bool
    }

    private let body: String
    private let known: EpisodeReading
    private let standing: [TicketVisit: Int]
    /// 新しい登録あり: of which the municipality spoke after the moment of the file.
    private let newer: Set<TicketVisit>
    private let homes: [PersonKey: String]
    private let rules: MaternalRules
    private var episodes: [PersonKey: [MaternalEpisode]] = [:]
    private var faces: [Face] = []
    private var writing: TicketWriting
    private(set) var outcomes: [RowOutcome] = []
    /// Of whom a row was told something, refused or not; an unknown key is nobody's.
    private(set) var looked: Set<PersonKey> = []

    init(
        body: String, known: EpisodeReading, faces: (standing: Rows, newer: Rows),
        homes: [PersonKey: String], rules: MaternalRules
    ) throws {
        self.body = body
        self.known = known
        standing = try Self.standing(faces.standing)
        newer = Set(try faces.newer.map { try Self.visit(of: $0) })
        self.homes = homes
        self.rules = rules
        writing = TicketWriting(after: known, by: body)
    }

    /// The newest face of each visit, where the ticket was not given back.
    private static func standing(_ rows: Rows) throws -> [TicketVisit: Int] {
        var standing: [TicketVisit: Int] = [:]
        for row in try rows.map({ $0 }) {
            guard try !row.bool(5) else { continue }
            standing[try visit(of: row)] = try row.int(4)
        }
        return standing
    }

    private static func visit(of row: Row) throws -> TicketVisit {
        TicketVisit(
            at: EpisodePlace(person: try row.uuid(0).person, episode: try row.uuid(1).record),
            kind: try row.text(2), serial: try row.int(3))
    }

    mutating func take(_ row: CheckupTicketRow, of person: PersonKey) {
        let findings: [RowFinding]
        do throws(MaternalRefusal) {
            switch try add(row, of: person) {
            case .success(let outcome):
                outcomes.append(outcome)
                return
            case .failure(let refusal): findings = refusal.findings
            }
        } catch {
            findings = [
                error == .otherMunicipality
                    ? row.finding("municipalityIdentityKey", .notOwnResident)
                    : row.finding(row.namedItem, .ticketNotOpen)
            ]
        }
        outcomes.append(
            RowOutcome(line: row.index + 1, kind: .refused, findings: row.warnings + findings))
    }

    private mutating func add(
        _ row: CheckupTicketRow, of person: PersonKey
    ) throws(MaternalRefusal) -> Result<RowOutcome, RowRefusal> {
        if episodes[person] == nil {
            episodes[person] = writing.episodes(of: person).map { $0.episode() }
        }
        if let finding = finding(of: row, about: person) { return .failure(RowRefusal([finding])) }
        guard let old = episode(of: row, person) else {
            return .failure(RowRefusal([row.finding("municipalityIdentityKey", .unknownKey)]))
        }
        looked.insert(person)
        let event = try event(of: row, in: old)
        let book = try event.map { event throws(MaternalRefusal) in
            try TicketBook(holding: old.tickets).applying(event)
        }
        guard let book, book.tickets != old.tickets,
            let ticket = book.latest(body: body, kind: row.kind, serial: row.serial)
        else {
            return .success(
                RowOutcome(line: row.index + 1, kind: .unchanged, findings: row.warnings))
        }
        let visits = visits(of: row, in: old, person)
        if visits.contains(where: { newer.contains($0) }) {
            return .success(
                RowOutcome(
                    line: row.index + 1, kind: .unchanged,
                    findings: row.warnings + [row.finding(row.namedItem, .newerStands)],
                    standing: visits.compactMap { standing[$0] }.max()))
        }
        writing.note(book, over: old, of: person)
        let isReturned = ticket.returnedOn != nil
        let place = writing.place(of: ticket.number, in: old.id, of: person)
        faces.append(Face(place: place, row: row, ticket: ticket, isReturned: isReturned))
        episodes[person] = (episodes[person] ?? []).map {
            $0.id == old.id
                ? MaternalEpisode(id: $0.id, notification: $0.notification, tickets: book.tickets)
                : $0
        }
        return .success(
            RowOutcome(
                line: row.index + 1, kind: .applied, findings: row.warnings,
                // What is given back stood, whether or not anybody told its face.
                standing: visits.compactMap { standing[$0] }.max() ?? (isReturned ? 0 : nil),
                isEnd: isReturned))
    }

    /// The ticket's visit, wherever it is kept.
    private mutating func visits(
        of row: CheckupTicketRow, in old: MaternalEpisode, _ person: PersonKey
    ) -> [TicketVisit] {
        let told = writing.episodes(of: person).first { $0.id == old.id }?.places ?? []
        return told.union([EpisodePlace(person: person, episode: old.id)]).map {
            TicketVisit(at: $0, kind: row.kind, serial: row.serial)
        }
    }

    /// What the rules and the residence say against a ticket that is printed.
    private mutating func finding(
        of row: CheckupTicketRow, about person: PersonKey
    ) -> RowFinding? {
        guard case .issue(let face) = row.change else { return nil }
        // Said of the rules alone, whoever the row is about.
        guard rules.tickets(of: body, on: face.validFrom).contains(where: { $0.kind == row.kind })
        else { return row.finding("kind", .unknownCode) }
        guard let home = homes[person], home != body else { return nil }
        looked.insert(person)
        return row.finding("municipalityIdentityKey", .notOwnResident)
    }

    /// The newest pregnancy, or the child, of which this municipality notified and that its ticket is for; of
    /// what is given back, the one that holds it.
    private mutating func episode(
        of row: CheckupTicketRow, _ person: PersonKey
    ) -> MaternalEpisode? {
        let own = Set(
            writing.episodes(of: person).filter {
                known.standing(on: $0, of: person).contains { $0.municipality == body }
            }.map(\.id))
        let held = (episodes[person] ?? []).filter { own.contains($0.id) }
        switch row.change {
        case .giveBack:
            return held.last { episode in
                episode.tickets.contains {
                    $0.number.body == body && $0.number.kind == row.kind
                        && $0.number.serial == row.serial
                }
            }
        case .issue(let face):
            let rule = rules.tickets(of: body, on: face.validFrom).first { $0.kind == row.kind }
            let isOfChild = rule?.checkups.contains(where: rules.isOfChild) ?? false
            return held.last { ($0.notification.kind == .child) == isOfChild }
        }
    }

    /// Nothing for what was given back before.
    private func event(
        of row: CheckupTicketRow, in episode: MaternalEpisode
    ) throws(MaternalRefusal) -> TicketEvent? {
        switch row.change {
        case .issue(let face):
            return .tell(body: body, kind: row.kind, serial: row.serial, face)
        case .giveBack(let number, let day):
            let last = TicketBook(holding: episode.tickets).latest(
                body: body, kind: row.kind, serial: row.serial)
            guard let last, number == nil || last.face == nil || number == last.face?.number
            else { throw .noSuchTicket }
            return last.returnedOn == nil ? .giveBack(last.number, on: day) : nil
        }
    }

    func steps(of task: RecordID) -> [(Statement, [Value])] {
        let tickets = faces.map(\.ticket)
        return writing.steps(of: task) + [
            (
                Self.insertFaces,
                [
                    .uuids(faces.map { UUIDBytes($0.place.person) }),
                    .uuids(faces.map { UUIDBytes($0.place.episode) }), .text(body),
                    .texts(tickets.map(\.number.kind)), .ints(tickets.map(\.number.serial)),
                    .ints(tickets.map(\.number.issue)),
                    .texts(faces.map(\.row.municipalityIdentityKey)),
                    .texts(tickets.map(\.face?.number)),
                    .days(tickets.map { $0.face?.validFrom.daysSince1970 }),
                    .days(tickets.map { $0.face?.validTo.daysSince1970 }),
                    .ints(tickets.map(\.face?.limitYen)),
                    .bools(faces.map(\.isReturned)), .id(task),
                ]
            )
        ]
    }

    private static let insertFaces = Statement(
        """
        insert into exchange.checkup_ticket_face (person, episode, body, kind, serial, issue,
            identity_key, number, valid_from, valid_to, limit_yen, is_returned, task)
        select person, episode, $3, kind, serial, issue, identity_key, number, valid_from, valid_to,
            limit_yen, is_returned, $13
        from unnest($1::uuid[], $2::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
            $8::text[], $9::date[], $10::date[], $11::bigint[], $12::bool[])
            as f(person, episode, kind, serial, issue, identity_key, number, valid_from, valid_to,
                limit_yen, is_returned)
        """)
}

extension CheckupTicketRow {
    /// Where it is told that the ticket is not open.
    fileprivate var namedItem: String {
        switch change {
        case .issue: "number"
        case .giveBack(let number, _): number == nil ? "occasion" : "number"
        }
    }
}

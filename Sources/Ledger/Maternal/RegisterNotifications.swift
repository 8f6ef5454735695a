package import Exchange
import Postgres

/// A row of the registration whose individual number has already become a keyed hash.
package struct NumberedNotificationRow: Sendable {
    package let numberHash: HashChain
    package let row: MaternalNotificationRow

    package init(numberHash: HashChain, row: MaternalNotificationRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// 妊娠届・出生の届出の登録: each new word on a pregnancy or child, with the tickets (受診券) that follow from it.
    /// Applied exactly once per idempotency key; a row that says what is known already is `unchanged`.
    package mutating func registerNotifications(
        _ request: RegistrationRequest, _ rows: [NumberedNotificationRow], rules: RuleBook
    ) throws -> RegistrationReceipt {
        guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
        if let receipt = try beginTask(request) { return receipt }
        let persons = try persons(of: rows.map(\.numberHash))
        let known = try EpisodeReading(
            transaction.pipeline(EpisodeReading.steps(of: persons.known)), maternal)
        var plan = NotificationPlan(body: caller.party.code, known: known, rules: maternal)
        var outcomes: [RowOutcome] = []
        for (numbered, person) in zip(rows, persons.ofRows) {
            let isRepeat = !plan.add(numbered.row.notification, of: person)
            outcomes.append(
                RowOutcome(
                    line: numbered.row.index + 1, kind: isRepeat ? .unchanged : .applied,
                    findings: numbered.row.warnings))
        }
        for person in plan.persons { enter(person) }
        if plan.persons.isEmpty { enter(nil) }
        return endTask(request, outcomes) { [plan] task in
            persons.steps + plan.steps(of: task)
        }
    }
}

/// What a registration writes: the new words, the tickets given out for them, and those that they replace.
private struct NotificationPlan {
    private struct Word {
        let person: PersonKey
        let episode: RecordID
        let notification: MaternalNotification
    }

    private struct Given {
        let person: PersonKey
        let episode: RecordID
        let ticket: CheckupTicket
    }

    private let body: String
    private let known: EpisodeReading
    private let rules: MaternalRules
    private var episodes: [PersonKey: [MaternalEpisode]] = [:]
    private var said: [PersonKey: [String: (episode: RecordID, face: String)]] = [:]
    private var words: [Word] = []
    private var issued: [Given] = []
    private var replaced: [Given] = []

    init(body: String, known: EpisodeReading, rules: MaternalRules) {
        self.body = body
        self.known = known
        self.rules = rules
    }

    var persons: Set<PersonKey> { Set(words.map(\.person)) }

    /// False for a word that is known already.
    mutating func add(_ notification: MaternalNotification, of person: PersonKey) -> Bool {
        load(person)
        let before = said[person]?[notification.key]
        let face = notification.face
        guard before?.face != face else { return false }
        let list = episodes[person] ?? []
        let old =
            list.first { $0.id == before?.episode } ?? list.same(as: notification, rules)
            ?? MaternalEpisode(id: .random(), notification: notification, tickets: [])
        let book = old.issuing(by: body, notification, isFirst: before == nil, rules)
        note(book, over: old, of: person)
        let new = MaternalEpisode(id: old.id, notification: notification, tickets: book.tickets)
        episodes[person] = list.filter { $0.id != old.id } + [new]
        said[person, default: [:]][notification.key] = (old.id, face)
        words.append(Word(person: person, episode: old.id, notification: notification))
        return true
    }

    private mutating func load(_ person: PersonKey) {
        guard episodes[person] == nil else { return }
        episodes[person] = known.episodesAsGivenOut(to: person)
        for word in known.said(of: person) where word.municipality == body {
            said[person, default: [:]][word.notification.key] = (word.episode, word.face)
        }
    }

    private mutating func note(
        _ book: TicketBook, over old: MaternalEpisode, of person: PersonKey
    ) {
        for ticket in book.tickets {
            let given = Given(person: person, episode: old.id, ticket: ticket)
            guard let held = old.tickets.first(where: { $0.number == ticket.number }) else {
                issued.append(given)
                continue
            }
            if held.replacedOn == nil, ticket.replacedOn != nil { replaced.append(given) }
        }
    }

    func steps(of task: RecordID) -> [(Statement, [Value])] {
        var sequences: [TicketVisit: Int] = [:]
        let numbers = replaced.map { given in
            let visit = TicketVisit(
                person: given.person, episode: given.episode, number: given.ticket.number)
            let next = (sequences[visit] ?? known.lastSequence(visit)) + 1
            sequences[visit] = next
            return next
        }
        return [
            (
                Self.insertWords,
                [
                    .uuids(words.map { UUIDBytes($0.person) }),
                    .uuids(words.map { UUIDBytes($0.episode) }), .text(body),
                    .texts(words.map(\.notification.key)),
                    .texts(words.map(\.notification.kind.rawValue)),
                    .texts(words.map(\.notification.face)), .id(task),
                ]
            ),
            (
                Self.insertTickets,
                Self.values(issued) + [
                    .days(issued.map { $0.ticket.validFrom.daysSince1970 }), .id(task),
                ]
            ),
            (
                Self.insertReplacements,
                Self.values(replaced) + [
                    .days(replaced.map { $0.ticket.replacedOn?.daysSince1970 }), .ints(numbers),
                ]
            ),
        ]
    }

    private static func values(_ given: [Given]) -> [Value] {
        [
            .uuids(given.map { UUIDBytes($0.person) }),
            .uuids(given.map { UUIDBytes($0.episode) }),
            .texts(given.map(\.ticket.number.body)), .texts(given.map(\.ticket.number.kind)),
            .ints(given.map(\.ticket.number.serial)), .ints(given.map(\.ticket.number.issue)),
        ]
    }

    private static let insertWords = Statement(
        """
        insert into exchange.maternal_notification (person, episode, municipality, notification_key,
            kind, face, task)
        select person, episode, $3, key, kind, face, $7
        from unnest($1::uuid[], $2::uuid[], $4::text[], $5::text[], $6::text[])
            as w(person, episode, key, kind, face)
        """)

    private static let insertTickets = Statement(
        """
        insert into exchange.checkup_ticket (person, episode, body, kind, serial, issue, valid_from, task)
        select person, episode, body, kind, serial, issue, valid_from, $8
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
            $7::date[]) as t(person, episode, body, kind, serial, issue, valid_from)
        """)

    private static let insertReplacements = Statement(
        """
        insert into exchange.checkup_ticket_event (person, episode, body, kind, serial, issue, event,
            day, sequence)
        select person, episode, body, kind, serial, issue, 'replace', day, sequence
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
            $7::date[], $8::bigint[]) as t(person, episode, body, kind, serial, issue, day, sequence)
        """)
}

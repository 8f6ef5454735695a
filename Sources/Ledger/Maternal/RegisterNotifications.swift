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
            outcomes.append(plan.outcome(of: numbered.row, about: person))
        }
        for person in plan.looked { enter(person) }
        if plan.looked.isEmpty { enter(nil) }
        return endTask(request, outcomes) { [plan] task in
            persons.steps + plan.steps(of: task)
        }
    }
}

/// What a registration writes: the new words, the tickets given out for them, those that they replace or take
/// back, and whose tasks the municipality takes over.
private struct NotificationPlan {
    private struct Word {
        let place: EpisodePlace
        /// 残す側, where the word is kept under a record that was merged.
        let survivor: PersonKey?
        let notification: MaternalNotification
    }

    /// What the caller said last by one key, of which of the episodes.
    private struct Before {
        let place: EpisodePlace
        let episode: RecordID
        let face: String
    }

    private let body: String
    private let known: EpisodeReading
    private let rules: MaternalRules
    private var episodes: [PersonKey: [MaternalEpisode]] = [:]
    private var said: [PersonKey: [String: Before]] = [:]
    private var words: [Word] = []
    private var tickets: TicketWriting
    private var takenOver: Set<PersonKey> = []
    /// Of whom a row was told something, refused or not.
    private(set) var looked: Set<PersonKey> = []

    init(body: String, known: EpisodeReading, rules: MaternalRules) {
        self.body = body
        self.known = known
        self.rules = rules
        tickets = TicketWriting(after: known)
    }

    mutating func outcome(
        of row: MaternalNotificationRow, about person: PersonKey
    ) -> RowOutcome {
        looked.insert(person)
        do throws(MaternalRefusal) {
            let isNew = try add(row.notification, of: person)
            return RowOutcome(
                line: row.index + 1, kind: isNew ? .applied : .unchanged, findings: row.warnings)
        } catch {
            let finding = RowFinding(
                index: row.index, item: "returnedTickets", code: .ticketNotOpen)
            return RowOutcome(
                line: row.index + 1, kind: .refused, findings: row.warnings + [finding])
        }
    }

    /// False for a word that is known already. A correction is kept beside what it corrects, whatever is new
    /// is the person's. Throws for a ticket that cannot be given back: then the whole word is not taken.
    private mutating func add(
        _ notification: MaternalNotification, of person: PersonKey
    ) throws(MaternalRefusal) -> Bool {
        load(person)
        let before = said[person]?[notification.key]
        let face = notification.face
        guard before?.face != face else { return false }
        let list = episodes[person] ?? []
        let old =
            list.first { $0.id == before?.episode } ?? list.same(as: notification, rules)
            ?? MaternalEpisode(id: .random(), notification: notification, tickets: [])
        let book = try old.returning(
            by: body, notification,
            to: old.issuing(by: body, notification, isFirst: before == nil, rules))
        tickets.note(book, over: old, of: person)
        if takesOver(old, by: notification, isFirst: before == nil, of: person) {
            takenOver.insert(person)
        }
        let new = MaternalEpisode(id: old.id, notification: notification, tickets: book.tickets)
        episodes[person] = list.filter { $0.id != old.id } + [new]
        let place = before?.place ?? EpisodePlace(person: person, episode: old.id)
        said[person, default: [:]][notification.key] = Before(
            place: place, episode: old.id, face: face)
        words.append(
            Word(
                place: place, survivor: place.person == person ? nil : person,
                notification: notification))
        return true
    }

    private mutating func load(_ person: PersonKey) {
        guard episodes[person] == nil else { return }
        let held = tickets.episodes(of: person)
        episodes[person] = held.map { $0.episode() }
        for word in known.said(of: person) where word.municipality == body {
            guard let episode = held.first(where: { $0.tells(at: word.place) }) else { continue }
            said[person, default: [:]][word.notification.key] = Before(
                place: word.place, episode: episode.id, face: word.face)
        }
    }

    /// 転入: the last word on the family was another municipality's, and this one is new or of a later day.
    private mutating func takesOver(
        _ old: MaternalEpisode, by notification: MaternalNotification, isFirst: Bool,
        of person: PersonKey
    ) -> Bool {
        guard !notification.isWithdrawn,
            let held = tickets.episodes(of: person).first(where: { $0.id == old.id }),
            let last = known.said(of: person).last(where: { held.tells(at: $0.place) })
        else { return false }
        return last.municipality != body
            && (isFirst || last.notification.notifiedOn < notification.notifiedOn)
    }

    func steps(of task: RecordID) -> [(Statement, [Value])] {
        return [
            (
                Self.insertWords,
                [
                    .uuids(words.map { UUIDBytes($0.place.person) }),
                    .uuids(words.map { UUIDBytes($0.place.episode) }), .text(body),
                    .texts(words.map(\.notification.key)),
                    .texts(words.map(\.notification.kind.rawValue)),
                    .texts(words.map(\.notification.face)), .id(task),
                    .uuids(words.map { $0.survivor.map { UUIDBytes($0) } }),
                ]
            )
        ] + tickets.steps(of: task) + [
            (
                Self.handOver,
                [.uuids(takenOver.map { UUIDBytes($0) }), .text(body), .id(task)]
            )
        ]
    }

    private static let insertWords = Statement(
        """
        insert into exchange.maternal_notification (person, episode, municipality, notification_key,
            kind, face, task, survivor)
        select person, episode, $3, key, kind, face, $7, survivor
        from unnest($1::uuid[], $2::uuid[], $4::text[], $5::text[], $6::text[], $8::uuid[])
            as w(person, episode, key, kind, face, survivor)
        """)

    /// 引継ぎ: what still waits of these residents elsewhere, sensitive or not, each in its own compartment.
    private static let handOver = Statement(
        """
        insert into exchange.follow_up_handover (person, follow_up, sequence, municipality, task)
        select f.person, f.follow_up, coalesce(h.sequence, 0) + 1, $2, $3
        from unnest($1::uuid[]) as q(person)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) one
        join exchange.follow_up f on f.person = one.record
        left join lateral (
            select sequence, municipality from exchange.follow_up_handover
            where person = f.person and follow_up = f.follow_up
            order by sequence desc limit 1) h on true
        left join lateral (
            select status from exchange.follow_up_answer
            where person = f.person and follow_up = f.follow_up order by version desc limit 1) a on true
        where coalesce(h.municipality, f.municipality) <> $2
            and coalesce(a.status, 'requested') in ('requested', 'in-progress')
        """)
}

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
        let keys = Value.uuids(persons.known.map { UUIDBytes($0) })
        let read = try transaction.pipeline(
            EpisodeReading.steps(of: persons.known) + [(Self.selectHomes, [keys])])
        var homes: [PersonKey: [Residence]] = [:]
        for row in try read[2].map({ $0 }) {
            homes[try row.uuid(5).person, default: []].append(try Residence(row, from: 0))
        }
        var plan = NotificationPlan(
            body: caller.party.code, known: try EpisodeReading(read, maternal), homes: homes,
            now: now, rules: maternal)
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
        /// It begins, or takes the family over.
        let takes: Bool
        /// Under which support after a loss was asked for before, where that is another place: of one
        /// pregnancy it is given once, and each word that tells of it asks for it.
        let askedBefore: RecordID?
    }

    /// 取下げのあと: what the caller spoke of alone, or first, is spoken of by another now.
    private struct Left {
        let person: PersonKey
        let episode: RecordID
        let municipality: String
    }

    /// What the caller said last by one key, of which of the episodes.
    private struct Before {
        let place: EpisodePlace
        let episode: RecordID
        let face: String
    }

    private let body: String
    private let known: EpisodeReading
    private let homes: [PersonKey: [Residence]]
    private let now: Instant
    private let rules: MaternalRules
    private var episodes: [PersonKey: [MaternalEpisode]] = [:]
    private var said: [PersonKey: [String: Before]] = [:]
    /// 届出番号 under which the municipality's word stands.
    private var standing: [PersonKey: Set<String>] = [:]
    private var words: [Word] = []
    private var tickets: TicketWriting
    private var takenOver: Set<PersonKey> = []
    /// Of whom a word was taken back.
    private var withdrawn: Set<PersonKey> = []
    /// By the number of the pregnancy or child.
    private var left: [RecordID: [Left]] = [:]
    /// Of whom a row was told something, refused or not.
    private(set) var looked: Set<PersonKey> = []

    init(
        body: String, known: EpisodeReading, homes: [PersonKey: [Residence]], now: Instant,
        rules: MaternalRules
    ) {
        self.body = body
        self.known = known
        self.homes = homes
        self.now = now
        self.rules = rules
        tickets = TicketWriting(after: known, by: body)
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
            let finding =
                error == .otherMunicipality
                ? RowFinding(index: row.index, item: "myNumber", code: .notOwnResident)
                : RowFinding(index: row.index, item: "returnedTickets", code: .ticketNotOpen)
            return RowOutcome(
                line: row.index + 1, kind: .refused, findings: row.warnings + [finding])
        }
    }

    /// False for a word that is known already. A correction is kept beside what it corrects, whatever is new
    /// is the person's. Throws for a ticket that cannot be given back, and for somebody who lives elsewhere:
    /// then the whole word is not taken.
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
        let takesOver = takesOver(old, by: notification, of: person)
        try requireResident(person, for: notification, takesOver: takesOver)
        let isNew = standing[person]?.contains(notification.key) != true
        let book = try old.returning(
            by: body, notification,
            to: old.issuing(by: body, notification, isFirst: before == nil, rules))
        tickets.note(book, over: old, of: person)
        if takesOver { takenOver.insert(person) }
        let speaking = notification.isWithdrawn ? others(on: old, of: person) : nil
        if notification.isWithdrawn {
            standing[person]?.remove(notification.key)
            withdrawn.insert(person)
            leave(old, of: person, to: speaking?.municipality)
        } else {
            standing[person, default: []].insert(notification.key)
            left[old.id] = nil
        }
        let new = MaternalEpisode(
            id: old.id, notification: speaking?.notification ?? notification,
            tickets: book.tickets)
        episodes[person] = list.filter { $0.id != old.id } + [new]
        let place = before?.place ?? EpisodePlace(person: person, episode: old.id)
        said[person, default: [:]][notification.key] = Before(
            place: place, episode: old.id, face: face)
        let asked = asked(of: old, person)
        words.append(
            Word(
                place: place, survivor: place.person == person ? nil : person,
                notification: notification, takes: isNew || takesOver,
                askedBefore: asked == place.episode ? nil : asked))
        return true
    }

    /// Nobody is left to whom no word of the caller's stands any more.
    private mutating func leave(
        _ episode: MaternalEpisode, of person: PersonKey, to municipality: String?
    ) {
        let stillSpeaks = (said[person] ?? [:]).contains { key, before in
            before.episode == episode.id && standing[person]?.contains(key) == true
        }
        guard let municipality, !stillSpeaks else { return }
        let held = tickets.episodes(of: person).first { $0.id == episode.id }
        left[episode.id] = (held?.places ?? []).map {
            Left(person: person, episode: $0.episode, municipality: municipality)
        }
    }

    private mutating func load(_ person: PersonKey) {
        guard episodes[person] == nil else { return }
        let held = tickets.episodes(of: person)
        episodes[person] = held.map { $0.episode() }
        // Of a key under two records the newer word is the later one.
        for word in known.said(of: person) where word.municipality == body {
            guard let episode = held.first(where: { $0.tells(at: word.place) }) else { continue }
            let key = word.notification.key
            said[person, default: [:]][key] = Before(
                place: word.place, episode: episode.id, face: word.face)
            if word.notification.isWithdrawn {
                standing[person]?.remove(key)
            } else {
                standing[person, default: []].insert(key)
            }
        }
    }

    /// What stood of a pregnancy or child before any of these rows.
    private mutating func stood(
        on episode: MaternalEpisode, of person: PersonKey
    ) -> [EpisodeReading.Said] {
        let held = tickets.episodes(of: person).first { $0.id == episode.id }
        return held.map { known.standing(on: $0, of: person) } ?? []
    }

    /// The last word of another municipality that stands.
    private mutating func others(
        on episode: MaternalEpisode, of person: PersonKey
    ) -> EpisodeReading.Said? {
        stood(on: episode, of: person).last { $0.municipality != body }
    }

    /// 流産・死産を先に告げた届出: the place by which support was asked for before, if it was.
    private mutating func asked(of episode: MaternalEpisode, _ person: PersonKey) -> RecordID? {
        let said = stood(on: episode, of: person)
        return said.first { !followUps(of: $0.notification).isEmpty }?.place.episode
    }

    /// 転入: the last word on the family that stands is another municipality's, and this one is new, said again
    /// after it was taken back, or of a later day.
    private mutating func takesOver(
        _ old: MaternalEpisode, by notification: MaternalNotification, of person: PersonKey
    ) -> Bool {
        guard !notification.isWithdrawn, let last = stood(on: old, of: person).last,
            last.municipality != body
        else { return false }
        let isNew = standing[person]?.contains(notification.key) != true
        return isNew || last.notification.notifiedOn < notification.notifiedOn
    }

    /// 住民でない人: who lives elsewhere, as far as anybody told, is taken over by nobody; nor is anything begun
    /// for somebody who did not live there on the day of the notification either. A municipality whose row is
    /// here before the move sends it again after it. What was said before the family left is corrected.
    private func requireResident(
        _ person: PersonKey, for notification: MaternalNotification, takesOver: Bool
    ) throws(MaternalRefusal) {
        guard !notification.isWithdrawn, livesElsewhere(person, on: now.dayInJapan) else { return }
        if takesOver { throw .otherMunicipality }
        let isCorrection = standing[person]?.contains(notification.key) == true
        guard isCorrection || !livesElsewhere(person, on: notification.notifiedOn) else {
            throw .otherMunicipality
        }
    }

    private func livesElsewhere(_ person: PersonKey, on day: CalendarDay) -> Bool {
        guard let home = homes[person]?.residence(on: day, knownBy: now) else { return false }
        return home.municipality != body
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
                    .texts(words.map { followUps(of: $0.notification).joined(separator: "\n") }),
                    .bools(words.map(\.takes)),
                ]
            )
        ] + tickets.steps(of: task) + AskedFollowUp.insertion(words.flatMap { tasks(of: $0) }) + [
            (
                Self.handOver,
                [.uuids(takenOver.map { UUIDBytes($0) }), .text(body), .id(task)]
            ),
            (
                Self.handBack,
                [.uuids(givenUp.map { UUIDBytes($0) }), .text(body), .id(task)]
            ),
            passingOn(left.values.flatMap(\.self), of: task),
        ]
    }

    private func followUps(of notification: MaternalNotification) -> [String] {
        guard !notification.isWithdrawn else { return [] }
        return notification.pregnancy?.followUps(rules: rules.pregnancy) ?? []
    }

    /// 流産・死産後の支援: whoever is told of a loss helps, in confidence; of one pregnancy once, whoever tells of it
    /// again.
    private func tasks(of word: Word) -> [AskedFollowUp] {
        guard let day = word.notification.pregnancy?.firstLoss else { return [] }
        return followUps(of: word.notification).compactMap { rules.followUps[$0] }.map {
            AskedFollowUp(
                rule: $0, person: word.survivor ?? word.place.person,
                source: word.place.episode, compartment: .sensitive,
                checkup: rules.pregnancy.checkup, comesAgain: true, municipality: body, day: day,
                madeAt: now, sameAs: word.askedBefore)
        }
    }

    private func passingOn(_ left: [Left], of task: RecordID) -> (Statement, [Value]) {
        (
            Self.handOn,
            [
                .uuids(left.map { UUIDBytes($0.person) }),
                .uuids(left.map { UUIDBytes($0.episode) }), .texts(left.map(\.municipality)),
                .text(body), .id(task),
            ]
        )
    }

    /// Of whom no word of the municipality stands any more.
    private var givenUp: Set<PersonKey> { withdrawn.filter { standing[$0]?.isEmpty != false } }

    private static let insertWords = Statement(
        """
        insert into exchange.maternal_notification (person, episode, municipality, notification_key,
            kind, face, task, survivor, follow_ups, takes)
        select person, episode, $3, key, kind, face, $7, survivor,
            string_to_array(follow_ups, E'\\n'), takes
        from unnest($1::uuid[], $2::uuid[], $4::text[], $5::text[], $6::text[], $8::uuid[], $9::text[],
            $10::bool[]) as w(person, episode, key, kind, face, survivor, follow_ups, takes)
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

    /// 引継ぎの取消: what came to a municipality by a word that it took back is again whose it was before,
    /// whatever it answered meanwhile.
    private static let handBack = Statement(
        """
        insert into exchange.follow_up_handover (person, follow_up, sequence, municipality, task)
        select f.person, f.follow_up, h.sequence + 1, coalesce(b.municipality, f.municipality), $3
        from unnest($1::uuid[]) as q(person)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) one
        join exchange.follow_up f on f.person = one.record
        join lateral (
            select sequence, municipality from exchange.follow_up_handover
            where person = f.person and follow_up = f.follow_up
            order by sequence desc limit 1) h on h.municipality = $2
        left join lateral (
            select municipality from exchange.follow_up_handover
            where person = f.person and follow_up = f.follow_up and municipality <> $2
            order by sequence desc limit 1) b on true
        where coalesce(b.municipality, f.municipality) <> $2
        """)

    /// 引継ぎ by a word that was taken back: what it asked for, and another's word that stands asks for as
    /// well, is that one's now; a task that waited with the former would wait for nobody.
    private static let handOn = Statement(
        """
        insert into exchange.follow_up_handover (person, follow_up, sequence, municipality, task)
        select f.person, f.follow_up, coalesce(h.sequence, 0) + 1, q.municipality, $5
        from unnest($1::uuid[], $2::uuid[], $3::text[]) as q(person, episode, municipality)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) one
        join exchange.follow_up f on f.person = one.record and f.result = q.episode
        left join lateral (
            select sequence, municipality from exchange.follow_up_handover
            where person = f.person and follow_up = f.follow_up
            order by sequence desc limit 1) h on true
        left join lateral (
            select status from exchange.follow_up_answer
            where person = f.person and follow_up = f.follow_up order by version desc limit 1) a on true
        where coalesce(h.municipality, f.municipality) = $4
            and coalesce(a.status, 'requested') in ('requested', 'in-progress')
        """)
}

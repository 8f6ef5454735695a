import Exchange
import Postgres

/// 受診券の書込み: the tickets that a municipality's word gives out, and those that it replaces or takes back. One
/// after the other for each visit: of two who speak of one visit at once, the second meets the first at
/// the key, runs again, and finds what the first did.
struct TicketWriting {
    private struct Given {
        let place: EpisodePlace
        let ticket: CheckupTicket
    }

    private struct Change {
        let event: String
        let given: Given
        let day: CalendarDay
    }

    private let known: EpisodeReading
    private let body: String
    private var held: [PersonKey: [HeldEpisode]] = [:]
    private var issued: [Given] = []
    private var changes: [Change] = []

    /// `body`: whose word it is.
    init(after known: EpisodeReading, by body: String) {
        self.known = known
        self.body = body
    }

    /// As given out, before any of what is noted here.
    mutating func episodes(of person: PersonKey) -> [HeldEpisode] {
        if let known = held[person] { return known }
        let read = known.episodesAsGivenOut(to: person, by: body)
        held[person] = read
        return read
    }

    /// Where a ticket of an episode is kept; one that is new is the person's, under the episode's own number.
    mutating func place(
        of number: CheckupTicket.Number, in episode: RecordID, of person: PersonKey
    ) -> EpisodePlace {
        episodes(of: person).first { $0.id == episode }?.place(of: number)
            ?? EpisodePlace(person: person, episode: episode)
    }

    /// What became of the tickets of `old`.
    mutating func note(_ book: TicketBook, over old: MaternalEpisode, of person: PersonKey) {
        for ticket in book.tickets {
            let before = old.tickets.first { $0.number == ticket.number }
            if before == nil {
                issued.append(
                    Given(place: EpisodePlace(person: person, episode: old.id), ticket: ticket))
            }
            if let day = ticket.replacedOn, before?.replacedOn == nil {
                change("replace", ticket, of: old, person, on: day) { $0.replacedOn == nil }
            }
            if let day = ticket.returnedOn, before?.returnedOn == nil {
                change("return", ticket, of: old, person, on: day) { $0.returnedOn == nil }
            }
        }
    }

    /// Wherever a ticket of this number is kept: of two that are shown as one neither is open afterwards.
    private mutating func change(
        _ event: String, _ ticket: CheckupTicket, of old: MaternalEpisode, _ person: PersonKey,
        on day: CalendarDay, where isOpen: (CheckupTicket) -> Bool
    ) {
        let kept = episodes(of: person).first { $0.id == old.id }?.tickets ?? []
        let places = kept.filter { $0.ticket.number == ticket.number && isOpen($0.ticket) }
            .map(\.place)
        // One that was given out by this very file.
        let own = EpisodePlace(person: person, episode: old.id)
        for place in places.isEmpty ? [own] : places {
            changes.append(
                Change(event: event, given: Given(place: place, ticket: ticket), day: day))
        }
    }

    func steps(of task: RecordID) -> [(Statement, [Value])] {
        var sequences: [TicketVisit: Int] = [:]
        let numbers = changes.map { change in
            let visit = TicketVisit(
                at: change.given.place, number: change.given.ticket.number)
            let next = (sequences[visit] ?? known.lastSequence(visit)) + 1
            sequences[visit] = next
            return next
        }
        return [
            (
                Self.insertTickets,
                Self.values(issued) + [
                    .days(issued.map { $0.ticket.validFrom.daysSince1970 }), .id(task),
                ]
            ),
            (
                Self.insertChanges,
                Self.values(changes.map(\.given)) + [
                    .days(changes.map(\.day.daysSince1970)), .ints(numbers),
                    .texts(changes.map(\.event)), .text(body),
                ]
            ),
        ]
    }

    private static func values(_ given: [Given]) -> [Value] {
        [
            .uuids(given.map { UUIDBytes($0.place.person) }),
            .uuids(given.map { UUIDBytes($0.place.episode) }),
            .texts(given.map(\.ticket.number.body)), .texts(given.map(\.ticket.number.kind)),
            .ints(given.map(\.ticket.number.serial)), .ints(given.map(\.ticket.number.issue)),
        ]
    }

    private static let insertTickets = Statement(
        """
        insert into exchange.checkup_ticket (person, episode, body, kind, serial, issue, valid_from, task)
        select person, episode, body, kind, serial, issue, valid_from, $8
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
            $7::date[]) as t(person, episode, body, kind, serial, issue, valid_from)
        """)

    private static let insertChanges = Statement(
        """
        insert into exchange.checkup_ticket_event (person, episode, body, kind, serial, issue, event,
            day, sequence, said_by)
        select person, episode, body, kind, serial, issue, event, day, sequence, $10
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
            $7::date[], $8::bigint[], $9::text[])
            as t(person, episode, body, kind, serial, issue, day, sequence, event)
        """)
}

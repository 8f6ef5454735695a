import Exchange
import Postgres

/// 受診券の書込み: the tickets that a municipality's word gives out, and those that it replaces or takes back. One
/// after the other for each visit: of two who speak of one visit at once, the second meets the first at
/// the key, runs again, and finds what the first did.
struct TicketWriting {
    private struct Given {
        let person: PersonKey
        let episode: RecordID
        let ticket: CheckupTicket
    }

    private struct Change {
        let event: String
        let given: Given
        let day: CalendarDay
    }

    private let known: EpisodeReading
    private let body: String
    private var issued: [Given] = []
    private var changes: [Change] = []

    /// `body`: whose word it is.
    init(after known: EpisodeReading, by body: String) {
        self.known = known
        self.body = body
    }

    /// What became of the tickets of `old`.
    mutating func note(_ book: TicketBook, over old: MaternalEpisode, of person: PersonKey) {
        for ticket in book.tickets {
            let given = Given(person: person, episode: old.id, ticket: ticket)
            let held = old.tickets.first { $0.number == ticket.number }
            if held == nil { issued.append(given) }
            if let day = ticket.replacedOn, held?.replacedOn == nil {
                changes.append(Change(event: "replace", given: given, day: day))
            }
            if let day = ticket.returnedOn, held?.returnedOn == nil {
                changes.append(Change(event: "return", given: given, day: day))
            }
        }
    }

    func steps(of task: RecordID) -> [(Statement, [Value])] {
        var sequences: [TicketVisit: Int] = [:]
        let numbers = changes.map { change in
            let visit = TicketVisit(
                person: change.given.person, episode: change.given.episode,
                number: change.given.ticket.number)
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
            .uuids(given.map { UUIDBytes($0.person) }),
            .uuids(given.map { UUIDBytes($0.episode) }),
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

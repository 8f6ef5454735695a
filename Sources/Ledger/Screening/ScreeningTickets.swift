import Crypto
package import Exchange
import Postgres

/// 紙の予診票の印 as the ledger keeps it: its hash, so that whoever reads the database has none.
extension Records {
    /// Prints: the submitted answers that the resident names, and a new ticket to them on the record. Throws
    /// as `[HeldScreening].submitted` does.
    package mutating func printScreening(
        named id: String, of person: PersonKey, _ rules: RuleBook,
        _ names: (RecordID) -> PairwiseIDs
    ) throws -> (held: HeldScreening, ticket: ScreeningTicket) {
        let held = try ownScreenings(of: person, in: .open, rules: rules)
            .submitted(named: id, names)
        let ticket = ScreeningTicket(.random())
        write([
            (
                Self.insertTicket,
                [
                    .person(person), .bytes(ticket.hash), .id(held.id), .time(now),
                    .time(now.adding(seconds: ScreeningTicket.lifetimeDays * 86_400)),
                ]
            )
        ])
        return (held, ticket)
    }

    /// The answers to one of these forms that a ticket stands for, as they now are. Throws `.recordUnknown`
    /// in the same words for one that nobody printed, that is over, or that is another resident's, and
    /// `.questionnaireOver` for answers of another season.
    package mutating func screening(
        by ticket: ScreeningTicket, of person: PersonKey, _ forms: ScreeningForms
    ) throws -> HeldScreening {
        let rows = try transaction.query(
            Self.selectTicket, [.person(person), .bytes(ticket.hash), .time(now)])
        let id = try rows.first.map { try $0.uuid(0).record }
        let held = try HeldScreening.load(&transaction, of: [person], to: forms)[person] ?? []
        guard let id, let printed = held.first(where: { $0.id == id }) else {
            throw Refusal.recordUnknown
        }
        let today = now.dayInJapan
        try forms.requireSeason(
            of: [printed.newest.response], on: today,
            in: seasonHome(of: person, on: today, forms))
        return printed
    }

    private static let insertTicket = Statement(
        """
        insert into exchange.screening_ticket (person, ticket_hash, response, printed_at, expires_at)
        values ($1, $2, $3, $4, $5)
        """)

    private static let selectTicket = Statement(
        """
        select response from exchange.screening_ticket
        where person = any (\(Survivors.records(of: "$1"))) and ticket_hash = $2 and expires_at > $3
        """)
}

extension ScreeningTicket {
    fileprivate var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

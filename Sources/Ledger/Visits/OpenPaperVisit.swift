package import Exchange
import Postgres

/// 紙の受給者証に印字された三つの項目.
package struct PaperCertificate: Sendable {
    package let payerNumber: String
    package let recipientNumber: String
    /// As printed: `YYYY-MM-DD`.
    package let birthDate: String

    package init(payerNumber: String, recipientNumber: String, birthDate: String) {
        self.payerNumber = payerNumber
        self.recipientNumber = recipientNumber
        self.birthDate = birthDate
    }
}

extension Records {
    /// A clinic without a working reader sees a few patients an hour; a guesser needs thousands of
    /// tries: with seven-digit recipient numbers and a known payer, 30 an hour is about 19 years
    /// for half of them.
    static let paperPerHourMax = 30

    /// Opens a visit that answers on this one certificate alone, leaves the resident a notice, and
    /// is confirmed by the next card visit of the same person here.
    ///
    /// Throws `.paperTooMany`, or `.paperNotConfirmed` in the same words whatever did not match.
    package mutating func openPaperVisit(
        _ paper: PaperCertificate, end: (Instant) -> Instant, pairwise: (PersonKey) -> String
    ) throws -> OpenedVisit {
        let rows = try transaction.pipeline([
            (Self.countPaper, [.text(caller.party.key), .time(now)]),
            (
                Self.selectPaper,
                [.text(paper.recipientNumber), .text(paper.payerNumber), .text(paper.birthDate)]
            ),
        ])
        guard try rows[0][0].int(0) < Self.paperPerHourMax else { throw Refusal.paperTooMany }
        guard rows[1].count == 1 else { throw Refusal.paperNotConfirmed }
        let row = rows[1][0]
        let person = try row.uuid(0).person
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: pairwise(person), kind: "paper",
            consents: [try row.text(2)], term: VisitTerm(opened: now, ends: end(now)),
            cardValidTo: nil, isRepeat: false)
        write([
            NewVisit.insertion(of: [
                NewVisit(
                    visit: visit, person: person, party: caller.party.key,
                    limitedTo: try row.int(1))
            ]),
            (
                Self.insertNotice,
                [
                    .person(person), .id(.timeOrdered()), .text("paper-visit"),
                    .text(caller.party.key), .id(visit.id),
                ]
            ),
        ])
        enter(person, visit: visit.id)
        return visit
    }

    private static let countPaper = Statement(
        """
        select count(*) from log.access_entry
        where party = $1 and purpose = 'open-paper-visit' and at > $2::timestamptz - interval '1 hour'
            and outcome in ('ok', 'paper-not-confirmed')
        """)

    /// The newest version of each certificate must still carry these numbers; more than one person
    /// is no match.
    private static let selectPaper = Statement(
        """
        select e.person, max(e.version), min(e.consent_kind)
        from exchange.entitlement e
        where e.recipient_number = $1 and e.payer_number = $2 and e.birth_date = $3
            and \(EntitlementRow.isCurrent)
        group by e.person
        """)

    private static let insertNotice = Statement(
        """
        insert into exchange.notice (person, notice, kind, party, visit) values ($1, $2, $3, $4, $5)
        """)
}

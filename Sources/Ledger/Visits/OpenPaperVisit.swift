package import Exchange
import Postgres

/// 紙の受給者証に印字された三つの項目.
package struct PaperCertificate: Sendable {
    package let payerNumber: String
    package let recipientNumber: String
    /// As printed; a day or month that is not known is none there either.
    package let birthDate: BirthDate

    package init(payerNumber: String, recipientNumber: String, birthDate: BirthDate) {
        self.payerNumber = payerNumber
        self.recipientNumber = recipientNumber
        self.birthDate = birthDate
    }
}

/// A try that was counted: without one no certificate is looked for.
package struct PaperTry: Sendable {
    /// A clinic without a working reader sees a few patients an hour; a guesser needs thousands of
    /// tries: with seven-digit recipient numbers and a known payer, 30 an hour is about 19 years
    /// for half of them.
    package static let perHourMax = 30

    fileprivate init() {}
}

extension Ledger {
    /// Throws `.paperTooMany` for the try after the last of the hour; whoever asked enters it.
    package func countPaperTry(_ caller: Caller) async throws -> PaperTry {
        let isCounted = try await gateway.transaction {
            try VisitTry.count(
                OpenedVisit.paperKind, by: caller, atMost: PaperTry.perHourMax, &$0)
        }
        guard isCounted else { throw Refusal.paperTooMany }
        return PaperTry()
    }
}

extension Records {
    /// Opens a visit that answers on this one certificate alone, leaves the resident a notice, and
    /// is confirmed by the next card visit of the same person here.
    ///
    /// Throws `.paperNotConfirmed` in the same words whatever did not match, and `.residentDeceased` where
    /// everything did.
    package mutating func openPaperVisit(
        _ paper: PaperCertificate, _: PaperTry, _ request: CardlessRequest
    ) throws -> OpenedVisit {
        let rows = try transaction.query(
            Self.selectPaper,
            [
                .text(paper.recipientNumber), .text(paper.payerNumber),
                .texts(paper.birthDate.spellings),
            ])
        guard rows.count == 1 else { throw Refusal.paperNotConfirmed }
        let row = rows[0]
        let person = try row.uuid(0).person
        subject.person = person
        if try row.bool(3) { throw Refusal.residentDeceased }
        let visit = try openWithoutCard(
            CardlessVisit(
                person: person, kind: OpenedVisit.paperKind, consents: [try row.text(2)],
                confirmedBy: .paper, limitedTo: try row.int(1), notice: Notice.paperVisit),
            request)
        enter(person, visit: visit.id)
        return visit
    }

    /// The newest version of each certificate must still carry these numbers; more than one person
    /// is no match.
    private static let selectPaper = Statement(
        """
        select e.person, max(e.version), min(e.consent_kind),
            exists (select 1 from exchange.deceased d where d.person = e.person)
        from exchange.entitlement e
        where e.recipient_number = $1 and e.payer_number = $2 and e.birth_date = any($3::text[])
            and \(EntitlementRow.isCurrent)
        group by e.person
        """)
}

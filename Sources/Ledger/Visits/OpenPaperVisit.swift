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

/// A try that was counted: without one no certificate is looked for.
package struct PaperTry: Sendable {
    /// A clinic without a working reader sees a few patients an hour; a guesser needs thousands of
    /// tries: with seven-digit recipient numbers and a known payer, 30 an hour is about 19 years
    /// for half of them.
    package static let perHourMax = 30

    fileprivate init() {}

    /// Leaves the row alone when the hour is full: a refused try costs no later one.
    fileprivate static let count = Statement(
        """
        insert into exchange.paper_try as t (party, tries) values ($1, array[clock_timestamp()])
        on conflict (party) do update set tries = clock_timestamp() || array(
            select at from unnest(t.tries) as u(at) where at > clock_timestamp() - interval '1 hour')
        where $2 > (
            select count(*) from unnest(t.tries) as u(at)
            where at > clock_timestamp() - interval '1 hour')
        """)
}

extension Ledger {
    /// Counts a try in a commit of its own, before anything is looked for: tries of one party come
    /// one after the other here, so that no number of them at once exceeds the limit. A crash may
    /// leave a try counted that was never answered.
    ///
    /// Throws `.paperTooMany` for the try after the last of the hour; whoever asked enters it.
    package func countPaperTry(_ caller: Caller) async throws -> PaperTry {
        let counted = try await gateway.transaction {
            try $0.pipelineAndCommit([
                (PaperTry.count, [.text(caller.party.key), .int(PaperTry.perHourMax)])
            ])[0].affected
        }
        guard counted == 1 else { throw Refusal.paperTooMany }
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
        _ paper: PaperCertificate, _: PaperTry, end: (Instant) -> Instant,
        pairwise: (PersonKey) -> PairwiseIDs
    ) throws -> OpenedVisit {
        let rows = try transaction.query(
            Self.selectPaper,
            [.text(paper.recipientNumber), .text(paper.payerNumber), .text(paper.birthDate)])
        guard rows.count == 1 else { throw Refusal.paperNotConfirmed }
        let row = rows[0]
        let person = try row.uuid(0).person
        subject.person = person
        if try row.bool(3) { throw Refusal.residentDeceased }
        let ids = pairwise(person)
        let former = try PairwiseIDs.former([(caller.party, ids)], &transaction)[0]
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: ids.current, kind: OpenedVisit.paperKind,
            consents: [try row.text(2)], term: VisitTerm(opened: now, ends: end(now)),
            cardValidTo: nil, replaces: former, isRepeat: false)
        write([
            NewVisit.insertion(of: [
                NewVisit(
                    visit: visit, person: person, party: caller.party.key,
                    limitedTo: try row.int(1))
            ])
        ])
        notify(person, Notice.paperVisit, visit: visit.id)
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
        where e.recipient_number = $1 and e.payer_number = $2 and e.birth_date = $3
            and \(EntitlementRow.isCurrent)
        group by e.person
        """)
}

package import Exchange
import Postgres

/// カードによらない受付の求め: what a paper visit and one in a disaster have in common.
package struct CardlessRequest: Sendable {
    /// SHA-256 of the request's bytes: the same bytes get the same visit.
    let digest: [UInt8]
    let end: @Sendable (Instant) -> Instant
    let pairwise: @Sendable (PersonKey) -> PairwiseIDs

    package init(
        digest: [UInt8], end: @escaping @Sendable (Instant) -> Instant,
        pairwise: @escaping @Sendable (PersonKey) -> PairwiseIDs
    ) {
        self.digest = digest
        self.end = end
        self.pairwise = pairwise
    }
}

/// What is opened without a card, for whom it was found.
struct CardlessVisit {
    let person: PersonKey
    let kind: String
    let consents: [String]
    let confirmedBy: NewVisit.Confirmation
    /// Paper alone: the certificate's row version.
    var limitedTo: Int?
    /// The latest moment it may last to.
    var over: Instant?
    let notice: String
}

extension Records {
    /// Opens the visit and leaves the resident a notice; or finds the one that the same bytes of the
    /// same party opened before, while it is open: a request that is repeated after a lost answer opens and
    /// tells nothing twice. Whoever sends the same at once comes one after the other.
    mutating func openWithoutCard(_ cardless: CardlessVisit, _ request: CardlessRequest) throws
        -> OpenedVisit
    {
        let person = cardless.person
        let ids = request.pairwise(person)
        let former = try PairwiseIDs.former([(caller.party, ids)], &transaction)[0]
        let rows = try transaction.pipeline([
            (AdvisoryLock.wait, [.int(AdvisoryLock.visits(of: person))]),
            (
                Self.selectRepeated,
                [.person(person), .text(caller.party.key), .bytes(request.digest), .time(now)]
            ),
        ])[1]
        if var earlier = try rows.first.map({ try NewVisit($0, from: 0) })?.visit {
            earlier.replaces = former.filter { $0 != earlier.patient }
            return earlier
        }
        let end = request.end(now)
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: ids.current, kind: cardless.kind,
            consents: cardless.consents,
            term: VisitTerm(opened: now, ends: cardless.over.map { min(end, $0) } ?? end),
            cardValidTo: nil, replaces: former, isRepeat: false)
        write([
            NewVisit.insertion(of: [
                NewVisit(
                    visit: visit, person: person, party: caller.party.key,
                    confirmedBy: cardless.confirmedBy, limitedTo: cardless.limitedTo,
                    requestDigest: request.digest)
            ])
        ])
        notify(person, cardless.notice, visit: visit.id)
        return visit
    }

    private static let selectRepeated = Statement(
        """
        select \(NewVisit.columns) from exchange.visit v
        where v.person = $1 and v.party = $2 and v.request_digest = $3 and v.ends_at > $4
            and v.confirmed_by <> 'card'
        order by v.opened_at desc limit 1
        """)
}

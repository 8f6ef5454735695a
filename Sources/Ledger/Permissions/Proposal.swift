package import Exchange
import Postgres

/// 申出: what an operator asked for by a command and one person alone does not do. It waits for another
/// operator; agreed, it stays so, so that a command which was interrupted goes on.
package enum ProposalStanding: Hashable, Sendable {
    case waiting(until: Instant)
    case agreed
}

extension Records {
    /// Whether two have asked for it by now: the caller's word is the first or the second. Said again by
    /// the same person it changes nothing. One that lapsed is begun anew by whoever asks.
    ///
    /// Throws `.rulesUnknown`. A crash leaves the word said or not said; who asks again is told.
    package mutating func propose(
        _ deed: FourEyes.Deed, on subject: String, _ permissions: Permissions
    ) throws -> ProposalStanding {
        guard let rule = permissions.fourEyes[deed] else { throw Refusal.rulesUnknown }
        let officer = Officer(
            party: caller.party.key, name: caller.operatorID, certificate: nil)
        let lapses = now.adding(seconds: Int64(permissions.proposalHours) * 3_600)
        let named: [Value] = [.text(deed.rawValue), .text(subject)]
        let said: [Value] = named + [.text(officer.party), .orNull(officer.name), .time(now)]
        // Two statements: what is read must be younger than the row that was waited for.
        _ = try transaction.run(Self.insertProposal, said + [.time(lapses)])
        let held = try HeldProposal(transaction.query(Self.lockProposal, named)[0])
        var standing = ProposalStanding.waiting(until: held.lapses)
        if held.isAgreed {
            standing = .agreed
        } else if held.lapses <= now {
            _ = try transaction.run(Self.renewProposal, said + [.time(lapses)])
            standing = .waiting(until: lapses)
        } else if rule.accepts(officer, after: held.by) {
            _ = try transaction.run(Self.agree, said)
            standing = .agreed
        }
        let word = standing == .agreed ? "agreed" : "waiting"
        enter(nil, basis: "\(deed.rawValue) \(subject) \(word)")
        return standing
    }

    private static let insertProposal = Statement(
        """
        insert into exchange.proposal (deed, subject, party, operator, proposed_at, lapses_at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing
        """)

    private static let lockProposal = Statement(
        """
        select p.party, p.operator, p.lapses_at, p.agreed_at is not null from exchange.proposal p
        where p.deed = $1 and p.subject = $2 for update
        """)

    private static let renewProposal = Statement(
        """
        update exchange.proposal set party = $3, operator = $4, proposed_at = $5, lapses_at = $6
        where deed = $1 and subject = $2
        """)

    private static let agree = Statement(
        """
        update exchange.proposal set second_party = $3, second_operator = $4, agreed_at = $5
        where deed = $1 and subject = $2
        """)
}

private struct HeldProposal {
    let by: Officer
    let lapses: Instant
    let isAgreed: Bool

    init(_ row: Row) throws {
        by = Officer(party: try row.text(0), name: try row.optionalText(1), certificate: nil)
        lapses = Instant(microseconds: try row.instant(2))
        isAgreed = try row.bool(3)
    }
}

package import Exchange
import Postgres

/// 災害の宣言: where, why and how long residents may be received without a card.
package struct Disaster: Sendable {
    package enum State: String, Sendable {
        /// Waits for a second officer.
        case proposed
        case standing
        /// Ended before its time.
        case ended
        case over
    }

    package let id: RecordID
    package let party: String
    /// Municipality codes.
    package let areas: [String]
    package let reason: String
    package let begins: Instant
    package let ends: Instant
    package let confirmedBy: String?
    package let endedAt: Instant?

    package func state(at now: Instant) -> State {
        if endedAt != nil { return .ended }
        if now >= ends { return .over }
        return confirmedBy == nil ? .proposed : .standing
    }

    static let columns = """
        d.disaster, d.party, d.areas, d.reason, d.begins_at, d.ends_at, d.confirmed_party, d.ended_at
        """

    init(_ row: Row, from column: Int = 0) throws {
        id = try row.uuid(column).record
        party = try row.text(column + 1)
        areas = try row.texts(column + 2)
        reason = try row.text(column + 3)
        begins = Instant(microseconds: try row.instant(column + 4))
        ends = Instant(microseconds: try row.instant(column + 5))
        confirmedBy = try row.optionalText(column + 6)
        endedAt = try row.optionalInstant(column + 7).map(Instant.init(microseconds:))
    }
}

/// 宣言の申出.
package struct DisasterProposal: Sendable {
    package let areas: [String]
    package let reason: StatedWord
    /// Nothing: at once.
    package let begins: Instant?
    package let ends: Instant

    package init(areas: [String], reason: StatedWord, begins: Instant?, ends: Instant) {
        self.areas = areas
        self.reason = reason
        self.begins = begins
        self.ends = ends
    }
}

extension Records {
    /// Nothing is opened by it until another officer confirms. Throws `.areaNotYours` and
    /// `.termTooLong`.
    package mutating func propose(
        _ proposal: DisasterProposal, by officer: Officer, rules: EmergencyRules
    ) throws -> Disaster {
        guard isArea(proposal.areas, of: caller.party) else { throw Refusal.areaNotYours }
        let begins = proposal.begins ?? now
        try rules.requireTerm(from: begins, to: proposal.ends, now: now)
        let id = RecordID.timeOrdered()
        let row = try transaction.query(
            Self.insertDisaster,
            [
                .id(id), .text(officer.party), .orNull(officer.name),
                .orNull(officer.certificate), .texts(proposal.areas),
                .text(proposal.reason.text), .time(begins), .time(proposal.ends), .time(now),
            ])[0]
        enter(nil, basis: "disaster \(id.text) proposed")
        return try Disaster(row)
    }

    /// 四つの目: in force from now on, by another officer. Throws `.recordUnknown`, `.areaNotYours`,
    /// `.alreadySettled` and `.secondPersonNeeded`.
    package mutating func confirmDisaster(
        _ id: RecordID, by officer: Officer, _ fourEyes: FourEyes
    ) throws -> Disaster {
        let (disaster, proposer) = try disasterToSettle(id)
        guard isArea(disaster.areas, of: caller.party) else { throw Refusal.areaNotYours }
        guard disaster.state(at: now) == .proposed else { throw Refusal.alreadySettled }
        try fourEyes.require(officer, after: proposer)
        return try settle(
            disaster, as: "confirmed", Self.confirmDisaster,
            [.orNull(officer.name), .orNull(officer.certificate)])
    }

    /// Effective with the next request, of visits that it opened too: an officer of the office that
    /// declared or of the one that confirmed ends it, or takes the proposal back. Throws `.recordUnknown`
    /// and `.alreadySettled`.
    package mutating func endDisaster(_ id: RecordID, by officer: Officer) throws -> Disaster {
        let (disaster, _) = try disasterToSettle(id)
        guard [disaster.party, disaster.confirmedBy].contains(caller.party.key) else {
            throw Refusal.recordUnknown
        }
        guard [.proposed, .standing].contains(disaster.state(at: now)) else {
            throw Refusal.alreadySettled
        }
        write([(Self.endVisits, [.id(id), .time(now)])])
        return try settle(disaster, as: "ended", Self.endDisaster, [.orNull(officer.name)])
    }

    /// Those that touch the caller's area, newest first.
    package mutating func disasters(limit: Int) throws -> [Disaster] {
        enter(nil)
        let party = caller.party
        let touching = try transaction.query(Self.selectDisasters, []).map { try Disaster($0) }
            .lazy.filter { disaster in
                disaster.party == party.key || disaster.confirmedBy == party.key
                    || disaster.areas.contains { isArea([$0], of: party) }
            }
        return Array(touching.prefix(limit))
    }

    private mutating func disasterToSettle(_ id: RecordID) throws -> (Disaster, by: Officer) {
        let rows = try transaction.query(Self.lockDisaster, [.id(id)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        let disaster = try Disaster(row, from: 2)
        let proposer = Officer(
            party: disaster.party, name: try row.text(0), certificate: try row.bytes(1))
        return (disaster, proposer)
    }

    private mutating func settle(
        _ disaster: Disaster, as word: String, _ statement: Statement, _ officer: [Value]
    ) throws -> Disaster {
        let row = try transaction.query(
            statement, [.id(disaster.id), .text(caller.party.key), .time(now)] + officer)[0]
        enter(nil, basis: "disaster \(disaster.id.text) \(word)")
        return try Disaster(row)
    }

    private static let insertDisaster = Statement(
        """
        insert into exchange.disaster as d (disaster, party, operator, certificate, areas, reason,
            begins_at, ends_at, proposed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning \(Disaster.columns)
        """)

    private static let lockDisaster = Statement(
        """
        select d.operator, d.certificate, \(Disaster.columns) from exchange.disaster d
        where d.disaster = $1 for update
        """)

    private static let confirmDisaster = Statement(
        """
        update exchange.disaster d set confirmed_party = $2, confirmed_at = $3,
            confirmed_operator = $4, confirmed_certificate = $5
        where d.disaster = $1 returning \(Disaster.columns)
        """)

    private static let endDisaster = Statement(
        """
        update exchange.disaster d set ended_party = $2, ended_at = $3, ended_operator = $4
        where d.disaster = $1 returning \(Disaster.columns)
        """)

    /// Whoever opens one holds the declaration until the commit, so that none is missed.
    private static let endVisits = Statement(
        """
        update exchange.visit v set ends_at = $2 from exchange.emergency_review r
        where r.disaster = $1 and v.person = r.person and v.visit = r.visit and v.ends_at > $2
        """)

    /// Disasters are few: a country's in a year.
    private static let selectDisasters = Statement(
        """
        select \(Disaster.columns) from exchange.disaster d order by d.disaster desc
        """)
}

package import Exchange
import Postgres

/// A try that was counted, in a disaster that stands for this institution.
package struct EmergencyTry: Sendable {
    fileprivate let disaster: RecordID

    fileprivate static let standing = """
        select d.disaster, d.areas, d.ends_at from exchange.institution_area a
        join exchange.disaster d on a.municipality = any (d.areas)
        where a.party = $1 and d.ends_at > clock_timestamp() and d.begins_at <= clock_timestamp()
            and d.ended_at is null and d.confirmed_at is not null
        """

    fileprivate static let selectStanding = Statement(
        "\(standing) order by d.ends_at desc limit 1")
    /// Held until the commit: who ends it then ends what was opened by it.
    fileprivate static let selectStill = Statement(
        "\(standing) and d.disaster = $2 for share of d")
}

extension Ledger {
    /// Counts a try in a commit of its own, before anybody is looked for. Throws `.noDisaster` where
    /// none is declared for the institution's municipality, whoever is asked about, and
    /// `.emergencyTooMany` for the try after the last of the hour; whoever asked enters it.
    package func countEmergencyTry(_ caller: Caller, rules: EmergencyRules) async throws
        -> EmergencyTry
    {
        let party = caller.party.key
        return try await gateway.transaction { transaction in
            let rows = try transaction.query(EmergencyTry.selectStanding, [.text(party)])
            guard let row = rows.first else { throw Refusal.noDisaster }
            let disaster = try row.uuid(0).record
            guard
                try VisitTry.count(
                    EmergencyRules.visitKind, by: caller, atMost: rules.triesPerHour, &transaction)
            else { throw Refusal.emergencyTooMany }
            return EmergencyTry(disaster: disaster)
        }
    }
}

extension Records {
    /// Opens a visit for the one resident of the declared area who has this name, birth date and sex. It
    /// answers the emergency kinds alone, ends with the disaster at the latest, leaves the resident a
    /// notice and the municipality a review, all in one commit; the same bytes again, none of these.
    ///
    /// Nobody under 支援措置 (`isNotDisclosed`) is found: who knows a name must not learn where somebody
    /// lives. Throws `.noDisaster` once the disaster has ended, and `.emergencyNotConfirmed` in the
    /// same words whatever did not match.
    package mutating func openEmergencyVisit(
        _ stated: StatedPerson, because reason: StatedWord, _ counted: EmergencyTry,
        rules: EmergencyRules, _ request: CardlessRequest
    ) throws -> OpenedVisit {
        let disasters = try transaction.query(
            EmergencyTry.selectStill, [.text(caller.party.key), .id(counted.disaster)])
        guard let disaster = disasters.first else { throw Refusal.noDisaster }
        let (person, municipality) = try resident(stated, in: try disaster.texts(1))
        let visit = try openWithoutCard(
            CardlessVisit(
                person: person, kind: EmergencyRules.visitKind,
                consents: rules.consents.map(\.code).sorted(), confirmedBy: .declaration,
                over: Instant(microseconds: try disaster.instant(2)),
                notice: Notice.emergencyVisit),
            request)
        enter(
            person, visit: visit.id,
            basis: "disaster \(counted.disaster.text): \(reason.text)")
        guard !visit.isRepeat else { return visit }
        let due = Instant.startOfDay(now.dayInJapan.adding(days: rules.reviewDays + 1))
        write([
            (
                Self.insertReview,
                [
                    .person(person), .id(visit.id), .text(municipality), .id(counted.disaster),
                    .text(caller.party.key), .text(caller.operatorID ?? ""), .text(reason.text),
                    .time(now), .time(due),
                ]
            )
        ])
        return visit
    }

    /// The one whom the statement tells, and where they live.
    private mutating func resident(_ stated: StatedPerson, in areas: [String]) throws -> (
        PersonKey, municipality: String
    ) {
        let candidates = try transaction.query(
            Self.selectCandidates,
            [
                .text(stated.birthDate.text), .texts(stated.registeredSexes), .texts(areas),
                .day(now.dayInJapan.daysSince1970),
            ]
        ).map { row in
            (
                person: try row.uuid(0).person, name: try row.text(1),
                kana: try row.optionalText(2), municipality: try row.text(3)
            )
        }
        let named = candidates.filter { stated.isNamed($0.name, kana: $0.kana) }
        guard let one = named.first, named.allSatisfy({ $0.person == one.person }) else {
            throw Refusal.emergencyNotConfirmed
        }
        return (one.person, one.municipality)
    }

    /// What each body says now of people of this birth date who live in the area today.
    private static let selectCandidates = Statement(
        """
        select i.person, i.name, i.name_kana, r.municipality
        from exchange.identity i
        cross join lateral (
            select municipality from exchange.residence r
            where r.person = i.person and r.from_day <= $4
            order by r.from_day desc, r.version desc limit 1) r
        where i.birth_date = $1 and i.sex = any ($2) and r.municipality = any ($3)
            and \(SaidIdentity.stands("i")) and not exists (
                select 1 from exchange.record_merge m where m.person = i.person and m.parted_at is null)
            and not exists (
                select 1 from exchange.identity later
                where later.person = i.person and later.body is not distinct from i.body
                    and \(SaidIdentity.stands("later")) and later.version > i.version)
            and not \(RegisteredIdentity.isHidden("i.person"))
        """)

    private static let insertReview = Statement(
        """
        insert into exchange.emergency_review (person, visit, municipality, disaster, party,
            operator, reason, opened_at, due_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)
}

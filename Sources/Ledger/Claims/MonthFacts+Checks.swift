import Exchange
import Postgres

/// 資格確認との突合: what the checks of a month were answered, each decided again from what it was decided from.
extension MonthFacts {
    /// 資格確認との突合: each claim with the answer its institution was given on a day of service, decided
    /// again from the versions it was decided from.
    mutating func takeChecks(
        _ transaction: inout Transaction, _ kept: (String) throws -> RuleBook
    ) throws {
        var places: [Visited: [Int]] = [:]
        for index in books.batch.claims.indices {
            let claim = books.batch.claims[index]
            // Of those beside them nothing is told here.
            guard !claim.marks.contains(.earlier) else { continue }
            for part in books.batch.parts(of: index) {
                guard let person = persons[part.certificate] else { continue }
                places[Visited(person: person, institution: claim.institution), default: []]
                    .append(index)
            }
        }
        let asked = Array(places.keys)
        let first = books.batch.claims.map(\.month).min()?.firstDay ?? 0
        let values: [Value] = [
            .uuids(asked.map { UUIDBytes($0.person) }),
            .texts(asked.map(\.party)),
        ]
        let rows = try transaction.pipeline([
            (
                Self.selectChecks,
                values + [.time(.startOfDay(CalendarDay(daysSince1970: Int(first))))]
            ),
            (Self.selectResidences, [values[0]]),
        ])
        var residences: [PersonKey: [Residence]] = [:]
        for (person, residence) in try rows[1].map({
            (try $0.uuid(0).person, try Residence($0, from: 1))
        }) { residences[person, default: []].append(residence) }
        var older = KeptBooks()
        for index in 0..<rows[0].count {
            let row = rows[0][index]
            let at = asked[try row.int(0) - 1]
            guard let check = try AnsweredCheck(row, from: 1, of: Party(key: at.party)) else {
                continue
            }
            guard let rules = try older.book(check.basis.rulesVersion, kept) else { continue }
            let answer = answerEligibility(
                check.question,
                check.facts(versions[at.person] ?? [], residences[at.person] ?? []), rules.subsidy
            ).only(of: body)
            take(answer, check, places[at] ?? [])
        }
        try older.requireAll()
    }

    private mutating func take(
        _ answer: EligibilityAnswer, _ check: AnsweredCheck, _ places: [Int]
    ) {
        let day = Int32(check.basis.serviceDate.daysSince1970)
        for index in places {
            let claim = books.batch.claims[index]
            let count = books.batch.parts(of: index).map(\.dayCount).max() ?? 0
            guard claim.mayBe(on: day, counting: count) else { continue }
            checks[index] = check.id
            for part in books.batch.parts(of: index) {
                let key = part.certificate
                guard persons[key] != nil, let outcome = outcome(answer, of: key),
                    !outcome.isUsable
                else { continue }
                let place = ClaimFacts.PlaceKey(key, claim.month, at: claim.institution)
                let said = ClaimFacts.OtherAnswer(day: day, outcome: outcome)
                if facts.otherAnswers[place]?.contains(said) != true {
                    facts.otherAnswers[place, default: []].append(said)
                }
            }
        }
    }

    /// Of the certificate, where the answer names it; otherwise what it says of this body. What a resident
    /// declined to show was not answered.
    private mutating func outcome(
        _ answer: EligibilityAnswer, of key: CertificateNumber
    ) -> EligibilityOutcome? {
        let named = answer.items.first { item in
            item.certificate.map { number(of: $0) == key } ?? false
        }
        let type = persons[key].flatMap { versions[$0] }?.last { number(of: $0) == key }?
            .certificateTypeID
        let said =
            named
            ?? answer.items.first {
                $0.body == body && ($0.program == nil || $0.program?.certificateTypeID == type)
            }
        return said.flatMap { $0.outcome == .declined ? nil : $0.outcome }
    }

    /// By each resident's own sequence, and what is not sealed yet by its transaction: what an institution
    /// told everybody else in the month is no row here.
    private static let selectChecks = Statement(
        """
        with q as materialized (
            select u.ord, u.person, u.party
            from unnest($1::uuid[], $2::text[]) with ordinality as u(person, party, ord)
            union all
            select u.ord, m.person, u.party
            from unnest($1::uuid[], $2::text[]) with ordinality as u(person, party, ord)
            join exchange.record_merge m on m.survivor = u.person and m.parted_at is null),
        known as (
            select s.entry, s.at from (select distinct person from q) p
            join log.position s on s.person = p.person and s.person is not null
            where s.at >= $3
            union
            select w.entry, w.at from log.access_entry w
            where w.xid >= (select next_xid from log.head) and w.at >= $3
                and w.person in (select person from q))
        select q.ord, \(AnsweredCheck.columns)
        from known
        join log.access_entry e on e.entry = known.entry and e.at = known.at
            and e.purpose = 'check-eligibility' and e.outcome = 'ok'
        join q on q.person = e.person and q.party = e.party
        join exchange.visit_now v on v.visit = e.visit
        order by e.at
        """)

    private static let selectResidences = Statement(
        """
        select q.person, h.version, h.municipality, h.from_day, h.known_at
        from \(Survivors.recordsOfAsked("$1")) q
        join exchange.residence h on h.person = q.record
        """)
}

/// Who went where.
private struct Visited: Hashable {
    let person: PersonKey
    let institution: UInt64

    /// Of a claim that names no institution, nobody's.
    var party: String { "institution:" + (Claim.text(ofInstitution: institution) ?? "") }
}

package import Exchange
import Logging
import Postgres

/// 待っている請求の見回り: where one round left off, and by which rules all that waits was judged.
package struct ClaimRound: Hashable, Sendable {
    fileprivate var after = RecordID(high: 0, low: 0)
    fileprivate var judgedBy: String?
    /// The rules of its first page: what was judged by them and newer ones alike comes round once more.
    fileprivate var begunBy: String?
    /// When the last round that came to its end began, and when this one did.
    fileprivate var since: Instant?
    fileprivate var begun: Instant?

    package init() {}
}

extension Ledger {
    /// Makes what can be made of claims that wait for a residence or a price: the same record as a version of
    /// its own, with its line, its delivery and an entry in the institution's name, one commit each. Looked
    /// at are those of which a residence or a price was told since, and all of them under new rules. Of two
    /// gateways, or beside the institution that sends the record again, whoever comes later finds it made.
    ///
    /// Returns how many claims came out otherwise, and whether more are to be looked at now.
    package func makeWaitingClaims(
        _ round: inout ClaimRound, atMost limit: Int = 200, rules book: RuleBook
    ) async throws -> (made: Int, goesOn: Bool) {
        let after = round.after
        let isAll = round.judgedBy != book.version
        let since = round.since
        let (now, waiting) = try await gateway.transaction(.readOnly) { transaction in
            let now = try transaction.query(WaitingClaim.selectNow)[0].instant(0)
            let waiting = try transaction.query(
                WaitingClaim.select, [.id(after), .int(limit), .bool(isAll), .time(since)]
            ).map(WaitingClaim.init)
            return (Instant(microseconds: now), waiting)
        }
        let begun = round.begun ?? now
        let begunBy = round.begunBy ?? book.version
        var made = 0
        for claim in waiting {
            if try await make(claim, by: book) { made += 1 }
        }
        guard let last = waiting.last, waiting.count == limit else {
            round = ClaimRound()
            round.judgedBy = begunBy
            round.since = begun
            return (made, false)
        }
        round.after = last.id
        round.begun = begun
        round.begunBy = begunBy
        return (made, true)
    }

    /// One that cannot be decided is complained of, and in nobody's way; what passes by itself ends the
    /// round, which begins here again.
    private func make(_ claim: WaitingClaim, by book: RuleBook) async throws -> Bool {
        do {
            return try await gateway.transaction { try claim.make(&$0, by: book) }
        } catch
            where !(error is CancellationError)
            && LedgerError.refusal(for: error) != .overloaded
        {
            logger.error(
                "waiting claim not decided",
                metadata: [
                    "record": .string(claim.id.text),
                    "type": .string(String(reflecting: type(of: error))),
                    "error": .string(LedgerError.safeText(of: error) ?? "-"),
                ])
            return false
        }
    }
}

/// 待っている請求: a record whose newest version is no whole claim yet.
private struct WaitingClaim: Sendable {
    let id: RecordID
    let party: Party
    let person: PersonKey

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        party = try Party(key: row.text(1))
        person = try row.uuid(2).person
    }

    /// Decided as `VaccinationSending` decides what is sent again. False where it waits still, or was made,
    /// corrected or merged meanwhile.
    func make(_ transaction: inout Transaction, by book: RuleBook) throws -> Bool {
        guard let rules = book.immunization else { return false }
        _ = try transaction.pipeline([
            (AdvisoryLock.wait, [.int(AdvisoryLock.vaccinations(of: person))]),
            AdvisoryLock.sharing(mergesOf: [person]),
        ])
        let found = try transaction.query(
            HeldVaccination.selectByID, HeldVaccination.values([(party: party, id: id)])
        ).map(HeldVaccination.init)
        guard let held = found.first, held.claim.isWaiting, held.person == person else {
            return false
        }
        let (version, line, facts) = try judged(held, &transaction, book, rules)
        guard line.replaces(held) else { return false }
        let next = HeldVaccination(
            id: held.id, person: held.person, record: held.record, visit: held.visit,
            patientID: held.patientID, response: held.response, claim: line.status,
            municipality: line.municipality, stops: line.stops, newest: version)
        var entry = Entry(
            id: .timeOrdered(), caller: Caller(party: party, operatorID: nil),
            purpose: .recordVaccination)
        entry.visit = held.visit
        entry.person = person
        entry.basis = facts.basis(rulesVersion: book.version)
        _ = try transaction.pipeline(
            [
                HeldVaccination.insertion([(held: next, isLine: line.isLine, book: book)]),
                VaccinationLine.insertion([(line: line, of: next, rules: book.version)]),
            ] + EntryWriter.steps([entry]))
        return true
    }

    /// The same record as its next version, by what is known now.
    private func judged(
        _ held: HeldVaccination, _ transaction: inout Transaction, _ book: RuleBook,
        _ rules: ImmunizationRules
    ) throws -> (VaccinationVersion, VaccinationLine, VaccinationFacts) {
        let given = held.newest.vaccination
        let now = Instant(microseconds: try transaction.query(Self.selectNow)[0].instant(0))
        let facts = try VaccinationFacts.load(
            &transaction, of: [person],
            expecting: rules.isOfPregnancy(given.vaccine) ? [person] : [], rules: book)
        let prices: [RegisteredPrice] = try transaction.pipeline([
            RegisteredPrice.step(
                of: [person], services: rules.pricedProgrammes(giving: [given.vaccine]))
        ])[0].map(RegisteredPrice.init)
        let saved = try HeldScreening.load(
            &transaction, of: held.response == nil ? [] : [person], to: rules.screenings)
        let answers = (saved[person] ?? []).first { $0.id == held.response }?.newest.response
        let version = VaccinationVersion(
            id: held.id.text, version: held.newest.version + 1, recordedAt: now,
            institution: held.newest.institution, vaccination: given)
        let known = facts[person] ?? .nothing
        let line = VaccinationLine(
            of: version, person, known, dueDay: answers?.dueDay, rules, prices: prices)
        return (version, line, known)
    }

    static let selectNow = Statement("select clock_timestamp()")

    /// What was told while a claim was being decided may bear an earlier time than the claim: ten minutes are
    /// longer than any transaction here.
    static let select = Statement(
        """
        select v.vaccination, v.party, \(Survivors.sql(of: "v.person"))
        from exchange.vaccination_claim c
        join exchange.vaccination v
            on v.person = c.person and v.vaccination = c.vaccination and v.version = c.version
        where (c.refusal = 'residence-unknown' or c.refusal is null and c.unit_yen is null)
            and c.vaccination > $1 and not exists (
                select 1 from exchange.vaccination later
                where later.vaccination = v.vaccination and later.version > v.version)
            and ($3::bool
                or exists (
                    select 1 from exchange.residence r
                    where r.person in (v.person, \(Survivors.sql(of: "v.person")))
                        and r.known_at > greatest(c.made_at, $4::timestamptz) - interval '10 minutes')
                or exists (
                    select 1 from exchange.record_merge m
                    where m.person = v.person and greatest(m.joined_at, m.parted_at)
                        > greatest(c.made_at, $4::timestamptz) - interval '10 minutes')
                or exists (
                    select 1 from exchange.agreed_price p
                    where p.municipality = c.municipality and p.service = c.programme
                        and p.known_at > greatest(c.made_at, $4::timestamptz) - interval '10 minutes'))
        order by c.vaccination limit $2
        """)
}

import Exchange
import Postgres
import TestSupport
import Testing

/// 接種と健診の多い月: doses of a month come to their slices some thousands at a time, each once, and the month is
/// what it would be if all of them had been read at once.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthRecordsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let institutions = (1...5).map { "131000800\($0)" }
    /// Fewer than a slice has, so that each institution is one, and together more than are held (20,000).
    private static let perInstitution = 4_300

    /// As if the one dose of the clinic had been given so often at each of the others, by whole days of the
    /// month.
    private func pad(_ month: ServiceMonth) async throws {
        let values: [Value] = [
            .text(Cast.clinic.key), .texts(Self.institutions), .int(Self.perInstitution),
            .day(Int(month.firstDay)), .int(month.dayCount),
        ]
        try await gateway.sql { transaction in
            // Twenty thousand rows take a busy machine longer than a request may.
            try transaction.run(Statement("select set_config('statement_timeout', '240000', true)"))
            try transaction.run(
                Statement(
                    """
                    with padded as (
                        select v.person, v.vaccination, v.version, gen_random_uuid() as copy,
                            'institution:' || i as party, g as number,
                            $4::date + (g % $5)::integer as day
                        from exchange.vaccination v
                        cross join unnest($2::text[]) i cross join generate_series(1::bigint, $3) g
                        where v.party = $1),
                    doses as (
                        insert into exchange.vaccination (person, vaccination, version, party,
                            identifier_system, identifier, status, vaccine, day, face, visit,
                            recorded_at, is_line)
                        select v.person, p.copy, 1, p.party, v.identifier_system, 'P' || p.number,
                            v.status, v.vaccine, p.day, v.face, v.visit, v.recorded_at, v.is_line
                        from padded p
                        join exchange.vaccination v using (person, vaccination, version))
                    insert into exchange.vaccination_claim (person, vaccination, version, refusal,
                        municipality, programme, vaccine, dose_number, day, lot_number, quantity,
                        quantity_code, is_out_of_area, remarks, unit_yen, copayment_yen, price_source,
                        rules, made_at)
                    select c.person, p.copy, 1, c.refusal, c.municipality, c.programme, c.vaccine,
                        c.dose_number, p.day, c.lot_number, c.quantity, c.quantity_code,
                        c.is_out_of_area, c.remarks, c.unit_yen, c.copayment_yen, c.price_source,
                        c.rules, c.made_at
                    from padded p
                    join exchange.vaccination_claim c using (person, vaccination, version)
                    """), values)
        }
    }

    private func sums(_ run: TLSClient.Answer) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in run.json["totals"]?.object?["records"]?.array ?? [] {
            let name = line.object?["institution"]?.string ?? ""
            for standing in ["accepted", "questioned", "rejected"] {
                counts[name, default: 0] += line.object?[standing]?.object?["count"]?.int ?? 0
            }
        }
        return counts
    }

    @Test func `a month of more doses than are held is judged whole, in the order of institutions`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        try await gateway.record(SentDose(on: today), visit).expect(201)
        let few = try await gateway.reconcile(month)
        #expect(few.int("claims") == 1)
        try await pad(month)
        // A claim of an institution between them is in its place.
        var claim = SentClaim("R-BETWEEN")
        claim.institution = try Party(role: .institution, code: Self.institutions[2])
        try await gateway.submit([claim], month).expect(201)
        let run = try await gateway.reconcile(month)
        try run.expect(200)
        let total = Self.institutions.count * Self.perInstitution + 2
        #expect(run.int("claims") == total && run.int("run") == 2)
        #expect(run.text("digest") != few.text("digest"))
        var expected = [Cast.clinic.code: 1]
        for name in Self.institutions { expected[name] = Self.perInstitution }
        #expect(sums(run) == expected)
        // The same month is the same run, to the digest.
        #expect(try await gateway.reconcile(month).body == run.body)
        try await checkRows(month, total)
    }

    /// Each dose has one verdict, in the order of institutions, and its row in one statement.
    private func checkRows(_ month: ServiceMonth, _ total: Int) async throws {
        let key: [Value] = [.text(Cast.town.code), .day(Int(month.firstDay))]
        let counts = try await gateway.sql { transaction in
            let verdicts = try transaction.query(
                Statement(
                    """
                    select count(distinct ordinal), max(ordinal), count(distinct claim),
                        count(*) filter (where institution < before)
                    from (
                        select ordinal, claim, institution,
                            lag(institution) over (order by ordinal) as before
                        from exchange.claim_verdict
                        where body = $1 and month = $2 and run = 2) v
                    """), key)[0]
            let statements = try transaction.query(
                Statement(
                    """
                    select count(*), sum(claims)::bigint from exchange.claim_statement
                    where body = $1 and month = $2 and run = 2
                    """), key)[0]
            let found = try (0...3).map { try verdicts.int($0) }
            let kept = try (0...1).map { try statements.int($0) }
            return found + kept
        }
        #expect(counts == [total, total, total, 0, Self.institutions.count + 1, total])
    }
}

import Crypto
import Exchange
import Postgres
import TestSupport
import Testing

/// 統合された健診の経過: the years of a child under two records are one list, in the order of their days, each report
/// with the line of its newest version, and what left is held to its entry.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedTimelineTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// Copies of a report, each so many days before it and with a ticket of that number on its line; every
    /// tenth in two versions, of which the second's ticket is a thousand higher.
    private static let copies = Statement(
        """
        with given as (
            insert into exchange.checkup_result (person, result, version, party, identifier_system,
                identifier, status, checkup, day, face, warnings, follow_ups, visit, rules, recorded_at)
            select r.person, md5(r.result::text || ' ' || n)::uuid, v, r.party, r.identifier_system,
                r.result::text || ' ' || n, r.status, r.checkup, r.day - n::int, r.face, '{}', '{}', r.visit,
                r.rules, r.recorded_at
            from exchange.checkup_result r, unnest($2::bigint[]) n, generate_series(1, 2) v
            where r.result::text = $1 and (v = 1 or n % 10 = 0)
            returning person, result, version, identifier, checkup, day)
        insert into exchange.checkup_line (person, result, version, checkup, day, is_out_of_area,
            ticket_body, ticket_kind, ticket_serial, ticket_issue, made_at)
        select person, result, version, checkup, day, false, '132101', checkup,
            split_part(identifier, ' ', 2)::bigint + 1000 * (version - 1), 1, now()
        from given
        """)

    /// The ticket's, which the line says.
    private func serial(_ report: JSONObject) -> Int? {
        let extensions = (report["extension"]?.array ?? []).compactMap(\.object)
        let ticket = extensions.first { $0["url"]?.string?.hasSuffix("checkup-ticket") == true }
        let parts = (ticket?["extension"]?.array ?? []).compactMap(\.object)
        return parts.first { $0["url"]?.string == "serial" }?["valuePositiveInt"]?.int
    }

    @Test func `the reports of both records come by day, each with its own line`() async throws {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let day = gateway.clock.today.adding(days: -40)
        for (card, rest) in [(stays.card, 0), (gone.card, 1)] {
            let visit = try await gateway.openCheckupVisit(card)
            let answer = try await gateway.record(SentCheckup(on: day), visit)
            try answer.expect(201)
            let id = answer.text("id")
            try await gateway.sql { transaction in
                let days = (1...80).filter { $0 % 2 == rest }
                _ = try transaction.run(Self.copies, [.text(id), .ints(days)])
            }
        }
        try await gateway.join(gone.resident, into: stays.resident)
        for card in [stays.card, gone.card] {
            let visit = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
            let read = try await gateway.checkups(of: visit, by: Cast.pharmacy)
            try read.expect(200)
            #expect(read.int("total") == 82)
            // The two that were copied are the latest, and have no ticket.
            let serials = (1...80).reversed().map { $0 % 10 == 0 ? 1000 + $0 : $0 }
            let entries = read.entries
            #expect(entries.prefix(80).compactMap { serial($0) } == serials)
            #expect(entries.compactMap { serial($0) }.count == 80)
            #expect(Set(entries.compactMap { $0["id"]?.string }).count == 82)
            let subjects = entries.compactMap { $0["subject"]?.object?["reference"]?.string }
            #expect(Set(subjects) == [visit.patient])
            let entered = try await gateway.count(
                "select count(*) from log.access_entry where digest = $1 and purpose = $2",
                [.bytes(Array(SHA256.hash(data: read.body))), .text(Purpose.readCheckups.rawValue)])
            #expect(entered >= 1)
        }
    }
}

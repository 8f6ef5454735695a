import Exchange
import Postgres
import TestSupport
import Testing

/// 月の境 over the wire: a month without a partition is 503 with what to do, never an incident.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static func partition(_ change: String) -> String {
        """
        do $$ declare first timestamp := date_trunc('month', now() at time zone 'Asia/Tokyo');
        begin execute format('alter table log.access_entry \(change)',
            'access_entry_' || to_char(first, 'YYYY_MM'), first at time zone 'Asia/Tokyo',
            (first + interval '1 month') at time zone 'Asia/Tokyo'); end $$
        """
    }

    @Test func `without a place for its entry no request is answered, and then all are again`()
        async throws
    {
        let (_, card) = try await gateway.settle()
        let visit = try await gateway.openVisit(card)
        try await gateway.sql { try $0.script(Self.partition("detach partition log.%I")) }
        let refused = [
            try await gateway.send(Cast.clinic, "GET", "/fhir/\(visit.patient)"),
            try await gateway.check(visit),
            try await gateway.openPaperVisit(("88131016", "1", "2020-04-01")),
        ]
        try await gateway.sql {
            try $0.script(Self.partition("attach partition log.%I for values from (%L) to (%L)"))
        }
        for answer in refused { gateway.expect(.notReady, in: answer) }
        #expect(try await gateway.check(visit).status == 200)
        #expect(gateway.log.all.allSatisfy { !$0.hasPrefix("incident") })
    }
}

import Exchange
import Ledger
import TestSupport
import Testing

/// 台帳の申出: a town says that the ledger it sent is whole, and before a needle nobody is told of a gap in
/// that time.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PastDoseWordTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func say(_ arguments: String...) async throws -> Program.Ended {
        try await Program.run(["party", "past-doses"] + arguments, owner: gateway.database)
    }

    /// The town is connected since five days ago; the baby is 150 days old.
    @Test func `a whole ledger closes the gap before the connection, and only beside it`()
        async throws
    {
        let town = Cast.town.key
        let (_, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        func isGapTold() async throws -> Bool {
            try await gateway.checkVaccine("dpt-ipv-hib", visit).findings.map(\.rule)
                .contains("history-gap")
        }
        _ = try await gateway.registry.connect(Cast.town, since: today.adding(days: -5))
        #expect(try await isGapTold())
        let since = today.adding(days: -400).text
        let early = try await say("--since", since, town)
        #expect(early.status != 0 && early.errors.contains("sent past doses"), "\(early.errors)")
        #expect(try await isGapTold())
        let (other, _) = try await gateway.settleFamily()
        let row = [
            "記録番号": "W-1", "個人番号": other.number, "生年月日": other.dateOfBirth,
            "ワクチン": "五種混合", "接種回数": "1", "接種日": today.adding(days: -40).text,
        ]
        let taken = try await gateway.take(
            NightFile(pastDoses: [row]).bytes(.utf8), as: "past-doses", field: "immunization")
        #expect(taken.number("additions") == 1, "\(taken.text)")
        // Rows alone say nothing of those that are not there.
        #expect(try await isGapTold())
        #expect(
            try await say("--since", since, town).output
                == "\(town): ledger of doses whole since \(since)\n")
        #expect(try await !isGapTold())
        let shown = try await gateway.registry.records(of: Cast.town)
        #expect(shown.first?.dosesSince?.text == since)
        #expect(shown.dropFirst().first?.dosesSince == nil)
        // From a later day on it leaves the time before open.
        #expect(
            try await say("--since", today.adding(days: -20).text, town).status == 0)
        #expect(try await isGapTold())
        #expect(try await say("--since", since, town).status == 0)
        _ = try await gateway.registry.disconnect(Cast.town)
        #expect(try await isGapTold(), "who is not connected tells of nothing since")
        _ = try await gateway.registry.connect(Cast.town, since: today.adding(days: -5))
        #expect(try await !isGapTold())
        #expect(try await say("--withdrawn", town).status == 0)
        #expect(try await isGapTold())
    }

    @Test func `it is a municipality's word, and one thing at a time`() async throws {
        for arguments in [
            ["--since", "2020-04-01", Cast.clinic.key], ["--since", "2020-04-01", "--withdrawn"],
            [Cast.town.key], ["--since", "2020-02-30", Cast.town.key],
        ] {
            let ended = try await Program.run(
                ["party", "past-doses"] + arguments, owner: gateway.database)
            #expect(ended.status != 0, "\(arguments)")
        }
    }
}

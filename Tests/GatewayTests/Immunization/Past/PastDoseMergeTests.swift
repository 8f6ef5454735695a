import Exchange
import Postgres
import TestSupport
import Testing

/// 台帳と統合: what a ledger told of one record of a person and a clinic of the other is one dose of one person.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PastDoseMergeTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func counts(of dose: Int) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from exchange.coverage_count
            where municipality = '' and programme = 'dpt-ipv-hib' and dose = $1 and vaccinated = 1
            """, [.int(dose)])
    }

    /// The clinic says that it was the second, under the record that was absorbed; the ledger says the first.
    @Test func `of both records' word of one dose coverage counts the clinic's`() async throws {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let lastDay = gateway.clock.today.adding(days: -gateway.clock.today.day)
        var dose = SentDose(on: lastDay)
        dose.number = 2
        try await gateway.record(dose, gateway.openVaccinationVisit(gone.card)).expect(201)
        let row = [
            "記録番号": "M-1", "個人番号": stays.resident.number,
            "生年月日": stays.resident.dateOfBirth, "ワクチン": "dpt-ipv-hib", "接種回数": "1",
            "接種日": lastDay.text,
        ]
        let taken = try await gateway.take(
            NightFile(pastDoses: [row]).bytes(.utf8), as: "past-doses", field: "immunization")
        #expect(taken.number("additions") == 1, "\(taken.text)")
        try await gateway.join(gone.resident, into: stays.resident)
        try await gateway.send(
            Cast.town, "GET", "/immunization/coverage.csv?period=\(gateway.lastMonth)"
        ).expect(200)
        #expect(try await counts(of: 2) == 1)
        #expect(try await counts(of: 1) == 0)
    }
}

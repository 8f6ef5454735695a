import Exchange
import TestSupport
import Testing

/// 接種率と台帳: what towns told of their own ledgers counts beside what clinics recorded, and never twice.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PastDoseCoverageTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// Of fourteen babies the ledger tells of twelve first doses of one vaccine, and of fourteen of another;
    /// of five of these clinics say that they were the second.
    @Test func `a ledger's dose counts, and where a clinic says another number, the clinic's does`()
        async throws
    {
        let lastDay = gateway.clock.today.adding(days: -gateway.clock.today.day)
        let birth = gateway.clock.today.adding(days: -150)
        let isBeforeApril = birth.month < 4 || (birth.month == 4 && birth.day < 2)
        let cohort = birth.year - (isBeforeApril ? 1 : 0)
        var rows: [[String: String]] = []
        for place in 0..<14 {
            let (resident, card) = try await gateway.settleFamily(days: 150)
            for vaccine in place < 12 ? ["pcv20", "dpt-ipv-hib"] : ["dpt-ipv-hib"] {
                rows.append([
                    "記録番号": "\(vaccine)-\(place)", "個人番号": resident.number,
                    "生年月日": resident.dateOfBirth, "ワクチン": vaccine, "接種回数": "1",
                    "接種日": lastDay.text,
                ])
            }
            guard place < 5 else { continue }
            var dose = SentDose(on: lastDay)
            dose.number = 2
            try await gateway.record(dose, gateway.openVaccinationVisit(card)).expect(201)
        }
        let taken = try await gateway.take(
            NightFile(pastDoses: rows).bytes(.utf8), as: "past-doses", field: "immunization")
        #expect(taken.number("additions") == 26, "\(taken.text)")
        let month = gateway.lastMonth
        let answer = try await gateway.send(
            Cast.town, "GET", "/immunization/coverage.csv?period=\(month)")
        try answer.expect(200)
        let told = answer.text.split(separator: "\r\n").dropFirst().map(String.init)
        // Nine first doses of the second vaccine, and five second ones, are too few to be told.
        #expect(
            told == [
                "\(month),nation,\(cohort),pneumococcal-child,1,10,10,1000",
                "\(month),132101,\(cohort),pneumococcal-child,1,10,10,1000",
            ])
    }
}

import Exchange
import TestSupport
import Testing
import Trust

/// 接種率: counted from what clinics recorded, told only of ten people and more, in tens, and of a
/// month only once.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(4)))
struct CoverageTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// The last day of the month before this one.
    private var lastDay: CalendarDay {
        gateway.clock.today.adding(days: -gateway.clock.today.day)
    }

    /// So many babies of one school year, of whom some had their first dose by the end of the month.
    private func families(_ count: Int, vaccinated: Int, in town: Party) async throws {
        for place in 0..<count {
            let (_, card) = try await gateway.settleFamily(days: 150, in: town)
            guard place < vaccinated else { continue }
            let visit = try await gateway.openVaccinationVisit(card)
            try await gateway.record(SentDose(on: lastDay), visit).expect(201)
        }
    }

    private func read(_ query: String, by party: Party = Cast.town) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(party, "GET", "/immunization/coverage.csv" + query)
    }

    private func rows(_ answer: TLSClient.Answer) -> [String] {
        answer.text.split(separator: "\r\n").dropFirst().map(String.init)
    }

    @Test func `figures are in tens, of ten and more, and a month is counted once`() async throws {
        let birth = gateway.clock.today.adding(days: -150)
        let isBeforeApril = birth.month < 4 || (birth.month == 4 && birth.day < 2)
        let cohort = birth.year - (isBeforeApril ? 1 : 0)
        try await families(14, vaccinated: 12, in: Cast.town)
        try await families(11, vaccinated: 4, in: Cast.otherTown)
        let period = "?period=\(gateway.lastMonth)"
        let first = try await read(period)
        try first.expect(200)
        // Twelve of fourteen become ten of ten; four of eleven are told nowhere but within the nation.
        let month = gateway.lastMonth
        #expect(
            rows(first) == [
                "\(month),nation,\(cohort),dpt-ipv-hib,1,30,20,667",
                "\(month),132101,\(cohort),dpt-ipv-hib,1,10,10,1000",
            ])
        #expect(try await rows(read(period, by: Cast.otherTown)) == [rows(first)[0]])
        // What comes later counts in the next month, and never in the difference of two answers.
        try await families(9, vaccinated: 9, in: Cast.otherTown)
        #expect(try await rows(read(period, by: Cast.statistics)) == rows(first))
        let report = try await gateway.send(Cast.town, "GET", "/fhir/MeasureReport" + period)
        try report.expect(200)
        #expect(report.entries.count == 2)
        #expect(report.text.contains("{\"code\":{\"coding\":[{\"system\":"))
        let entries = try await gateway.entries { try await read(period).expect(200) }
        #expect(entries.map(\.purpose) == ["read-coverage"])
        #expect(entries.map(\.hasPerson) == [false])
    }

    @Test func `a month that is not over, or none, is refused, and so is who may not ask`()
        async throws
    {
        let this = String(gateway.clock.today.text.prefix(7))
        for (query, refusal) in [
            ("", Refusal.missing("period")), ("?period=\(this)", .malformed("period")),
            ("?period=2026-13", .malformed("period")), ("?period=x", .malformed("period")),
        ] {
            try await gateway.expect(refusal, of: nil, from: Cast.town) {
                try await read(query)
            }
        }
        try await gateway.expect(.notYourPurpose, of: .readCoverage, from: Cast.auditor) {
            try await read("?period=\(gateway.lastMonth)", by: Cast.auditor)
        }
    }
}

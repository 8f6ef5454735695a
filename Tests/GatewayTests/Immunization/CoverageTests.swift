import Exchange
import TestSupport
import Testing
import Trust

/// 接種率: counted from what clinics recorded, told only of ten people and more, in tens, and of a
/// month only once.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
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

/// 接種率の対象: a schedule is counted among those whom it is for, and a season by itself. Of December of the last
/// year, so that every dose lies in its own season whenever the test runs.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CoverageScopeTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var year: Int { gateway.clock.today.year - 1 }

    private func settle(born birth: String, _ sex: String) async throws -> SoftwareCard {
        var (resident, card) = try await gateway.settle(in: Cast.town)
        resident.dateOfBirth = birth
        resident.sex = sex
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        return card
    }

    private func give(_ vaccine: String, on day: String, to card: SoftwareCard) async throws {
        var dose = SentDose(on: try CalendarDay(day))
        dose.vaccine = vaccine
        let visit = try await gateway.openVaccinationVisit(card)
        try await gateway.record(dose, visit).expect(201)
    }

    @Test func `girls are counted among girls, and a season's doses in their season alone`()
        async throws
    {
        let (girls, old) = ("\(year - 13)-08-01", "\(year - 70)-08-01")
        for _ in 0..<10 {
            try await give(
                "hpv9", on: "\(year)-12-15", to: settle(born: girls, "2"))
            _ = try await settle(born: girls, "1")
            // Ten had it in the season before, and ten in this one.
            try await give(
                "influenza", on: "\(year - 1)-12-15", to: settle(born: old, "1"))
            try await give("influenza", on: "\(year)-12-15", to: settle(born: old, "2"))
        }
        let answer = try await gateway.send(
            Cast.statistics, "GET", "/immunization/coverage.csv?period=\(year)-12")
        try answer.expect(200)
        let nation = answer.text.split(separator: "\r\n").map(String.init).filter {
            $0.hasPrefix("\(year)-12,nation,")
        }
        #expect(
            nation == [
                "\(year)-12,nation,\(year - 13),hpv,1,10,10,1000",
                "\(year)-12,nation,\(year - 70),influenza-elderly,1,20,10,500",
            ])
    }
}

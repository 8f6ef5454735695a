import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 委託単価 over the wire: a claim is priced from the municipality's own list, and keeps its price.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PriceServingTests {
    static let path = "/immunization/prices"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ unit: Int, _ copayment: Int, from: CalendarDay, to: CalendarDay? = nil,
        _ modification: String = "1", programme: String = "dpt-ipv-hib"
    ) throws -> JSON {
        let end = to.map { ",\"priceTo\":\"\($0.text)\"" } ?? ""
        return try JSON(
            reading: """
                {"modificationSeg":"\(modification)","programme":"\(programme)",\
                "priceFrom":"\(from.text)","unitYen":\(unit),"copaymentYen":\(copayment)\(end)}
                """)
    }

    private func register(
        _ rows: [JSON], by town: Party = Cast.otherTown
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            town, "POST", Self.path + "/registration-tasks", body: .array(rows))
        try answer.expect(202)
        return answer
    }

    private func record(_ card: SoftwareCard, in town: Party = Cast.otherTown) async throws
        -> (dose: SentDose, visit: RunningGateway.Visit, id: String)
    {
        let visit = try await gateway.openVaccinationVisit(card)
        let dose = SentDose(on: today)
        let answer = try await gateway.record(dose, visit)
        try answer.expect(201)
        return (dose, visit, answer.text("id"))
    }

    private func baby() async throws -> SoftwareCard {
        try await gateway.settleFamily(in: Cast.otherTown).card
    }

    /// `<unit> <copayment> <who said so>` of each version.
    private func charges(_ id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select coalesce(c.refusal,
                        unit_yen || ' ' || copayment_yen || ' ' || left(price_source, 6), 'none')
                    from exchange.vaccination_claim c where c.vaccination::text = $1
                    order by c.version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    @Test func `a claim is priced from the list of the day it is made, and keeps its price`()
        async throws
    {
        var first = try await record(baby())
        #expect(try await charges(first.id) == ["19510 0 架空の委託単"])
        let from = today.adding(days: -30)
        #expect(try await register([row(12_345, 345, from: from)]).int("applied") == 1)
        let listed = try await gateway.send(Cast.otherTown, "GET", Self.path)
        let before = listed.json["prices"]?.array?.first?.object?["knownAt"]?.string ?? ""
        let second = try await record(baby())
        #expect(try await charges(second.id) == ["12345 345 222216"])
        #expect(try await charges(first.id) == ["19510 0 架空の委託単"])
        // Known from now on, of days before: only what is decided from now on is priced by it.
        #expect(try await register([row(13_000, 0, from: from)]).int("applied") == 1)
        #expect(try await charges(second.id) == ["12345 345 222216"])
        first.dose.lot = "FAKE02"
        try await gateway.correct(first.id, seen: "W/\"1\"", first.dose, first.visit).expect(200)
        #expect(
            try await charges(first.id) == ["19510 0 架空の委託単", "13000 0 222216"])
        let known = try await gateway.send(
            Cast.otherTown, "GET", "\(Self.path)?on=\(today.text)&knownAt=\(before)")
        try known.expect(200)
        #expect(known.json["prices"]?.array?.compactMap { $0.object?["unitYen"]?.int } == [12_345])
        let now = try await gateway.send(Cast.otherTown, "GET", Self.path)
        #expect(now.json["prices"]?.array?.compactMap { $0.object?["subsidyYen"]?.int } == [13_000])
        let theirs = try await gateway.send(Cast.town, "GET", Self.path)
        #expect(theirs.json["prices"]?.array?.isEmpty == true)
        // 取消し: the schedule is the municipality's own from the first row on, so the dose waits.
        #expect(try await register([row(13_000, 0, from: from, "2")]).int("applied") == 1)
        let waiting = try await record(baby())
        #expect(try await charges(waiting.id) == ["none"])
        let unsent = try await record(baby())
        // A dose of three days before comes to light: by now this one would be stopped, and its line stands.
        let standing = try await record(baby())
        var earlier = SentDose(on: today.adding(days: -3))
        earlier.lot = "FAKE03"
        try await gateway.record(earlier, standing.visit).expect(201)
        try await gateway.record(standing.dose, standing.visit).expect(200)
        #expect(try await register([row(14_000, 0, from: today)]).int("applied") == 1)
        try await gateway.record(waiting.dose, waiting.visit).expect(200)
        #expect(try await charges(waiting.id) == ["none", "14000 0 222216"])
        // Nobody sends the other one again, and it is made all the same, once.
        #expect(try await charges(unsent.id) == ["none"])
        for _ in 0..<2 { try await gateway.makeWaitingClaims() }
        #expect(try await charges(unsent.id) == ["none", "14000 0 222216"])
        #expect(try await charges(standing.id) == ["none"])
        #expect(try await charges(waiting.id).count == 2)
    }

    private func settled(_ home: Party?) async throws -> (
        resident: TestResident, card: SoftwareCard
    ) {
        if let home { return try await gateway.settleFamily(days: 500, in: home) }
        var (resident, card) = try await gateway.settle(in: nil)
        let birth = today.adding(days: -500)
        resident.dateOfBirth = birth.text
        let row = resident.row("kodomo", birth, today.adding(days: 300))
        try await gateway.hold([row], by: Cast.otherTown)
        return (resident, card)
    }

    /// 任意接種の助成: nobody's line until the municipality of residence pays for it.
    @Test func `a voluntary dose is a claim once the municipality has a price for it`() async throws
    {
        func charged(isHomeLate: Bool = false) async throws -> [String] {
            let (resident, card) = try await settled(isHomeLate ? nil : Cast.otherTown)
            let visit = try await gateway.openVaccinationVisit(card)
            var dose = SentDose(on: today)
            dose.vaccine = "mumps"
            dose.basis = "voluntary"
            let answer = try await gateway.record(dose, visit)
            try answer.expect(201)
            if isHomeLate {
                let home = resident.residence(Cast.otherTown.code, from: today.adding(days: -600))
                try await gateway.feed([home])
                try await gateway.makeWaitingClaims()
            }
            return try await charges(answer.text("id"))
        }
        #expect(try await charged() == ["not-routine"])
        // An old defect: whose home was told late was never paid for.
        #expect(try await charged(isHomeLate: true) == ["residence-unknown", "not-routine"])
        let price = try row(8_000, 3_000, from: today, programme: "voluntary-mumps")
        #expect(try await register([price]).int("applied") == 1)
        #expect(try await charged() == ["8000 3000 222216"])
        #expect(
            try await charged(isHomeLate: true) == ["residence-unknown", "8000 3000 222216"])
    }

    @Test func `a contradiction is refused with its line, and the rest is taken once`() async throws
    {
        let day = today.adding(days: 400)
        let rows = [
            try row(7_000, 0, from: day, programme: "bcg"),
            try row(7_100, 0, from: day.adding(days: 10), programme: "bcg"),
            try row(7_200, 7_201, from: day, programme: "mr"),
            try row(7_300, 0, from: day, programme: "mr"),
        ]
        let answer = try await register(rows, by: Cast.town)
        #expect(answer.int("applied") == 2 && answer.int("refused") == 2)
        let report = try await gateway.send(
            Cast.town, "GET", "\(Self.path)/registration-tasks/\(answer.text("taskId"))")
        let results = (report.json["results"]?.array ?? []).compactMap(\.object).map { result in
            let finding = result["findings"]?.array?.first?.object
            return "\(result["line"]?.int ?? 0) \(finding?["item"]?.string ?? "") "
                + "\(finding?["code"]?.string ?? "")"
        }
        #expect(results == ["2 priceFrom price-overlap", "3 copaymentYen format"])
        let again = try await register([rows[0], rows[3]], by: Cast.town)
        #expect(again.int("unchanged") == 2)
        try await gateway.expect(
            .notYourPurpose, of: .registerVaccinationPrices, from: Cast.prefecture
        ) {
            try await gateway.send(
                Cast.prefecture, "POST", Self.path + "/registration-tasks", body: .array(rows))
        }
        try await gateway.expect(.malformed("knownAt"), of: nil, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", Self.path + "?knownAt=yesterday")
        }
    }

    @Test func `a price list comes by file, in the office's encoding`() async throws {
        let header = "更新区分,接種種別コード,ワクチンコード,開始日,終了日,委託単価,自己負担額,公費負担額\r\n"
        let lines = [
            "1,hepatitis-b,,R8.4.1,R9.3.31,6030,30,6000", "1,hepatitis-b,,2027-04-01,,6100,0,6100",
            "1,hepatitis-b,,2027-04-02,,6200,0,6200", "1,rota-monovalent,,2026-04-01,,15040,0,1",
        ]
        let bytes = Characters(.cp932, table: .cp932).bytes(
            of: header + lines.map { $0 + "\r\n" }.joined()
        ).bytes
        let answer = try await gateway.take(
            bytes, as: "vaccination-prices", field: "immunization")
        #expect(answer.number("additions") == 2 && answer.number("refused") == 2, "\(answer.text)")
        let codes = answer.results.map { result in
            "\(result["line"]?.int ?? 0) \(result.findings.first?["code"]?.string ?? "")"
        }
        #expect(Set(codes) == ["4 price-overlap", "5 contradicts"])
    }

    /// 自己負担の区分.
    @Test func `an exempt household pays its own price`() async throws {
        let price = try row(12_000, 1_000, from: today, programme: "pneumococcal-child")
        let exempt = try #require(
            try row(12_000, 0, from: today, programme: "pneumococcal-child").object
        ).with("copaymentClass", .string("tax-exempt"))
        #expect(try await register([price, .object(exempt)]).int("applied") == 2)
        let concept = try JSON(
            reading: """
                [{"coding":[{"system":"urn:tsunagi:CodeSystem:copayment-class",\
                "code":"tax-exempt"}]}]
                """)
        for (isExempt, charge) in [(false, "12000 1000 222216"), (true, "12000 0 222216")] {
            let visit = try await gateway.openVaccinationVisit(baby())
            var dose = SentDose(on: today)
            dose.vaccine = "pcv20"
            var body = dose.body(visit)
            if isExempt { body = body.with("programEligibility", concept) }
            let answer = try await gateway.send(
                Cast.clinic, "POST", RunningGateway.vaccinationPath, body: .object(body))
            try answer.expect(201)
            #expect(try await charges(answer.text("id")) == [charge])
        }
        let listed = try await gateway.send(Cast.otherTown, "GET", Self.path)
        let classes = (listed.json["prices"]?.array ?? []).compactMap {
            $0.object?["copaymentClass"]?.string
        }
        #expect(classes == ["tax-exempt"])
    }

    @Test func `a price list by file may hold ages and classes`() async throws {
        let header =
            "更新区分,接種種別コード,ワクチンコード,開始日,終了日,委託単価,自己負担額,公費負担額,"
            + "年齢（から）,年齢（まで）,自己負担の区分\r\n"
        let lines = [
            "1,zoster-live,,2026-04-01,,9000,4000,5000,,,",
            "1,zoster-live,,2026-04-01,,9000,2000,7000,70,,",
            "1,zoster-live,,2026-04-01,,9000,0,9000,,,public-assistance",
            "1,zoster-live,,2026-04-01,,9000,0,9000,,,rich",
        ]
        let bytes = Array((header + lines.map { $0 + "\r\n" }.joined()).utf8)
        let answer = try await gateway.take(
            bytes, as: "vaccination-prices", field: "immunization")
        #expect(answer.number("additions") == 3 && answer.number("refused") == 1, "\(answer.text)")
    }

    @Test func `not even the owner changes what was registered`() async throws {
        _ = try await register(
            [row(9_000, 0, from: today.adding(days: 900), programme: "varicella")], by: Cast.town)
        for sql in [
            "update exchange.agreed_price set unit_yen = 1",
            "delete from exchange.agreed_price", "truncate exchange.agreed_price",
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 過去の接種歴のファイル over the wire: what a town's own ledger held becomes the history that a nurse, a mother
/// and the next town see; nobody is paid for it, and who gave a dose is believed before it.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PastDoseFileTests {
    private static let layout = "past-doses"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func row(
        _ resident: TestResident, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "記録番号": number, "個人番号": resident.number, "生年月日": resident.dateOfBirth,
            "ワクチン": "五種混合", "接種回数": "1", "接種日": today.adding(days: -10).text,
            "製造番号": "LEDGER1", "医療機関コード": "1319999996",
        ].merging(changes) { $1 }
    }

    private func take(
        _ rows: [[String: String]], _ encoding: TextEncoding = .cp932, by town: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        try await gateway.take(
            NightFile(pastDoses: rows).bytes(encoding), as: Self.layout, by: town,
            field: "immunization")
    }

    private func told(_ answer: TLSClient.Answer) -> Set<String> {
        Set(
            answer.results.flatMap { result in
                result.findings.map {
                    "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                        + "\($0["code"]?.string ?? "")"
                }
            })
    }

    /// As the mother reads it.
    private func own(_ card: SoftwareCard) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Immunization", headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer.entries
    }

    private func versions(_ number: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    "select status from exchange.vaccination where identifier = $1 order by version"
                ), [.text(number)]
            ).map { try $0.text(0) }
        }
    }

    private func number() -> String { RecordID.random().text }

    @Test(arguments: [TextEncoding.cp932, .utf8])
    func `a ledger's dose is history for nurse and mother, and nobody's claim`(
        encoding: TextEncoding
    ) async throws {
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        #expect(
            try await !gateway.checkVaccine("dpt-ipv-hib", visit).findings.map(\.rule)
                .contains("interval"))
        let number = number()
        let entered = """
            select count(*) from log.access_entry
            where purpose = 'register-past-doses' and person is not null
            """
        let before = try await gateway.count(entered)
        let answer = try await take([row(resident, number)], encoding)
        #expect(answer.number("additions") == 1 && told(answer).isEmpty, "\(answer.text)")
        #expect(
            try await gateway.checkVaccine("dpt-ipv-hib", visit).findings.map(\.rule)
                .contains("interval"))
        let seen = try #require(try await own(card).first)
        #expect(seen["primarySource"]?.bool == false && seen["lotNumber"]?.string == "LEDGER1")
        #expect(seen["reportOrigin"]?.object?["text"]?.string == "市区町村の予防接種台帳")
        // Whose ledger it was is said as what it is: no institution's number.
        let said = JSON.object(seen).text
        #expect(said.contains(#""urn:tsunagi:local-government-code","value":"\#(Cast.town.code)""#))
        let lines = try await gateway.count(
            """
            select count(*) from exchange.vaccination_claim c
            join exchange.vaccination v using (person, vaccination, version)
            where v.identifier = $1 and c.refusal = 'copied' and c.programme = 'dpt-ipv-hib'
                and c.municipality = $2 and not c.is_out_of_area and c.unit_yen is null
                and v.visit is null and not v.is_line
                and not exists (
                    select 1 from exchange.delivery d
                    where d.record = v.vaccination and d.field <> 'own-doses')
            """, [.text(number), .text(Cast.town.code)])
        #expect(lines == 1)
        #expect(try await gateway.count(entered) == before + 1)
    }

    @Test func `each row that cannot be taken is told of by itself`() async throws {
        let (resident, _) = try await gateway.settleFamily()
        let (other, _) = try await gateway.settleFamily()
        let (foreign, _) = try await gateway.settleFamily(in: Cast.otherTown)
        let number = number()
        let born = try CalendarDay(resident.dateOfBirth)
        let answer = try await take([
            row(resident, number + "-0"),
            row(resident, number + "-1", ["接種日": today.adding(days: 1).text]),
            row(resident, number + "-2", ["接種日": born.adding(days: -1).text]),
            row(resident, number + "-3", ["生年月日": "2001-01-01"]),
            row(foreign, number + "-4"), row(resident, number + "-5", ["更新区分": "2"]),
            row(resident, number + "-6", ["接種回数": "x"]),
            row(resident, number + "-7", ["ワクチン": "ナゾ", "接種日": today.text]),
            row(resident, number + "-8", ["ワクチン": "bcg", "接種日": today.text, "接種回数": "1"]),
            row(resident, number + "-9", ["ワクチン": "mr", "接種日": today.text]),
        ])
        #expect(
            told(answer) == [
                "3 givenOn day-ahead", "4 givenOn before-birth", "5 dateOfBirth another-person",
                "6 myNumber not-own-resident", "7 recordNumber past-dose-unknown",
                "8 doseNumber format", "9 vaccine vaccine-unknown", "11 givenOn dose-outside-act",
            ], "\(answer.text)")
        #expect(answer.number("additions") == 4 && answer.number("refused") == 6)
        #expect(
            told(try await take([row(other, number + "-0")]))
                == ["2 recordNumber past-dose-of-another"])
        // One who was never settled anywhere is believed to have lived there.
        let stranger = gateway.people.next()
        #expect(try await take([row(stranger, number + "-s")]).number("additions") == 1)
    }

    @Test func `sent again a row changes nothing, corrects, or withdraws what came`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let number = number()
        let first = row(resident, number)
        let dry = try await gateway.upload(
            NightFile(pastDoses: [first]).bytes(), as: Self.layout, "dryRun=true")
        let weighed = try await gateway.settled(dry.text("file"), as: Self.layout)
        #expect(weighed.number("additions", in: "effect") == 1, "\(weighed.text)")
        #expect(try await versions(number).isEmpty)
        #expect(try await take([first]).number("additions") == 1)
        #expect(try await take([first], .utf8).number("unchanged") == 1)
        for change in [["製造番号": "LEDGER2"], ["製造番号": "LEDGER2", "区域外接種フラグ": "1"]] {
            let mended = row(resident, number, change)
            #expect(try await take([mended]).number("changes") == 1)
            #expect(try await take([mended]).number("unchanged") == 1)
        }
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let issued = try await gateway.send(
            Cast.portal, "POST", "/fhir/\(patient)/$health-cards-issue",
            headers: [token],
            body: try JSON(
                reading: """
                    {"resourceType":"Parameters","parameter":[{"name":"credentialType",\
                    "valueUri":"Immunization"}]}
                    """))
        try issued.expect(200)
        let withdrawn = ["更新区分": "2", "記録番号": number, "個人番号": resident.number]
        #expect(try await take([withdrawn]).number("ends") == 1)
        #expect(try await take([withdrawn]).number("unchanged") == 1)
        #expect(told(try await take([first])) == ["2 recordNumber past-dose-withdrawn"])
        let all = try await versions(number)
        #expect(all == ["completed", "completed", "completed", "entered-in-error"])
        #expect(try await own(card).map { $0["status"]?.string } == ["entered-in-error"])
        // The card that held the dose holds no longer.
        let revoked = try await gateway.count(
            "select count(*) from exchange.health_card where card = $1 and revoked_at is not null",
            [.text(issued.parameter("id")?.string ?? "")])
        #expect(revoked == 1)
    }

    @Test(arguments: [false, true])
    func `of one dose the clinic's word stands, whichever came first`(isLedgerFirst: Bool)
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        let day = today.adding(days: -10)
        let dose = SentDose(on: day)
        let number = number()
        if isLedgerFirst { _ = try await take([row(resident, number)]) }
        try await gateway.record(dose, visit).expect(201)
        if !isLedgerFirst {
            let answer = try await take([row(resident, number)])
            #expect(told(answer) == ["2 givenOn dose-known"], "\(answer.text)")
            #expect(answer.number("additions") == 1)
        }
        #expect(try await own(card).map { $0["lotNumber"]?.string } == [dose.lot])
        let claims = try await gateway.count(
            """
            select count(*) from exchange.vaccination_claim c
            join exchange.vaccination v using (person, vaccination, version)
            where v.identifier = $1 and c.refusal is null and not 'duplicate' = any (c.remarks)
            """, [.text(dose.identifier)])
        #expect(claims == 1)
        // The ledger's number twice, and a second number for the same dose: still one dose.
        _ = try await take([row(resident, number), row(resident, number + "-b")])
        #expect(try await own(card).count == 1)
    }

    /// An old gap: ledgers from before days were asked for had no way in.
    @Test func `of a month alone nurse and mother know the month, until the day is told`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVaccinationVisit(card)
        let number = number()
        let month = String(today.adding(days: -10).text.prefix(7))
        let sent = row(resident, number, ["接種日": month])
        let answer = try await take([sent])
        #expect(told(answer) == ["2 givenOn unknown-day"], "\(answer.text)")
        #expect(answer.number("additions") == 1)
        #expect(try await take([sent]).number("unchanged") == 1)
        #expect(try await own(card).map { $0["occurrenceDateTime"]?.string } == [month])
        // Some day of that month is less than 20 days ago, so it cannot be fine.
        let unsure = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        #expect(unsure.findings.map(\.rule).contains("history-partial"))
        let verdict = unsure.parameter("verdict")?.string
        #expect(verdict == "caution" || verdict == "stop", "\(unsure.text)")
        let kept = try await gateway.count(
            """
            select count(*) from exchange.vaccination v
            join exchange.vaccination_claim c using (person, vaccination, version)
            where v.identifier = $1 and v.day is null and c.refusal = 'day-unknown' and c.programme is null
            """, [.text(number)])
        #expect(kept == 1)
        #expect(try await take([row(resident, number)]).number("changes") == 1)
        let certain = try await gateway.checkVaccine("dpt-ipv-hib", visit)
        #expect(certain.findings.map(\.rule).contains("interval"))
        #expect(!certain.findings.map(\.rule).contains("history-partial"))
    }

    @Test func `a month to come, or before the birth, is refused as a day is`() async throws {
        let (resident, _) = try await gateway.settleFamily()
        let number = number()
        let next = today.adding(days: 32 - today.day)
        let before = try CalendarDay(resident.dateOfBirth).adding(days: -31)
        let answer = try await take([
            row(resident, number + "-1", ["接種日": String(next.text.prefix(7))]),
            row(resident, number + "-2", ["接種日": String(before.text.prefix(7))]),
        ])
        let found = told(answer)
        #expect(
            found.isSuperset(of: ["2 givenOn day-ahead", "3 givenOn before-birth"]),
            "\(answer.text)")
        #expect(answer.number("refused") == 2)
    }

    /// Some day of either can have been: born in the middle of it, or it is not over yet.
    @Test func `the month of the birth, and the running one, are taken`() async throws {
        // Not on the first of a month, of which every day is after the birth.
        let days = today.adding(days: -150).day == 1 ? 151 : 150
        let (resident, card) = try await gateway.settleFamily(days: days)
        let number = number()
        let months = [resident.dateOfBirth, today.text].map { String($0.prefix(7)) }
        let answer = try await take([
            row(resident, number + "-1", ["接種日": months[0]]),
            row(resident, number + "-2", ["接種日": months[1], "接種回数": "2"]),
        ])
        #expect(answer.number("additions") == 2, "\(answer.text)")
        let seen = try await own(card).compactMap { $0["occurrenceDateTime"]?.string }
        #expect(Set(seen) == Set(months))
    }

    @Test func `the same dose under two numbers is told of, and is one`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let number = number()
        let answer = try await take([row(resident, number), row(resident, number + "-b")])
        #expect(told(answer) == ["3 givenOn dose-known"], "\(answer.text)")
        #expect(answer.number("additions") == 2)
        #expect(try await own(card).count == 1)
        // One number twice in one file contradicts itself.
        let twice = try await take([row(resident, number), row(resident, number)])
        #expect(told(twice) == ["3 recordNumber duplicate-key"], "\(twice.text)")
    }

    @Test func `the next town sees what the last one's ledger held, while they live there`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let key = "P-\(resident.index)"
        try await gateway.invite(resident, key: key, by: Cast.otherTown)
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        // After the move: the dose was given while they lived in the town that sends it.
        let number = number()
        #expect(try await take([row(resident, number)]).number("additions") == 1)
        func seen(by town: Party) async throws -> [JSONObject] {
            let answer = try await gateway.search(
                town, "/fhir/Immunization/_search",
                [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(key)")])
            try answer.expect(200)
            return answer.entries
        }
        #expect(try await seen(by: Cast.otherTown).map { $0["lotNumber"]?.string } == ["LEDGER1"])
        // What the new town copied of it is the same dose, and what was given there stands beside it.
        let copied = number + "-new"
        let answer = try await take([row(resident, copied)], by: Cast.otherTown)
        #expect(told(answer) == ["2 givenOn dose-known"], "\(answer.text)")
        #expect(try await own(card).count == 1)
        try await gateway.feed([resident.residence(Cast.town.code, from: today)])
        #expect(try await seen(by: Cast.otherTown).isEmpty)
    }

    @Test func `who may not send or read it is refused, and the office reads no clinic's record`()
        async throws
    {
        let (resident, _) = try await gateway.settleFamily()
        let bytes = NightFile(pastDoses: [row(resident, number())]).bytes()
        for party in [Cast.prefecture, Cast.auditor] {
            let answer = try await gateway.upload(bytes, as: Self.layout, "sequence=1", by: party)
            #expect(answer.code == Refusal.notYourPurpose.code, "\(party.key)")
        }
        let done = try await take([row(resident, number(), ["接種日": "x"])])
        #expect(told(done) == ["2 givenOn format"], "\(done.text)")
        for end in ["", "/errors"] {
            let answer = try await gateway.send(
                Cast.otherTown, "GET", "/files/\(Self.layout)/\(done.text("file"))\(end)")
            #expect(answer.code == Refusal.taskUnknown.code)
        }
        let error = await #expect(throws: DatabaseError.self) {
            try await gateway.sql {
                try $0.script("set local role tsunagi_office")
                _ = try $0.query(Statement("select face from exchange.vaccination"))
            }
        }
        #expect(error?.sqlState == "42501")
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 予防接種の案内: whom a municipality invites finds a notice, and who did not come is on its list.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VaccinationTargetTests {
    static let path = "/immunization/registration-tasks"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func notices(_ card: SoftwareCard) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer.entries
    }

    /// Keys of those on the list, all pages of it.
    private func unvaccinated(
        _ programme: String = "dpt-ipv-hib", by town: Party = Cast.town, count: Int = 1_000
    ) async throws -> [String] {
        var keys: [String] = []
        var after = 0
        while true {
            let answer = try await gateway.send(
                town, "GET",
                "/immunization/unvaccinated?programme=\(programme)&after=\(after)&count=\(count)")
            try answer.expect(200)
            let page = (answer.json["targets"]?.array ?? []).compactMap {
                $0.object?["municipalityIdentityKey"]?.string
            }
            if page.count > 1 { gateway.expectMoreEntries(page.count - 1) }
            keys += page
            guard let next = answer.int("next") else { return keys }
            after = next
        }
    }

    @Test func `the baby's family finds one notice, in both languages, however often it is sent`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let row = gateway.invitation(of: resident, key: "N-\(resident.index)")
        for key in ["a", "a", "b"] {
            let answer = try await gateway.send(
                Cast.town, "POST", Self.path,
                headers: [("Idempotency-Key", "\(resident.index)-\(key)")], body: .array([row]))
            try answer.expect(202)
            #expect(answer.int("applied") == (key == "a" ? 1 : 0))
        }
        let told = try await notices(card)
        #expect(told.count == 1)
        let texts = (told.first?["payload"]?.array ?? []).compactMap {
            $0.object?["contentString"]?.string
        }
        #expect(texts.count == 2)
        #expect(texts.first?.contains("五種混合") == true)
        #expect(texts.last?.contains("DPT-IPV-Hib is due") == true)
        #expect(try await notices(gateway.settleBaby()).isEmpty)
    }

    @Test func `an invitation that was taken back and made again is told again`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let key = "T-\(resident.index)"
        try await gateway.invite(resident, key: key)
        try await gateway.invite(resident, key: key, modification: "2")
        #expect(try await !unvaccinated().contains(key))
        try await gateway.invite(resident, key: key)
        #expect(try await notices(card).count == 2)
    }

    @Test func `who has not come is listed until the dose is recorded`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let key = "U-\(resident.index)"
        try await gateway.invite(resident, key: key)
        #expect(try await unvaccinated().contains(key))
        #expect(try await !unvaccinated("mr").contains(key))
        #expect(try await !unvaccinated(by: Cast.otherTown).contains(key))
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        #expect(try await !unvaccinated().contains(key))
        dose.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        #expect(try await unvaccinated().contains(key))
        #expect(try await unvaccinated(count: 1) == unvaccinated())
    }

    @Test func `who came and was not given the dose stays on the list, with the reason`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let key = "R-\(resident.index)"
        try await gateway.invite(resident, key: key)
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today)
        dose.status = "not-done"
        let reason = try JSON(reading: #"{"text":"発熱のため延期"}"#)
        try await gateway.send(
            Cast.clinic, "POST", RunningGateway.vaccinationPath,
            body: .object(dose.body(visit).with("statusReason", reason))
        ).expect(201)
        let answer = try await gateway.send(
            Cast.town, "GET", "/immunization/unvaccinated?programme=dpt-ipv-hib&count=1000")
        let rows = (answer.json["targets"]?.array ?? []).compactMap(\.object)
        if rows.count > 1 { gateway.expectMoreEntries(rows.count - 1) }
        let row = rows.first { $0["municipalityIdentityKey"]?.string == key }
        #expect(row?["notDoneOn"]?.string == today.text)
        #expect(row?["notDoneReason"]?.string == "発熱のため延期")
        #expect(rows.filter { $0["notDoneOn"] != nil }.count == 1)
    }

    /// 過去の接種歴: one dose ends the series on whichever day of its month it was given.
    @Test func `who was given a dose of which a ledger has the month alone is not called again`()
        async throws
    {
        let (resident, _) = try await gateway.settleFamily()
        let (other, _) = try await gateway.settleFamily()
        func invite(_ child: TestResident) async throws -> String {
            let key = "L-\(child.index)"
            let row = gateway.invitation(
                of: child, key: key, programme: "bcg", from: today.adding(days: -120))
            try await gateway.send(Cast.town, "POST", Self.path, body: .array([row])).expect(202)
            return key
        }
        let (key, waiting) = (try await invite(resident), try await invite(other))
        #expect(try await unvaccinated("bcg").contains(key))
        let month = String(today.adding(days: -70).text.prefix(7))
        let told = try await gateway.take(
            NightFile(pastDoses: [
                [
                    "記録番号": RecordID.random().text, "個人番号": resident.number,
                    "生年月日": resident.dateOfBirth, "ワクチン": "BCG", "接種回数": "1", "接種日": month,
                ]
            ]).bytes(), as: "past-doses", field: "immunization")
        #expect(told.number("additions") == 1, "\(told.text)")
        let listed = try await unvaccinated("bcg")
        #expect(!listed.contains(key) && listed.contains(waiting))
        let reminded = try await remind("bcg", key)
        #expect(reminded.int("notWaiting") == 1 && reminded.int("reminded") == 0)
    }

    // 20日以上の間隔: the second is due on the twenty-first day, whenever the invitation began.
    @Test(arguments: [(20, false), (21, true)])
    func `one dose of a series takes nobody off the list for good`(_ days: Int, _ isDue: Bool)
        async throws
    {
        func invited(from: Int) async throws -> String {
            let (resident, card) = try await gateway.settleFamily()
            try await gateway.record(
                SentDose(on: today.adding(days: -days)), gateway.openVaccinationVisit(card)
            ).expect(201)
            let key = "B-\(resident.index)"
            try await gateway.invite(resident, key: key, from: today.adding(days: from))
            return key
        }
        let (before, after) = (try await invited(from: -40), try await invited(from: -1))
        let ahead = try await invited(from: 1)
        let listed = try await unvaccinated()
        #expect(listed.contains(before) == isDue && listed.contains(after) == isDue)
        #expect(!listed.contains(ahead), "one to come is not yet listed")
        let reminded = try await remind("dpt-ipv-hib", before)
        #expect(reminded.int("reminded") == (isDue ? 1 : 0))
        #expect(reminded.int("notWaiting") == (isDue ? 0 : 1))
    }

    private func remind(_ programme: String, _ key: String) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.town, "POST", "/immunization/reminders",
            body: JSON(
                reading: """
                    {"programme":"\(programme)","municipalityIdentityKeys":["\(key)"]}
                    """))
        try answer.expect(200)
        return answer
    }

    @Test func `who began with another product is not called to one that the check would stop`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily(days: 100)
        let key = "X-\(resident.index)"
        let row = gateway.invitation(
            of: resident, key: key, programme: "rota-monovalent", from: today.adding(days: -40))
        try await gateway.send(Cast.town, "POST", Self.path, body: .array([row])).expect(202)
        #expect(try await unvaccinated("rota-monovalent").contains(key))
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today.adding(days: -30))
        dose.vaccine = "rv5"
        try await gateway.record(dose, visit).expect(201)
        #expect(try await gateway.checkVaccine("rv1", visit).parameter("verdict")?.string == "stop")
        #expect(try await !unvaccinated("rota-monovalent").contains(key))
        #expect(try await remind("rota-monovalent", key).int("notWaiting") == 1)
    }

    @Test func `less than a dose is none`() async throws {
        let (resident, card) = try await gateway.settleFamily()
        let key = "S-\(resident.index)"
        try await gateway.invite(resident, key: key)
        let visit = try await gateway.openVaccinationVisit(card)
        let spilt = SentDose(on: today).body(visit).with("isSubpotent", .bool(true))
        try await gateway.send(
            Cast.clinic, "POST", RunningGateway.vaccinationPath, body: .object(spilt)
        ).expect(201)
        #expect(try await unvaccinated().contains(key))
    }

    /// 長期療養特例: BCG at thirteen months is too late, but for the time given again.
    @Test func `one recognised after a long illness is vaccinated, and the dose is claimed`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily(days: 400)
        let visit = try await gateway.openVaccinationVisit(card)
        func rules() async throws -> [String] {
            let answer = try await gateway.checkVaccine("bcg", visit)
            try answer.expect(200)
            return answer.findings.map(\.rule)
        }
        let ended = today.adding(days: -10)
        func tell(_ isRecognised: Bool) async throws {
            let plain = try #require(
                gateway.invitation(
                    of: resident, key: "L-\(resident.index)", programme: "bcg", from: ended
                ).object)
            let row =
                isRecognised ? plain.with("specialCaseEndedOn", .string(ended.text)) : plain
            let answer = try await gateway.send(
                Cast.town, "POST", Self.path, body: .array([.object(row)]))
            try answer.expect(202)
            #expect(answer.int("applied") == 1)
        }
        // An invitation alone gives nobody more time than the law.
        try await tell(false)
        #expect(try await rules().contains("too-late"))
        try await tell(true)
        let told = try await rules()
        #expect(told.contains("long-term-illness") && !told.contains("too-late"))
        try await tell(false)
        #expect(try await rules().contains("too-late"))
        try await tell(true)
        var dose = SentDose(on: today)
        dose.vaccine = "bcg"
        let id = try await gateway.record(dose, visit).text("id")
        let claimed = try await gateway.count(
            """
            select count(*) from exchange.vaccination_claim
            where vaccination = $1::text::uuid and programme = 'bcg' and refusal is null
            """, [.text(id)])
        #expect(claimed == 1)
    }

    static let rows: [(item: String, value: JSON?, finding: String)] = [
        ("modificationSeg", "3", "modificationSeg format"),
        ("programme", "no-such", "programme unknown-code"),
        ("programme", "voluntary-mr", "programme unknown-code"),
        ("validTo", "2020-01-01", "validTo date-order"),
        ("validFrom", nil, "validFrom required"),
        ("specialCaseEndedOn", "2099-01-01", "specialCaseEndedOn date-order"),
        ("municipalityIdentityKey", nil, "municipalityIdentityKey required"),
        ("myNumber", "123456789012", "myNumber number"),
    ]

    @Test(arguments: rows.indices)
    func `a row that is wrong says where, and nobody is told anything`(_ index: Int) async throws {
        let (item, value, finding) = Self.rows[index]
        let (resident, card) = try await gateway.settleFamily()
        let row = try #require(
            gateway.invitation(of: resident, key: "W-\(resident.index)").object)
        let changed = value.map { row.with(item, $0) } ?? row.without(item)
        let answer = try await gateway.send(
            Cast.town, "POST", Self.path, body: .array([.object(changed)]))
        try answer.expect(202)
        #expect(answer.int("refused") == 1)
        let report = try await gateway.send(
            Cast.town, "GET", "\(Self.path)/\(answer.text("taskId"))")
        let found = report.json["results"]?.array?.first?.object?["findings"]?.array?.first?.object
        #expect("\(found?["item"]?.string ?? "") \(found?["code"]?.string ?? "")" == finding)
        #expect(try await notices(card).isEmpty)
    }

    @Test func `a cohort is listed by the municipality's own birth dates, and nobody is left out`()
        async throws
    {
        let (resident, _) = try await gateway.settleFamily()
        let birth = today.adding(days: -150)
        let year = birth.text.dropFirst(5) < "04-02" ? birth.year - 1 : birth.year
        let stranger = try await gateway.settle(in: Cast.otherTown).resident
        let nameless = try await gateway.settle().resident
        let (own, away) = ("K-\(resident.index)", "K-\(stranger.index)")
        try await gateway.invite(resident, key: own)
        try await gateway.invite(stranger, key: away)
        try await gateway.invite(nameless, key: "K-\(nameless.index)")
        func keys(_ query: String) async throws -> [String] {
            try await unvaccinated("dpt-ipv-hib&" + query)
        }
        let listed = try await keys("cohort=\(year)")
        #expect(listed.contains(own))
        #expect(try await !keys("cohort=\(year - 1)").contains(own))
        // Who lives elsewhere is not waited for.
        #expect(try await !unvaccinated().contains(away))
        let unknown = try await keys("cohort=unknown")
        #expect(unknown.contains("K-\(nameless.index)") && !unknown.contains(own))
        #expect(try await keys("over=false").contains(own))
        #expect(try await !keys("over=true").contains(own))
    }

    @Test func `who waits is reminded once a day, and is listed for the letter as CSV`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let key = "R-\(resident.index)"
        try await gateway.invite(resident, key: key)
        func remind() async throws -> TLSClient.Answer {
            let answer = try await gateway.send(
                Cast.town, "POST", "/immunization/reminders",
                body: JSON(
                    reading: """
                        {"programme":"dpt-ipv-hib","municipalityIdentityKeys":["\(key)","nobody"]}
                        """))
            try answer.expect(200)
            return answer
        }
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for _ in 0..<8 { group.addTask { try await remind() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.compactMap { $0.int("reminded") }.reduce(0, +) == 1)
        #expect(Set(answers.compactMap { $0.int("notWaiting") }) == [1])
        #expect(try await notices(card).count == 2)
        let table = try await gateway.send(
            Cast.town, "GET",
            "/immunization/unvaccinated?programme=dpt-ipv-hib&encoding=cp932&count=1000")
        try table.expect(200)
        let text = Characters(.cp932, table: .cp932).text(of: table.body[...]) ?? ""
        let lines = text.split(separator: "\r\n")
        gateway.expectMoreEntries(max(0, lines.count - 2))
        #expect(lines.first?.hasPrefix("宛名番号,接種種別コード,接種種別,対象期間開始") == true)
        let line = lines.first { $0.hasPrefix(key + ",") }
        #expect(line?.hasSuffix(",0,\(today.text),,,") == true, "\(line ?? "")")
        #expect(line?.contains("五種混合") == true)
    }

    static let wrong: [(query: String, refusal: Refusal)] = [
        ("", .missing("programme")), ("?programme=no-such", .malformed("programme")),
        ("?programme=mr&count=0", .malformed("count")),
        ("?programme=mr&after=x", .malformed("after")),
        ("?programme=mr&cohort=24", .malformed("cohort")),
        ("?programme=mr&over=1", .malformed("over")),
        ("?programme=mr&encoding=ebcdic", .malformed("encoding")),
    ]

    @Test(arguments: wrong.indices)
    func `a list of nothing that is known is refused`(_ row: Int) async throws {
        let (query, refusal) = Self.wrong[row]
        try await gateway.expect(refusal, of: nil, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", "/immunization/unvaccinated" + query)
        }
    }
}

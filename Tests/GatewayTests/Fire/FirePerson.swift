import Exchange
import TestSupport
import Trust

/// 火の中の人: somebody of whom every field holds something, so that every route has something to tell.
struct FirePerson: Sendable {
    typealias Header = RunningGateway.Header

    let index: Int
    var resident: TestResident
    let card: SoftwareCard
    let town: Party
    let prefecture: Party
    /// At the clinic, with every kind of consent.
    let visit: RunningGateway.Visit
    let token: Header
    /// `Patient/…` as the portal knows it.
    let patient: String
    var check = ""
    var dose: SentDose
    var doseID = ""
    var reaction: SentReaction
    var reactionID = ""
    var report: SentCheckup
    var reportID = ""
    var sensitive: SentCheckup
    var sensitiveID = ""
    /// Of the town itself.
    var mass: SentCheckup
    var massID = ""
    var confided: SentCheckup
    var confidedID = ""
    var bill: SentBill
    var billID = ""
    var responseID = ""
    var sensitiveResponseID = ""
    var cardID = ""
    var tasks: [String: String] = [:]
    var followUp = ""
    var sensitiveFollowUp = ""
    var files: [String: String] = [:]

    /// 宛名番号: no two residents of a gateway share one, whichever test settles them.
    var key: String { "KEY-\(resident.index)" }
    static let vaccine = "dpt-ipv-hib"
    /// One that is due to everybody here, and that nobody is given.
    static let programme = "hepatitis-b"
    static let consents = ["subsidy", "immunization", "maternal", "maternal-sensitive"]

    var paper: (payer: String, recipient: String, born: String) {
        (TestResident.payerNumber, "R-00\(resident.index)", resident.dateOfBirth)
    }

    /// Of the dose, once it was corrected.
    var mendedLot: String { "MENDED\(index)" }

    /// What only answers about this person may hold, whole.
    var marks: [String] {
        [
            resident.name, "R-00\(resident.index)", key, dose.lot, mendedLot, dose.identifier,
            reaction.identifier,
            report.identifier, sensitive.identifier, bill.identifier, "H-\(index)", "P-\(index)",
            "B-\(index)",
        ]
    }
}

extension Fire {
    /// Settles somebody new; every request of it is heard as one about this person.
    func settle(in town: Party = Cast.town) async throws -> FirePerson {
        let index = nextIndex()
        return try await about([index]) {
            var person = try await begin(index, town)
            learn(person.marks, of: index)
            try await fillClinic(&person)
            try await fillOffice(&person)
            try await fillPortal(&person)
            return person
        }
    }

    private func begin(_ index: Int, _ town: Party) async throws -> FirePerson {
        let (resident, card) = try await gateway.settleFamily(days: 110, in: town)
        let prefecture = town == Cast.town ? Cast.prefecture : Cast.otherPrefecture
        let visit = try await gateway.openVisit(card, consents: FirePerson.consents)
        let token = try await gateway.session(of: card)
        var bill = SentBill("claim", on: gateway.clock.today)
        bill.certificate = ("urn:tsunagi:certificate-type:\(prefecture.code)", "nanbyo")
        var person = FirePerson(
            index: index, resident: resident, card: card, town: town, prefecture: prefecture,
            visit: visit, token: token, patient: try await gateway.patient(token),
            dose: SentDose(on: gateway.clock.today),
            reaction: SentReaction(on: gateway.clock.today, after: nil),
            report: Self.observed(gateway.clock.today),
            sensitive: .epds(14, on: gateway.clock.today),
            mass: SentCheckup(on: gateway.clock.today),
            confided: .signs("none", on: gateway.clock.today), bill: bill)
        person.dose.lot = "LOT\(index)"
        return person
    }

    /// A baby's report after which the town must do something.
    private static func observed(_ day: CalendarDay) -> SentCheckup {
        var checkup = SentCheckup(on: day)
        checkup.findings.removeAll { $0.item == "child-judgement" }
        checkup.findings.append(("child-judgement", .choice("detailed-examination")))
        return checkup
    }

    private func fillClinic(_ person: inout FirePerson) async throws {
        let today = gateway.clock.today
        let row = person.resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300), historyKey: "N",
            [
                "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                "medicalSubsidyRecipientNumber": .string("H-\(person.index)"),
                "designatedMedicalInstitutions": .string(
                    RunningGateway.chronicCare.map(\.code).joined(separator: " ")),
            ])
        try await gateway.hold([row], by: person.prefecture)
        person.check = try await gateway.check(person.visit).text("id")
        let dose = try await gateway.record(person.dose, person.visit)
        try dose.expect(201)
        person.doseID = dose.text("id")
        person.reaction.doseID = person.doseID
        let reaction = try await gateway.report(person.reaction, person.visit)
        try reaction.expect(201)
        person.reactionID = reaction.text("id")
        let report = try await gateway.record(person.report, person.visit)
        try report.expect(201)
        person.reportID = report.text("id")
        let bill = try await gateway.settle(person.bill, person.visit)
        try bill.expect(200)
        person.billID = bill.text("id")
    }

    private func fillOffice(_ person: inout FirePerson) async throws {
        let today = gateway.clock.today
        let delivery = try JSON(
            reading: "{\"on\":\"\(today.adding(days: -14).text)\",\"live\":1,\"still\":0}")
        let rows: [(String, JSON)] = [
            ("/medical-subsidy/registration-tasks", fullRow(of: person)),
            ("/municipal-checkup/registration-tasks", checkupTarget(person)),
            ("/immunization/registration-tasks", invitation(person)),
            ("/life-events/registration-tasks", lifeEvent(person)),
            (
                "/maternal-health/registration-tasks",
                person.resident.birth(
                    on: today.adding(days: -110), notified: today.adding(days: -101),
                    key: "B-\(person.index)")
            ),
            (
                "/maternal-health/registration-tasks",
                person.resident.pregnancy(
                    due: today.adding(days: -10), notified: today.adding(days: -100),
                    key: "P-\(person.index)", ["delivery": delivery])
            ),
        ]
        for (path, row) in rows {
            let answer = try await gateway.send(.post(person.town, path, .array([row])))
            try answer.expect(202)
            guard answer.int("refused") == 0 else {
                throw TLSClient.Gone(description: "\(path): \(answer.text)")
            }
            person.tasks[path] = answer.text("taskId")
        }
        let sensitive = try await gateway.record(person.sensitive, person.visit)
        try sensitive.expect(201)
        person.sensitiveID = sensitive.text("id")
        let mass = try await gateway.record(
            person.mass, notified: "B-\(person.index)", by: person.town)
        try mass.expect(201)
        person.massID = mass.text("id")
        let confided = try await gateway.record(
            person.confided, notified: "B-\(person.index)", by: person.town)
        try confided.expect(201)
        person.confidedID = confided.text("id")
        // The town's own id of the person is learned here, from a line with the person's lot.
        let lines = try await gateway.send(Self.lines(of: person))
        try lines.expect(200)
        let known = lines.entries.first?["patient"]?.object?["reference"]?.string ?? ""
        person.followUp = try await followUp("/fhir/Task", of: known, person)
        person.sensitiveFollowUp = try await followUp("/fhir/sensitive/Task", of: known, person)
        for (layout, bytes) in files(of: person) {
            let sent = file(layout, bytes, "dryRun=true", of: person)
            let receipt = try await gateway.send(sent)
            try receipt.expect(202)
            try await hearComparison(sent, receipt, of: person.index)
            _ = try await gateway.settled(
                receipt.text("file"), as: layout, by: party(of: layout, person))
            person.files[layout] = receipt.text("file")
        }
        let fed = try await gateway.send(.post(Cast.authority, "/card-feed/events", feed(person)))
        person.tasks["/card-feed/events"] = fed.text("taskId")
    }

    private func followUp(
        _ path: String, of patient: String, _ person: FirePerson
    ) async throws -> String {
        let answer = try await gateway.send(.get(person.town, "\(path)?_count=100"))
        try answer.expect(200)
        let own = answer.entries.first {
            $0["for"]?.object?["reference"]?.string == patient
        }
        guard let id = own?["id"]?.string else {
            throw TLSClient.Gone(description: "no task at \(path)")
        }
        return id
    }

    private func fillPortal(_ person: inout FirePerson) async throws {
        let body = try await gateway.answers(to: FirePerson.vaccine, person.patient)
        let saved = try await gateway.send(
            .post(Cast.portal, RunningGateway.responsePath, body, [person.token]))
        try saved.expect(201)
        person.responseID = saved.text("id")
        let asked = try await gateway.send(
            .post(
                Cast.portal, RunningGateway.sensitiveResponsePath,
                RunningGateway.epds([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: person.patient),
                [person.token]))
        try asked.expect(201)
        person.sensitiveResponseID = asked.text("id")
        let card = try await gateway.send(Self.healthCard(of: person))
        try card.expect(200)
        person.cardID = card.parameter("id")?.string ?? ""
    }
}

/// What is sent of a person, once more or for the first time.
extension Fire {
    static func lines(of person: FirePerson) -> Ask {
        .search(
            person.town, "/fhir/Immunization/_search",
            [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(person.key)")])
    }

    static func healthCard(of person: FirePerson) -> Ask {
        let body =
            #"{"resourceType":"Parameters","parameter":[{"name":"credentialType","#
            + #""valueUri":"https://smarthealth.cards#immunization"}]}"#
        return .post(
            Cast.portal, "/fhir/\(person.patient)/$health-cards-issue", try? JSON(reading: body),
            [person.token])
    }

    /// PMH's whole form, in which there is no history.
    func fullRow(of person: FirePerson) -> JSON {
        let today = gateway.clock.today
        return person.resident.row(
            "hitorioya", today.adding(days: -60), today.adding(days: 200),
            ["historyKey": nil, "isDeleted": nil, "incomeSegment": "1"])
    }

    func historyRow(of person: FirePerson) -> JSON {
        let today = gateway.clock.today
        return person.resident.row(
            "kodomo", today.adding(days: -600), today.adding(days: -400),
            historyKey: "H-\(person.index)")
    }

    func checkupTarget(_ person: FirePerson) -> JSON {
        .object(
            JSONObject([
                .init(name: "modificationSeg", value: "1"),
                .init(name: "myNumber", value: .string(person.resident.number)),
                .init(name: "municipalityIdentityKey", value: .string(person.key)),
            ]))
    }

    /// Within the town, so that nobody is taken from it.
    func lifeEvent(_ person: FirePerson) -> JSON {
        let today = gateway.clock.today.text
        return .object(
            JSONObject([
                .init(name: "sequence", value: .string("E-\(person.key)")),
                .init(name: "kind", value: "31"),
                .init(name: "municipalityIdentityKey", value: .string(person.key)),
                .init(name: "myNumber", value: .string(person.resident.number)),
                .init(name: "effectiveOn", value: .string(today)),
                .init(name: "knownOn", value: .string(today)),
                .init(name: "isNotDisclosed", value: .bool(false)),
            ]))
    }

    func invitation(_ person: FirePerson) -> JSON {
        gateway.invitation(
            of: person.resident, key: person.key, programme: FirePerson.programme)
    }

    func feed(_ person: FirePerson) -> JSON {
        .array([
            person.resident.residence(
                person.town.code, from: gateway.clock.today.adding(days: -900))
        ])
    }

    /// Every layout that is served, with one row of this person.
    func files(of person: FirePerson) -> [(layout: String, bytes: [UInt8])] {
        let today = gateway.clock.today
        let row = person.resident.cells(
            today.adding(days: -50), today.adding(days: 100), historyKey: "F-\(person.index)")
        let night = NightFile([row]).bytes()
        let number = person.resident.number
        let targets = "更新区分,宛名番号,個人番号,消除の異動日\r\n1,\(person.key),\(number),\r\n"
        let events =
            "通番,種別,個人番号,発行者,証明書の番号,有効期間開始,有効期間終了,前の発行者,前の証明書の番号,市区町村コード,異動日\r\n"
            + "\(person.index)1,residence,\(number),,,,,,,\(person.town.code),2024-04-01\r\n"
        let guardianships =
            "更新区分,本人の自治体別本人キー,保護者の自治体別本人キー,関係区分,開始日,終了日,親権喪失フラグ\r\n"
            + "1,\(person.key),nobody,2,2024-04-01,,0\r\n"
        let vaccinations =
            "更新区分,宛名番号,個人番号,接種種別コード,対象期間開始,対象期間終了\r\n"
            + "1,\(person.key),\(number),\(FirePerson.programme),\(today.text),\(today.text)\r\n"
        let moves =
            "異動通番,自治体別本人キー,個人番号,異動事由,異動年月日,届出年月日,氏名,氏名カナ,通称,生年月日,性別,住所,"
            + "相手市区町村コード,訂正する異動通番,不開示フラグ\r\n"
            + "F-\(person.key),\(person.key),\(number),31,\(today.text),\(today.text),"
            + ",,,,,,,,0\r\n"
        let prices =
            "更新区分,接種種別コード,ワクチンコード,開始日,終了日,委託単価,自己負担額,公費負担額\r\n"
            + "1,influenza-60,,2026-10-01,,1,0,1\r\n"
        return [
            ("residence-moves", Array(moves.utf8)),
            ("vaccination-targets", Array(vaccinations.utf8)),
            ("vaccination-prices", Array(prices.utf8)),
            ("checkup-results", massCheckups(of: person)),
            ("sensitive-checkup-results", confidences(of: person)),
            ("scheme-masters", schemes(of: person.town)),
            ("immunization-seasons", seasons(of: person.town)),
            ("past-doses", pastDoses(of: person)),
            (
                "checkup-tickets",
                NightFile(checkupTickets: [
                    [
                        "宛名番号": person.key, "個人番号": number, "健診種別コード": "prenatal",
                        "受診券番号": "F-1", "有効期間開始": today.text, "有効期間終了": today.text,
                    ]
                ]).bytes(.utf8)
            ),
            (
                "checkup-prices",
                Array("更新区分,健診コード,受診券の種類,開始日,終了日,委託単価\r\n1,infant-5y,,2026-10-01,,1\r\n".utf8)
            ),
            ("entitlements", night), ("entitlements-full", night),
            ("checkup-targets", Array(targets.utf8)), ("card-bindings", Array(events.utf8)),
            ("guardianships", Array(guardianships.utf8)),
        ]
    }

    private func schemes(of town: Party) -> [UInt8] {
        NightFile(schemes: [
            [
                "市区町村コード": town.code, "機関別受給者証種別ID": "fire", "マスタ種別": "1", "名称": "試験",
                "優先順位": "99", "適用開始日": "2099-04-01",
            ]
        ]).bytes(.utf8)
    }

    /// Nobody here registered any days: taking them back changes no rules.
    private func seasons(of town: Party) -> [UInt8] {
        NightFile(seasons: [["市区町村コード": town.code, "更新区分": "2"]]).bytes(.utf8)
    }

    /// Nothing that anybody else told of.
    private func pastDoses(of person: FirePerson) -> [UInt8] {
        NightFile(pastDoses: [
            [
                "記録番号": "F-\(person.key)", "個人番号": person.resident.number,
                "生年月日": person.resident.dateOfBirth, "実施区分": "2", "ワクチン": "おたふくかぜ",
                "接種日": gateway.clock.today.text,
            ]
        ]).bytes(.utf8)
    }

    private func massCheckups(of person: FirePerson) -> [UInt8] {
        NightFile(massCheckups: [
            [
                "結果番号": "F-\(person.key)", "届出番号": "B-\(person.index)",
                "健診コード": "infant-3-4m", "健診日": gateway.clock.today.text, "体重": "6.5",
                "身長": "62", "頭囲": "41", "判定": "healthy",
            ]
        ]).bytes(.utf8)
    }

    private func confidences(of person: FirePerson) -> [UInt8] {
        NightFile(sensitiveCheckups: [
            [
                "結果番号": "F-\(person.key)", "届出番号": "B-\(person.index)",
                "健診コード": "infant-3-4m", "健診日": gateway.clock.today.text,
                "同意日": gateway.clock.today.text, "被虐待を疑う所見": "none",
            ]
        ]).bytes(.utf8)
    }

    func party(of layout: String, _ person: FirePerson) -> Party {
        layout == "card-bindings" ? Cast.authority : person.town
    }

    func file(
        _ layout: String, _ bytes: [UInt8], _ query: String, of person: FirePerson
    ) -> Ask {
        Ask(
            party: party(of: layout, person), method: "POST", path: "/files/\(layout)?\(query)",
            headers: [("Content-Type", "text/csv")], body: bytes)
    }
}

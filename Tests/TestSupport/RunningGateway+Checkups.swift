package import Exchange
import Ledger
package import Trust

/// 健診結果 as a clinic sends it: the checkup of a baby at 3 to 4 months, whole; tests change what they are
/// about.
package struct SentCheckup: Sendable {
    package enum Value: Sendable {
        case quantity(String, String)
        case choice(String)
        case day(String)
        case absent(String)
    }

    package struct Ticket: Sendable {
        package var body: String
        package var kind: String
        package var serial: Int
        package var issue: Int?

        package init(_ body: Party, _ kind: String, _ serial: Int, issue: Int? = nil) {
            self.body = body.code
            self.kind = kind
            self.serial = serial
            self.issue = issue
        }
    }

    package var identifier: String
    package var checkup = "infant-3-4m"
    package var day: CalendarDay
    package var status = "final"
    package var findings: [(item: String, value: Value)] = [
        ("weight", .quantity("6.42", "kg")), ("height", .quantity("62.5", "cm")),
        ("head-circumference", .quantity("41.0", "cm")), ("neck-control", .choice("yes")),
        ("hip", .choice("none")), ("child-judgement", .choice("healthy")),
    ]
    package var ticket: Ticket?
    package var compartment = CheckupCompartment.open
    /// 同意日 of what a municipality found in confidence.
    package var consentedOn: CalendarDay?

    package init(on day: CalendarDay) {
        identifier = RecordID.random().text
        self.day = day
    }

    /// 妊婦健診 with what it must hold.
    package static func prenatal(on day: CalendarDay) -> SentCheckup {
        var sent = SentCheckup(on: day)
        sent.checkup = "prenatal"
        sent.findings = [
            ("maternal-weight", .quantity("58.4", "kg")),
            ("systolic", .quantity("112", "mm[Hg]")), ("diastolic", .quantity("70", "mm[Hg]")),
            ("urine-protein", .choice("-")), ("urine-sugar", .choice("-")),
        ]
        return sent
    }

    /// The postpartum questionnaire with its total, as its own report.
    package static func epds(_ total: Int, on day: CalendarDay) -> SentCheckup {
        var sent = SentCheckup(on: day)
        sent.checkup = "postpartum-2w"
        sent.compartment = .sensitive
        sent.findings = [("epds-total", .quantity("\(total)", "{score}"))]
        return sent
    }

    /// 産婦健診の判定, apart from what the open report says of her body.
    package static func judged(_ judgement: String, on day: CalendarDay) -> SentCheckup {
        var sent = SentCheckup(on: day)
        sent.checkup = "postpartum-2w"
        sent.compartment = .sensitive
        sent.findings = [("postpartum-judgement", .choice(judgement))]
        return sent
    }

    /// 被虐待を疑う所見, as a hall tells it in confidence.
    package static func signs(_ found: String, on day: CalendarDay) -> SentCheckup {
        var sent = SentCheckup(on: day)
        sent.compartment = .sensitive
        sent.consentedOn = day
        sent.findings = [("abuse-signs", .choice(found))]
        return sent
    }

    package func body(_ visit: RunningGateway.Visit) -> JSONObject {
        body(
            subject: "{\"reference\":\"\(visit.patient)\"}",
            [
                "{\"url\":\"urn:tsunagi:StructureDefinition:visit\",\"valueString\":\"\(visit.id)\"}"
            ])
    }

    /// 集団健診: as a municipality sends it of somebody whom it notified under this key.
    package func body(notified key: String) -> JSONObject {
        body(
            subject: """
                {"identifier":{"system":"urn:tsunagi:maternal-notification-key","value":"\(key)"}}
                """,
            [
                consentedOn.map {
                    """
                    {"url":"urn:tsunagi:StructureDefinition:consented-on","valueDate":"\($0.text)"}
                    """
                }
            ].compactMap(\.self))
    }

    private func body(subject: String, _ extensions: [String]) -> JSONObject {
        let extensions = extensions + [ticket?.member].compactMap(\.self)
        let contained = findings.map { item, value in
            """
            {"resourceType":"Observation","id":"\(item)","status":"final","code":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup-item","code":"\(item)"}]},\
            \(value.member(of: item))}
            """
        }
        let results = findings.map { "{\"reference\":\"#\($0.item)\"}" }
        let text = """
            {"resourceType":"DiagnosticReport","contained":[\(contained.joined(separator: ","))],\
            \(extensions.isEmpty ? "" : "\"extension\":[\(extensions.joined(separator: ","))],")\
            "identifier":[{"system":"https://clinic.example/checkup","value":"\(identifier)"}],\
            "status":"\(status)","code":{"coding":[{"system":"urn:tsunagi:CodeSystem:checkup",\
            "code":"\(checkup)"}]},"subject":\(subject),\
            "effectiveDateTime":"\(day.text)","performer":[{"display":"見本 医師"}],\
            "result":[\(results.joined(separator: ","))]}
            """
        return (try? JSON(reading: text))?.object ?? JSONObject()
    }
}

extension SentCheckup.Value {
    fileprivate func member(of item: String) -> String {
        switch self {
        case .quantity(let value, let unit):
            """
            "valueQuantity":{"value":\(value),"unit":"\(unit)",\
            "system":"http://unitsofmeasure.org","code":"\(unit)"}
            """
        case .choice(let code):
            """
            "valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup-answer:\(item)","code":"\(code)"}]}
            """
        case .day(let day): "\"valueDateTime\":\"\(day)\""
        case .absent(let reason):
            """
            "dataAbsentReason":{"coding":[{"system":"urn:tsunagi:CodeSystem:not-examined",\
            "code":"\(reason)"}]}
            """
        }
    }
}

extension SentCheckup.Ticket {
    fileprivate var member: String {
        let issue = issue.map { ",{\"url\":\"issue\",\"valuePositiveInt\":\($0)}" } ?? ""
        return """
            {"url":"urn:tsunagi:StructureDefinition:checkup-ticket","extension":[{"url":"body",\
            "valueString":"\(body)"},{"url":"kind","valueCode":"\(kind)"},{"url":"serial",\
            "valuePositiveInt":\(serial)}\(issue)]}
            """
    }
}

extension TestResident {
    /// 妊娠届, with what `more` adds to it.
    package func pregnancy(
        due: CalendarDay, notified: CalendarDay, key: String = "P-1", _ more: [String: JSON] = [:]
    ) -> JSON {
        notification("pregnancy", notified, key, ["expectedDate": .string(due.text)], more)
    }

    package func birth(on day: CalendarDay, notified: CalendarDay, key: String = "C-1") -> JSON {
        notification("child", notified, key, ["dateOfBirth": .string(day.text)], [:])
    }

    private func notification(
        _ kind: String, _ notified: CalendarDay, _ key: String, _ items: [String: JSON],
        _ more: [String: JSON]
    ) -> JSON {
        var row = JSONObject([
            .init(name: "myNumber", value: .string(number)),
            .init(name: "notificationKey", value: .string(key)),
            .init(name: "notificationKind", value: .string(kind)),
            .init(name: "notifiedOn", value: .string(notified.text)),
        ])
        for (name, value) in items.merging(more, uniquingKeysWith: { $1 }) {
            row = row.with(name, value)
        }
        return .object(row)
    }
}

extension RunningGateway {
    package static let openConsents = ["maternal"]
    package static let allConsents = ["maternal", "maternal-sensitive"]

    package func openCheckupVisit(
        _ card: SoftwareCard, at institution: Party = Cast.clinic,
        consents: [String] = openConsents
    ) async throws -> Visit {
        try await openVisit(card, at: institution, consents: consents)
    }

    package func record(
        _ checkup: SentCheckup, _ visit: Visit, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "POST", checkup.path, body: .object(checkup.body(visit)))
    }

    package func correct(
        _ id: String, seen tag: String?, _ checkup: SentCheckup, _ visit: Visit,
        by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "PUT", "\(checkup.path)/\(id)",
            headers: tag.map { [("If-Match", $0)] } ?? [], body: .object(checkup.body(visit)))
    }

    /// 集団健診, one request for one child.
    package func record(
        _ checkup: SentCheckup, notified key: String, by town: Party = Cast.town
    ) async throws -> Answer {
        try await send(
            town, "POST", checkup.path, body: .object(checkup.body(notified: key)))
    }

    package func correct(
        _ id: String, seen tag: String?, _ checkup: SentCheckup, notified key: String,
        by town: Party = Cast.town
    ) async throws -> Answer {
        try await send(
            town, "PUT", "\(checkup.path)/\(id)",
            headers: tag.map { [("If-Match", $0)] } ?? [],
            body: .object(checkup.body(notified: key)))
    }

    /// What every institution recorded, as the one of the visit is told.
    package func checkups(
        of visit: Visit, in compartment: CheckupCompartment = .open,
        by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "GET",
            "\(compartment.basePath)/DiagnosticReport?subject=\(visit.patient)")
    }

    /// Rows that must all be taken.
    package func notify(_ rows: [JSON], by body: Party = Cast.town) async throws {
        let answer = try await send(
            body, "POST", "/maternal-health/registration-tasks", body: .array(rows))
        try answer.expect(202)
        guard answer.int("applied") == rows.count else { throw Unexpected(answer) }
    }

    /// Somebody expecting a child in so many days, whose town gave out her tickets ten days ago.
    package func settleMother(
        dueInDays days: Int = 100, in body: Party = Cast.town, _ more: [String: JSON] = [:]
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        let (resident, card) = try await settle(in: body)
        try await notify(
            [
                resident.pregnancy(
                    due: clock.today.adding(days: days), notified: clock.today.adding(days: -10),
                    more)
            ], by: body)
        return (resident, card)
    }

    /// What waits for a municipality, or stands as it is asked for.
    package func followUps(
        _ compartment: CheckupCompartment = .open, of body: Party = Cast.town,
        standing status: String? = nil
    ) async throws -> Answer {
        let narrowed = status.map { "status=\($0)&" } ?? ""
        let answer = try await send(
            body, "GET", "\(compartment.basePath)/Task?\(narrowed)_count=100")
        try answer.expect(200)
        expectMoreEntries(max(0, Set(answer.entries.compactMap(Self.patient)).count - 1))
        return answer
    }

    private static func patient(_ task: JSONObject) -> String? {
        task["for"]?.object?["reference"]?.string
    }
}

extension SentCheckup {
    package var path: String { compartment.basePath + "/DiagnosticReport" }
}

extension TLSClient.Answer {
    /// Item and code of every issue of a refusal, in order.
    package var issues: [String] {
        (json["issue"]?.array ?? []).compactMap(\.object).map { issue in
            let codings = issue["details"]?.object?["coding"]?.array ?? []
            let code = codings.last?.object?["code"]?.string ?? ""
            return "\(issue["expression"]?.array?.first?.string ?? "") \(code)"
        }
    }
}

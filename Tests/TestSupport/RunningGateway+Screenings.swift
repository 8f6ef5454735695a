package import Exchange

/// 予診票 as a resident fills it in: the form is asked for, and every question that must be answered is.
extension RunningGateway {
    package static let responsePath = "/fhir/QuestionnaireResponse"

    /// No to every question but those in `yes`, each with its details, and the guardian's consent; `leaving`
    /// takes questions out.
    package func answers(
        to vaccine: String, _ patient: String, status: String = "completed",
        yes: [String: String] = [:], leaving left: Set<String> = []
    ) async throws -> JSON {
        let path = "/fhir/Questionnaire/screening-child-\(vaccine)-1"
        let form = try await send(Cast.portal, "GET", path)
        try form.expect(200)
        var items: [String] = []
        for case .object(let item) in form.json["item"]?.array ?? []
        where item["required"]?.bool == true {
            let linkID = item["linkId"]?.string ?? ""
            guard !left.contains(linkID),
                let value = Self.answer(linkID, item, yes: yes)
            else { continue }
            items.append(#"{"linkId":"\#(linkID)","answer":[{\#(value)}]}"#)
        }
        return try JSON(
            reading: #"{"resourceType":"QuestionnaireResponse","questionnaire":""#
                + form.text("url") + "|" + form.text("version") + #"","status":"\#(status)","#
                + #""subject":{"reference":"\#(patient)"},"item":[\#(items.joined(separator: ","))]}"#
        )
    }

    private static func answer(
        _ linkID: String, _ item: JSONObject, yes: [String: String]
    ) -> String? {
        let asked = item["enableWhen"]?.array?.first?.object?["question"]?.string
        guard asked.map({ yes[$0] != nil }) ?? true else { return nil }
        switch item["type"]?.string {
        case "boolean":
            let isYes = yes[linkID] != nil || ["understood", "consent"].contains(linkID)
            return #""valueBoolean":\#(isYes)"#
        case "string", "text": return #""valueString":"\#(asked.flatMap { yes[$0] } ?? "")""#
        default: return #""valueCoding":{"code":"guardian"}"#
        }
    }

    /// Answers that the resident submits; the id as the portal knows it.
    package func submit(
        _ vaccine: String, _ token: Header, yes: [String: String] = [:]
    ) async throws -> String {
        let body = try await answers(to: vaccine, patient(token), yes: yes)
        let answer = try await send(
            Cast.portal, "POST", Self.responsePath, headers: [token], body: body)
        try answer.expect(201)
        return answer.text("id")
    }
}

/// 予防接種の案内 as a municipality sends it.
extension RunningGateway {
    package func invitation(
        of resident: TestResident, key: String, programme: String = "dpt-ipv-hib",
        modification: String = "1", from: CalendarDay? = nil
    ) -> JSON {
        let from = from ?? clock.today
        return .object(
            JSONObject([
                .init(name: "modificationSeg", value: .string(modification)),
                .init(name: "myNumber", value: .string(resident.number)),
                .init(name: "municipalityIdentityKey", value: .string(key)),
                .init(name: "programme", value: .string(programme)),
                .init(name: "validFrom", value: .string(from.text)),
                .init(name: "validTo", value: .string(from.adding(days: 365).text)),
            ]))
    }

    /// One that must be taken.
    package func invite(
        _ resident: TestResident, key: String, modification: String = "1",
        from: CalendarDay? = nil, by town: Party = Cast.town
    ) async throws {
        let row = invitation(of: resident, key: key, modification: modification, from: from)
        let answer = try await send(
            town, "POST", "/immunization/registration-tasks", body: .array([row]))
        try answer.expect(202)
        guard answer.int("applied") == 1 else { throw Unexpected(answer) }
    }
}

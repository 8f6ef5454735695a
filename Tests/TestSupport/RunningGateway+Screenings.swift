package import Exchange

/// 予診票 as a resident fills it in: the form is asked for, and every question that must be answered is.
extension RunningGateway {
    package static let responsePath = "/fhir/QuestionnaireResponse"

    /// No to every question but those in `yes`, each with its details, and the guardian's consent; `leaving`
    /// takes questions out; `form` is the id of another form than that of a child.
    package func answers(
        to vaccine: String, _ patient: String, status: String = "completed",
        yes: [String: String] = [:], leaving left: Set<String> = [], form id: String? = nil
    ) async throws -> JSON {
        let path = "/fhir/Questionnaire/" + (id ?? "screening-child-\(vaccine)-1")
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

/// 問診票 before a checkup.
extension RunningGateway {
    package static let sensitiveResponsePath = "/fhir/sensitive/QuestionnaireResponse"

    /// EPDS two weeks after delivery: the score of each question, in order; `nil` is left out.
    package static func epds(
        _ scores: [Int?], of patient: String, status: String = "completed"
    ) -> JSON {
        let answers = scores.enumerated().compactMap { index, score in
            score.map { score -> (String, String) in
                let number = index + 1
                let isRising = [1, 2, 4].contains(number)
                return ("\(number)", "\(isRising ? score + 1 : 4 - score)")
            }
        }
        return choices(answers, to: "sensitive-screening-epds-postpartum-2w", patient, status)
    }

    /// The questions at 3 years: no to all but these.
    package static func childHistory(
        of patient: String, yes: Set<String> = [], leaving left: Set<String> = [],
        status: String = "completed"
    ) -> JSON {
        let asked = ["congenital", "convulsions", "asthma-atopy", "food-allergy"]
        return choices(
            asked.filter { !left.contains($0) }.map { ($0, yes.contains($0) ? "yes" : "no") },
            to: "screening-child-history-3y-infant-3y", patient, status)
    }

    /// What is asked in confidence at 3 to 4 months: whether the child was hit in anger.
    package static func childRearing(
        hit: Bool, of patient: String, status: String = "completed"
    ) -> JSON {
        choices(
            [("home-hit", hit ? "yes" : "no")],
            to: "sensitive-screening-child-rearing-3-4m-infant-3-4m", patient, status)
    }

    private static func choices(
        _ answers: [(linkID: String, code: String)], to form: String, _ patient: String,
        _ status: String
    ) -> JSON {
        let items = answers.map {
            #"{"linkId":"\#($0.linkID)","answer":[{"valueCoding":{"code":"\#($0.code)"}}]}"#
        }
        let text = """
            {"resourceType":"QuestionnaireResponse",\
            "questionnaire":"urn:tsunagi:Questionnaire:\(form)|1","status":"\(status)",\
            "subject":{"reference":"\(patient)"},"item":[\(items.joined(separator: ","))]}
            """
        return (try? JSON(reading: text)) ?? .null
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

/// QuestionnaireResponse (https://hl7.org/fhir/R4/questionnaireresponse.html) to a form of ours. A draft may
/// leave out anything; what was submitted answers every question that is required and open. No question
/// is answered that was not asked.
package struct SubmittedResponse: Hashable, Sendable {
    /// As the body says it, for a correction: https://hl7.org/fhir/R4/http.html#update.
    package let id: String?
    package let patientID: String
    package let response: ScreeningResponse

    package init(reading body: [UInt8], _ forms: ScreeningForms) throws(Refusal) {
        try self.init(reading: JSONObject(resource: body), forms)
    }

    /// Also of a response inside the question of a check (`NeedleRequest.response`).
    package init(
        reading resource: JSONObject, at path: String = "", _ forms: ScreeningForms
    ) throws(Refusal) {
        try resource.requireResource("QuestionnaireResponse", at: path)
        try JSON.object(resource).refuseIndividualNumbers(at: path)
        try resource.refuseModifiers(at: path)
        id = try resource.optionalString("id", at: path)
        patientID = try resource.patientID("subject", at: path)
        response = try ScreeningResponse(reading: resource, at: path, forms)
    }
}

extension ScreeningResponse {
    fileprivate init(
        reading resource: JSONObject, at path: String, _ forms: ScreeningForms
    ) throws(Refusal) {
        guard let status: Status = try resource.code("status", at: path) else {
            throw .missing(JSONPath.member("status", of: path))
        }
        let canonical = try resource.requiredString("questionnaire", at: path)
        guard let form = forms.form(named: canonical) else {
            throw .malformed(JSONPath.member("questionnaire", of: path))
        }
        var given: [String: (value: Value, path: String)] = [:]
        for (row, place) in try resource.objects("item", at: path) {
            let linkID = try row.requiredString("linkId", at: place)
            guard let item = form.items.first(where: { $0.linkID == linkID }) else {
                throw .malformed(place + ".linkId")
            }
            guard row["item"] == nil else { throw .unknownItem(place + ".item") }
            guard let value = try item.answer(in: row, at: place) else { continue }
            guard given.updateValue((value, place), forKey: linkID) == nil else {
                throw .duplicateItem(place)
            }
        }
        self.init(
            form: form, status: status, authored: try resource.time("authored", at: path),
            answers: form.items.compactMap { item in
                given[item.linkID].map { Answer(linkID: item.linkID, value: $0.value) }
            })
        let open = Set(enabled.map(\.linkID))
        for answer in answers where !open.contains(answer.linkID) {
            throw .unknownItem(given[answer.linkID]?.path ?? path)
        }
        if status != .draft, let linkID = unanswered.first {
            throw .missing(JSONPath.member("item", of: path) + "(\(linkID))")
        }
    }

    /// As it was understood: reading it again gives the same answers.
    fileprivate func write(to resource: inout JSONWriter, of patientID: String?) {
        resource.member("questionnaire", form.canonical)
        resource.member("status", status.rawValue)
        if let patientID { resource.reference("subject", "Patient/" + patientID) }
        resource.member("authored", authored?.text)
        guard !answers.isEmpty else { return }
        resource.array("item") { list in
            for answer in answers {
                let item = form.items.first { $0.linkID == answer.linkID }
                let system = item.map(form.answerSystem) ?? FHIR.System.screeningAnswer
                list.object { item in
                    item.member("linkId", answer.linkID)
                    item.array("answer") { values in
                        values.object { answer.value.write("value", in: system, to: &$0) }
                    }
                }
            }
        }
    }
}

/// 保存の形: the answers as the ledger keeps them, naming nobody.
extension ScreeningResponse {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { resource in
            resource.member("resourceType", "QuestionnaireResponse")
            write(to: &resource, of: nil)
        }
        return writer.text
    }

    /// Throws `.malformed` where the rules no longer know the form.
    package init(face: String, _ forms: ScreeningForms) throws(Refusal) {
        try self.init(
            reading: JSON(reading: Array(face.utf8)).requiredObject(at: "response"), at: "", forms)
    }

    /// The answer of `Questionnaire/$populate`: a draft that nobody has saved yet.
    package func renderPopulated(of patientID: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { answer in
            answer.member("resourceType", "Parameters")
            answer.array("parameter") { list in
                list.parameter("response") { parameter in
                    parameter.object("resource") { resource in
                        resource.member("resourceType", "QuestionnaireResponse")
                        write(to: &resource, of: patientID)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension ScreeningVersion {
    /// `isScored`: with what the answers come to, for whoever reads them to decide.
    package func render(as patientID: String, isScored: Bool = false) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { resource in
            resource.member("resourceType", "QuestionnaireResponse")
            resource.member("id", id)
            resource.object("meta") { meta in
                meta.member("versionId", String(version))
                meta.member("lastUpdated", savedAt.text)
            }
            if isScored { response.writeScore(to: &resource) }
            response.write(to: &resource, of: patientID)
        }
        return writer.bytes
    }
}

/// 予診票・問診票の回答, in the order given.
package func renderScreenings(
    _ versions: [ScreeningVersion], of patientID: String, isScored: Bool = false, page: SearchPage
) -> [UInt8] {
    renderSearchset(
        versions.map {
            SearchEntry(
                reference: "QuestionnaireResponse/" + $0.id,
                resource: $0.render(as: patientID, isScored: isScored))
        }, page: page)
}

extension ScreeningResponse {
    /// 採点の結果, as `profiles/fhir/StructureDefinition-screening-score.json` has it.
    fileprivate func writeScore(to resource: inout JSONWriter) {
        let score = score
        guard score.total != nil || !score.followUps.isEmpty else { return }
        resource.array("extension") { list in
            list.object { entry in
                entry.member("url", FHIR.Extension.screeningScore)
                entry.array("extension") { parts in
                    if let total = score.total {
                        parts.object {
                            $0.member("url", "total")
                            $0.member("valueInteger", total)
                        }
                    }
                    for code in score.followUps {
                        parts.object {
                            $0.member("url", "follow-up")
                            $0.coding("valueCoding", FHIR.System.followUp, code)
                        }
                    }
                }
            }
        }
    }
}

extension ScreeningQuestionnaire.Item {
    /// The one answer; `nil` where the item is only listed.
    fileprivate func answer(
        in row: JSONObject, at path: String
    ) throws(Refusal) -> ScreeningResponse.Value? {
        let answers = try row.objects("answer", at: path)
        guard let (answer, place) = answers.first else { return nil }
        guard answers.count == 1 else { throw .duplicateItem(answers[1].1) }
        guard answer["item"] == nil else { throw .unknownItem(place + ".item") }
        guard let value = try value(in: answer, at: place) else {
            throw .missing(JSONPath.member(valueName, of: place))
        }
        return value
    }

    private func value(
        in answer: JSONObject, at path: String
    ) throws(Refusal) -> ScreeningResponse.Value? {
        switch kind {
        case .boolean: return try answer.optionalBool(valueName, at: path).map { .boolean($0) }
        case .text: return try answer.filledString(valueName, at: path).map { .text($0) }
        case .day: return try answer.day(valueName, at: path).map { .day($0) }
        case .temperature:
            guard let quantity = try answer.optionalObject(valueName, at: path) else { return nil }
            let place = JSONPath.member(valueName, of: path)
            guard let tenths = try quantity.temperatureTenths(at: place),
                case .number(let written)? = quantity["value"]
            else { throw .missing(place + ".value") }
            return .temperature(tenths, written: written)
        case .choice(let choices):
            guard let coding = try answer.optionalObject(valueName, at: path) else { return nil }
            let place = JSONPath.member(valueName, of: path)
            let code = try coding.requiredString("code", at: place)
            guard choices.contains(where: { $0.code == code }) else {
                throw .malformed(place + ".code")
            }
            return .choice(code)
        }
    }

    private var valueName: String {
        switch kind {
        case .boolean: "valueBoolean"
        case .text: "valueString"
        case .day: "valueDate"
        case .temperature: "valueQuantity"
        case .choice: "valueCoding"
        }
    }
}

extension ScreeningResponse.Value {
    /// `<name>Boolean`, `<name>String` and so on.
    func write(_ name: String, in system: String, to writer: inout JSONWriter) {
        switch self {
        case .boolean(let claim): writer.member(name + "Boolean", claim)
        case .text(let text): writer.member(name + "String", text)
        case .day(let day): writer.member(name + "Date", day.text)
        case .temperature(_, let written):
            writer.object(name + "Quantity") {
                $0.name("value")
                $0.raw(written)
                $0.member("unit", "℃")
                $0.member("system", "http://unitsofmeasure.org")
                $0.member("code", "Cel")
            }
        case .choice(let code): writer.coding(name + "Coding", system, code)
        }
    }
}

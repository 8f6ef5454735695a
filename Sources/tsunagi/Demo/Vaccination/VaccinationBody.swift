import Exchange

/// What the clinic of the story sends of a vaccination.
enum VaccinationBody {
    /// `response`: the questionnaire that was submitted; without it, one was read on paper.
    static func check(
        _ visit: (id: String, patient: String), vaccine: String, day: CalendarDay,
        response: String?
    ) -> [UInt8] {
        let answered =
            response.map {
                #"{"name":"questionnaireResponse","valueReference":{"#
                    + #""reference":"QuestionnaireResponse/\#($0)"}}"#
            } ?? #"{"name":"questionnaireRead","valueBoolean":true}"#
        let text = """
            {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":"\(visit.id)"},{\
            "name":"patient","valueReference":{"reference":"\(visit.patient)"}},{\
            "name":"candidate","part":[{"name":"vaccineCode","valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\(vaccine)"}]}},{\
            "name":"lotNumber","valueString":"FAKE01"},{\
            "name":"expirationDate","valueDate":"\(day.adding(days: 300).text)"}]},{\
            "name":"temperature","valueQuantity":{"value":36.8,"code":"Cel"}},\(answered)]}
            """
        return Array(text.utf8)
    }

    static func dose(
        _ visit: (id: String, patient: String), vaccine: String, day: CalendarDay,
        response: String?,
        identifier: String? = nil
    ) -> [UInt8] {
        let screening = response.map {
            #",{"url":"urn:tsunagi:StructureDefinition:screening","extension":[{"url":"decision","#
                + #""valueCode":"may-vaccinate"},{"url":"response","valueReference":{"#
                + #""reference":"QuestionnaireResponse/\#($0)"}}]}"#
        }
        let text = """
            {"resourceType":"Immunization","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:vaccination-basis","valueCode":"routine"}\
            \(screening ?? "")],\
            "identifier":[{"system":"https://clinic.example/immunization",\
            "value":"\(identifier ?? "\(vaccine)-\(day.text)")"}],\
            "status":"completed","vaccineCode":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\(vaccine)"}]},\
            "patient":{"reference":"\(visit.patient)"},"occurrenceDateTime":"\(day.text)",\
            "lotNumber":"FAKE01","expirationDate":"\(day.adding(days: 300).text)",\
            "doseQuantity":{"value":0.5,"unit":"mL","system":"http://unitsofmeasure.org","code":"mL"},\
            "performer":[{"actor":{"display":"見本 医師"}}],"protocolApplied":[{"doseNumberPositiveInt":1}]}
            """
        return Array(text.utf8)
    }
}

/// The questionnaire of the story, filled in as most are: nothing to report, and the guardian consents.
enum FilledQuestionnaire {
    /// `populated`: the draft of `$populate`, which names form and resident.
    static func make(form: JSONObject?, populated: JSONObject?) -> [UInt8] {
        let parameter = populated?["parameter"]?.array?.first?.object
        let draft = parameter?["resource"]?.object ?? JSONObject()
        var writer = JSONWriter(reservingBytes: 4_096)
        writer.beginObject()
        for member in draft.members where member.name != "status" && member.name != "item" {
            writer.member(member.name, member.value)
        }
        writer.member("status", "completed")
        writer.name("item")
        writer.beginArray()
        for case .object(let item) in form?["item"]?.array ?? []
        where item["required"]?.bool == true && item["enableWhen"] == nil {
            write(item, to: &writer)
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ item: JSONObject, to writer: inout JSONWriter) {
        let linkID = item["linkId"]?.string ?? ""
        let isChoice = item["type"]?.string == "choice"
        let isYes = ["understood", "consent"].contains(linkID)
        let value = isChoice ? #""valueCoding":{"code":"guardian"}"# : #""valueBoolean":\#(isYes)"#
        writer.raw(#"{"linkId":"\#(linkID)","answer":[{\#(value)}]}"#)
    }
}

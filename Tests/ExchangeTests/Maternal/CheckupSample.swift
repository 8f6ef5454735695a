import Exchange

/// Reports as the tests of this field need them: read, as every report is.
enum CheckupSample {
    static let institution = "1310000001"

    static func party(_ code: String = institution) -> Party {
        guard let party = try? Party(role: .institution, code: code) else {
            fatalError("\(code) is no institution")
        }
        return party
    }

    /// `findings`: JSON members of each value, by item.
    static func report(
        _ checkup: String, on day: String, identifier: String = "ck-1", status: String = "final",
        ticket: (body: String, kind: String, serial: Int)? = nil,
        _ findings: [(item: String, value: String)] = [("remarks", "\"valueString\":\"-\"")]
    ) throws -> CheckupReport {
        let contained = findings.map { item, value in
            """
            {"resourceType":"Observation","id":"\(item)","status":"final","code":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup-item","code":"\(item)"}]},\(value)}
            """
        }
        let named = ticket.map {
            """
            ,{"url":"urn:tsunagi:StructureDefinition:checkup-ticket","extension":[{"url":"body",\
            "valueString":"\($0.body)"},{"url":"kind","valueCode":"\($0.kind)"},{"url":"serial",\
            "valuePositiveInt":\($0.serial)}]}
            """
        }
        let text = """
            {"resourceType":"DiagnosticReport","contained":[\(contained.joined(separator: ","))],\
            "extension":[{"url":"urn:tsunagi:StructureDefinition:visit","valueString":"v-1"}\
            \(named ?? "")],"identifier":[{"system":"https://clinic.example","value":\
            "\(identifier)"}],"status":"\(status)","code":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup","code":"\(checkup)"}]},\
            "subject":{"reference":"Patient/p"},"effectiveDateTime":"\(day)","result":\
            [\(findings.map { "{\"reference\":\"#\($0.item)\"}" }.joined(separator: ","))]}
            """
        return try SubmittedCheckup(
            reading: Array(text.utf8), institution: party(),
            today: MaternalCase.day("2030-01-01"), MaternalCase.rules
        ).report
    }

    static func version(
        _ report: CheckupReport, id: String = "r-1", by party: Party = party()
    ) throws -> CheckupVersion {
        CheckupVersion(
            id: id, version: 1, recordedAt: Instant(microseconds: 0), institution: party,
            report: report)
    }

    static func choice(_ item: String, _ code: String) -> (item: String, value: String) {
        (
            item,
            """
            "valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup-answer:\(item)","code":"\(code)"}]}
            """
        )
    }

    static func absent(_ item: String, _ reason: String) -> (item: String, value: String) {
        (
            item,
            """
            "dataAbsentReason":{"coding":[{"system":"urn:tsunagi:CodeSystem:not-examined",\
            "code":"\(reason)"}]}
            """
        )
    }

    static func quantity(_ item: String, _ value: String, _ unit: String) -> (
        item: String, value: String
    ) {
        (item, "\"valueQuantity\":{\"value\":\(value),\"code\":\"\(unit)\"}")
    }
}

import Exchange

/// The Claim of one bill, as a counter's system sends it to `POST /fhir/Claim/$submit`.
struct BillBody {
    let identifier: String
    /// 実施機関 and 受給者証種別ID.
    let certificate: (body: String, type: String)
    let cost: Int
    let day: CalendarDay

    func make(_ use: String, _ visit: (id: String, patient: String)) -> [UInt8] {
        let text = """
            {"resourceType":"Claim","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:insurance-share","valueInteger":30}],\
            "identifier":[{"system":"urn:example:bill","value":"\(identifier)"}],\
            "status":"active","use":"\(use)","patient":{"reference":"\(visit.patient)"},\
            "billablePeriod":{"start":"\(day.text)","end":"\(day.text)"},"created":"\(day.text)",\
            "insurance":[{"sequence":1,"focal":true,"coverage":{"identifier":{\
            "system":"urn:tsunagi:certificate-type:\(certificate.body)",\
            "value":"\(certificate.type)"}}}],\
            "total":{"value":\(cost),"currency":"JPY"}}
            """
        return Array(text.utf8)
    }
}

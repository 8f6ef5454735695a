import Exchange
import Foundation
import Testing

/// One dose of MR as a clinic sends it, whole; tests take something away or put something else in.
enum VaccinationSample {
    static let institution = "1319999996"
    static let today = "2026-06-15"

    static let record = #"""
        {"resourceType":"Immunization",
         "extension":[
          {"url":"urn:tsunagi:StructureDefinition:visit","valueString":"visit-1"},
          {"url":"urn:tsunagi:StructureDefinition:vaccination-basis","valueCode":"routine"}],
         "identifier":[{"system":"https://clinic.example/immunization","value":"im-1"}],
         "status":"completed",
         "vaccineCode":{"coding":[{"system":"urn:tsunagi:CodeSystem:vaccine","code":"mr"}],"text":"MRワクチン"},
         "patient":{"reference":"Patient/pw-1"},
         "occurrenceDateTime":"2026-06-15T10:00:00+09:00",
         "lotNumber":"FAKE01","expirationDate":"2027-03-31",
         "doseQuantity":{"value":0.50,"unit":"mL","system":"http://unitsofmeasure.org","code":"mL"},
         "performer":[{"actor":{"display":"架空 太郎"}}],
         "protocolApplied":[{"doseNumberPositiveInt":1}]}
        """#

    static func party(_ code: String = institution) throws -> Party {
        try Party(role: .institution, code: code)
    }

    static func read(_ text: String, today: String = today) throws -> SubmittedVaccination {
        try SubmittedVaccination(
            reading: Array(text.utf8), institution: party(), today: CalendarDay(today),
            VaccinationCase.rules())
    }

    static func refusal(_ text: String) throws -> Refusal? {
        let rules = try VaccinationCase.rules()
        let (party, day) = (try party(), try CalendarDay(today))
        do throws(Refusal) {
            _ = try SubmittedVaccination(
                reading: Array(text.utf8), institution: party, today: day, rules)
            return nil
        } catch {
            return error
        }
    }

    static func record(_ old: String, _ new: String) throws -> String {
        try replacing(record, old, new)
    }

    static func replacing(_ text: String, _ old: String, _ new: String) throws -> String {
        try #require(text.contains(old), "no \(old)")
        return text.replacingOccurrences(of: old, with: new)
    }

    /// Without one member of the record.
    static func record(without name: String) throws -> String {
        let object = try #require(try JSON(reading: record).object)
        try #require(object[name] != nil, "no \(name)")
        return JSON.object(object.without(name)).text
    }

    static func version(
        _ vaccination: Vaccination, number: Int = 1, id: String = "rec-1",
        by institution: String = institution
    ) throws -> VaccinationVersion {
        VaccinationVersion(
            id: id, version: number, recordedAt: try Instant("2026-06-15T10:05:00+09:00"),
            institution: try party(institution), vaccination: vaccination)
    }
}

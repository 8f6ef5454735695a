package import Exchange
import Ledger

/// 副反応疑い as a clinic reports it: whole, of one dose of its own; tests change what they are about.
package struct SentReaction: Sendable {
    package var identifier = RecordID.random().text
    package var stage = "initial"
    package var symptom = "convulsion"
    package var onset: String
    package var outcome = "recovering"
    /// The record of the dose.
    package var doseID: String?
    /// Vaccine, time and lot of a dose that another gave.
    package var told: (vaccine: String, given: String, lot: String)?

    package init(on day: CalendarDay, after doseID: String?) {
        onset = day.text
        self.doseID = doseID
    }

    private var suspect: String {
        let told = told.map {
            """
            "extension":[{"url":"urn:tsunagi:StructureDefinition:suspected-dose","extension":[{\
            "url":"vaccine","valueCodeableConcept":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine","code":"\($0.vaccine)"}]}},{"url":"given",\
            "valueDateTime":"\($0.given)"},{"url":"lotNumber","valueString":"\($0.lot)"}]}],
            """
        }
        let instance = doseID.map { #""reference":"Immunization/\#($0)""# } ?? #""display":"?""#
        return "{\(told ?? "")\"instance\":{\(instance)}}"
    }

    package func body(_ visit: RunningGateway.Visit) -> JSONObject {
        let text = """
            {"resourceType":"AdverseEvent","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:reaction-stage","valueCode":"\(stage)"}],\
            "identifier":{"system":"https://clinic.example/reaction","value":"\(identifier)"},\
            "actuality":"actual","event":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine-reaction","code":"\(symptom)"}],\
            "text":"3分間"},"subject":{"reference":"\(visit.patient)"},"date":"\(onset)",\
            "outcome":{"coding":[{"system":\
            "http://terminology.hl7.org/CodeSystem/adverse-event-outcome","code":"\(outcome)"}]},\
            "recorder":{"display":"見本 医師"},"suspectEntity":[\(suspect)]}
            """
        return (try? JSON(reading: text))?.object ?? JSONObject()
    }
}

extension RunningGateway {
    package static let reactionPath = "/fhir/AdverseEvent"

    /// The month before this one, as an address writes it.
    package var lastMonth: String {
        let today = clock.today
        return String(today.adding(days: -today.day).text.prefix(7))
    }

    package func report(
        _ reaction: SentReaction, _ visit: Visit, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "POST", Self.reactionPath, body: .object(reaction.body(visit)))
    }

    package func follow(
        _ id: String, seen tag: String, _ reaction: SentReaction, _ visit: Visit,
        by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(
            institution, "PUT", "\(Self.reactionPath)/\(id)", headers: [("If-Match", tag)],
            body: .object(reaction.body(visit)))
    }

    /// `$immds-forecast` of the visit's patient, as of today.
    package func forecast(_ visit: Visit, by institution: Party = Cast.clinic) async throws
        -> Answer
    {
        let id = visit.patient.split(separator: "/").last ?? ""
        let text = """
            {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":"\(visit.id)"},{\
            "name":"assessmentDate","valueDate":"\(clock.today.text)"},{"name":"patient",\
            "resource":{"resourceType":"Patient","id":"\(id)"}}]}
            """
        return try await send(
            institution, "POST", "/fhir/$immds-forecast", body: JSON(reading: text))
    }
}

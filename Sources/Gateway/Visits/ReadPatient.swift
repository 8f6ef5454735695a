import Exchange
import Hummingbird
import Ledger

/// 患者: https://hl7.org/fhir/R4/patient.html read, for the resident of a visit that is open now.
/// Name, kana, birth date and sex, so that the counter sees at once when a number was linked to the
/// wrong person; never an address.
extension GatewayParts {
    func readPatient(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let caller = try request.caller(context)
        let patient = try context.parameters.require("id")
        let bytes = try await ledger.access(caller, .readPatient) { records in
            let (person, visit) = try records.visitor(patient: patient)
            let identity = try records.identity(of: person)
            records.enter(person, visit: visit)
            guard let identity else { throw Refusal.recordUnknown }
            let bytes = PatientView(
                pairwiseID: patient, name: identity.name, nameKana: identity.nameKana,
                birthDate: identity.birthDate, sex: identity.sex
            ).render()
            records.answer(bytes)
            return bytes
        }
        return .fhir(.ok, bytes)
    }
}

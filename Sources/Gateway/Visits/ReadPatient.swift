import Exchange
import Hummingbird
import Ledger

/// 患者: https://hl7.org/fhir/R4/patient.html read, for the resident of a visit that is open now.
/// Name, kana, birth date and sex, so that the counter sees at once when a number was linked to the
/// wrong person; never an address. Where no body says them that the resident agreed to, the id
/// alone: the same for one who left a kind out as for one who holds nothing.
extension GatewayParts {
    func readPatient(_ asking: Asking) async throws -> Response {
        let patient = try asking.context.parameters.require("id")
        let opening = try ledger.rules.current().readingVisitKinds
        let (_, bytes) = try await asking.answer(as: { $0.render() }) { records in
            let visitor = try records.visitor(patient: patient, kinds: opening)
            let identity = try records.identity(of: visitor)
            records.enter(visitor.person, visit: visitor.visit)
            return PatientView(
                pairwiseID: patient, name: identity?.name, nameKana: identity?.nameKana,
                birthDate: identity?.birthDate, sex: identity?.sex)
        }
        return .fhir(.ok, bytes)
    }
}

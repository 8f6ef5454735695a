import Exchange
import Hummingbird
import Ledger

/// 予防接種台帳と請求の受領: the municipality of residence receives its lines without anybody typing them: what
/// clinics recorded is the ledger's entry and the claim. Nobody else's municipality sees any of it.
extension GatewayParts {
    /// `GET /fhir/Immunization`: the lines after `_cursor`, by which the municipality says that it has
    /// received all up to it; without one, those after the last that it said so of. At least once, in
    /// one order.
    func receiveVaccinations(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let count = try asking.request.number("_count") ?? PageLimits.linesDefault
        guard (1...PageLimits.linesMax).contains(count) else { throw Refusal.malformed("_count") }
        let cursor = try asking.request.number("_cursor")
        let base = asking.request.base
        let path = asking.request.origin + asking.request.uri.path
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let lines = try records.receiveVaccinations(after: cursor, limit: count)
            let asked = cursor.map { "_cursor=\($0)&" } ?? ""
            let page = SearchPage(
                base: base, selfLink: "\(path)?\(asked)_count=\(count)",
                nextLink: lines.last?.place.map { "\(path)?_cursor=\($0)&_count=\(count)" })
            return renderSearchset(lines.map { entry($0, for: party) }, page: page)
        }
        return .fhir(.ok, bytes)
    }

    /// `POST /fhir/Immunization/_search` with `patient.identifier`: what the municipality now holds of one
    /// resident, whom it names by its own key (宛名番号).
    func searchVaccinationLines(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let form = try await asking.request.searchForm(only: ["patient.identifier"])
        guard let key = try form.identityKey("patient.identifier") else {
            throw Refusal.missing("patient.identifier")
        }
        let page = asking.request.page()
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let lines = try records.vaccinationLines(ofKey: key)
            return renderSearchset(lines.map { entry($0, for: party) }, page: page)
        }
        return .fhir(.ok, bytes)
    }

    private func entry(_ delivered: DeliveredVaccination, for party: Party) -> SearchEntry {
        let id = pairwise(delivered.id, for: party).current
        let patient = ShownPatient(
            id: pairwise(delivered.person, for: party).current,
            identifier: delivered.identityKey.map {
                RecordIdentifier(system: FHIR.System.identityKey, value: $0)
            })
        return SearchEntry(
            reference: "Immunization/" + id,
            resource: delivered.line.render(id: id, of: patient, place: delivered.place))
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 接種記録: https://hl7.org/fhir/R4/immunization.html create, update and read. Once for each number of the
/// institution's own, however often it is sent; a correction is a new version of it.
extension GatewayParts {
    /// `POST /fhir/Immunization`: 201 for a new record, 200 for one that is held already.
    func recordVaccination(_ asking: Asking) async throws -> Response {
        try await record(asking, correcting: nil)
    }

    /// `PUT /fhir/Immunization/{id}` with `If-Match`: entered in error is a correction too.
    func correctVaccination(_ asking: Asking) async throws -> Response {
        try await record(
            asking,
            correcting: RecordCorrection(
                id: asking.context.recordID(), seen: asking.request.versionSeen()))
    }

    /// `GET /fhir/Immunization/{id}`: what this institution recorded itself.
    func readVaccination(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        return try await shown(asking) { records in
            let held = try records.ownVaccination(id)
            records.enter(held.person, visit: held.visit)
            return RecordedVaccination(held: held, isNew: false)
        }
    }

    private func record(
        _ asking: Asking, correcting correction: RecordCorrection?
    ) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let body = try await asking.request.body(
            .json, atMost: BodyLimits.vaccinationBytesMax)
        let sent = try SubmittedVaccination(
            reading: Array(body.readableBytesView), institution: asking.caller.party,
            today: now().dayInJapan, rules)
        return try await shown(asking, isCreating: correction == nil) {
            try $0.record(sent, correcting: correction, rules: book)
        }
    }

    private func shown(
        _ asking: Asking, isCreating: Bool = false,
        _ body: @escaping @Sendable (inout Records) throws -> RecordedVaccination
    ) async throws -> Response {
        let party = asking.caller.party
        let (recorded, bytes) = try await asking.answer(
            as: { [self] recorded in
                recorded.held.newest.render(
                    as: pairwise(recorded.held.person, for: party).current,
                    visitID: recorded.held.visit.text)
            }, body)
        let isCreated = isCreating && recorded.isNew
        var response = Response.fhir(isCreated ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(recorded.held.newest.version)\""
        if isCreating {
            response.headers[.location] = "/fhir/Immunization/\(recorded.held.id.text)"
        }
        return response
    }
}

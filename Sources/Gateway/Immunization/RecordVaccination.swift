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

    /// `GET /fhir/Immunization/{id}`: what this institution recorded itself. `Prefer: return` is of writing
    /// (https://hl7.org/fhir/R4/http.html#ops): whoever says it with every request reads all the same.
    func readVaccination(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        guard let rules = try ledger.rules.current().immunization else {
            throw Refusal.rulesUnknown
        }
        let (held, bytes) = try await asking.answer(as: { $0.render(.representation, rules) }) {
            records in
            let held = try records.ownVaccination(id)
            records.enter(held.person, visit: held.visit)
            return held
        }
        return shown(held, bytes, .ok)
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
        try correction?.require(sent.id)
        let preferred = asking.request.preferredReturn
        let (recorded, bytes) = try await asking.record(
            sent, correcting: correction, rules: book, names: names(for: asking.caller.party),
            answer: { $0.held.render(preferred, rules) })
        guard correction == nil else { return shown(recorded.held, bytes, .ok) }
        var response = shown(recorded.held, bytes, recorded.isNew ? .created : .ok)
        response.headers[.location] = "/fhir/Immunization/\(recorded.held.id.text)"
        return response
    }

    private func shown(
        _ held: HeldVaccination, _ bytes: [UInt8], _ status: HTTPResponse.Status
    ) -> Response {
        var response = Response.fhir(status, bytes)
        response.headers[.eTag] = "W/\"\(held.newest.version)\""
        return response
    }
}

extension HeldVaccination {
    /// An institution's own, so that a visit brought it.
    fileprivate func render(_ preferred: PreferredReturn, _ rules: ImmunizationRules) -> [UInt8] {
        guard let patientID else { return [] }
        let outcome = VaccinationOutcome(
            warnings: newest.vaccination.warnings(rules), claim: claim, stops: stops)
        return switch preferred {
        case .minimal: []
        case .operationOutcome: outcome.operationOutcome()
        case .representation:
            newest.render(as: patientID, visitID: visit?.text, outcome: outcome)
        }
    }
}

/// https://hl7.org/fhir/R4/http.html#ops: what a sender wants back. What it says beside that, or cannot be
/// understood, is passed over (RFC 7240 §2).
private enum PreferredReturn: String {
    case minimal, representation
    case operationOutcome = "OperationOutcome"
}

extension Request {
    fileprivate var preferredReturn: PreferredReturn {
        let field = HTTPField.Name("Prefer").flatMap { headers[$0] } ?? ""
        for part in field.split(whereSeparator: { $0 == "," || $0 == ";" }) {
            let words = part.filter { $0 != " " && $0 != "\"" }
            guard words.hasPrefix("return=") else { continue }
            return PreferredReturn(rawValue: String(words.dropFirst("return=".count)))
                ?? .representation
        }
        return .representation
    }
}

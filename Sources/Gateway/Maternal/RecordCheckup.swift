import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 健診結果: https://hl7.org/fhir/R4/diagnosticreport.html create, update and read, in one of two compartments.
/// Once for each number of the institution's own, however often it is sent; a correction is a new version.
extension GatewayParts {
    /// `POST …/DiagnosticReport`: 201 for a new report, 200 for one that is held already.
    func recordCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in try await record(asking, in: compartment, correcting: nil) }
    }

    /// `PUT …/DiagnosticReport/{id}` with `If-Match`: entered in error is a correction too.
    func correctCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            try await record(
                asking, in: compartment,
                correcting: RecordCorrection(
                    id: asking.context.recordID(), seen: asking.request.versionSeen()))
        }
    }

    /// `GET …/DiagnosticReport/{id}`: what this institution or municipality recorded itself.
    func readCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let id = try asking.context.recordID()
            let rules = try maternalRules().maternal
            let rendering = rendering(for: asking.caller.party, rules)
            let (held, bytes) = try await asking.answer(as: rendering) { records in
                let held = try records.ownCheckup(id, in: compartment, rules: rules)
                records.enter(held.person, visit: held.visit)
                return held
            }
            return shown(held, bytes, .ok)
        }
    }

    private func record(
        _ asking: Asking, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?
    ) async throws -> Response {
        let (book, rules) = try maternalRules()
        let body = try await asking.request.body(.json, atMost: BodyLimits.checkupBytesMax)
        let sent = try SubmittedCheckup(
            reading: Array(body.readableBytesView), institution: asking.caller.party,
            today: now().dayInJapan, rules)
        try correction?.require(sent.id)
        let rendering = rendering(for: asking.caller.party, rules)
        let (recorded, bytes) = try await asking.record(
            sent, in: compartment, correcting: correction, rules: book,
            answer: { rendering($0.held) })
        guard correction == nil else { return shown(recorded.held, bytes, .ok) }
        var response = shown(recorded.held, bytes, recorded.isNew ? .created : .ok)
        let base = compartment.basePath
        response.headers[.location] = "\(base)/DiagnosticReport/\(recorded.held.id.text)"
        return response
    }

    /// As whoever recorded it is told of it.
    func rendering(
        for party: Party, _ rules: MaternalRules
    ) -> @Sendable (HeldCheckup) -> [UInt8] {
        { [self] held in
            held.shown.render(
                as: pairwise(held.person, for: party).current, visitID: held.visit?.text,
                tellsClaim: true, rules)
        }
    }

    func shown(
        _ held: HeldCheckup, _ bytes: [UInt8], _ status: HTTPResponse.Status
    ) -> Response {
        var response = Response.fhir(status, bytes)
        response.headers[.eTag] = "W/\"\(held.newest.version)\""
        return response
    }

    /// Throws `.rulesUnknown` while no rules of this release are loaded.
    func maternalRules() throws -> (book: RuleBook, maternal: MaternalRules) {
        let book = try ledger.rules.current()
        guard let maternal = book.maternal else { throw Refusal.rulesUnknown }
        return (book, maternal)
    }
}

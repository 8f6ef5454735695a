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

    /// `GET …/DiagnosticReport/{id}`: what this institution recorded itself.
    func readCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let id = try asking.context.recordID()
            let rules = try maternalRules().maternal
            return try await shown(asking, rules) { records in
                let held = try records.ownCheckup(id, in: compartment, rules: rules)
                records.enter(held.person, visit: held.visit)
                return RecordedCheckup(held: held, isNew: false)
            }
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
        return try await shown(asking, rules, isCreating: correction == nil) {
            try $0.record(sent, in: compartment, correcting: correction, rules: book)
        }
    }

    private func shown(
        _ asking: Asking, _ rules: MaternalRules, isCreating: Bool = false,
        _ body: @escaping @Sendable (inout Records) throws -> RecordedCheckup
    ) async throws -> Response {
        let party = asking.caller.party
        let (recorded, bytes) = try await asking.answer(
            as: { [self] recorded in
                recorded.held.shown.render(
                    as: pairwise(recorded.held.person, for: party).current,
                    visitID: recorded.held.visit.text, rules)
            }, body)
        let isCreated = isCreating && recorded.isNew
        var response = Response.fhir(isCreated ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(recorded.held.newest.version)\""
        if isCreating {
            let base = recorded.held.shown.compartment.basePath
            response.headers[.location] = "\(base)/DiagnosticReport/\(recorded.held.id.text)"
        }
        return response
    }

    /// Throws `.rulesUnknown` while no rules of this release are loaded.
    func maternalRules() throws -> (book: RuleBook, maternal: MaternalRules) {
        let book = try ledger.rules.current()
        guard let maternal = book.maternal else { throw Refusal.rulesUnknown }
        return (book, maternal)
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 副反応疑いの報告 (予防接種法12条): https://hl7.org/fhir/R4/adverseevent.html create, update and read. Once for each
/// number of the institution's own; what follows is a new version, and the municipality receives each.
extension GatewayParts {
    /// `POST /fhir/AdverseEvent`: 201 for a new report, 200 for one that is held already.
    func reportReaction(_ asking: Asking) async throws -> Response {
        try await report(asking, correcting: nil)
    }

    /// 追加報告と取下げ: `PUT /fhir/AdverseEvent/{id}` with `If-Match`.
    func followReaction(_ asking: Asking) async throws -> Response {
        try await report(
            asking,
            correcting: RecordCorrection(
                id: asking.context.recordID(), seen: asking.request.versionSeen()))
    }

    /// `GET /fhir/AdverseEvent/{id}`: what this institution reported itself.
    func readReaction(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        return try await answered(asking, try immunizationRules()) { records in
            let held = try records.ownReaction(id)
            records.enter(held.person, visit: held.visit)
            return ReportedReaction(held: held, isNew: false)
        }
    }

    private func report(
        _ asking: Asking, correcting correction: RecordCorrection?
    ) async throws -> Response {
        let book = try ledger.rules.current()
        let rules = try immunizationRules()
        let body = try await asking.request.body(.json, atMost: BodyLimits.reactionBytesMax)
        let sent = try SubmittedReaction(
            reading: Array(body.readableBytesView), today: now().dayInJapan, rules)
        try correction?.require(sent.id)
        return try await answered(asking, rules, isCreating: correction == nil) {
            try $0.report(sent, correcting: correction, rules: book)
        }
    }

    private func answered(
        _ asking: Asking, _ rules: ImmunizationRules, isCreating: Bool = false,
        _ body: @escaping @Sendable (inout Records) throws -> ReportedReaction
    ) async throws -> Response {
        let (reported, bytes) = try await asking.answer(
            as: { reported in
                reported.held.newest.render(
                    of: ShownPatient(id: reported.held.patientID),
                    visitID: reported.held.visit.text, rules)
            }, body)
        var response = Response.fhir(isCreating && reported.isNew ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(reported.held.newest.version)\""
        if isCreating {
            response.headers[.location] = "/fhir/AdverseEvent/\(reported.held.id.text)"
        }
        return response
    }
}

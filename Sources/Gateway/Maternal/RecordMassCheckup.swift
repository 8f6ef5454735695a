import Exchange
import Hummingbird
import Ledger

/// 集団健診の結果: https://hl7.org/fhir/R4/diagnosticreport.html create and update by the municipality that held the
/// checkup, of a child that it names by the key of its own notification. Many in a morning come as a file
/// (`POST /files/checkup-results`, what is sensitive apart as `POST /files/sensitive-checkup-results`).
extension GatewayParts {
    /// `POST …/DiagnosticReport`: 201 for a new result, 200 for one that is held already.
    func recordMassCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let (recorded, bytes) = try await massCheckup(asking, in: compartment, correcting: nil)
            // What was priced anew is no new result.
            let isMade = recorded.isNew && recorded.held.newest.version == 1
            var response = shown(recorded.held, bytes, isMade ? .created : .ok)
            response.headers[.location] =
                "\(compartment.basePath)/DiagnosticReport/\(recorded.held.id.text)"
            return response
        }
    }

    /// `PUT …/DiagnosticReport/{id}` with `If-Match`: entered in error is a correction too.
    func correctMassCheckup(
        in compartment: CheckupCompartment
    ) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let (recorded, bytes) = try await massCheckup(
                asking, in: compartment,
                correcting: RecordCorrection(
                    id: asking.context.recordID(), seen: asking.request.versionSeen()))
            return shown(recorded.held, bytes, .ok)
        }
    }

    private func massCheckup(
        _ asking: Asking, in compartment: CheckupCompartment,
        correcting correction: RecordCorrection?
    ) async throws -> (recorded: RecordedCheckup, bytes: [UInt8]) {
        let (book, rules) = try maternalRules()
        let body = try await asking.request.body(.json, atMost: BodyLimits.checkupBytesMax)
        let sent = try SubmittedMassCheckup(
            reading: Array(body.readableBytesView), in: compartment, office: asking.caller.party,
            today: now().dayInJapan, rules)
        try correction?.require(sent.id)
        let rendering = rendering(for: asking.caller.party, rules)
        let (recorded, bytes) = try await asking.answer(as: { rendering($0.held) }) { records in
            try records.recordMassCheckup(
                sent, in: compartment, correcting: correction, rules: book)
        }
        return (recorded, bytes)
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 白紙の予診票・問診票: sheets for whoever has no phone or has not answered yet, printed by municipality or
/// institution; and what was written on them, brought in at the counter. The number on a sheet becomes one
/// person's within a visit, once.
extension GatewayParts {
    /// `POST /paper-forms`: a page for each sheet.
    func printPaperForms(_ asking: Asking) async throws -> Response {
        let forms = try ledger.rules.current().screenings
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        let party = asking.caller.party
        let order = try PaperFormOrder(
            object, forms, today: now().dayInJapan,
            home: party.role == .municipality ? party.code : nil)
        let (_, bytes) = try await asking.answer(as: \.self) { $0.printPaperForms(order) }
        return .page(.ok, bytes)
    }

    /// `POST /fhir/QuestionnaireResponse` of an institution: 201 for the answers on a sheet, 200 for the same
    /// again.
    func bringScreening(_ asking: Asking) async throws -> Response {
        try await brought(asking, correcting: nil)
    }

    /// 写し間違いの訂正: `PUT /fhir/QuestionnaireResponse/{id}` with `If-Match`, under the number of the sheet.
    func bringScreeningAgain(_ asking: Asking) async throws -> Response {
        let id = try asking.context.parameters.require("id")
        return try await brought(
            asking, correcting: (id: id, seen: asking.request.versionSeen()))
    }

    private func brought(
        _ asking: Asking, correcting correction: (id: String, seen: Int)?
    ) async throws -> Response {
        let book = try ledger.rules.current()
        let party = asking.caller.party
        let names = names(for: party)
        let body = try await asking.request.body(.json, atMost: BodyLimits.vaccinationBytesMax)
        let sent = try BroughtResponse(
            reading: Array(body.readableBytesView), book.screenings.of(.open),
            today: now().dayInJapan)
        let corrected = correction.map {
            ScreeningCorrection(id: $0.id, bodyID: sent.id, seen: $0.seen)
        }
        let (brought, bytes) = try await asking.answer(
            as: { [self] brought in
                let held = brought.saved.held
                return held.newest.named(pairwise(held.id, for: party).current)
                    .render(as: brought.patientID, isScored: true)
            }
        ) { try $0.bring(sent, correcting: corrected, rules: book, names) }
        let newest = brought.saved.held.newest
        let isCreated = brought.saved.isNew && newest.version == 1
        var response = Response.fhir(isCreated ? .created : .ok, bytes)
        response.headers[.eTag] = "W/\"\(newest.version)\""
        response.headers[.location] =
            "\(CheckupCompartment.open.basePath)/QuestionnaireResponse/"
            + pairwise(brought.saved.held.id, for: party).current
        return response
    }
}

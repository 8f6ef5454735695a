import Exchange
import Hummingbird
import Ledger

/// 予診票・問診票: https://hl7.org/fhir/R4/questionnaire.html search and read: one form for each vaccine, or checkup
/// and compartment, and version.
/// It says nothing of anyone, so it is counted and not entered.
extension GatewayParts {
    /// A system and a code of ours have fewer than 100 characters.
    static let codeMax = 200

    /// `GET /fhir/Questionnaire`: those that take answers today, a coming season's among them; `code` leaves
    /// one vaccine's or checkup's. By the days of one `municipality`, or of all that set none of their own.
    func readQuestionnaires(_ request: Request, _ context: GatewayContext) async throws -> Response
    {
        let forms = try ledger.rules.current().screenings
        let asked = request.uri.queryParameters["code"]
        guard asked.map({ $0.unicodeScalars.count <= Self.codeMax }) ?? true else {
            throw Refusal.malformed("code")
        }
        let code = asked.map { $0.split(separator: "|").last ?? $0 }
        let municipality = try request.municipality()
        let shown = forms.answerable(on: now().dayInJapan, in: municipality).filter { form in
            code.map { $0 == form.topic.code } ?? true
        }
        let entries = shown.map {
            SearchEntry(reference: "Questionnaire/" + $0.id, resource: $0.render(in: municipality))
        }
        return .fhir(.ok, renderSearchset(entries, page: request.page()))
    }

    /// `GET /fhir/Questionnaire/{id}`, also of one that is no longer in force.
    func readQuestionnaire(_ request: Request, _ context: GatewayContext) async throws -> Response {
        .fhir(.ok, try form(context).render(in: request.municipality()))
    }

    /// The form that the path names. Throws `.recordUnknown`.
    func form(_ context: GatewayContext) throws -> ScreeningForm {
        let id = try context.parameters.require("id")
        guard let form = try ledger.rules.current().screenings.form(id: id) else {
            throw Refusal.recordUnknown
        }
        return form
    }
}

extension Request {
    fileprivate func municipality() throws -> String? {
        try text("municipality").map { try LocalGovernmentCode($0).digits }
    }
}

import Exchange
import Hummingbird
import Ledger

/// コードの一覧: https://hl7.org/fhir/R4/codesystem.html search and read: what a caller may send where a refusal
/// says that a code is unknown. It says nothing of anyone, so it is counted and not entered.
extension GatewayParts {
    /// `GET /fhir/CodeSystem`; `url` leaves one.
    func readCodeSystems(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let book = try ledger.rules.current()
        let url = request.text("url")
        guard url.map({ $0.unicodeScalars.count <= Self.codeMax }) ?? true else {
            throw Refusal.malformed("url")
        }
        let entries = book.servedCodes.filter { url == nil || $0.url == url }.map {
            SearchEntry(
                reference: "CodeSystem/" + $0.id, resource: $0.render(version: book.version))
        }
        return .fhir(.ok, renderSearchset(entries, page: request.page()))
    }

    /// `GET /fhir/CodeSystem/{id}`. Throws `.recordUnknown`.
    func readCodeSystem(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let id = try context.parameters.require("id")
        let book = try ledger.rules.current()
        guard let codes = book.servedCodes.first(where: { $0.id == id }) else {
            throw Refusal.recordUnknown
        }
        return .fhir(.ok, codes.render(version: book.version))
    }
}

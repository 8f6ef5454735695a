import Exchange
import Hummingbird
import Ledger

/// 紙の予診票・問診票: the submitted answers as a page to print, with a QR code that brings them in at the clinic.
extension GatewayParts {
    /// `POST /screenings/{id}/print`.
    func printScreening(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        let id = try asking.context.parameters.require("id")
        let names = names(for: asking.caller.party)
        return try await own(asking, answering: { .page($0, $1) }) { records, person, _ in
            let (held, ticket) = try records.printScreening(
                named: id, of: person, book, names)
            let facts = try records.vaccinationFacts(of: person, rules: book)
            return held.newest.page(
                of: (facts.identity?.name, facts.birth), ticket: ticket)
        }
    }
}

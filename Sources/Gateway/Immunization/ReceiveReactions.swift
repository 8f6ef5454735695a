import Exchange
import Hummingbird
import Ledger

/// 副反応疑いの報告の受領: the municipality where the resident lived on the day of the dose receives each report and
/// what follows it.
extension GatewayParts {
    /// `GET /fhir/AdverseEvent`: what was reported after `_cursor`, from the first without one.
    func receiveReactions(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let party = asking.caller.party
        try asking.request.refusePersons()
        let count = try asking.request.lineCount()
        let cursor = try asking.request.number("_cursor") ?? 0
        let base = asking.request.base
        let path = asking.request.origin + asking.request.uri.path
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let reports = try records.receiveReactions(after: cursor, limit: count)
            let page = SearchPage(
                base: base, selfLink: "\(path)?_cursor=\(cursor)&_count=\(count)",
                nextLink: reports.last.map { "\(path)?_cursor=\($0.place)&_count=\(count)" })
            return renderSearchset(try reports.map { try entry($0, for: party, rules) }, page: page)
        }
        return .fhir(.ok, bytes)
    }

    private func entry(
        _ delivered: DeliveredReaction, for party: Party, _ rules: ImmunizationRules
    ) throws -> SearchEntry {
        let id = pairwise(delivered.id, for: party).current
        let patient = resident(delivered.person, known: delivered.identityKey, to: party)
        let shown = try delivered.version.named(id) {
            pairwise(try RecordID($0), for: party).current
        }
        return SearchEntry(
            reference: "AdverseEvent/" + id,
            resource: shown.render(of: patient, place: delivered.place, rules))
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 副反応疑い報告書: what an institution reported, as the items of the report to PMDA, so that nothing is typed
/// twice.
extension GatewayParts {
    /// `GET /reactions/{id}/form`, of its own report; JSON, or one row of CSV.
    func fillReactionForm(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        let rules = try immunizationRules()
        let characters = try asking.request.tableCharacters()
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            let form = try records.reactionForm(id)
            return characters.map { form.csv(rules, $0) } ?? form.json(rules)
        }
        return characters.map { .table(bytes, $0.encoding, next: nil) } ?? .json(.ok, bytes)
    }
}

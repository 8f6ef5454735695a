import Exchange
import Hummingbird
import Ledger

/// 災害時の受付: `POST /visits/emergency`. In a disaster that is declared for its municipality, an
/// institution opens a visit by name, birth date and sex. The visit answers the emergency kinds alone; the
/// resident is told, and the municipality asks afterwards whether it was needed. The same bytes sent again
/// while the visit is open get the same visit (200).
extension GatewayParts {
    func openEmergencyVisit(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (sent, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["name", "birthDate", "sex", "reason"])
        let stated = try StatedPerson(object)
        let reason = try object.statedWord("reason")
        guard asking.caller.operatorID != nil else { throw Refusal.missing("Tsunagi-Operator") }
        let book = try ledger.rules.current()
        guard let rules = book.emergency, let kind = book.visitKind(EmergencyRules.visitKind)
        else { throw Refusal.rulesUnknown }
        let counted = try await ledger.countEmergencyTry(asking.caller, rules: rules)
        let request = CardlessRequest(
            digest: sha256(sent), end: { kind.ends(opened: $0) },
            pairwise: { pairwise($0, for: party) })
        let (visit, bytes) = try await asking.answer(as: \.json) {
            try $0.openEmergencyVisit(stated, because: reason, counted, rules: rules, request)
        }
        return .json(visit.isRepeat ? .ok : .created, bytes)
    }
}

import Exchange
import Hummingbird
import Ledger

/// 災害時の受付: `POST /visits/emergency`. In a disaster that is declared for its municipality, an institution
/// opens a visit by name, birth date and sex. The visit answers the emergency kinds alone; the resident is
/// told, and the municipality asks afterwards whether it was needed.
extension GatewayParts {
    func openEmergencyVisit(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["name", "birthDate", "sex", "reason"])
        let stated = try StatedPerson(object)
        let reason = try object.statedWord("reason")
        guard asking.caller.operatorID != nil else { throw Refusal.missing("Tsunagi-Operator") }
        let book = try ledger.rules.current()
        guard let rules = book.emergency, let kind = book.visitKind(EmergencyRules.visitKind)
        else { throw Refusal.rulesUnknown }
        let counted = try await ledger.countEmergencyTry(asking.caller, rules: rules)
        let (_, bytes) = try await asking.answer(as: \.json) { records in
            try records.openEmergencyVisit(
                stated, because: reason, counted, rules: rules, end: { kind.ends(opened: $0) }
            ) { pairwise($0, for: party) }
        }
        return .json(.created, bytes)
    }
}

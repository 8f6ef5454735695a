import Exchange
import Hummingbird
import Ledger
import Trust

/// 委任: a resident lets one other person act in some kinds until a day (民法99条). The resident gets a code,
/// shown once, and gives it to that person, who takes it with a card of their own.
extension GatewayParts {
    /// `POST /delegations`.
    func delegate(_ asking: Asking) async throws -> Response {
        _ = try asking.residentToken()
        let book = try ledger.rules.current()
        guard let rules = book.acting else { throw Refusal.rulesUnknown }
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["kinds", "validTo"])
        let kinds = try object.consentKinds("kinds", book)
        let to = try CalendarDay(object.requiredString("validTo"), item: "validTo")
        guard !kinds.isEmpty else { throw Refusal.missing("kinds") }
        let today = now().dayInJapan
        guard to >= today, to <= today.adding(days: rules.delegationDaysMax) else {
            throw Refusal.malformed("validTo")
        }
        let code = ResidentTokenSecret()
        let grant = DelegationGrant(codeHash: code.hash, kinds: kinds, to: to)
        let (_, bytes) = try await oneself(asking, as: { $0.json(code: code.text) }) {
            records, person in
            let delegation = try records.delegate(grant, by: person, rules)
            records.enter(person)
            return delegation
        }
        return .json(.created, bytes)
    }

    /// `POST /delegations/accept`: whoever shows the code acts from now on.
    func acceptDelegation(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["code"])
        guard let hash = ResidentTokenSecret.hash(of: try object.requiredString("code")) else {
            throw Refusal.delegationUnknown
        }
        try await asking.access { records in
            try records.acceptDelegation(codeHash: hash, by: records.oneself(token))
        }
        return Response(status: .noContent)
    }

    /// `POST /delegations/{id}/end`, effective with the next request of whoever acts by it.
    func endDelegation(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        let delegation = try asking.context.recordID()
        try await asking.access { records in
            let person = try records.oneself(token)
            try records.endDelegation(delegation, of: person)
            records.enter(person)
        }
        return Response(status: .noContent)
    }
}

extension JSONObject {
    /// Codes of `consent-kinds.json`, each known. Throws `.consentUnknown` for another.
    func consentKinds(_ name: String, _ rules: RuleBook) throws -> Set<ConsentKind> {
        Set(
            try requiredArray(name).map { value in
                guard case .string(let code) = value, let kind = try? ConsentKind(code),
                    rules.consentKind(kind) != nil
                else { throw Refusal.consentUnknown }
                return kind
            })
    }
}

extension Delegation {
    fileprivate func json(code: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 256)
        writer.beginObject()
        writeItems(to: &writer)
        writer.member("code", code)
        writer.endObject()
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writeItems(to: &writer)
        writer.endObject()
    }

    private func writeItems(to writer: inout JSONWriter) {
        writer.member("delegation", id.text)
        writer.texts("kinds", kinds)
        writer.member("validTo", to.text)
        writer.member("madeAt", made.text)
        writer.member("codeLapsesAt", codeLapses.text)
        writer.member("acceptedAt", accepted?.text)
        writer.member("endedAt", ended?.text)
    }
}

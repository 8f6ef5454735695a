import Exchange
import Hummingbird
import Ledger
import Trust

/// 代理: whoever may act for another finds them in a list, takes a token bound to both, and with it uses every
/// route of that resident. No route knows of it: the token says whose records they are.
extension GatewayParts {
    /// `GET /represented`: for whom, by which relation, in which kinds. Each of them is on the record.
    func readRepresented(_ asking: Asking) async throws -> Response {
        guard let rules = try asking.actingRules() else { throw Refusal.rulesUnknown }
        let party = asking.caller.party
        let (_, bytes) = try await oneself(asking, as: \.self) { [self] records, person in
            let represented = try records.represented(by: person, rules)
            records.enter(person)
            for resident in represented { records.enter(represented: resident) }
            return represented.written(as: "represented") { writer, resident in
                writer.member(
                    "resident", "Patient/" + pairwise(resident.person, for: party).current)
                writer.member("name", resident.name)
            }
        }
        return .json(.ok, bytes)
    }

    /// `POST /tokens/acting`: a token to act for one of them, for as long as the own one lives.
    func beginActing(_ asking: Asking) async throws -> Response {
        guard let rules = try asking.actingRules() else { throw Refusal.rulesUnknown }
        let token = try asking.residentToken()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["resident"])
        let reference = try object.requiredString("resident")
        guard reference.hasPrefix("Patient/") else { throw Refusal.malformed("resident") }
        let id = String(reference.dropFirst("Patient/".count))
        let party = asking.caller.party
        let secret = ResidentTokenSecret()
        let grant = ActingTokenGrant(
            tokenHash: secret.hash, madeFrom: token.hash, certificateHash: token.certificate)
        let (_, bytes) = try await asking.answer(
            reading: .residentToken(hash: token.hash), as: { Self.tokenJSON(secret, $0) }
        ) { [self] records in
            let expires = try records.beginActing(grant, rules: rules) {
                pairwise($0, for: party).contains(id)
            }
            return max(0, (expires.microseconds - records.now.microseconds) / 1_000_000)
        }
        return .json(.created, bytes)
    }

    /// `GET /representatives`: who may act for the resident, and what the resident let others do. Each of
    /// them is on the record.
    func readRepresentatives(_ asking: Asking) async throws -> Response {
        guard let rules = try asking.actingRules() else { throw Refusal.rulesUnknown }
        let party = asking.caller.party
        let (_, bytes) = try await oneself(asking, as: \.self) { [self] records, person in
            records.enter(person)
            let delegations = try records.delegations(
                of: person, limit: PageLimits.delegationsMax)
            let representatives = try records.representatives(of: person, rules)
            for resident in representatives { records.enter(resident.representative) }
            return representatives.written(as: "representatives", beside: delegations) {
                writer, resident in
                writer.member(
                    "representative",
                    "Patient/" + pairwise(resident.representative, for: party).current)
            }
        }
        return .json(.ok, bytes)
    }

    /// One question that is a resident's own alone: nobody asks it for them.
    func oneself<Answer: Sendable>(
        _ asking: Asking, as bytes: @escaping @Sendable (Answer) -> [UInt8],
        _ body: @escaping @Sendable (inout Records, PersonKey) throws -> Answer
    ) async throws -> (answer: Answer, bytes: [UInt8]) {
        let token = try asking.residentToken()
        return try await asking.answer(reading: .residentToken(hash: token.hash), as: bytes) {
            records in
            let person = try records.oneself(token)
            return try body(&records, person)
        }
    }
}

extension [RepresentedResident] {
    /// `who` writes whom the reader asked about; the rest is the same for both sides.
    fileprivate func written(
        as name: String, beside delegations: [Delegation]? = nil,
        _ who: (inout JSONWriter, RepresentedResident) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 256 + count * 256)
        writer.beginObject()
        writer.name(name)
        writer.beginArray()
        for resident in self {
            writer.beginObject()
            who(&writer, resident)
            writer.name("relations")
            writer.beginArray()
            for held in resident.relations { held.write(to: &writer) }
            writer.endArray()
            writer.texts("kinds", resident.kinds.map(\.code).sorted())
            writer.endObject()
        }
        writer.endArray()
        if let delegations {
            writer.name("delegations")
            writer.beginArray()
            for delegation in delegations { delegation.write(to: &writer) }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}

extension HeldRelation {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch relation.ground {
        case .guardian(let code):
            writer.member("ground", "guardian")
            writer.member("guardianKind", code)
            writer.member("municipality", municipality)
        case .delegation: writer.member("ground", "delegation")
        }
        writer.member("validFrom", relation.from.text)
        writer.member("validTo", relation.to?.text)
        writer.endObject()
    }
}

extension JSONWriter {
    mutating func texts(_ name: String, _ texts: [String]) {
        self.name(name)
        beginArray()
        for text in texts { string(text) }
        endArray()
    }
}

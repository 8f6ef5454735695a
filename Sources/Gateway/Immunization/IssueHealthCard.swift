import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import Trust

/// 接種証明カード: the resident's doses as a SMART Health Card, which anybody with the published keys verifies
/// without asking who holds it.
extension GatewayParts {
    /// `POST /fhir/Patient/{id}/$health-cards-issue` (https://spec.smarthealth.cards): the card, and the
    /// digits of its QR codes. Throws `.nothingToCertify` where no dose, or no name, is known.
    func issueHealthCard(_ asking: Asking) async throws -> Response {
        let id = try asking.context.parameters.require("id")
        let body = try await asking.request.body(.json, atMost: BodyLimits.smallBytesMax)
        _ = try HealthCardRequest(reading: Array(body.readableBytesView))
        let bytes = try await issue(asking, of: id) { card, signed, _ in
            renderHealthCard(signed, id: card.id, texts: HealthCardText.parts(of: signed))
        }
        return .fhir(.ok, bytes)
    }

    /// 接種証明の印刷: `POST /health-cards/print`: a card as a page of its own, with its QR codes drawn.
    func printHealthCard(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let bytes = try await issue(asking) { card, signed, names in
            card.page(codes: HealthCardText.parts(of: signed), names: names, rules)
        }
        return .page(.ok, bytes)
    }

    /// Signs a card of the resident, who is the one named if any is, and keeps on the ledger that it was.
    /// `names`: of who recorded its doses, as the registry has them.
    private func issue(
        _ asking: Asking, of id: String? = nil,
        as written:
            @escaping @Sendable (_ card: HealthCard, _ signed: String, _ names: [Party: String])
            -> [UInt8]
    ) async throws -> [UInt8] {
        let book = try ledger.rules.current()
        let rules = try immunizationRules()
        let key = try HealthCardKey(keys.ring.current(.healthCard))
        let issuer = "https://" + origin
        let party = asking.caller.party
        return try await own(asking, as: \.self) { [self] records, person, _ in
            if let id, try !isKnown(id, as: person, to: party, &records) {
                throw Refusal.recordUnknown
            }
            // A correction that came between the reading and the card would find no card to revoke.
            try records.lockVaccinations(of: person)
            let facts = try records.vaccinationFacts(of: person, rules: book)
            let held = try records.vaccinations(of: person).withoutCopies(rules).map(\.newest)
            let number = Base64URL.encode(RecordID.random().bytes)
            let card = facts.identity.flatMap { identity in
                HealthCard(
                    issuer: issuer, id: number, issuedAt: records.now,
                    of: (identity.name, facts.birth), held: held, rules)
            }
            guard let card else { throw Refusal.nothingToCertify }
            let names = try records.names(of: Set(card.doses.map(\.institution)))
            records.issueCard(
                number, signedBy: key.id, of: person,
                holding: try card.doses.map { try RecordID($0.id) })
            return written(card, try key.sign(card.payload(rules)), names)
        }.bytes
    }

    /// `POST /health-cards/{id}/revoke`: from now on the list of revoked cards has it.
    func revokeHealthCard(_ asking: Asking) async throws -> Response {
        let token = try asking.residentToken()
        let card = try asking.context.parameters.require("id")
        try await asking.access { records in
            let person = try records.resident(token)
            try records.revokeCard(card, of: person)
            records.enter(person)
        }
        return Response(status: .noContent)
    }

    /// `GET /.well-known/jwks.json`: every key that ever signed a card, for the issuer's address.
    func readHealthCardKeys(_ request: Request, _ context: GatewayContext) async throws -> Response
    {
        let keys = try healthCardKeys()
        let revoked = try await ledger.revokedCards(signedBy: keys.map(\.id))
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginObject()
        writer.name("keys")
        writer.beginArray()
        for key in keys {
            key.writePublicKey(revoked: revoked[key.id]?.count ?? 0, to: &writer)
        }
        writer.endArray()
        writer.endObject()
        return .json(.ok, writer.bytes)
    }

    /// 失効一覧: `GET /.well-known/crl/{kid}.json`.
    func readRevokedHealthCards(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let file = try context.parameters.require("file")
        guard let key = try healthCardKeys().first(where: { file == $0.id + ".json" }) else {
            throw Refusal.recordUnknown
        }
        let cards = try await ledger.revokedCards(signedBy: [key.id])[key.id] ?? []
        var writer = JSONWriter(reservingBytes: 128 + cards.count * 25)
        writer.beginObject()
        writer.member("kid", key.id)
        writer.member("method", "rid")
        writer.member("ctr", cards.count)
        writer.name("rids")
        writer.beginArray()
        for card in cards { writer.string(card) }
        writer.endArray()
        writer.endObject()
        return .json(.ok, writer.bytes)
    }

    private func healthCardKeys() throws -> [HealthCardKey] {
        try keys.ring.all(.healthCard).map { try HealthCardKey($0) }
    }
}

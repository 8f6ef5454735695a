import Exchange
import Hummingbird
import Ledger

/// 苦情の審査: `POST /fhir/AuditEvent/$examine`. An ombudsman reads the whole list of the one resident whom a
/// complaint is about, with its proof and with what is withheld, after the resident's agreement or an
/// order. The resident finds a notice.
extension GatewayParts {
    func examineComplaint(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let rules = try ledger.rules.current()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        let complaint = try Complaint(object)
        let (offset, count) = try asking.request.range()
        let record = try asking.request.number("record") ?? 0
        let page = asking.request.page(record: record, offset: offset, count: count)
        let (_, bytes) = try await asking.answer(as: \.self) { [self] records in
            let (person, log) = try records.examine(
                complaint, record: record, offset: offset, limit: count)
            return try log.rendered(
                of: pairwise(person, for: party).current, asOf: nil, rules: rules,
                page: page(log.total, log.records)
            ) { pairwise($0, for: party).current }
        }
        return .fhir(.ok, bytes)
    }
}

extension Complaint {
    fileprivate init(_ object: JSONObject) throws(Refusal) {
        try object.requireOnly([
            "complaint", "reason", "ground", "groundReference", "municipality",
            "municipalityIdentityKey",
        ])
        guard let ground = Ground(rawValue: try object.requiredString("ground")) else {
            throw .malformed("ground")
        }
        let town = try object.requiredString("municipality")
        do throws(Refusal) { _ = try Party(role: .municipality, code: town) } catch {
            throw .malformed("municipality")
        }
        self.init(
            reference: try object.statedWord("complaint"),
            reason: try object.statedWord("reason"),
            ground: (ground, try object.statedWord("groundReference")),
            resident: (town, try object.requiredString("municipalityIdentityKey")))
    }
}

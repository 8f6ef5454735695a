import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 災害の宣言: `/disasters`. One officer proposes where, why and how long; another one, with another
/// certificate, confirms; either office ends it early.
extension GatewayParts {
    func proposeDisaster(_ asking: Asking) async throws -> Response {
        let officer = try asking.namedOfficer
        let rules = try emergencyRules()
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        let proposal = try DisasterProposal(object)
        return try await answer(asking, .created) {
            try $0.propose(proposal, by: officer, rules: rules)
        }
    }

    func confirmDisaster(_ asking: Asking) async throws -> Response {
        let officer = try asking.namedOfficer
        let id = try asking.context.recordID()
        let fourEyes = try ledger.rules.fourEyes(.disaster)
        return try await answer(asking) { try $0.confirmDisaster(id, by: officer, fourEyes) }
    }

    func endDisaster(_ asking: Asking) async throws -> Response {
        let officer = try asking.namedOfficer
        let id = try asking.context.recordID()
        return try await answer(asking) { try $0.endDisaster(id, by: officer) }
    }

    func listDisasters(_ asking: Asking) async throws -> Response {
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            let disasters = try records.disasters(limit: PageLimits.disastersMax)
            var writer = JSONWriter(reservingBytes: 4096)
            writer.beginObject()
            writer.name("disasters")
            writer.beginArray()
            for disaster in disasters { disaster.write(to: &writer, at: records.now) }
            writer.endArray()
            writer.endObject()
            return writer.bytes
        }
        return .json(.ok, bytes)
    }

    private func answer(
        _ asking: Asking, _ status: HTTPResponse.Status = .ok,
        _ body: @escaping @Sendable (inout Records) throws -> Disaster
    ) async throws -> Response {
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            var writer = JSONWriter(reservingBytes: 512)
            try body(&records).write(to: &writer, at: records.now)
            return writer.bytes
        }
        return .json(status, bytes)
    }

    func emergencyRules() throws -> EmergencyRules {
        guard let rules = try ledger.rules.current().emergency else { throw Refusal.rulesUnknown }
        return rules
    }
}

extension Asking {
    /// Who decides must say so: the operator's name is required here.
    fileprivate var namedOfficer: Officer {
        get throws {
            guard caller.operatorID != nil else { throw Refusal.missing("Tsunagi-Operator") }
            return officer
        }
    }
}

extension DisasterProposal {
    /// A prefecture has at most 180 municipalities.
    static let areasMax = 200

    fileprivate init(_ object: JSONObject) throws(Refusal) {
        try object.requireOnly(["areas", "reason", "beginsAt", "endsAt"])
        var areas: Set<String> = []
        for area in try object.requiredArray("areas") {
            let code = try area.requiredString(at: "areas")
            guard ResponsibleBodies(municipality: code) != nil else { throw .malformed("areas") }
            areas.insert(code)
        }
        guard !areas.isEmpty else { throw .missing("areas") }
        guard areas.count <= Self.areasMax else { throw .tooMany("areas") }
        var begins: Instant?
        if let text = try object.optionalString("beginsAt") {
            begins = try Instant(text, item: "beginsAt")
        }
        self.init(
            areas: areas.sorted(), reason: try object.statedWord("reason"), begins: begins,
            ends: try Instant(object.requiredString("endsAt"), item: "endsAt"))
    }
}

extension Disaster {
    fileprivate func write(to writer: inout JSONWriter, at now: Instant) {
        writer.beginObject()
        writer.member("id", id.text)
        writer.member("status", state(at: now).rawValue)
        writer.name("areas")
        writer.beginArray()
        for area in areas { writer.string(area) }
        writer.endArray()
        writer.member("reason", reason)
        writer.member("beginsAt", begins.text)
        writer.member("endsAt", (endedAt ?? ends).text)
        writer.member("proposedBy", party)
        writer.member("confirmedBy", confirmedBy)
        writer.endObject()
    }
}

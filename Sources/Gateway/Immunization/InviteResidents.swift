import Exchange
import Hummingbird
import Ledger
import Trust

/// 予防接種の案内: whom a municipality invites, and who of them has not come.
extension GatewayParts {
    /// `POST /immunization/registration-tasks`: each row invites a resident to a schedule, who finds a
    /// notice; the same task and row results as the other registrations.
    func registerVaccinationTargets(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        return try await registration(
            asking, field: "immunization",
            read: { body throws(Refusal) in try readVaccinationTargetRows(body, rules) },
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map {
                    NumberedTargetRow(numberHash: numberHash($0.number, keys), row: $0)
                }
                return try records.registerVaccinationTargets(task, numbered)
            })
    }

    /// 未接種者の一覧: `GET /immunization/unvaccinated?programme=…`, for the next letter.
    func listUnvaccinated(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        guard let code = asking.request.uri.queryParameters["programme"] else {
            throw Refusal.missing("programme")
        }
        guard let programme = rules.programme(String(code)) else {
            throw Refusal.malformed("programme")
        }
        let after = try asking.request.number("after") ?? 0
        let count = try asking.request.lineCount("count")
        let (_, bytes) = try await asking.answer(
            as: { Self.list($0, of: programme.code, isFull: $0.count == count) }
        ) { records in
            try records.unvaccinated(
                by: programme.code, giving: rules.vaccines(of: programme), after: after,
                limit: count)
        }
        return .json(.ok, bytes)
    }

    private static func list(
        _ targets: [UnvaccinatedTarget], of programme: String, isFull: Bool
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 128 + targets.count * 128)
        writer.beginObject()
        writer.member("programme", programme)
        writer.name("targets")
        writer.beginArray()
        for target in targets {
            writer.beginObject()
            writer.member("municipalityIdentityKey", target.identityKey)
            writer.member("validFrom", target.validFrom.text)
            writer.member("validTo", target.validTo.text)
            writer.endObject()
        }
        writer.endArray()
        writer.member("next", isFull ? targets.last?.place : nil)
        writer.endObject()
        return writer.bytes
    }
}

import Exchange
import HTTPTypes
import Hummingbird
import Ledger
import Trust

/// 医療費助成対象者情報登録 (postRegistrationTasks): PMH's own JSON array. Answered 202 with a task when every
/// row is applied or has its reason; the individual number becomes a keyed hash here and goes no
/// further.
extension GatewayParts {
    func registerEntitlements(form: RegistrationForm) -> @Sendable (Asking) async throws -> Response
    {
        { [self] asking in
            let rules = try ledger.rules.current()
            return try await registration(
                asking, field: form.field,
                read: { bytes throws(Refusal) in try readSubsidyRows(bytes, form: form) },
                apply: { records, task, rows in
                    let keys = keys.ring
                    let numbered = rows.map {
                        NumberedRow(numberHash: numberHash($0.number, keys), row: $0)
                    }
                    return try records.registerEntitlements(task, numbered, rules: rules)
                })
        }
    }

    /// 登録結果: `GET …/{taskId}`, the counts and every row that has something to say.
    func readRegistration(_ asking: Asking) async throws -> Response {
        let task = try asking.context.recordID("taskId")
        let (_, bytes) = try await asking.answer(as: \.json) { try $0.registrationReport(task) }
        return .json(.ok, bytes)
    }
}

extension Request {
    /// `Idempotency-Key`: 1 to 128 visible ASCII characters.
    func idempotencyKey() throws -> String? {
        guard let name = HTTPField.Name("Idempotency-Key"), let key = headers[name] else {
            return nil
        }
        guard (1...128).contains(key.utf8.count),
            key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Refusal.malformed("Idempotency-Key") }
        guard !IndividualNumber.looksLikeOne(in: key) else {
            throw Refusal.individualNumberNotAllowed("Idempotency-Key")
        }
        return key
    }
}

extension RegistrationForm {
    var field: String {
        switch self {
        case .full: "medical-subsidy"
        case .difference: "medical-subsidy-history"
        }
    }
}

extension RegistrationReceipt {
    func write(to writer: inout JSONWriter) {
        writer.member("taskId", task.text)
        writer.member("receivedAt", receivedAt.text)
        writer.member("status", "completed")
        writer.member("rows", rows)
        writer.member("applied", counts[.applied] ?? 0)
        writer.member("unchanged", counts[.unchanged] ?? 0)
        writer.member("underReview", counts[.underReview] ?? 0)
        writer.member("refused", counts[.refused] ?? 0)
    }

    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        write(to: &writer)
        writer.endObject()
        return writer.bytes
    }
}

extension RegistrationReport {
    var json: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024 + results.count * 512)
        writer.beginObject()
        receipt.write(to: &writer)
        writer.name("results")
        writer.beginArray()
        for result in results {
            writer.beginObject()
            writer.member("line", result.line)
            writer.member("outcome", result.outcome)
            writer.name("findings")
            writer.raw(result.findings)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

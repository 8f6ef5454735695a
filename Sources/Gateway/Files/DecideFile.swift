import Exchange
import Hummingbird
import Ledger

/// 二人目の確認と取下げ: `POST /files/{layout}/{file}/decision`. Who confirms names the effect that was looked
/// at, by its hash.
extension GatewayParts {
    func decideFile(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let file = try asking.context.recordID("file")
            let (_, body) = try await asking.request.json(
                atMost: BodyLimits.smallBytesMax, hashes: ["effect"])
            let decision = try FileDecision(reading: body)
            let officer = asking.officer
            let fourEyes = try ledger.rules.fourEyes(.massChange)
            let (_, bytes) = try await asking.answer(as: { $0.decided(decision) }) { [ledger] in
                try $0.decide(
                    decision, on: file, of: kind, by: officer, fourEyes, rules: ledger.rules.kept)
            }
            return .json(.ok, bytes)
        }
    }
}

extension FileDecision {
    fileprivate init(reading body: JSONObject) throws(Refusal) {
        try body.requireOnly(["decision", "effect"])
        switch try body.requiredString("decision") {
        case "confirm":
            let text = try body.requiredString("effect")
            guard let hash = Hexadecimal.bytes(text), hash.count == 32 else {
                throw .malformed("effect")
            }
            self = .confirm(effect: hash)
        case "withdraw": self = .withdraw
        case "lift": self = .lift
        default: throw .malformed("decision")
        }
    }
}

extension DecidedFile {
    /// As it is from now on.
    fileprivate func decided(_ decision: FileDecision) -> [UInt8] {
        let state: FileRow.State =
            switch decision {
            // Behind its rows only the ends are left.
            case .confirm: file.ends.isAsked ? .applying : .weighing
            case .withdraw, .lift: .withdrawn
            }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("file", file.file.text)
        writer.member("status", state.rawValue)
        protection.write(into: &writer)
        writer.endObject()
        return writer.bytes
    }
}

extension FileProtection {
    /// Nothing where nobody is protected.
    func write(into writer: inout JSONWriter) {
        guard residents > 0 else { return }
        writer.name("stillProtected")
        writer.beginObject()
        writer.member("residents", residents)
        writer.name("rows")
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            writer.member("line", row.line)
            writer.member("key", row.ownKey)
            writer.endObject()
        }
        writer.endArray()
        writer.member("ja", FileNotice.protectionKept.ja)
        writer.member("en", FileNotice.protectionKept.en)
        writer.endObject()
    }
}

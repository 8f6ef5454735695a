import Exchange
import Hummingbird
import Ledger

/// 月次の照合と締め: `POST /claims/months/{month}/runs` judges a month with what is known now,
/// `POST …/closings` closes it with a run that was looked at.
extension GatewayParts {
    func runMonth(_ asking: Asking) async throws -> Response {
        let month = try asking.context.month()
        let rules = try ledger.rules.current()
        let (_, bytes) = try await asking.answer(as: \.written) { [ledger] in
            try $0.runMonth(month, rules: rules, kept: ledger.rules.kept)
        }
        return .json(.ok, bytes)
    }

    func closeMonth(_ asking: Asking) async throws -> Response {
        let month = try asking.context.month()
        let rules = try ledger.rules.current()
        let (_, body) = try await asking.request.json(
            atMost: BodyLimits.smallBytesMax, hashes: ["digest", "withoutPartsOf"])
        try body.requireOnly(["run", "digest", "withoutPartsOf"])
        let run = try body.requiredInt("run")
        guard let digest = Hexadecimal.bytes(try body.requiredString("digest")) else {
            throw Refusal.malformed("digest")
        }
        let sets = try (body.optionalArray("withoutPartsOf") ?? []).map {
            try $0.requiredString(at: "withoutPartsOf")
        }
        let (_, bytes) = try await asking.answer(as: \.self) { [ledger] in
            try $0.closeMonth(
                month, run: run, digest: digest, withoutPartsOf: Set(sets), rules: rules,
                kept: ledger.rules.kept)
        }
        return .json(.ok, bytes)
    }

    /// `GET …/closings/{number}`: the very bytes that were answered, and the proof that the log has them.
    func readClosing(_ asking: Asking) async throws -> Response {
        let month = try asking.context.month()
        guard let number = Int(try asking.context.parameters.require("number")) else {
            throw Refusal.malformed("number")
        }
        let (_, bytes) = try await asking.answer(as: \.written) {
            try $0.closing(number, of: month)
        }
        return .json(.ok, bytes)
    }
}

extension MonthRunRecord {
    func write(into writer: inout JSONWriter) {
        writer.member("month", month.text)
        writer.member("run", run)
        writer.member("digest", Hexadecimal.text(digest))
        writer.member("rules", rulesVersion)
        writer.member("madeAt", madeAt.text)
        writer.member("claims", claims)
        writer.member("closing", closing == 0 ? nil : closing)
        writer.member("reopened", reopened)
        if !awaited.isEmpty {
            writer.name("awaited")
            writer.beginArray()
            for part in awaited { writer.string(part) }
            writer.endArray()
        }
        guard !totals.isEmpty else { return }
        writer.name("totals")
        writer.raw(totals)
    }

    fileprivate var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 512 + totals.utf8.count)
        writer.beginObject()
        write(into: &writer)
        writer.endObject()
        return writer.bytes
    }
}

extension ProvenClosing {
    fileprivate var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048 + text.count)
        writer.beginObject()
        writer.member("closing", String(decoding: text, as: UTF8.self))
        writer.member("digest", Hexadecimal.text(digest))
        writer.member("leaf", String(decoding: leafText, as: UTF8.self))
        if let proof, let checkpoint {
            writer.member("index", proof.index)
            writer.name("path")
            writer.beginArray()
            for hash in proof.path { writer.string(Base64.text(hash.bytes)) }
            writer.endArray()
            writer.member("checkpoint", checkpoint)
        }
        writer.endObject()
        return writer.bytes
    }
}

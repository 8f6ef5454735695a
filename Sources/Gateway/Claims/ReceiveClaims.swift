import Exchange
import Hummingbird
import Ledger

/// 請求の受領: `POST /claims/files?month=`, a receipt file (UKE, text/csv in CP932);
/// `POST /claims/payments?month=`, a payment body's list as CSV; `POST /claims?month=`, claims as JSON;
/// each read as its bytes come, a whole file, or a part of a set (`set`, `part`, `parts`); and
/// `POST /claims/months/{month}/events`, what became of claims afterwards.
extension GatewayParts {
    func receiveReceipts(_ asking: Asking) async throws -> Response {
        try await receive(.receipts, asking)
    }

    func receivePayments(_ asking: Asking) async throws -> Response {
        try await receive(.payments, asking)
    }

    func receiveClaims(_ asking: Asking) async throws -> Response {
        try await receive(.claims, asking)
    }

    private func receive(_ kind: ArrivingClaims.Kind, _ asking: Asking) async throws -> Response {
        let month = try asking.request.month("month")
        let part = try asking.request.part()
        let rules = try ledger.rules.current()
        try asking.request.require(kind == .claims ? .json : .csv)
        var arriving = try ArrivingClaims(kind, rules, on: now().dayInJapan)
        try uploads.enter(asking.caller.party)
        defer { uploads.leave(asking.caller.party) }
        try await asking.request.forEachBlock(atMost: BodyLimits.fileBytesMax) {
            try arriving.take($0)
        }
        let arrived = try arriving.finish()
        let (_, bytes) = try await asking.answer(as: \.written) {
            try $0.keepClaims(arrived, as: part, for: month, rules: rules.version)
        }
        return .json(.created, bytes)
    }

    /// All of them or none; a refusal names each that is wrong.
    func followClaims(_ asking: Asking) async throws -> Response {
        _ = try asking.context.month()
        let (_, body) = try await asking.request.json(atMost: BodyLimits.registrationBytesMax)
        try body.requireOnly(["events"])
        let rows = try body.requiredArray("events")
        guard rows.count <= PageLimits.claimEventsMax else { throw Refusal.tooMany("events") }
        let news = try rows.enumerated().map { place, value in
            try ClaimNews(value.requiredObject(at: "events[\(place)]"), at: "events[\(place)]")
        }
        let today = now().dayInJapan
        let ahead = news.indices.filter { news[$0].day > today }.map { "events[\($0)].on" }
        guard ahead.isEmpty else { throw Refusal.malformed(ahead.joined(separator: ", ")) }
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            let taken = try records.followClaims(news)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("events", news.count)
            writer.member("taken", taken)
            writer.endObject()
            return writer.bytes
        }
        return .json(.ok, bytes)
    }
}

extension Request {
    /// 分けて送る月: all of `set`, `part` and `parts`, or none of them.
    fileprivate func part() throws -> SentPart? {
        guard ["set", "part", "parts"].contains(where: { text($0) != nil }) else { return nil }
        guard let set = text("set") else { throw Refusal.missing("set") }
        guard let place = try number("part") else { throw Refusal.missing("part") }
        guard let count = try number("parts") else { throw Refusal.missing("parts") }
        return try SentPart(set: set, number: place, of: count)
    }

    func month(_ name: String) throws(Refusal) -> ServiceMonth {
        guard let text = uri.queryParameters[Substring(name)] else { throw .missing(name) }
        return try ServiceMonth(String(text), item: name)
    }
}

extension GatewayContext {
    func month() throws -> ServiceMonth {
        try ServiceMonth(parameters.require("month"), item: "month")
    }
}

extension ClaimNews {
    fileprivate init(_ object: JSONObject, at path: String) throws(Refusal) {
        try object.requireOnly(["claim", "step", "on", "reference"], at: path)
        let item = { (name: String) in "\(path).\(name)" }
        let claim = try object.requiredString("claim", at: path)
            .split(separator: ".", omittingEmptySubsequences: false)
        guard claim.count == 2, let place = Int(claim[1]), place > 0 else {
            throw .malformed(item("claim"))
        }
        let step = ClaimThread.Step(rawValue: try object.requiredString("step", at: path))
        guard let step, step != .submitted, step != .corrected else {
            throw .malformed(item("step"))
        }
        let reference = try object.optionalString("reference", at: path) ?? ""
        // 検索番号 or a number of the payment body: no words, so nobody's name.
        let isFormed = reference.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2D
        }
        guard isFormed, reference.utf8.count <= 64 else { throw .malformed(item("reference")) }
        self.init(
            file: try RecordID(String(claim[0]), item: item("claim")), place: place, step: step,
            day: try CalendarDay(object.requiredString("on", at: path), item: item("on")),
            reference: reference)
    }
}

extension ClaimFileReceipt {
    fileprivate var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 256 + findings.utf8.count)
        writer.beginObject()
        writer.member("file", file.text)
        writer.member("name", "\(month.text)-\(number)")
        writer.member("month", month.text)
        writer.member("claims", claims)
        writer.member("duplicate", isDuplicate)
        writer.name("findings")
        writer.raw(findings)
        writer.member("findingsLeftOut", findingsLeftOut == 0 ? nil : findingsLeftOut)
        writer.endObject()
        return writer.bytes
    }
}

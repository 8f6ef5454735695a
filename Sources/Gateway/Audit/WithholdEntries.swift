import Exchange
import Hummingbird
import Ledger

/// 開示の延期: `POST /access-log/withholdings`. An office holds entries of its own back from their residents
/// until a time, for a reason of the law; the residents see at once that there are some, and until when.
extension GatewayParts {
    func withholdEntries(_ asking: Asking) async throws -> Response {
        let (_, object) = try await asking.request.json(atMost: BodyLimits.visitBytesMax)
        let rules = try ledger.rules.current()
        guard let log = rules.log else { throw Refusal.rulesUnknown }
        let order = try WithholdingOrder(object, log) {
            try entries(named: $0, by: asking.caller.party)
        }
        try await asking.access { try $0.withhold(order) }
        return Response(status: .noContent)
    }

    /// 延期の解除: `POST /access-log/withholdings/lift`, by the office that holds them back, before its time.
    func liftWithholdings(_ asking: Asking) async throws -> Response {
        let (_, object) = try await asking.request.json(atMost: BodyLimits.visitBytesMax)
        try object.requireOnly(["entries", "reference"])
        let entries = try entries(
            named: object.withheldEntries(), by: asking.caller.party)
        let reference = try object.statedWord("reference")
        try await asking.access { try $0.lift(entries, because: reference) }
        return Response(status: .noContent)
    }
}

extension WithholdingOrder {
    fileprivate init(
        _ object: JSONObject, _ rules: LogRules, entries meant: ([RecordID]) throws -> EntryNames
    ) throws {
        try object.requireOnly(["entries", "reason", "reference", "releaseAt"])
        let entries = try object.withheldEntries()
        guard let reason = rules.reason(try object.requiredString("reason")) else {
            throw Refusal.malformed("reason")
        }
        self.init(
            entries: try meant(entries), reason: reason,
            reference: try object.statedWord("reference"),
            release: try Instant(object.requiredString("releaseAt"), item: "releaseAt"))
    }
}

extension JSONObject {
    /// 200 ids of 40 bytes stay far below the body's limit.
    private static var entriesMax: Int { 200 }

    /// Each once.
    fileprivate func withheldEntries() throws(Refusal) -> [RecordID] {
        var entries: Set<RecordID> = []
        for entry in try requiredArray("entries") {
            entries.insert(try RecordID(entry.requiredString(at: "entries"), item: "entries"))
        }
        guard !entries.isEmpty else { throw .missing("entries") }
        guard entries.count <= Self.entriesMax else { throw .tooMany("entries") }
        return Array(entries)
    }
}

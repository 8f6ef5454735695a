import Exchange
import Postgres

/// 保管の一行: one entry of an archived month, with everything that its leaf is made of, so that whoever has
/// the line makes the leaf again and nobody else can. It names the person: an archive is kept as the
/// database is.
struct ArchiveLine {
    let position: Int
    /// Nothing for an entry about nobody.
    let sequence: Int?
    let entry: StoredEntry

    var leaf: LogHash { .leaf(entry.leafText) }

    /// Without the newline. Items that the entry has not are left out; times are microseconds since
    /// 1970-01-01T00:00:00Z, bytes hexadecimal.
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("position", position)
        writer.member("sequence", sequence)
        writer.member("id", entry.id.text)
        writer.member("at", Int(entry.at.microseconds))
        writer.member("party", entry.party)
        writer.member("operator", entry.operatorID)
        writer.member("purpose", entry.purpose)
        writer.member("visit", entry.visit?.text)
        writer.member("person", entry.person.map { UUIDBytes($0).text })
        writer.member("outcome", entry.outcome)
        writer.member("basis", entry.basis)
        writer.member("digest", entry.digest.map { Hexadecimal.text($0) })
        writer.member("salt", Hexadecimal.text(entry.salt))
        writer.endObject()
    }

    /// Throws `Refusal` for what `write` never wrote.
    init(_ line: JSONObject) throws {
        try line.requireOnly(Self.items)
        position = try line.requiredInt("position")
        sequence = try line.optionalInt("sequence")
        let person = try line.optionalString("person").map { try RecordID($0) }
        entry = StoredEntry(
            id: try RecordID(line.requiredString("id")),
            at: Instant(microseconds: Int64(try line.requiredInt("at"))),
            party: try line.requiredString("party"),
            operatorID: try line.optionalString("operator"),
            purpose: try line.requiredString("purpose"),
            visit: try line.optionalString("visit").map { try RecordID($0) },
            person: person.map { PersonKey(high: $0.high, low: $0.low) },
            outcome: try line.requiredString("outcome"), basis: try line.optionalString("basis"),
            digest: try line.optionalString("digest").map { try Self.bytes($0, "digest") },
            salt: try Self.bytes(line.requiredString("salt"), "salt"))
    }

    init(position: Int, sequence: Int?, entry: StoredEntry) {
        self.position = position
        self.sequence = sequence
        self.entry = entry
    }

    private static let items: Set = [
        "position", "sequence", "id", "at", "party", "operator", "purpose", "visit", "person",
        "outcome", "basis", "digest", "salt",
    ]

    private static func bytes(_ text: String, _ item: String) throws -> [UInt8] {
        guard let bytes = Hexadecimal.bytes(text) else { throw Refusal.malformed(item) }
        return bytes
    }
}

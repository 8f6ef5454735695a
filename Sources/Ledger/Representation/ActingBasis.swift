package import Exchange
import Postgres

/// 代理の根拠: who acted in an access, as the basis of its entry keeps it. An entry names the resident
/// whose data it is about; this names the person who asked.
struct ActingBasis: Sendable {
    let representative: PersonKey
    /// The kinds that were open to them.
    let kinds: Set<ConsentKind>

    /// `beside` is what else the access was decided from.
    func text(beside: String?) -> String {
        var writer = JSONWriter(reservingBytes: 128)
        writer.beginObject()
        writer.member("acting", UUIDBytes(representative).record.text)
        writer.name("kinds")
        writer.beginArray()
        for kind in kinds.sorted() { writer.string(kind.code) }
        writer.endArray()
        writer.member("beside", beside)
        writer.endObject()
        return writer.text
    }
}

extension StoredEntry {
    /// 代理した人: who asked in the resident's place; nobody where the party asked for itself or for the
    /// resident.
    package var representative: PersonKey? {
        guard let basis, let object = try? JSON(reading: Array(basis.utf8)).object,
            let id = object["acting"]?.string.flatMap({ try? RecordID($0, item: "acting") })
        else { return nil }
        return UUIDBytes(id).person
    }
}

/// 受領と処理結果: the two acknowledgements of a file as one JSON object, written while the file is read:
/// every finding as it comes, then what was received and how it came out. It holds no value of the
/// file.
package struct FileAcknowledgement: Sendable {
    private var writer = JSONWriter()

    package init() {
        writer.beginObject()
        writer.name("findings")
        writer.beginArray()
    }

    package mutating func add(_ findings: [RowFinding]) {
        for finding in findings { finding.write(into: &writer) }
    }

    /// What was written since the last call; the whole answer is never held.
    package mutating func takeBytes() -> [UInt8] { writer.takeBytes() }

    package mutating func end(_ received: ReceivedFile, _ counts: FileCounts) {
        writer.endArray()
        received.write(into: &writer, rows: counts.rows)
        writer.name("processed")
        writer.beginObject()
        writer.member("accepted", counts.accepted)
        writer.member("acceptedWithWarning", counts.warned)
        writer.member("refused", counts.refused)
        writer.name("rowsByCode")
        writer.beginObject()
        for (code, rows) in counts.byCode.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.member(code.rawValue, rows)
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    /// For a file that was refused as a whole: nothing of it was applied.
    package mutating func end(_ received: ReceivedFile, refused refusal: FileRefusal) {
        writer.endArray()
        received.write(into: &writer, rows: nil)
        writer.name("refused")
        writer.beginArray()
        for fault in refusal.faults { fault.write(into: &writer) }
        writer.endArray()
        writer.endObject()
    }
}

/// 受領: what arrived, so that the sender can compare it with what was sent.
package struct ReceivedFile: Hashable, Sendable {
    /// As the gateway names it; error files refer to it.
    package let file: String
    package let byteCount: Int
    /// SHA-256 in lower-case hexadecimal.
    package let digest: String
    package let layout: Layout
    /// `nil` when the file was refused before it was known.
    package let encoding: TextEncoding?
    package let isMending: Bool
    /// The file this one repeats byte for byte.
    package let duplicateOf: String?

    package init(
        file: String, byteCount: Int, digest: String, layout: Layout, encoding: TextEncoding?,
        isMending: Bool, duplicateOf: String? = nil
    ) {
        self.file = file
        self.byteCount = byteCount
        self.digest = digest
        self.layout = layout
        self.encoding = encoding
        self.isMending = isMending
        self.duplicateOf = duplicateOf
    }

    /// `rows` are known once the file was read to its end.
    package func write(into writer: inout JSONWriter, rows: Int?) {
        writer.name("received")
        writer.beginObject()
        writer.member("file", file)
        writer.member("bytes", byteCount)
        writer.member("sha256", digest)
        writer.member("rows", rows)
        writer.member("layout", layout.code)
        writer.member("layoutEffectiveFrom", layout.effectiveFrom.text)
        writer.member("encoding", encoding?.rawValue)
        writer.member("mended", isMending)
        writer.member("duplicate", duplicateOf != nil)
        writer.member("duplicateOf", duplicateOf)
        writer.endObject()
    }
}

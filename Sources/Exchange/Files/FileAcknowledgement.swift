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

/// ファイルへの知らせ: what is to be said of a file beside its rows: what of it was not done, and what to do about
/// that. Closed, and without a value of the file.
package enum FileNotice: Hashable, Sendable {
    /// 終了の保留: rows that nobody can name may be those of the residents who seem to be missing.
    case endsSuspended(ends: Int, rows: Int, lines: [Int])
    /// Rows that came after the moment of a whole list, are not in it, and stay.
    case keptSince(Int)
    /// Mended rows of a whole list are no whole list.
    case mendedEndsNobody
    /// More would end than was weighed: the rows stand, and the ends wait for a second person.
    case endsAsked
    /// The rows stand, and nobody was ended.
    case endsWithdrawn
    /// 処理の遅れ: something on this side failed; the file stands where it was, and is tried again by itself.
    case delayed
    /// 前のファイルの確認待ち: one that was sent before it waits for a second person.
    case behindWaiting(file: String)
    /// 取下げ後の保護: residents whom it protected from its receipt are still so.
    case protectionKept
    /// 一覧の打切り: more rows would change something than its list holds.
    case planCut(Int)

    package var code: String {
        switch self {
        case .delayed: "delayed"
        case .behindWaiting: "behind-waiting"
        case .endsSuspended: "ends-suspended"
        case .keptSince: "kept-known-since"
        case .mendedEndsNobody: "mended-ends-nobody"
        case .endsAsked: "ends-asked"
        case .endsWithdrawn: "ends-withdrawn"
        case .protectionKept: "protection-kept"
        case .planCut: "plan-cut"
        }
    }

    package func write(into writer: inout JSONWriter) {
        writer.object {
            $0.member("code", code)
            $0.member("severity", FindingSeverity.warning.rawValue)
            switch self {
            case .endsSuspended(let ends, let rows, let lines):
                $0.member("ends", ends)
                $0.member("rows", rows)
                $0.name("lines")
                $0.beginArray()
                for line in lines { $0.int(line) }
                $0.endArray()
            case .keptSince(let rows), .planCut(let rows): $0.member("rows", rows)
            case .behindWaiting(let file): $0.member("file", file)
            case .mendedEndsNobody, .endsAsked, .endsWithdrawn, .delayed, .protectionKept: break
            }
            $0.member("ja", ja)
            $0.member("en", en)
        }
    }

    package var ja: String {
        switch self {
        case .endsSuspended(let ends, let rows, _):
            "個人番号を読み取れない行が\(rows)行あり、誰の行か分からないため、ファイルにない\(ends)件を終わらせていません。"
                + "直した行だけのファイルでは終了は反映されません。linesの行を直し、全件のファイルをもう一度送ってください。"
        case .keptSince(let rows):
            "この全件の時点（asOf。なければ受付）より後に登録された、ファイルにない\(rows)件は、終わらせずに残しました。"
                + "終わっているものがあれば、次の全件か変更で送ってください。"
        case .mendedEndsNobody:
            "直した行だけのファイルは、誰も終わらせません。元の全件の終了が保留(ends-suspended)なら、"
                + "直した全件のファイルをもう一度送ってください。"
        case .endsAsked:
            "行は反映しましたが、終わるものが確かめたときより増えたため、まだ誰も終わらせていません。"
                + "終わるものの一覧(…/ends)を確かめ、別の人が確認するか、取り下げてください。"
        case .endsWithdrawn:
            "行は反映しましたが、終了は取り下げられ、誰も終わらせていません。終わらせるものは、次の全件か変更で送ってください。"
        case .delayed:
            "ファイルではなく受け付けた側の都合で、処理が止まっています。自動で続きから再開するので、送り直さないでください。"
                + "1時間たっても変わらなければ、ファイルの番号を添えて運用者に連絡してください。"
        case .behindWaiting:
            "前に送られたファイル(file)が別の人の確認を待っているため、まだ進みません。このファイルは送り直さず、"
                + "前のファイルの影響を確かめ、確認するか取り下げてください。"
        case .protectionKept:
            "このファイルは取り下げられましたが、ファイルの行が不開示とした人の保護は続いています。保護すべき人は、不開示フラグを付けた"
                + "行をもう一度送ってください。誤りであれば、送った人とは別の人が保護の解除(lift)を決定してください。"
        case .planCut(let rows):
            "変わる行が多いため、一覧は初めの\(rows)行までです。全体の件数はファイルの影響(effect)で確かめてください。"
        }
    }

    package var en: String {
        switch self {
        case .endsSuspended(let ends, let rows, _):
            "The individual number of \(rows) rows cannot be read, so nobody can say whose they are, and "
                + "\(ends) rows that are not in the file were not ended. Mend the rows on `lines` and send "
                + "the whole list again. A file of mended rows alone ends nobody."
        case .keptSince(let rows):
            "\(rows) rows that are not in this file were registered after its moment (asOf, else its "
                + "receipt), and were not ended. Send those that have ended with the next whole list or "
                + "as a change."
        case .mendedEndsNobody:
            "A file of mended rows alone ends nobody. If the ends of the whole list were suspended "
                + "(ends-suspended), send the whole list again, mended."
        case .endsAsked:
            "The rows were applied, but more would end than when the file was looked at, so nobody was "
                + "ended yet. Look at who would end (…/ends); another person confirms it, or withdraw the "
                + "ends."
        case .endsWithdrawn:
            "The rows were applied, but the ends were withdrawn and nobody was ended. Send what has ended "
                + "with the next whole list or as a change."
        case .delayed:
            "Work on the file has stopped for a reason on the receiving side, not in the file. It goes on "
                + "by itself where it stopped, so do not send it again. If nothing changes within an hour, "
                + "tell the operator the file's id."
        case .behindWaiting:
            "A file that was sent before (`file`) waits for another person, and this one for it. Do not send "
                + "it again: look at the effect of the one before, and confirm or withdraw that."
        case .protectionKept:
            "The file was withdrawn, but whom its rows said not to disclose stays protected. Send the row "
                + "with the flag again for whoever is to be protected; where it was wrong, another person "
                + "than the sender decides to `lift` it."
        case .planCut(let rows):
            "So many rows would change that the list holds the first \(rows) of them only. The counts of "
                + "the whole file are in its `effect`."
        }
    }
}

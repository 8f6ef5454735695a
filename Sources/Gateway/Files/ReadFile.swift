import Exchange
import HTTPTypes
import Hummingbird
package import Ledger
import NIOCore

/// 処理結果とエラーファイル: `GET /files/{layout}/{file}`, the second acknowledgement, and `…/errors`, the rows
/// to be mended in the encoding of their file.
extension GatewayParts {
    func readFile(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let file = try asking.context.recordID("file")
            let first = try asking.request.firstPart()
            let (_, bytes) = try await asking.answer(as: \.written) { [ledger] in
                try $0.fileReport(file, of: kind, from: first, rules: ledger.rules.kept)
            }
            return .json(.ok, bytes)
        }
    }

    /// Each part leaves after an entry of its own.
    func readFileErrors(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let file = try asking.context.recordID("file")
            let first = try await mendingPart(asking, file, kind, from: 0)
            var headers: HTTPFields = [:]
            let charset = (first.file.encoding ?? .utf8).charset
            headers[.contentType] = "text/csv; charset=\(charset)"
            headers[.contentDisposition] = "attachment; filename=\"errors-\(file.text).csv\""
            let mark = first.file.encoding == .utf8WithMark ? TextEncoding.mark : []
            return Response(
                status: .ok, headers: headers,
                body: ResponseBody { [self] writer in
                    try await writer.write(ByteBuffer(bytes: mark + first.bytes))
                    var next = first.next
                    while let from = next {
                        let part = try await mendingPart(asking, file, kind, from: from)
                        try await writer.write(ByteBuffer(bytes: part.bytes))
                        next = part.next
                    }
                    try await writer.finish(nil)
                })
        }
    }

    private func mendingPart(_ asking: Asking, _ file: RecordID, _ kind: FileKind, from part: Int)
        async throws -> MendingPart
    {
        try await asking.answer(as: \.bytes) { [ledger, fileHashing] in
            try $0.mendingPart(file, of: kind, from: part, fileHashing, rules: ledger.rules.kept)
        }.answer
    }
}

extension Request {
    /// `from`: the part to go on from, as the answer before named it.
    func firstPart() throws -> Int {
        guard let text = uri.queryParameters["from"] else { return 0 }
        guard let part = Int(text), (0...1_000_000_000).contains(part) else {
            throw Refusal.malformed("from")
        }
        return part
    }
}

extension FileRow {
    func write(into writer: inout JSONWriter) {
        writer.member("file", file.text)
        writer.member("status", state.rawValue)
        writer.member("dryRun", isDryRun)
        place?.write(into: &writer)
        awaited?.write(into: &writer)
        writer.member("receivedAt", receivedAt.text)
        writer.member("asOf", asOf?.text)
        writer.member("finishedAt", finishedAt?.text)
        writer.member("rowsDeletedAt", rowsDeletedAt?.text)
        received.write(into: &writer, rows: rows)
        if let faults {
            writer.name("faults")
            writer.raw(faults)
        }
        if let weighed {
            writer.name("effect")
            writer.raw(weighed)
        }
        writer.member("confirmedBy", confirmedBy)
        writer.member("withdrawnBy", withdrawnBy)
        let notices = self.notices
        if !notices.isEmpty {
            writer.name("notices")
            writer.beginArray()
            for notice in notices { notice.write(into: &writer) }
            writer.endArray()
        }
        guard state == .applying || state == .done || ends.isAsked else { return }
        writer.name("processed")
        writer.beginObject()
        tally.write(into: &writer)
        if state == .done { writer.member("hash", Hexadecimal.text(effect)) }
        writer.endObject()
    }
}

extension FileReport {
    package var written: [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024 + tellings.count * 512)
        writer.beginObject()
        file.write(into: &writer)
        writer.name("results")
        writer.beginArray()
        for telling in tellings { telling.write(into: &writer) }
        writer.endArray()
        writer.member("next", next)
        writer.endObject()
        return writer.bytes
    }
}

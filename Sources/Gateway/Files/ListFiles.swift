import Exchange
import HTTPTypes
import Hummingbird
package import Ledger

/// ファイルの一覧: `GET /files/{layout}`, the body's own files, newest first, and which place is next.
extension GatewayParts {
    func listFiles(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            let first = try asking.request.uri.queryParameters["from"].map {
                try RecordID(String($0), item: "from")
            }
            let rules = try ledger.rules.current()
            let (_, bytes) = try await asking.answer(as: \.written) {
                try $0.fileList(of: kind, from: first, rules)
            }
            return .json(.ok, bytes)
        }
    }
}

extension FileList {
    package var written: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("files")
        writer.beginArray()
        for file in files { file.write(into: &writer) }
        writer.endArray()
        writer.name("nextPlace")
        writer.beginObject()
        nextPlace.write(into: &writer)
        writer.endObject()
        writer.member("next", next?.text)
        writer.endObject()
        return writer.bytes
    }
}

extension FileList.File {
    fileprivate func write(into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("file", file.text)
        writer.member("status", state.rawValue)
        writer.member("dryRun", isDryRun)
        place?.write(into: &writer)
        awaited?.write(into: &writer)
        writer.member("mended", isMending)
        writer.member("receivedAt", receivedAt.text)
        writer.member("finishedAt", finishedAt?.text)
        writer.member("rows", rows)
        if let weighed {
            writer.name("effect")
            writer.raw(weighed)
        }
        if let tally {
            writer.name("processed")
            writer.beginObject()
            tally.write(into: &writer)
            writer.endObject()
        }
        protection.write(into: &writer)
        writer.endObject()
    }
}

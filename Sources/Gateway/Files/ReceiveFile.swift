import Exchange
import HTTPTypes
import Hummingbird
package import Ledger
import NIOCore

/// ファイルの受付: `POST /files/{layout}`, text/csv in CP932 or UTF-8, answered with the first of its two
/// acknowledgements. The bytes are read as they come and never held as a whole.
extension GatewayParts {
    func receiveFile(_ kind: FileKind) -> @Sendable (Asking) async throws -> Response {
        { [self] asking in
            try asking.request.require(.csv)
            let announcement = try asking.request.announcement(kind, asking.context.identity)
            try uploads.enter(asking.caller.party)
            defer { uploads.leave(asking.caller.party) }
            let (receipt, bytes) = try await asking.receive(
                kind, announcement, hashing: fileHashing)
            guard receipt.refusal == nil else {
                return Response(status: Refusal.fileRefused.status, .problem, bytes)
            }
            return .json(.accepted, bytes)
        }
    }
}

extension Request {
    private static let announced: Set<String> = [
        "sequence", "follows", "rows", "encoding", "dryRun",
    ]

    /// What the query says of the file. Nothing of a person can stand in it.
    fileprivate func announcement(_ kind: FileKind, _ identity: ConnectionIdentity?) throws
        -> FileAnnouncement
    {
        let announced = kind.isWhole ? Self.announced.union(["asOf"]) : Self.announced
        var said: [String: String] = [:]
        for (name, value) in uri.queryParameters {
            guard announced.contains(String(name)) else {
                throw Refusal.unknownItem(JSONPath.member(String(name), of: "query"))
            }
            guard said.updateValue(String(value), forKey: String(name)) == nil else {
                throw Refusal.duplicateItem(String(name))
            }
        }
        let encoding = try said["encoding"].map { text in
            guard let encoding = TextEncoding(rawValue: text) else {
                throw Refusal.malformed("encoding")
            }
            return encoding
        }
        let isDryRun = said["dryRun"] == "true"
        guard isDryRun || said["dryRun"] ?? "false" == "false" else {
            throw Refusal.malformed("dryRun")
        }
        return FileAnnouncement(
            place: try Self.place(said),
            said: AnnouncedFile(encoding: encoding, rows: try Self.count("rows", in: said)),
            isDryRun: isDryRun,
            asOf: try said["asOf"].map { try Instant(dayOrInstant: $0, item: "asOf") },
            certificate: identity?.fingerprint)
    }

    private static func count(_ name: String, in said: [String: String]) throws -> Int? {
        try said[name].map { text in
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.utf8.count <= 10,
                let count = Int(text)
            else { throw Refusal.malformed(name) }
            return count
        }
    }

    private static func place(_ said: [String: String]) throws -> FileDelivery.Place? {
        switch (try count("sequence", in: said), said["follows"]) {
        case (let number?, nil): return .sequence(number)
        case (nil, "none"): return .following(nil)
        case (nil, let digest?):
            guard digest.utf8.count == 64, let bytes = Hexadecimal.bytes(digest) else {
                throw Refusal.malformed("follows")
            }
            return .following(Hexadecimal.text(bytes))
        // One that only looks takes no place, and of mended rows each names its own; any other needs one.
        case (nil, nil): return nil
        case (_?, _?): throw Refusal.duplicateItem("sequence")
        }
    }
}

extension FileReceipt {
    /// The first acknowledgement; of a file that is refused as a whole, a problem that names every
    /// fault.
    package var written: [UInt8] {
        guard let refusal else {
            var writer = JSONWriter()
            writer.beginObject()
            write(into: &writer)
            writer.endObject()
            return writer.bytes
        }
        return Refusal.fileRefused.problem { writer in
            write(into: &writer)
            writer.name("faults")
            writer.beginArray()
            for fault in refusal.faults { fault.write(into: &writer) }
            writer.endArray()
        }
    }

    private func write(into writer: inout JSONWriter) {
        writer.member("file", file.text)
        // A problem has a status of its own.
        if refusal == nil { writer.member("status", state.rawValue) }
        writer.member("dryRun", isDryRun)
        if !isDryRun { place?.write(into: &writer) }
        awaited?.write(into: &writer)
        received.write(into: &writer, rows: refusal == nil ? rows : nil)
    }
}

extension FileDelivery.Place {
    func write(into writer: inout JSONWriter) {
        switch self {
        case .sequence(let number): writer.member("sequence", number)
        case .following(let digest): writer.member("follows", digest ?? "none")
        }
    }
}

extension AwaitedFile {
    /// `waitsFor`: what to send, so that a file that is held has its turn.
    func write(into writer: inout JSONWriter) {
        writer.name("waitsFor")
        writer.beginObject()
        switch self {
        case .sequence(let number): writer.member("sequence", number)
        case .digest(let digest): writer.member("sha256", digest)
        }
        writer.endObject()
    }
}

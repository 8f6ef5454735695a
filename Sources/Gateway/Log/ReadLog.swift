import Exchange
import Hummingbird
import Ledger

/// 封印の公開: `GET /log/checkpoint` and `GET /log/consistency/{from}/{to}`, on every listener. What a
/// witness needs to hold the log to its word; it says nothing of anyone.
extension GatewayParts {
    func readCheckpoint(_ request: Request, _ context: GatewayContext) async throws -> Response {
        guard let note = try await ledger.checkpoint() else { throw Refusal.recordUnknown }
        return Response(
            status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
            body: .init(byteBuffer: .init(string: note)))
    }

    func readConsistency(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let from = try context.size("from")
        let to = try context.size("to")
        let proof = try await ledger.consistency(from: from, to: to)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("from", from)
        writer.member("to", to)
        writer.name("proof")
        writer.beginArray()
        for hash in proof.path { writer.string(Base64.text(hash.bytes)) }
        writer.endArray()
        writer.endObject()
        return .json(.ok, writer.bytes)
    }
}

extension GatewayContext {
    fileprivate func size(_ name: String) throws -> Int {
        guard let size = Int(try parameters.require(name)), size >= 0 else {
            throw Refusal.malformed(name)
        }
        return size
    }
}

import Exchange
import Ledger

/// What a portal received as AuditEvents, read as a stranger would read it: the checks here use the
/// answer and the log's public key, nothing else.
struct ShownEvents {
    struct Event {
        let line: String
        let position: Int?
        let treeSize: Int?
        let leaf: [UInt8]
        let path: [LogHash]
        let checkpoint: String?
    }

    let events: [Event]

    init(_ body: [UInt8]) throws {
        let bundle = try JSON(reading: body).requiredObject(at: "body")
        events = try (bundle.optionalArray("entry") ?? []).map { entry in
            let resource = try entry.requiredObject(at: "entry").requiredObject("resource")
            return try Event(resource)
        }
    }

    /// How many events carry a proof. Throws when one of them does not verify.
    func verifyProofs(with key: CheckpointKey) throws -> Int {
        var count = 0
        for event in events {
            guard let position = event.position, let size = event.treeSize,
                let note = event.checkpoint
            else { continue }
            let checkpoint = try key.open(Array(note.utf8))
            let proof = InclusionProof(index: position, size: size, path: event.path)
            guard checkpoint.size == size,
                proof.verifies(leaf: .leaf(event.leaf), root: checkpoint.root)
            else { throw Command.Failure(description: "a proof does not verify") }
            count += 1
        }
        return count
    }
}

extension ShownEvents.Event {
    init(_ resource: JSONObject) throws {
        let purpose = try resource.optionalArray("purposeOfEvent")?.first?
            .requiredObject(at: "purposeOfEvent")
        let coding = try purpose?.optionalArray("coding")?.first?.requiredObject(at: "coding")
        let agents = try resource.requiredArray("agent").map { try $0.requiredObject(at: "agent") }
        let who = agents.compactMap { agent -> String? in
            guard case .object(let who)? = agent["who"] else { return nil }
            return who["display"]?.string
        }
        line =
            "\(try resource.requiredString("recorded").prefix(19))  \(who.first ?? "?")  "
            + "\(coding?["display"]?.string ?? "?")"
            + (resource["outcomeDesc"]?.string.map { "  (\($0))" } ?? "")
        var found: [String: String] = [:]
        var path: [LogHash] = []
        for case .object(let extra) in try resource.optionalArray("extension") ?? [] {
            for case .object(let part) in try extra.optionalArray("extension") ?? [] {
                guard let url = part["url"]?.string else { continue }
                let text = part["valueString"]?.string ?? part["valueBase64Binary"]?.string
                if url == "proof", let hash = LogHash(Base64.bytes(text ?? "") ?? []) {
                    path.append(hash)
                } else {
                    found[url] = text
                }
            }
        }
        position = found["position"].flatMap { Int($0) }
        treeSize = found["treeSize"].flatMap { Int($0) }
        leaf = Base64.bytes(found["leaf"] ?? "") ?? []
        self.path = path
        checkpoint = found["checkpoint"]
    }
}

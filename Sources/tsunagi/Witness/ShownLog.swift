import Exchange
import Ledger

/// What a gateway shows everybody of its log.
struct ShownLog {
    let asked: AskedGateway

    func checkpoint() throws -> [UInt8] {
        let answer = try asked.get("/log/checkpoint")
        guard answer.status == 200 else { throw asked.unanswered(answer) }
        return answer.body
    }

    /// Nothing when the gateway says that its log has no such sizes.
    func consistency(from old: Int, to new: Int) throws -> ConsistencyProof? {
        let answer = try asked.get("/log/consistency/\(old)/\(new)")
        guard answer.status != 404 else { return nil }
        guard answer.status == 200 else { throw asked.unanswered(answer) }
        return try ConsistencyProof(reading: answer.body)
    }
}

extension ConsistencyProof {
    /// What `GET /log/consistency/{from}/{to}` answers. Throws `Refusal` for anything else.
    init(reading body: [UInt8]) throws {
        let answer = try JSON(reading: body).requiredObject(at: "body")
        let path = try answer.requiredArray("proof").map { value in
            guard let hash = value.string.flatMap({ Base64.bytes($0) }).flatMap({ LogHash($0) })
            else { throw Refusal.malformed("proof") }
            return hash
        }
        self.init(
            oldSize: try answer.requiredInt("from"), newSize: try answer.requiredInt("to"),
            path: path)
    }
}

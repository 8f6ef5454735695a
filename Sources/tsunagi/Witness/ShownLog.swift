import Exchange
import Foundation
import Ledger

/// What a gateway shows everybody of its log, asked for over mTLS with the machine's own `curl`: so a witness
/// shares no network code with the gateway that it watches.
struct ShownLog {
    /// Nobody answered, or not as a gateway does: nothing is known of the log.
    struct Unanswered: Error, CustomStringConvertible {
        let description: String
    }

    let gateway: String
    let certificate: String
    let key: String
    let anchors: String

    func checkpoint() throws -> [UInt8] {
        let answer = try get("/log/checkpoint")
        guard answer.status == 200 else { throw unanswered(answer) }
        return answer.body
    }

    /// Nothing when the gateway says that its log has no such sizes.
    func consistency(from old: Int, to new: Int) throws -> ConsistencyProof? {
        let answer = try get("/log/consistency/\(old)/\(new)")
        guard answer.status != 404 else { return nil }
        guard answer.status == 200 else { throw unanswered(answer) }
        return try ConsistencyProof(reading: answer.body)
    }

    private func get(_ path: String) throws -> (status: Int, body: [UInt8]) {
        let text = try Command.output(
            "curl",
            [
                "-sS", "--proto", "=https", "--max-time", "30", "--max-filesize", "1000000",
                "--cacert", anchors, "--cert", certificate, "--key", key, "-w", "\n%{http_code}",
                gateway + path,
            ])
        guard let end = text.lastIndex(of: "\n"), let status = Int(text[text.index(after: end)...])
        else { throw Unanswered(description: "\(gateway) gave no answer.") }
        return (status, Array(text[..<end].utf8))
    }

    private func unanswered(_ answer: (status: Int, body: [UInt8])) -> Unanswered {
        Unanswered(description: "\(gateway) answered \(answer.status).")
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

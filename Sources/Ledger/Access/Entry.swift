import Crypto
package import Exchange
import Postgres

/// 接続元: a party on this connection, with the operator it asserts for this request.
package struct Caller: Hashable, Sendable {
    package let party: Party
    /// 操作者: who at the party, as the party says; never verified by us, kept on the entry.
    package let operatorID: String?

    package init(party: Party, operatorID: String?) {
        self.party = party
        self.operatorID = operatorID
    }
}

/// アクセスの記録: one line of the access log, as it is inserted. The database gives its time.
///
/// `outcome` is `ok` or the code of a refusal. `basis` names the versions of rows and rules the
/// answer was decided from; `digest` is SHA-256 of the answer as sent.
struct Entry: Sendable {
    static let format: Int16 = 1

    let id: RecordID
    let caller: Caller
    let purpose: Purpose
    var visit: RecordID?
    var person: PersonKey?
    var outcome = "ok"
    var basis: String?
    var digest: [UInt8]?
    let salt: RecordID = .random()

    /// Decides one access of a shared batch and leaves its entry with the others: as `decide` made
    /// it, or with the refusal that it threw. Any other error is a fault of ours: nothing is
    /// answered, so nothing is entered.
    func settled<Answer>(
        into entries: inout [Entry], _ decide: (inout Entry) throws -> Answer
    ) -> Result<Answer, any Error> {
        var entry = self
        do {
            let answer = try decide(&entry)
            entries.append(entry)
            return .success(answer)
        } catch let refusal as Refusal {
            entry.outcome = refusal.code
            entries.append(entry)
            return .failure(refusal)
        } catch {
            return .failure(error)
        }
    }
}

/// An entry as it stands in the log, with what its leaf is made of.
package struct StoredEntry: Sendable {
    package let id: RecordID
    package let at: Instant
    package let party: String
    package let operatorID: String?
    package let purpose: String
    package let visit: RecordID?
    package let person: PersonKey?
    package let outcome: String
    package let basis: String?
    package let digest: [UInt8]?
    package let salt: [UInt8]

    /// The bytes whose hash is the entry's leaf in the tree: text, one item a line, so that a
    /// verifier in any language can read it. The person and the basis appear only as salted
    /// commitments, so that a leaf shown to one resident's portal joins nothing to anything.
    package var leafText: [UInt8] {
        var text = "tsunagi entry v1\nid: \(id.text)\nat: \(at.microseconds)\nparty: \(party)\n"
        text +=
            "operator: \(operatorID ?? "-")\npurpose: \(purpose)\nvisit: \(visit?.text ?? "-")\n"
        text += "resident: \(person.map { commitment($0.bytes) } ?? "-")\noutcome: \(outcome)\n"
        text += "basis: \(basis.map { commitment(Array($0.utf8)) } ?? "-")\n"
        text += "digest: \(digest.map(Hexadecimal.text) ?? "-")\nsalt: \(Hexadecimal.text(salt))\n"
        return Array(text.utf8)
    }

    private func commitment(_ bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(data: salt)
        hash.update(data: bytes)
        return Hexadecimal.text(Array(hash.finalize()))
    }
}

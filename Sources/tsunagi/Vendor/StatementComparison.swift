import Exchange
import Ledger

/// 突合: a municipality's own rows against the gateway's signed statement, from the root down to the first row
/// that differs: one question for each fork of the tree, and one for the bucket.
struct StatementComparison {
    struct Verdict {
        let isAgreed: Bool
        let text: String
    }

    /// The gateway says what it did not sign.
    struct NotAsSigned: Error, CustomStringConvertible {
        let description: String
    }

    let field: StatementField
    let asked: AskedGateway
    let key: CheckpointKey
    let isNow: Bool

    private var path: String { "/statements/\(field.rawValue)" }

    /// `held` makes the leaves of the own file, with the salt of the statement.
    func verdict(on held: StatementFile) throws -> Verdict {
        let (id, statement, salt) = try fetched()
        let leaves = try held.leaves(salt: salt)
        let tree = StatementTree(leaves, depth: statement.depth)
        let counts = "\(statement.rows) rows there, \(leaves.count) here"
        guard tree.root.bytes != statement.root else {
            return Verdict(
                isAgreed: true,
                text: "一致 agree: \(counts), \(statement.at.text), root "
                    + Hexadecimal.text(statement.root))
        }
        var (node, expected) = (0, StatementHash(statement.root))
        for level in 0..<statement.depth {
            let branches = try branches(id, level, node, signed: expected)
            guard let next = tree.firstDifference(branches, below: node, level: level) else {
                throw NotAsSigned(description: "The gateway's branches are not those it signed.")
            }
            expected = branches[next - node * branches.count]
            node = next
        }
        return Verdict(
            isAgreed: false,
            text: "不一致 differ: \(counts). " + (try difference(id, statement, node, tree)))
    }

    private func fetched() throws -> (id: String, HoldingStatement, salt: [UInt8]) {
        let answer = isNow ? try asked.post(path, "{}") : try asked.get(path)
        guard answer.status == 200 else { throw asked.unanswered(answer) }
        let object = try JSON(reading: answer.body).requiredObject(at: "body")
        let note = try SignedNote(Array(try object.requiredString("note").utf8))
        try key.verify(note)
        let statement = try HoldingStatement(reading: note.body)
        guard statement.field == field else {
            throw NotAsSigned(description: "The statement is of another field.")
        }
        let salt = object["salt"]?.string.flatMap { Hexadecimal.bytes($0) } ?? []
        guard salt.isEmpty != field.isConfidential else {
            throw NotAsSigned(description: "The statement's salt is missing, or it has one.")
        }
        return (try object.requiredString("statement"), statement, salt)
    }

    private func ask(
        _ id: String, _ level: Int, _ node: Int, _ more: (inout JSONWriter) -> Void = { _ in }
    ) throws -> JSONObject {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("statement", id)
        writer.member("level", level)
        writer.member("node", node)
        more(&writer)
        writer.endObject()
        let answer = try asked.post(path + "/compare", writer.text)
        guard answer.status == 200 else { throw asked.unanswered(answer) }
        return try JSON(reading: answer.body).requiredObject(at: "body")
    }

    private func branches(
        _ id: String, _ level: Int, _ node: Int, signed: StatementHash?
    ) throws -> [StatementHash] {
        let hashes = try ask(id, level, node).requiredArray("branches").compactMap {
            $0.string.flatMap { Hexadecimal.bytes($0) }.flatMap { StatementHash($0) }
        }
        guard StatementTree.node(hashes[...]) == signed else {
            throw NotAsSigned(description: "The gateway's branches are not those it signed.")
        }
        return hashes
    }

    private func difference(
        _ id: String, _ statement: HoldingStatement, _ node: Int, _ tree: StatementTree
    ) throws -> String {
        let bucket = tree.bucket(node)
        let answer = try ask(id, statement.depth, node) { writer in
            writer.name("rows")
            writer.beginArray()
            for leaf in bucket {
                writer.beginObject()
                writer.member("key", leaf.key.text)
                writer.member("content", leaf.content.text)
                writer.endObject()
            }
            writer.endArray()
        }
        guard let found = answer["difference"]?.object else {
            throw NotAsSigned(description: "The gateway's bucket is not the one it signed.")
        }
        let key = try found.requiredString("key")
        let line = bucket.first { $0.key.text == key }?.line
        let names = found.members.filter { !["key", "kind"].contains($0.name) }
            .map { "\($0.name)=\($0.value.string ?? "")" }.joined(separator: " ")
        switch (try found.requiredString("kind"), line) {
        case ("only-there", let line?): return "行 line \(line): ゲートウェイにありません not at the gateway"
        case ("differs", let line?): return "行 line \(line): 内容が違います the content differs"
        default: return "ファイルにありません not in the file: \(names)"
        }
    }
}

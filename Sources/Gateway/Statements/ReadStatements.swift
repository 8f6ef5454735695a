import Crypto
import Exchange
import Hummingbird
package import Ledger
package import Trust

/// 突合: both sides prove that they hold the same rows. `GET /statements/{field}` is the newest signed
/// statement, at least one a day; `POST` makes one of this moment; `POST …/compare` answers one step of
/// finding the first row that differs.
extension GatewayParts {
    var statementRoutes: [Route] {
        StatementField.allCases.flatMap { field -> [Route] in
            let path = "/statements/\(field.rawValue)"
            let purpose: Purpose =
                field.isConfidential ? .readSensitiveRegistration : .readStatement
            return [
                route(.get, path, for: purpose, handle: statement(field, another: false)),
                route(.post, path, for: purpose, handle: statement(field, another: true)),
                route(.post, "\(path)/compare", for: purpose, handle: compareStatement(field)),
            ]
        }
    }

    /// Of this day or, with `another`, of this moment. Two that ask at once are given the same.
    private func statement(_ field: StatementField, another isAnother: Bool)
        -> @Sendable (Asking)
        async throws -> Response
    {
        { [self] asking in
            _ = try await ledger.makeStatement(
                of: asking.caller.party.code, field, another: isAnother, by: statementIssuer())
            let (_, bytes) = try await asking.answer(as: \.written) { records in
                guard let newest = try records.newestStatement(field) else {
                    // Another is being made, and it is the first.
                    throw Refusal.overloaded
                }
                return newest
            }
            return .json(.ok, bytes)
        }
    }

    private func compareStatement(_ field: StatementField)
        -> @Sendable (Asking) async throws
        -> Response
    {
        { asking in
            let (_, object) = try await asking.request.json(
                atMost: BodyLimits.smallBytesMax, hashes: ["key", "content"])
            let question = try StatementQuestion(object)
            let (_, bytes) = try await asking.answer(as: \.written) {
                try $0.compare(question, in: field)
            }
            return .json(.ok, bytes)
        }
    }

    package func statementIssuer() throws -> Ledger.StatementIssuer {
        let key = keys.ring.current(.statement)
        return Ledger.StatementIssuer(
            origin: origin, signer: try CheckpointSigner(of: "statements", origin: origin, key: key)
        )
    }
}

extension CheckpointSigner {
    /// 証明の鍵: signs what is no checkpoint (`statements`, `notices`) under a name of its own beside the
    /// log's.
    package init(of kind: String, origin: String, key: KeyRing.Key) throws {
        try self.init(
            origin: "\(origin)/\(kind)", privateKey: key.secret.withUnsafeBytes { Array($0) })
    }
}

extension ShownStatement {
    /// As its body reads it: which statement it is, for a comparison, the signed note, and what the rows of a
    /// confidential field are hashed with.
    fileprivate var written: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("statement", id.text)
        writer.member("note", note)
        writer.member("salt", salt.map(Hexadecimal.text))
        writer.endObject()
        return writer.bytes
    }
}

extension StatementQuestion {
    /// A bucket has some 32 rows; one that has more by chance, or by rows that differ, still fits.
    private static let rowsMax = 400

    fileprivate init(_ object: JSONObject) throws(Refusal) {
        try object.requireOnly(["statement", "level", "node", "rows"])
        let rows = try object.optionalArray("rows")
        guard rows?.count ?? 0 <= Self.rowsMax else { throw .tooMany("rows") }
        var held: [(key: StatementHash, content: StatementHash)]?
        if let rows {
            held = []
            for row in rows {
                let row = try row.requiredObject(at: "rows")
                try row.requireOnly(["key", "content"])
                held?.append((try row.hash("key"), try row.hash("content")))
            }
        }
        self.init(
            statement: try RecordID(try object.requiredString("statement"), item: "statement"),
            level: try object.requiredInt("level"), node: try object.requiredInt("node"),
            rows: held)
    }
}

extension JSONObject {
    fileprivate func hash(_ name: String) throws(Refusal) -> StatementHash {
        let bytes = Hexadecimal.bytes(try requiredString(name))
        guard let hash = bytes.flatMap({ StatementHash($0) }) else { throw .malformed(name) }
        return hash
    }
}

extension StatementAnswer {
    fileprivate var written: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        switch self {
        case .branches(let hashes):
            writer.name("branches")
            writer.beginArray()
            for hash in hashes { writer.string(hash.text) }
            writer.endArray()
        case .difference(let difference, let name):
            writer.name("difference")
            guard let difference else {
                writer.null()
                break
            }
            writer.beginObject()
            writer.member("key", difference.key.text)
            writer.member("kind", difference.kind.rawValue)
            for (item, value) in name { writer.member(item, value) }
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }
}

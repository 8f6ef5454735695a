import Exchange

/// 操作の記述: one route as its caller needs to know it: what to send, what comes back, and every way to
/// be told no. Written beside the others of its field; a test holds the list to the routes that are
/// served.
struct Operation: Sendable {
    enum Method: String, Sendable { case get, post, put, delete }

    /// How the caller shows who it is, beside the certificate of its connection.
    enum Token: Sendable {
        case none
        /// 役所のトークン: may be sent; the certificate alone serves as well.
        case officeIfAny
        /// 住民トークン: must be sent.
        case resident
        /// The operations listener asks nobody: it is on the loopback address.
        case noCertificate
    }

    struct Parameter: Sendable {
        enum Place: String, Sendable { case path, query, header }

        let name: String
        let place: Place
        let schema: Schema
        let note: String
    }

    struct Body: Sendable {
        let mediaTypes: [String]
        let schema: Schema
        /// JSON text that the route takes (a form's own text for a form).
        let example: String
    }

    struct Answer: Sendable {
        let status: Int
        let mediaType: String?
        var schema: Schema?
        /// The same answer in other forms, as text.
        var otherMediaTypes: [String] = []
        let note: String
    }

    let method: Method
    /// As in `Route`: `/fhir/Patient/:id`.
    let path: String
    let id: String
    let field: String
    let ja: String
    let en: String
    var token = Token.none
    var parameters: [Parameter] = []
    var body: Body?
    let answers: [Answer]
    /// Beside what any request of its listener may be told (`Refusals.ofAnyRequest`).
    var refusals: [Refusal] = []

    /// `/fhir/Patient/{id}`.
    var template: String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { part in
            part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
        }.joined(separator: "/")
    }

    /// Every refusal of it, each once, in the order of the catalogue.
    var allRefusals: [Refusal] {
        let any = token == .noCertificate ? [] : Refusals.ofAnyRequest
        let codes = Set((any + refusals).map(\.code))
        return Refusal.table.filter { codes.contains($0.code) }
    }

    var form: RefusalForm { RefusalForm(path: path) }
}

/// The parameters and answers that several fields share.
extension Operation.Parameter {
    static let id = Self(
        name: "id", place: .path, schema: .id, note: "その記録の番号 / The id of the record.")

    static let taskID = Self(
        name: "taskId", place: .path, schema: .id,
        note: "登録したときの応答の `taskId` / From the answer to the registration.")

    static let operatorID = Self(
        name: "Tsunagi-Operator", place: .header, schema: .text.pattern("^[A-Za-z0-9._-]{1,64}$"),
        note: "操作者: 機関の側で誰が操作したか。記録に残ります。個人名は入れないでください。職員個人の証明書では不要です。 / "
            + "Who at the party asks, as the party says; it is on the record. No personal names. With an "
            + "officer's own certificate it is not needed.")

    static let entryCount = Self(
        name: "_count", place: .query, schema: .integer.range(1...PageLimits.entriesMax),
        note: "件数 / How many; \(PageLimits.entriesDefault) without it.")

    static let entryOffset = Self(
        name: "_offset", place: .query, schema: .integer.range(0...PageLimits.offsetMax),
        note: "とばす数 / How many to pass over.")

    static let recordNumber = Self(
        name: "record", place: .query, schema: .integer.range(0...PageLimits.offsetMax),
        note: "本人の何番目の記録か(統合された人) / Which record of a person whose records were merged; "
            + "0 without it. `link` names the others (`related`).")

    static let lineCount = Self(
        name: "_count", place: .query, schema: .integer.range(1...PageLimits.linesMax),
        note: "件数 / How many; \(PageLimits.linesDefault) without it.")

    static let seenVersion = Self(
        name: "If-Match", place: .header, schema: .text.pattern("^(W/)?\"[1-9][0-9]*\"$"),
        note: "訂正する前に読んだ版(`ETag` の値)。必ず送ってください。 / The version that was read before correcting, as "
            + "in `ETag`; it must be sent.")

    static let idempotencyKey = Self(
        name: "Idempotency-Key", place: .header, schema: .text.pattern("^[!-~]{1,128}$"),
        note: "冪等キー: 同じキーと同じ本文なら、最初の結果が返ります。省くと毎回別の登録です。 / "
            + "The same key and body get the first result; without one every sending is its own."
    )
}

extension Operation.Answer {
    static func json(_ status: Int, _ schema: Schema, _ note: String) -> Self {
        Self(status: status, mediaType: "application/json", schema: schema, note: note)
    }

    static func fhir(_ schema: Schema, _ note: String, status: Int = 200) -> Self {
        Self(status: status, mediaType: "application/fhir+json", schema: schema, note: note)
    }

    static func text(_ status: Int, _ note: String) -> Self {
        Self(status: status, mediaType: "text/plain", schema: .text, note: note)
    }

    static func nothing(_ note: String) -> Self {
        Self(status: 204, mediaType: nil, schema: nil, note: note)
    }
}

extension Operation.Body {
    static func json(_ schema: Schema, _ example: String) -> Self {
        Self(mediaTypes: ["application/json"], schema: schema, example: example)
    }

    static func fhir(_ schema: Schema, _ example: String) -> Self {
        Self(
            mediaTypes: ["application/fhir+json", "application/json"], schema: schema,
            example: example)
    }
}

import Exchange

/// An operation as OpenAPI writes it.
extension Operation {
    func write(to writer: inout JSONWriter) {
        writer.name(method.rawValue)
        writer.beginObject()
        writer.member("operationId", id)
        writer.name("tags")
        writer.beginArray()
        writer.string(field)
        writer.endArray()
        writer.member("summary", ja)
        writer.member("description", en)
        writeSecurity(to: &writer)
        if !parameters.isEmpty {
            writer.name("parameters")
            writer.beginArray()
            for parameter in parameters { parameter.write(to: &writer) }
            writer.endArray()
        }
        body?.write(to: &writer)
        writeResponses(to: &writer)
        writer.endObject()
    }

    private func writeSecurity(to writer: inout JSONWriter) {
        let choices: [[SecurityScheme]] =
            switch token {
            case .none: [[.mutualTLS]]
            case .officeIfAny: [[.mutualTLS], [.mutualTLS, .officeToken]]
            case .resident: [[.mutualTLS, .residentToken]]
            case .noCertificate: []
            }
        writer.name("security")
        writer.beginArray()
        for choice in choices {
            writer.beginObject()
            for scheme in choice { writer.member(scheme.rawValue, JSON.array([])) }
            writer.endObject()
        }
        writer.endArray()
    }

    private func writeResponses(to writer: inout JSONWriter) {
        writer.name("responses")
        writer.beginObject()
        for answer in answers { answer.write(to: &writer) }
        let refusals = Dictionary(grouping: allRefusals) { form.status(of: $0) }
        for status in refusals.keys.sorted() { write(refusals[status] ?? [], status, to: &writer) }
        writeUnexpected(to: &writer)
        writer.endObject()
    }

    /// One response for all refusals of a status: its codes, and each of them as an example.
    private func write(_ refusals: [Refusal], _ status: Int, to writer: inout JSONWriter) {
        writer.name(String(status))
        writer.beginObject()
        writer.member(
            "description", refusals.map { "`\($0.code)`: \($0.title)" }.joined(separator: "; "))
        if refusals.contains(where: { $0.retryAfterSeconds != nil }) {
            writeRetryAfter(to: &writer)
        }
        writer.name("content")
        writer.beginObject()
        writer.name(form.contentType)
        writer.beginObject()
        writer.member("schema", form.schema(of: refusals).json)
        writer.name("examples")
        writer.beginObject()
        for refusal in refusals {
            writer.name(refusal.code)
            writer.beginObject()
            writer.member("$ref", "#/components/examples/\(form.exampleName(of: refusal))")
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }

    private func writeRetryAfter(to writer: inout JSONWriter) {
        writer.name("headers")
        writer.beginObject()
        writer.name("Retry-After")
        writer.beginObject()
        writer.member("description", "待つ秒数 / Seconds to wait.")
        writer.member("schema", Schema.integer.json)
        writer.endObject()
        writer.endObject()
    }

    private func writeUnexpected(to writer: inout JSONWriter) {
        guard token != .noCertificate else { return }
        writer.name(String(Unexpected.status))
        writer.beginObject()
        writer.member(
            "description",
            "`unexpected`: 番号 `incident` を運用者に伝えてください。 / Tell the operator the number in `incident`."
        )
        writer.name("content")
        writer.beginObject()
        writer.name(form.contentType)
        writer.beginObject()
        writer.member("schema", form.schema(of: []).json)
        writer.endObject()
        writer.endObject()
        writer.endObject()
    }
}

extension Operation.Parameter {
    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("in", place.rawValue)
        writer.member("required", place == .path)
        writer.member("description", note)
        writer.member("schema", schema.json)
        writer.endObject()
    }
}

extension Operation.Body {
    func write(to writer: inout JSONWriter) {
        writer.name("requestBody")
        writer.beginObject()
        writer.member("required", true)
        writer.name("content")
        writer.beginObject()
        for mediaType in mediaTypes {
            writer.name(mediaType)
            writer.beginObject()
            writer.member("schema", schema.json)
            writer.name("example")
            if mediaType.hasSuffix("json") { writer.raw(example) } else { writer.string(example) }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
    }
}

extension Operation.Answer {
    func write(to writer: inout JSONWriter) {
        writer.name(String(status))
        writer.beginObject()
        writer.member("description", note)
        if let mediaType {
            writer.name("content")
            writer.beginObject()
            writer.name(mediaType)
            writer.beginObject()
            writer.member("schema", schema?.json)
            writer.endObject()
            for other in otherMediaTypes {
                writer.name(other)
                writer.beginObject()
                writer.member("schema", Schema.text.json)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
    }
}

extension RefusalForm {
    func exampleName(of refusal: Refusal) -> String {
        switch self {
        case .problem: "problem-" + refusal.code
        case .operationOutcome: "outcome-" + refusal.code
        case .token: "token-" + refusal.code
        }
    }

    /// The form's schema, and which codes can stand in it.
    func schema(of refusals: [Refusal]) -> Schema {
        switch self {
        case .operationOutcome: .reference("OperationOutcome")
        case .token: .all(of: [.reference("TokenProblem"), .reference("Problem")])
        case .problem where refusals.isEmpty: .reference("Problem")
        case .problem:
            .all(of: [
                .reference("Problem"),
                .openObject([.required("code", .codes(refusals.map(\.code)))]),
            ])
        }
    }
}

package import Exchange
import Gateway

/// The published contract of one listener, read as a stranger's tool would: from its OpenAPI document.
package struct Contract: Sendable {
    package struct Operation: Sendable {
        package let method: String
        /// `/fhir/Patient/{id}`.
        package let path: String
        package let content: JSONObject

        package var id: String { content["operationId"]?.string ?? "" }
        package var responses: JSONObject { content["responses"]?.object ?? JSONObject() }
        package var statuses: Set<Int> { Set(responses.members.compactMap { Int($0.name) }) }

        /// The refusal codes that may come with a status.
        package func codes(_ status: Int) -> Set<String> {
            let content = responses[String(status)]?.object?["content"]?.object
            let examples = content?.members.first?.value.object?["examples"]?.object
            return Set(examples?.members.map(\.name) ?? [])
        }

        /// `GET /fhir/Patient/1f2e…` is this operation's, whatever stands in the place of `{id}`.
        package func takes(_ method: String, _ path: String) -> Bool {
            let asked = path.prefix { $0 != "?" }.split(separator: "/")
            let parts = self.path.split(separator: "/")
            return method.uppercased() == self.method.uppercased() && asked.count == parts.count
                && zip(asked, parts).allSatisfy { $1.hasPrefix("{") || $0 == $1 }
        }
    }

    package let listener: Listener
    package let document: JSONObject
    package let operations: [Operation]

    package init(of listener: Listener) throws {
        self.listener = listener
        document = try JSON(
            reading: OpenAPI.document(of: listener),
            limits: JSONLimits(bytesMax: 4 << 20, depthMax: 64, valuesMax: 500_000)
        ).requiredObject(at: "openapi")
        operations = try document.requiredObject("paths").members.flatMap { path in
            try path.value.requiredObject(at: path.name).members.map { method in
                Operation(
                    method: method.name, path: path.name,
                    content: try method.value.requiredObject(at: method.name))
            }
        }
    }

    package func operation(_ method: String, _ path: String) -> Operation? {
        operations.first { $0.takes(method, path) }
    }

    /// Whether an answer that was really given is one the contract tells of. What no operation takes may
    /// only be told that the route or its method is unknown.
    package func tellsOf(_ method: String, _ path: String, status: Int, code: String?) -> Bool {
        guard let operation = operation(method, path) else { return status == 404 || status == 405 }
        guard operation.statuses.contains(status) else { return false }
        guard let code, code != "unexpected" else { return true }
        return operation.codes(status).contains(code)
    }
}

import Exchange
import TestSupport

/// 問い: one request as it goes over the wire, to be sent as it is, again, or spoilt.
struct Ask: Sendable {
    var party: Party
    let method: String
    var path: String
    var headers: [(String, String)] = []
    var body: [UInt8]?

    static func get(
        _ party: Party, _ path: String, _ headers: [(String, String)] = []
    ) -> Ask {
        Ask(party: party, method: "GET", path: path, headers: headers)
    }

    static func post(
        _ party: Party, _ path: String, _ body: JSON?, _ headers: [(String, String)] = []
    ) -> Ask {
        Ask(
            party: party, method: "POST", path: path, headers: headers,
            body: body.map { Array($0.text.utf8) })
    }

    static func put(
        _ party: Party, _ path: String, seen version: Int, _ body: JSON,
        _ headers: [(String, String)] = []
    ) -> Ask {
        Ask(
            party: party, method: "PUT", path: path,
            headers: headers + [("If-Match", "W/\"\(version)\"")],
            body: Array(body.text.utf8))
    }

    /// A search whose parameters are in the body.
    static func search(_ party: Party, _ path: String, _ fields: [(String, String)]) -> Ask {
        let body = fields.map { name, value in
            "\(name)=\(value.replacing("|", with: "%7C").replacing("/", with: "%2F"))"
        }.joined(separator: "&")
        return Ask(
            party: party, method: "POST", path: path,
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: Array(body.utf8))
    }

    /// The body as JSON, where it is some.
    var json: JSON? { body.flatMap { try? JSON(reading: $0) } }

    func with(body: JSON) -> Ask {
        var ask = self
        ask.body = Array(body.text.utf8)
        return ask
    }
}

extension RunningGateway {
    /// Over a connection of its own when `isLast`: after some refusals the gateway closes.
    @discardableResult
    func send(_ ask: Ask) async throws -> Answer {
        let client = try await connect(ask.party)
        let answer = try await send(
            client, ask.method, ask.path, headers: ask.headers, bytes: ask.body)
        await client.close()
        return answer
    }
}

extension JSON {
    /// Where every text or number stands that is not inside another's name.
    var leaves: [[Step]] {
        switch self {
        case .null, .bool: []
        case .string, .number: [[]]
        case .array(let elements):
            elements.enumerated().flatMap { place, element in
                element.leaves.map { [.element(place)] + $0 }
            }
        case .object(let object):
            object.members.flatMap { member in
                member.value.leaves.map { [.member(member.name)] + $0 }
            }
        }
    }

    enum Step: Hashable, Sendable {
        case member(String)
        case element(Int)
    }

    subscript(path: ArraySlice<Step>) -> JSON? {
        guard let step = path.first else { return self }
        switch step {
        case .member(let name): return object?[name]?[path.dropFirst()]
        case .element(let place):
            guard let array, array.indices.contains(place) else { return nil }
            return array[place][path.dropFirst()]
        }
    }

    /// The same with this put where `path` leads.
    func putting(_ value: JSON, at path: ArraySlice<Step>) -> JSON {
        guard let step = path.first else { return value }
        switch (step, self) {
        case (.member(let name), .object(let object)):
            guard let inner = object[name] else { return self }
            return .object(object.with(name, inner.putting(value, at: path.dropFirst())))
        case (.element(let place), .array(var elements)):
            elements[place] = elements[place].putting(value, at: path.dropFirst())
            return .array(elements)
        default: return self
        }
    }
}

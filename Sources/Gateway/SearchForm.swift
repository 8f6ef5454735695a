import Exchange
import Hummingbird

/// 検索の本文: `POST …/_search` (https://hl7.org/fhir/R4/http.html#search), for searches that name a person: what
/// is in a body is in no log and no history. Each parameter once, but for those that a range is made of,
/// and none that the route does not know.
struct SearchForm: Sendable {
    private let values: [String: [String]]

    fileprivate init(
        reading body: [UInt8], only names: Set<String>?, repeating: Set<String>
    ) throws(Refusal) {
        var values: [String: [String]] = [:]
        for field in body.split(separator: UInt8(ascii: "&")) {
            let parts = field.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(parts[0], of: "body")
            let item = IndividualNumber.looksLikeOne(in: name) ? "body" : name
            guard names?.contains(name) ?? true else { throw .unknownItem(item) }
            let value = parts.count > 1 ? try Self.decoded(parts[1], of: item) : ""
            guard values[name] == nil || repeating.contains(name) else {
                throw .duplicateItem(item)
            }
            values[name, default: []].append(value)
        }
        self.values = values
    }

    subscript(name: String) -> String? { all(name).first }

    /// Every value of one that may repeat; what is empty was not given.
    func all(_ name: String) -> [String] { (values[name] ?? []).filter { !$0.isEmpty } }

    func required(_ name: String) throws(Refusal) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    /// `_count`, which clients of FHIR send in the body of such a search.
    func count() throws(Refusal) -> Int {
        guard let text = self["_count"] else { return PageLimits.entriesDefault }
        guard let number = Int(text), (1...PageLimits.entriesMax).contains(number) else {
            throw .malformed("_count")
        }
        return number
    }

    /// 日本の日: from the first of them, before the one that follows the last: `ge2026-04-01`, `le2026-04-30`, or
    /// one day. What is not given has no end.
    func days(_ name: String) throws(Refusal) -> (from: Instant?, before: Instant?) {
        var days: (from: Instant?, before: Instant?) = (nil, nil)
        for text in all(name) {
            let prefix = text.prefix { !$0.isNumber }
            let day = try CalendarDay(String(text.dropFirst(prefix.count)), item: name)
            let first = Instant.startOfDay(day)
            let after = Instant.startOfDay(day.adding(days: 1))
            switch prefix {
            case "", "eq": days = (first, after)
            case "ge": days.from = first
            case "gt": days.from = after
            case "le": days.before = after
            case "lt": days.before = first
            default: throw .malformed(name)
            }
        }
        return days
    }

    /// 自治体別本人キー: `urn:tsunagi:municipality-identity-key|<key>`.
    func identityKey(_ name: String) throws(Refusal) -> String? {
        try token(name, of: FHIR.System.identityKey)
    }

    /// 届出番号: `urn:tsunagi:maternal-notification-key|<key>`.
    func notificationKey(_ name: String) throws(Refusal) -> String {
        guard let key = try token(name, of: FHIR.System.notificationKey) else {
            throw .missing(name)
        }
        return key
    }

    private func token(_ name: String, of system: String) throws(Refusal) -> String? {
        guard let token = self[name] else { return nil }
        let prefix = system + "|"
        guard token.hasPrefix(prefix), token.utf8.count > prefix.utf8.count else {
            throw .malformed(name)
        }
        return String(token.dropFirst(prefix.count))
    }

    /// `Patient/<id>`, or the id alone.
    func patientID(_ name: String) throws(Refusal) -> String {
        let value = try required(name)
        let id = value.hasPrefix("Patient/") ? String(value.dropFirst("Patient/".count)) : value
        guard !IndividualNumber.looksLikeOne(in: id) else {
            throw .individualNumberNotAllowed(name)
        }
        return id
    }

    /// `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#urlencoded-parsing).
    static func decoded(
        _ bytes: ArraySlice<UInt8>, of item: String
    ) throws(Refusal) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexadecimal),
                    let low = rest.popFirst().flatMap(hexadecimal)
                else { throw .malformed(item) }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        // A NUL is in no name, and the database takes none.
        guard !decoded.contains(0), let text = String(validating: decoded, as: UTF8.self) else {
            throw .malformed(item)
        }
        return text
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}

extension Request {
    /// A form whose unknown parameters are passed over, as RFC 6749 §3.2 asks; none of them twice.
    func openForm() async throws -> SearchForm {
        let body = try await body(.form, atMost: BodyLimits.smallBytesMax)
        return try SearchForm(reading: Array(body.readableBytesView), only: nil, repeating: [])
    }

    func searchForm(only names: Set<String>, repeating: Set<String> = []) async throws
        -> SearchForm
    {
        let body = try await body(.form, atMost: BodyLimits.smallBytesMax)
        // Clients of FHIR say the format that is the only one.
        return try SearchForm(
            reading: Array(body.readableBytesView), only: names.union(["_format"]),
            repeating: repeating)
    }
}

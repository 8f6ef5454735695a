/// カードの異動: one event of the card authority's feed. The layout is our own, because none is
/// published; the individual number ties a certificate to a person and becomes a keyed hash at the
/// door.
package struct CardFeedEvent: Sendable {
    /// 利用者証明用電子証明書の名: exact issuer name and serial number.
    package struct Certificate: Hashable, Sendable {
        /// DER of the issuer's name, byte for byte as in the certificate.
        package let issuer: [UInt8]
        /// Magnitude, most significant byte first, without leading zeros.
        package let serial: [UInt8]
    }

    package enum Change: Sendable {
        /// A certificate now stands for the person; it may take the place of an earlier one.
        case bind(
            Certificate, of: GivenNumber, validFrom: Instant, validTo: Instant,
            supersedes: Certificate?)
        /// From that day the person lives there; `nil`: left Japan, or died.
        case residence(GivenNumber, LocalGovernmentCode?, from: CalendarDay)
        case revoke(Certificate)
    }

    /// Place in the body, from 0.
    package let index: Int
    /// The authority's own id of the event: the same one sent twice is applied once.
    package let sequence: String
    package let change: Change
    package let warnings: [RowFinding]
}

package func readCardFeedEvents(_ body: [UInt8]) throws(Refusal)
    -> [Result<CardFeedEvent, RowRefusal>]
{
    try readRows(body) { object, index in
        var reader = CardFeedReader(object, index: index, number: .inTheRow)
        return reader.event()
    }
}

extension CheckedRow {
    /// カードの紐付けのファイル: by the same rules as an event of the feed.
    package func cardFeedEvent(number: NumberPlace) -> Result<CardFeedEvent, RowRefusal> {
        var reader = CardFeedReader(object, index: line - 1, number: number)
        return reader.event()
    }
}

private struct CardFeedReader {
    private static let items: Set<String> = [
        "kind", "myNumber", "issuer", "serial", "validFrom", "validTo", "supersedes",
        "municipality", "from", "sequence",
    ]

    private var reader: RowReader

    init(_ object: JSONObject, index: Int, number: NumberPlace) {
        reader = RowReader(object, index: index, number: number)
    }

    mutating func event() -> Result<CardFeedEvent, RowRefusal> {
        let sequence = sequence()
        let kind = reader.text("kind", charactersMax: 16)
        let change: CardFeedEvent.Change?
        switch kind {
        case "bind": change = bind()
        case "residence": change = residence()
        case "revoke": change = certificate(&reader).map { .revoke($0) }
        default:
            change = nil
            if kind != nil { reader.add(.format, "kind") }
        }
        // Serial numbers and issuers are bytes by a rule of their own; nothing here is free text.
        reader.refuseIndividualNumbers(
            own: nil, keyItems: Self.items.subtracting(["kind", "municipality", "from"]))
        reader.warnOfUnknown(Self.items)
        guard !reader.hasErrors, let sequence, let change else {
            return .failure(RowRefusal(reader.findings))
        }
        return .success(
            CardFeedEvent(
                index: reader.index, sequence: sequence, change: change,
                warnings: reader.findings))
    }

    private mutating func sequence() -> String? {
        if case .number(let digits)? = reader.object["sequence"], digits.utf8.count <= 64 {
            return digits
        }
        return reader.text("sequence", charactersMax: 64)
    }

    private mutating func bind() -> CardFeedEvent.Change? {
        let number = reader.individualNumber()
        let certificate = certificate(&reader)
        let from = time("validFrom") { Instant.startOfDay($0) }
        // A last day counts to its end.
        let to = time("validTo") {
            Instant(microseconds: Instant.startOfDay($0.adding(days: 1)).microseconds - 1)
        }
        if let from, let to, to < from { reader.add(.dateOrder, "validTo") }
        var earlier: CardFeedEvent.Certificate?
        if let object = reader.object("supersedes", isRequired: false) {
            var items = RowReader(object, index: reader.index, path: "supersedes")
            earlier = self.certificate(&items)
            reader.take(items.findings)
        }
        guard let number, let certificate, let from, let to else { return nil }
        return .bind(certificate, of: number, validFrom: from, validTo: to, supersedes: earlier)
    }

    private mutating func residence() -> CardFeedEvent.Change? {
        let number = reader.individualNumber()
        let from = reader.day("from")
        // A written null says that the person lives nowhere in Japan; forgetting the item does not.
        let isNowhere = reader.object["municipality"] == .null
        let municipality = reader.parsed("municipality", isRequired: !isNowhere) {
            text throws(Refusal) in try LocalGovernmentCode(text)
        }
        guard let number, let from else { return nil }
        return .residence(number, municipality, from: from)
    }

    private func certificate(_ items: inout RowReader) -> CardFeedEvent.Certificate? {
        let issuer = items.parsed("issuer") { text throws(Refusal) in
            // A name is a SEQUENCE; 2 kB is ten times the longest of a real card CA.
            guard let bytes = Base64.bytes(text), bytes.first == 0x30, bytes.count <= 2048 else {
                throw .malformed("issuer")
            }
            return bytes
        }
        let serial = items.parsed("serial") { text throws(Refusal) in
            guard let bytes = Hexadecimal.bytes(text) else { throw .malformed("serial") }
            let magnitude = Array(bytes.drop { $0 == 0 })
            // RFC 5280 §4.1.2.2: a positive number of at most 20 octets.
            guard (1...20).contains(magnitude.count) else { throw .malformed("serial") }
            return magnitude
        }
        guard let issuer, let serial else { return nil }
        return .init(issuer: issuer, serial: serial)
    }

    private mutating func time(_ name: String, ofDay: (CalendarDay) -> Instant) -> Instant? {
        reader.parsed(name) { text throws(Refusal) in
            if text.utf8.count == 10 { return ofDay(try CalendarDay(text)) }
            return try Instant(text)
        }
    }
}

import Crypto
package import Exchange
import HTTPTypes
import Hummingbird
package import Ledger
import NIOCore
package import Trust

/// What every interaction is given: the door, the keys, the card's trust. Nothing else reaches a
/// handler.
package struct GatewayParts: Sendable {
    package let ledger: Ledger
    package let keys: KeyShelf
    package let cards: CardTrust
    /// The name of this site, as its log has it.
    package let origin: String
    /// The gateway's own clock, for what the database is not asked about (nonces, tokens).
    package let now: @Sendable () -> Instant
    let gate = RegistrationGate()
    let uploads = UploadRoom()

    package init(
        ledger: Ledger, keys: KeyShelf, cards: CardTrust, origin: String,
        now: @escaping @Sendable () -> Instant
    ) {
        self.ledger = ledger
        self.keys = keys
        self.cards = cards
        self.origin = origin
        self.now = now
    }

    /// 仮名: a resident as one institution knows them; two institutions cannot join theirs. Letters
    /// `a` to `p` alone, so that no id can be taken for an individual number.
    func pairwise(_ person: PersonKey, for party: Party) -> PairwiseIDs {
        pairwise(person.bytes, for: party)
    }

    /// Whether a party may mean this person by an id: that of the record which stands for them, or of one
    /// that was merged into it.
    func isKnown(
        _ id: String, as person: PersonKey, to party: Party, _ records: inout Records
    ) throws -> Bool {
        if pairwise(person, for: party).contains(id) { return true }
        return try records.absorbedRecords(of: person).contains {
            pairwise($0, for: party).contains(id)
        }
    }

    /// The same of a record that more than one party is shown: no two can tell that theirs is one.
    func pairwise(_ record: RecordID, for party: Party) -> PairwiseIDs {
        pairwise(record.bytes, for: party)
    }

    /// The ids by which a party knows such records, those from before a rotation among them.
    func names(for party: Party) -> @Sendable (RecordID) -> PairwiseIDs {
        let keys = keys.ring
        let current = PairwiseNaming(institution: party, key: keys.current(.pairwise))
        let former = keys.former(.pairwise).map { PairwiseNaming(institution: party, key: $0) }
        return { record in
            PairwiseIDs(
                current: current.name(record.bytes), former: former.map { $0.name(record.bytes) })
        }
    }

    /// The ids that a party is given for such records.
    func currentNames(for party: Party) -> @Sendable (RecordID) -> String {
        let naming = PairwiseNaming(institution: party, key: keys.ring.current(.pairwise))
        return { naming.name($0.bytes) }
    }

    private func pairwise(_ bytes: [UInt8], for party: Party) -> PairwiseIDs {
        let keys = keys.ring
        return PairwiseIDs(
            current: pairwise(bytes, for: party, keys.current(.pairwise)),
            former: keys.former(.pairwise).map { pairwise(bytes, for: party, $0) })
    }

    /// An entry of the log as one of its readers knows it; a resident, who proves its leaf, knows it by its
    /// own id.
    func name(of entry: RecordID, for reader: Party) throws -> RecordID {
        try ReaderName.shown(entry, to: reader, keys.ring.current(.pairwise))
    }

    /// The entries that such names may mean, one for each version of the key.
    func entries(named names: [RecordID], by reader: Party) throws -> EntryNames {
        let keys = keys.ring
        let versions = [keys.current(.pairwise)] + keys.former(.pairwise)
        return EntryNames(
            byVersion: try names.flatMap { name in
                try versions.map { try ReaderName.entry(named: name, by: reader, $0) }
            }, count: names.count)
    }

    /// The same of one part of a record that is shown as a record of its own.
    func pairwise(_ record: RecordID, part: String, for party: Party) -> String {
        pairwise(record.bytes + Array(part.utf8), for: party, keys.ring.current(.pairwise))
    }

    private func pairwise(_ bytes: [UInt8], for party: Party, _ key: KeyRing.Key) -> String {
        PairwiseNaming(institution: party, key: key).name(bytes)
    }

    /// 個人番号 becomes keyed hashes at the door; the digits go no further than this line.
    func numberHash(_ given: GivenNumber, _ keys: KeyRing) -> HashChain {
        guard let number = given.number else {
            preconditionFailure("a row of a body is read with its number")
        }
        return number.hash(keys)
    }
}

extension PairwiseNaming {
    /// In letters alone, so that it is no number of a register.
    fileprivate func name(_ bytes: [UInt8]) -> String {
        let hash = hash(of: bytes)
        return String(unsafeUninitializedCapacity: 2 * hash.count) { letters in
            for (index, byte) in hash.enumerated() {
                letters[2 * index] = 0x61 + (byte >> 4)
                letters[2 * index + 1] = 0x61 + (byte & 15)
            }
            return 2 * hash.count
        }
    }
}

extension IndividualNumber {
    func hash(_ keys: KeyRing) -> HashChain {
        withDigits {
            KeyedHash.individualNumber(String(decoding: $0, as: UTF8.self), keys: keys)
        }
    }
}

func sha256(_ bytes: [UInt8]) -> [UInt8] {
    Array(SHA256.hash(data: bytes))
}

extension HTTPField.Name {
    static let operatorID: Self = {
        guard let name = Self("Tsunagi-Operator") else { preconditionFailure("not a field name") }
        return name
    }()
}

extension Request {
    /// 操作者: who at the party asks, as its certificate names them or else as the party says; at most 64
    /// letters, digits, `.`, `_`, `-`. Throws `.operatorDiffers` where the two do not agree.
    func caller(_ context: GatewayContext) throws -> Caller {
        let party = try context.party
        let officer = context.identity?.officer
        guard let asserted = headers[.operatorID] else {
            return Caller(party: party, operatorID: officer)
        }
        let isFormed = asserted.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        guard isFormed, (1...64).contains(asserted.utf8.count) else {
            throw Refusal.malformed("Tsunagi-Operator")
        }
        guard !IndividualNumber.looksLikeOne(in: asserted) else {
            throw Refusal.individualNumberNotAllowed("Tsunagi-Operator")
        }
        guard officer == nil || officer == asserted else { throw Refusal.operatorDiffers }
        return Caller(party: party, operatorID: asserted)
    }

    /// `hashes` are items that are read as nothing but a digest, in which twelve digits are nothing unusual.
    func json(
        atMost bytesMax: Int, hashes: Set<String> = []
    ) async throws -> (bytes: [UInt8], object: JSONObject) {
        let buffer = try await body(.json, atMost: bytesMax)
        let bytes = Array(buffer.readableBytesView)
        let json = try JSON(reading: bytes)
        try json.refuseIndividualNumbers(
            exceptIn: hashes.union(["nonce", "certificate", "signature", "recipientNumber"]))
        return (bytes, try json.requiredObject(at: "body"))
    }
}

extension GatewayContext {
    func recordID(_ name: String = "id") throws -> RecordID {
        try RecordID(parameters.require(name), item: name)
    }
}

extension Response {
    static func json(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func page(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func fhir(_ status: HTTPResponse.Status, _ bytes: [UInt8]) -> Response {
        Response(
            status: status, headers: [.contentType: "application/fhir+json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The same of pieces that follow one another.
    static func fhir(_ status: HTTPResponse.Status, pieces: [[UInt8]]) -> Response {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { buffer.writeBytes(piece) }
        return Response(
            status: status, headers: [.contentType: "application/fhir+json; charset=utf-8"],
            body: .init(byteBuffer: buffer))
    }
}

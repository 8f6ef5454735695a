import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 双子の署名: of an ECDSA signature anybody can make a second one that is as good (r, n − s), and another
/// spelling of either. None of them opens more than the card's holder agreed to: a nonce is used once,
/// whichever of them comes first.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct TwinSignatureTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test(arguments: [false, true])
    func `of a signature and its twin, one opens one visit`(_ twinFirst: Bool) async throws {
        let card = try await gateway.settle(algorithm: .p384).card
        let own = try await gateway.visitBody(card)
        let twin = try own.with("signature", .string(Base64.text(P384Signature(own).twin.der)))
        let before = try await visits()
        let (first, second) = twinFirst ? (twin, own) : (own, twin)
        let opened = try await send(first)
        // A verifier that took low numbers alone would refuse half of all cards' signatures.
        try opened.expect(201)
        try await gateway.expect(.nonceUsed, of: .openVisit, from: Cast.clinic) {
            try await send(second)
        }
        #expect(try await visits() == before + 1)
        let again = try await send(first)
        #expect(again.text("visit") == opened.text("visit"))
    }

    @Test(arguments: [false, true])
    func `of a signature and its twin, one makes one token`(_ twinFirst: Bool) async throws {
        let card = try await gateway.settle(algorithm: .p384).card
        let own = try await gateway.tokenBody(card)
        let twin = try own.with("signature", .string(Base64.text(P384Signature(own).twin.der)))
        let (first, second) = twinFirst ? (twin, own) : (own, twin)
        try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(first)).expect(201)
        try await gateway.expect(.nonceUsed, of: .beginResidentSession, from: Cast.portal) {
            try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(second))
        }
    }

    /// Spellings that DER does not know (X.690 §8.3, §10.1), and numbers that are no signature.
    static let spellings: [(name: String, bytes: @Sendable (P384Signature) -> [UInt8])] = [
        ("a byte after it", { $0.der + [0] }),
        ("cut by a byte", { Array($0.der.dropLast()) }),
        ("the first half", { Array($0.der.prefix(50)) }),
        ("nothing", { _ in [] }),
        ("a number with a zero more", { P384Signature.sequence([[0, 0] + $0.r, $0.s]) }),
        ("its length in two bytes", { [0x30, 0x81] + $0.der.dropFirst() }),
        ("without its frame", { $0.r + $0.s }),
        ("r of nothing", { P384Signature.sequence([[0], $0.s]) }),
        ("s of nothing", { P384Signature.sequence([$0.r, [0]]) }),
        ("s past the order", { P384Signature.sequence([$0.r, [1] + $0.s]) }),
        ("r for s", { P384Signature.sequence([$0.s, $0.r]) }),
        ("a negative s", { P384Signature.sequence([$0.r, [0x80] + $0.s.dropFirst()], raw: true) }),
        ("a third number", { P384Signature.sequence([$0.r, $0.s, [1]]) }),
    ]

    @Test(arguments: spellings.indices)
    func `another spelling is no signature`(_ place: Int) async throws {
        let card = try await gateway.settle(algorithm: .p384).card
        let own = try await gateway.visitBody(card)
        let spelt = try Self.spellings[place].bytes(P384Signature(own))
        let refused = own.with("signature", .string(Base64.text(spelt)))
        let before = try await visits()
        try await gateway.expect(.cardSignatureInvalid, of: .openVisit, from: Cast.clinic) {
            try await send(refused)
        }
        #expect(try await visits() == before)
        // The nonce was not used up: the holder's own signature still opens the visit.
        try await send(own).expect(201)
    }

    private func send(_ body: JSONObject) async throws -> TLSClient.Answer {
        try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
    }

    private func visits() async throws -> Int {
        try await gateway.count("select count(*) from exchange.visit")
    }
}

/// An ECDSA signature of P-384 as its two numbers, most significant byte first, without leading zeros.
struct P384Signature: Sendable {
    let r: [UInt8]
    let s: [UInt8]

    /// n of the curve (SEC 2 §2.5.1).
    private static let order =
        [UInt8](repeating: 0xFF, count: 24) + [
            0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF, 0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0,
            0xA7,
            0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
        ]

    /// Of a request's body, whose signature the card made.
    init(_ body: JSONObject) throws {
        let bytes = try #require(Base64.bytes(body["signature"]?.string ?? ""))
        var rest = bytes.dropFirst(2)
        func number() -> [UInt8] {
            let count = Int(rest[rest.startIndex + 1])
            defer { rest = rest.dropFirst(2 + count) }
            return Array(rest.dropFirst(2).prefix(count).drop { $0 == 0 })
        }
        self.init(r: number(), s: number())
        try #require(der == bytes)
    }

    private init(r: [UInt8], s: [UInt8]) {
        self.r = r
        self.s = s
    }

    /// (r, n − s).
    var twin: P384Signature {
        let s = [UInt8](repeating: 0, count: Self.order.count - s.count) + s
        var borrow = 0
        var difference: [UInt8] = []
        for (left, right) in zip(Self.order, s).reversed() {
            let value = Int(left) - Int(right) - borrow
            borrow = value < 0 ? 1 : 0
            difference.append(UInt8(truncatingIfNeeded: value))
        }
        return P384Signature(r: r, s: Array(difference.reversed().drop { $0 == 0 }))
    }

    var der: [UInt8] { Self.sequence([r, s]) }

    /// `raw`: the first bit is not kept from making a number negative.
    static func sequence(_ numbers: [[UInt8]], raw: Bool = false) -> [UInt8] {
        let body = numbers.flatMap { number in
            let isHigh = !raw && (number.first ?? 0) >= 0x80
            let bytes = (isHigh ? [0] : []) + number
            return [0x02, UInt8(bytes.count)] + bytes
        }
        return [0x30, UInt8(body.count)] + body
    }
}

import Crypto
import Exchange
import Foundation
import Trust

/// 読み取ったカード: what somebody at a door has, who knows nothing of the gateway but its published keys.
struct ScannedCard {
    /// Header, payload and signature (RFC 7515 §7.1).
    private let parts: [String]

    /// From the texts of its QR codes, in order (https://spec.smarthealth.cards/#encoding-qrs): two digits a
    /// letter. Throws for what is no card's.
    init(codes: [String]) throws {
        var text = ""
        for code in codes {
            let digits = Array((code.split(separator: "/").last ?? "").utf8)
            for place in stride(from: 0, to: digits.count - 1, by: 2) {
                let number = Int(digits[place] - 0x30) * 10 + Int(digits[place + 1] - 0x30)
                guard let scalar = Unicode.Scalar(UInt32(number + 45)) else { continue }
                text.unicodeScalars.append(scalar)
            }
        }
        parts = text.split(separator: ".").map(String.init)
        guard parts.count == 3 else { throw Command.Failure(description: "no card was scanned") }
    }

    /// Whether one of these keys (RFC 7517) signed it.
    func isSigned(byOneOf keys: JSONObject) throws -> Bool {
        let signed = Data("\(parts[0]).\(parts[1])".utf8)
        guard let raw = Base64URL.decode(parts[2]) else { return false }
        let signature = try P256.Signing.ECDSASignature(rawRepresentation: raw)
        return try (keys["keys"]?.array ?? []).compactMap(\.object).contains { key in
            guard let x = key["x"]?.string.flatMap(Base64URL.decode),
                let y = key["y"]?.string.flatMap(Base64URL.decode)
            else { return false }
            return try P256.Signing.PublicKey(rawRepresentation: x + y)
                .isValidSignature(signature, for: signed)
        }
    }
}

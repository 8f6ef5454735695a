import Crypto
import CryptoExtras
package import Exchange

/// 読み手ごとの番号: how one reader of the log knows an entry. The entry's own id is the number of the answer
/// that an institution was given, so whoever reads of it in the log must not meet that number: two readers
/// could tell that their ids of a resident are one person's. Unlike a resident's pairwise id it is turned
/// back, by the same reader, who names entries by it.
package enum ReaderName {
    package static func shown(_ entry: RecordID, to reader: Party, _ key: KeyRing.Key) throws
        -> RecordID
    {
        var bytes = entry.bytes
        try AES.permute(&bytes, key: cipherKey(of: reader, key))
        return RecordID(bytes)
    }

    /// Of a number that this reader was never given under this key, one that nothing has.
    package static func entry(named shown: RecordID, by reader: Party, _ key: KeyRing.Key) throws
        -> RecordID
    {
        var bytes = shown.bytes
        try AES.inversePermute(&bytes, key: cipherKey(of: reader, key))
        return RecordID(bytes)
    }

    private static func cipherKey(of reader: Party, _ key: KeyRing.Key) -> SymmetricKey {
        let text = framed("tsunagi entry name v1", [Array(reader.key.utf8)])
        return SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: text, using: key.secret))
    }
}

extension RecordID {
    /// Sixteen bytes.
    fileprivate init(_ bytes: [UInt8]) {
        func half(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: half(bytes[..<8]), low: half(bytes[8...]))
    }
}

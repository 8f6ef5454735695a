import Exchange
import HTTPTypes
import Hummingbird

/// 版の指定: the version of a record that the sender had seen.
extension Request {
    /// `If-Match: W/"3"`: the version that the sender had seen.
    func versionSeen() throws -> Int {
        guard let field = headers[.ifMatch] else { throw Refusal.missing("If-Match") }
        let tag = field.hasPrefix("W/") ? field.dropFirst(2) : field[...]
        guard tag.count > 2, tag.hasPrefix("\""), tag.hasSuffix("\""),
            let version = Int(tag.dropFirst().dropLast()), version > 0
        else { throw Refusal.malformed("If-Match") }
        return version
    }
}

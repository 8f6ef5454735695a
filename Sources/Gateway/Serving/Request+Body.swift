import Exchange
import HTTPTypes
package import Hummingbird
package import NIOCore
import NIOHTTP1

/// The media types a route takes in its body.
package enum BodyType: Sendable {
    /// `application/json` or `application/fhir+json`, in UTF-8 if it says so at all.
    case json
    case form
    case csv

    fileprivate var names: [String] {
        switch self {
        case .json: ["application/json", "application/fhir+json"]
        case .form: ["application/x-www-form-urlencoded"]
        case .csv: ["text/csv"]
        }
    }
}

extension Request {
    /// The whole body, if it is of this type and no longer than `bytesMax`. A longer one is
    /// refused before it is read when its length is announced, and as soon as it is longer
    /// otherwise.
    ///
    /// `arrived` is told of each part's length before it is kept, and may refuse it.
    package func body(
        _ type: BodyType, atMost bytesMax: Int, arrived: (Int) throws -> Void = { _ in }
    ) async throws -> ByteBuffer {
        try require(type)
        let announced = headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > bytesMax { throw Refusal.bodyTooLarge }
        var body = ByteBuffer()
        do {
            for try await part in self.body {
                guard body.readableBytes + part.readableBytes <= bytesMax else {
                    throw Refusal.bodyTooLarge
                }
                try arrived(part.readableBytes)
                if body.readableBytes == 0 { body = part } else { body.writeImmutableBuffer(part) }
            }
        } catch {
            throw Self.reading(error)
        }
        if let announced, announced != body.readableBytes { throw Refusal.malformed("body") }
        return body
    }

    /// Whatever ends a connection within a body is the caller's, and no incident of ours.
    private static func reading(_ error: any Error) -> any Error {
        switch error {
        case is Refusal, is HTTPParserError: error
        default: Refusal.malformed("body")
        }
    }

    /// Compressed bodies are not taken: a small one can become any size.
    func require(_ type: BodyType) throws(Refusal) {
        guard let field = headers[.contentType], Self.is(field, type),
            headers[.contentEncoding] == nil
        else { throw .unsupportedMediaType }
    }

    /// The body in blocks of at least 256 KiB but the last, so that each is worth a transaction.
    func forEachBlock(
        atMost bytesMax: Int, _ body: ([UInt8]) async throws -> Void
    ) async throws {
        let announced = headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > bytesMax { throw Refusal.bodyTooLarge }
        var block: [UInt8] = []
        var count = 0
        var parts = self.body.makeAsyncIterator()
        while true {
            let next: ByteBuffer?
            do { next = try await parts.next() } catch { throw Self.reading(error) }
            guard let buffer = next else { break }
            count += buffer.readableBytes
            guard count <= bytesMax else { throw Refusal.bodyTooLarge }
            block.append(contentsOf: buffer.readableBytesView)
            guard block.count >= 262_144 else { continue }
            try await body(block)
            block.removeAll(keepingCapacity: true)
        }
        // A sender that was cut off has not sent this file.
        if let announced, announced != count { throw Refusal.malformed("body") }
        if !block.isEmpty { try await body(block) }
    }

    private static func `is`(_ field: String, _ type: BodyType) -> Bool {
        if type.names.contains(field) { return true }
        let parts = field.lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        guard let name = parts.first, type.names.contains(name) else { return false }
        // A municipality's CSV may be CP932: its reader decides. JSON is UTF-8 (RFC 8259 §8.1).
        guard type != .csv else { return true }
        return parts.dropFirst().allSatisfy { part in
            !part.hasPrefix("charset=") || part == "charset=utf-8"
        }
    }
}

/// 待つ本文: a request's body, whose reader holds no slot while nothing comes.
struct WaitedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let slot: Slot
    /// Past it a body is a stream, which a room of its own bounds and nobody refuses half way.
    let streamBytes: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var parts: RequestBody.AsyncIterator
        fileprivate let slot: Slot
        fileprivate let streamBytes: Int
        fileprivate var count = 0

        mutating func next() async throws -> ByteBuffer? {
            slot.giveBack()
            let part: ByteBuffer?
            do { part = try await parts.next() } catch {
                // What is still to be said of it is work like any other.
                try slot.takeAgain(mustHold: true)
                throw error
            }
            count += part?.readableBytes ?? 0
            try slot.takeAgain(mustHold: count > streamBytes)
            return part
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), slot: slot, streamBytes: streamBytes)
    }
}

/// 求められて送る本文: a body that its sender holds back until somebody reads it (RFC 9110 §10.1.1), so that what its
/// length, its type or its sender decide is answered before it is sent.
struct AskedBody: AsyncSequence, Sendable {
    let body: RequestBody
    let channel: any Channel

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var parts: RequestBody.AsyncIterator
        fileprivate let channel: any Channel
        fileprivate var isAsked = false

        mutating func next() async throws -> ByteBuffer? {
            if !isAsked {
                isAsked = true
                channel.triggerUserOutboundEvent(ConnectionGuard.BodyWanted(), promise: nil)
            }
            return try await parts.next()
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), channel: channel)
    }
}

extension Request {
    /// The same request, whose sender is told to go on when its body is read.
    func asking(over channel: any Channel) -> Request {
        guard headers[.expect] != nil else { return self }
        var request = self
        request.body = RequestBody(asyncSequence: AskedBody(body: body, channel: channel))
        return request
    }

    /// In chunks at most: another coding on the way (RFC 9112 §7) is undone by nobody here, and what is
    /// within would be taken for the body.
    var isSentPlain: Bool {
        guard let coding = headers[.transferEncoding] else { return true }
        return coding.lowercased().filter { $0 != " " && $0 != "\t" } == "chunked"
    }

    /// The same request, which gives its slot back while it waits for its body.
    func waiting(in slot: Slot, _ limits: Limits) -> Request {
        guard headers[.contentLength] != nil || headers[.transferEncoding] != nil else {
            return self
        }
        var request = self
        request.body = RequestBody(
            asyncSequence: WaitedBody(
                body: body, slot: slot, streamBytes: limits.bodyBytesMax))
        return request
    }
}

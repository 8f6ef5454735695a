import FoundationEssentials
import NIOCore

/// The requests as the bytes that will be sent, all made before the first one is: sending takes a
/// slice of one buffer, without copying or encoding anything.
struct RequestList: Sendable {
    /// Many cores of a server are not kept busy by fewer, and one buffer holds at most 4 GiB.
    private static let bytesMax = 3 << 30

    private let encoded: [ByteBuffer]
    let isConsumedOnce: Bool

    init(_ command: LoadCommand, authority: String) throws {
        isConsumedOnce = command.once
        if let path = command.path {
            encoded = Self.slices([Line(method: "GET", path: path).bytes(authority)])
            return
        }
        let file = try Self.lines(command.requests ?? "")
        guard !file.isEmpty else { throw LoadFault("there is no request in the file") }
        let decoder = JSONDecoder()
        encoded = Self.slices(
            try file.enumerated().map { number, text in
                do {
                    return try decoder.decode(Line.self, from: Data(text)).bytes(authority)
                } catch {
                    throw LoadFault("request \(number + 1) of the file: \(error)")
                }
            })
    }

    var count: Int {
        encoded.count
    }

    /// The request to send as number `turn`, or nothing when all have been sent once and no more
    /// are wanted.
    func request(atTurn turn: Int) -> (index: Int, bytes: ByteBuffer)? {
        if isConsumedOnce, turn >= encoded.count { return nil }
        let index = turn % encoded.count
        return (index, encoded[index])
    }

    static func lines(_ path: String) throws -> [ArraySlice<UInt8>] {
        let url = URL(filePath: path)
        guard let data = try? Data(contentsOf: url) else { throw LoadFault("cannot read \(path)") }
        guard data.count < bytesMax else { throw LoadFault("\(path) is too large") }
        return Array(data).split(separator: UInt8(ascii: "\n"))
    }

    private static func slices(_ requests: [[UInt8]]) -> [ByteBuffer] {
        var all = ByteBuffer()
        all.reserveCapacity(requests.reduce(0) { $0 + $1.count })
        for request in requests { all.writeBytes(request) }
        return requests.compactMap { all.readSlice(length: $0.count) }
    }

    fileprivate struct Line: Decodable {
        let method: String
        let path: String
        let headers: [String: String]?
        let body: String?

        func bytes(_ authority: String) -> [UInt8] {
            var lines = ["\(method) \(path) HTTP/1.1"]
            let names = Set((headers ?? [:]).keys.map { $0.lowercased() })
            if !names.contains("host") { lines.append("Host: \(authority)") }
            lines += (headers ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            let body = Array((body ?? "").utf8)
            if !body.isEmpty || method == "POST" || method == "PUT" {
                lines.append("Content-Length: \(body.count)")
            }
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        }
    }
}

extension RequestList.Line {
    init(method: String, path: String) {
        self.method = method
        self.path = path
        headers = nil
        body = nil
    }
}

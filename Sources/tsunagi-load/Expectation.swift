/// What an answer must be to count: a fast answer that is wrong is a failure, never a result.
struct Expectation: Sendable {
    private let status: Int
    private let turnedAway: Int?
    private let everywhere: [[UInt8]]
    private let perRequest: [[UInt8]]

    init(_ command: LoadCommand, _ requestCount: Int) throws {
        status = command.expectStatus
        turnedAway = command.turnedAway
        everywhere = command.expectBody.map { Array($0.utf8) }
        perRequest =
            try command.expectBodies.map { try RequestList.lines($0).map { Array($0) } } ?? []
        guard perRequest.isEmpty || perRequest.count == requestCount else {
            throw LoadFault("there must be as many expected texts as requests")
        }
    }

    var mayTurnAway: Bool { turnedAway != nil }

    func isTurnedAway(status: Int) -> Bool { status == turnedAway }

    /// Nothing when the answer is right.
    func fault(status: Int, body: UnsafeRawBufferPointer, ofRequest index: Int) -> Fault? {
        guard status == self.status else { return .status }
        for text in everywhere where !Self.contains(body, text) { return .body }
        if !perRequest.isEmpty, !Self.contains(body, perRequest[index]) { return .body }
        return nil
    }

    private static func contains(_ body: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
        text.withUnsafeBytes { ByteSearch.offset(of: $0, in: body) != nil }
    }
}

/// How a request can fail.
enum Fault: String, CaseIterable, Sendable {
    case connect, closed, timeout, malformed, status, body
}

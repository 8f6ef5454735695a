import Exchange
import Hummingbird
import Ledger
import NIOPosix

/// 登録の受付: what every registration of rows has in common, from the media type to the receipt.
extension GatewayParts {
    /// Takes a body of rows from an office: the media type, the length, then row by row, and
    /// applies what `apply` makes of it. Rows are read on a thread of their own, and `apply` runs
    /// on the database's, so that nobody waits at a counter while 10,000 numbers are hashed.
    func registration<Row: Sendable>(
        _ asking: Asking, field: String,
        read: @escaping @Sendable ([UInt8]) throws(Refusal) -> [Result<Row, RowRefusal>],
        apply:
            @escaping @Sendable (inout Records, RegistrationRequest, [Row]) throws ->
            RegistrationReceipt
    ) async throws -> Response {
        let party = asking.caller.party
        let key = try asking.request.idempotencyKey()
        let isLarge =
            asking.request.announcedBytes.map { $0 > RegistrationGate.smallBytesMax } ?? true
        let large = isLarge ? try gate.enter(party) : nil
        defer { large?.leave() }
        let buffer = try await asking.request.body(
            .json, atMost: BodyLimits.registrationBytesMax, arrived: { try large?.take($0) })
        try await large?.turn()
        let bytes = Array(buffer.readableBytesView)
        let (accepted, refused) = try await rows(of: bytes, read)
        // Without a key every sending is its own: the same bytes may be meant again after a
        // deletion between them, and rows that are held already are `unchanged` anyway.
        let task = RegistrationRequest(
            field: field, idempotencyKey: key ?? RecordID.timeOrdered().text,
            bodyDigest: sha256(bytes), refused: refused, rowsTotal: accepted.count + refused.count)
        let (_, receipt) = try await asking.answer(as: \.json) { try apply(&$0, task, accepted) }
        return .json(.accepted, receipt)
    }

    private func rows<Row: Sendable>(
        of bytes: [UInt8],
        _ read: @escaping @Sendable ([UInt8]) throws(Refusal) -> [Result<Row, RowRefusal>]
    ) async throws -> (accepted: [Row], refused: [RowOutcome]) {
        var accepted: [Row] = []
        var refused: [RowOutcome] = []
        let rows = try await NIOThreadPool.singleton.runIfActive { try read(bytes) }
        for (index, row) in rows.enumerated() {
            switch row {
            case .success(let row): accepted.append(row)
            case .failure(let failure):
                refused.append(
                    RowOutcome(line: index + 1, kind: .refused, findings: failure.findings))
            }
        }
        return (accepted, refused)
    }
}

extension Request {
    /// `Content-Length`, as far as the caller said one.
    fileprivate var announcedBytes: Int? {
        headers[.contentLength].flatMap { Int($0) }
    }
}

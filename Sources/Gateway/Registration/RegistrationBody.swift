import Exchange
import Hummingbird
import Ledger
import NIOPosix

/// A registration's body as it was read: rows to apply, rows refused, and what makes a repetition
/// recognisable.
struct RegistrationBody<Row: Sendable>: Sendable {
    let caller: Caller
    let bytes: [UInt8]
    let accepted: [Row]
    let refused: [RowOutcome]

    func task(field: String, key: String?) -> RegistrationRequest {
        // Without a key every sending is its own: the same bytes may be meant again after a
        // deletion between them, and rows that are held already are `unchanged` anyway.
        RegistrationRequest(
            field: field, idempotencyKey: key ?? RecordID.timeOrdered().text,
            bodyDigest: sha256(bytes), refused: refused, rowsTotal: accepted.count + refused.count)
    }
}

extension GatewayParts {
    /// Takes a body of rows from an office: its token, if one is sent, the media type, the length,
    /// then row by row, and applies what `apply` makes of it. Rows are read on a thread of their
    /// own, so that nobody waits at a counter meanwhile.
    func registration<Row: Sendable>(
        _ request: Request, _ context: GatewayContext, for purpose: Purpose,
        read: @escaping @Sendable ([UInt8]) throws(Refusal) -> [Result<Row, RowRefusal>],
        apply: (RegistrationBody<Row>) async throws -> RegistrationReceipt
    ) async throws -> Response {
        let party = try context.party
        let isLarge = request.announcedBytes.map { $0 > RegistrationGate.smallBytesMax } ?? true
        if isLarge { try gate.enter(party) }
        defer { if isLarge { gate.leave(party) } }
        let body = try await registrationBody(request, context, for: purpose, read: read)
        return .json(.accepted, try await apply(body).json)
    }

    private func registrationBody<Row: Sendable>(
        _ request: Request, _ context: GatewayContext, for purpose: Purpose,
        read: @escaping @Sendable ([UInt8]) throws(Refusal) -> [Result<Row, RowRefusal>]
    ) async throws -> RegistrationBody<Row> {
        let caller = try request.caller(context)
        // Who may not register is told before 32 MB are read.
        guard purpose.may(caller.party.role) else {
            try await ledger.refuse(caller, purpose, .notYourPurpose)
        }
        try await requireOfficeToken(request, context, for: purpose)
        let buffer = try await request.body(.json, atMost: BodyLimits.registrationBytesMax)
        let bytes = Array(buffer.readableBytesView)
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
        return RegistrationBody(
            caller: caller, bytes: bytes, accepted: accepted, refused: refused)
    }
}

extension Request {
    /// `Content-Length`, as far as the caller said one.
    fileprivate var announcedBytes: Int? {
        headers[.contentLength].flatMap { Int($0) }
    }
}

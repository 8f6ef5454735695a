import Exchange
import Hummingbird
import Ledger

/// A registration's body as it was read: rows to apply, rows refused, and what makes a repetition recognisable.
struct RegistrationBody<Row: Sendable>: Sendable {
    let caller: Caller
    let bytes: [UInt8]
    let accepted: [Row]
    let refused: [RowOutcome]

    func task(field: String, key: String?) -> RegistrationRequest {
        let digest = sha256(bytes)
        return RegistrationRequest(
            field: field, idempotencyKey: key ?? Exchange.Hexadecimal.text(digest),
            bodyDigest: digest, refused: refused, rowsTotal: accepted.count + refused.count)
    }
}

extension GatewayParts {
    /// Reads a body of rows from an office: its token, if one is sent, the media type, the length, then row by row.
    func registration<Row: Sendable>(
        _ request: Request, _ context: GatewayContext, for purpose: Purpose,
        read: ([UInt8]) throws(Refusal) -> [Result<Row, RowRefusal>]
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
        for (index, row) in try read(bytes).enumerated() {
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

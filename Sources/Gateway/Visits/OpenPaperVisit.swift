import Exchange
import Hummingbird
import Ledger

/// 紙の受給者証による受付: `POST /visits/paper`. For a resident without a working card: the three items
/// printed on the certificate open a visit that answers on that certificate alone. The resident is
/// told.
extension GatewayParts {
    func openPaperVisit(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let caller = try request.caller(context)
        let (_, object) = try await request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["payerNumber", "recipientNumber", "birthDate"])
        let paper = PaperCertificate(
            payerNumber: try PublicPayerNumber(object.requiredString("payerNumber")).digits,
            recipientNumber: try object.requiredString("recipientNumber"),
            birthDate: try CalendarDay(object.requiredString("birthDate"), item: "birthDate").text)
        let counted = try await ledger.countPaperTry(caller)
        let bytes = try await ledger.access(caller, .openPaperVisit) { records in
            let opened = try records.openPaperVisit(
                paper, counted, end: { .startOfDay($0.dayInJapan.adding(days: 1)) }
            ) { pairwise($0, for: caller.party) }
            let bytes = opened.json
            records.answer(bytes)
            return bytes
        }
        return .json(.created, bytes)
    }
}

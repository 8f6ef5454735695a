import Exchange
import Hummingbird
import Ledger

/// 紙の受給者証による受付: `POST /visits/paper`. For a resident without a working card: the three items
/// printed on the certificate open a visit that answers on that certificate alone. The resident is
/// told.
extension GatewayParts {
    func openPaperVisit(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (_, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["payerNumber", "recipientNumber", "birthDate"])
        let paper = PaperCertificate(
            payerNumber: try PublicPayerNumber(object.requiredString("payerNumber")).digits,
            recipientNumber: try object.requiredString("recipientNumber"),
            birthDate: try CalendarDay(object.requiredString("birthDate"), item: "birthDate").text)
        let counted = try await ledger.countPaperTry(asking.caller)
        let (_, bytes) = try await asking.answer(as: \.json) { records in
            try records.openPaperVisit(
                paper, counted, end: { .startOfDay($0.dayInJapan.adding(days: 1)) }
            ) { pairwise($0, for: party) }
        }
        return .json(.created, bytes)
    }
}

import Exchange
import Hummingbird
import Ledger

/// 紙の受給者証による受付: `POST /visits/paper`. For a resident without a working card: the three items
/// printed on the certificate open a visit that answers on that certificate alone. The resident is
/// told. The same bytes sent again while the visit is open get the same visit (200).
extension GatewayParts {
    func openPaperVisit(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (sent, object) = try await asking.request.json(atMost: BodyLimits.smallBytesMax)
        try object.requireOnly(["payerNumber", "recipientNumber", "birthDate"])
        let paper = PaperCertificate(
            payerNumber: try PublicPayerNumber(
                object.requiredString("payerNumber"), item: "payerNumber"
            ).digits,
            recipientNumber: try object.requiredString("recipientNumber"),
            birthDate: try BirthDate(object.requiredString("birthDate"), item: "birthDate"))
        let counted = try await ledger.countPaperTry(asking.caller)
        let request = CardlessRequest(
            digest: sha256(sent), end: { .startOfDay($0.dayInJapan.adding(days: 1)) },
            pairwise: { pairwise($0, for: party) })
        let (visit, bytes) = try await asking.answer(as: \.json) {
            try $0.openPaperVisit(paper, counted, request)
        }
        return .json(visit.isRepeat ? .ok : .created, bytes)
    }
}

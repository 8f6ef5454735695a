/// 予約の失効の知らせ: to the institution that reserved and neither confirmed nor voided, that its bill keeps
/// nothing of any cap any more.
package struct LapseNotice: Sendable {
    /// As it was reserved; of several certificates the first line.
    package let bill: BillVersion
    package let visit: RecordID

    package init(bill: BillVersion, visit: RecordID) {
        self.bill = bill
        self.visit = visit
    }

    package var lapsedAt: Instant { bill.lapses ?? bill.recordedAt }

    /// https://hl7.org/fhir/R4/communication.html: which bill, and what to do.
    func render(id: String, of patientID: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { notice in
            notice.member("resourceType", "Communication")
            notice.member("id", id)
            notice.member("status", "completed")
            notice.reference("subject", "Patient/" + patientID)
            notice.array("about") { about in
                about.object {
                    $0.object("identifier") {
                        $0.member("system", bill.content.identifier.system)
                        $0.member("value", bill.content.identifier.value)
                    }
                    $0.member("reference", "ClaimResponse/" + bill.id.text)
                }
                about.logicalReferenceItem(FHIR.System.visit, visit.text)
            }
            notice.member("sent", lapsedAt.text)
            notice.reference("sender", FHIR.gateway)
            notice.array("payload") { payload in
                for text in [words.ja, words.en] {
                    payload.object { $0.member("contentString", text) }
                }
            }
        }
        return writer.bytes
    }

    private var words: BilingualText {
        let (day, number) = (bill.content.day.text, bill.content.identifier.value)
        return BilingualText(
            ja: "\(day)の会計（\(number)）の予約は、確定も取消しもされないまま\(lapsedAt.text)に失効し、押さえていた上限額の枠は"
                + "空きました。患者から受け取っていれば、確定を送ってください。金額は今の残りで計算し直します。受け取っていなければ、"
                + "手続きは要りません。",
            en:
                "The reservation of bill \(number) of \(day) was neither confirmed nor voided and lapsed "
                + "at \(lapsedAt.text): it keeps nothing of the cap any more. If the patient paid, "
                + "confirm it: the amount is decided again by what is left now. If not, there is "
                + "nothing to do.")
    }
}

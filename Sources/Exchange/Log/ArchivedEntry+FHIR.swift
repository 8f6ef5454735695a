/// 保管された記録: an entry whose month was archived, as its resident sees it: that there is one, its number,
/// its place and its hash. What it says is in the archive alone.
package struct ArchivedEntryView: Hashable, Sendable {
    package let id: String
    package let at: Instant
    package let patientID: String
    /// 保管: the month (`YYYY-MM`) of the archive that has the entry now.
    package let month: String
    package let proof: SealedPosition

    package init(
        id: String, at: Instant, patientID: String, month: String, proof: SealedPosition
    ) {
        self.id = id
        self.at = at
        self.patientID = patientID
        self.month = month
        self.proof = proof
    }

    /// An AuditEvent of what the gateway still knows; it claims no profile.
    func render() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { event in
            event.member("resourceType", "AuditEvent")
            event.member("id", id)
            event.object("text") {
                $0.member("status", "generated")
                $0.member(
                    "div", #"<div xmlns="http://www.w3.org/1999/xhtml"><p>\#(words)</p></div>"#)
            }
            event.array("extension") { $0.logPosition(.own(proof)) }
            event.coding("type", FHIR.System.auditType, "rest", display: "Restful Operation")
            event.member("recorded", at.text)
            event.array("agent") { agents in
                agents.object { agent in
                    agent.concept("type", FHIR.System.dicom, "110150")
                    agent.reference("who", FHIR.gateway)
                    agent.member("requestor", false)
                }
            }
            event.object("source") { $0.reference("observer", FHIR.gateway) }
            event.array("entity") { $0.patientEntity(patientID) }
        }
        return writer.bytes
    }

    private var words: String {
        """
        この記録は保存期間を過ぎたため、\(month)の保管ファイルに移しました。内容を見るには、\
        記録の番号と位置を添えて、ゲートウェイの運用者に照会してください。 / \
        The time of keeping of this entry is over: it is in the archive of \(month). \
        To see what it says, ask the gateway's operator, with its number and position.
        """
    }
}

/// お知らせの種類: what a resident is told without asking, from `profiles/access/notice-kinds.json`. A
/// kind of tomorrow is a row there.
package struct NoticeKindRule: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    /// What happened, and what to do when it is a surprise.
    package let text: BilingualText
    package let source: RuleSource
}

/// お知らせ: one thing a resident should hear of, as they read it.
package struct Notice: Hashable, Sendable {
    package let id: String
    package let at: Instant
    package let kind: NoticeKindRule
    /// Who did it.
    package let party: Party
    package let partyName: String
    package let visitID: String?
    /// What it is about (`{subject}` of the kind's text), such as the vaccine that is due.
    package let subject: BilingualText?

    /// 紙の受給者証による受付: a row of `profiles/access/notice-kinds.json`, as all of these.
    package static let paperVisit = "paper-visit"
    /// 苦情の審査で、記録の全体が読まれたこと.
    package static let complaintExamined = "complaint-examined"
    /// 災害時に、カードによらず受付されたこと.
    package static let emergencyVisit = "emergency-visit"
    /// 予防接種の対象になったこと.
    package static let vaccinationDue = "vaccination-due"
    /// 健診の時期になったこと, or that it passed.
    package static let checkupDue = "checkup-due"
    /// 保護者の登録が変わったこと.
    package static let guardianshipChanged = "guardianship-changed"
    /// 委任が受けられた、または終わったこと.
    package static let delegationChanged = "delegation-changed"
    /// 高額な月の数が、申請のできる数に達したこと.
    package static let costMonthsReached = "cost-months-reached"
    /// 住民異動が登録されたこと.
    package static let lifeEvent = "life-event"
    /// 同一人の記録が統合されたこと, and that it was undone.
    package static let recordsMerged = "records-merged"
    package static let recordsParted = "records-parted"
    /// 本人の知らない利用: what is refused at a portal and may not have been the resident. Of what residents
    /// are refused in sessions of their own, such as one that lapsed, they heard at the screen.
    package static let refusalsAtPortals: [Refusal] = [
        .relationUnknown, .tokenOfAnotherParty, .tokenRevoked, .cardRevoked, .cardSuperseded,
        .cardExpired,
    ]

    package init(
        id: String, at: Instant, kind: NoticeKindRule, party: Party, partyName: String,
        about: (visitID: String?, subject: BilingualText?)
    ) {
        self.id = id
        self.at = at
        self.kind = kind
        self.party = party
        self.partyName = partyName
        visitID = about.visitID
        subject = about.subject
    }

    private func filled(_ text: String, _ subject: String?) -> String {
        let parts = text.split(separator: "{subject}", omittingEmptySubsequences: false)
        return parts.joined(separator: subject ?? "—")
    }

    /// https://hl7.org/fhir/R4/communication.html: from the gateway to the resident, in Japanese
    /// and English.
    func render(to patientID: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { notice in
            notice.member("resourceType", "Communication")
            notice.member("id", id)
            notice.member("status", "completed")
            notice.array("category") {
                $0.conceptItem(FHIR.System.noticeKind, kind.code, display: kind.name.ja)
            }
            notice.reference("subject", "Patient/" + patientID)
            notice.array("about") { about in
                about.partyItem(party, name: partyName)
                guard let visitID else { return }
                about.logicalReferenceItem(FHIR.System.visit, visitID)
            }
            notice.member("sent", at.text)
            notice.array("recipient") { list in
                list.object { $0.member("reference", "Patient/" + patientID) }
            }
            notice.reference("sender", FHIR.gateway)
            notice.array("payload") { payload in
                for text in [
                    filled(kind.text.ja, subject?.ja), filled(kind.text.en, subject?.en),
                ] {
                    payload.object { $0.member("contentString", text) }
                }
            }
        }
        return writer.bytes
    }
}

/// The resident's own notices, in the order given.
package func renderNotices(_ notices: [Notice], to patientID: String, page: SearchPage) -> [UInt8] {
    renderSearchset(
        notices.map {
            SearchEntry(
                reference: "Communication/" + $0.id, resource: $0.render(to: patientID))
        }, page: page)
}

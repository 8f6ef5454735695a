/// 資格の訂正の知らせ: to the institution that asked, of a check whose answer is no longer so, as it reads it.
package struct CheckNotice: Sendable {
    /// The answer's own id, as the institution has it.
    package let check: RecordID
    package let visit: RecordID
    package let certificate: HeldCertificate
    package let payerNumber: String?
    package let recipientNumber: String?
    package let serviceDate: CalendarDay
    package let change: ChangedAnswer
    package let madeAt: Instant

    package init(
        check: RecordID, visit: RecordID, certificate: HeldCertificate,
        numbers: (payer: String?, recipient: String?), serviceDate: CalendarDay,
        change: ChangedAnswer, madeAt: Instant
    ) {
        self.check = check
        self.visit = visit
        self.certificate = certificate
        payerNumber = numbers.payer
        recipientNumber = numbers.recipient
        self.serviceDate = serviceDate
        self.change = change
        self.madeAt = madeAt
    }

    /// https://hl7.org/fhir/R4/communication.html: which answer, what it is now, and what to do.
    func render(id: String, of patientID: String, _ rules: SubsidyRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        let program = program(rules)
        writer.object { notice in
            notice.member("resourceType", "Communication")
            notice.member("id", id)
            notice.array("extension") { extensions in
                extensions.object { entry in
                    entry.member("url", FHIR.Extension.outcome)
                    entry.array("extension") { parts in
                        parts.raw(rules.phrases[outcome: change.outcome])
                        parts.raw(
                            rules.phrases.subject(
                                body: certificate.body, program: program, of: rules
                            ).parts)
                        if let day = change.day {
                            parts.extensionItem("date", "valueDate", day.text)
                        }
                    }
                }
            }
            notice.member("status", "completed")
            notice.reference("subject", "Patient/" + patientID)
            notice.array("about") { about in
                about.object {
                    $0.member("reference", "CoverageEligibilityResponse/" + check.text)
                }
                about.logicalReferenceItem(FHIR.System.visit, visit.text)
            }
            notice.member("sent", madeAt.text)
            notice.reference("sender", FHIR.gateway)
            notice.array("payload") { payload in
                let words = words(rules, program)
                for text in [words.ja, words.en] {
                    payload.object { $0.member("contentString", text) }
                }
            }
        }
        return writer.bytes
    }

    private func program(_ rules: SubsidyRules) -> SubsidyProgram? {
        rules.programs(of: certificate.body, on: serviceDate)
            .first { $0.certificateTypeID == certificate.typeID }
    }

    private func words(_ rules: SubsidyRules, _ program: SubsidyProgram?) -> BilingualText {
        let subject = rules.phrases.subject(
            body: certificate.body, program: program, of: rules
        ).words
        let (told, outcome) = (
            rules.texts[outcome: change.told], rules.texts[outcome: change.outcome]
        )
        let date = change.day.map { "（\($0.text)）" } ?? ""
        return BilingualText(
            ja: "\(serviceDate.text)の資格確認の回答が変わりました。\(subject.ja): 「\(told.display.ja)」と回答しましたが、"
                + "今は「\(outcome.display.ja)」\(date)です。この日の会計と請求を見直し、請求済みなら実施機関に連絡してください。",
            en: "The answer to the check of \(serviceDate.text) changed. \(subject.en): it was "
                + "\"\(told.display.en)\" and is now \"\(outcome.display.en)\""
                + "\(change.day.map { " (\($0.text))" } ?? ""). Look at the bill and the claim of that "
                + "day again; if it was claimed, tell the body.")
    }
}

/// ClaimResponse (https://hl7.org/fhir/R4/claimresponse.html): amounts as adjudication, the month
/// as totals, each step of the arithmetic in Japanese and in English as processNote. The same
/// version is always the same bytes until its reservation lapses.
extension BillVersion {
    /// `isQuote`: it was asked for, and nothing was kept. `patientID` is the reader's own pairwise
    /// id, and so is `id` where somebody else than its institution reads it; only that has `visitID`.
    package func render(
        as patientID: String, id shownID: String? = nil, visitID: String?, isQuote: Bool = false,
        at now: Instant
    ) -> [UInt8] {
        let state = state(isQuote: isQuote, at: now)
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { response in
            response.member("resourceType", "ClaimResponse")
            response.member("id", shownID ?? id.text)
            response.array("extension") { extensions in
                extensions.extensionItem(FHIR.Extension.billStatus, "valueCode", state.rawValue)
                if let visitID {
                    extensions.extensionItem(FHIR.Extension.visit, "valueString", visitID)
                }
                extensions.extensionItem(FHIR.Extension.rules, "valueString", rulesVersion)
                for warning in amounts.warnings {
                    extensions.extensionItem(
                        FHIR.Extension.copaymentWarning, "valueCode", warning.rawValue)
                }
            }
            if !isQuote { response.array("identifier") { $0.identifierItem(content.identifier) } }
            response.member("status", state.isInForce ? "active" : "cancelled")
            response.concept("type", FHIR.System.claimType, institution.claimType)
            response.member("use", state.use)
            response.reference("patient", "Patient/" + patientID)
            response.member("created", recordedAt.text)
            response.reference("insurer", FHIR.gateway)
            response.logicalReference("requestor", FHIR.System.institution, institution.code)
            response.member("outcome", "complete")
            response.member("disposition", state.text.ja + " / " + state.text.en)
            if let lapses {
                response.member("preAuthRef", shownID ?? id.text)
                response.object("preAuthPeriod") {
                    $0.member("start", recordedAt.text)
                    $0.member("end", lapses.text)
                }
            }
            writeAmounts(to: &response)
        }
        return writer.bytes
    }

    private func writeAmounts(to response: inout JSONWriter) {
        response.array("adjudication") {
            $0.yen(FHIR.System.adjudication, "submitted", content.cost)
            $0.yen(FHIR.System.copayment, "due", amounts.due)
            $0.yen(FHIR.System.copayment, "share", amounts.share)
            $0.yen(FHIR.System.adjudication, "copay", amounts.collected)
        }
        response.array("total") {
            $0.yen(FHIR.System.copayment, "month-collected", month.collected)
            $0.yen(FHIR.System.copayment, "month-held", month.held)
            $0.yen(FHIR.System.copayment, "month-cost", month.cost)
            if let cap = month.cap, let rest = month.rest {
                $0.yen(FHIR.System.copayment, "month-cap", cap)
                $0.yen(FHIR.System.copayment, "month-rest", rest)
            }
        }
        let texts = amounts.notes.map(\.text) + amounts.warnings.map(\.text)
        response.array("processNote") { notes in
            for (place, text) in texts.enumerated() {
                notes.note(place * 2 + 1, text.ja, "ja")
                notes.note(place * 2 + 2, text.en, "en")
            }
        }
    }

    private func state(isQuote: Bool, at now: Instant) -> State {
        if isQuote { return .quoted }
        switch status {
        case .reserved: return isLapsed(at: now) ? .lapsed : .reserved
        case .confirmed: return .confirmed
        case .voided: return .voided
        }
    }

    /// As it is told: `profiles/fhir/CodeSystem-bill-status.json`.
    private enum State: String {
        case quoted, reserved, confirmed, voided, lapsed

        var isInForce: Bool { self != .voided && self != .lapsed }

        var use: String {
            switch self {
            case .quoted: "predetermination"
            case .reserved, .lapsed: "preauthorization"
            case .confirmed, .voided: "claim"
            }
        }

        var text: BilingualText {
            switch self {
            case .quoted:
                .init(
                    ja: "照会です。金額はまだ押さえていません",
                    en: "A quote: nothing is kept yet")
            case .reserved: .init(ja: "予約しました", en: "Reserved")
            case .confirmed: .init(ja: "確定しました", en: "Confirmed")
            case .voided: .init(ja: "取り消しました", en: "Voided")
            case .lapsed:
                .init(
                    ja: "予約は失効しました。確定するか、新しい識別子で予約し直してください",
                    en: "The reservation has lapsed: confirm it, or reserve with a new identifier")
            }
        }
    }
}

extension Party {
    fileprivate var claimType: String {
        (try? MedicalInstitutionCode(code))?.claimType ?? "professional"
    }
}

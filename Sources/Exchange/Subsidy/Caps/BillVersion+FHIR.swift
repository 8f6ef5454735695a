/// ClaimResponse (https://hl7.org/fhir/R4/claimresponse.html): amounts as adjudication, the month
/// as totals, each step of the arithmetic in Japanese and in English as processNote, with its yen
/// and the rule it follows from. The same version is always the same bytes until its reservation
/// lapses: what its notes were kept without is not told of it later, either.
extension BillLines {
    /// `isQuote`: it was asked for, and nothing was kept. `patientID` is the reader's own pairwise
    /// id, and so is `id` where somebody else than its institution reads it; only that has `visitID`.
    package func render(
        as patientID: String, id shownID: String? = nil, visitID: String?, isQuote: Bool = false,
        at now: Instant
    ) -> [UInt8] {
        let state = first.state(isQuote: isQuote, at: now)
        var writer = JSONWriter(reservingBytes: 4096 * all.count)
        writer.object { response in
            response.member("resourceType", "ClaimResponse")
            response.member("id", shownID ?? first.id.text)
            response.array("extension") { extensions in
                extensions.extensionItem(FHIR.Extension.billStatus, "valueCode", state.rawValue)
                if let visitID {
                    extensions.extensionItem(FHIR.Extension.visit, "valueString", visitID)
                }
                extensions.extensionItem(FHIR.Extension.rules, "valueString", first.rulesVersion)
                for warning in warnings {
                    extensions.extensionItem(
                        FHIR.Extension.copaymentWarning, "valueCode", warning.rawValue)
                }
            }
            if !isQuote {
                response.array("identifier") { $0.identifierItem(first.content.identifier) }
            }
            response.member("status", state.isInForce ? "active" : "cancelled")
            response.concept("type", FHIR.System.claimType, first.institution.claimType)
            response.member("use", state.use)
            response.reference("patient", "Patient/" + patientID)
            response.member("created", first.recordedAt.text)
            response.reference("insurer", FHIR.gateway)
            response.logicalReference(
                "requestor", FHIR.System.institution, first.institution.code)
            response.member("outcome", "complete")
            response.member("disposition", state.text.ja + " / " + state.text.en)
            if let lapses = first.lapses {
                response.member("preAuthRef", shownID ?? first.id.text)
                response.object("preAuthPeriod") {
                    $0.member("start", first.recordedAt.text)
                    $0.member("end", lapses.text)
                }
            }
            writeAmounts(to: &response)
        }
        return writer.bytes
    }

    /// What the patient pays, in words and yen. Where several certificates bear the bill, or it is
    /// one line of such a bill, each amount says beside it of which of them it is.
    private func writeAmounts(to response: inout JSONWriter) {
        let isOne = all.count == 1 && first.content.place == .only
        response.array("adjudication") { list in
            list.yen(FHIR.System.adjudication, "submitted", first.content.cost)
            if last.content.place.isLast {
                last.writeShares(to: &list, of: nil, paidOver: further.isEmpty ? 0 : paidOver)
            }
            if !isOne { for line in all { line.writeShares(to: &list, of: line.number) } }
        }
        response.array("total") { list in
            for line in all { line.writeMonth(to: &list, of: isOne ? nil : line.number) }
        }
        let told =
            all.flatMap(\.amounts.notes) + warnings.map { BillNote(text: $0.text, rule: nil) }
        response.array("processNote") { notes in
            for (place, step) in told.enumerated() {
                notes.note(place * 2 + 1, step.text.ja, "ja", of: step)
                notes.note(place * 2 + 2, step.text.en, "en", of: step)
            }
        }
        guard !isOne else { return }
        response.array("insurance") { list in
            for line in all { line.writeInsurance(to: &list) }
        }
    }

    /// What was paid above what the certificates before the last one leave.
    private var paidOver: Int {
        all.filter { !$0.content.place.isLast }.reduce(0) { $0 + $1.amounts.over }
    }

    private var warnings: [CaseWarning] {
        var told: [CaseWarning] = []
        for warning in all.flatMap(\.amounts.warnings) where !told.contains(warning) {
            told.append(warning)
        }
        return told
    }
}

extension BillVersion {
    fileprivate var number: Int { content.place.number }

    fileprivate func writeShares(
        to list: inout JSONWriter, of sequence: Int?, paidOver: Int = 0
    ) {
        list.yen(FHIR.System.copayment, "due", amounts.due, of: sequence)
        list.yen(FHIR.System.copayment, "share", amounts.share, of: sequence)
        if content.place.isLast {
            list.yen(
                FHIR.System.adjudication, "copay", amounts.collected + paidOver, of: sequence)
        } else {
            list.yen(FHIR.System.copayment, "passed-on", amounts.passedOn, of: sequence)
        }
        if amounts.over > 0 {
            list.yen(FHIR.System.copayment, "paid-over", amounts.over, of: sequence)
        }
        if content.care.meals != nil {
            list.yen(FHIR.System.copayment, "meals", amounts.meals, of: sequence)
        }
    }

    fileprivate func writeMonth(to list: inout JSONWriter, of sequence: Int?) {
        list.yen(FHIR.System.copayment, "month-collected", month.collected, of: sequence)
        list.yen(FHIR.System.copayment, "month-held", month.held, of: sequence)
        list.yen(FHIR.System.copayment, "month-cost", month.cost, of: sequence)
        if let cap = month.cap, let rest = month.rest {
            list.yen(FHIR.System.copayment, "month-cap", cap, of: sequence)
            list.yen(FHIR.System.copayment, "month-rest", rest, of: sequence)
        }
    }

    fileprivate func writeInsurance(to list: inout JSONWriter) {
        let certificate = content.certificate
        list.object {
            $0.member("sequence", number)
            $0.member("focal", true)
            $0.logicalReference(
                "coverage", FHIR.System.certificateType + certificate.body, certificate.typeID)
        }
    }

    fileprivate func state(isQuote: Bool, at now: Instant) -> State {
        if isQuote { return .quoted }
        switch status {
        case .reserved: return isLapsed(at: now) ? .lapsed : .reserved
        case .confirmed: return .confirmed
        case .voided: return .voided
        }
    }

    /// As it is told: `profiles/fhir/CodeSystem-bill-status.json`.
    fileprivate enum State: String {
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
                    ja: "照会です。上限額の枠はまだ押さえていません",
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

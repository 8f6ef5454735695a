/// CoverageEligibilityResponse (https://hl7.org/fhir/R4/coverageeligibilityresponse.html): the same
/// answer always becomes the same bytes, because a replay is held against their digest.
///
/// `insurance` holds certificates only, in order of application. Every outcome, held or not, is an
/// extension of the resource; `disposition` says the same in words, for systems that know no
/// extensions of ours.
extension EligibilityAnswer {
    package func render(
        id: String, requestID: String, question: EligibilityQuestion, created: Instant,
        rules: SubsidyRules
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { response in
            response.member("resourceType", "CoverageEligibilityResponse")
            response.member("id", id)
            writeContained(to: &response, patientID: question.patientID, rules)
            response.array("extension") { extensions in
                for item in items { item.write(to: &extensions, rules) }
                for warning in warnings { warning.write(to: &extensions, rules) }
                extensions.extensionItem(FHIR.Extension.rules, "valueString", rulesVersion)
                extensions.extensionItem(FHIR.Extension.visit, "valueString", question.visitID)
            }
            response.member("status", "active")
            response.array("purpose") {
                for purpose in question.purposes { $0.string(purpose.rawValue) }
            }
            response.reference("patient", "Patient/" + question.patientID)
            response.member("servicedDate", question.serviceDate.text)
            response.member("created", created.text)
            response.logicalReference(
                "requestor", FHIR.System.institution, question.institution.code)
            response.reference("request", "CoverageEligibilityRequest/" + requestID)
            response.member("outcome", "complete")
            response.member("disposition", disposition(rules))
            response.reference("insurer", FHIR.gateway)
            writeInsurance(to: &response)
        }
        return writer.bytes
    }

    private var held: [(order: Int, item: Item, certificate: EntitlementVersion)] {
        items.compactMap { item in
            guard let order = item.order, let certificate = item.certificate else { return nil }
            return (order, item, certificate)
        }
    }

    private func writeContained(
        to response: inout JSONWriter, patientID: String, _ rules: SubsidyRules
    ) {
        guard !held.isEmpty else { return }
        response.array("contained") { contained in
            for (order, _, certificate) in held {
                certificate.writeCoverage(
                    to: &contained, id: "c\(order)", patientID: patientID, order: order, rules)
            }
        }
    }

    private func writeInsurance(to response: inout JSONWriter) {
        guard !held.isEmpty else { return }
        response.array("insurance") { insurance in
            for (order, _, certificate) in held {
                insurance.object {
                    $0.reference("coverage", "#c\(order)")
                    $0.member("inforce", true)
                    $0.period(
                        "benefitPeriod", certificate.validFrom.text, certificate.validTo.text)
                }
            }
        }
    }

    /// `枚方市 こども医療費助成: 受給資格あり。… / Hirakata City Children's …: Entitled. …`
    private func disposition(_ rules: SubsidyRules) -> String? {
        guard !items.isEmpty else { return nil }
        var ja = ""
        var en = ""
        for item in items {
            let text = rules.texts[outcome: item.outcome]
            let subject = item.subject(rules)
            ja += (ja.isEmpty ? "" : "。") + subject.ja + text.display.ja
            en += (en.isEmpty ? "" : "; ") + subject.en + text.display.en
            if let date = item.date {
                ja += "（\(date.text)）"
                en += " (\(date.text))"
            }
        }
        for warning in warnings {
            let text = rules.texts[warning: warning.code]
            ja += "。注意: " + text.display.ja
            en += "; note: " + text.display.en
        }
        return ja + " / " + en
    }
}

extension EligibilityAnswer.Item {
    fileprivate func subject(_ rules: SubsidyRules) -> BilingualText {
        guard let body else { return BilingualText(ja: "", en: "") }
        let name = rules.bodyName(body)
        guard let program else { return BilingualText(ja: name.ja + ": ", en: name.en + ": ") }
        return BilingualText(
            ja: name.ja + " " + program.name.ja + ": ", en: name.en + " " + program.name.en + ": ")
    }

    fileprivate func write(to extensions: inout JSONWriter, _ rules: SubsidyRules) {
        extensions.object { entry in
            entry.member("url", FHIR.Extension.outcome)
            entry.array("extension") { parts in
                parts.object {
                    $0.member("url", "code")
                    $0.coding(
                        "valueCoding", FHIR.System.outcome, outcome.rawValue,
                        display: rules.texts[outcome: outcome].display.ja)
                }
                writeSubject(to: &parts, rules)
                if let date { parts.extensionItem("date", "valueDate", date.text) }
                if let asOf { parts.extensionItem("asOf", "valueInstant", asOf.text) }
                if let order {
                    parts.object {
                        $0.member("url", "coverage")
                        $0.reference("valueReference", "#c\(order)")
                    }
                }
            }
        }
    }

    private func writeSubject(to parts: inout JSONWriter, _ rules: SubsidyRules) {
        guard let body else { return }
        parts.object {
            $0.member("url", "body")
            $0.coding(
                "valueCoding", FHIR.System.localGovernment, body,
                display: rules.bodyName(body).ja)
        }
        guard let program else { return }
        parts.object {
            $0.member("url", "scheme")
            $0.coding(
                "valueCoding", FHIR.System.certificateType + body, program.certificateTypeID,
                display: program.name.ja)
        }
        if let law = program.lawNumber { parts.extensionItem("lawNumber", "valueCode", law) }
    }
}

extension EligibilityWarning {
    fileprivate func write(to extensions: inout JSONWriter, _ rules: SubsidyRules) {
        extensions.object { entry in
            entry.member("url", FHIR.Extension.warning)
            entry.array("extension") { parts in
                parts.object {
                    $0.member("url", "code")
                    $0.coding(
                        "valueCoding", FHIR.System.warning, code.rawValue,
                        display: rules.texts[warning: code].display.ja)
                }
                switch self {
                case .stale(let body, let asOf):
                    parts.object {
                        $0.member("url", "body")
                        $0.coding("valueCoding", FHIR.System.localGovernment, body)
                    }
                    parts.extensionItem("asOf", "valueInstant", asOf.text)
                case .cardExpiresSoon(let last):
                    parts.extensionItem("date", "valueDate", last.text)
                case .partUnderReview: break
                }
            }
        }
    }
}

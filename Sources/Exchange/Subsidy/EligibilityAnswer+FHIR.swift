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
        var writer = JSONWriter(reservingBytes: 8192)
        writer.object { response in
            response.member("resourceType", "CoverageEligibilityResponse")
            response.member("id", id)
            let held = held
            write(held, to: &response, patientID: question.patientID, rules)
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
            writeInsurance(of: held, to: &response)
        }
        return writer.bytes
    }

    private typealias Held = (order: Int, certificate: EntitlementVersion)

    private var held: [Held] {
        items.compactMap { item in
            guard let order = item.order, let certificate = item.certificate else { return nil }
            return (order, certificate)
        }
    }

    private func write(
        _ held: [Held], to response: inout JSONWriter, patientID: String, _ rules: SubsidyRules
    ) {
        guard !held.isEmpty else { return }
        response.array("contained") { contained in
            for (order, certificate) in held {
                certificate.writeCoverage(
                    to: &contained, id: "c\(order)", patientID: patientID, order: order, rules)
            }
        }
    }

    private func writeInsurance(of held: [Held], to response: inout JSONWriter) {
        guard !held.isEmpty else { return }
        response.array("insurance") { insurance in
            for (order, certificate) in held {
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
            let subject = item.body.map {
                rules.phrases.subject(body: $0, program: item.program, of: rules).words
            }
            if !ja.isEmpty {
                ja += "。"
                en += "; "
            }
            if let subject {
                ja += subject.ja
                en += subject.en
            }
            ja += text.display.ja
            en += text.display.en
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
    fileprivate func write(to extensions: inout JSONWriter, _ rules: SubsidyRules) {
        extensions.object { entry in
            entry.member("url", FHIR.Extension.outcome)
            entry.array("extension") { parts in
                parts.raw(rules.phrases[outcome: outcome])
                if let body {
                    parts.raw(rules.phrases.subject(body: body, program: program, of: rules).parts)
                }
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
}

extension EligibilityWarning {
    fileprivate func write(to extensions: inout JSONWriter, _ rules: SubsidyRules) {
        extensions.object { entry in
            entry.member("url", FHIR.Extension.warning)
            entry.array("extension") { parts in
                parts.raw(rules.phrases[warning: code])
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

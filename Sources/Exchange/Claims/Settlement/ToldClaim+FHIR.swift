/// 明細のFHIR: ClaimResponse (https://hl7.org/fhir/R4/claimresponse.html) to the institution, and
/// ExplanationOfBenefit (https://hl7.org/fhir/R4/explanationofbenefit.html) to the body that pays: the same
/// told claim, its amounts as adjudication, each reason and next step in Japanese and in English.
extension ToldClaim {
    /// Whom and when it is shown to: `patientID` is the reader's own pairwise id, absent where nobody is
    /// known under the certificate.
    package struct Showing: Sendable {
        let patientID: String?
        let body: String
        let created: Instant

        package init(patientID: String?, body: String, created: Instant) {
            self.patientID = patientID
            self.body = body
            self.created = created
        }
    }

    package func renderClaimResponse(_ showing: Showing) -> [UInt8] {
        render("ClaimResponse", showing) { response in
            if let institution {
                response.logicalReference("requestor", FHIR.System.institution, institution)
            }
            response.member("outcome", standing.outcome)
            response.member("disposition", disposition)
        }
    }

    package func renderExplanationOfBenefit(_ showing: Showing) -> [UInt8] {
        render("ExplanationOfBenefit", showing) { benefit in
            benefit.logicalReference(
                "provider", FHIR.System.institution, institution ?? MonthSettlement.nobody)
            benefit.member("outcome", standing.outcome)
            benefit.member("disposition", disposition)
            benefit.array("insurance") { list in
                for one in coverages {
                    list.object { insurance in
                        insurance.member("focal", true)
                        insurance.object("coverage") { coverage in
                            coverage.object("identifier") { $0.identifier(one) }
                        }
                    }
                }
            }
        }
    }

    private func render(
        _ type: String, _ showing: Showing, _ body: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { resource in
            resource.member("resourceType", type)
            resource.member("id", id)
            resource.array("extension") {
                $0.extensionItem(
                    FHIR.Extension.claimStanding, "valueCode", standing.rawValue)
            }
            resource.member("status", isReturned ? "cancelled" : "active")
            resource.concept("type", FHIR.System.claimType, claimType)
            resource.member("use", "claim")
            if let patient = showing.patientID {
                resource.reference("patient", "Patient/" + patient)
            } else {
                resource.object("patient") { patient in
                    patient.object("identifier") { $0.identifier(coverages[0]) }
                }
            }
            resource.member("created", showing.created.text)
            resource.logicalReference("insurer", FHIR.System.localGovernment, showing.body)
            body(&resource)
            writeAmounts(into: &resource)
        }
        return writer.bytes
    }

    private func writeAmounts(into resource: inout JSONWriter) {
        resource.array("adjudication") {
            $0.yen(FHIR.System.adjudication, "submitted", cost)
            $0.yen(FHIR.System.adjudication, "copay", copayment)
            if let amount { $0.yen(FHIR.System.adjudication, "benefit", amount) }
        }
        let again = isToBeSentAgain ? [Self.sentBack.text, Self.sentBack.next] : []
        let texts = reasons.flatMap { [$0.text, $0.next] } + again
        guard !texts.isEmpty else { return }
        resource.array("processNote") { notes in
            for (place, text) in texts.enumerated() {
                notes.note(place * 2 + 1, text.ja, "ja")
                notes.note(place * 2 + 2, text.en, "en")
            }
        }
    }

    private var disposition: String {
        if isReturned { return "withdrawn" }
        return reasons.isEmpty
            ? standing.rawValue : reasons.map(\.code).joined(separator: " / ")
    }

    fileprivate struct Coverage {
        let system: String
        let value: String
    }

    /// Never empty: a resource needs whom or what it is about.
    private var coverages: [Coverage] {
        let named = publics.compactMap { one in
            one.recipient.flatMap { $0.isEmpty ? nil : $0 }.map {
                Coverage(system: FHIR.System.recipientNumber, value: $0)
            } ?? one.payer.map { Coverage(system: FHIR.System.payerNumber, value: $0) }
        }
        return named.isEmpty
            ? [Coverage(system: FHIR.System.claim, value: programme ?? id)] : named
    }

    /// By 点数表 of the institution's code.
    private var claimType: String {
        institution.flatMap { try? MedicalInstitutionCode($0) }?.claimType ?? "professional"
    }
}

extension ClaimStanding {
    fileprivate var outcome: String {
        switch self {
        case .accepted: "complete"
        case .questioned: "partial"
        case .rejected: "error"
        }
    }
}

extension MedicalInstitutionCode {
    /// `http://terminology.hl7.org/CodeSystem/claim-type` by 点数表.
    var claimType: String {
        switch scoreTable {
        case .dental: "oral"
        case .pharmacy: "pharmacy"
        default: "professional"
        }
    }
}

extension JSONWriter {
    fileprivate mutating func identifier(_ coverage: ToldClaim.Coverage) {
        member("system", coverage.system)
        member("value", coverage.value)
    }

    /// One amount of a category; with `sequence` of that insurance alone.
    mutating func yen(_ system: String, _ code: String, _ yen: Int, of sequence: Int? = nil) {
        object {
            if let sequence {
                $0.array("extension") {
                    $0.object {
                        $0.member("url", FHIR.Extension.insuranceSequence)
                        $0.member("valuePositiveInt", sequence)
                    }
                }
            }
            $0.concept("category", system, code)
            $0.object("amount") {
                $0.member("value", yen)
                $0.member("currency", "JPY")
            }
        }
    }

    /// `step`: the one that the words are of.
    mutating func note(
        _ number: Int, _ text: String, _ language: String, of step: BillNote? = nil
    ) {
        object {
            if let step { $0.trace(of: step) }
            $0.member("number", number)
            $0.member("type", "display")
            $0.member("text", text)
            $0.concept("language", FHIR.System.language, language)
        }
    }

    /// What a step comes to, and by which rule, for whoever checks it.
    private mutating func trace(of step: BillNote) {
        guard step.yen != nil || step.source != nil else { return }
        array("extension") { extensions in
            if let yen = step.yen {
                extensions.object {
                    $0.member("url", FHIR.Extension.stepAmount)
                    $0.object("valueMoney") {
                        $0.member("value", yen)
                        $0.member("currency", "JPY")
                    }
                }
            }
            if let source = step.source {
                extensions.ruleSourceItem(source, of: step.rule)
            }
        }
    }
}

/// 記録の結果: what the institution should hear of a record that was taken: what deserves a look, and whether
/// it is a claim.
package struct VaccinationOutcome: Hashable, Sendable {
    package let warnings: [VaccinationWarning]
    package let claim: VaccinationClaimStatus
    /// Codes of the rules that a reason is missing for.
    package let stops: [String]

    package init(
        warnings: [VaccinationWarning], claim: VaccinationClaimStatus, stops: [String] = []
    ) {
        self.warnings = warnings
        self.claim = claim
        self.stops = stops
    }

    /// What became of the claim, with the rules that ask for something.
    package var claimText: BilingualText {
        guard !stops.isEmpty else { return claim.text }
        return BilingualText(
            ja: claim.text.ja + "決まり: " + stops.joined(separator: "、") + "。",
            en: claim.text.en + " Rules: " + stops.joined(separator: ", ") + ".")
    }

    /// `Prefer: return=OperationOutcome` (https://hl7.org/fhir/R4/http.html#ops): the same in place of the
    /// resource.
    package func operationOutcome() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { outcome in
            outcome.member("resourceType", "OperationOutcome")
            outcome.array("issue") { issues in
                let isClaimed = claim == .claimed
                issues.issue(
                    isClaimed ? "information" : "warning",
                    isClaimed ? "informational" : "business-rule",
                    FHIR.System.vaccinationClaim, claim.code, claimText)
                for warning in warnings {
                    issues.issue(
                        "warning", "business-rule", FHIR.System.vaccinationWarning,
                        warning.rawValue, warning.text)
                }
            }
        }
        return writer.bytes
    }

    /// The same as extensions of the record itself.
    func write(to extensions: inout JSONWriter) {
        extensions.told(
            FHIR.Extension.vaccinationClaim, FHIR.System.vaccinationClaim, claim.code, claimText)
        for warning in warnings {
            extensions.told(
                FHIR.Extension.vaccinationWarning, FHIR.System.vaccinationWarning,
                warning.rawValue, warning.text)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func issue(
        _ severity: String, _ type: String, _ system: String, _ code: String, _ text: BilingualText
    ) {
        object { issue in
            issue.member("severity", severity)
            issue.member("code", type)
            issue.concept("details", system, code, text)
            issue.member("diagnostics", text.en)
        }
    }

    /// An extension whose value is a code with its words.
    mutating func told(
        _ url: String, _ system: String, _ code: String, _ text: BilingualText
    ) {
        object { entry in
            entry.member("url", url)
            entry.concept("valueCodeableConcept", system, code, text)
        }
    }

    fileprivate mutating func concept(
        _ name: String, _ system: String, _ code: String, _ text: BilingualText
    ) {
        object(name) { concept in
            concept.array("coding") { $0.codingItem(system, code) }
            concept.bilingual("text", text)
        }
    }
}

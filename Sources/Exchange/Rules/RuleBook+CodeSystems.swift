/// コードの一覧: the codes that a caller may send, and those of an answer at the counter with what the
/// receptionist does next, as CodeSystem (https://hl7.org/fhir/R4/codesystem.html). They are made from the
/// rules in force, so that what is listed is what is taken and said.
package struct ServedCodes: Sendable {
    /// As in the address and behind the last colon of `url`.
    package let id: String
    package let url: String
    fileprivate let title: BilingualText
    fileprivate let source: RuleSource
    fileprivate var properties: [Property] = []
    fileprivate let concepts: [Concept]

    fileprivate struct Property: Sendable {
        let code: String
        let type: String
        let description: String
    }

    fileprivate struct Concept: Sendable {
        let code: String
        let name: BilingualText
        var explanation: BilingualText?
        var claims: [(code: String, value: Bool)] = []
        /// 窓口で次にすること.
        var nextAction: BilingualText?
    }

    /// `version`: of the rules.
    package func render(version: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { system in
            system.member("resourceType", "CodeSystem")
            system.member("id", id)
            system.array("extension") { $0.ruleSourceItem(source) }
            system.member("url", url)
            system.member("version", version)
            system.member("title", "\(title.en) / \(title.ja)")
            system.member("status", "active")
            system.member("caseSensitive", true)
            system.member("content", "complete")
            system.member("count", concepts.count)
            if !properties.isEmpty {
                system.array("property") { list in
                    for property in properties { property.write(to: &list) }
                }
            }
            system.array("concept") { list in
                for concept in concepts { concept.write(to: &list) }
            }
        }
        return writer.bytes
    }
}

extension ServedCodes.Property {
    static let explanation = Self(
        code: "definitionJa", type: "string", description: "The definition in Japanese.")

    static let nextActionJa = Self(
        code: "nextActionJa", type: "string", description: "窓口で次にすること")
    static let nextActionEn = Self(
        code: "nextActionEn", type: "string", description: "What the receptionist does next.")

    static func claim(_ code: String, _ description: String) -> Self {
        Self(code: code, type: "boolean", description: description)
    }

    fileprivate func write(to list: inout JSONWriter) {
        list.object {
            $0.member("code", code)
            $0.member("description", description)
            $0.member("type", type)
        }
    }
}

extension ServedCodes.Concept {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { concept in
            concept.member("code", code)
            concept.member("display", name.en)
            concept.member("definition", explanation?.en)
            concept.array("designation") {
                $0.object {
                    $0.member("language", "ja")
                    $0.member("value", name.ja)
                }
            }
            let texts: [(property: ServedCodes.Property, text: String?)] = [
                (.explanation, explanation?.ja), (.nextActionJa, nextAction?.ja),
                (.nextActionEn, nextAction?.en),
            ]
            guard explanation != nil || !claims.isEmpty else { return }
            concept.array("property") { properties in
                for (property, text) in texts where text != nil {
                    properties.object {
                        $0.member("code", property.code)
                        $0.member("valueString", text)
                    }
                }
                for claim in claims {
                    properties.object {
                        $0.member("code", claim.code)
                        $0.member("valueBoolean", claim.value)
                    }
                }
            }
        }
    }
}

extension RuleBook {
    /// The lists that a refusal sends its reader to, and the words of the counter. Of vaccines none in a kept
    /// version without their rules.
    package var servedCodes: [ServedCodes] {
        [consentCodes, visitCodes, immunization?.vaccineCodes].compactMap(\.self)
            + subsidy.texts.served
    }

    private var consentCodes: ServedCodes? {
        guard let source = consentKinds.first?.source else { return nil }
        return ServedCodes(
            id: "consent-kind", url: FHIR.System.consentKind,
            title: BilingualText(ja: "同意の種類", en: "Kind of consent"), source: source,
            properties: [
                .explanation,
                .claim("sensitive", "Whether leaving it out shows in no answer."),
                .claim("onByDefault", "Whether it is agreed to where the resident chose nothing."),
            ],
            concepts: consentKinds.map {
                .init(
                    code: $0.kind.code, name: $0.name, explanation: $0.explanation,
                    claims: [("sensitive", $0.isSensitive), ("onByDefault", $0.isOnByDefault)])
            })
    }

    private var visitCodes: ServedCodes? {
        guard let source = visitKinds.first?.source else { return nil }
        return ServedCodes(
            id: "visit-kind", url: FHIR.System.visitKind,
            title: BilingualText(ja: "受付の種類", en: "Kind of visit"), source: source,
            properties: [
                .claim("openedByCard", "Whether POST /visits opens it."),
                .claim("eligibilityOnly", "Whether it serves the check of eligibility alone."),
            ],
            concepts: visitKinds.map {
                .init(
                    code: $0.code, name: $0.name,
                    claims: [
                        ("openedByCard", $0.isOpenedByCard),
                        ("eligibilityOnly", $0.isEligibilityOnly),
                    ])
            })
    }
}

extension EligibilityTexts {
    fileprivate var served: [ServedCodes] {
        [
            list(
                "eligibility-outcome", FHIR.System.outcome,
                BilingualText(ja: "資格確認の結果", en: "Eligibility outcome"),
                EligibilityOutcome.allCases.map { ($0.rawValue, self[outcome: $0]) }),
            list(
                "eligibility-warning", FHIR.System.warning,
                BilingualText(ja: "資格確認の注意", en: "Eligibility warning"),
                EligibilityWarning.Code.allCases.map { ($0.rawValue, self[warning: $0]) }),
        ]
    }

    private func list(
        _ id: String, _ url: String, _ title: BilingualText, _ texts: [(code: String, text: Text)]
    ) -> ServedCodes {
        ServedCodes(
            id: id, url: url, title: title,
            source: RuleSource(text: "profiles/subsidy/\(id).json", isVerified: false),
            properties: [.explanation, .nextActionJa, .nextActionEn],
            concepts: texts.map {
                .init(
                    code: $0.code, name: $0.text.display, explanation: $0.text.definition,
                    nextAction: $0.text.nextAction)
            })
    }
}

extension ImmunizationRules {
    fileprivate var vaccineCodes: ServedCodes? {
        guard !vaccines.isEmpty else { return nil }
        // Each has a source of its own, in the file.
        let source = RuleSource(
            text: "profiles/immunization/vaccines.json",
            isVerified: vaccines.allSatisfy(\.source.isVerified))
        return ServedCodes(
            id: "vaccine", url: FHIR.System.vaccine,
            title: BilingualText(ja: "ワクチン", en: "Vaccine"), source: source,
            concepts: vaccines.map { .init(code: $0.code, name: $0.name) })
    }
}

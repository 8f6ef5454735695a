/// The answer of `Immunization/$check`: for each candidate every finding with its rule, source and words,
/// the worst first. The same report always becomes the same bytes.
extension NeedleReport {
    /// `rulesVersion`: of the rule book it was decided by.
    package func render(rulesVersion: String, _ rules: ImmunizationRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 2048)
        writer.object { answer in
            answer.member("resourceType", "Parameters")
            answer.array("parameter") { list in
                list.parameter("verdict") { $0.member("valueCode", verdict.rawValue) }
                list.parameter("remaining") { $0.member("valueCode", remaining.rawValue) }
                list.parameter("date") { $0.member("valueDate", day.text) }
                list.parameter("dosesKnown") { $0.member("valueUnsignedInt", dosesKnown) }
                list.parameter("rules") { $0.member("valueString", rulesVersion) }
                for item in items { item.write(to: &list, rules) }
            }
        }
        return writer.bytes
    }
}

extension NeedleReport.Item {
    fileprivate func write(to list: inout JSONWriter, _ rules: ImmunizationRules) {
        list.parameter("candidate") { parameter in
            parameter.array("part") { parts in
                parts.parameter("vaccineCode") {
                    $0.member("valueCodeableConcept", candidate.vaccine)
                }
                if let vaccine {
                    parts.parameter("vaccine") {
                        $0.name("valueCoding")
                        $0.vaccineCoding(rules.vaccine(vaccine))
                    }
                }
                parts.parameter("verdict") { $0.member("valueCode", answer.verdict.rawValue) }
                parts.parameter("remaining") { $0.member("valueCode", remaining.rawValue) }
                if let earliest = answer.earliest {
                    parts.parameter("earliest") { $0.member("valueDate", earliest.text) }
                }
                if let programme = answer.programme {
                    let programme = rules.programmes[programme]
                    parts.parameter("programme") { $0.bilingual("valueString", programme.name) }
                }
                for (place, finding) in answer.findings.enumerated() {
                    rules.write(finding, overrides[place], to: &parts)
                }
            }
        }
    }
}

extension ImmunizationRules {
    fileprivate func write(
        _ finding: NeedleFinding, _ lifted: NeedleOverride?, to parts: inout JSONWriter
    ) {
        let source = source(of: finding)
        parts.parameter("finding") { parameter in
            parameter.array("part") { parts in
                parts.parameter("rule") {
                    $0.coding("valueCoding", FHIR.System.needleRule, code(of: finding))
                }
                parts.parameter("verdict") { $0.member("valueCode", finding.verdict.rawValue) }
                parts.parameter("source") { $0.member("valueString", source.text) }
                parts.parameter("verified") { $0.member("valueBoolean", source.isVerified) }
                if let day = finding.earliestDay {
                    parts.parameter("earliest") { $0.member("valueDate", day.text) }
                }
                if let day = finding.latestDay {
                    parts.parameter("latest") { $0.member("valueDate", day.text) }
                }
                parts.parameter("nurse") {
                    $0.bilingual("valueString", text(of: finding, for: .nurse))
                }
                parts.parameter("parent") {
                    $0.bilingual("valueString", text(of: finding, for: .parent))
                }
                if let lifted {
                    parts.parameter("override") { $0.member("valueString", lifted.reason) }
                }
            }
        }
    }
}

extension JSONWriter {
    mutating func vaccineCoding(_ vaccine: Vaccine) {
        codingItem(FHIR.System.vaccine, vaccine.code, display: vaccine.name.ja)
    }
}

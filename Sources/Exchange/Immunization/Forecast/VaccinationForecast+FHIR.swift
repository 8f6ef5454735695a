/// ImmunizationRecommendation (https://hl7.org/fhir/R4/immunizationrecommendation.html): what is due next,
/// with its earliest, recommended and latest days.
extension ForecastReport {
    func writeRecommendation(
        to writer: inout JSONWriter, id: String? = nil, _ rules: ImmunizationRules
    ) {
        writer.object { resource in
            resource.member("resourceType", "ImmunizationRecommendation")
            resource.member("id", id)
            resource.reference("patient", "Patient/" + patientID)
            resource.member("date", assessed.text)
            resource.reference("authority", FHIR.gateway)
            resource.array("recommendation") { list in
                for forecast in forecasts { forecast.write(to: &list, rules) }
            }
        }
    }
}

extension VaccinationForecast {
    fileprivate func write(to list: inout JSONWriter, _ rules: ImmunizationRules) {
        let vaccine = rules.vaccine(vaccine)
        list.object { item in
            item.array("vaccineCode") { codes in
                codes.object {
                    $0.array("coding") { codings in
                        codings.vaccineCoding(vaccine)
                        for mapping in vaccine.mappings {
                            codings.codingItem(mapping.system, mapping.code)
                        }
                    }
                    $0.member("text", vaccine.name.ja)
                }
            }
            item.object("forecastStatus") { concept in
                concept.array("coding") { codings in
                    codings.codingItem(FHIR.System.forecastStatus, status.rawValue)
                    guard let code = status.standardCode else { return }
                    codings.codingItem(FHIR.System.recommendation, code)
                }
            }
            item.array("dateCriterion") { criteria in
                for (code, day) in days {
                    criteria.object {
                        $0.concept("code", FHIR.System.loinc, code)
                        $0.member("value", day.text)
                    }
                }
            }
            item.bilingual("series", rules.programmes[programme].name)
            item.bilingual("doseNumberString", dose)
        }
    }

    /// LOINC: earliest date to give, date due, date overdue, latest date to give.
    private var days: [(code: String, day: CalendarDay)] {
        var days = [("30981-5", earliest)]
        if let from = recommendedFrom { days.append(("30980-7", from)) }
        if let to = recommendedTo { days.append(("59778-1", to.adding(days: 1))) }
        if let latest { days.append(("59777-3", latest)) }
        return days
    }
}

extension VaccinationForecast.Status {
    /// The base value set knows no "not yet", no time before the recommended one and no closed window.
    fileprivate var standardCode: String? {
        switch self {
        case .due: "due"
        case .overdue: "overdue"
        case .notYet, .early, .closed: nil
        }
    }
}

/// ImmunizationEvaluation (https://hl7.org/fhir/R4/immunizationevaluation.html): whether a dose counts, by
/// the law of its own day.
extension ForecastReport {
    func writeEvaluation(
        of evaluated: EvaluatedDose, to writer: inout JSONWriter, _ rules: ImmunizationRules
    ) {
        let answer = evaluated.answer
        let isValid = answer.verdict != .stop
        let programme = answer.programme.map { rules.programmes[$0] }
        let name = programme?.name ?? evaluated.dose.vaccine.map { rules.vaccine($0).name }
        writer.object { resource in
            resource.member("resourceType", "ImmunizationEvaluation")
            resource.member("status", "completed")
            resource.reference("patient", "Patient/" + patientID)
            resource.member("date", assessed.text)
            resource.reference("authority", FHIR.gateway)
            resource.object("targetDisease") { $0.bilingual("text", name ?? Self.unknown) }
            resource.object("immunizationEvent") { event in
                // A dose that was only told of is no resource here.
                let isHeld = !evaluated.reference.hasPrefix("#")
                event.member(isHeld ? "reference" : "display", evaluated.reference)
            }
            resource.concept("doseStatus", FHIR.System.doseStatus, isValid ? "valid" : "notvalid")
            let reasons = answer.findings.filter { $0.verdict != .fine }
            if !reasons.isEmpty {
                resource.array("doseStatusReason") { list in
                    for finding in reasons { rules.writeReason(finding, to: &list) }
                }
            }
            if let programme { resource.bilingual("series", programme.name) }
            resource.member("doseNumberPositiveInt", evaluated.dose.number)
        }
    }

    private static let unknown = BilingualText(ja: "不明なワクチン", en: "Unknown vaccine")
}

extension ImmunizationRules {
    fileprivate func writeReason(_ finding: NeedleFinding, to list: inout JSONWriter) {
        list.object { reason in
            reason.array("coding") { $0.codingItem(FHIR.System.needleRule, code(of: finding)) }
            reason.bilingual("text", text(of: finding, for: .nurse))
        }
    }
}

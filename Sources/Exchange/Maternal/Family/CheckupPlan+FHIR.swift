/// CarePlan (https://hl7.org/fhir/R4/careplan.html): one activity for each checkup, with the days of its
/// window.
extension CheckupPlan {
    /// `told`: the whole in words. `extensions` are of a plan that is more than the family's own.
    func render(
        id: String, of patientID: String, today: CalendarDay, told: BilingualText?,
        extensions: ((inout JSONWriter) -> Void)? = nil
    ) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { plan in
            plan.member("resourceType", "CarePlan")
            plan.member("id", id)
            if let extensions { plan.array("extension") { extensions(&$0) } }
            if !handbooks.isEmpty {
                plan.array("identifier") { list in
                    for number in handbooks {
                        list.object {
                            $0.member("system", FHIR.System.handbook)
                            $0.member("value", number)
                        }
                    }
                }
            }
            plan.member("status", "active")
            plan.member("intent", "plan")
            plan.bilingual("title", title)
            if let told { plan.bilingual("description", told) }
            plan.reference("subject", "Patient/" + patientID)
            plan.member("created", today.text)
            plan.array("activity") { list in
                for checkup in checkups {
                    list.object { $0.object("detail") { checkup.write(to: &$0) } }
                }
            }
        }
        return writer.bytes
    }
}

extension CheckupPlan {
    var words: BilingualText? {
        if let age { return age.words }
        return bornAt.map {
            BilingualText(
                ja: "在胎\($0.weeks)週\($0.daysBeyond)日で出生",
                en: "Born at \($0.weeks) weeks \($0.daysBeyond) days")
        }
    }
}

extension GestationalAge {
    /// 妊娠週数, of a pregnancy that goes on.
    var words: BilingualText {
        BilingualText(
            ja: "妊娠\(weeks)週\(daysBeyond)日", en: "\(weeks) weeks \(daysBeyond) days")
    }
}

extension CheckupPlan.Checkup {
    fileprivate func write(to detail: inout JSONWriter) {
        if let ticket { detail.array("extension") { ticket.write(to: &$0) } }
        detail.object("code") { code in
            code.array("coding") {
                $0.codingItem(FHIR.System.checkup, self.code, display: name.en)
            }
            code.member("text", name.ja)
        }
        detail.member("status", state.activityStatus)
        detail.concept("statusReason", FHIR.System.checkupPlan, state.rawValue)
        detail.period("scheduledPeriod", days.first.text, days.last.text)
        if let standard {
            detail.bilingual(
                "description",
                BilingualText(ja: "標準の日: \(standard.text)", en: "Meant for \(standard.text)"))
        }
    }
}

extension CheckupPlan.State {
    /// FHIR knows no "missed".
    fileprivate var activityStatus: String {
        switch self {
        case .done: "completed"
        case .due: "scheduled"
        case .upcoming: "not-started"
        case .missed: "stopped"
        }
    }
}

package func renderCheckupPlans(
    _ plans: [CheckupPlan], of patientID: String, today: CalendarDay, page: SearchPage
) -> [UInt8] {
    renderCarePlans(plans, page: page) {
        $0.render(id: $1, of: patientID, today: today, told: $0.words)
    }
}

/// No plan is a record of its own: its place in the answer is all there is to call it by.
func renderCarePlans<Plan>(
    _ plans: [Plan], page: SearchPage, render: (Plan, _ id: String) -> [UInt8]
) -> [UInt8] {
    renderSearchset(
        plans.enumerated().map { place, plan in
            let id = "plan-\(place + 1)"
            return SearchEntry(reference: "CarePlan/" + id, resource: render(plan, id))
        }, page: page)
}

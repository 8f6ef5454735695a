/// CarePlan (https://hl7.org/fhir/R4/careplan.html) for the clinic of a visit: the plan of the family, with
/// the course of the pregnancy and the tickets that stand unused, and in words what the reception says and
/// does.
extension ClinicPlan {
    func render(id: String, of patientID: String, today: CalendarDay) -> [UInt8] {
        let isMore = course != nil || !tickets.isEmpty
        return plan.render(
            id: id, of: patientID, today: today, told: words,
            extensions: isMore
                ? { (list: inout JSONWriter) in
                    course?.write(to: &list)
                    for ticket in tickets { ticket.write(to: &list) }
                } : nil)
    }

    /// 受付での一言.
    package var words: BilingualText {
        let due = plan.checkups.filter { $0.state == .due }.map(\.name)
        let told = [course?.words, Self.dueWords(due), ticketWords].compactMap(\.self)
        return BilingualText(
            ja: told.map(\.ja).joined(), en: told.map(\.en).joined(separator: " "))
    }

    private static func dueWords(_ due: [BilingualText]) -> BilingualText {
        guard !due.isEmpty else {
            return BilingualText(
                ja: "今日が期間に入る健診はありません。健診の種類を確かめてから診察してください。",
                en: "No checkup is due today. Make sure which one it is before you examine.")
        }
        return BilingualText(
            ja: "今日が期間に入る健診は、" + due.map(\.ja).joined(separator: "、") + "です。",
            en: "Due today: " + due.map(\.en).joined(separator: "; ") + ".")
    }

    private var ticketWords: BilingualText {
        guard !tickets.isEmpty else {
            return BilingualText(
                ja: "使っていない受診券はありません。お持ちの券があれば市区町村に確かめ、"
                    + "なければ窓口での交付をご案内ください。",
                en: "No unused ticket stands. If a printed one is shown, ask the municipality; "
                    + "if there is none, tell the family to ask for one at its office.")
        }
        return BilingualText(
            ja: "使っていない受診券は\(tickets.count)枚です。", en: "Unused tickets: \(tickets.count).")
    }
}

extension ClinicPlan.Course {
    fileprivate var words: BilingualText {
        let weeks = age?.words
        return BilingualText(
            ja: "届出では、" + (weeks.map { $0.ja + "、" } ?? "")
                + "分娩予定日は\(expectedDate.text)、胎児は\(fetuses)人です。"
                + "経過はご本人に確かめてください。",
            en: "As notified: " + (weeks.map { $0.en + ", " } ?? "")
                + "expected on \(expectedDate.text), fetuses: \(fetuses). "
                + "Ask her how it has gone since.")
    }

    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.pregnancyCourse)
            entry.array("extension") { parts in
                parts.extensionItem("expectedDate", "valueDate", expectedDate.text)
                if let age {
                    parts.extensionItem("weeks", "valueUnsignedInt", age.weeks)
                    parts.extensionItem("days", "valueUnsignedInt", age.daysBeyond)
                }
                parts.extensionItem("fetuses", "valuePositiveInt", fetuses)
            }
        }
    }
}

extension ClinicPlan.Ticket {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.unusedTicket)
            entry.array("extension") { parts in
                number.writeItems(to: &parts)
                if let printed { parts.extensionItem("number", "valueString", printed) }
                parts.extensionItem("validFrom", "valueDate", validFrom.text)
                if let validTo { parts.extensionItem("validTo", "valueDate", validTo.text) }
                for checkup in checkups { parts.extensionItem("checkup", "valueCode", checkup) }
            }
        }
    }
}

package func renderClinicPlans(
    _ plans: [ClinicPlan], of patientID: String, today: CalendarDay, page: SearchPage
) -> [UInt8] {
    renderCarePlans(plans, page: page) { $0.render(id: $1, of: patientID, today: today) }
}

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
                en: "Today is in the days of no checkup. Make sure which one it is before you "
                    + "examine.")
        }
        return BilingualText(
            ja: "今日が期間に入る健診は、" + due.map(\.ja).joined(separator: "、") + "です。",
            en: "Today is in the days of: " + due.map(\.en).joined(separator: "; ") + ".")
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
        let weeks = age.map {
            BilingualText(
                ja: "妊娠\($0.weeks)週\($0.daysBeyond)日、",
                en: "\($0.weeks) weeks \($0.daysBeyond) days, ")
        }
        return BilingualText(
            ja: "届出では、" + (weeks?.ja ?? "")
                + "分娩予定日は\(expectedDate.text)、胎児は\(fetuses)人です。"
                + "経過はご本人に確かめてください。",
            en: "As notified: " + (weeks?.en ?? "")
                + "expected on \(expectedDate.text), fetuses: \(fetuses). "
                + "Ask her how it has gone since.")
    }

    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.pregnancyCourse)
            entry.array("extension") { parts in
                parts.extensionItem("expectedDate", "valueDate", expectedDate.text)
                if let age {
                    parts.numberItem("weeks", "valueUnsignedInt", age.weeks)
                    parts.numberItem("days", "valueUnsignedInt", age.daysBeyond)
                }
                parts.numberItem("fetuses", "valuePositiveInt", fetuses)
            }
        }
    }
}

extension ClinicPlan.Ticket {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.unusedTicket)
            entry.array("extension") { parts in
                parts.extensionItem("body", "valueString", number.body)
                parts.extensionItem("kind", "valueCode", number.kind)
                parts.numberItem("serial", "valuePositiveInt", number.serial)
                parts.numberItem("issue", "valuePositiveInt", number.issue)
                if let printed { parts.extensionItem("number", "valueString", printed) }
                parts.extensionItem("validFrom", "valueDate", validFrom.text)
                if let validTo { parts.extensionItem("validTo", "valueDate", validTo.text) }
                for checkup in checkups { parts.extensionItem("checkup", "valueCode", checkup) }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func numberItem(_ url: String, _ value: String, _ number: Int) {
        object {
            $0.member("url", url)
            $0.member(value, number)
        }
    }
}

package func renderClinicPlans(
    _ plans: [ClinicPlan], of patientID: String, today: CalendarDay, page: SearchPage
) -> [UInt8] {
    renderSearchset(
        plans.enumerated().map { place, plan in
            // No record of its own: its place in the answer is all there is to call it by.
            let id = "plan-\(place + 1)"
            return SearchEntry(
                reference: "CarePlan/" + id,
                resource: plan.render(id: id, of: patientID, today: today))
        }, page: page)
}

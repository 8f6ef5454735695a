/// A finding as an institution or a municipality reads it: reason, what it says, the next step and the
/// evidence, in both languages.
extension ClaimFinding {
    func write(into writer: inout JSONWriter, _ report: MonthReport) {
        let text = report.rules.reasons[reason]
        writer.object {
            $0.member("code", reason.code)
            $0.member("standing", standing.rawValue)
            if part >= 0 {
                let parts = report.batch.parts(of: Int(claim))
                let key = parts[parts.startIndex + Int(part)].certificate
                $0.member("public", Int(part) + 1)
                $0.member("payer", key.payer == 0 ? nil : key.payerText)
                $0.member("recipient", report.recipients.text(key.recipient))
            }
            $0.member("ja", text.text.ja)
            $0.member("en", text.text.en)
            $0.member("nextJa", text.next.ja)
            $0.member("nextEn", text.next.en)
            $0.object("evidence") { evidence.write(into: &$0, report) }
        }
    }
}

extension ClaimEvidence {
    func write(into writer: inout JSONWriter, _ report: MonthReport) {
        switch self {
        case .none: break
        case .checkDigit(let expected): writer.member("expectedCheckDigit", Int(expected))
        case .period(let service, let from, let to):
            writer.day("service", service)
            writer.day("validFrom", from)
            writer.day("validTo", to)
        case .day(let service): writer.day("service", service)
        case .birth(let claimed, let earliest, let latest):
            writer.day("claimed", claimed)
            writer.day("registeredEarliest", earliest)
            writer.day("registeredLatest", latest)
        case .sex(let claimed, let registered):
            writer.member("claimedSex", Int(claimed))
            writer.member("registeredSex", Int(registered))
        case .insurer(let claimed, let service, let from, let to):
            if claimed != Claim.unsaidInsurer {
                let width = claimed < 1_000_000 ? 6 : 8
                writer.member("insurer", Digits.padded(Int(claimed), to: width))
            }
            writer.day("service", service)
            writer.day("insurerFrom", from)
            writer.day("insurerTo", to)
        case .order(let payer, let before):
            writer.member("payer", CertificateNumber.text(ofPayer: payer))
            writer.member("placedAfter", CertificateNumber.text(ofPayer: before))
        case .specialNote(let code):
            let text = Digits.padded(Int(code), to: 2)
            writer.member("specialNote", text)
            writer.member("name", report.rules.codes.name(of: text, in: "special-note"))
        case .dutyReason(let code):
            writer.member("dutyReason", String(code))
            writer.member("name", report.rules.codes.name(of: String(code), in: "duty-reason"))
        case .limitClass(let note, let told):
            let text = Digits.padded(Int(note), to: 2)
            writer.member("specialNote", text)
            writer.member("name", report.rules.codes.name(of: text, in: "special-note"))
            writer.member("toldClass", told)
        case .duplicate(let earlier): report.place(Int(earlier), into: &writer)
        default: writeMoney(into: &writer)
        }
    }

    private func writeMoney(into writer: inout JSONWriter) {
        switch self {
        case .amount(let claimed, let expected):
            writer.member("claimed", Int(claimed))
            writer.member("expected", Int(expected))
            writer.member("difference", Int(claimed) - Int(expected))
        case .cap(let cap, let claimed, let expected):
            writer.member("cap", Int(cap))
            writer.member("claimed", Int(claimed))
            writer.member("expected", Int(expected))
            writer.member("difference", Int(claimed) - Int(expected))
        case .age(let service, let years):
            writer.day("service", service)
            writer.member("age", Int(years))
        case .clawback(let service, let paidOn, let knownOn):
            writer.day("service", service)
            writer.day("paidOn", paidOn)
            writer.day("knownOn", knownOn)
        case .answer(let day, let outcome):
            writer.day("day", day)
            writer.member("outcome", outcome.rawValue)
        case .month(let month): writer.member("month", month.text)
        case .refunded(let month, let day, let cost):
            writer.member("month", month.text)
            writer.day("refundedDay", day)
            writer.member("refundedCost", cost < 0 ? nil : Int(cost))
        default: break
        }
    }
}

extension JSONWriter {
    /// A day since 1970; one that is not said, or without end, writes nothing.
    mutating func day(_ name: String, _ day: Int32) {
        guard day != Claim.unsaidDay, day != Claim.endlessDay else { return }
        member(name, CalendarDay(daysSince1970: Int(day)).text)
    }
}

/// 請求の経過: what happened to one claim, from the first time it came to the last word on it. A step that cannot
/// follow is refused and leaves the thread as it was; nothing is ever taken out of it.
package struct ClaimThread: Hashable, Sendable {
    package enum Step: String, CaseIterable, Sendable {
        /// 請求.
        case submitted
        /// 返戻: it goes back to the institution.
        case returned
        /// 再請求: corrected, in the place of what came back.
        case corrected
        /// 取下げ, by the institution.
        case withdrawn
        /// 支払.
        case paid
        /// 再審査: asked for by either side.
        case reexamined
        /// 再審査の結果、原審どおり or changed.
        case confirmed
        /// 過誤調整: what was paid is taken back.
        case clawedBack = "clawed-back"
    }

    /// What may follow, as the cycle of 審査支払機関 has it: bill, review, pay, and what comes after paying.
    private static let next: [Step: Set<Step>] = [
        .submitted: [.returned, .withdrawn, .paid],
        .returned: [.corrected, .withdrawn],
        .corrected: [.returned, .withdrawn, .paid],
        .withdrawn: [.corrected],
        .paid: [.reexamined, .clawedBack],
        .reexamined: [.confirmed, .clawedBack],
        .confirmed: [.reexamined, .clawedBack],
        .clawedBack: [.corrected],
    ]

    package struct Entry: Hashable, Sendable {
        package let step: Step
        package let on: CalendarDay
        /// The claim's own reference at that step (検索番号, file and receipt): texts without persons.
        package let reference: String

        package init(_ step: Step, on day: CalendarDay, reference: String) {
            self.step = step
            self.on = day
            self.reference = reference
        }
    }

    package enum Fault: Error, Hashable, Sendable {
        case cannotFollow(Step, after: Step)
        case earlierThanLast

        package var text: BilingualText {
            switch self {
            case .cannotFollow(let step, let last):
                BilingualText(
                    ja: "\(last.rawValue)の後に\(step.rawValue)は続きません。請求の経過を確かめてください。",
                    en:
                        "\(step.rawValue) cannot follow \(last.rawValue). Look at the claim's thread."
                )
            case .earlierThanLast:
                BilingualText(
                    ja: "前の経過より前の日付です。日付を確かめてください。",
                    en: "The day lies before the last step. Check the day.")
            }
        }
    }

    /// Never empty; the last one says where the claim stands.
    package private(set) var entries: [Entry]

    package init(submitted day: CalendarDay, reference: String) {
        entries = [Entry(.submitted, on: day, reference: reference)]
    }

    package var last: Entry { entries[entries.count - 1] }

    /// Whether it asks for money now: what came back, was withdrawn or taken back does not.
    package var isOpen: Bool { ![.returned, .withdrawn, .clawedBack].contains(last.step) }
    package var isPaid: Bool { [.paid, .reexamined, .confirmed].contains(last.step) }

    package mutating func add(_ entry: Entry) throws(Fault) {
        guard entry.on >= last.on else { throw .earlierThanLast }
        guard Self.next[last.step]?.contains(entry.step) == true else {
            throw .cannotFollow(entry.step, after: last.step)
        }
        entries.append(entry)
    }
}

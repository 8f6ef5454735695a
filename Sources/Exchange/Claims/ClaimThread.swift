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

        /// Which item of the news it is about.
        package var item: String {
            switch self {
            case .cannotFollow: "step"
            case .earlierThanLast: "on"
            }
        }
    }

    /// Never empty; the last one says where the claim stands.
    package private(set) var entries: [Entry]

    /// `day`: nothing of the claim was before it. A file may come long after what it tells of was sent, so
    /// that is the first of its month, not the day it came.
    package init(submitted day: CalendarDay, reference: String) {
        entries = [Entry(.submitted, on: day, reference: reference)]
    }

    package var last: Entry { entries[entries.count - 1] }

    /// Whether it asks for money now: what came back, was withdrawn or taken back does not.
    package var isOpen: Bool { ![.returned, .withdrawn, .clawedBack].contains(last.step) }
    package var isPaid: Bool { [.paid, .reexamined, .confirmed].contains(last.step) }

    /// 台帳にある経過, in its order: it was judged when it came, and stands.
    package mutating func hold(_ entry: Entry) { entries.append(entry) }

    /// 届いた日: of what was sent again, the day is when it came here, and true days of it may lie before.
    private var earliest: CalendarDay {
        entries.last { $0.step != .corrected }?.on ?? last.on
    }

    package mutating func add(_ entry: Entry) throws(Fault) {
        guard entry.on >= earliest else { throw .earlierThanLast }
        guard Self.next[last.step]?.contains(entry.step) == true else {
            throw .cannotFollow(entry.step, after: last.step)
        }
        entries.append(entry)
    }
}

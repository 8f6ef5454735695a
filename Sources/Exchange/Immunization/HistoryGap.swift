/// 接種歴の空白: of the days on which nobody told the gateway of doses, those that matter to this dose. One
/// matters where doses could rightly have been given in it, beside all that are held, and would have
/// changed what is said of the candidate.
extension NeedleCheck {
    /// The last such gap before `day`.
    func gap(before day: Int, hiding vaccine: Vaccine.ID) -> ClosedRange<CalendarDay>? {
        guard !question.gaps.isEmpty else { return nil }
        return question.gaps.last { gap in
            let first = gap.lowerBound.daysSince1970
            let last = min(gap.upperBound.daysSince1970, day - 1)
            guard first <= last else { return false }
            return isHidingSpacing(before: day, of: vaccine, until: last)
                || isHidingDoses(of: vaccine, in: first...last, before: day)
        }
    }

    /// One dose more, then two, as many as a course has: the fourth waits where the second need not.
    private func isHidingDoses(
        of vaccine: Vaccine.ID, in gap: ClosedRange<Int>, before day: Int
    ) -> Bool {
        let findings = judge(vaccine, on: day).findings
        var known = self
        for _ in 0..<Self.hiddenMax {
            var next: (day: Int, check: NeedleCheck)?
            for hidden in known.hidden(vaccine, in: gap) {
                let with = known.adding(
                    GivenDose(vaccine, on: CalendarDay(daysSince1970: hidden)))
                guard with.stands(after: vaccine, on: hidden, beside: known) else { continue }
                guard with.judge(vaccine, on: day).findings == findings else { return true }
                if next.map({ hidden < $0.day }) ?? true { next = (hidden, with) }
            }
            guard let next else { return false }
            known = next.check
        }
        return false
    }

    /// No course has more doses.
    private static let hiddenMax = 5

    /// 異なるワクチンの間隔: any vaccine that must be waited for could have been given too short ago.
    private func isHidingSpacing(before day: Int, of vaccine: Vaccine.ID, until last: Int) -> Bool {
        rules.spacings.contains {
            $0.after.contains(vaccine) && $0.effective.contains(day)
                && day < $0.least.earliest(after: last)
        }
    }

    /// Days of the gap on which the vaccine was rightly given, if it was: the first after its beginning, the
    /// first after each dose within it, and its last.
    private func hidden(_ vaccine: Vaccine.ID, in gap: ClosedRange<Int>) -> Set<Int> {
        let starts = [gap.lowerBound, gap.upperBound] + doses.map { $0.day + 1 }
        let days = starts.filter(gap.contains).compactMap { earliest(vaccine, from: $0) }
        return Set(days.filter(gap.contains))
    }

    /// With one dose more in the history.
    private func adding(_ dose: GivenDose) -> NeedleCheck {
        var question = question
        question.history.append(dose)
        return NeedleCheck(question, rules, isRecord: isRecord)
    }

    /// Nobody gave a dose that the one before it had made needless: what is held after the hidden dose must
    /// still be as right as it was. What that one cannot touch is, and is not judged again: a caller may tell
    /// of a hundred doses, and each of them is a day after which one may be hidden.
    private func stands(
        after vaccine: Vaccine.ID, on day: Int, beside known: NeedleCheck
    ) -> Bool {
        doses.allSatisfy { dose in
            guard dose.day > day,
                rules.mayMatter(vaccine, until: day, to: dose.vaccine, on: dose.day, question)
            else { return true }
            return !without(dose).judge(dose.vaccine, on: dose.day).isStopped
                || known.without(dose).judge(dose.vaccine, on: dose.day).isStopped
        }
    }

    /// As it was asked before this dose was given.
    private func without(_ dose: KnownDose) -> NeedleCheck {
        var question = question
        let given = GivenDose(
            dose.vaccine, on: CalendarDay(daysSince1970: dose.day),
            number: dose.number == 0 ? nil : dose.number)
        if let place = question.history.firstIndex(of: given) {
            question.history.remove(at: place)
        }
        question.candidate = given
        return NeedleCheck(question, rules)
    }
}

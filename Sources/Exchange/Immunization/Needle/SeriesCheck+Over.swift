/// 終わった経過措置: a law for certain births alone that is over, or asks for what nobody can do any more.
extension SeriesCheck {
    /// The last day on which it paid for this dose. Whoever it was for is told of that day, and not of the
    /// one, long ago, on which the usual period ended.
    func over(_ vaccine: Vaccine.ID, on day: Int?) -> ScheduleJudgement? {
        guard let day, let birth = check.person.birth?.daysSince1970,
            check.question.basis == .routine,
            programme.versions.allSatisfy({ $0.effective.lowerBound <= day })
        else { return nil }
        for number in programme.versions.indices.reversed() {
            let version = programme.versions[number]
            let last = version.effective.upperBound
            guard last < day, version.eligibility.isTransitional(for: birth),
                version.givesSet.contains(vaccine)
            else { continue }
            var findings: [NeedleFinding] = []
            findEligibility(number, counted(version, on: last), into: &findings)
            guard !findings.contains(where: { $0.verdict == .stop }),
                let place = placed(vaccine, on: last, of: number)?.place, let dose = place.dose,
                let window = version.courses[place.course].doses[dose].window.days(
                    for: check.person), window.contains(last)
            else { continue }
            var finding = finding(.tooLate, at: place)
            finding.latest = last
            return ScheduleJudgement(findings: findings + [finding], programme: index)
        }
        return nil
    }
}

extension ProgrammeVersion.Eligibility {
    /// 経過措置: for these births alone, and without anything that somebody must confirm.
    fileprivate func isTransitional(for birth: Int) -> Bool {
        guard let born, condition == nil else { return false }
        return born.upperBound < DoseWindow.never && born.contains(birth)
    }
}

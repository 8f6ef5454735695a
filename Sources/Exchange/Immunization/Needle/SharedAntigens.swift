/// 共通の抗原: which vaccines hold an antigen in common, and which schedules count which vaccine. Made once when
/// the rules are read, so that a verdict only asks.
struct SharedAntigens: Sendable {
    private let sharing: [VaccineSet]
    private let counting: [[Int]]

    init(_ vaccines: [Vaccine], _ programmes: [Programme]) {
        sharing = vaccines.map { vaccine in
            let antigens = Set(vaccine.antigens)
            var set = VaccineSet()
            for (place, other) in vaccines.enumerated()
            where !antigens.isDisjoint(with: other.antigens) {
                set.insert(Vaccine.ID(index: place))
            }
            return set
        }
        counting = vaccines.indices.map { place in
            programmes.indices.filter {
                programmes[$0].category != .voluntary
                    && programmes[$0].counts.contains(Vaccine.ID(index: place))
            }
        }
    }

    /// All that have an antigen of this one, itself among them.
    func vaccines(sharing vaccine: Vaccine.ID) -> VaccineSet { sharing[vaccine.index] }

    /// The schedules of the Act of which a dose of this vaccine is a dose.
    func schedules(counting vaccine: Vaccine.ID) -> [Int] { counting[vaccine.index] }
}

extension NeedleCheck {
    /// 混合ワクチンの成分: doses that hold an antigen of the candidate, but that its own schedule does not count
    /// (ヒブ before 五種混合).
    func findComponents(
        _ vaccine: Vaccine.ID, _ day: Int, into judged: inout ScheduleJudgement
    ) {
        guard let own = judged.programme else { return }
        let others = rules.antigens.vaccines(sharing: vaccine)
            .subtracting(rules.programmes[own].counts)
        guard let last = doses.last(where: { $0.day <= day && others.contains($0.vaccine) })
        else { return }
        guard last.day < day else {
            var finding = rules.finding(.duplicate)
            finding.earliest = day + 1
            finding.otherVaccine = last.vaccine
            finding.otherDay = day
            judged.findings.append(finding)
            return
        }
        for place in rules.antigens.schedules(counting: vaccine) where place != own {
            SeriesCheck(self, place)
                .findComponent(vaccine, on: day, beside: others, into: &judged.findings)
        }
    }
}

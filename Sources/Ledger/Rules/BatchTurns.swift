package import Exchange

/// 組分け: which jobs of a batch share their statements: those decided by the same rules and, where a job must
/// see what another of the same resident left, no resident twice. Of one resident, who came first is first.
package struct BatchTurns {
    /// Places in the batch, turn by turn; one turn, unless new rules come into force at this moment or a
    /// resident is named twice.
    package private(set) var turns: [[Int]] = []
    private var rules: [String] = []
    private var last: [PersonKey: Int] = [:]

    /// `person`: nothing where the order does not matter.
    package init(_ jobs: [(rules: String, person: PersonKey?)]) {
        for (place, job) in jobs.enumerated() {
            let first = job.person.flatMap { last[$0] }.map { $0 + 1 } ?? 0
            let turn = (first..<max(first, turns.count)).first { rules[$0] == job.rules }
            if let turn {
                turns[turn].append(place)
            } else {
                turns.append([place])
                rules.append(job.rules)
            }
            if let person = job.person { last[person] = turn ?? turns.count - 1 }
        }
    }
}

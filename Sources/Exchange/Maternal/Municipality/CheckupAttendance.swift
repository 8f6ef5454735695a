/// 受診率: by month of birth or delivery, or of the expected birth, how many are registered and how many of them
/// were seen, and of a checkup that comes again how often. No cell tells of few: below the least it is left
/// out, a month of which nothing may be told among them, and every other is a multiple of it, so that whoever
/// subtracts one from another, or what was told yesterday from today's, is left with nothing smaller.
package struct CheckupAttendance: Hashable, Sendable {
    /// 出生年月（妊婦健診は分娩予定の年月）ごとの人数.
    package struct Cohort: Hashable, Sendable {
        package let municipality: String
        /// `2026-04`.
        package let month: String
        /// 受診回数ごとの人数: who was examined so often. Nobody is left out: 0 is often, too.
        package let byTimes: [Int: Int]

        package init(municipality: String, month: String, byTimes: [Int: Int]) {
            self.municipality = municipality
            self.month = month
            self.byTimes = byTimes
        }

        fileprivate func atLeast(_ times: Int) -> Int {
            byTimes.reduce(0) { $1.key >= times ? $0 + $1.value : $0 }
        }
    }

    package let checkup: String
    /// 回数: how many of it everybody is due for.
    package let times: Int
    package let cohorts: [Cohort]
    /// 秘匿, of `maternal/attendance.json`.
    package let least: Int

    package init(checkup: String, times: Int = 1, cohorts: [Cohort], least: Int) {
        self.checkup = checkup
        self.times = times
        self.cohorts = cohorts
        self.least = least
    }

    package func render() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 64 + cohorts.count * 128)
        writer.object { answer in
            answer.member("checkup", checkup)
            answer.member("suppressedBelow", least)
            answer.array("cohorts") { list in
                for cohort in cohorts { write(cohort, into: &list) }
            }
        }
        return writer.bytes
    }

    /// That a month is there would tell that there is somebody, and its coming that one came.
    private func write(_ cohort: Cohort, into list: inout JSONWriter) {
        guard let registered = told(cohort.atLeast(0)) else { return }
        list.object {
            $0.member("municipality", cohort.municipality)
            $0.member("birthMonth", cohort.month)
            $0.member("registered", registered)
            $0.member("seen", told(cohort.atLeast(1)))
            guard times > 1 else { return }
            $0.array("checkups") { often in
                for count in 2...times {
                    guard let residents = told(cohort.atLeast(count)) else { continue }
                    often.object {
                        $0.member("atLeast", count)
                        $0.member("residents", residents)
                    }
                }
            }
        }
    }

    private func told(_ count: Int) -> Int? {
        count < least ? nil : (count + least / 2) / least * least
    }
}

extension RuleFolder {
    /// 集計の秘匿 of `maternal/attendance.json`. Rules kept from before there were any say nothing.
    func attendanceLeast(isKept: Bool) throws(RuleFault) -> Int? {
        let path = "maternal/attendance.json"
        if isKept, files[path] == nil { return nil }
        let file = try file(path)
        try file.requireOnly(["source", "verified", "note", "suppressBelow"])
        _ = try file.source()
        return try file.int("suppressBelow", in: 2...1000)
    }
}

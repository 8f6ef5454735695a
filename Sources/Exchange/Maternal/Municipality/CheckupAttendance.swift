/// 受診率: by month of birth or delivery, or of the expected birth, how many are registered and how many of them
/// were seen. No cell tells of few: below the least it is left out, and every other is a multiple of it, so
/// that whoever subtracts one from another, or what was told yesterday from today's, is left with nothing
/// smaller.
package struct CheckupAttendance: Hashable, Sendable {
    /// 出生年月（妊婦健診は分娩予定の年月）ごとの人数.
    package struct Cohort: Hashable, Sendable {
        package let municipality: String
        /// `2026-04`.
        package let month: String
        package let registered: Int
        package let seen: Int

        package init(municipality: String, month: String, registered: Int, seen: Int) {
            self.municipality = municipality
            self.month = month
            self.registered = registered
            self.seen = seen
        }
    }

    package let checkup: String
    package let cohorts: [Cohort]
    /// 秘匿, of `maternal/attendance.json`.
    package let least: Int

    package init(checkup: String, cohorts: [Cohort], least: Int) {
        self.checkup = checkup
        self.cohorts = cohorts
        self.least = least
    }

    package func render() -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 64 + cohorts.count * 128)
        writer.object { answer in
            answer.member("checkup", checkup)
            answer.member("suppressedBelow", least)
            answer.array("cohorts") { list in
                for cohort in cohorts {
                    list.object {
                        $0.member("municipality", cohort.municipality)
                        $0.member("birthMonth", cohort.month)
                        $0.member("registered", told(cohort.registered))
                        $0.member("seen", told(cohort.seen))
                    }
                }
            }
        }
        return writer.bytes
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

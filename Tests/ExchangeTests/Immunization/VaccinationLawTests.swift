import Exchange
import Testing

/// 法令の表: the day before, the first day and the day after it, and the same around the last day, of every
/// period and interval of the Act that `VaccinationBoundaryTests` does not hold. The days are reckoned by
/// hand from the text of the law: an age is attained on the day before the birthday (年齢計算ニ関スル法律),
/// both ends are inside, and n days between are n whole days.
@Suite struct VaccinationLawTests {
    /// 期間: taken from `first` to `last`, and not on the days beside them.
    struct Period: Sendable, CustomTestStringConvertible {
        let law: String
        let birth: String
        var sex: String?
        var history = ""
        let vaccine: String
        var first: String?
        var last: String?
        /// `warn` where somebody must confirm a condition.
        var inside = "accept"
        /// What it is after the last day where that is another matter than being too late.
        var after = "reject"

        var testDescription: String { law }
    }

    /// 政令: 予防接種法施行令第3条; 規則: 予防接種実施規則.
    static let periods: [Period] = [
        .init(
            law: "政令 ヒブ 生後2月から60月", birth: "2025-05-10", vaccine: "hib",
            first: "2025-07-09", last: "2030-05-09"),
        .init(
            law: "政令 小児肺炎球菌 生後2月から60月", birth: "2025-05-10", vaccine: "pcv20",
            first: "2025-07-09", last: "2030-05-09"),
        .init(
            law: "政令 B型肝炎 1歳に至るまで", birth: "2025-05-10", vaccine: "hepb",
            first: "2025-05-10", last: "2026-05-09"),
        .init(
            law: "政令 不活化ポリオ 生後2月から90月", birth: "2025-05-10", vaccine: "ipv",
            first: "2025-07-09", last: "2032-11-09"),
        .init(
            law: "政令 四種混合 生後2月から90月", birth: "2025-05-10", vaccine: "dpt-ipv",
            first: "2025-07-09", last: "2032-11-09"),
        .init(
            law: "政令 三種混合 生後2月から90月", birth: "2025-05-10", vaccine: "dpt",
            first: "2025-07-09", last: "2032-11-09"),
        .init(
            law: "政令 四種混合 令和5年3月31日まで生後3月から", birth: "2022-05-10", vaccine: "dpt-ipv",
            first: "2022-08-09"),
        .init(
            law: "政令 麻しん(単独) 1期 生後12月から24月", birth: "2025-05-10", vaccine: "measles",
            first: "2026-05-09", last: "2027-05-09"),
        .init(
            law: "政令 風しん(単独) 1期 生後12月から24月", birth: "2025-05-10", vaccine: "rubella",
            first: "2026-05-09", last: "2027-05-09"),
        .init(
            law: "政令 5価ロタ 出生6週0日後から", birth: "2025-05-10", vaccine: "rv5",
            first: "2025-06-21"),
        .init(
            law: "政令 日本脳炎1期 生後6月から90月", birth: "2025-05-10", vaccine: "je",
            first: "2025-11-09", last: "2032-11-09"),
        .init(
            law: "規則附則5条 日本脳炎特例 20歳まで", birth: "2006-05-10",
            history: "je 2010-06-01, je 2010-06-20, je 2012-06-20", vaccine: "je",
            first: "2015-05-09", last: "2026-05-09"),
        .init(
            law: "政令附則 MR 3期 13歳となる年度", birth: "1995-05-10", vaccine: "mr",
            first: "2008-04-01", last: "2009-03-31"),
        .init(
            law: "政令附則 MR 4期 18歳となる年度", birth: "1990-05-10", vaccine: "mr",
            first: "2008-04-01", last: "2009-03-31"),
        .init(
            law: "令和7年3月11日通知 MR 1期の延長 令和9年3月31日まで", birth: "2022-10-10",
            vaccine: "mr", last: "2027-03-31", inside: "warn"),
        .init(
            law: "令和7年3月11日通知 MR 2期の延長 令和9年3月31日まで", birth: "2018-10-10",
            history: "mr 2020-01-10", vaccine: "mr", last: "2027-03-31", inside: "warn"),
        .init(
            law: "政令 BCG 平成25年3月31日まで6月に至るまで", birth: "2012-05-10", vaccine: "bcg",
            first: "2012-05-10", last: "2012-11-09"),
        .init(
            law: "政令 風しん5期 平成31年2月1日から", birth: "1970-05-10", sex: "male", vaccine: "mr",
            // 抗体が不十分だった人に限る.
            first: "2019-02-01", inside: "warn"),
        .init(
            law: "政令 新型コロナ 60歳から", birth: "1966-11-21", vaccine: "covid",
            first: "2026-11-20", inside: "warn"),
        .init(
            law: "政令 高齢者インフルエンザ 60歳から", birth: "1966-11-21", vaccine: "influenza",
            first: "2026-11-20", inside: "warn"),
        .init(
            law: "高用量インフルエンザ 75歳から", birth: "1951-11-21", vaccine: "influenza-high-dose",
            first: "2026-11-20"),
        .init(
            law: "高用量インフルエンザ 令和8年10月1日から", birth: "1940-05-10",
            vaccine: "influenza-high-dose", first: "2026-10-01"),
        .init(
            law: "政令 高齢者肺炎球菌 60歳から", birth: "1966-11-21", vaccine: "pcv20",
            first: "2026-11-20", inside: "warn"),
        .init(
            law: "政令 帯状疱疹 60歳から", birth: "1966-11-21", vaccine: "zoster-recombinant",
            first: "2026-11-20", inside: "warn"),
        .init(
            law: "政令 帯状疱疹(生) 60歳から", birth: "1966-11-21", vaccine: "zoster-live",
            first: "2026-11-20", inside: "warn"),
        .init(
            law: "政令附則 帯状疱疹 101歳以上は令和7年度", birth: "1920-05-10", vaccine: "zoster-live",
            first: "2025-04-01", last: "2026-03-31"),
        .init(
            law: "経過措置 水痘 平成26年度は3歳を過ぎても", birth: "2011-05-10", vaccine: "varicella",
            first: "2014-10-01", last: "2015-03-31"),
        .init(
            law: "経過措置 水痘 平成26年度の60月に至るまで", birth: "2010-01-10", vaccine: "varicella",
            first: "2014-10-01", last: "2015-01-09"),
        .init(
            law: "経過措置 高齢者肺炎球菌 平成26年度は100歳以上", birth: "1914-04-01", vaccine: "ppsv23",
            first: "2014-10-01", last: "2015-03-31"),
        .init(
            law: "経過措置 高齢者肺炎球菌 平成31年度は100歳以上", birth: "1918-04-01", vaccine: "ppsv23",
            first: "2019-04-01", last: "2020-03-31"),
    ]

    @Test(arguments: periods)
    func `a period begins and ends on its day`(row: Period) throws {
        func judged(_ day: CalendarDay) throws -> String {
            let given = row.history.isEmpty ? "" : row.history + ", "
            return try VaccinationCase.judge(
                given + "\(row.vaccine) \(day.text)", birth: row.birth, sex: row.sex
            ).verdict
        }
        if let first = try row.first.map({ try CalendarDay($0) }) {
            #expect(try judged(first.adding(days: -1)) == "reject", "\(row.law) -1")
            #expect(try judged(first) == row.inside, "\(row.law) 0")
            #expect(try judged(first.adding(days: 1)) == row.inside, "\(row.law) +1")
        }
        if let last = try row.last.map({ try CalendarDay($0) }) {
            #expect(try judged(last.adding(days: -1)) == row.inside, "\(row.law) end -1")
            #expect(try judged(last) == row.inside, "\(row.law) end 0")
            #expect(try judged(last.adding(days: 1)) == row.after, "\(row.law) end +1")
        }
    }

    /// 生年月日による対象: born from `first` to `last`, on one day of the dose.
    struct Cohort: Sendable, CustomTestStringConvertible {
        let law: String
        let vaccine: String
        let day: String
        var sex: String?
        var history = ""
        let first: String
        let last: String
        var inside = "accept"
        var before = "reject"
        var after = "reject"

        var testDescription: String { law }
    }

    static let cohorts: [Cohort] =
        [
            .init(
                law: "規則附則5条 日本脳炎特例 平成7年4月2日から平成19年4月1日生まれ", vaccine: "je",
                // Before it 13歳を過ぎた人; after it 90月を過ぎ9歳にならない人.
                day: "2015-03-02", first: "1995-04-02", last: "2007-04-01"),
            .init(
                law: "政令附則 風しん5期 昭和37年4月2日から昭和54年4月1日生まれの男性", vaccine: "mr",
                day: "2024-06-01", sex: "male", first: "1962-04-02", last: "1979-04-01",
                inside: "warn"),
            .init(
                law: "令和7年3月11日通知 MR 1期の延長 令和4年4月2日から令和5年4月1日生まれ", vaccine: "mr",
                day: "2026-06-01", first: "2022-04-02", last: "2023-04-01", inside: "warn"),
            .init(
                law: "令和7年3月11日通知 MR 2期の延長 平成30年4月2日から平成31年4月1日生まれ", vaccine: "mr",
                day: "2026-06-01", history: "mr 2020-05-01", first: "2018-04-02",
                last: "2019-04-01", inside: "warn"),
            .init(
                law: "政令 帯状疱疹 65歳となる年度", vaccine: "zoster-recombinant", day: "2026-06-01",
                first: "1961-04-02", last: "1962-04-01", after: "warn"),
        ]
        + [70, 75, 80, 85, 90, 95, 100].map { age in
            Cohort(
                law: "政令附則 帯状疱疹 \(age)歳となる年度(令和7年度から11年度)", vaccine: "zoster-live",
                day: "2026-06-01", first: "\(2026 - age)-04-02", last: "\(2027 - age)-04-01")
        }
        + [70, 75, 80, 85, 90, 95, 100].map { age in
            Cohort(
                law: "政令附則 高齢者肺炎球菌 \(age)歳となる年度(令和元年度から5年度)", vaccine: "ppsv23",
                day: "2020-06-01", first: "\(2020 - age)-04-02", last: "\(2021 - age)-04-01")
        }

    @Test(arguments: cohorts)
    func `a cohort begins and ends with its day of birth`(row: Cohort) throws {
        func judged(_ birth: CalendarDay) throws -> String {
            let given = row.history.isEmpty ? "" : row.history + ", "
            return try VaccinationCase.judge(
                given + "\(row.vaccine) \(row.day)", birth: birth.text, sex: row.sex
            ).verdict
        }
        let (first, last) = (try CalendarDay(row.first), try CalendarDay(row.last))
        #expect(try judged(first.adding(days: -1)) == row.before, "\(row.law) -1")
        #expect(try judged(first) == row.inside, "\(row.law) 0")
        #expect(try judged(first.adding(days: 1)) == row.inside, "\(row.law) +1")
        #expect(try judged(last.adding(days: -1)) == row.inside, "\(row.law) end -1")
        #expect(try judged(last) == row.inside, "\(row.law) end 0")
        #expect(try judged(last.adding(days: 1)) == row.after, "\(row.law) end +1")
    }

    /// 接種間隔: from `first` on.
    struct Spacing: Sendable, CustomTestStringConvertible {
        let law: String
        var birth: String? = "2025-05-10"
        var sex: String?
        let history: String
        let vaccine: String
        let first: String
        var inside = "accept"

        var testDescription: String { law }
    }

    static let spacings: [Spacing] = [
        .init(
            law: "規則 小児肺炎球菌 初回27日", history: "pcv20 2025-07-10", vaccine: "pcv20",
            first: "2025-08-07"),
        .init(
            law: "規則 小児肺炎球菌 7月から12月に始めた人 27日", history: "pcv20 2025-12-15",
            vaccine: "pcv20", first: "2026-01-12"),
        .init(
            law: "規則 小児肺炎球菌 12月から24月に始めた人 60日", history: "pcv20 2026-06-01",
            vaccine: "pcv20", first: "2026-08-01"),
        .init(
            law: "規則 ヒブ 追加7月", history: "hib 2025-07-10, hib 2025-08-10, hib 2025-09-10",
            vaccine: "hib", first: "2026-04-10"),
        .init(
            law: "規則 四種混合 初回20日", history: "dpt-ipv 2025-07-10", vaccine: "dpt-ipv",
            first: "2025-07-31"),
        .init(
            law: "規則 四種混合 追加6月",
            history: "dpt-ipv 2025-07-10, dpt-ipv 2025-08-10, dpt-ipv 2025-09-10",
            vaccine: "dpt-ipv", first: "2026-03-10"),
        .init(
            law: "規則 不活化ポリオ 初回20日", history: "ipv 2025-07-10", vaccine: "ipv",
            first: "2025-07-31"),
        .init(
            law: "規則 不活化ポリオ 追加6月", history: "ipv 2025-07-10, ipv 2025-08-10, ipv 2025-09-10",
            vaccine: "ipv", first: "2026-03-10"),
        .init(
            law: "規則 三種混合 初回20日", history: "dpt 2025-07-10", vaccine: "dpt",
            first: "2025-07-31"),
        .init(
            law: "規則 B型肝炎 27日", history: "hepb 2025-07-10", vaccine: "hepb",
            first: "2025-08-07"),
        .init(
            law: "規則 5価ロタ 27日", history: "rv5 2025-07-10", vaccine: "rv5",
            first: "2025-08-07"),
        .init(
            law: "規則 HPV9 3回法 1月", birth: "2010-06-01", sex: "female",
            history: "hpv9 2026-01-15", vaccine: "hpv9", first: "2026-02-15"),
        .init(
            law: "規則 HPV4 1月", birth: "2010-06-01", sex: "female", history: "hpv4 2025-06-01",
            vaccine: "hpv4", first: "2025-07-01"),
        .init(
            law: "規則 HPV4 2回目から3月", birth: "2010-06-01", sex: "female",
            history: "hpv4 2025-06-01, hpv4 2025-08-01", vaccine: "hpv4", first: "2025-11-01"),
        .init(
            law: "規則 HPV2 1月", birth: "2010-06-01", sex: "female", history: "hpv2 2025-06-01",
            vaccine: "hpv2", first: "2025-07-01"),
        .init(
            law: "規則 HPV2 1回目から5月", birth: "2010-06-01", sex: "female",
            history: "hpv2 2025-06-01, hpv2 2025-07-01", vaccine: "hpv2", first: "2025-11-01"),
        .init(
            law: "規則 HPV2 2回目から2月半", birth: "2010-06-01", sex: "female",
            history: "hpv2 2025-06-01, hpv2 2025-09-01", vaccine: "hpv2", first: "2025-11-16"),
        .init(
            law: "交互接種 2価2回のあとの9価は2回目から3月(1回目から5月でない)", birth: "2010-06-01", sex: "female",
            history: "hpv2 2025-03-01, hpv2 2025-04-01", vaccine: "hpv9", first: "2025-07-01",
            inside: "warn"),
        .init(
            law: "交互接種 2回目から2月半でなく3月", birth: "2010-06-01", sex: "female",
            history: "hpv2 2025-12-01, hpv2 2026-05-01", vaccine: "hpv9", first: "2026-08-01",
            inside: "warn"),
        .init(
            law: "交互接種 2価1回、9価1回のあとの9価", birth: "2010-06-01", sex: "female",
            history: "hpv2 2026-01-10, hpv9 2026-02-10", vaccine: "hpv9", first: "2026-05-10",
            inside: "warn"),
        .init(
            law: "規則附則5条 日本脳炎特例 6日", birth: "2006-05-10", history: "je 2020-06-01",
            vaccine: "je", first: "2020-06-08"),
        .init(
            law: "規則附則5条 日本脳炎特例 平成23年5月19日までに始めた人の追加6日", birth: "2006-05-10",
            history: "je 2010-06-01, je 2020-06-01", vaccine: "je", first: "2020-06-08"),
        .init(
            law: "政令 生ポリオ 41日", birth: "2010-05-10", history: "opv 2010-09-01",
            vaccine: "opv", first: "2010-10-13"),
    ]

    @Test(arguments: spacings)
    func `an interval is over on its day`(row: Spacing) throws {
        let first = try CalendarDay(row.first)
        for (days, verdict) in [(-1, "reject"), (0, row.inside), (1, row.inside)] {
            let answer = try VaccinationCase.judge(
                "\(row.history), \(row.vaccine) \(first.adding(days: days).text)",
                birth: row.birth, sex: row.sex)
            #expect(answer.verdict == verdict, "\(row.law) \(days): \(answer)")
        }
    }

    /// 政令 RSウイルス母子免疫 妊娠28週0日から36週6日, counted back from the due date of 40 weeks.
    @Test(arguments: [
        (-85, NeedleVerdict.stop), (-84, .fine), (-83, .fine), (-23, .fine), (-22, .fine),
        (-21, .stop),
    ])
    func `RSウイルス 妊娠28週0日から36週6日`(beforeDue: Int, verdict: NeedleVerdict) throws {
        let rules = try VaccinationCase.rules()
        let due = try CalendarDay("2026-12-01")
        let vaccine = try #require(rules.vaccine(named: "rsv-maternal")?.vaccine)
        var question = NeedleQuestion(
            birth: try CalendarDay("1995-05-10"), sex: .female, history: [],
            candidate: GivenDose(vaccine, on: due.adding(days: beforeDue)))
        question.dueDay = due
        #expect(checkBeforeNeedle(question, rules).verdict == verdict)
    }

    /// Several schedules give one vaccine, so a row stands for the one that permits its dose.
    private static func permitting() throws -> Set<String> {
        // By the due date, in a test of its own.
        var found: Set<String> = ["rsv-maternal"]
        func add(
            _ history: String, _ vaccine: String, _ day: String, _ birth: String?, _ sex: String?
        )
            throws
        {
            let given = history.isEmpty ? "" : history + ", "
            let code = try VaccinationCase.programme(
                permitting: given + "\(vaccine) \(day)", birth: birth, sex: sex)
            if let code { found.insert(code) }
        }
        for row in VaccinationBoundaryTests.windows {
            for (day, _, _) in row.days {
                try add(row.history, row.vaccine, day, row.birth, row.sex)
            }
        }
        for row in periods {
            for day in [row.first, row.last].compactMap(\.self) {
                try add(row.history, row.vaccine, day, row.birth, row.sex)
            }
        }
        for row in cohorts {
            for birth in [row.first, row.last] {
                try add(row.history, row.vaccine, row.day, birth, row.sex)
            }
        }
        return found
    }

    /// Every schedule of the Act that gives something in November 2026 is in a table, here or beside.
    @Test func `no schedule of the Act in force is without a row that it permits`() throws {
        let day = try CalendarDay("2026-11-22").daysSince1970
        let inForce = try VaccinationCase.rules().programmes.filter { programme in
            programme.category != .voluntary
                && programme.versions.contains { $0.effective.contains(day) }
        }.map(\.code)
        #expect(inForce.count >= 32)
        let permitting = try Self.permitting()
        #expect(Set(inForce).subtracting(permitting) == [])
    }
}

import Exchange
import Testing

/// The file of cases, and the files of rules: what is wrong in them is named.
@Suite struct VaccinationCaseTests {
    private static func told(_ text: String) throws -> String {
        try ImmunizationCheckCases(reading: Array(text.utf8), VaccinationCase.rules()).answers
    }

    static let cases: [(name: String, json: String, part: String)] = [
        ("an unknown vaccine is a finding", #"{"v":"なにか","date":"2026-04-01"}"#, "vaccine-unknown"),
        (
            "another person's ticket", #"{"v":"MR","date":"2026-06-01","birth":"2025-05-11"}"#,
            "wrong-person"
        ),
        ("another sex on the ticket", #"{"v":"MR","date":"2026-06-01","sex":"男"}"#, "wrong-person"),
        ("expired", #"{"v":"MR","date":"2026-06-01","expiry":"2026-05-31"}"#, "lot-expired"),
        (
            "the last day of the lot", #"{"v":"MR","date":"2026-06-01","expiry":"2026-06-01"}"#,
            #""verdict":"accept""#
        ),
        (
            "a month of expiry is its last day",
            #"{"v":"MR","date":"2026-06-30","expiry":"2026-06"}"#, #""verdict":"accept""#
        ),
        ("an impossible day", #"{"v":"MR","date":"2026-02-30"}"#, "data[0].given[0].date"),
        ("no vaccine", #"{"date":"2026-02-28"}"#, "data[0].given[0].v"),
    ]

    @Test(arguments: cases)
    func `each case has its answer`(name: String, json: String, part: String) throws {
        let told = try Self.told(
            #"{"data":[{"id":"a","birth":"2025-05-10","sex":"female","given":["# + json + "]}]}")
        #expect(told.contains(part), "\(name): \(told)")
    }

    @Test func `temperature, answers, basis and today are judged`() throws {
        func told(_ more: String) throws -> String {
            try Self.told(
                #"{"data":[{"id":1,"birth":"2025-05-10","given":[{"v":"MR","date":"2026-06-01"}],"#
                    + more + "}]}")
        }
        #expect(try told(#""temperature":37.4"#).contains(#""verdict":"accept""#))
        #expect(try told(#""temperature":37.5"#).contains(#""rule":"fever""#))
        #expect(try told(#""answers":["no-such-question"]"#).contains(#""verdict":"reject""#))
        #expect(try told(#""answers":["pregnant"]"#).contains(#""rule":"pregnant""#))
        #expect(try told(#""answers":["convulsion"]"#).contains(#""verdict":"warn""#))
        #expect(try told(#""answers":["keloid"]"#).contains(#""verdict":"accept""#))
        #expect(try told(#""today":"2026-05-31""#).contains("future-date"))
        let boy =
            #"{"data":[{"id":1,"birth":"2013-05-10","sex":"male","basis":"voluntary","#
            + #""given":[{"v":"HPV9","date":"2026-06-01"}]}]}"#
        #expect(try Self.told(boy).contains(#""verdict":"accept","rule":"voluntary""#))
    }

    typealias Voluntary = (birth: String, sex: String, given: String, day: String, verdict: String)

    static let voluntary: [Voluntary] = [
        ("2000-06-01", "female", "HPV9", "2026-06-06", "reject"),
        ("2000-06-01", "female", "HPV9", "2026-06-30", "reject"),
        ("2000-06-01", "female", "HPV9", "2026-07-01", "accept"),
        ("2012-05-01", "male", "HPV9", "2026-06-06", "reject"),
        ("2012-05-01", "male", "HPV9", "2026-11-01", "accept"),
        ("2000-06-01", "female", "JE", "2026-06-07", "reject"),
        ("2000-06-01", "female", "JE", "2026-06-08", "accept"),
        // 90月を過ぎ9歳にならない子.
        ("2018-05-01", "female", "JE", "2026-06-07", "reject"),
        ("2018-05-01", "female", "JE", "2026-06-08", "accept"),
        ("1971-05-01", "female", "帯状疱疹(生)", "2026-08-01", "reject"),
    ]

    /// 任意接種 keeps the intervals and the number of doses of the schedule that is this person's, whatever one
    /// that is over, or for others, leaves unsaid.
    @Test(arguments: voluntary.indices)
    func `a voluntary dose keeps its interval`(_ place: Int) throws {
        let row = Self.voluntary[place]
        let told = try Self.told(
            #"{"data":[{"id":1,"birth":"\#(row.birth)","sex":"\#(row.sex)","basis":"voluntary","#
                + #""given":[{"v":"\#(row.given)","date":"2026-06-01"},"#
                + #"{"v":"\#(row.given)","date":"\#(row.day)"}]}]}"#)
        #expect(told.contains(#""verdict":"\#(row.verdict)","rule""#), "\(row): \(told)")
    }

    typealias Closed = (
        birth: String, given: String, rule: String, earliest: String?, latest: String?
    )

    static let closed: [Closed] = [
        // 27日がそろう日が対象期間の最後の日、その翌日.
        (
            "2025-01-15", "水痘 2026-12-17, MR 2027-01-10", "interval-live-injectable", "2027-01-14",
            nil
        ),
        (
            "2025-01-15", "水痘 2026-12-18, MR 2027-01-10", "interval-live-injectable", "2030-04-01",
            "2027-01-14"
        ),
        (
            "2020-05-15", "MR 2021-06-25, おたふく 2027-03-10, MR 2027-03-20",
            "interval-live-injectable", nil, "2027-03-31"
        ),
        (
            "2025-06-15", "MR 2026-06-01, BCG 2026-06-10", "interval-live-injectable", nil,
            "2026-06-14"
        ),
        // HPV キャッチアップ: 1回も受けなかった人は令和7年3月31日まで、受け始めた人は令和8年3月31日まで.
        ("2000-06-01", "HPV9 2025-04-01", "too-late", nil, "2025-03-31"),
        ("2000-06-01", "HPV9 2026-04-01", "too-late", nil, "2025-03-31"),
        ("2009-04-01", "HPV9 2025-02-01, HPV9 2026-04-01", "too-late", nil, "2026-03-31"),
        ("2000-06-01", "HPV9 2025-02-01, HPV9 2026-11-01", "too-late", nil, "2026-03-31"),
        ("1997-04-01", "HPV9 2026-11-01", "too-late", nil, "2013-03-31"),
        // 101歳以上は令和7年度だけ.
        ("1924-05-01", "シングリックス 2026-04-01", "too-late", nil, "2026-03-31"),
    ]

    @Test(arguments: closed.indices)
    func `no day is told that does not come, and of a law that is over its own last day`(
        _ place: Int
    ) throws {
        let row = Self.closed[place]
        let answer = try VaccinationCase.judge(row.given, birth: row.birth, sex: "female")
        #expect(answer.verdict == "reject" && answer.rule == row.rule, "\(row.given): \(answer)")
        #expect(answer.earliest == row.earliest, "\(row.given): \(answer)")
        #expect(answer.latest == row.latest, "\(row.given): \(answer)")
    }

    @Test func `an interval that outlasts the window is told to nurse and parent as that`() throws {
        let rules = try VaccinationCase.rules()
        var question = NeedleQuestion(
            birth: try CalendarDay("2025-01-15"),
            history: [GivenDose(rules.vaccine(named: "水痘"), on: try CalendarDay("2026-12-25"))],
            candidate: GivenDose(rules.vaccine(named: "MR"), on: try CalendarDay("2027-01-10")))
        let told = try #require(checkBeforeNeedle(question, rules).leading)
        #expect(told.rule == .intervalBetweenVaccines && told.earliestDay == nil)
        let nurse = rules.text(of: told, for: .nurse).ja
        #expect(nurse.contains("1期は前の接種（水痘 2026-12-25）から27日"), "\(nurse)")
        #expect(!nurse.contains("から接種できます"))
        let parent = rules.text(of: told, for: .parent).ja
        #expect(parent.contains("2027-01-14") && !parent.contains("2027-01-22"))
        question.basis = .voluntary
        let free = try #require(checkBeforeNeedle(question, rules).leading)
        #expect(rules.text(of: free, for: .parent).ja.contains("2027-01-22から受けられます"))
    }

    /// A day that cannot be is another person's or was mistyped: it is said, and the dose does not count.
    @Test(arguments: [
        ("2026-01-09", "BCG", "2026-06-01", #""verdict":"warn","rule":"history-impossible-day""#),
        ("2026-01-10", "BCG", "2026-06-01", #""verdict":"reject","rule":"needless""#),
        ("2026-01-11", "BCG", "2026-06-01", #""verdict":"reject","rule":"needless""#),
        ("2026-06-01", "BCG", "2026-06-01", #""verdict":"reject","rule":"duplicate""#),
        ("2026-06-02", "BCG", "2026-06-01", #""verdict":"warn","rule":"history-impossible-day""#),
        ("2025-12-01", "MR", "2026-06-01", #""verdict":"warn","rule":"history-impossible-day""#),
    ])
    func `an impossible day in the history is told`(
        given: String, vaccine: String, day: String, part: String
    ) throws {
        let told = try Self.told(
            #"{"data":[{"id":1,"birth":"2026-01-10","today":"2026-06-01","given":[{"v":""#
                + vaccine + #"","date":""# + given + #""},{"v":"BCG","date":""# + day + #""}]}]}"#)
        #expect(told.contains(part), "\(told)")
        #expect(told.contains(given) == part.contains("impossible") || part.contains("reject"))
    }

    /// What stands after the candidate's day: a day is wrong, or the dose is not needed.
    static let later: [(birth: String, held: String, given: String, isTold: Bool)] = [
        ("2026-01-10", "BCG 2026-06-10", "BCG 2026-06-09", true),
        ("2026-01-10", "B型肝炎 2026-05-01", "B型肝炎 2026-04-10", true),
        ("2026-01-10", "ロタテック 2026-04-01", "ロタリックス 2026-03-01", true),
        // Once in a season, which goes by 1 April here.
        ("1950-05-10", "インフル 2027-03-31", "インフル 2026-10-10", true),
        ("1950-05-10", "インフル 2027-04-01", "インフル 2026-10-10", false),
        ("2026-01-10", "MR 2027-02-10", "BCG 2026-06-10", false),
        ("2026-01-10", "5種 2026-05-01", "Hib 2026-04-10", true),
    ]

    @Test(arguments: later.indices)
    func `a later dose of the series is told`(_ place: Int) throws {
        let row = Self.later[place]
        let doses = [row.held, row.given].map { text in
            let parts = text.split(separator: " ")
            return #"{"v":"\#(parts[0])","date":"\#(parts[1])"}"#
        }
        let told = try Self.told(
            #"{"data":[{"id":1,"birth":"\#(row.birth)","given":[\#(doses.joined(separator: ","))]}]}"#
        )
        #expect(told.contains("history-later-dose") == row.isTold, "\(told)")
        #expect(told.contains(#""verdict":"warn""#) == row.isTold, "\(told)")
    }

    /// A record that is judged has what came after it of right.
    @Test func `a history is not blamed for going on`() throws {
        let rules = try VaccinationCase.rules()
        let combined = rules.vaccine(named: "5種")?.vaccine
        let history = try ["2026-03-10", "2026-04-10", "2026-05-10"].map {
            GivenDose(combined, on: try CalendarDay($0))
        }
        let answers = judgeHistory(
            birth: try CalendarDay("2026-01-10"), sex: nil, history: history, rules)
        #expect(answers.allSatisfy { $0.verdict == .fine })
    }

    @Test(arguments: [
        ("", Refusal.malformed("body")), ("{}", .missing("data")),
        (#"{"data":1}"#, .malformed("data")),
    ])
    func `a file that is none is refused`(text: String, refusal: Refusal) {
        #expect {
            _ = try Self.told(text)
        } throws: {
            ($0 as? Refusal).map { $0 == refusal || text.isEmpty } ?? false
        }
    }

    private static let bcg = #""given":[{"v":"BCG","date":"2026-06-01"}]"#

    /// One bad case never takes the others with it.
    static let alone: [(text: String, part: String)] = [
        ("[{\(bcg)}]", #"{"id":null,"place":"[0]","verdict":"accept""#),
        (#"{"data":[null]}"#, #"{"id":null,"place":"data[0]","error":"#),
        (#"[{"id":1.5,\#(bcg)}]"#, #"{"id":null,"place":"[0]","error":"#),
        (
            #"[{"id":1,\#(bcg)},{"id":1,\#(bcg)}]"#,
            #"{"id":1,"error":"Item \"[1].id\" is given twice"#
        ),
        (#"[{"id":1,\#(bcg)},{"id":"1",\#(bcg)}]"#, #"{"id":"1","verdict":"accept""#),
        (#"[{"id":1},{"id":2,\#(bcg)}]"#, #"{"id":2,"verdict":"accept""#),
        ("\u{FEFF}[{\(bcg)}]", #""verdict":"accept""#),
        (#"[{"id":1,"brith":"2025-01-01",\#(bcg)}]"#, #""unused":["[0].brith"]"#),
        (
            #"[{"id":1,"given":[{"v":"BCG","dat":"2026-06-01"}]}]"#,
            #""unused":["[0].given[0].dat"]"#
        ),
    ]

    @Test func `a file of thousands of cases is answered to the last`() throws {
        let cases = (0..<4_000).map { #"{"id":\#($0),\#(Self.bcg)}"# }
        let told = try Self.told("[\(cases.joined(separator: ","))]")
        #expect(told.contains(#""id":3999,"#))
    }

    @Test(arguments: alone)
    func `a case that is none is refused alone`(text: String, part: String) throws {
        let told = try Self.told(text)
        #expect(told.contains(part), "\(told)")
    }

    @Test func `what people write beside a case is passed over`() throws {
        let text =
            #"[{"id":1,"why":"","note":"","source":"","expect":"","expected":"",\#(Self.bcg)}]"#
        let cases = try ImmunizationCheckCases(
            reading: Array(text.utf8), VaccinationCase.rules())
        #expect(cases.warnings.isEmpty && cases.complaints.isEmpty)
        #expect(!cases.answers.contains("unused"))
    }

    private static let mr = "immunization/schedule/mr.json"

    static let faults: [(file: String, old: String, new: String, path: String, reason: String)] = [
        (
            mr, #"{ "from": ["12m"], "to": ["24m"] }"#, #"{ "from": ["24m"], "to": ["12m"] }"#,
            "versions[0].courses[0].doses[0].window", "ends before it begins"
        ),
        (
            mr, #""12m""#, #""12x""#, "versions[0].courses[0].doses[0].window.from",
            "is no age or day: 12x"
        ),
        (
            mr, #""gives": ["mr"]"#, #""gives": ["mmrv"]"#, "versions[0].gives",
            "is an unknown vaccine: mmrv"
        ),
        (mr, #""gives": ["mr"]"#, #""gives": ["bcg"]"#, "versions[0].gives", "is not counted: bcg"),
        (mr, #""category": "A""#, #""category": "C""#, "category", "is none of A, B, voluntary"),
        (mr, #""order": 70"#, #""order": 71"#, "order", "is that of measles, too"),
        (
            "immunization/schedule/varicella.json", #""min": "3m""#, #""min": "25m""#,
            "versions[0].courses[0].doses[1].after[0].standard.from", "is shorter than min"
        ),
        (
            "immunization/schedule/hepatitis-b.json", #""min": "139d""#, #""min": "366d""#,
            "versions[0].courses[0].doses[2].window",
            "ends before the intervals let the dose be given"
        ),
        (
            "immunization/intervals.json", #"["live-injection"]"#, #"["live-injections"]"#,
            "intervals[0].before", "is an unknown vaccine: live-injections"
        ),
        (
            "immunization/intervals.json", #""effectiveTo": "2020-09-30""#,
            #""effectiveTo": "1990-09-30""#, "intervals[1].effectiveTo", "is before effectiveFrom"
        ),
        (
            "immunization/rules.json", #""too-early""#, #""too-soon""#, "rules[7].code",
            "is not one of the closed set"
        ),
        (
            "immunization/vaccines.json", #""BCGワクチン""#, #""水痘ワクチン""#, "vaccines[24].aliases",
            "names another vaccine already: 水痘"
        ),
    ]

    @Test(arguments: faults)
    func `a wrong schedule is refused with file, place and reason`(
        file: String, old: String, new: String, path: String, reason: String
    ) throws {
        let text = String(decoding: Profiles.files[file] ?? [], as: UTF8.self)
        let range = try #require(text.firstRange(of: old))
        let files = Profiles.with(
            file, String(text[..<range.lowerBound]) + new + text[range.upperBound...])
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("\(file) was taken with \(new)")
        } catch {
            #expect(
                error.file == file && error.path == path && error.reason.hasPrefix(reason),
                "\(error)")
        }
    }
}

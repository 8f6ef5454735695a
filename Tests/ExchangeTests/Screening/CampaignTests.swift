import Exchange
import TestSupport
import Testing

/// 年度ごとの接種: each season has questionnaires of its own, and last season's are of no use in this one.
@Suite struct CampaignTests {
    private static func rules() throws -> ImmunizationRules { try VaccinationCase.rules() }

    /// The form that is asked on a day, and those of seasons to come that take answers beside it.
    static let days: [(vaccine: String, day: String, asked: String, ahead: [String])] = [
        ("influenza", "2025-09-30", "1", ["1-2025", "1-2026"]),
        ("influenza", "2025-10-01", "1-2025", ["1-2026"]),
        ("influenza", "2026-01-31", "1-2025", ["1-2026"]),
        ("influenza", "2026-02-01", "1", ["1-2026"]),
        ("influenza", "2026-09-30", "1", ["1-2026"]), ("influenza", "2026-10-01", "1-2026", []),
        ("influenza", "2026-10-02", "1-2026", []), ("influenza", "2027-01-30", "1-2026", []),
        ("influenza", "2027-01-31", "1-2026", []), ("influenza", "2027-02-01", "1", []),
        // The law gives the vaccine to nobody yet in the first of the seasons.
        ("influenza-high-dose", "2025-10-01", "1", ["1-2026"]),
        ("influenza-high-dose", "2026-10-01", "1-2026", []),
        ("covid", "2026-03-31", "1-2025", ["1-2026"]), ("covid", "2026-04-01", "1", ["1-2026"]),
        ("covid", "2026-09-30", "1", ["1-2026"]), ("covid", "2026-10-01", "1-2026", []),
        ("covid", "2027-03-31", "1-2026", []), ("covid", "2027-04-01", "1", []),
        // Given in every season.
        ("mr", "2026-10-01", "1", []),
    ]

    private static func versions(_ forms: [ScreeningForm]) -> [String] {
        forms.map { String($0.canonical.drop { $0 != "|" }.dropFirst()) }
    }

    @Test(arguments: days.indices)
    func
        `on every day one form is asked, in its season the season's, and those to come take answers`(
            _ index: Int
        ) throws
    {
        let (vaccine, text, asked, ahead) = Self.days[index]
        let screenings = try Self.rules().screenings
        let day = try CalendarDay(text)
        let forms = screenings.all.filter { $0.topic.code == vaccine }
        #expect(
            Self.versions(forms.filter { screenings.isInForce($0, on: day) }) == [asked],
            "\(vaccine) \(text)")
        let answerable = screenings.answerable(on: day).filter { $0.topic.code == vaccine }
        #expect(Self.versions(answerable).sorted() == ([asked] + ahead).sorted())
        for form in forms {
            #expect(screenings.takesAnswers(form, on: day) == answerable.contains(form))
        }
    }

    /// Until when a form takes answers, asked on a day.
    static let lasts: [(id: String, day: String, last: String?)] = [
        ("influenza-1", "2026-09-20", "2026-09-30"), ("influenza-1", "2026-09-30", "2026-09-30"),
        ("influenza-1", "2027-02-01", nil), ("influenza-1-2026", "2026-09-20", "2027-01-31"),
        ("influenza-1-2026", "2027-01-31", "2027-01-31"), ("zoster-live-1", "2026-09-20", nil),
    ]

    @Test(arguments: lasts)
    func `the form of every day rests when a season begins`(id: String, day: String, last: String?)
        throws
    {
        let screenings = try Self.rules().screenings
        let form = try #require(screenings.form(id: "screening-adult-" + id))
        #expect(try screenings.lastDay(of: form, from: CalendarDay(day))?.text == last)
    }

    /// Answers to a form, and whether a dose of a day may be given on them.
    static let heeded: [(String, String, Bool)] = [
        ("influenza-1-2025", "2025-10-01", true), ("influenza-1-2025", "2026-01-31", true),
        ("influenza-1-2025", "2026-02-01", false), ("influenza-1-2025", "2026-10-01", false),
        ("influenza-1-2026", "2026-09-30", false), ("influenza-1-2026", "2026-10-01", true),
        ("influenza-1-2026", "2027-01-31", true), ("influenza-1-2026", "2027-02-01", false),
        ("influenza-1", "2026-09-30", true), ("influenza-1", "2026-10-01", false),
        ("influenza-1", "2027-02-01", true),
        ("zoster-live-1", "2026-10-01", true),
    ]

    @Test(arguments: heeded)
    func `answers are heeded in their own season alone`(id: String, day: String, isHeeded: Bool)
        throws
    {
        let screenings = try Self.rules().screenings
        let form = try #require(screenings.form(id: "screening-adult-" + id))
        let response = ScreeningResponse(
            form: form, status: .completed, authored: nil, answers: [])
        do throws(Refusal) {
            try screenings.requireSeason(of: [response], on: CalendarDay(day))
            #expect(isHeeded)
        } catch {
            #expect(!isHeeded && error == .questionnaireOver)
        }
    }

    @Test func `last season's answers come back as a draft of this season's form`() throws {
        let screenings = try Self.rules().screenings
        let last = try #require(screenings.form(id: "screening-adult-influenza-1-2025"))
        let this = try #require(screenings.form(id: "screening-adult-influenza-1-2026"))
        #expect(last.items == this.items && last.url == this.url)
        let item = try #require(this.items.first { $0.linkID == "allergy" })
        let answered = ScreeningResponse(
            form: last, status: .completed, authored: nil,
            answers: [.init(linkID: item.linkID, value: .boolean(false))])
        #expect(answered.reused(in: this).answers == answered.answers)
        #expect(String(decoding: this.render(), as: UTF8.self).contains("2026年度"))
    }

    @Test func `the refusal says what to do, in both languages`() {
        let refusal = Refusal.questionnaireOver
        #expect(refusal.ja.contains("GET /fhir/Questionnaire") && refusal.en.contains("$populate"))
        // A form may be too early as well as too late.
        #expect(!refusal.ja.contains("前の期間") && !refusal.en.contains("of an earlier"))
    }

    @Test(arguments: [
        ("2026-09-30", nil), ("2026-10-01", "influenza-2026"), ("2027-01-31", "influenza-2026"),
        ("2027-02-01", nil),
    ])
    func `a day lies in one season of a schedule or in none`(day: String, code: String?) throws {
        let campaign = try Self.rules().campaign(
            of: "influenza-elderly", on: try CalendarDay(day))
        #expect(campaign?.code == code)
        #expect(try Self.rules().campaign(of: "mr", on: try CalendarDay(day)) == nil)
    }

    /// What a row of an invitation is about, and whether it reaches beyond the season.
    static let invited: [(from: String, to: String, subject: String, isOutside: Bool)] = [
        ("2026-10-01", "2027-01-31", "influenza-2026", false),
        ("2026-10-02", "2027-01-30", "influenza-2026", false),
        ("2026-09-30", "2027-01-31", "influenza-2026", true),
        ("2026-10-01", "2027-02-01", "influenza-2026", true),
        ("2027-01-31", "2027-03-31", "influenza-2026", true),
        ("2026-02-01", "2026-09-30", "influenza-elderly", false),
        ("2027-02-01", "2027-03-31", "influenza-elderly", false),
    ]

    @Test(arguments: invited.indices)
    func `an invitation is to the season, and told where it reaches beyond it`(_ index: Int) throws
    {
        let (from, to, subject, isOutside) = Self.invited[index]
        let body = """
            [{"modificationSeg":"1","myNumber":"\(SubsidySample.number)",\
            "municipalityIdentityKey":"K-1","programme":"influenza-elderly",\
            "validFrom":"\(from)","validTo":"\(to)"}]
            """
        let rows = try readVaccinationTargetRows(Array(body.utf8), Self.rules())
        let row = try #require(try rows.first?.get())
        #expect(row.subject == subject, "\(from) \(to)")
        #expect(
            row.warnings.map { "\($0.item) \($0.code.rawValue)" }
                == (isOutside ? ["validTo outside-season"] : []), "\(from) \(to)")
    }

    static let wrong: [(old: String, new: String, path: String)] = [
        (#""influenza-60"]"#, #""influenza-61"]"#, "programmes"),
        (#""influenza-60"]"#, #""mr"]"#, "programmes"),
        (#""effectiveTo": "2027-01-31""#, #""effectiveTo": "2027-04-01""#, "effectiveTo"),
        (#""effectiveTo": "2027-01-31""#, #""effectiveTo": "2026-09-30""#, "effectiveTo"),
        (#"  "effectiveTo": "2027-01-31","#, "", "effectiveTo"),
        (#""effectiveFrom": "2026-10-01""#, #""effectiveFrom": "2026-01-31""#, "effectiveTo"),
        (#""season": "2026""#, #""season": "2025""#, "season"),
        (#""season": "2026""#, #""season": "autumn""#, "season"),
        (#""campaign": "influenza-2026""#, #""campaign": "influenza-2025""#, "campaign"),
        (#""season": "2026""#, #""seasons": "2026""#, "seasons"),
    ]

    @Test(arguments: wrong)
    func `a season that is wrong is refused with its place`(
        old: String, new: String, path: String
    ) throws {
        let files = Profiles.replacing("immunization/campaigns/influenza-2026.json", old, new)
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("taken")
        } catch {
            #expect(error.file == "immunization/campaigns/influenza-2026.json")
            #expect(error.path == path, "\(error)")
        }
    }

    /// 妊娠ごとの接種: whoever reads of a season of nothing else reads of a pregnancy; of one that is for others
    /// too, nobody does.
    @Test func `a season of schedules of pregnancy alone is an invitation of pregnancy`() throws {
        let schedules = ["covid", "covid-60"].map { "immunization/schedule/\($0).json" }
        let (old, new) = (#""season": {"#, #""perPregnancy": true, "season": {"#)
        var files = Profiles.replacing(schedules[0], old, new)
        let some = try ImmunizationRules(reading: files).invitationsOfPregnancy
        files[schedules[1]] = Profiles.replacing(schedules[1], old, new)[schedules[1]]
        let all = try ImmunizationRules(reading: files).invitationsOfPregnancy
        let known = try Self.rules().invitationsOfPregnancy
        #expect(!known.isEmpty && !known.contains { $0.hasPrefix("covid") })
        #expect(Set(some) == Set(known).union(["covid"]))
        #expect(
            Set(all) == Set(known).union(["covid", "covid-60", "covid-2025", "covid-2026"]))
    }

    @Test func `two seasons of one schedule never overlap`() throws {
        let path = "immunization/campaigns/covid-2026.json"
        let text = String(decoding: Profiles.files[path] ?? [], as: UTF8.self)
            .replacing("2026-10-01", with: "2026-03-31")
            .replacing("2027-03-31", with: "2026-03-31")
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: Profiles.with(path, text))
            Issue.record("taken")
        } catch {
            #expect(error.file == path && error.path == "effectiveFrom", "\(error)")
        }
    }
}

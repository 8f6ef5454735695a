import Exchange
import Testing

/// 市区町村ごとの接種期間: a season's file may hold days of some municipalities' own; what contradicts itself is
/// refused with its line, and which form is asked goes by the days of where somebody lives.
@Suite struct MunicipalCampaignTests {
    static let path = "immunization/campaigns/influenza-2026.json"

    /// One that has its days from 15 October to 28 February; from 15 September to 31 December; and one that
    /// is not named, whose days are those of the file: from 1 October to 31 January.
    static let late = "222216"
    static let early = "131148"
    static let unnamed = "132101"

    /// Stands in the file from its eleventh line on.
    private static let bodies = """
          "bodies": [
            {
              "municipalities": ["222216", "131130"],
              "effectiveFrom": "2026-10-15",
              "effectiveTo": "2027-02-28",
              "notice": { "ja": "見本市（10月15日から2月28日まで）", "en": "Sample city" }
            },
            {
              "municipalities": ["131148"],
              "effectiveFrom": "2026-09-15",
              "effectiveTo": "2026-12-31",
              "notice": { "ja": "見本区（9月15日から12月31日まで）", "en": "Sample ward" }
            }
          ],

        """

    private static func files(_ bodies: String = bodies) -> [String: [UInt8]] {
        Profiles.replacing(path, #"  "notice": {"#, bodies + #"  "notice": {"#)
    }

    private static let read = Result { try ImmunizationRules(reading: files()) }

    static func rules() throws -> ImmunizationRules { try read.get() }

    private static func fault(_ files: [String: [UInt8]]) -> RuleFault? {
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            return nil
        } catch {
            return error
        }
    }

    // MARK: The file

    static let wrong: [(old: String, new: String, line: Int, path: String)] = [
        (#""222216""#, #""222217""#, 13, "bodies[0].municipalities[0]"),
        (#""131130""#, #""13113""#, 13, "bodies[0].municipalities[1]"),
        (#""222216""#, "222216", 13, "bodies[0].municipalities[0]"),
        (#"["131148"]"#, #"["130001"]"#, 19, "bodies[1].municipalities[0]"),
        (#"["131148"]"#, #"["131130"]"#, 19, "bodies[1].municipalities[0]"),
        (#"["131148"]"#, #"["131148", "131148"]"#, 19, "bodies[1].municipalities[1]"),
        (#"["131148"]"#, "[]", 19, "bodies[1].municipalities"),
        (#""2027-02-28""#, #""2026-10-14""#, 15, "bodies[0].effectiveTo"),
        (#""2027-02-28""#, #""2027-02-29""#, 15, "bodies[0].effectiveTo"),
        // 年度 of the law is from 1 April to 31 March.
        (#""2027-02-28""#, #""2027-04-01""#, 15, "bodies[0].effectiveTo"),
        (#""2026-09-15""#, #""2026-03-31""#, 20, "bodies[1].effectiveFrom"),
        // The high dose is in force from 1 October.
        (#""2026-12-31""#, #""2026-09-30""#, 20, "bodies[1].effectiveFrom"),
        (#"      "effectiveTo": "2027-02-28",\#n"#, "", 12, "bodies[0].effectiveTo"),
        (#""municipalities": ["131148"]"#, #""towns": ["131148"]"#, 19, "bodies[1].towns"),
        (#""notice": { "ja": "見本市"#, #""words": { "ja": "見本市"#, 16, "bodies[0].words"),
    ]

    @Test(arguments: wrong.indices)
    func `days of its own that are wrong are refused with their line and reason`(_ index: Int)
        throws
    {
        let row = Self.wrong[index]
        try #require(Self.bodies.contains(row.old))
        let fault = try #require(
            Self.fault(Self.files(Self.bodies.replacing(row.old, with: row.new))))
        #expect(fault.file == Self.path && fault.path == row.path, "\(fault)")
        #expect(fault.line == row.line, "\(fault)")
        #expect("\(fault)".hasPrefix("\(Self.path):\(row.line): "))
        #expect(!fault.reason.isEmpty)
    }

    @Test func `the sample itself is taken, to the last days that the law leaves`() {
        #expect(Self.fault(Self.files()) == nil)
        for (old, new) in [("2027-02-28", "2027-03-31"), ("2026-09-15", "2026-04-01")] {
            #expect(Self.fault(Self.files(Self.bodies.replacing(old, with: new))) == nil)
        }
    }

    /// A second season of the same year begins on a day; whether it overlaps where the first is longer.
    static let seconds: [(name: String, from: String, file: String?, path: String)] = [
        // Read before the first, and after it: whichever is read second is the one that is wrong.
        ("influenza-2026-spring", "2027-02-28", path, "bodies[0].effectiveFrom"),
        ("influenza-spring", "2027-02-28", "influenza-spring", "effectiveFrom"),
        ("influenza-2026-spring", "2027-03-01", nil, ""),
        ("influenza-spring", "2027-03-01", nil, ""),
    ]

    @Test(arguments: seconds.indices)
    func `two seasons overlap in no municipality`(_ index: Int) throws {
        let (name, from, wrong, path) = Self.seconds[index]
        let second = """
            {"source":"見本","verified":"unverified","campaign":"\(name)","season":"20262",\
            "name":{"ja":"春","en":"Spring"},"programmes":["influenza-elderly"],\
            "effectiveFrom":"\(from)","effectiveTo":"2027-03-15","notice":{"ja":"春","en":"Spring"}}
            """
        let file = "immunization/campaigns/\(name).json"
        let fault = Self.fault(Self.files().merging([file: Array(second.utf8)]) { $1 })
        #expect(fault?.path == (wrong == nil ? nil : path))
        #expect(fault?.file == wrong.map { $0 == Self.path ? $0 : file })
        guard let fault else { return }
        let other = wrong == Self.path ? name : "influenza-2026"
        #expect(fault.reason == "overlaps \(other) in 131130")
    }

    // MARK: Which form

    /// The form of influenza that is asked on a day, and those to come.
    static let days: [(municipality: String?, day: String, asked: String, ahead: [String])] = [
        (late, "2026-10-14", "1", ["1-2026"]), (late, "2026-10-15", "1-2026", []),
        (late, "2026-10-16", "1-2026", []), (late, "2027-02-27", "1-2026", []),
        (late, "2027-02-28", "1-2026", []), (late, "2027-03-01", "1", []),
        (early, "2026-09-14", "1", ["1-2026"]), (early, "2026-09-15", "1-2026", []),
        (early, "2026-12-31", "1-2026", []), (early, "2027-01-01", "1", []),
        // On the same days elsewhere, and where nobody knows where.
        (unnamed, "2026-09-15", "1", ["1-2026"]), (unnamed, "2026-10-14", "1-2026", []),
        (unnamed, "2027-02-28", "1", []), (nil, "2026-10-14", "1-2026", []),
        (nil, "2027-02-28", "1", []),
        // Of last season nothing was said.
        (late, "2025-10-01", "1-2025", ["1-2026"]), (late, "2026-02-01", "1", ["1-2026"]),
    ]

    private static func versions(_ forms: [ScreeningForm]) -> [String] {
        forms.map { String($0.canonical.drop { $0 != "|" }.dropFirst()) }.sorted()
    }

    @Test(arguments: days.indices)
    func `which form is asked goes by the days of the municipality`(_ index: Int) throws {
        let (municipality, text, asked, ahead) = Self.days[index]
        let screenings = try Self.rules().screenings
        let day = try CalendarDay(text)
        let forms = screenings.all.filter { $0.topic.code == "influenza" }
        let place = "\(municipality ?? "-") \(text)"
        #expect(
            Self.versions(
                forms.filter { screenings.isInForce($0, on: day, in: municipality) }) == [asked],
            "\(place)")
        let answerable = screenings.answerable(on: day, in: municipality)
            .filter { $0.topic.code == "influenza" }
        #expect(Self.versions(answerable) == ([asked] + ahead).sorted(), "\(place)")
        for form in forms {
            let response = ScreeningResponse(
                form: form, status: .completed, authored: nil, answers: [])
            let isHeeded = Self.versions([form]) == [asked]
            do throws(Refusal) {
                try screenings.requireSeason(of: [response], on: day, in: municipality)
                #expect(isHeeded, "\(place) \(form.id)")
            } catch {
                #expect(!isHeeded && error == .questionnaireOver, "\(place) \(form.id)")
            }
            #expect(
                screenings.ofSeason(on: day, in: municipality).all.contains(form) == isHeeded,
                "\(place) \(form.id)")
        }
    }

    static let lasts: [(id: String, day: String, last: String?)] = [
        ("influenza-1", "2026-09-20", "2026-10-14"), ("influenza-1", "2026-10-14", "2026-10-14"),
        ("influenza-1-2026", "2026-09-20", "2027-02-28"), ("zoster-live-1", "2026-09-20", nil),
    ]

    @Test(arguments: lasts)
    func `a form's last day is the municipality's`(id: String, day: String, last: String?) throws {
        let screenings = try Self.rules().screenings
        let form = try #require(screenings.form(id: "screening-adult-" + id))
        let found = try screenings.lastDay(of: form, from: CalendarDay(day), in: Self.late)
        #expect(found?.text == last)
    }

    @Test func `a form tells the days of the municipality that is asked about`() throws {
        let screenings = try Self.rules().screenings
        let form = try #require(screenings.form(id: "screening-adult-influenza-1-2026"))
        for (municipality, days) in [
            (Self.late, #""start":"2026-10-15","end":"2027-02-28""#),
            (Self.unnamed, #""start":"2026-10-01","end":"2027-01-31""#),
        ] {
            let text = String(decoding: form.render(in: municipality), as: UTF8.self)
            #expect(text.contains(days), "\(municipality)")
        }
        #expect(form.render() == form.render(in: Self.unnamed))
    }

    @Test func `only where somebody has days of their own it matters where somebody lives`() throws
    {
        #expect(try Self.rules().screenings.differByMunicipality)
        #expect(try !VaccinationCase.rules().screenings.differByMunicipality)
    }

    // MARK: Sheets

    /// On which day a sheet is printed, by whom and for whom, and the day that stands on it.
    static let sheets: [(today: String, home: String?, item: String, last: String?)] = [
        ("2027-02-10", nil, "", nil), ("2027-02-10", late, "", "2027-02-28"),
        ("2027-02-10", nil, late, "2027-02-28"), ("2027-02-28", nil, late, "2027-02-28"),
        ("2027-03-01", nil, late, nil), ("2027-02-10", late, unnamed, nil),
        ("2026-12-31", early, "", "2026-12-31"), ("2027-01-01", early, "", nil),
    ]

    @Test(arguments: sheets.indices)
    func `a sheet is printed by the days of those it is for`(_ index: Int) throws {
        let (today, home, item, last) = Self.sheets[index]
        let named = item.isEmpty ? "" : #","municipality":"\#(item)""#
        let form = "urn:tsunagi:Questionnaire:screening-adult-influenza|1-2026"
        let object = try #require(
            try JSON(reading: #"{"questionnaire":"\#(form)"\#(named)}"#).object)
        let (forms, day) = (try Self.rules().screenings, try CalendarDay(today))
        do throws(Refusal) {
            let order = try PaperFormOrder(object, forms, today: day, home: home)
            #expect(order.lastDayWritten(printed: day).text == last, "\(today) \(item)")
        } catch {
            #expect(error == .questionnaireOver && last == nil, "\(today) \(item)")
        }
    }

    @Test func `a sheet is for no municipality that there is none of`() throws {
        let text =
            #"{"questionnaire":"urn:tsunagi:Questionnaire:screening-child-mr|1","#
            + #""municipality":"222217"}"#
        let object = try #require(try JSON(reading: text).object)
        let forms = try Self.rules().screenings
        let day = try CalendarDay("2026-11-22")
        #expect(throws: Refusal.malformed("municipality")) {
            try PaperFormOrder(object, forms, today: day)
        }
    }

    // MARK: Invitations and notices

    static let invited: [(by: String, from: String, to: String, isOutside: Bool)] = [
        (late, "2026-10-15", "2027-02-28", false), (late, "2026-10-14", "2027-02-28", true),
        (late, "2026-10-15", "2027-03-01", true), (unnamed, "2026-10-15", "2027-02-28", true),
        (unnamed, "2026-10-01", "2027-01-31", false), (late, "2026-10-01", "2027-01-31", true),
    ]

    @Test(arguments: invited.indices)
    func `an invitation is held against the days of who invites`(_ index: Int) throws {
        let (town, from, to, isOutside) = Self.invited[index]
        let body = """
            [{"modificationSeg":"1","myNumber":"\(SubsidySample.number)",\
            "municipalityIdentityKey":"K-1","programme":"influenza-elderly",\
            "validFrom":"\(from)","validTo":"\(to)"}]
            """
        let rows = try readVaccinationTargetRows(Array(body.utf8), Self.rules(), in: town)
        let row = try #require(try rows.first?.get())
        #expect(row.subject == "influenza-2026")
        #expect(
            row.warnings.map { "\($0.item) \($0.code.rawValue)" }
                == (isOutside ? ["validTo outside-season"] : []), "\(town) \(from) \(to)")
    }

    @Test func `what the invited read says the days of who invited them`() throws {
        let rules = try Self.rules()
        let campaign = try #require(rules.campaign("influenza-2026"))
        #expect(campaign.notice(of: Self.late).ja.contains("10月15日から2月28日"))
        #expect(campaign.notice(of: Self.unnamed).ja.contains("10月1日から1月31日"))
        #expect(campaign.notice(of: nil) == campaign.notice(of: Self.unnamed))
        for (day, isIn) in [("2027-02-28", true), ("2027-03-01", false)] {
            let found = try rules.campaign(
                of: "influenza-elderly", on: CalendarDay(day), in: Self.late)
            #expect(found?.code == (isIn ? campaign.code : nil))
        }
    }
}

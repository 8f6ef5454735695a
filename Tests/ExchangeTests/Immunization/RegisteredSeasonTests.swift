import Exchange
import Testing

/// 市区町村が登録した接種期間: what a municipality may say of its own days, and what comes of it in the rules.
@Suite struct RegisteredSeasonTests {
    private static let body = "132101"
    private static let season = "influenza-2026"
    private static let path = "immunization/seasons/132101.json"

    private static func row(_ changes: [String: String?] = [:]) -> String {
        let said: [String: String?] = [
            "modificationSeg": "1", "municipality": body, "campaign": season,
            "effectiveFrom": "2026-10-15", "effectiveTo": "2027-02-28", "notice": "見本の期間",
        ]
        let all = said.merging(changes) { $1 }.compactMapValues { $0 }
        return "{"
            + all.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
            .joined(separator: ",") + "}"
    }

    private static func taken(
        _ rows: [String], over files: [String: [UInt8]] = Profiles.files
    ) throws -> (seasons: RegisteredSeasons, told: [String]) {
        let rules = try ImmunizationRules(reading: files)
        var seasons = RegisteredSeasons(of: body, in: rules)
        let read = try readSeasonRows(Array("[\(rows.joined(separator: ","))]".utf8))
        var told = read.map { row -> String in
            guard case .failure(let refusal) = row else { return "" }
            return refusal.findings.map { "\($0.item) \($0.code.rawValue)" }
                .joined(separator: ", ")
        }
        let good = read.compactMap { try? $0.get() }
        for (row, verdict) in zip(good, seasons.take(good)) {
            told[row.index] =
                switch verdict {
                case .added: "added"
                case .changed: "changed"
                case .ended: "ended"
                case .unchanged: "unchanged"
                case .refused(let finding): "\(finding.item) \(finding.code.rawValue)"
                }
        }
        return (seasons, told)
    }

    private static func with(_ seasons: RegisteredSeasons) -> [String: [UInt8]] {
        Profiles.files.merging([seasons.path: seasons.file(from: "見本")]) { $1 }
    }

    static let rows: [(changes: [String: String?], told: String)] = [
        ([:], "added"),
        // 年度 of the law is from 1 April to 31 March.
        (["effectiveFrom": "2026-04-01"], "added"),
        (["effectiveFrom": "2026-03-31"], "effectiveFrom season-beyond-law"),
        (["effectiveTo": "2027-03-31"], "added"),
        (["effectiveTo": "2027-04-01"], "effectiveTo season-beyond-law"),
        (
            ["effectiveFrom": "2025-10-15", "effectiveTo": "2026-02-28"],
            "effectiveTo season-beyond-law"
        ),
        // The high dose is in force from 1 October.
        (["effectiveFrom": "2026-09-15", "effectiveTo": "2026-10-01"], "added"),
        (
            ["effectiveFrom": "2026-09-15", "effectiveTo": "2026-09-30"],
            "effectiveFrom season-beyond-law"
        ),
        (["effectiveTo": "2026-10-15"], "added"),
        (["effectiveTo": "2026-10-14"], "effectiveTo date-order"),
        (["effectiveTo": "2027-02-29"], "effectiveTo format"),
        (["effectiveTo": nil], "effectiveTo required"),
        (["notice": nil], "notice required"), (["campaign": nil], "campaign required"),
        (["campaign": "influenza-1999"], "campaign unknown-code"),
        (["municipality": "222216"], "municipality season-of-another"),
        (["municipality": nil], "municipality required"),
        (["modificationSeg": "3"], "modificationSeg format"),
        (["notice": "123456789018"], "notice individual-number-elsewhere"),
        (["modificationSeg": "2"], "unchanged"),
        (
            ["modificationSeg": "2", "effectiveFrom": nil, "effectiveTo": nil, "notice": nil],
            "unchanged"
        ),
    ]

    @Test(arguments: rows.indices)
    func `a row is taken, or refused with its item and reason`(_ index: Int) throws {
        let (changes, told) = Self.rows[index]
        #expect(try Self.taken([Self.row(changes)]).told == [told])
    }

    @Test func `the days stand in the rules, of this municipality and of no other`() throws {
        let (seasons, told) = try Self.taken([Self.row(["noticeEnglish": "A sample"])])
        #expect(told == ["added"] && seasons.path == Self.path)
        let rules = try #require(
            try RuleBook(reading: Self.with(seasons), version: "v").immunization)
        let campaign = try #require(rules.campaign(Self.season))
        #expect(campaign.effective(in: Self.body).from.text == "2026-10-15")
        #expect(campaign.effective(in: Self.body).to?.text == "2027-02-28")
        #expect(campaign.notice(of: Self.body).ja == "見本の期間")
        #expect(campaign.notice(of: Self.body).en == "A sample")
        for other in ["222216", nil] {
            #expect(campaign.effective(in: other).from.text == "2026-10-01")
        }
        #expect(rules.seasons(in: Self.body) != rules.seasons(in: "222216"))
        // The same again changes nothing; other words, or the last day, do.
        let files = Self.with(seasons)
        #expect(
            try Self.taken([Self.row(["noticeEnglish": "A sample"])], over: files).told
                == ["unchanged"])
        #expect(try Self.taken([Self.row()], over: files).told == ["changed"])
        let shorter = try Self.taken([Self.row(["effectiveTo": "2027-02-27"])], over: files)
        #expect(shorter.told == ["changed"])
    }

    /// A season is said once in a sending, and what is taken back gives way to the operator's file, with the
    /// days that it gave this municipality.
    @Test func `what is taken back is as the operator's file says`() throws {
        #expect(
            try Self.taken([Self.row(), Self.row(["modificationSeg": "2"])]).told
                == ["added", "campaign duplicate-key"])
        let listed = Profiles.replacing(
            "immunization/campaigns/influenza-2026.json", #"  "notice": {"#,
            #"""
              "bodies": [{"municipalities": ["132101"], "effectiveFrom": "2026-11-01",
                "effectiveTo": "2026-12-31", "notice": {"ja": "運用者の期間", "en": "The operator's"}}],
              "notice": {
            """#)
        let own = try Self.taken([Self.row()], over: listed)
        let both = listed.merging([own.seasons.path: own.seasons.file(from: "見本")]) { $1 }
        let standing = try ImmunizationRules(reading: both).campaign(Self.season)
        #expect(standing?.effective(in: Self.body).from.text == "2026-10-15")
        let back = try Self.taken([Self.row(["modificationSeg": "2"])], over: both)
        #expect(back.told == ["ended"])
        let after = listed.merging([back.seasons.path: back.seasons.file(from: "見本")]) { $1 }
        let left = try ImmunizationRules(reading: after).campaign(Self.season)
        #expect(left?.effective(in: Self.body).from.text == "2026-11-01")
    }

    /// A second season of the year, in spring.
    private static func spring(_ from: String) -> [String: [UInt8]] {
        let text = """
            {"source":"見本","verified":"unverified","campaign":"influenza-spring","season":"20262",\
            "name":{"ja":"春","en":"Spring"},"programmes":["influenza-elderly"],\
            "effectiveFrom":"\(from)","effectiveTo":"2027-03-15",\
            "notice":{"ja":"春","en":"Spring"}}
            """
        return Profiles.files.merging(
            ["immunization/campaigns/influenza-spring.json": Array(text.utf8)]) { $1 }
    }

    @Test func `two seasons of one vaccine never share a day`() throws {
        for (from, told) in [
            ("2027-03-01", "added"), ("2027-02-28", "effectiveFrom season-overlap"),
        ] {
            #expect(try Self.taken([Self.row()], over: Self.spring(from)).told == [told], "\(from)")
        }
        // The other one first makes room for it.
        let moved = Self.row([
            "campaign": "influenza-spring", "effectiveFrom": "2027-03-01",
            "effectiveTo": "2027-03-15",
        ])
        let both = try Self.taken([moved, Self.row()], over: Self.spring("2027-02-20"))
        #expect(both.told == ["added", "added"])
        let files = Self.spring("2027-02-20").merging(
            [both.seasons.path: both.seasons.file(from: "見本")]) { $1 }
        #expect(try ImmunizationRules(reading: files).campaign("influenza-spring") != nil)
        // Taking the first word back would let them meet.
        let back = try Self.taken(
            [
                Self.row(["campaign": "influenza-spring", "modificationSeg": "2"])
            ], over: files)
        #expect(back.told == ["campaign season-overlap"])
    }

    // MARK: The file beside an operator's folder

    @Test
    func `what a municipality registered stays over a folder, and is named where it does not fit`()
        throws
    {
        let seasons = try Self.taken([Self.row()]).seasons
        let file = seasons.file(from: "見本")
        var registered = RegisteredFiles(in: [Self.path: file])
        #expect(registered.body(of: Self.path) == Self.body)
        let all = try registered.over(Profiles.files)
        #expect(all[Self.path] == file && all.count == Profiles.files.count + 1)
        // Of a season that the folder has no longer it says nothing.
        var fewer = all
        fewer["immunization/campaigns/influenza-2026.json"] = nil
        #expect(try ImmunizationRules(reading: fewer).campaign(Self.season) == nil)
        // Another year of the law under the same code is in its way.
        let moved = Profiles.replacing(
            "immunization/campaigns/influenza-2026.json", #""effectiveFrom": "2026-10-01","#,
            #""effectiveFrom": "2027-10-01","#)
        let later = String(
            decoding: moved["immunization/campaigns/influenza-2026.json"] ?? [], as: UTF8.self
        ).replacing(#""effectiveTo": "2027-01-31""#, with: #""effectiveTo": "2028-01-31""#)
        let folder = try registered.over(
            Profiles.with("immunization/campaigns/influenza-2026.json", later))
        let fault = #expect(throws: RuleFault.self) { try ImmunizationRules(reading: folder) }
        #expect(fault?.file == Self.path)
        #expect(registered.body(of: fault?.file ?? "") == Self.body)
        let isTaken = registered.remove(Self.body)
        #expect(isTaken)
        #expect(try registered.over(Profiles.files) == Profiles.files)
    }

    @Test func `a file that is another's, or nobody's, is refused`() throws {
        let text = String(
            decoding: try Self.taken([Self.row()]).seasons.file(from: "見本"), as: UTF8.self)
        for (old, new, item) in [
            (#""registeredBy":"132101""#, #""registeredBy":"222216""#, "registeredBy"),
            (#""registeredBy":"132101","#, "", "registeredBy"),
            (
                #""effectiveTo":"2027-02-28""#, #""effectiveTo":"2027-04-01""#,
                "seasons[0].effectiveTo"
            ),
            (#""seasons""#, #""days""#, "days"),
        ] {
            try #require(text.contains(old))
            let files = Profiles.with(Self.path, text.replacing(old, with: new))
            let fault = #expect(throws: RuleFault.self) { try ImmunizationRules(reading: files) }
            #expect(fault?.file == Self.path && fault?.path == item, "\(old)")
        }
    }
}

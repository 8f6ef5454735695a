import Exchange
import TestSupport
import Testing

/// 過去の接種歴の行: a row of a ledger becomes the record that it tells of, its source said; what contradicts
/// itself is kept in the ledger's words; and its day is judged by the law of that day.
@Suite struct PastDoseRowTests {
    private func checked(_ changes: [String: String] = [:]) throws -> CheckedRow {
        let row = [
            "記録番号": "R-1", "個人番号": "123456789018", "生年月日": "2018-06-05", "性別": "2",
            "ワクチン": "mr", "接種回数": "1", "接種日": "2019/06/20", "製造番号": "FAKE01",
            "接種量": "00.50", "医療機関コード": "1319999996", "医療機関名": "見本医院",
        ].merging(changes) { $1 }
        return try #require(
            try FileSample.check(NightFile(pastDoses: [row]).text, "past-doses").rows.first)
    }

    private func row(_ changes: [String: String] = [:]) throws -> PastDoseRow {
        try checked(changes).pastDoseRow(VaccinationCase.rules(), number: .besideTheRow).get()
    }

    private func told(_ changes: [String: String] = [:]) throws -> PastDoseRow.Told {
        try #require(try row(changes).told)
    }

    @Test func `a row is a copy, with its source, under the ledger's own number`() throws {
        let row = try row()
        let told = try #require(row.told)
        let given = told.vaccination
        #expect(row.identifier == given.identifier && row.identifier.value == "R-1")
        #expect(given.status == .completed && !given.isPrimarySource)
        #expect(given.reportOrigin?.text == "市区町村の予防接種台帳")
        #expect(given.vaccine.code(of: "urn:tsunagi:CodeSystem:vaccine") == "mr")
        #expect(told.days.lowerBound.text == "2019-06-20")
        #expect(told.days == told.days.upperBound...told.days.upperBound)
        #expect(given.occurrence.day == told.days.lowerBound)
        #expect(given.vial.lotNumber == "FAKE01" && given.doseNumber == 1)
        #expect(given.basis == .routine && told.birth.text == "2018-06-05" && told.sex == .female)
        #expect(given.performers.first?.identifier?.value == "1319999996")
        // As a number of JSON: what is kept is read again, and is the same.
        #expect(given.quantity?.value == "0.50")
        let party = try Party(role: .municipality, code: "132101")
        let face = given.face(recordedBy: party)
        #expect(try Vaccination(face: face) == given)
        #expect(face.contains("urn:tsunagi:local-government-code"))
    }

    typealias Name = (vaccine: String, product: String, code: String?, found: [RowCode])

    /// Vaccine and product as a ledger writes them, the vaccine that it is, and what is to be looked at.
    static let names: [Name] = [
        ("MR", "", "mr", []), ("DT2期", "", "dt", []), ("mr", "謎の製品", "mr", []),
        ("ロタ", "", "rota", [.productUnspecified]), ("ロタ", "ロタリックス", "rv1", []),
        ("ナゾ", "", nil, [.vaccineUnknown]), ("ナゾ", "ロタリックス", "rv1", []),
        ("mr", "ロタリックス", nil, [.vaccineUnknown]), ("MR", "ロタリックス", nil, [.vaccineUnknown]),
    ]

    @Test(arguments: names.indices)
    func `the product says more than the name, and a contradiction says nothing`(_ place: Int)
        throws
    {
        let (vaccine, product, code, found) = Self.names[place]
        let rules = try VaccinationCase.rules()
        let row = try row(["ワクチン": vaccine, "製品名": product, "接種回数": ""])
        let given = try #require(row.told).vaccination
        let named = rules.vaccine(named: given.vaccine).map { rules.vaccine($0.vaccine).code }
        #expect(named == code, "\(given.vaccine)")
        #expect(row.warnings(rules).map(\.code) == found)
        // The ledger's words are kept beside what they are understood as.
        #expect(given.vaccine.text?.hasPrefix(vaccine) == true)
        #expect(given.vaccine.text?.hasSuffix(product) == true)
        #expect(given.doseNumber == (vaccine == "DT2期" ? 1 : nil))
    }

    /// 年月だけの日: how ledgers write one, what is kept of it, and the last day that it can have been.
    @Test(arguments: [
        ("2019-06", "2019-06", "2019-06-30"), ("2019/6", "2019-06", "2019-06-30"),
        ("2019/06", "2019-06", "2019-06-30"), ("201906", "2019-06", "2019-06-30"),
        ("2019-06-00", "2019-06", "2019-06-30"), ("20190600", "2019-06", "2019-06-30"),
        ("R1.6", "2019-06", "2019-06-30"), ("R01.06.00", "2019-06", "2019-06-30"),
        ("5010600", "2019-06", "2019-06-30"), ("令和元年6月", "2019-06", "2019-06-30"),
        ("令和元年", "2019", "2019-12-31"), ("2019", "2019", "2019-12-31"),
        ("2019-00-00", "2019", "2019-12-31"), ("2020/2", "2020-02", "2020-02-29"),
    ])
    func `of a month alone the month is kept, and nobody makes a day of it`(
        written: String, kept: String, last: String
    ) throws {
        let checked = try checked(["接種日": written])
        #expect(checked.findings.map(\.item) == ["givenOn"])
        #expect(checked.findings.map(\.code) == [.unknownDay])
        let told = try told(["接種日": written])
        let month = try GivenTime(kept)
        #expect(told.vaccination.occurrence == .time(month))
        #expect(told.vaccination.occurrence.day == nil)
        #expect(told.days.upperBound.text == last)
        let rules = try VaccinationCase.rules()
        let dose = try #require(told.vaccination.counted.dose(rules))
        #expect(dose.day == nil && dose.days == told.days)
        let face = told.vaccination.counted.face
        #expect(try CountedVaccination(face: face) == told.vaccination.counted)
        // Neither the law of its day nor the month it counts in is known.
        #expect(throws: VaccinationClaimRefusal.dayUnknown) {
            try line(["接種日": written]).get()
        }
    }

    /// How a ledger names the dose, its own number, and which dose of the schedule it is.
    @Test(arguments: [
        ("MR2期", "1", 2), ("MR2期", "2", 2), ("MR2期", "", 2), ("日本脳炎2期", "1", 4),
        ("五種混合追加", "1", 4), ("日本脳炎", "1", 1), ("MR", "2", 2),
    ])
    func `a number counted within its period is the one that the period begins with`(
        vaccine: String, number: String, dose: Int
    ) throws {
        let told = try told(["ワクチン": vaccine, "接種回数": number])
        #expect(told.vaccination.doseNumber == dose)
    }

    @Test func `what was not given has a reason, and what is withdrawn needs a number alone`()
        throws
    {
        let reason = "発熱のため"
        let none = try told(["接種の有無": "2", "未接種の理由": reason]).vaccination
        #expect(none.status == .notDone && none.statusReason?.text == reason)
        let withdrawn = try row([
            "更新区分": "2", "生年月日": "", "接種の有無": "", "実施区分": "", "ワクチン": "", "接種日": "",
        ])
        #expect(withdrawn.told == nil && withdrawn.identifier.value == "R-1")
    }

    static let wrong: [(change: [String: String], finding: String)] = [
        (["接種の有無": "2"], "notDoneReason required"), (["生年月日": ""], "dateOfBirth required"),
        (["接種日": "00000000"], "givenOn required"), (["接種日": "2019-02-29"], "givenOn format"),
        (["接種回数": "0"], "doseNumber format"), (["接種回数": "100"], "doseNumber format"),
        (["接種量": "0"], "quantity format"), (["ワクチン": ""], "vaccine required"),
        (["医療機関コード": "131999999"], "institution format"), (["記録番号": ""], "recordNumber required"),
        (["接種日": "2019-13"], "givenOn format"), (["接種日": "2019-13-00"], "givenOn format"),
        (["接種日": "1867"], "givenOn format"), (["接種日": "0000-00-00"], "givenOn format"),
        (["実施区分": "3"], "basis format"), (["個人番号": "123456789012"], "myNumber number"),
    ]

    @Test(arguments: wrong.indices)
    func `every bad value is named at the door`(_ place: Int) throws {
        let (change, finding) = Self.wrong[place]
        let found = try checked(change).findings.map { "\($0.item) \($0.code.rawValue)" }
        #expect(found == [finding])
    }

    // MARK: The law of its day

    private func line(
        _ changes: [String: String], beside others: [CountedVaccination] = []
    ) throws -> Result<PastDoseLine, VaccinationClaimRefusal> {
        let rules = try VaccinationCase.rules()
        let told = try told(changes)
        let facts = PastDoseFacts(birth: nil, sex: nil, others: others, municipality: "132101")
        do throws(VaccinationClaimRefusal) {
            return .success(try told.line(facts, rules))
        } catch {
            return .failure(error)
        }
    }

    /// MR 1期 of somebody born on 2018-06-05: from the day before the first birthday to the day before the
    /// second (予防接種法施行令3条; 年齢計算ニ関スル法律). 五種混合 is of the Act from 2024-04-01.
    static let days: [(changes: [String: String], day: String, isOfAct: Bool)] = [
        ([:], "2019-06-03", false), ([:], "2019-06-04", true), ([:], "2019-06-05", true),
        ([:], "2020-06-03", true), ([:], "2020-06-04", true), ([:], "2020-06-05", false),
        (["生年月日": "2024-01-05", "ワクチン": "dpt-ipv-hib"], "2024-03-31", false),
        (["生年月日": "2024-01-05", "ワクチン": "dpt-ipv-hib"], "2024-04-01", true),
        (["生年月日": "2024-01-05", "ワクチン": "dpt-ipv-hib"], "2024-04-02", true),
    ]

    @Test(arguments: days.indices)
    func `a dose is judged by the law of its own day`(_ place: Int) throws {
        let (changes, day, isOfAct) = Self.days[place]
        let line = try line(changes.merging(["接種日": day]) { $1 })
        #expect(((try? line.get()) != nil) == isOfAct)
        guard !isOfAct else { return }
        #expect(throws: VaccinationClaimRefusal.notOfTheAct) { try line.get() }
    }

    @Test func `a line says in or out of the area, and others' word of the dose is no objection`()
        throws
    {
        let dose = try told().vaccination.counted
        let line = try line([:], beside: [dose]).get()
        #expect(line.vaccine == "mr" && line.doseNumber == 1 && !line.isOutOfArea)
        #expect(!line.remarks.contains("duplicate"))
        #expect(try self.line(["医療機関コード": "2312345675"]).get().isOutOfArea)
        #expect(try self.line(["区域外接種フラグ": "1"]).get().isOutOfArea)
        #expect(try !self.line(["医療機関コード": "", "医療機関名": ""]).get().isOutOfArea)
        for (changes, refusal) in [
            (["実施区分": "2"], VaccinationClaimRefusal.notRoutine),
            (["接種の有無": "2", "未接種の理由": "発熱"], .notGiven), (["ワクチン": "ナゾ"], .vaccineUnknown),
        ] {
            let line = try self.line(changes)
            #expect(throws: refusal) { try line.get() }
        }
    }

    @Test func `of one dose the word of who gave it counts, and of two ledgers the first`() throws {
        let rules = try VaccinationCase.rules()
        let here = try told().vaccination.counted
        let there = try told(["接種日": "2023-06-20"]).vaccination.counted
        #expect(
            rules.withoutCopies([
                (here, true), (there, true), (here, false), (there, true),
            ]) == [false, true, true, false])
        // Of a month alone it is the same dose where the number is the same, too.
        let month = try told(["接種日": "2019-06"]).vaccination.counted
        let second = try told(["接種日": "2019-06", "接種回数": "2"]).vaccination.counted
        let later = try told(["接種日": "2019-07"]).vaccination.counted
        #expect(
            rules.withoutCopies([(month, true), (second, true), (later, true), (here, false)])
                == [false, true, true, true])
        // A clinic's two words are the clinic's to mend.
        #expect(rules.withoutCopies([(here, false), (here, false)]) == [true, true])
        let none = try told(["接種の有無": "2", "未接種の理由": "発熱"]).vaccination.counted
        #expect(rules.withoutCopies([(here, false), (none, true)]) == [true, true])
    }
}

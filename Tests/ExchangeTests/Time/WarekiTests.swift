import Exchange
import Foundation
import Testing

@Suite struct WarekiTests {
    static let overruns: EraOverruns = {
        do {
            return try EraOverruns(reading: Profiles.files)
        } catch {
            fatalError("profiles: \(error)")
        }
    }()

    @Test func `the published era dates are read and written`() throws {
        for row in try Vectors.rows("eras") {
            let day = try CalendarDay(row.requiredString("day"))
            let wareki = try #require(Wareki(day))
            #expect(wareki.code7 == (try row.requiredString("digits")))
            #expect(wareki.kanji == (try row.requiredString("kanji")))
            #expect(wareki.letter == (try row.requiredString("letter")))
            for form in ["digits", "kanji", "letter"] {
                let read = try Wareki.reading(row.requiredString(form), past: Self.overruns)
                #expect(read.date.day == day && read.warning == nil)
            }
        }
        for row in try Vectors.rows("eras", "overrun") {
            let text = try row.requiredString("digits")
            #expect(throws: Refusal.malformed("date"), "\(text)") { try Wareki(text) }
            let read = try Wareki.reading(text, past: Self.overruns)
            #expect(read.date.day.text == row["day"]?.string && read.warning == .pastEraEnd)
        }
    }

    @Test func `a day that never was is refused, where the end of an era is written on too`() throws
    {
        for row in try Vectors.rows("eras", "never") {
            let text = try row.requiredString("digits")
            #expect(throws: Refusal.malformed("date"), "\(text)") {
                try Wareki.reading(text, past: Self.overruns)
            }
        }
    }

    static let impossible = [
        "5010430", "4010107", "5050229", "5000101", "6010101", "0010101", "5011301", "5010100",
        "3640108", "4310501", "令和0年1月1日", "令和元年4月30日", "昭和100年1月1日", "R5.2.29", "X1.1.1", "令和8年4月",
        "R8.4",
        "1010124", "2160101", "", "508041", "50804011", "令和八年四月一日", "令和8月4年1日ほか",
        "令和8月4年1日", "平成元月1年8日", "令和年8月4日1日",
    ]

    @Test(arguments: impossible)
    func `a day that never was is refused`(text: String) {
        #expect(throws: Refusal.malformed("birth")) { try Wareki(text, item: "birth") }
    }

    @Test func `what systems still send past an era is read with a warning`() throws {
        let late = try Wareki.reading("平成31年5月1日", past: Self.overruns)
        #expect(late.warning == .pastEraEnd)
        #expect(late.date.kanji == "令和元年5月1日")
        #expect(try Wareki.reading("4320401", past: Self.overruns).date.letter == "R2.4.1")
        #expect(try Wareki.reading("1050101", past: .none).warning == .lunarCalendar)
    }

    @Test(arguments: [
        "令和８年４月１日", "Ｒ８．４．１", "ｒ８／４／１", "R8-4-1", "５０８０４０１", "r08.04.01",
    ])
    func `either width says the same day`(_ text: String) throws {
        #expect(try Wareki(text).code7 == "5080401")
    }

    @Test(arguments: ["令和元年５月１日", "R元.5.1", "Ｒ元．５．１", "R1.5.1"])
    func `元 is the first year of either form`(_ text: String) throws {
        #expect(try Wareki(text).code7 == "5010501")
    }

    @Test(arguments: [
        ("平成", "昭和64", "overruns[0].era", "is no era that has ended"),
        ("平成", "令和", "overruns[0].era", "is no era that has ended"),
        ("\"basis\"", "\"why\"", "overruns[0].why", "unknown"),
    ])
    func `a wrong table of eras is refused with its place`(
        _ old: String, _ new: String, _ path: String, _ reason: String
    ) {
        let text = #"""
            {"source": "s", "verified": "unverified", "overruns": [{"era": "平成", "basis": "b"}]}
            """#
        let files = Profiles.with(
            "registration/eras.json", text.replacingOccurrences(of: old, with: new))
        let fault = #expect(throws: RuleFault.self) { try EraOverruns(reading: files) }
        #expect(fault?.path == path)
        #expect(fault?.reason.contains(reason) == true)
    }

    @Test func `every day since Meiji survives each form`() throws {
        let first = try CalendarDay("1868-01-25").daysSince1970
        #expect(Wareki(CalendarDay(daysSince1970: first - 1)) == nil)
        for day in stride(from: first, through: first + 60_000, by: 7) {
            let day = CalendarDay(daysSince1970: day)
            let wareki = try #require(Wareki(day))
            #expect(try Wareki(wareki.code7).day == day)
            #expect(try Wareki(wareki.kanji) == wareki)
            #expect(try Wareki(wareki.letter) == wareki)
        }
    }
}

import Exchange
import Testing

@Suite struct WarekiTests {
    @Test(.enabled(if: Shared.isThere))
    func `the published era dates are read and written`() throws {
        let data = try Shared.vector("wareki").requiredObject(at: "data")
        for row in try data.requiredArray("valid") {
            let row = try row.requiredObject(at: "valid")
            let day = try CalendarDay(row.requiredString("iso"))
            let wareki = try #require(Wareki(day))
            #expect(wareki.era.kanji == (try row.requiredString("era")))
            #expect(wareki.code7 == (try row.requiredString("code7")))
            #expect(wareki.kanji == (try row.requiredString("kanji")))
            #expect(wareki.letter == (try row.requiredString("letter")))
            for form in ["code7", "kanji", "letter"] {
                #expect(try Wareki(row.requiredString(form)).day == day)
            }
        }
        for text in try Shared.texts("wareki", "invalid") {
            #expect(throws: Refusal.malformed("date"), "\(text)") { try Wareki(text) }
        }
        for text in try Shared.texts("wareki", "trickyValid") {
            #expect(try Wareki.reading(text).warning == nil, "\(text)")
        }
    }

    static let impossible = [
        "5010430", "4010107", "5050229", "5000101", "6010101", "0010101", "5011301", "5010100",
        "3640108",
        "4310501", "令和0年1月1日", "令和元年4月30日", "昭和100年1月1日", "R5.2.29", "X1.1.1", "令和8年4月", "R8.4",
        "1010124", "2160101", "", "508041", "50804011", "令和八年四月一日", "令和8月4年1日ほか",
    ]

    @Test(arguments: impossible)
    func `a day that never was is refused`(text: String) {
        #expect(throws: Refusal.malformed("birth")) { try Wareki(text, item: "birth") }
    }

    @Test func `what systems still send past an era is read with a warning`() throws {
        let late = try Wareki.reading("平成31年5月1日")
        #expect(late.warning == .pastEraEnd)
        #expect(late.date.kanji == "令和元年5月1日")
        #expect(try Wareki.reading("4320401").date.letter == "R2.4.1")
        #expect(throws: Refusal.self) { try Wareki.reading("3950101") }
        #expect(try Wareki.reading("1050101").warning == .lunarCalendar)
        #expect(try Wareki.reading("令和８年４月１日").date.code7 == "5080401")
        #expect(try Wareki.reading("s50/1/2").date.day.text == "1975-01-02")
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

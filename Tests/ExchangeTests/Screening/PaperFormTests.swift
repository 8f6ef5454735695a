import Exchange
import TestSupport
import Testing

/// 用紙番号: no number of a register and no word, and a mistake of typing is a mistake, not another sheet.
@Suite struct PaperFormTests {
    static func form(_ id: String = "screening-child-mr-1") throws -> ScreeningForm {
        try #require(VaccinationCase.rules().screenings.form(id: id))
    }

    private static func number(_ seed: UInt64) -> PaperFormNumber {
        PaperFormNumber(
            RecordID(high: seed &* 0x9E37_79B9_7F4A_7C15, low: seed &* 0xD1B5_4A32_D192_ED03))
    }

    @Test(arguments: Seeded.seeds(40))
    func `a number is letters alone, and is read again as printed, typed or scanned`(
        seed: UInt64
    ) throws {
        let form = try Self.form()
        let number = Self.number(seed)
        #expect(number.text.count == 19 && number.text.split(separator: "-").count == 4)
        #expect(number.text.allSatisfy { "-BCDFGHJKLMNPQRSTVWX".contains($0) })
        for text in [
            number.text, number.text.lowercased(), number.text.replacing("-", with: ""),
            number.text.replacing("-", with: " "), number.code(on: form),
        ] {
            #expect(try PaperFormNumber(text, to: form, item: "n") == number, "\(text)")
        }
    }

    @Test(arguments: Seeded.seeds(20))
    func `every wrong letter and every two that changed places are refused`(seed: UInt64) throws {
        let form = try Self.form()
        let letters = Array(Self.number(seed).text.filter { $0 != "-" })
        var tried = 0
        func refuse(_ changed: [Character]) {
            guard changed != letters else { return }
            tried += 1
            #expect(throws: Refusal.malformed("n")) {
                try PaperFormNumber(String(changed), to: form, item: "n")
            }
        }
        for place in letters.indices {
            for letter in "BCDFGHJKLMNPQRSTVWX" {
                var changed = letters
                changed[place] = letter
                refuse(changed)
            }
            guard place > 0 else { continue }
            var changed = letters
            changed.swapAt(place - 1, place)
            refuse(changed)
        }
        #expect(tried > 250)
    }

    @Test func `the code of another form or version is refused, and other codes are`() throws {
        let number = Self.number(7)
        let (mr, other) = (try Self.form(), try Self.form("screening-child-bcg-1"))
        for text in [
            number.code(on: other), "tsunagi-form:" + number.text, number.code(on: mr) + ":1",
            "tsunagi-screening:" + number.text, "", "123456789018", number.text + "B",
        ] {
            #expect(throws: Refusal.malformed("n")) {
                try PaperFormNumber(text, to: mr, item: "n")
            }
        }
    }

    @Test func `a sheet asks every question in both languages, and says when to leave one`() throws
    {
        let form = try Self.form()
        let numbers = [Self.number(1), Self.number(2)]
        let page = String(
            decoding: PaperForms(form, printedBy: "見本<市>", lastDay: try CalendarDay("2027-05-21"))
                .page(numbers), as: UTF8.self)
        #expect(page.contains("lang=\"ja\"") && page.contains("size:A4"))
        #expect(page.matches(of: /<main>/).count == 2)
        for item in form.items {
            let text = try #require(item.text)
            for asked in [text.ja, text.en] {
                #expect(page.contains(asked.replacing("'", with: "&apos;")), "\(asked)")
            }
        }
        #expect(page.contains("のとき）") && page.contains("2027-05-21"))
        #expect(page.contains("見本&lt;市&gt;") && !page.contains("<市>"))
        #expect(page.contains("医師署名") && page.contains("自署"))
        // An empty cell is as wide as nothing: no name and no address would fit in it.
        #expect(page.contains("<td class=\"line\">") && page.contains("td.line{width:62%}"))
        #expect(RunningGateway.paperNumbers(page) == numbers.map(\.text))
        #expect(page.contains("aria-label=\"用紙番号 \(numbers[0].text)"))
        for scripted in ["<script", "http:", "https:", "src="] {
            let free = page.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!free.contains(scripted), "\(scripted)")
        }
    }

    // MARK: Orders

    private static func order(
        _ text: String, today: String = "2026-11-22"
    ) throws -> PaperFormOrder {
        let object = try #require(try JSON(reading: text).object)
        return try PaperFormOrder(
            object, VaccinationCase.rules().screenings, today: CalendarDay(today))
    }

    private static let mr = #"{"questionnaire":"urn:tsunagi:Questionnaire:screening-child-mr|1""#

    static let refused: [(String, Refusal)] = [
        (#"{"count":1}"#, .missing("questionnaire")),
        (mr.replacing("|1", with: "|0") + "}", .malformed("questionnaire")),
        (mr + #","count":0}"#, .malformed("count")),
        (mr + #","count":101}"#, .tooMany("count")),
        (mr + #","for":"x"}"#, .unknownItem("for")),
    ]

    @Test(arguments: refused)
    func `an order that is wrong is refused by name`(text: String, refusal: Refusal) throws {
        do throws(any Error) {
            _ = try Self.order(text)
            Issue.record("taken")
        } catch {
            #expect(error as? Refusal == refusal)
        }
    }

    @Test func `a hundred sheets are the most, and one without a word`() throws {
        #expect(try Self.order(Self.mr + #","count":100}"#).count == 100)
        #expect(try Self.order(Self.mr + "}").count == 1)
    }

    /// The example's season is from 1 October 2026 to 31 January 2027: the form, the day of printing, the day
    /// that stands on the sheet.
    static let ends: [(form: String, today: String, last: String?)] = [
        ("adult-influenza|1-2026", "2026-09-01", "2027-01-31"),
        ("adult-influenza|1-2026", "2027-01-30", "2027-01-31"),
        ("adult-influenza|1-2026", "2027-01-31", "2027-01-31"),
        ("adult-influenza|1-2026", "2027-02-01", nil),
        ("adult-influenza|1", "2026-09-30", "2026-09-30"),
        ("adult-influenza|1", "2026-10-01", nil), ("adult-influenza|1", "2027-01-31", nil),
        ("adult-influenza|1", "2027-02-01", "2027-07-31"),
        ("child-mr|1", "2026-11-22", "2027-05-21"),
    ]

    @Test(arguments: ends.indices)
    func `a sheet is printed before its season, and says no day on which its form is over`(
        _ index: Int
    ) throws {
        let (name, today, last) = Self.ends[index]
        let text = #"{"questionnaire":"urn:tsunagi:Questionnaire:screening-\#(name)"}"#
        do throws(any Error) {
            let order = try Self.order(text, today: today)
            let day = try CalendarDay(today)
            #expect(order.lastDayWritten(printed: day).text == last, "\(name) \(today)")
            // What was written in time may be typed afterwards.
            let begun = max(day, try #require(order.form.days(in: nil)).from)
            #expect(
                order.lastDay(printed: day) == begun.adding(days: PaperFormOrder.lifetimeDays))
        } catch {
            #expect(error as? Refusal == .questionnaireOver && last == nil, "\(name) \(today)")
        }
    }

    // MARK: What was written on one

    private static func brought(_ change: (String, String)? = nil) throws -> BroughtResponse {
        let number = Self.number(3)
        let body = try ScreeningTests.response(ScreeningTests.items(for: "mr"))
        var text =
            #"{"extension":[{"url":"urn:tsunagi:StructureDefinition:visit","valueString":"v-1"}],"#
            + #""identifier":{"system":"urn:tsunagi:paper-form","value":"\#(number.text)"},"#
            + #""authored":"2026-06-15","# + body.dropFirst()
        if let change { text = try VaccinationSample.replacing(text, change.0, change.1) }
        return try BroughtResponse(
            reading: Array(text.utf8), VaccinationCase.rules().screenings.of(.open),
            today: CalendarDay("2026-06-15"))
    }

    @Test func `what was typed off a sheet is read`() throws {
        let sent = try Self.brought()
        #expect(sent.number == Self.number(3) && sent.visitID == "v-1")
        #expect(try sent.writtenOn == CalendarDay("2026-06-15"))
        #expect(try Self.brought((#""authored":"2026-06-15","#, "")).writtenOn == nil)
        let before = try Self.brought(("2026-06-15", "2026-06-14"))
        #expect(try before.writtenOn == CalendarDay("2026-06-14"))
    }

    static let faults: [(String, String, Refusal)] = [
        (#""authored":"2026-06-15""#, #""authored":"2026-06-16""#, .dayAhead("authored")),
        (#""authored":"2026-06-15""#, #""authored":"2026-06""#, .malformed("authored")),
        ("urn:tsunagi:paper-form", "urn:tsunagi:visit", .malformed("identifier.system")),
        (#""completed""#, #""in-progress""#, .malformed("status")),
        (#""system":"urn:tsunagi:paper-form","#, "", .missing("identifier.system")),
        (#""identifier":{"#, #""identifer":{"#, .missing("identifier")),
        ("StructureDefinition:visit", "StructureDefinition:visits", .missing("extension(visit)")),
        (#""subject":{"reference":"Patient/pw-1"},"#, "", .missing("subject")),
        (
            "screening-child-mr|1", "screening-child-mr|9", .malformed("questionnaire")
        ),
    ]

    @Test(arguments: faults)
    func `what is wrong or missing is named`(old: String, new: String, refusal: Refusal) throws {
        do throws(any Error) {
            _ = try Self.brought((old, new))
            Issue.record("taken")
        } catch {
            #expect(error as? Refusal == refusal)
        }
    }
}

/// 用紙番号: what a blank form carries, and nothing else: a number of one sheet, which says nothing of anyone and
/// opens nothing. Whoever fills the sheet in is known only within the visit that brings their answers in.
package struct PaperFormNumber: Hashable, Sendable {
    /// No digit, so that it is no number of a register; no vowel, so that it is no word; and as many as a
    /// prime, so that the last letter catches each wrong letter and each two that changed places.
    private static let letters = Array("BCDFGHJKLMNPQRSTVWX".utf8)
    private static let length = 16
    private static let prefix = "tsunagi-form:"

    /// `BCDF-GHJK-LMNP-QRST`: as it is printed for those who cannot scan it.
    package let text: String

    /// `number`: random, of this sheet alone.
    package init(_ number: RecordID) {
        var rest = number.bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        var places: [Int] = []
        for _ in 1..<Self.length {
            places.append(Int(rest % UInt128(Self.letters.count)))
            rest /= UInt128(Self.letters.count)
        }
        text = Self.text(places + [Self.check(places)])
    }

    /// As it was typed or scanned: throws `.malformed(item)` for a letter that is wrong, and for the code of
    /// another form or version than the one that was answered.
    package init(_ typed: String, to form: ScreeningForm, item: String) throws(Refusal) {
        var number = Substring(typed)
        if typed.hasPrefix(Self.prefix) {
            let parts = typed.dropFirst(Self.prefix.count).split(
                separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1] == form.id else { throw .malformed(item) }
            number = parts[0]
        }
        let letters = number.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
        // Letters typed small are the same letters.
        let places = letters.compactMap { Self.letters.firstIndex(of: $0 & 0xDF) }
        guard letters.count == Self.length, places.count == Self.length,
            Self.check(places.dropLast()) == places.last
        else { throw .malformed(item) }
        text = Self.text(places)
    }

    /// What the QR code holds: the number, and which questionnaire in which version stands on the sheet.
    package func code(on form: ScreeningForm) -> String { Self.prefix + text + ":" + form.id }

    private static func check(_ places: some Sequence<Int>) -> Int {
        places.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element } % letters.count
    }

    private static func text(_ places: [Int]) -> String {
        stride(from: 0, to: places.count, by: 4).map { start in
            String(
                decoding: places[start..<min(start + 4, places.count)].map { letters[$0] },
                as: UTF8.self)
        }.joined(separator: "-")
    }
}

/// 用紙の印刷: how many sheets of which form.
package struct PaperFormOrder: Hashable, Sendable {
    package let form: ScreeningForm
    package let count: Int
    /// The first day on which a dose may be given on it, and the last on which it is filled in, where one is
    /// known.
    private let formBegins: CalendarDay
    private let formEnds: CalendarDay?

    /// A page has some 20 kB: what a clinic lays out for a week, in 2 MB.
    package static let countMax = 100
    /// 用紙の期限: longer than a campaign and its autumn of printing, and no longer than a leaflet is right.
    package static let lifetimeDays = 180

    /// `today`: a form that is to come may be printed before. Throws `.questionnaireOver` for one that is
    /// over, or that rests while a season has its own, in the municipality whose residents the sheets are
    /// for: the one that the order names, or else `home`, the one that prints. What is sensitive, and what
    /// belongs to its authors, is never printed.
    package init(
        _ object: JSONObject, _ forms: ScreeningForms, today: CalendarDay, home: String? = nil
    ) throws(Refusal) {
        try object.requireOnly(["questionnaire", "count", "municipality"])
        let named = try object.optionalString("municipality")
        let municipality =
            try named.map { text throws(Refusal) in try LocalGovernmentCode(text).digits } ?? home
        guard let form = forms.form(named: try object.requiredString("questionnaire")),
            form.compartment == .open, form.items.allSatisfy({ $0.text != nil })
        else { throw .malformed("questionnaire") }
        guard let days = form.days(in: municipality),
            today < days.from || forms.takesAnswers(form, on: today, in: municipality)
        else { throw .questionnaireOver }
        self.form = form
        formBegins = days.from
        formEnds = forms.lastDay(of: form, from: max(today, days.from), in: municipality)
        count = try object.positiveInt("count") ?? 1
        guard count <= Self.countMax else { throw .tooMany("count") }
    }

    /// The last day on which answers on the sheet are typed in; they may have been written days before.
    package func lastDay(printed today: CalendarDay) -> CalendarDay {
        max(today, formBegins).adding(days: Self.lifetimeDays)
    }

    /// 用紙に書く期限: the last day on which the sheet is filled in, no later than its form.
    package func lastDayWritten(printed today: CalendarDay) -> CalendarDay {
        let last = lastDay(printed: today)
        return formEnds.map { min($0, last) } ?? last
    }
}

/// 紙の回答: what an institution typed off a sheet that a resident filled in by hand: a whole
/// QuestionnaireResponse, whose `identifier` is the number of the sheet.
package struct BroughtResponse: Hashable, Sendable {
    /// As the body says it, for a correction.
    package let id: String?
    package let visitID: String
    package let patientID: String
    package let number: PaperFormNumber
    package let response: ScreeningResponse
    /// 記入日: `authored`.
    package let writtenOn: CalendarDay?

    package init(
        reading body: [UInt8], _ forms: ScreeningForms, today: CalendarDay
    ) throws(Refusal) {
        let resource = try JSONObject(resource: body)
        let sent = try SubmittedResponse(reading: resource, forms)
        guard sent.response.status != .draft else { throw .malformed("status") }
        let identifier = try resource.requiredObject("identifier")
        guard try identifier.requiredString("system", at: "identifier") == FHIR.System.paperForm
        else { throw .malformed("identifier.system") }
        visitID = try resource.visitID()
        id = sent.id
        patientID = sent.patientID
        response = sent.response
        number = try PaperFormNumber(
            identifier.requiredString("value", at: "identifier"), to: response.form,
            item: "identifier.value")
        guard let authored = response.authored else {
            writtenOn = nil
            return
        }
        guard let written = authored.day else { throw .malformed("authored") }
        guard written <= today else { throw .dayAhead("authored") }
        writtenOn = written
    }
}

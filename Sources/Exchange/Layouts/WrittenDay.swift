/// 日付の書き方: the forms in which municipal systems write a day.
package enum DayForm: String, CaseIterable, Hashable, Sendable {
    case iso
    case slash
    case compact
    /// Era 1–5, then two digits each.
    case eraDigits = "era-digits"
    case eraLetter = "era-letter"
    case eraKanji = "era-kanji"
    case kanji

    var example: String {
        switch self {
        case .iso: "2026-04-01"
        case .slash: "2026/4/1"
        case .compact: "20260401"
        case .eraDigits: "5080401"
        case .eraLetter: "R8.4.1"
        case .eraKanji: "令和8年4月1日"
        case .kanji: "2026年4月1日"
        }
    }
}

/// 日付の列の読み方: the forms a column takes, and the eras that may be written on too long.
package struct DayReading: Hashable, Sendable {
    let forms: [DayForm]
    let overruns: EraOverruns

    var examples: [String] { forms.map(\.example) }
}

/// A day as a file wrote it, in the Gregorian calendar. Month and day are 0 where the file says
/// that nobody knows them.
struct WrittenDay: Hashable {
    let year: Int
    let month: Int
    let day: Int
    /// 平成31年5月1日: no day of that era, but the day is not in doubt.
    var isPastEraEnd = false

    /// The exact day; `nil` where a part is unknown or the day does not exist.
    var exact: CalendarDay? { try? CalendarDay(year: year, month: month, day: day) }

    /// As `BirthDate` reads it.
    var birthText: String {
        "\(Digits.padded(year, to: 4))-\(Digits.padded(month, to: 2))-\(Digits.padded(day, to: 2))"
    }

    /// `nil` when the bytes are in none of the forms, or name a day that never was. With
    /// `mayBeUnknown` month and day may be 00.
    static func read(
        _ bytes: ArraySlice<UInt8>, as reading: DayReading, mayBeUnknown: Bool = false
    ) -> WrittenDay? {
        guard let first = bytes.first, bytes.count <= 10 else { return nil }
        let forms = reading.forms
        let overruns = reading.overruns
        let numbers = Numbers(bytes)
        let read: WrittenDay?
        switch (numbers?.separator, bytes.count) {
        case (nil, _) where numbers == nil:
            guard forms.contains(.eraLetter), let era = Self.era(letter: first) else { return nil }
            read = Self.afterLetter(era, bytes.dropFirst(), past: overruns)
        case (nil, 8) where forms.contains(.compact): read = numbers?.compactDay
        case (nil, 7) where forms.contains(.eraDigits):
            let era = Wareki.Era(rawValue: Int(first - 0x30))
            read = numbers?.eraDay(era, skipping: 1, past: overruns)
        case (0x2D, 10) where forms.contains(.iso):
            read = numbers?.day(lengths: [4...4, 2...2, 2...2])
        case (0x2F, _) where forms.contains(.slash):
            read = numbers?.day(lengths: [4...4, 1...2, 1...2])
        default: read = nil
        }
        guard let read, read.isPossible(mayBeUnknown: mayBeUnknown) else { return nil }
        return read
    }

    /// 令和8年4月1日, R元.5.1 or 2026年4月1日: what kanji are in, in either width; the era's own rules apply.
    static func readText(_ text: String, as reading: DayReading) -> WrittenDay? {
        if reading.forms.contains(.kanji), let day = westernDay(text) { return WrittenDay(day) }
        let isNamed = Wareki.Era.allCases.contains { text.hasPrefix($0.kanji) }
        guard reading.forms.contains(isNamed ? .eraKanji : .eraLetter),
            let (date, warning) = try? Wareki.reading(text, past: reading.overruns)
        else { return nil }
        return WrittenDay(date.day, isPastEraEnd: warning == .pastEraEnd)
    }

    private static func westernDay(_ text: String) -> CalendarDay? {
        let text = Wareki.halfWidth(text)
        let fields = text.dropLast().split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "年" || $0 == "月" })
        guard text.hasSuffix("日"), text.contains("年"), text.contains("月"), fields.count == 3,
            fields[0].utf8.count == 4, fields[1].utf8.count <= 2, fields[2].utf8.count <= 2,
            let year = Digits.number(fields[0].utf8), let month = Digits.number(fields[1].utf8),
            let day = Digits.number(fields[2].utf8)
        else { return nil }
        return try? CalendarDay(year: year, month: month, day: day)
    }

    private func isPossible(mayBeUnknown: Bool) -> Bool {
        guard mayBeUnknown else { return exact != nil }
        // As `BirthDate`: nobody alive was born before 明治, and all may be unknown together.
        if year < 1868 { return (year, month, day) == (0, 0, 0) }
        return day == 0 ? (0...12).contains(month) : exact != nil
    }

    private static func era(letter: UInt8) -> Wareki.Era? {
        switch letter & 0xDF {
        case UInt8(ascii: "M"): .meiji
        case UInt8(ascii: "T"): .taisho
        case UInt8(ascii: "S"): .showa
        case UInt8(ascii: "H"): .heisei
        case UInt8(ascii: "R"): .reiwa
        default: nil
        }
    }

    /// `8.4.1`, `08/04/01`, `080401`.
    private static func afterLetter(
        _ era: Wareki.Era, _ rest: ArraySlice<UInt8>, past overruns: EraOverruns
    ) -> WrittenDay? {
        guard let numbers = Numbers(rest) else { return nil }
        guard numbers.separator != nil else {
            return rest.count == 6 ? numbers.eraDay(era, skipping: 0, past: overruns) : nil
        }
        return numbers.day(lengths: [1...2, 1...2, 1...2]).flatMap {
            WrittenDay(era: era, year: $0.year, month: $0.month, day: $0.day, past: overruns)
        }
    }
}

extension WrittenDay {
    init(_ day: CalendarDay, isPastEraEnd: Bool = false) {
        self.init(year: day.year, month: day.month, day: day.day, isPastEraEnd: isPastEraEnd)
    }

    /// A day of an era, its month or day perhaps unknown: then some day it can be must be of the
    /// era, or of the next where this one may be written on too long.
    init?(era: Wareki.Era, year: Int, month: Int, day: Int, past overruns: EraOverruns) {
        guard year >= 1, (0...12).contains(month) else { return nil }
        guard month == 0 || day == 0 else {
            guard
                let (date, warning) = try? Wareki.reading(
                    era: era, year: year, month: month, day: day, past: overruns)
            else { return nil }
            self.init(date.day, isPastEraEnd: warning == .pastEraEnd)
            return
        }
        let gregorian = era.firstYear + year - 1
        let lastMonth = month == 0 ? 12 : month
        guard day == 0,
            let first = try? CalendarDay(year: gregorian, month: max(month, 1), day: 1),
            let last = try? CalendarDay(
                year: gregorian, month: lastMonth,
                day: CalendarDay.days(in: lastMonth, of: gregorian)),
            let lastEra = Wareki(last)?.era, lastEra.rawValue >= era.rawValue
        else { return nil }
        let firstEra = Wareki(first)?.era ?? .meiji
        let isPast = firstEra.rawValue > era.rawValue
        guard !isPast || (era.next == firstEra && overruns.tolerates(era)) else { return nil }
        self.init(year: gregorian, month: month, day: 0, isPastEraEnd: isPast)
    }
}

/// Up to three numbers with one kind of separator between them, without any text being made.
private struct Numbers {
    private(set) var separator: UInt8?
    private var values = (0, 0, 0)
    private var lengths = (0, 0, 0)
    private var place = 0

    /// `nil` for anything but digits and separators.
    init?(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            switch byte {
            case 0x30...0x39: add(Int(byte - 0x30))
            case 0x2D, 0x2E, 0x2F:
                guard separator == nil || separator == byte, place < 2 else { return nil }
                separator = byte
                place += 1
            default: return nil
            }
        }
    }

    private mutating func add(_ digit: Int) {
        switch place {
        case 0:
            values.0 = values.0 * 10 + digit
            lengths.0 += 1
        case 1:
            values.1 = values.1 * 10 + digit
            lengths.1 += 1
        default:
            values.2 = values.2 * 10 + digit
            lengths.2 += 1
        }
    }

    /// Three numbers with separators, each of an allowed length.
    func day(lengths allowed: [ClosedRange<Int>]) -> WrittenDay? {
        guard place == 2, allowed[0].contains(lengths.0), allowed[1].contains(lengths.1),
            allowed[2].contains(lengths.2)
        else { return nil }
        return WrittenDay(year: values.0, month: values.1, day: values.2)
    }

    /// `YYYYMMDD`.
    var compactDay: WrittenDay {
        let number = values.0
        return WrittenDay(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// `YYMMDD` of an era behind `skipping` digits.
    func eraDay(_ era: Wareki.Era?, skipping: Int, past overruns: EraOverruns) -> WrittenDay? {
        guard let era else { return nil }
        let number = skipping == 0 ? values.0 : values.0 % 1_000_000
        return WrittenDay(
            era: era, year: number / 10_000, month: number / 100 % 100, day: number % 100,
            past: overruns)
    }
}

/// 列: one column of a layout, with the rule its sender reads when a value breaks it. A class, because
/// every field of a million rows asks for its column: a copy of all its parts costs more than
/// reading the field.
package final class LayoutColumn: Sendable {
    package enum Requirement: Hashable, Sendable {
        case never
        case always
        /// Its absence is worth a word: a name in Latin letters may have no kana.
        case wished
        /// Where another column, by its place, holds one of these values.
        case when(column: Int, is: [String])
    }

    /// 項目名 as the exchange calls it: a path of the registration API (`basicFiveInfo.name`).
    package let item: String
    /// 列名 as the header writes it, and other spellings that are taken.
    package let name: String
    package let otherNames: [String]
    package let type: ColumnType
    package let width: Width
    package let requirement: Requirement
    /// Written forms that mean "nothing": `00000000` where a system cannot leave a date empty.
    let absentForms: [[UInt8]]
    /// Numbers and keys by a rule of the municipality: twelve digits are nothing unusual in them.
    package let mayHoldLongNumbers: Bool
    /// 見出しになくてもよい列: one that came after systems had been built by the layout.
    package let mayBeLeftOut: Bool
    let about: RowItem
    /// `basicFiveInfo` of `basicFiveInfo.name`; `nil` where the item is not nested.
    let outerName: String?
    let innerName: String

    package init(
        item: String, names: [String], type: ColumnType, width: Width, requirement: Requirement,
        absentForms: [[UInt8]], mayHoldLongNumbers: Bool, mayBeLeftOut: Bool
    ) {
        self.item = item
        name = names[0]
        otherNames = Array(names.dropFirst())
        self.type = type
        self.width = width
        self.requirement = requirement
        self.absentForms = absentForms
        self.mayHoldLongNumbers = mayHoldLongNumbers
        self.mayBeLeftOut = mayBeLeftOut
        let rule = type.isNarrow && width == .half ? type.rule(width).halfWidth : type.rule(width)
        about = RowItem(name, rule.ja, rule.en)
        let parts = item.split(separator: ".", maxSplits: 1).map(String.init)
        outerName = parts.count == 2 ? parts[0] : nil
        innerName = parts.last ?? item
    }

    package func isCalled(_ name: String) -> Bool {
        self.name == name || otherNames.contains(name)
    }
}

extension LayoutColumn: Hashable {
    package static func == (left: LayoutColumn, right: LayoutColumn) -> Bool {
        left === right
            || left.item == right.item && left.name == right.name
                && left.otherNames == right.otherNames && left.type == right.type
                && left.width == right.width && left.requirement == right.requirement
                && left.absentForms == right.absentForms
                && left.mayHoldLongNumbers == right.mayHoldLongNumbers
                && left.mayBeLeftOut == right.mayBeLeftOut
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(item) }
}

/// 半角・全角.
package enum Width: String, Hashable, Sendable {
    /// 半角: ASCII, and half-width kana in text. Codes and numbers in full width are refused; days are
    /// read in either width.
    case half
    /// 全角: no ASCII and no half-width kana.
    case full
    /// Both. Codes and numbers in full width are read as if they were half-width.
    case any
}

/// 型: what a column holds.
package enum ColumnType: Hashable, Sendable {
    case text(charactersMax: Int, mayHoldLines: Bool)
    /// Digits that are no quantity: leading zeros count.
    case digits(ClosedRange<Int>)
    case integer(ClosedRange<Int>)
    case decimal(MeasuredRange)
    case code([CodedName])
    case flag
    case day(DayReading)
    /// 生年月日: parts may be unknown.
    case birthDate(DayReading)
    /// 年月だけでもよい日: of what was written down before days were asked for.
    case partialDay(DayReading)
    case individualNumber
    case payerNumber
    case recipientNumber
    case municipality
    case institution
    /// 追加条件: `項目コード-コード;項目コード-コード`.
    case conditions
    /// `項目=値;項目=値`.
    case pairs
    case base64(bytesMax: Int)
    case hexadecimal(bytesMax: Int)

    /// コード表の1行.
    package struct CodedName: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
    }

    var isText: Bool {
        switch self {
        case .text, .conditions, .pairs, .recipientNumber: true
        default: false
        }
    }

    /// Whose rule names values, and no width.
    fileprivate var isNarrow: Bool {
        switch self {
        case .integer, .decimal, .code, .flag: true
        default: false
        }
    }

    /// Days may be written in kanji.
    var isDay: Bool {
        switch self {
        case .day, .birthDate, .partialDay: true
        default: false
        }
    }

    /// What is asked for, in words that fit 「…に直して」 and "Write …".
    fileprivate func rule(_ width: Width) -> BilingualText {
        switch self {
        case .text(let most, _):
            switch width {
            case .half: .init(ja: "半角\(most)文字以内", en: "at most \(most) half-width characters")
            case .full: .init(ja: "全角\(most)文字以内", en: "at most \(most) full-width characters")
            case .any:
                .init(
                    ja: "制御文字のない\(most)文字以内",
                    en: "at most \(most) characters, no control characters")
            }
        case .digits(let counts):
            if counts.count == 1 {
                .init(ja: "半角数字\(counts.lowerBound)桁", en: "\(counts.lowerBound) half-width digits")
            } else {
                .init(
                    ja: "半角数字\(counts.lowerBound)〜\(counts.upperBound)桁",
                    en: "\(counts.lowerBound) to \(counts.upperBound) half-width digits")
            }
        case .integer(let values):
            .init(
                ja: "\(values.lowerBound)以上\(values.upperBound)以下の整数",
                en: "a whole number from \(values.lowerBound) to \(values.upperBound)")
        case .decimal(let range): range.text
        case .code(let codes): Self.rule(of: codes)
        case .flag: .init(ja: "1（はい）または0（いいえ）", en: "1 (yes) or 0 (no)")
        case .day(let reading):
            .init(
                ja: "実在する日付（\(reading.examples.joined(separator: "、"))）",
                en: "a day that exists (\(reading.examples.joined(separator: ", ")))")
        case .birthDate(let reading):
            .init(
                ja: "生年月日（\(reading.examples.joined(separator: "、"))、分からない月日は00、全て不明なら「不明」）",
                en: "a birth date (\(reading.examples.joined(separator: ", ")); 00 for an "
                    + "unknown month or day, 不明 when all is unknown)")
        case .partialDay(let reading):
            .init(
                ja: "実在する日付（\(reading.examples.joined(separator: "、"))）、"
                    + "日が分からなければ年月(2015-06)か年(2015)",
                en: "a day that exists (\(reading.examples.joined(separator: ", "))), or where it "
                    + "is not known a month (2015-06) or a year (2015)")
        default: formRule
        }
    }

    private var formRule: BilingualText {
        switch self {
        case .individualNumber:
            .init(ja: "検査用数字の合う半角数字12桁", en: "twelve half-width digits with a valid check digit")
        case .payerNumber: .init(ja: "半角数字8桁", en: "eight half-width digits")
        case .recipientNumber: .init(ja: "30文字以内", en: "at most 30 characters")
        case .municipality:
            .init(ja: "検査数字の合う半角数字6桁", en: "six half-width digits with a valid check digit")
        case .institution: .init(ja: "半角数字10桁", en: "ten half-width digits")
        case .conditions: .init(ja: "「項目コード-コード;項目コード-コード」", en: "\"item-code;item-code\"")
        case .pairs: .init(ja: "「項目=値;項目=値」", en: "\"item=value;item=value\"")
        case .base64(let most):
            .init(ja: "Base64(\(most)バイト以内)", en: "Base64 of at most \(most) bytes")
        case .hexadecimal(let most):
            .init(ja: "16進数(\(most)バイト以内)", en: "hexadecimal of at most \(most) bytes")
        case .text, .digits, .integer, .decimal, .code, .flag, .day, .birthDate, .partialDay:
            .init(ja: "", en: "")
        }
    }

    private static func rule(of codes: [CodedName]) -> BilingualText {
        .init(
            ja: codes.map { "\($0.code)（\($0.name.ja)）" }.joined(separator: "、"),
            en: codes.map { "\($0.code) (\($0.name.en))" }.joined(separator: ", "))
    }
}

extension BilingualText {
    /// A value in full width is right in all else: its sender is told what is wrong with it.
    fileprivate var halfWidth: BilingualText {
        BilingualText(ja: "半角の\(ja)", en: "\(en) in half-width characters")
    }
}

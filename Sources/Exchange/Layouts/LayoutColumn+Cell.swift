/// Reading one value by the rule of its column.
extension LayoutColumn {
    /// Appends what is to be said of the value; never the value itself.
    func value(of cell: Cell, codes: inout [RowCode]) -> CellValue {
        if cell.bytes.isEmpty || absentForms.contains(where: { cell.bytes.elementsEqual($0) }) {
            return .absent
        }
        guard cell.summary.isReadable else {
            codes.append(.unreadable)
            return .refused
        }
        let said = codes.count
        let value = type.isText ? textValue(of: cell, &codes) : narrowValue(of: cell, &codes)
        let isRefused = codes[said...].contains { $0.severity == .error }
        return isRefused ? .refused : value
    }

    private func textValue(of cell: Cell, _ codes: inout [RowCode]) -> CellValue {
        let summary = cell.summary
        var most = RegistrationLimits.longTextCharactersMax
        var mayHoldLines = false
        if case .text(let charactersMax, let lines) = type {
            most = charactersMax
            mayHoldLines = lines
        }
        if summary.characters > most { codes.append(.length) }
        let isWrongWidth =
            (width == .half && summary.hasFullWidth) || (width == .full && summary.hasHalfWidth)
        if summary.hasControl || (summary.hasLineEnd && !mayHoldLines) || isWrongWidth {
            codes.append(.charset)
        }
        if summary.hasPrivateUse { codes.append(.gaiji) }
        switch type {
        case .recipientNumber: checkRecipientNumber(cell, &codes)
        case .conditions: checkList(cell, separator: "-", &codes)
        case .pairs: checkList(cell, separator: "=", &codes)
        default: break
        }
        return .text
    }

    private func checkRecipientNumber(_ cell: Cell, _ codes: inout [RowCode]) {
        guard cell.summary.characters <= RecipientNumber.charactersMax else {
            codes.append(.length)
            return
        }
        guard cell.bytes.count == 7, let digits = Digits.values(cell.bytes) else { return }
        if !Digits.endsInLuhn(digits) { codes.append(.checkDigit) }
    }

    private func checkList(_ cell: Cell, separator: Character, _ codes: inout [RowCode]) {
        let text = cell.text ?? ""
        let isFormed = text.split(separator: ";", omittingEmptySubsequences: false).allSatisfy {
            let halves = $0.split(
                separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
            return halves.count == 2 && !halves[0].isEmpty && !halves[1].isEmpty
        }
        if !isFormed { codes.append(.format) }
    }

    /// Codes, numbers and days: read in half width. Days are folded whatever the column's width is,
    /// because 令和８年４月１日 is taken everywhere and Ｒ８．４．１ says the same.
    private func narrowValue(of cell: Cell, _ codes: inout [RowCode]) -> CellValue {
        if cell.summary.isASCII { return asciiValue(cell.bytes, &codes) }
        if width == .any || type.isDay, let folded = cell.folded {
            return asciiValue(Cell.trimmed(folded[...]), &codes)
        }
        if let value = japaneseDay(cell, &codes) { return value }
        codes.append(width == .any || type.isDay ? .format : .charset)
        return .refused
    }

    private func japaneseDay(_ cell: Cell, _ codes: inout [RowCode]) -> CellValue? {
        switch type {
        case .day(let reading):
            guard let written = cell.text.flatMap({ WrittenDay.readText($0, as: reading) }),
                let day = written.exact
            else { return nil }
            if written.isPastEraEnd { codes.append(.eraEnded) }
            return .day(day)
        case .birthDate(let reading):
            guard let text = cell.text else { return nil }
            if text == "不明" { return birthDate(WrittenDay.unknown, &codes) }
            return WrittenDay.readText(text, as: reading).map { birthDate($0, &codes) }
        case .partialDay(let reading):
            return cell.text.flatMap { WrittenDay.readPartialText($0, as: reading) }
                .map { partialDay($0, &codes) }
        default: return nil
        }
    }

    private func partialDay(_ written: WrittenDay, _ codes: inout [RowCode]) -> CellValue {
        if written.isPastEraEnd { codes.append(.eraEnded) }
        if written.day == 0 { codes.append(.unknownDay) }
        return .partialDay(written)
    }

    private func birthDate(_ written: WrittenDay, _ codes: inout [RowCode]) -> CellValue {
        if written.isPastEraEnd { codes.append(.eraEnded) }
        if written.day == 0 { codes.append(.unknownDay) }
        return .birthDate(written)
    }

    private func asciiValue(
        _ bytes: ArraySlice<UInt8>, _ codes: inout [RowCode]
    ) -> CellValue {
        let value: CellValue? =
            switch type {
            case .digits(let counts):
                bytes.allSatisfy(\.isDigit) && counts.contains(bytes.count) ? .text : nil
            case .integer(let values): Self.integer(bytes, in: values)
            case .decimal(let range):
                range.fault(in: String(decoding: bytes, as: UTF8.self)) == nil ? .text : nil
            case .code(let known):
                known.firstIndex { $0.code.utf8.elementsEqual(bytes) }.map { .code($0) }
            case .flag: Self.flag(bytes)
            case .day(let reading):
                WrittenDay.read(bytes, as: reading).flatMap { written in
                    if written.isPastEraEnd { codes.append(.eraEnded) }
                    return written.exact.map { .day($0) }
                }
            case .birthDate(let reading):
                WrittenDay.read(bytes, as: reading, mayBeUnknown: true)
                    .map { birthDate($0, &codes) }
            case .partialDay(let reading):
                WrittenDay.readPartial(bytes, as: reading).map { partialDay($0, &codes) }
            default: identifier(bytes, &codes)
            }
        if let value { return value }
        codes.append(type == .individualNumber ? .number : .format)
        return .refused
    }

    private func identifier(
        _ bytes: ArraySlice<UInt8>, _ codes: inout [RowCode]
    ) -> CellValue? {
        switch type {
        case .individualNumber:
            return (try? IndividualNumber(bytes)).map { .individualNumber($0) }
        case .payerNumber:
            guard bytes.count == 8, let digits = Digits.values(bytes) else { return nil }
            if !Digits.endsInLuhn(digits) { codes.append(.checkDigit) }
            return .text
        case .institution:
            guard let code = try? MedicalInstitutionCode(String(decoding: bytes, as: UTF8.self))
            else { return nil }
            if code.checkDigitStanding == .odd { codes.append(.checkDigit) }
            return .text
        case .municipality:
            return (try? LocalGovernmentCode(String(decoding: bytes, as: UTF8.self)))
                .map { _ in .text }
        case .base64(let most):
            let decoded = Base64.bytes(String(decoding: bytes, as: UTF8.self))
            return decoded.flatMap { $0.count <= most ? .text : nil }
        case .hexadecimal(let most):
            let decoded = Hexadecimal.bytes(String(decoding: bytes, as: UTF8.self))
            return decoded.flatMap { $0.count <= most ? .text : nil }
        default: return .text
        }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>, in values: ClosedRange<Int>)
        -> CellValue?
    {
        guard bytes.allSatisfy(\.isDigit), bytes.count <= 18 else { return nil }
        let number = bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return values.contains(number) ? .integer(number) : nil
    }

    private static func flag(_ bytes: ArraySlice<UInt8>) -> CellValue? {
        if bytes.elementsEqual("1".utf8) || bytes.elementsEqual("true".utf8) { return .flag(true) }
        if bytes.elementsEqual("0".utf8) || bytes.elementsEqual("false".utf8) {
            return .flag(false)
        }
        return nil
    }
}

extension WrittenDay {
    fileprivate static let unknown = WrittenDay(year: 0, month: 0, day: 0)
}

extension UInt8 {
    fileprivate var isDigit: Bool { self &- 0x30 < 10 }
}

/// CSVの書き出し: RFC 4180 with CRLF, in quotes only where they are needed, as municipal systems read it.
package struct CSVWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var isRowBegun = false

    package init() {}

    package mutating func field(_ value: some Collection<UInt8>) {
        if isRowBegun { bytes.append(0x2C) }
        isRowBegun = true
        // A space at either end is taken off by readers that know no better.
        let needsQuotes =
            value.first == 0x20 || value.dropFirst(max(value.count - 1, 0)).first == 0x20
            || value.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0D || $0 == 0x0A }
        guard needsQuotes else {
            bytes.append(contentsOf: value)
            return
        }
        bytes.append(0x22)
        for byte in value {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    package mutating func endRow() {
        bytes += [0x0D, 0x0A]
        isRowBegun = false
    }

    /// What was written since the last call.
    package mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

/// 表計算ソフトからの保護: a spreadsheet runs what begins like a formula, and rewrites what looks like a
/// number or a date (leading zeros, long numbers). An apostrophe in front keeps it text; the reader
/// of an error file takes that one apostrophe off again.
enum Spreadsheet {
    static let protection = UInt8(ascii: "'")

    static func isChanging(_ value: ArraySlice<UInt8>, _ characters: Characters) -> Bool {
        guard let first = value.first, (0x30...0x39).contains(first) else {
            return isFormula(value, characters)
        }
        let isNumber = value.allSatisfy { (0x30...0x39).contains($0) }
        return !isNumber || (first == 0x30 && value.count > 1) || value.count > 11
    }

    /// What would run. Numbers and dates stand as they are where a system reads the file.
    static func isFormula(_ value: ArraySlice<UInt8>, _ characters: Characters) -> Bool {
        switch value.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0A,
            0x0D, protection:
            true
        case .some(0x80...): beginsWithWideSign(value, characters)
        default: false
        }
    }

    /// Full-width signs are signs to a Japanese spreadsheet too.
    private static func beginsWithWideSign(
        _ value: ArraySlice<UInt8>, _ characters: Characters
    ) -> Bool {
        var first: Unicode.Scalar??
        characters.forEach(in: value.prefix(4)) { if first == nil { first = .some($0) } }
        // ＝ ＋ － ＠, and − as CP932 systems may write it.
        return [0xFF1D, 0xFF0B, 0xFF0D, 0xFF20, 0x2212].contains(first??.value)
    }
}

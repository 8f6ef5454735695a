/// レセプト電算処理ファイル(UKE): reads a file as a stream, in pieces of any size, and hands on one receipt
/// after another. Nothing in a file stops it: what is wrong becomes a finding with its line, and a bad
/// receipt does not lose the good ones, nor lend them its lines: after a line whose kind nobody can tell,
/// nothing is taken until the next receipt begins. Memory is one receipt and the findings, of which it
/// keeps `findingsMax`.
package struct UkeReader {
    /// Decodes bytes of the file's character set; `nil` when they are none of it.
    package typealias Decode = (ArraySlice<UInt8>) -> String?

    /// What the file says of itself as a whole.
    package struct Header: Hashable, Sendable {
        /// `nil` when the header does not say whose file it is.
        package let institution: UInt64?
        package let scoreTable: Int
        /// 請求年月.
        package let claimMonth: ServiceMonth?
        package let name: String?
    }

    package static let findingsMax = 10_000
    private static let endMark: UInt8 = 0x1A

    package private(set) var findings: [UkeFinding] = []
    /// Findings beyond `findingsMax` are counted, not kept.
    package private(set) var findingsLeftOut = 0
    package internal(set) var header: Header?
    package internal(set) var receiptCount = 0

    let layouts: UkeLayouts
    let codes: ClaimCodeLists
    let eraOverruns: EraOverruns
    let decode: Decode
    var layout: UkeLayout
    var line = 0
    var receipt: UkeReceipt?
    /// Whose receipts follow; `nil` without one usable header. A receipt without it is marked.
    var institution: UInt64?
    /// Of the record before this one, within the receipt.
    var rank = 0
    /// A line could not be told: what follows may be of another person than the receipt before it.
    var isLost = false
    var sum = UkeSum()
    var total: UkeSum.Total?
    private var carried: [UInt8] = []
    private var isSkipping = false
    private var hasEnded = false
    private var hasToldLineEnd = false
    private var hasToldAfterEnd = false

    package init(rules: ClaimRules, decode: @escaping Decode) {
        layouts = rules.layouts
        codes = rules.codes
        eraOverruns = rules.eraOverruns
        layout = rules.layouts.fallback()
        self.decode = decode
    }

    /// Takes the next bytes of the file; `receipt` is called for each receipt they complete.
    package mutating func read(
        _ bytes: ArraySlice<UInt8>, receipt give: (UkeReceipt) -> Void
    ) {
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let piece = rest[rest.startIndex..<end]
            if carried.isEmpty {
                take(piece, isWhole: true, give)
            } else {
                carried += piece
                let whole = carried
                carried.removeAll(keepingCapacity: true)
                take(whole[...], isWhole: true, give)
            }
            rest = rest[(end + 1)...]
        }
        carry(rest)
    }

    /// The file is over: hands on the last receipt and compares the total.
    package mutating func finish(receipt give: (UkeReceipt) -> Void) {
        if !carried.isEmpty || isSkipping {
            let last = carried
            carried = []
            take(last[...], isWhole: false, give)
        }
        close(give)
        if line == 0 { add(.empty, "file", atLine: 1) }
        if line > 0, header == nil { add(.headerMissing, "file", atLine: 1) }
        if line > 0, !hasEnded { add(.endMark, "file") }
        compareTotal()
    }

    mutating func add(_ code: UkeCode, _ item: String, atLine place: Int? = nil) {
        if code.severity == .error { receipt?.hasErrors = true }
        guard findings.count < Self.findingsMax else {
            findingsLeftOut += 1
            return
        }
        findings.append(
            UkeFinding(
                line: place ?? line, receipt: receipt?.number ?? 0, item: item, code: code))
    }

    private mutating func carry(_ rest: ArraySlice<UInt8>) {
        guard carried.count + rest.count <= layouts.lineBytesMax else {
            // The line cannot be read any more: its end is looked for, nothing of it is held.
            isSkipping = true
            carried.removeAll(keepingCapacity: true)
            return
        }
        if !isSkipping { carried += rest }
    }

    private mutating func take(
        _ bytes: ArraySlice<UInt8>, isWhole: Bool, _ give: (UkeReceipt) -> Void
    ) {
        let isTooLong = isSkipping || bytes.count > layouts.lineBytesMax
        isSkipping = false
        if hasEnded {
            line += 1
            return afterEnd(bytes, isTooLong: isTooLong)
        }
        if isTooLong {
            line += 1
            return lose(.lineTooLong, "file", give)
        }
        var text = bytes
        if text.last == UInt8(ascii: "\r") {
            text = text.dropLast()
        } else if isWhole, !hasToldLineEnd, !text.isEmpty {
            hasToldLineEnd = true
            add(.lineEnd, "file", atLine: line + 1)
        }
        var rest = text[text.endIndex...]
        if let mark = text.firstIndex(of: Self.endMark) {
            hasEnded = true
            rest = text[mark...]
            text = text[..<mark]
        }
        if isWhole || !text.isEmpty { line += 1 }
        if !text.isEmpty { record(text, give) }
        afterEnd(rest, isTooLong: false)
        guard !text.isEmpty else { return }
        // Only a total may stand on a last line that has no end: anything else was cut off.
        if !isWhole, !hasEnded, total?.line != line { add(.truncated, "file") }
    }

    /// Nothing behind the end mark is read; more marks and line ends are padding.
    private mutating func afterEnd(_ bytes: ArraySlice<UInt8>, isTooLong: Bool) {
        let isPadding = bytes.allSatisfy { $0 == Self.endMark || $0 == UInt8(ascii: "\r") }
        guard isTooLong || !isPadding, !hasToldAfterEnd else { return }
        hasToldAfterEnd = true
        add(.afterEnd, "file")
    }
}

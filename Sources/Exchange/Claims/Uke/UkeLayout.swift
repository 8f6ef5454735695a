/// 記録条件仕様: where each kind of receipt file keeps what. Data of `profiles/claims/uke-layouts.json`; the
/// code knows items, never positions.
package struct UkeLayouts: Sendable {
    package let lineBytesMax: Int
    package let publicsMax: Int
    package let source: RuleSource
    let kept: Set<UkeKind>
    private let layouts: [UkeLayout]

    init(reading file: RuleReader) throws(RuleFault) {
        source = try file.source()
        try file.requireOnly([
            "source", "verified", "note", "lineBytesMax", "publicsMax", "kept", "layouts",
        ])
        lineBytesMax = try file.int("lineBytesMax", in: 256...1_048_576)
        publicsMax = try file.int("publicsMax", in: 1...8)
        var kept: Set<UkeKind> = []
        for text in try file.strings("kept") {
            guard let kind = UkeKind(text) else { throw file.fault("kept", "holds no kind") }
            kept.insert(kind)
        }
        self.kept = kept
        var layouts: [UkeLayout] = []
        for row in try file.children("layouts") {
            let layout = try UkeLayout(reading: row)
            guard !layouts.contains(where: { $0.scoreTable == layout.scoreTable }) else {
                throw row.fault("scoreTable", "is given twice")
            }
            layouts.append(layout)
        }
        guard !layouts.isEmpty else { throw file.fault("layouts", "is empty") }
        self.layouts = layouts
    }

    /// The layout a header line opens: its kind, and the score table it names.
    func layout(header kind: UkeKind, fields: UkeFields) -> UkeLayout? {
        layouts.first { layout in
            guard let record = layout.records[kind], record.rank == UkeLayout.headerRank,
                let table = fields.number(record[.scoreTable])
            else { return false }
            return table == layout.scoreTable
        }
    }

    func isHeader(_ kind: UkeKind) -> Bool {
        layouts.contains { $0.records[kind]?.rank == UkeLayout.headerRank }
    }

    /// 処方箋の発行元ごと: whether such an institution writes a receipt for each prescriber, by the score table in
    /// its code.
    func isPerPrescriber(institution code: UInt64) -> Bool {
        let table = Int(code / 10_000_000 % 10)
        return layouts.contains { $0.scoreTable == table && $0.isPerPrescriber }
    }

    /// Any layout's form of a record: for a file whose header is missing or unknown.
    func fallback() -> UkeLayout { layouts[0] }
}

/// One kind of file: medical, dental or pharmacy.
struct UkeLayout: Sendable {
    static let headerRank = 0
    static let receiptRank = 2
    static let totalRank = 20

    let scoreTable: Int
    let name: BilingualText
    /// One receipt for each institution that prescribed: several of one patient and month are right.
    let isPerPrescriber: Bool
    let records: [UkeKind: UkeRecordForm]

    init(reading row: RuleReader) throws(RuleFault) {
        try row.requireOnly(["scoreTable", "name", "receiptPerPrescriber", "records"])
        scoreTable = try row.int("scoreTable", in: 1...9)
        name = try row.text("name")
        isPerPrescriber =
            row.object["receiptPerPrescriber"] == nil
            ? false : try row.bool("receiptPerPrescriber")
        var records: [UkeKind: UkeRecordForm] = [:]
        for record in try row.children("records") {
            let form = try UkeRecordForm(reading: record)
            guard records.updateValue(form, forKey: form.kind) == nil else {
                throw record.fault("kind", "is given twice")
            }
        }
        self.records = records
        try requireItems(row)
    }

    /// What a reconciliation cannot do without.
    private func requireItems(_ row: RuleReader) throws(RuleFault) {
        let needed: [(UkeKind?, [UkeItem])] = [
            (header, [.prefecture, .scoreTable, .institution]),
            (.receipt, [.number, .type, .month, .sex, .birth]), (.insurer, [.insurer, .points]),
            (.publicPayer, [.payer, .recipient, .points]), (.total, [.count, .points]),
        ]
        for (kind, items) in needed {
            guard let kind, let form = records[kind] else {
                throw row.fault("records", "leaves out a record every file has")
            }
            for item in items where form[item] == nil {
                throw row.fault("records", "\(kind.text) does not say where \(item.text) is")
            }
        }
    }

    private var header: UkeKind? {
        records.values.first { $0.rank == Self.headerRank }?.kind
    }
}

/// One record of a layout. Fields count from 1, the record identifier.
struct UkeRecordForm: Sendable {
    let kind: UkeKind
    let rank: Int
    let fields: ClosedRange<Int>
    private let places: [UInt8]

    subscript(item: UkeItem) -> Int? {
        let place = Int(places[item.index])
        return place == 0 ? nil : place
    }

    init(reading row: RuleReader) throws(RuleFault) {
        try row.requireOnly(["kind", "rank", "fieldsMin", "fieldsMax", "items"])
        guard let kind = UkeKind(try row.string("kind")) else {
            throw row.fault("kind", "is not of one or two characters")
        }
        self.kind = kind
        rank = try row.int("rank", in: 0...UkeLayout.totalRank)
        let most = try row.int("fieldsMax", in: 1...250)
        fields = try row.int("fieldsMin", in: 1...most)...most
        var places = [UInt8](repeating: 0, count: UkeItem.allCases.count)
        for item in try row.optionalChildren("items") {
            try item.requireOnly(["item", "field"])
            guard let name = UkeItem(named: try item.string("item")) else {
                throw item.fault("item", "is unknown")
            }
            guard places[name.index] == 0 else { throw item.fault("item", "is given twice") }
            places[name.index] = UInt8(try item.int("field", in: 2...most))
        }
        self.places = places
    }
}

/// レコード識別情報: one or two characters.
package struct UkeKind: Hashable, Sendable {
    let code: UInt16

    static let receipt = UkeKind(code: 0x5245)  // RE
    static let insurer = UkeKind(code: 0x484F)  // HO
    static let publicPayer = UkeKind(code: 0x4B4F)  // KO
    static let days = UkeKind(code: 0x4A44)  // JD
    static let total = UkeKind(code: 0x474F)  // GO

    private init(code: UInt16) { self.code = code }

    init?(_ text: String) { self.init(Array(text.utf8)) }

    init?(_ bytes: some RandomAccessCollection<UInt8>) {
        guard (1...2).contains(bytes.count),
            bytes.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
        else { return nil }
        code = bytes.reduce(0) { $0 << 8 | UInt16($1) }
    }

    package var text: String {
        let bytes = [UInt8(code >> 8), UInt8(code & 0xFF)]
        return String(decoding: bytes.drop { $0 == 0 }, as: UTF8.self)
    }
}

/// What a reconciliation asks of a record, by the name the data gives it.
enum UkeItem: UInt8, CaseIterable, Sendable {
    case reviewBody, prefecture, scoreTable, institution, institutionName, claimMonth, volume
    case number, type, month, name, sex, birth, specialNotes, searchNumber
    case insurer, days, points, copayment, mealTimes, mealYen, dutyReason
    case payer, recipient, payerKind, firstDay, count
    case prescriberPrefecture, prescriberTable, prescriber

    init?(named name: String) {
        guard let item = Self.allCases.first(where: { $0.text == name }) else { return nil }
        self = item
    }

    var text: String { "\(self)" }
    var index: Int { Int(rawValue) }
}

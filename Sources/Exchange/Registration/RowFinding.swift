/// What is wrong, or worth a look, with one row of a registration: the item by its JSON name, a
/// closed code, and in both languages what to do. It never holds a value of the row; a row of a
/// file tells what kind of value it was.
package struct RowFinding: Hashable, Sendable {
    /// Place in the array, from 0.
    package let index: Int
    package let item: String
    package let code: RowCode
    /// For a row of a file.
    package let cell: CellAccount?
    /// What the layout of a file says of the item.
    private let about: RowItem?

    package init(index: Int, item: String, code: RowCode) {
        self.index = index
        self.item = item
        self.code = code
        cell = nil
        about = nil
    }

    /// `line` is the physical line of a file.
    init(line: Int, item: String, code: RowCode, cell: CellAccount?, about: RowItem?) {
        index = line - 1
        self.item = item
        self.code = code
        self.cell = cell
        self.about = about
    }

    /// Place in the array, or line of the file, from 1, as a clerk counts.
    package var line: Int { index + 1 }
    package var severity: FindingSeverity { code.severity }
    package var ja: String { code.ja(about ?? RowItem(named: item), item) }
    package var en: String { code.en(about ?? RowItem(named: item), item) }

    package func write(into writer: inout JSONWriter) {
        WrittenFinding(
            line: line, item: item, code: code.rawValue, severity: severity, cell: cell,
            text: BilingualText(ja: ja, en: en)
        ).write(into: &writer)
    }
}

/// A row that was not taken, with everything that was found in it: errors and warnings.
package struct RowRefusal: Error, Hashable, Sendable {
    package let findings: [RowFinding]

    package init(_ findings: [RowFinding]) {
        self.findings = findings
    }
}

/// 行の結果コード: the closed set of what can be said of a row. The raw value is stored and stays.
package enum RowCode: String, CaseIterable, Hashable, Sendable {
    case required
    case format
    case length
    case charset
    case dateOrder = "date-order"
    case number
    case individualNumberElsewhere = "individual-number-elsewhere"
    case duplicateKey = "duplicate-key"
    case unknownType = "unknown-type"
    case unknownCode = "unknown-code"
    case notOwnResident = "not-own-resident"
    case custodyLost = "custody-lost"
    case staleHistory = "stale-history"
    case ticketNotOpen = "ticket-not-open"
    case anotherPerson = "another-person"
    case sequenceReused = "sequence-reused"
    case dayAhead = "day-ahead"
    case correctsAnother = "corrects-another"
    // Of a merge of records, and of its undoing.
    case mergeNotResident = "merge-not-resident"
    case mergeAlready = "merge-already"
    case mergeAlone = "merge-alone"
    case mergeKind = "merge-kind"
    case mergeCertificate = "merge-certificate"
    case mergeBills = "merge-bills"
    case mergeDoses = "merge-doses"
    case mergeQuestionnaires = "merge-questionnaires"
    case mergeMaternal = "merge-maternal"
    case mergeRelations = "merge-relations"
    case mergeEmergency = "merge-emergency"
    case mergeUnderReview = "merge-under-review"
    case mergeUsed = "merge-used"
    /// Answers, and what is of mothers and children, sensitive or not; the two kinds above were told apart by
    /// an earlier release.
    case mergeHeld = "merge-held"
    case mergesTooMany = "merges-too-many"
    case priceOverlap = "price-overlap"
    // Of a checkup's result.
    case unknownKey = "unknown-key"
    case beforeBirth = "before-birth"
    case resultOfAnother = "result-of-another"
    case resultUnknown = "result-unknown"
    case resultWithdrawn = "result-withdrawn"
    case nothingFound = "nothing-found"
    // Of a receipt in a payment body's list.
    case tooManyPublics = "too-many-publics"
    case receiptDiffers = "receipt-differs"
    // Of a scheme master.
    case schemeOfAnother = "scheme-of-another"
    case schemeOverlap = "scheme-overlap"
    case consentDiffers = "consent-differs"
    /// 別の人のカード: one that is bound to somebody else.
    case cardOfAnother = "card-of-another"
    // Of a dose in a municipality's own ledger.
    case pastDoseOfAnother = "past-dose-of-another"
    case pastDoseUnknown = "past-dose-unknown"
    case pastDoseWithdrawn = "past-dose-withdrawn"
    // Of the days of a season.
    case seasonOfAnother = "season-of-another"
    case seasonBeyondLaw = "season-beyond-law"
    case seasonOverlap = "season-overlap"
    /// 行の中の食い違い: of the right form, and not what the rest of the row allows.
    case contradicts
    // Of a row of a file.
    case unreadable
    case fieldCount = "field-count"
    case quoting

    case checkDigit = "check-digit"
    case unknownItem = "unknown-item"
    case unknownDay = "unknown-day"
    case kanaMissing = "kana-missing"
    case gaiji
    case periodOverlap = "period-overlap"
    case identityMismatch = "identity-mismatch"
    case underReview = "under-review"
    case eraEnded = "era-ended"
    case correctsUnknown = "corrects-unknown"
    case outsideWindow = "outside-window"
    case notOfCheckup = "not-of-checkup"
    case outsideSeason = "outside-season"
    case secondPersonAwaited = "second-person-awaited"
    case capUncounted = "cap-uncounted"
    /// 新しい登録あり: known after the moment of the file, whose row is left.
    case newerStands = "newer-stands"
    /// 消すものなし: the row takes away what was never registered.
    case nothingStands = "nothing-stands"
    case vaccineUnknown = "vaccine-unknown"
    case productUnspecified = "product-unspecified"
    case doseKnown = "dose-known"
    case doseOutsideAct = "dose-outside-act"

    package var severity: FindingSeverity {
        switch self {
        case .required, .format, .length, .charset, .dateOrder, .number,
            .individualNumberElsewhere, .duplicateKey, .unknownType, .unknownCode, .notOwnResident,
            .custodyLost, .staleHistory, .ticketNotOpen, .priceOverlap, .anotherPerson,
            .sequenceReused, .dayAhead, .correctsAnother, .mergeNotResident, .mergeAlready,
            .mergeAlone, .mergeKind, .mergeCertificate, .mergeBills, .mergeDoses,
            .mergeQuestionnaires, .mergeMaternal, .mergeRelations, .mergeEmergency,
            .mergeUnderReview, .mergeUsed, .mergeHeld, .mergesTooMany, .unknownKey, .beforeBirth,
            .resultOfAnother,
            .resultUnknown, .resultWithdrawn, .nothingFound, .tooManyPublics, .receiptDiffers,
            .schemeOfAnother, .schemeOverlap, .consentDiffers, .seasonOfAnother, .seasonBeyondLaw,
            .seasonOverlap, .pastDoseOfAnother, .pastDoseUnknown, .pastDoseWithdrawn, .unreadable,
            .fieldCount, .quoting, .contradicts, .cardOfAnother:
            .error
        case .checkDigit, .unknownItem, .unknownDay, .kanaMissing, .gaiji, .periodOverlap,
            .identityMismatch, .underReview, .eraEnded, .correctsUnknown, .outsideWindow,
            .notOfCheckup, .outsideSeason, .secondPersonAwaited, .capUncounted, .vaccineUnknown,
            .productUnspecified, .doseKnown, .doseOutsideAct, .newerStands, .nothingStands:
            .warning
        }
    }
}

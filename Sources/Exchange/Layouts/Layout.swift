/// レイアウト: how one kind of municipal file is written, from one day to another. Data in
/// `profiles/layouts/`; a change of a form is a file.
package struct Layout: Hashable, Sendable {
    package enum Header: Hashable, Sendable {
        case none
        /// One line with the names of the columns, in any order where the layout allows it.
        case names(isAnyOrder: Bool)
    }

    /// What a file says of rows it does not hold.
    package enum Extent: String, Hashable, Sendable {
        /// 差分: nothing.
        case difference
        /// 全件, and whoever is missing in it has ended.
        case fullEndsMissing = "full-ends-missing"
        /// 全件, but nobody ends by being left out.
        case full
    }

    /// 期間: the last day is not before the first.
    package struct Period: Hashable, Sendable {
        package let from: Int
        package let to: Int
    }

    /// By what the command and the acknowledgement call it: `entitlements`.
    package let code: String
    package let name: BilingualText
    /// Field of the exchange: files wait for each other only within one.
    package let field: String
    package let effectiveFrom: CalendarDay
    /// Last day; `nil` while it stands.
    package let effectiveTo: CalendarDay?
    /// Accepted encodings; the first is taken for a file that is ASCII throughout.
    package let encodings: [TextEncoding]
    package let header: Header
    package let extent: Extent
    package let columns: [LayoutColumn]
    /// Columns that name a row together; empty where rows have no key.
    package let key: [Int]
    /// Two rows of one file with the same key contradict each other. Not so for condition rows.
    package let isKeyUnique: Bool
    package let periods: [Period]
    package let confirmation: ConfirmationRule
    /// 内密: of a value nothing is told, not its length either, where a length is half an answer; and a row is
    /// kept no longer than there is something to mend or to decide.
    package let isConfidential: Bool
    package let source: RuleSource

    package func column(_ item: String) -> Int? { columns.firstIndex { $0.item == item } }

    package func isInForce(on day: CalendarDay) -> Bool {
        effectiveFrom <= day && (effectiveTo.map { day <= $0 } ?? true)
    }

    /// 同一人の記録の統合: a row may say that two records are one, which one person alone never does.
    package var mayMergeRecords: Bool { column("mergedIdentityKey") != nil }

    /// Mended rows alone (`isMending`) say nothing of the rows that were taken before.
    package func endsWhatIsMissing(isMending: Bool) -> Bool {
        extent == .fullEndsMissing && !isMending
    }
}

/// Every layout of one version of the rules.
package struct Layouts: Hashable, Sendable {
    package let all: [Layout]

    /// The layout called `code` that stands on `day`.
    package func layout(_ code: String, on day: CalendarDay) -> Layout? {
        all.first { $0.code == code && $0.isInForce(on: day) }
    }

    /// Reads `layouts/*.json` among the files of `profiles/`, all or nothing.
    package init(reading files: [String: [UInt8]]) throws(RuleFault) {
        try self.init(of: RuleFolder(files: files))
    }

    /// Versions kept from before eras could be written on (`isKept`) take none.
    init(of folder: RuleFolder, isKept: Bool = false) throws(RuleFault) {
        let isOlder = isKept && folder.files[EraOverruns.path] == nil
        let overruns =
            isOlder ? EraOverruns.none : try EraOverruns(reading: folder.file(EraOverruns.path))
        var all: [Layout] = []
        for file in try folder.readers(in: "layouts/") {
            let layout = try Layout(reading: file, past: overruns)
            guard !all.contains(where: { $0.overlaps(layout) }) else {
                throw file.fault("effectiveFrom", "overlaps another layout of the same code")
            }
            all.append(layout)
        }
        self.all = all
    }
}

extension Layout {
    fileprivate func overlaps(_ other: Layout) -> Bool {
        guard code == other.code else { return false }
        let startsAfter = other.effectiveTo.map { effectiveFrom > $0 } ?? false
        let endsBefore = effectiveTo.map { $0 < other.effectiveFrom } ?? false
        return !startsAfter && !endsBefore
    }
}

/// 制度マスタ of one body, as it becomes by the rows of a file: the program file of
/// `profiles/subsidy/programs/` that the body itself may say. Pure: the same rows over the same rules give
/// the same file.
package struct SchemeMaster: Hashable, Sendable {
    /// What became of one row.
    package enum Verdict: Hashable, Sendable {
        case added
        case changed
        case unchanged
        case refused(RowFinding)
    }

    fileprivate struct Program: Hashable {
        let type: String
        let from: CalendarDay
        var to: CalendarDay?
        var name: BilingualText
        var consentKind: ConsentKind
        var lawNumber: String?
        var priority: Int
        var requiresDesignation: Bool
        var segments: [SubsidyProgram.CodedText]
        var conditions: [SubsidyProgram.CodedText]
        /// The body itself said it, or it was checked before.
        var isVerified: Bool

        var period: EffectivePeriod { EffectivePeriod(from: from, to: to) }
    }

    package let body: String
    private let name: BilingualText
    private let laws: Set<String>
    private let kinds: Set<ConsentKind>
    /// Of a type that is new: open, unless the row says otherwise.
    private let usualKind: ConsentKind?
    private var programs: [Program]

    package init(of body: String, in book: RuleBook) {
        self.body = body
        name = book.subsidy.bodyName(body)
        laws = Set(book.subsidy.lawNumberOrder)
        kinds = Set(book.consentKinds.filter { $0.field == "subsidy" }.map(\.kind))
        usualKind = Self.usualKind(in: book)
        programs = book.subsidy.programs.filter { $0.body == body }.map(Program.init)
    }

    static func usualKind(in book: RuleBook) -> ConsentKind? {
        book.consentKinds.first { $0.field == "subsidy" && $0.isOnByDefault && !$0.isSensitive }?
            .kind
    }

    /// In the order of the rows: types before the codes that belong to them, and what ends a period
    /// before what begins the next.
    package mutating func take(_ rows: [SchemeMasterRow]) -> [Verdict] {
        var verdicts: [Int: Verdict] = [:]
        var confirmed: [Int] = []
        let order = rows.indices.sorted { left, right in
            (rank(rows[left]), rows[left].from, left) < (rank(rows[right]), rows[right].from, right)
        }
        for place in order {
            let row = rows[place]
            guard row.body == body else {
                verdicts[place] = .refused(row.finding("municipality", .schemeOfAnother))
                continue
            }
            switch row.kind {
            case .type(let terms):
                let isUnverified = self.place(row).map { !programs[$0].isVerified } ?? false
                let verdict = take(terms, row)
                verdicts[place] = verdict
                if isUnverified, verdict == .unchanged { confirmed.append(place) }
            case .income, .condition: verdicts[place] = takeCode(row)
            }
        }
        // A file is verified as a whole: what the body says in the same words is a change where it is the
        // last that was missing, and otherwise leaves the file as it is.
        if programs.allSatisfy(\.isVerified) {
            for place in confirmed { verdicts[place] = .changed }
        }
        return rows.indices.map { verdicts[$0] ?? .unchanged }
    }

    private func rank(_ row: SchemeMasterRow) -> Int {
        guard case .type = row.kind else { return 2 }
        return place(row) == nil ? 1 : 0
    }

    private func place(_ row: SchemeMasterRow) -> Int? {
        programs.firstIndex { $0.type == row.certificateTypeID && $0.from == row.from }
    }

    private mutating func take(_ terms: SchemeMasterRow.Terms, _ row: SchemeMasterRow) -> Verdict {
        let held = place(row)
        // A new period of a type is what the one before it was, in all that the row leaves out.
        let model =
            held.map { programs[$0] }
            ?? programs.filter { $0.type == row.certificateTypeID }.max { $0.from < $1.from }
        let to = terms.last(over: held.flatMap { programs[$0].to })
        if let to, to < row.from {
            return .refused(row.finding("effectiveTo", .dateOrder))
        }
        guard let kind = terms.consentKind ?? model?.consentKind ?? usualKind,
            kinds.contains(kind)
        else { return .refused(row.finding("consentKind", .unknownCode)) }
        // What residents agreed to, or left out, is not turned into another kind by a file.
        if let model, model.consentKind != kind {
            return .refused(row.finding("consentKind", .consentDiffers))
        }
        guard let priority = terms.priority ?? model?.priority else {
            return .refused(row.finding("priority", .required))
        }
        let law = terms.payerNumber.map { String($0.prefix(2)) }
        let lawNumber = law.flatMap { laws.contains($0) ? $0 : nil }
        let program = Program(
            type: row.certificateTypeID, from: row.from, to: to,
            name: row.bilingual(over: model?.name), consentKind: kind,
            lawNumber: law == nil ? model?.lawNumber : lawNumber,
            priority: priority,
            requiresDesignation: terms.requiresDesignation ?? model?.requiresDesignation ?? false,
            segments: model?.segments ?? [], conditions: model?.conditions ?? [],
            isVerified: true)
        let contradicts = programs.indices.contains { place in
            place != held && programs[place].type == program.type
                && programs[place].period.overlaps(program.period)
        }
        if contradicts { return .refused(row.finding("effectiveFrom", .schemeOverlap)) }
        guard let held else {
            programs.append(program)
            return .added
        }
        var before = programs[held]
        before.isVerified = program.isVerified
        programs[held] = program
        return before == program ? .unchanged : .changed
    }

    private mutating func takeCode(_ row: SchemeMasterRow) -> Verdict {
        guard let place = place(row) else {
            return .refused(row.finding("orgSpecificCertificateTypeId", .unknownType))
        }
        switch row.kind {
        case .type: return .unchanged
        case .income(let code): return row.put(code, in: &programs[place].segments)
        case .condition(let item, let code):
            return row.put("\(item)-\(code)", in: &programs[place].conditions)
        }
    }

    /// `subsidy/programs/…`.
    package var path: String { "subsidy/programs/\(body).json" }

    /// The file, with where it comes from; `registeredBy` says that it stands over an operator's folder
    /// (`RegisteredFiles`).
    package func file(from source: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { file in
            file.member("source", source)
            file.member(
                "verified", programs.allSatisfy(\.isVerified) ? "verified" : "unverified")
            file.member(RegisteredFiles.mark, body)
            file.member("body", body)
            file.member("name", name)
            file.array("programs") { list in
                for program in programs.sorted(by: { ($0.type, $0.from) < ($1.type, $1.from) }) {
                    list.object { program.write(to: &$0) }
                }
            }
        }
        return writer.bytes
    }
}

extension SchemeMaster.Program {
    fileprivate init(_ program: SubsidyProgram) {
        self.init(
            type: program.certificateTypeID, from: program.effective.from,
            to: program.effective.to, name: program.name, consentKind: program.consentKind,
            lawNumber: program.lawNumber, priority: program.priority,
            requiresDesignation: program.requiresDesignation, segments: program.incomeSegments,
            conditions: program.additionalConditions, isVerified: program.source.isVerified)
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("certificateTypeID", type)
        writer.member("name", name)
        writer.member("consentKind", consentKind.code)
        writer.member("lawNumber", lawNumber)
        writer.member("priority", priority)
        writer.member("effectiveFrom", from.text)
        writer.member("effectiveTo", to?.text)
        writer.member("requiresDesignation", requiresDesignation)
        for (member, codes) in [
            ("incomeSegments", segments), ("additionalConditions", conditions),
        ] {
            writer.array(member) { list in
                for code in codes {
                    list.object {
                        $0.member("code", code.code)
                        $0.member("name", code.name)
                    }
                }
            }
        }
    }
}

extension SchemeMasterRow.Terms {
    /// The last day over the one that stands; a period that is new has no other's.
    fileprivate func last(over held: CalendarDay?) -> CalendarDay? {
        switch end {
        case .unsaid: held
        case .open: nil
        case .on(let day): day
        }
    }
}

extension SchemeMasterRow {
    /// Without an English name of its own it keeps the one that it had, or is called as in Japanese.
    fileprivate func bilingual(over held: BilingualText?) -> BilingualText {
        let known = held.flatMap { $0.ja == name ? $0.en : nil }
        return BilingualText(ja: name, en: nameEnglish ?? known ?? name)
    }

    fileprivate func put(
        _ code: String, in codes: inout [SubsidyProgram.CodedText]
    ) -> SchemeMaster.Verdict {
        guard let place = codes.firstIndex(where: { $0.code == code }) else {
            codes.append(.init(code: code, name: bilingual(over: nil)))
            return .added
        }
        let renamed = SubsidyProgram.CodedText(
            code: code, name: bilingual(over: codes[place].name))
        defer { codes[place] = renamed }
        return codes[place] == renamed ? .unchanged : .changed
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: String, _ text: BilingualText) {
        object(name) {
            $0.member("ja", text.ja)
            $0.member("en", text.en)
        }
    }
}

/// The sentences of what is wrong with a row of a scheme master.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofScheme(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .schemeOfAnother:
            BilingualText(
                ja: "\(what)がこのファイルを送った団体の市区町村コードではありません。貴団体の制度だけを送ってください。",
                en:
                    "\(name) is not the code of the body that sent the file. Send your own schemes alone."
            )
        case .schemeOverlap:
            BilingualText(
                ja: "\(what)からの期間が、同じ受給者証種別の別の期間と重なっています。前の期間の適用終了日を同じファイルで入れ、"
                    + "この行だけを送り直してください。",
                en:
                    "\(name) begins a period in which another row of this certificate type holds. Give the "
                    + "last day of that row in the same file, and send this row alone again.")
        case .consentDiffers:
            BilingualText(
                ja: "\(what)が、この受給者証種別の今の同意区分と違います。住民の同意はファイルでは変えられません。"
                    + "空欄にしてこの行だけを送り直すか、運用者に相談してください。",
                en:
                    "\(name) differs from the kind of consent that this certificate type has. A file does "
                    + "not change what residents agreed to: leave it empty and send this row alone "
                    + "again, or ask the operator.")
        default: nil
        }
    }
}

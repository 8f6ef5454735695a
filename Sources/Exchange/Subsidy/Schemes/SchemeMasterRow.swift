/// 制度マスタの一行: a certificate type of a body's own, or a code that its certificates may carry. It speaks of no
/// resident. No standard gives the file a form; its items are those that entitlements refer to.
package struct SchemeMasterRow: Sendable {
    package enum Kind: Sendable {
        /// 受給者証種別.
        case type(Terms)
        /// 所得区分.
        case income(code: String)
        /// 追加条件.
        case condition(item: String, code: String)
    }

    /// 種別の定め; what is not said stays as it stands.
    package struct Terms: Sendable {
        package let end: End
        package let payerNumber: String?
        package let consentKind: ConsentKind?
        package let priority: Int?
        package let requiresDesignation: Bool?
    }

    /// 適用終了日.
    package enum End: Hashable, Sendable {
        /// The row says nothing of it. What is new has none.
        case unsaid
        /// 99999999: there is none, or none any more.
        case open
        case on(CalendarDay)
    }

    /// Place in the file, from 0.
    package let index: Int
    /// 実施機関 as the row names it.
    package let body: String
    package let certificateTypeID: String
    package let kind: Kind
    /// 名称; the English one, where it is given.
    package let name: String
    package let nameEnglish: String?
    package let from: CalendarDay

    /// Which type, and which of its periods, the row or its code belongs to (`SubsidyProgram.ownKey`).
    package var programKey: String { "\(certificateTypeID)\t\(from.text)" }

    /// What of it the row speaks of: its terms, or one of its codes. A later word on one is none on another.
    package var programPart: String {
        switch kind {
        case .type: "1"
        case .income(let code): "2\t\(code)"
        case .condition(let item, let code): "3\t\(item)\t\(code)"
        }
    }

    package func finding(_ item: String, _ code: RowCode) -> RowFinding {
        RowFinding(index: index, item: item, code: code)
    }
}

extension CheckedRow {
    /// Its layout has judged every value; what rows say together is judged when they are compared.
    package var schemeMasterRow: Result<SchemeMasterRow, RowRefusal> {
        var reader = RowReader(object, index: line - 1, number: .besideTheRow)
        return reader.schemeMasterRow(isEndless: saysNone("effectiveTo"))
    }
}

extension RowReader {
    fileprivate mutating func schemeMasterRow(
        isEndless: Bool
    ) -> Result<SchemeMasterRow, RowRefusal> {
        let body = text("municipality", charactersMax: 6)
        let type = text("orgSpecificCertificateTypeId", charactersMax: 50)
        let word = text("kind", charactersMax: 1)
        let name = text("name", charactersMax: 100)
        let english = text("nameEnglish", charactersMax: 100, isRequired: false)
        let from = day("effectiveFrom")
        let kind: SchemeMasterRow.Kind? =
            switch word {
            case "1": .type(schemeTerms(isEndless: isEndless))
            case "2": text("code", charactersMax: 100).map { .income(code: $0) }
            case "3": schemeCondition()
            default: nil
            }
        guard !hasErrors, let body, let type, let kind, let name, let from else {
            return .failure(RowRefusal(findings))
        }
        return .success(
            SchemeMasterRow(
                index: index, body: body, certificateTypeID: type, kind: kind, name: name,
                nameEnglish: english, from: from))
    }

    private mutating func schemeTerms(isEndless: Bool) -> SchemeMasterRow.Terms {
        let kind = parsed("consentKind", isRequired: false) { text throws(Refusal) in
            try ConsentKind(text)
        }
        let to = day("effectiveTo", isRequired: false)
        return SchemeMasterRow.Terms(
            end: to.map { SchemeMasterRow.End.on($0) } ?? (isEndless ? .open : .unsaid),
            payerNumber: text("payerNumber", charactersMax: 8, isRequired: false),
            consentKind: kind, priority: int("priority", in: 0...9999, isRequired: false),
            requiresDesignation: bool("requiresDesignation", isRequired: false))
    }

    private mutating func schemeCondition() -> SchemeMasterRow.Kind? {
        guard let item = text("item", charactersMax: 100),
            let code = text("code", charactersMax: 100)
        else { return nil }
        return .condition(item: item, code: code)
    }
}

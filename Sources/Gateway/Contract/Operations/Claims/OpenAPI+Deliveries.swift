import Exchange

/// 連携: what bodies receive, each field by itself.
extension OpenAPI {
    static let deliveries = deliveries(on: .office)
    static let institutionNotices = deliveries(on: .institution)

    private static func deliveries(on listener: Listener) -> [Operation] {
        DeliveryField.allCases.filter { $0.listener == listener }.map { operation(of: $0) }
    }

    private static func operation(of field: DeliveryField) -> Operation {
        Operation(
            method: .get, path: "/deliveries/\(field.rawValue)", id: "receive\(field.id)Lines",
            field: "deliveries", ja: field.ja,
            en: field.en + " At least once and in one order; `_cursor` acknowledges. What was "
                + "corrected comes again, and what is the body's no longer comes as withdrawn. The "
                + "line of each entry is in its extension "
                + "(profiles/fhir/StructureDefinition-delivery.json). Every resident shown is on the "
                + "record.",
            token: field.listener == .institution ? .none : .officeIfAny, parameters: parameters,
            answers: [answer],
            refusals: Refusals.ofAccess
                + (field.listener == .institution ? [] : Refusals.ofOfficeToken) + [
                    .malformed("_cursor"), .rulesUnknown,
                ])
    }

    private static var answer: Operation.Answer {
        var answer = Operation.Answer.fhir(
            .reference("Bundle"),
            "A searchset; `next` has the cursor to go on from. As CSV the same lines, the cursor of the "
                + "next page in `Link`.")
        answer.otherMediaTypes = ["text/csv"]
        return answer
    }

    private static let parameters: [Operation.Parameter] = [
        .init(
            name: "_cursor", place: .query, schema: .integer,
            note: "ここまで受け取った位置。省くと、最後に受け取ったと伝えた位置の続きです。 / Received up to here; without "
                + "it, what comes after the last place that was said so of."),
        .lineCount, tableEncoding, .operatorID,
    ]

    static let tableEncoding = Operation.Parameter(
        name: "encoding", place: .query, schema: .codes(TextEncoding.allCases.map(\.rawValue)),
        note:
            "CSVの文字コード。CSVは `Accept: text/csv` でも選べます。 / Of CSV, which `Accept: text/csv` asks "
            + "for too; without it UTF-8 with its mark.")
}

extension DeliveryField {
    fileprivate var id: String {
        switch self {
        case .subsidy: "Subsidy"
        case .immunization: "Immunization"
        case .maternal: "Maternal"
        case .maternalSensitive: "SensitiveMaternal"
        case .checks: "CheckNotice"
        case .lapses: "LapseNotice"
        case .claims: "Claim"
        }
    }

    fileprivate var ja: String {
        switch self {
        case .subsidy: "自分の登録によらない受給資格の異動を受け取る"
        case .immunization: "住民の接種記録を、台帳と請求の行として受け取る"
        case .maternal: "住民の健診結果を、台帳と請求の行として受け取る"
        case .maternalSensitive: "住民の、特に慎重に扱う健診項目を受け取る"
        case .checks: "資格確認の回答が後から変わった知らせを受け取る"
        case .lapses: "失効した予約の知らせを受け取る"
        case .claims: "自分の制度の窓口会計を受け取る"
        }
    }

    fileprivate var en: String {
        switch self {
        case .subsidy:
            "What became of the body's entitlements that no row of its own said: a review that was "
                + "settled, the end of what a whole list no longer names, a move."
        case .immunization:
            "Doses of the municipality's residents: lines of its ledger, and claims; and what other "
                + "municipalities' own ledgers told of who lives there."
        case .maternal: "Checkups of the municipality's residents: lines of its ledger, and claims."
        case .maternalSensitive:
            "Sensitive items of checkups, for a municipality that the registry designates for them."
        case .checks:
            "Checks on days that a certificate has since lost, by a row, a file or an event: which answer, "
                + "what it is now, and what to do with bill and claim."
        case .lapses:
            "Reservations of the institution's own that were neither confirmed nor voided until the end "
                + "of their day: which bill, and what to do."
        case .claims: "Bills on the body's certificates that were confirmed, or voided after that."
        }
    }
}

/// 記録からの請求: a vaccination or a checkup that became a claim by being recorded, as a month settles it. Its
/// findings were made when it was recorded; nothing is typed again.
package struct RecordClaim: Sendable {
    package enum Field: String, CaseIterable, Sendable {
        case immunization, checkup
    }

    /// Why it is not simply paid.
    package enum Hindrance: Hashable, Sendable {
        /// 単価待ち
        case awaitingPrice
        case refused(CheckupClaimRefusal)
    }

    package let field: Field
    package let id: RecordID
    package let version: Int
    package let institution: String
    /// Our code of schedule or checkup.
    package let programme: String
    package let day: CalendarDay
    /// 委託単価 and what the resident keeps of it, in yen; `nil` where none was agreed on.
    package let unitYen: Int?
    package let copaymentYen: Int
    private let refusal: CheckupClaimRefusal?

    package init(
        _ field: Field, id: (record: RecordID, version: Int), institution: String,
        programme: (code: String, day: CalendarDay), yen: (unit: Int?, copayment: Int),
        refusal: CheckupClaimRefusal? = nil
    ) {
        self.field = field
        self.id = id.record
        version = id.version
        self.institution = institution
        self.programme = programme.code
        day = programme.day
        unitYen = yen.unit
        copaymentYen = yen.copayment
        self.refusal = refusal
    }

    package var hindrance: Hindrance? {
        if let refusal { return .refused(refusal) }
        return unitYen == nil ? .awaitingPrice : nil
    }

    package var standing: ClaimStanding {
        switch hindrance {
        case nil: .accepted
        case .awaitingPrice: .questioned
        case .refused: .rejected
        }
    }

    package var claimedYen: Int { (unitYen ?? 0) - copaymentYen }
}

extension RecordClaim.Hindrance {
    package var code: String {
        switch self {
        case .awaitingPrice: VaccinationClaimStatus.awaitingPrice.code
        case .refused(let refusal): refusal.rawValue
        }
    }

    package var text: BilingualText {
        switch self {
        case .awaitingPrice:
            .init(
                ja: "委託単価が登録されていません。実施機関と市区町村で単価を確かめ、登録してください。",
                en: "No price was agreed for it. Agree on one, and register it in the rules.")
        case .refused(let refusal): refusal.text
        }
    }
}

extension RecordClaim {
    /// 消えた記録の行: what a closing counted of a record that claims nothing any more, in the place of its row
    /// (`row`). `told` is what a run tells of it. Throws `.malformed` for what no run told.
    package static func goneRow(_ told: String) throws(Refusal) -> [String] {
        let claim = try ToldClaim(reading: told, id: "")
        return [
            claim.institution ?? "", claim.month, claim.field?.rawValue ?? "", "", "", "1", "",
            claim.publics.isEmpty ? "" : String(claim.copayment),
            claim.amount.map { String($0) } ?? "", "withdrawn", "",
            "締めた後に記録が取り消されたか、別の月または別の市区町村の請求になりました。",
            "支払った額は、実施機関に返してもらうか、次の支払から差し引いてください。",
            claim.programme ?? "", claim.day ?? "",
        ]
    }
}

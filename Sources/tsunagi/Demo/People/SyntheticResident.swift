import Exchange

/// 架空の住民: one invented person, with what offices would say of them.
struct SyntheticResident: Sendable {
    enum Place: Int, Sendable {
        case mother, firstChild, secondChild, single
    }

    /// 居住: where somebody lives from a day on.
    struct Residence: Sendable {
        let body: SyntheticBody
        let from: CalendarDay
    }

    /// 利用者証明用電子証明書 of one of their cards or phones.
    struct Card: Sendable {
        let serial: String
        let validFrom: CalendarDay
        let validTo: CalendarDay
    }

    let index: Int
    /// Four neighbours share a household number; the fourth lives alone under another roof.
    let place: Place
    let individualNumber: String
    let name: String
    /// Empty for a name that is registered in Latin letters only.
    let nameKana: String
    /// `YYYY-MM-DD`, or `YYYY-MM-00` where the register knows no day.
    let dateOfBirth: String
    /// The first day they can have been born on.
    let bornOn: CalendarDay
    /// "1" male, "2" female.
    let sex: String
    let address: String
    /// 不開示 (支援措置等).
    let isNotDisclosed: Bool
    /// In order of their days; more than one for who moved.
    let residences: [Residence]
    /// The last one is in use.
    let cards: [Card]
    let entitlements: [SyntheticEntitlement]

    /// 弟妹: under the same roof, with the same certificates from birth on, and cards of their own to come.
    func sibling(_ index: Int, bornOn: CalendarDay) -> SyntheticResident {
        SyntheticResident(
            index: index, place: .secondChild,
            individualNumber: SyntheticNumbers.individualNumber(index), name: name,
            nameKana: nameKana, dateOfBirth: bornOn.text, bornOn: bornOn, sex: sex,
            address: address, isNotDisclosed: isNotDisclosed, residences: residences, cards: [],
            entitlements: entitlements)
    }

    /// 転居先で: the same person in another municipality, with what that one gives in the place of what the
    /// one before gave and still held on that day.
    func moved(to body: SyntheticBody, place: Int, on day: CalendarDay) -> SyntheticResident {
        let given = entitlements.filter {
            !$0.scheme.isOfPrefecture && $0.holds(on: day)
        }.map { $0.given(by: body, place: place, from: day) }
        return SyntheticResident(
            index: index, place: self.place, individualNumber: individualNumber, name: name,
            nameKana: nameKana, dateOfBirth: dateOfBirth, bornOn: bornOn, sex: sex,
            address: body.place + "つなぎ町1-1", isNotDisclosed: isNotDisclosed,
            residences: residences + [.init(body: body, from: day)], cards: cards,
            entitlements: given)
    }

    func age(on day: CalendarDay) -> Int {
        let isBefore = (day.month, day.day) < (bornOn.month, bornOn.day)
        return day.year - bornOn.year - (isBefore ? 1 : 0)
    }
}

/// 架空の受給資格: one row that a body registers.
struct SyntheticEntitlement: Sendable {
    let scheme: SyntheticScheme
    /// The municipality or prefecture that registers it, six digits.
    let body: String
    let payerNumber: String
    let recipientNumber: String
    /// Index into the scheme's income segments, where it has any.
    let segment: Int?
    let isAlwaysReimbursement: Bool
    let validFrom: CalendarDay
    let validTo: CalendarDay
    let historyKey: String

    fileprivate func given(
        by body: SyntheticBody, place: Int, from day: CalendarDay
    ) -> SyntheticEntitlement {
        SyntheticEntitlement(
            scheme: scheme, body: body.municipality,
            payerNumber: SyntheticNumbers.payerNumber(
                law: scheme.lawNumber, prefecture: String(body.municipality.prefix(2)),
                place: place + 1),
            recipientNumber: recipientNumber, segment: segment,
            isAlwaysReimbursement: isAlwaysReimbursement, validFrom: day, validTo: validTo,
            historyKey: "moved")
    }
}

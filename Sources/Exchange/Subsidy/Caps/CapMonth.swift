/// 上限額の月: one certificate and one month of service (JST). What is confirmed under it, by whichever
/// institution, counts together.
package struct CapMonth: Hashable, Sendable {
    package let certificate: HeldCertificate
    package let month: ServiceMonth

    package init(certificate: HeldCertificate, month: ServiceMonth) {
        self.certificate = certificate
        self.month = month
    }
}

/// 受給者証の鍵: all periods that a body registers of one certificate, and all their versions.
package struct HeldCertificate: Hashable, Sendable {
    package let body: String
    package let typeID: String
    /// 受給者証サブキー; empty where the body gives none.
    package let subKey: String

    package init(body: String, typeID: String, subKey: String) {
        self.body = body
        self.typeID = typeID
        self.subKey = subKey
    }
}

extension EntitlementVersion {
    package var certificate: HeldCertificate {
        HeldCertificate(body: body, typeID: certificateTypeID, subKey: subKey ?? "")
    }
}

/// 受診一回: one bill of a month as a local scheme counts it.
package struct CapVisit: Hashable, Sendable {
    /// Day of the month.
    package let day: Int
    /// 入院日数 from that day on; one for a visit.
    package let days: Int
    /// 入院: visits and stays are counted apart.
    package let isInpatient: Bool
    /// To 1 yen.
    package let share: Int
    /// To 10 yen, as far as it fills the month.
    package let collected: Int
    package let spot: CareSpot
    /// 後の順番: it took its place behind the bill that is decided now. It takes of the caps, and is no visit or
    /// day before it.
    let isLater: Bool

    package init(
        day: Int, days: Int = 1, isInpatient: Bool = false, share: Int, collected: Int? = nil,
        at spot: CareSpot = .unsaid, isLater: Bool = false
    ) {
        self.day = day
        self.days = days
        self.isInpatient = isInpatient
        self.share = share
        self.collected = collected ?? share
        self.spot = spot
        self.isLater = isLater
    }

    package var later: CapVisit {
        CapVisit(
            day: day, days: days, isInpatient: isInpatient, share: share, collected: collected,
            at: spot, isLater: true)
    }

    package func isOfDays(of content: BillContent) -> Bool {
        (day, days, isInpatient)
            == (content.day.day, content.care.days, content.care.isInpatient)
    }
}

/// 上限額の残高: what the month holds at one moment. Confirmed amounts and reservations both keep others
/// from the rest; only confirmed ones were collected.
package struct CapBalance: Hashable, Sendable {
    package var confirmed: CapRun
    /// 医療費総額 of what is confirmed: counted even when nothing is paid (高額かつ長期).
    package var cost: Int
    /// Live reservations, but for the one that is being decided.
    package let held: CapRun
    /// 次の公費へ: what of the confirmed amounts the next certificate of its bill took over. It counts
    /// towards the cap, and nobody paid it at the counter.
    package var passedOn: Int
    /// 入院: what of the confirmed amounts was paid at counters for stays in hospital.
    package var inpatient: Int
    /// 食事の負担 of the month, confirmed or held.
    package var meals: Int
    /// 過徴収額: what was paid above caps that count visits or days; due back, whatever the month's cap leaves.
    package var over: Int
    /// 償還払いの後に残る負担: what refunds of receipts left with the patient. It fills the cap as what counters
    /// collect does.
    package var borne: CapRun
    /// The bills behind both in their order, for a scheme that counts visits or days; empty for one that
    /// does not.
    package var visits: [CapVisit]

    package init(
        confirmed: CapRun, cost: Int, held: CapRun, passedOn: Int = 0, inpatient: Int = 0,
        meals: Int = 0, over: Int = 0, borne: CapRun = CapRun(), visits: [CapVisit] = []
    ) {
        self.confirmed = confirmed
        self.cost = cost
        self.held = held
        self.passedOn = passedOn
        self.inpatient = inpatient
        self.meals = meals
        self.over = over
        self.borne = borne
        self.visits = visits
    }

    package mutating func confirm(_ amounts: BillAmounts, _ content: BillContent) {
        add(amounts, content, 1)
    }

    /// Takes back what `confirm` added.
    package mutating func void(_ amounts: BillAmounts, _ content: BillContent) {
        add(amounts, content, -1)
    }

    private mutating func add(_ amounts: BillAmounts, _ content: BillContent, _ sign: Int) {
        let isLast = content.place.isLast
        let unfilled = amounts.unfilled(as: content.place)
        let counted = amounts.collected - unfilled
        let passed = isLast ? 0 : amounts.collected - amounts.over
        confirmed.add(share: sign * amounts.share, collected: sign * counted)
        cost += sign * content.cost
        meals += sign * amounts.meals
        over += sign * unfilled
        passedOn += sign * passed
        if content.care.isInpatient { inpatient += sign * (counted - passed) }
    }

    /// The month as a local scheme counts it, before a bill that is decided now.
    func localMonth(_ terms: LocalTerms, _ care: BillCare, at spot: CareSpot) -> LocalMonth {
        let key = terms.countKey(spot, isInpatient: care.isInpatient)
        let counted = visits.filter {
            terms.counts($0.spot) && terms.countKey($0.spot, isInpatient: $0.isInpatient) == key
        }
        var run = before
        if terms.countedPer != .all {
            run = CapRun()
            for visit in counted { run.add(share: visit.share, collected: visit.collected) }
        }
        return LocalMonth(
            run, counted.filter { $0.isInpatient == care.isInpatient }, terms)
    }

    /// What comes before a bill that is decided now.
    var before: CapRun {
        CapRun(
            share: confirmed.share + held.share + borne.share,
            collected: confirmed.collected + held.collected + borne.collected)
    }

    /// What fills the month by now: confirmed at counters, or borne after refunds.
    package var counted: Int { confirmed.collected + borne.collected }

    /// What the holder paid at counters and keeps paying: nothing that was passed on, nothing that is
    /// due back.
    package func paid(under cap: Int?) -> Int {
        confirmed.collected - passedOn - (excess(over: cap) - over)
    }

    /// 償還払い: what was collected above the caps, whoever collected it. Never more than was paid at
    /// counters: what lies over the cap and was passed on is no money of the holder's.
    package func excess(over cap: Int?) -> Int {
        over
            + (cap.map { max(0, min(counted - $0, confirmed.collected - passedOn)) } ?? 0)
    }
}

extension CapVisit {
    package init(
        _ content: BillContent, _ amounts: BillAmounts, at spot: CareSpot = .unsaid
    ) {
        self.init(
            day: content.day.day, days: content.care.days, isInpatient: content.care.isInpatient,
            share: amounts.share,
            collected: amounts.collected - amounts.unfilled(as: content.place), at: spot)
    }
}

extension BillAmounts {
    /// What the patient paid at the counter on a certificate of that place.
    package func paid(as place: BillPlace) -> Int { place.isLast ? collected : over }

    /// What of `over` fills nothing of the month.
    package func unfilled(as place: BillPlace) -> Int { place.isLast ? over : overCounts }

    /// To 1 yen, what the next certificate takes over. What was paid over and fills the month is in
    /// `share`, as far as that much was due.
    package var passedOn: Int { over > overCounts ? collected - over : share }
}

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
    /// To 1 yen.
    package let share: Int

    package init(day: Int, share: Int) {
        self.day = day
        self.share = share
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
    /// The bills behind both, for a scheme that counts visits or days; empty for one that does not.
    package let visits: [CapVisit]

    package init(
        confirmed: CapRun, cost: Int, held: CapRun, passedOn: Int = 0, visits: [CapVisit] = []
    ) {
        self.confirmed = confirmed
        self.cost = cost
        self.held = held
        self.passedOn = passedOn
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
        confirmed.add(share: sign * amounts.share, collected: sign * amounts.collected)
        cost += sign * content.cost
        if !content.place.isLast { passedOn += sign * amounts.collected }
    }

    /// The month as a local scheme counts it, before a bill that is decided now.
    var localMonth: LocalMonth { LocalMonth(before, visits) }

    /// What comes before a bill that is decided now.
    var before: CapRun {
        CapRun(
            share: confirmed.share + held.share, collected: confirmed.collected + held.collected)
    }

    /// 償還払い: what was collected above the cap, whoever collected it. Never more than was paid at
    /// counters: what lies over the cap and was passed on is no money of the holder's.
    package func excess(over cap: Int?) -> Int {
        cap.map { max(0, min(confirmed.collected - $0, confirmed.collected - passedOn)) } ?? 0
    }
}

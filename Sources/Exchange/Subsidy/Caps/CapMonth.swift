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

/// 上限額の残高: what the month holds at one moment. Confirmed amounts and reservations both keep others
/// from the rest; only confirmed ones were collected.
package struct CapBalance: Hashable, Sendable {
    package var confirmed: CapRun
    /// 医療費総額 of what is confirmed: counted even when nothing is paid (高額かつ長期).
    package var cost: Int
    /// Live reservations, but for the one that is being decided.
    package let held: CapRun

    package init(confirmed: CapRun, cost: Int, held: CapRun) {
        self.confirmed = confirmed
        self.cost = cost
        self.held = held
    }

    /// What comes before a bill that is decided now.
    var before: CapRun {
        CapRun(
            share: confirmed.share + held.share, collected: confirmed.collected + held.collected)
    }

    /// 償還払い: what was collected above the cap, whoever collected it.
    package func excess(over cap: Int?) -> Int { cap.map { max(0, confirmed.collected - $0) } ?? 0 }
}

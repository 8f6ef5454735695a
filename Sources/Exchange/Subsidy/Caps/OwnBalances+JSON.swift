/// 本人の上限額の残高: every month of every certificate as its holder sees it, with who collected what and
/// what is due back. FHIR has no balance of one certificate over several providers, so this is JSON
/// (`deploy/decisions/0012`).
package struct OwnBalances: Sendable {
    package struct Month: Sendable {
        package let capMonth: CapMonth
        package let standing: BillVersion.Month
        /// What of the collected amount the next certificate of its bill took over.
        package let passedOn: Int
        /// What of it refunds of receipts left borne.
        package let borne: Int
        package internal(set) var bills: [Bill] = []
        package internal(set) var refunds: [Refund] = []

        package init(
            _ capMonth: CapMonth, _ standing: BillVersion.Month, passedOn: Int, borne: Int = 0,
            bills: [Bill], refunds: [Refund]
        ) {
            self.capMonth = capMonth
            self.standing = standing
            self.passedOn = passedOn
            self.borne = borne
            self.bills = bills
            self.refunds = refunds
        }
    }

    package struct Bill: Sendable {
        package let version: BillVersion
        package let institutionName: String

        package init(version: BillVersion, institutionName: String) {
            self.version = version
            self.institutionName = institutionName
        }
    }

    /// 償還払い
    package struct Refund: Sendable {
        /// As the reader knows it.
        package let id: String
        package let yen: Int
        package let status: RefundStatus
        package let since: Instant
        /// 年間上限: above the limit of the year, and not above the certificate's cap.
        package let isAboveYear: Bool

        package init(
            id: String, yen: Int, status: RefundStatus, since: Instant, isAboveYear: Bool = false
        ) {
            self.id = id
            self.yen = yen
            self.status = status
            self.since = since
            self.isAboveYear = isAboveYear
        }
    }

    package let asOf: Instant
    package let months: [Month]
    package let sums: OwnSums

    package init(asOf: Instant, months: [Month], sums: OwnSums) {
        self.asOf = asOf
        self.months = months
        self.sums = sums
    }

    package func render(_ rules: SubsidyRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 512 + months.count * 1024)
        writer.object { own in
            own.member("asOf", asOf.text)
            own.array("months") { list in
                for month in months { month.write(to: &list, at: asOf, rules) }
            }
            sums.write(to: &own, rules)
        }
        return writer.bytes
    }
}

/// 償還払いの状況.
package enum RefundStatus: String, CaseIterable, Hashable, Sendable {
    /// Due back to the holder; the body has not answered yet.
    case open
    case approved
    case refused
    case paid
    /// Nothing is due any more: what went over the cap was taken back.
    case withdrawn

    /// What to do about a case above the yearly limit.
    static let openAboveYear = BilingualText(
        ja: "高額療養費の年間上限を超えて支払った分です。加入している保険者に、高額療養費の支給を申請してください。",
        en: "Paid above the yearly limit of high-cost benefit. Ask your insurer for it back.")

    var text: BilingualText {
        switch self {
        case .open:
            .init(
                ja: "上限額を超えて支払った分です。受給者証の発行元に払い戻しを申請してください。",
                en: "Paid above the cap. Ask the body that issued the certificate for it back.")
        case .approved:
            .init(
                ja: "支給が決まりました。振り込みをお待ちください。",
                en: "It was granted. Wait for the payment.")
        case .refused:
            .init(
                ja: "支給されないことになりました。理由が分からないときは、受給者証の発行元に問い合わせてください。",
                en: "It was refused. If the reason is news to you, ask the body.")
        case .paid: .init(ja: "支払われました。", en: "It was paid.")
        case .withdrawn:
            .init(
                ja: "医療機関の取消しにより、払い戻しはなくなりました。",
                en: "Nothing is due any more: an institution took its bill back.")
        }
    }
}

extension OwnBalances.Month {
    fileprivate func write(
        to list: inout JSONWriter, at now: Instant, _ rules: SubsidyRules
    ) {
        list.object { month in
            month.certificate(capMonth.certificate, rules)
            month.member("month", capMonth.month.text)
            month.member("cap", standing.cap)
            month.member("collected", standing.collected)
            month.member("passedOn", passedOn == 0 ? nil : passedOn)
            month.member("borneAfterRefunds", borne == 0 ? nil : borne)
            month.member("reserved", standing.held)
            month.member("rest", standing.rest)
            month.member("cost", standing.cost)
            month.array("bills") { for bill in bills { bill.write(to: &$0, at: now) } }
            month.array("refunds") { for refund in refunds { refund.write(to: &$0) } }
        }
    }
}

extension OwnBalances.Bill {
    fileprivate func write(to list: inout JSONWriter, at now: Instant) {
        list.object {
            $0.member("day", version.content.day.text)
            $0.member("institution", version.institution.code)
            $0.member("institutionName", institutionName)
            $0.member(
                "status", version.isLapsed(at: now) ? "lapsed" : version.status.rawValue)
            $0.member("cost", version.content.cost)
            $0.member("collected", version.amounts.collected)
            $0.member("paidOver", version.amounts.over == 0 ? nil : version.amounts.over)
            $0.member("meals", version.content.care.meals == nil ? nil : version.amounts.meals)
            $0.member("at", version.recordedAt.text)
        }
    }
}

extension OwnBalances.Refund {
    fileprivate func write(to list: inout JSONWriter) {
        list.object {
            $0.member("id", id)
            $0.member("yen", yen)
            $0.member("status", status.rawValue)
            $0.named(
                "next", isAboveYear && status == .open ? RefundStatus.openAboveYear : status.text)
            $0.member("since", since.text)
        }
    }
}

extension HeldCertificate {
    /// As its body's master names it.
    package func name(_ rules: SubsidyRules) -> BilingualText? {
        rules.programs.first { $0.certificateTypeID == typeID && $0.isOf(body) }?.name
    }
}

extension JSONWriter {
    mutating func certificate(_ held: HeldCertificate, _ rules: SubsidyRules) {
        object("certificate") {
            $0.member("body", held.body)
            $0.named("bodyName", rules.bodyName(held.body))
            $0.member("type", held.typeID)
            if let name = held.name(rules) { $0.named("name", name) }
            $0.member("subKey", held.subKey.isEmpty ? nil : held.subKey)
        }
    }

    mutating func named(_ name: String, _ text: BilingualText) {
        object(name) {
            $0.member("ja", text.ja)
            $0.member("en", text.en)
        }
    }
}

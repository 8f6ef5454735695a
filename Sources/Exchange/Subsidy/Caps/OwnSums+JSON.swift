/// 年をまたぐ数え方: what counts beside the month for a resident, as they read it in `GET /balances`.
package struct OwnSums: Hashable, Sendable {
    package let counts: [CostCount]
    package let year: PaidYear?

    /// `sums` reach back as far as `lookBack` says.
    package init(_ sums: [MonthSum], on day: CalendarDay, _ book: RuleBook) {
        counts = CostCount.all(sums, at: ServiceMonth(of: day), book)
        year = book.copayment.flatMap { PaidYear(sums, on: day, $0.highCost) }
    }

    /// The first month that anything here counts on that day.
    package static func lookBack(from day: CalendarDay, _ book: RuleBook) -> CalendarDay {
        let months = max(12, book.costMonths.map(\.within).max() ?? 0)
        let number = Int(ServiceMonth(of: day).number) - months + 1
        let month = try? ServiceMonth(year: number / 12, month: number % 12 + 1)
        return month.map { CalendarDay(daysSince1970: Int($0.firstDay)) } ?? day
    }

    func write(to own: inout JSONWriter, _ rules: SubsidyRules) {
        own.array("counts") { list in for count in counts { count.write(to: &list, rules) } }
        year?.write(to: &own)
    }
}

extension CostCount {
    fileprivate func write(to list: inout JSONWriter, _ rules: SubsidyRules) {
        list.object { count in
            count.certificate(certificate, rules)
            count.member("code", rule.code)
            count.named("name", rule.name)
            count.member("above", rule.above)
            count.array("months") { for month in months { $0.string(month.text) } }
            count.member("needed", rule.months)
            count.member("within", rule.within)
            count.member("reached", isReached)
            if isReached { count.named("next", rule.next) }
            count.member("verified", rule.source.isVerified)
        }
    }
}

extension PaidYear {
    fileprivate func write(to own: inout JSONWriter) {
        own.object("year") { year in
            year.member("from", from.text)
            year.member("to", to.text)
            year.member("paid", paid)
            year.array("limits") { list in
                for limit in limits {
                    list.object {
                        $0.member("age", limit.age.rawValue)
                        $0.member("class", limit.code)
                        $0.member("setting", limit.setting?.rawValue)
                        $0.member("yen", limit.yen)
                        $0.member("rest", rest(of: limit))
                        $0.member("verified", limit.isVerified)
                    }
                }
            }
            year.named("note", Self.note)
        }
    }

    private static let note = BilingualText(
        ja: "高額療養費の年間上限は、保険者が決める適用区分ごとです。数えているのは、ここで確定した窓口の支払いだけです。",
        en:
            "The yearly limit depends on the class that the insurer decides. Only what was confirmed here "
            + "at counters is counted.")
}

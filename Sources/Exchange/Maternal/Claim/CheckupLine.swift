/// 台帳と請求の一行: what one version of a report is to the municipality of residence: who was seen when and with
/// which judgement (最低限電子化すべき情報), the ticket it used, and what is claimed, or why nothing is.
package struct CheckupLine: Hashable, Sendable {
    /// 請求, in yen.
    package struct Charge: Hashable, Sendable {
        package let yen: Int
        package let source: String

        package init(yen: Int, source: String) {
            self.yen = yen
            self.source = source
        }
    }

    /// 健診日の住所地; `nil` when nobody told.
    package let municipality: String?
    /// The answer of the item that goes to the next municipality, as its code.
    package let judgement: String?
    /// 里帰り: the institution lies outside the municipality's prefecture.
    package let isOutOfArea: Bool
    package let ticket: CheckupTicket.Number?
    /// `nil` without a refusal: the municipality has agreed on no price, so the line waits for one.
    package let charge: Charge?
    package let refusal: CheckupClaimRefusal?

    package init(
        municipality: String?, judgement: String?, isOutOfArea: Bool,
        ticket: CheckupTicket.Number?, charge: Charge?, refusal: CheckupClaimRefusal?
    ) {
        self.municipality = municipality
        self.judgement = judgement
        self.isOutOfArea = isOutOfArea
        self.ticket = ticket
        self.charge = charge
        self.refusal = refusal
    }

    /// Nothing is claimed yet, and what is missing may be told later: a price, or where the resident lived.
    package var isWaiting: Bool {
        refusal == nil && charge == nil || refusal == .residenceUnknown
    }
}

extension CheckupLine {
    /// Why nothing is claimed, or not yet, and what to do; nothing of what is claimed.
    package var words: BilingualText? {
        if let refusal { return refusal.text }
        return charge == nil ? Self.awaitsPrice : nil
    }

    private static let awaitsPrice = BilingualText(
        ja: "市区町村の台帳に入りましたが、この健診の委託単価が登録されていません。市区町村に確かめ、登録されたら同じ結果をもう一度送ってください。",
        en:
            "The report is in the municipality's ledger, but no price was agreed for this checkup. Ask "
            + "the municipality, and send the same report again once it is known.")
}

/// What is known of the resident when a report becomes a line.
package struct CheckupClaimFacts: Sendable {
    package let municipality: String?
    /// The tickets of the pregnancy or child that the checkup is of, but for the report's own use.
    package let tickets: TicketBook
    /// The version before, where the report is corrected.
    package let before: Other?
    /// Every other report of the resident, as its newest version has it.
    package let others: [Other]

    /// ほかの結果: what tells whether a checkup was recorded already; nothing of what was found.
    package struct Other: Hashable, Sendable {
        package let id: String
        package let checkup: String
        package let day: CalendarDay
        package let isWithdrawn: Bool
        /// Why its line claims nothing, where it claims nothing.
        package let refusal: CheckupClaimRefusal?

        package init(
            id: String, checkup: String, day: CalendarDay, isWithdrawn: Bool,
            refusal: CheckupClaimRefusal?
        ) {
            self.id = id
            self.checkup = checkup
            self.day = day
            self.isWithdrawn = isWithdrawn
            self.refusal = refusal
        }
    }

    /// 妊娠と子 of the resident, by which the reports of one delivery are told from those of another.
    package let episodes: [MaternalEpisode]
    /// 登録された委託単価 of the municipalities where the resident lived.
    package let prices: [RegisteredPrice]

    package init(
        municipality: String?, tickets: TicketBook, before: Other? = nil, others: [Other],
        episodes: [MaternalEpisode] = [], prices: [RegisteredPrice] = []
    ) {
        self.municipality = municipality
        self.prices = prices
        self.tickets = tickets
        self.before = before
        self.others = others
        self.episodes = episodes
    }
}

extension MaternalRules {
    /// Throws what is wrong with a ticket that the sender names, so that nobody believes it was taken.
    /// Everything else is no reason to lose a report: it stands on the line.
    package func line(
        of version: CheckupVersion, _ facts: CheckupClaimFacts
    ) throws(MaternalRefusal) -> CheckupLine {
        let report = version.report
        let isWithdrawn = report.status == .enteredInError
        let use = CheckupTicket.Use(
            day: report.result.day, institution: version.institution.code, key: version.id)
        let named = isWithdrawn ? nil : report.ticket
        if let named { try require(named, for: report.result, use, in: facts.tickets) }
        let refusal = refusal(of: version, facts)
        // 自ら実施した健診: nobody pays for it, but a ticket that was given out for it is used up.
        let takesTicket = refusal == nil || refusal == .ownCheckup
        let ticket = takesTicket ? named ?? openTicket(for: report.result, use, facts) : nil
        let isMissing =
            refusal == nil && ticket == nil && asksForTicket(report.result, facts.municipality)
        return CheckupLine(
            municipality: facts.municipality, judgement: judgement(of: report.result),
            isOutOfArea: facts.municipality.map {
                $0.prefix(2) != version.institution.code.prefix(2)
            } ?? false,
            ticket: ticket,
            charge: refusal == nil && !isMissing
                ? charge(for: report.result, ticket, facts) : nil,
            refusal: refusal ?? (isMissing ? .noTicket : nil))
    }

    private func refusal(
        of version: CheckupVersion, _ facts: CheckupClaimFacts
    ) -> CheckupClaimRefusal? {
        let report = version.report
        if report.status == .enteredInError { return .withdrawn }
        guard isExamined(report.result) else { return .notExamined }
        guard facts.municipality != nil else { return .residenceUnknown }
        let isOwn =
            version.institution.role == .municipality
            && version.institution.code == facts.municipality
        if isTwice(report.result, isOwn: isOwn, facts) { return .duplicate }
        return isOwn ? .ownCheckup : nil
    }

    /// 二重: a checkup is paid for once, and whose line stands for it keeps that place when a word of the
    /// report is corrected. A line that is itself a duplicate, or of somebody who was not examined, takes
    /// nobody's place, and one that nobody is paid for none but that of another of its kind.
    private func isTwice(
        _ result: CheckupResult, isOwn: Bool, _ facts: CheckupClaimFacts
    ) -> Bool {
        func isSame(_ other: CheckupClaimFacts.Other) -> Bool {
            !other.isWithdrawn && other.checkup == result.checkup
                && (!comesAgain(result.checkup) || other.day == result.day)
                && isOfSameDelivery(other.day, as: result, facts.episodes)
        }
        func hasPlace(_ other: CheckupClaimFacts.Other) -> Bool {
            other.refusal == nil || (other.refusal == .ownCheckup && isOwn)
        }
        if let before = facts.before, isSame(before), hasPlace(before) { return false }
        return facts.others.contains { other in
            switch other.refusal {
            case .duplicate, .notExamined: false
            case .ownCheckup: isOwn && isSame(other)
            default: isSame(other)
            }
        }
    }

    /// 産婦健診は分娩ごと: of the same pregnancy; where nobody told of one, no further apart than the window is long.
    /// Everything else comes once in a life, or is told apart by its day.
    private func isOfSameDelivery(
        _ day: CalendarDay, as result: CheckupResult, _ episodes: [MaternalEpisode]
    ) -> Bool {
        guard postpartum.contains(where: { $0.code == result.checkup }) else { return true }
        let other = CheckupResult(checkup: result.checkup, day: day, entries: [])
        let owns = [result, other].map { episodes.episode(of: $0, self)?.id }
        guard owns == [nil, nil] else { return owns[0] == owns[1] }
        guard let window = checkup(result.checkup, on: result.day)?.window.days(from: result.day)
        else { return true }
        return abs(day.daysSince1970 - result.day.daysSince1970)
            <= window.last.daysSince1970 - window.first.daysSince1970
    }

    private func require(
        _ number: CheckupTicket.Number, for result: CheckupResult, _ use: CheckupTicket.Use,
        in book: TicketBook
    ) throws(MaternalRefusal) {
        _ = try book.applying(.use(number, use))
        guard let ticket = book.ticket(number), rule(of: ticket)?.pays(for: result) == true else {
            throw .ticketOfAnotherCheckup
        }
    }

    /// The card is the ticket: the first one that is open for this checkup on its day.
    private func openTicket(
        for result: CheckupResult, _ use: CheckupTicket.Use, _ facts: CheckupClaimFacts
    ) -> CheckupTicket.Number? {
        facts.tickets.open.first { ticket in
            ticket.number.body == facts.municipality && rule(of: ticket)?.pays(for: result) == true
                && (try? facts.tickets.applying(.use(ticket.number, use))) != nil
        }?.number
    }

    private func asksForTicket(_ result: CheckupResult, _ municipality: String?) -> Bool {
        municipality.map { tickets(of: $0, on: result.day) }?.contains { $0.pays(for: result) }
            ?? false
    }

    private func charge(
        for result: CheckupResult, _ number: CheckupTicket.Number?, _ facts: CheckupClaimFacts
    ) -> CheckupLine.Charge? {
        guard let municipality = facts.municipality else { return nil }
        let ticket = number.flatMap(facts.tickets.ticket)
        let rule = ticket.flatMap(rule(of:))
        let service =
            rule.map { RegisteredPrice.Key.ticket($0.kind) }
            ?? RegisteredPrice.Key.checkup(result.checkup)
        // As of doses: what the municipality's own list speaks of it alone prices.
        if let own = facts.prices.own(service, in: municipality, on: result.day) {
            return own.standing.flatMap { price in
                price.terms.map {
                    CheckupLine.Charge(yen: $0.unitYen, source: price.source.text)
                }
            }?.atMost(ticket?.face?.limitYen)
        }
        if let limit = ticket?.face?.limitYen {
            return CheckupLine.Charge(yen: limit, source: CheckupLine.Charge.printed)
        }
        if let rule { return CheckupLine.Charge(yen: rule.limitYen, source: rule.source.text) }
        return prices.first {
            $0.municipality == municipality && $0.checkup == result.checkup
                && $0.effective.contains(result.day)
        }.map { CheckupLine.Charge(yen: $0.unitYen, source: $0.source.text) }
    }

    /// The rule a ticket was issued by.
    func rule(of ticket: CheckupTicket) -> TicketRule? {
        tickets(of: ticket.number.body, on: ticket.validFrom).first {
            $0.kind == ticket.number.kind
        }
    }

    private func judgement(of result: CheckupResult) -> String? {
        for entry in result.entries where items[entry.item]?.dataSet == .minimum {
            if case .choice(let code) = entry.value { return code }
        }
        return nil
    }
}

extension CheckupLine.Charge {
    fileprivate static let printed = "受診券の助成上限額（市区町村が登録した券面）"

    /// 助成上限額: the municipality pays no more than what is printed on the ticket.
    fileprivate func atMost(_ limit: Int?) -> Self {
        guard let limit, limit < yen else { return self }
        return Self(yen: limit, source: Self.printed)
    }
}

extension TicketRule {
    func pays(for result: CheckupResult) -> Bool { checkups.contains(result.checkup) }
}

/// 請求にならない理由: the raw value is the code on the wire.
package enum CheckupClaimRefusal: String, CaseIterable, Hashable, Sendable {
    case withdrawn
    case residenceUnknown = "residence-unknown"
    case duplicate
    case noTicket = "no-ticket"
    /// 集団健診: the municipality of residence examined the resident itself.
    case ownCheckup = "own-checkup"
    /// 未実施: nothing that the checkup must examine was examined.
    case notExamined = "not-examined"

    package var text: BilingualText {
        switch self {
        case .withdrawn:
            BilingualText(
                ja: "取り消された結果です。請求も取り下げられ、受診券はもとに戻ります。正しい結果は新しい識別子で送ってください。",
                en:
                    "The report was withdrawn, its claim with it, and its ticket is open again. Send "
                    + "the right one with a new identifier.")
        case .residenceUnknown:
            BilingualText(
                ja: "健診日の住所地が分かりません。住所が届いてから、結果を訂正して送り直すか、市区町村に問い合わせてください。",
                en:
                    "The municipality of residence on that day is not known. Send the report again as "
                    + "a correction once it is, or ask the municipality.")
        case .duplicate:
            BilingualText(
                ja: "同じ健診の結果が、すでに記録されています。どちらが正しいか確かめ、誤りのほうを取り消してください。",
                en:
                    "The same checkup is recorded already. Find out which is right, and withdraw the "
                    + "other.")
        case .noTicket:
            BilingualText(
                ja: "この健診に使える受診券がありません。交付されているか、市区町村に確かめてください。",
                en:
                    "There is no open ticket for this checkup. Ask the municipality whether one was "
                    + "issued.")
        case .ownCheckup:
            BilingualText(
                ja: "住所地の市区町村が自ら実施した健診です。記録は台帳に載り、請求はありません。",
                en:
                    "The municipality of residence held this checkup itself. It is in its ledger, and "
                    + "nothing is claimed.")
        case .notExamined:
            BilingualText(
                ja: "必須の項目がどれも実施されていません。未実施として記録し、請求はなく、受診券も使われません。"
                    + "実施したら、その結果を新しい識別子で送るか、この結果を訂正してください。",
                en:
                    "Nothing that the checkup must examine was examined. It is kept as that: nothing is "
                    + "claimed and no ticket used. Once it was done, send its result with a new "
                    + "identifier, or correct this one.")
        }
    }
}

/// 委託単価の登録の一行: what a municipality pays for a dose, a checkup or a checkup's ticket, and what the resident
/// keeps of it, from a day on, or no longer. No standard gives it a form, so ours follows that of the
/// targets; it says nothing of anyone.
package struct PriceRow: Hashable, Sendable {
    /// Place in the body, from 0.
    package let index: Int
    package let key: RegisteredPrice.Key
    /// `nil`: the price is taken back.
    package let terms: RegisteredPrice.Terms?
    package let warnings: [RowFinding]
}

/// 単価を決められるもの: what a row of a field may name, by the codes of the rules.
package enum PricedServices: Sendable {
    /// By schedule, of the Act or voluntary: the vaccines that it gives.
    case vaccinations([String: Set<String>], classes: Set<String>)
    /// 健診, and 受診券の種類.
    case checkups(Set<String>, ticketKinds: Set<String>)
}

extension ImmunizationRules {
    package var priced: PricedServices {
        .vaccinations(
            Dictionary(
                uniqueKeysWithValues: programmes.map { ($0.code, Set(vaccines(of: $0))) }),
            classes: copaymentClasses)
    }
}

extension MaternalRules {
    package var priced: PricedServices {
        .checkups(
            Set((postpartum + child).map(\.code) + [pregnancy.checkup]),
            ticketKinds: Set(tickets.map(\.kind)))
    }

    /// By which services a report of one of these checkups may be paid.
    package func services(of checkups: Set<String>) -> Set<String> {
        let kinds = tickets.filter { !checkups.isDisjoint(with: $0.checkups) }.map(\.kind)
        return Set(
            checkups.map(RegisteredPrice.Key.checkup) + kinds.map(RegisteredPrice.Key.ticket))
    }
}

extension PricedServices {
    package func readRows(
        _ body: [UInt8]
    ) throws(Refusal) -> [Result<PriceRow, RowRefusal>] {
        try Exchange.readRows(body) { object, index in row(object, index: index) }
    }

    /// 委託単価のファイル: by the same rules as a row of the API.
    package func row(of checked: CheckedRow) -> Result<PriceRow, RowRefusal> {
        row(checked.object, index: checked.line - 1)
    }

    private func row(_ object: JSONObject, index: Int) -> Result<PriceRow, RowRefusal> {
        var reader = RowReader(object, index: index)
        let modification = reader.parsed("modificationSeg") { text throws(Refusal) in
            guard ["1", "2"].contains(text) else { throw .malformed("modificationSeg") }
            return text
        }
        let named = service(&reader)
        let audience = audience(&reader)
        let from = reader.day("priceFrom")
        let to = reader.day("priceTo", isRequired: false)
        if let from, let to, to < from { reader.add(.dateOrder, "priceTo") }
        let terms = terms(&reader, to: to, isRequired: modification == "1")
        reader.warnOfUnknown(items)
        reader.refuseIndividualNumbers(own: nil, keyItems: [])
        guard !reader.hasErrors, let named, let from else {
            return .failure(RowRefusal(reader.findings))
        }
        return .success(
            PriceRow(
                index: index,
                key: .init(
                    service: named.service, vaccine: named.vaccine, from: from, for: audience),
                terms: modification == "1" ? terms : nil, warnings: reader.findings))
    }

    private var items: Set<String> {
        let own: Set<String> =
            switch self {
            case .vaccinations:
                [
                    "programme", "vaccine", "copaymentYen", "subsidyYen", "ageFrom", "ageTo",
                    "copaymentClass",
                ]
            case .checkups: ["checkup", "ticketKind"]
            }
        return own.union(["modificationSeg", "priceFrom", "priceTo", "unitYen"])
    }

    private func service(
        _ reader: inout RowReader
    ) -> (service: String, vaccine: String?)? {
        switch self {
        case .vaccinations(let priced, _):
            let programme = reader.parsed("programme", code: .unknownCode) { text throws(Refusal) in
                guard priced[text] != nil else { throw .malformed("programme") }
                return text
            }
            let vaccine = reader.parsed("vaccine", isRequired: false, code: .unknownCode) {
                text throws(Refusal) in
                guard let programme, priced[programme]?.contains(text) == true else {
                    throw .malformed("vaccine")
                }
                return text
            }
            return programme.map { ($0, vaccine) }
        case .checkups(let checkups, let kinds):
            let kind = reader.code("ticketKind", among: kinds, isRequired: false)
            // Without a ticket the checkup itself is priced; a row of both would be two.
            let hasKind = reader.object["ticketKind"]?.string?.isEmpty == false
            let checkup = reader.code("checkup", among: checkups, isRequired: !hasKind)
            if hasKind, checkup != nil { reader.add(.format, "ticketKind") }
            return
                (kind.map(RegisteredPrice.Key.ticket)
                ?? checkup.map(RegisteredPrice.Key.checkup)).map { ($0, nil) }
        }
    }

    /// Of either age the other end is open.
    private func audience(_ reader: inout RowReader) -> PriceAudience {
        guard case .vaccinations(_, let classes) = self else { return .everyone }
        let years = 0...PriceAudience.ageMax
        let from = reader.int("ageFrom", in: years, isRequired: false)
        let to = reader.int("ageTo", in: (from ?? 0)...PriceAudience.ageMax, isRequired: false)
        let hasAges = from != nil || to != nil
        let ages: ClosedRange<Int>? =
            hasAges ? (from ?? 0)...(to ?? PriceAudience.ageMax) : nil
        return PriceAudience(
            ages: ages,
            copaymentClass: reader.code("copaymentClass", among: classes, isRequired: false))
    }

    /// What a checkup costs the municipality pays whole.
    private func terms(
        _ reader: inout RowReader, to: CalendarDay?, isRequired: Bool
    ) -> RegisteredPrice.Terms? {
        let unit = reader.int(
            "unitYen", in: 1...RegisteredPrice.yenMax, isRequired: isRequired)
        guard case .vaccinations = self else {
            return unit.map { .init(unitYen: $0, copaymentYen: 0, to: to) }
        }
        let copayment = reader.int(
            "copaymentYen", in: 0...(unit ?? RegisteredPrice.yenMax), isRequired: isRequired)
        let subsidy = reader.int(
            "subsidyYen", in: 0...RegisteredPrice.yenMax, isRequired: false)
        if let subsidy, let unit, let copayment, subsidy != unit - copayment {
            reader.add(.contradicts, "subsidyYen")
        }
        return unit.flatMap { unit in
            copayment.map { .init(unitYen: unit, copaymentYen: $0, to: to) }
        }
    }
}

extension RowReader {
    fileprivate mutating func code(
        _ name: String, among codes: Set<String>, isRequired: Bool
    ) -> String? {
        parsed(name, isRequired: isRequired, code: .unknownCode) { text throws(Refusal) in
            guard codes.contains(text) else { throw .malformed(name) }
            return text
        }
    }
}

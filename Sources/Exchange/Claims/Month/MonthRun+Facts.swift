/// The facts of a month. Entitlements are PMH registration rows, or our own short rows: `payer`, `recipient`,
/// `validFrom`, `validTo`, and where they are known `dateOfBirth`, `sex`, `monthlyCap`,
/// `isAlwaysReimbursement`, `institutions`, `isDeleted` with `knownOn`, the day it was registered. A PMH row
/// does not say when it was deleted: `deletions` do.
extension MonthRun {
    package mutating func readEntitlements(_ bytes: [UInt8]) throws(Refusal) {
        facts.hasRegister = true
        let document = try JSON(reading: bytes, limits: FactReader.limits)
        let rows = try FactReader.rows(document, "entitlements")
        if rows.contains(where: { $0.has("orgSpecificCertificateTypeId") }) {
            return try registered(bytes)
        }
        for row in rows { try entitlement(row) }
    }

    /// Everything else that is known; each list may be left out: `persons`, `insurerPeriods`, `caps`,
    /// `ledger`, `designations`, `deletions`, `checks`, `refunds`, `payments`, `returns`, `schemes`,
    /// `elsewhere`. What else a row holds is refused.
    package mutating func readFacts(_ bytes: [UInt8]) throws(Refusal) {
        let document = try JSON(reading: bytes, limits: FactReader.limits)
        guard let object = document.object else { throw .malformed("file") }
        try readFacts(FactReader(object: object, path: ""))
    }

    mutating func readFacts(_ file: FactReader) throws(Refusal) {
        try file.requireOnly(FactItems.facts)
        for row in try file.children("persons") { try person(row) }
        for row in try file.children("insurerPeriods") { try insurerPeriod(row) }
        for row in try file.children("caps") { try cap(row) }
        for row in try file.children("ledger") { try ledgerEntry(row) }
        if file.has("designations"), facts.designations == nil { facts.designations = [:] }
        for row in try file.children("designations") { try designation(row) }
        for row in try file.children("deletions") { try deletion(row) }
        for row in try file.children("checks") { try check(row) }
        for row in try file.children("refunds") { try refund(row) }
        for row in try file.children("payments") {
            payments[try place(row, FactItems.payment)] = try row.day("paidOn")
        }
        for row in try file.children("returns") { returns.insert(try place(row)) }
        for row in try file.children("schemes") {
            try row.requireOnly(FactItems.scheme)
            facts.schemes[try row.payer()] = try row.condition()
        }
        for value in try file.object.optionalArray("elsewhere") ?? [] {
            let payer = try PublicPayerNumber(
                value.requiredString(at: "elsewhere"), item: "elsewhere")
            facts.elsewhere.insert(UInt32(payer.digits) ?? 0)
        }
    }

    /// PMH rows: a later row of the same history key replaces the earlier. The individual number ends
    /// here; nothing of it is kept.
    private mutating func registered(_ bytes: [UInt8]) throws(Refusal) {
        var latest: [String: SubsidyRegistrationRow] = [:]
        var order: [String] = []
        for result in try readSubsidyRows(bytes, form: .full) {
            switch result {
            case .failure(let refusal): refusedRows += refusal.findings
            case .success(let row):
                let key = row.historyKey.map { "k\($0)" } ?? "i\(row.index)"
                if latest.updateValue(row, forKey: key) == nil { order.append(key) }
            }
        }
        for row in order.compactMap({ latest[$0] }) { register(row) }
    }

    private mutating func register(_ row: SubsidyRegistrationRow) {
        let certificate = row.certificate
        guard let payer = certificate.payerNumber.flatMap({ UInt32($0.digits) }) else { return }
        let key = CertificateNumber(
            payer: payer, recipient: recipients.key(certificate.recipientNumber?.text ?? ""))
        var entitlement = ClaimFacts.Entitlement(
            validFrom: Int32(certificate.validFrom.daysSince1970),
            validTo: Int32(certificate.validTo.daysSince1970))
        entitlement.isRefundOnly = certificate.isAlwaysReimbursement
        if row.isDeleted { entitlement.ended = .init(knownOn: nil, endsOn: nil) }
        let born = row.person.dateOfBirth
        let named =
            certificate.designatedMedicalInstitutions
            .map(EntitlementVersion.institutionCodes) ?? []
        facts.change(key) { holder in
            holder.entitlements.append(entitlement)
            if let earliest = born.earliest, let latest = born.latest {
                holder.bornEarliest = Int32(earliest.daysSince1970)
                holder.bornLatest = Int32(latest.daysSince1970)
            }
            holder.sex = row.person.sex == .male ? 1 : row.person.sex == .female ? 2 : 0
            holder.institutions += named.compactMap(UInt64.init)
        }
    }

    private mutating func entitlement(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.entitlement)
        let key = try row.certificate(&recipients)
        var entitlement = ClaimFacts.Entitlement(
            validFrom: try row.day("validFrom"), validTo: try row.day("validTo"))
        entitlement.isRefundOnly = try row.flag("isAlwaysReimbursement")
        if try row.flag("isDeleted") {
            entitlement.ended = .init(knownOn: try row.optionalDay("knownOn"), endsOn: nil)
        }
        var institutions: [UInt64] = []
        for value in try row.object.optionalArray("institutions", at: row.path) ?? [] {
            let item = row.item("institutions")
            let code = try MedicalInstitutionCode(value.requiredString(at: item), item: item)
            institutions.append(UInt64(code.digits) ?? 0)
        }
        let cap = try row.optionalCount("monthlyCap")
        facts.change(key) { holder in
            holder.entitlements.append(entitlement)
            holder.institutions += institutions
            if let cap { holder.cap = cap }
        }
        try identity(row, of: key)
    }

    private mutating func person(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.person)
        try identity(row, of: try row.certificate(&recipients))
    }

    private mutating func identity(
        _ row: FactReader, of key: CertificateNumber
    ) throws(Refusal) {
        let born = try row.birth("dateOfBirth")
        let sex = try row.sex()
        facts.change(key) { holder in
            if let born { (holder.bornEarliest, holder.bornLatest) = born }
            if sex != 0 { holder.sex = sex }
        }
    }

    private mutating func place(
        _ row: FactReader, _ items: Set<String> = FactItems.place
    ) throws(Refusal) -> ClaimFacts.PlaceKey {
        try row.requireOnly(items)
        return try row.place(&recipients)
    }

    private mutating func refund(_ row: FactReader) throws(Refusal) {
        let place = try place(row, FactItems.refund)
        let day = try row.optionalDay("day") ?? Claim.unsaidDay
        guard day == Claim.unsaidDay || (place.month.firstDay...place.month.lastDay).contains(day)
        else { throw .malformed(row.item("day")) }
        facts.refunds[place, default: []].insert(
            .init(day: day, cost: try row.optionalCount("cost") ?? -1))
    }

    private mutating func ledgerEntry(_ row: FactReader) throws(Refusal) {
        let place = try place(row, FactItems.ledgerEntry)
        facts.ledger[.init(place.certificate, place.month), default: []].append(
            .init(institution: place.institution, yen: try row.count("amount")))
    }

    private mutating func insurerPeriod(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.insurerPeriod)
        let period = ClaimFacts.InsurerPeriod(
            insurer: try row.insurer(), from: try row.day("from"),
            to: try row.optionalDay("to") ?? Claim.endlessDay)
        facts.change(try row.certificate(&recipients)) { $0.insurers.append(period) }
    }

    private mutating func cap(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.cap)
        let key = try row.certificate(&recipients)
        let yen = try row.count("cap")
        if row.has("month") {
            facts.caps[.init(key, try row.month())] = yen
        } else {
            facts.change(key) { $0.cap = yen }
        }
    }

    private mutating func designation(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.designation)
        let of: ClaimFacts.Designation.Of
        if row.has("payer") {
            of = .payer(try row.payer())
        } else {
            guard let number = Digits.lawNumber(try row.text("lawNumber")) else {
                throw .malformed(row.item("lawNumber"))
            }
            of = .law(number)
        }
        let from = try row.optionalDay("from") ?? Claim.unsaidDay
        let to = try row.optionalDay("to") ?? Claim.endlessDay
        guard from <= to else { throw .malformed(row.item("to")) }
        facts.designations?[.init(of: of, institution: try row.institution()), default: []]
            .append(from...to)
    }

    /// 遡及の取消し: of every entitlement under the certificate, or of the one that begins on `validFrom`;
    /// `endsOn` is what is left of it. It is kept until the report, because it may be read before the
    /// entitlement it ends.
    private mutating func deletion(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.deletion)
        deletions.append(
            Deletion(
                certificate: try row.certificate(&recipients),
                validFrom: try row.optionalDay("validFrom"),
                ended: .init(
                    knownOn: try row.optionalDay("knownOn"),
                    endsOn: try row.optionalDay("endsOn"))))
    }

    /// 資格確認の回答: only one that could not be used at the counter says something against a claim.
    private mutating func check(_ row: FactReader) throws(Refusal) {
        try row.requireOnly(FactItems.check)
        guard let outcome = EligibilityOutcome(rawValue: try row.text("outcome")) else {
            throw .malformed(row.item("outcome"))
        }
        let day = try row.day("day")
        guard ![.entitled, .capReached].contains(outcome) else { return }
        let month = ServiceMonth(of: CalendarDay(daysSince1970: Int(day)))
        let place = ClaimFacts.PlaceKey(
            try row.certificate(&recipients), month, at: try row.institution())
        facts.otherAnswers[place, default: []].append(.init(day: day, outcome: outcome))
    }
}

extension FactReader {
    func condition() throws(Refusal) -> SchemeCondition {
        var ages: AgeRange?
        if has("ageFrom") || has("ageBelow") {
            let written = try optionalText("ageEnds") ?? AgeRange.Ends.day.rawValue
            guard let ends = AgeRange.Ends(rawValue: written) else {
                throw .malformed(item("ageEnds"))
            }
            let from = try age("ageFrom", in: 0...150)
            let below = try age("ageBelow", in: 1...150)
            if let from, let below, from >= below { throw .malformed(item("ageBelow")) }
            ages = AgeRange(from: from, below: below, ends: ends)
        }
        return SchemeCondition(
            ages: ages, requiresDesignation: try flag("requiresDesignation"))
    }

    /// 年齢, within what a scheme of `profiles/` is held to as well: beyond it there is no calendar.
    private func age(_ name: String, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        guard let number = try optionalCount(name) else { return nil }
        guard range.contains(Int(number)) else { throw .malformed(item(name)) }
        return Int(number)
    }
}

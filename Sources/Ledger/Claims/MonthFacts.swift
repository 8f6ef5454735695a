import Exchange
import Postgres

/// 照合の事実を集める: what the ledger itself knows of a month's claims: entitlements with everything that
/// was ever said of them, persons, caps and what was confirmed under them, designations, checks that were
/// answered, and the terms that amounts are computed by again. A few statements for all claims.
struct MonthFacts {
    var facts = ClaimFacts()
    /// Whose certificates they are.
    var persons: [CertificateNumber: PersonKey] = [:]
    /// What its check was answered, of a claim by its place in the batch.
    var checks: [Int: RecordID] = [:]
    private(set) var reckoning: ClaimReckoning

    let body: String
    let books: ClaimBooks
    private let rules: RuleBook
    private var recipients: RecipientTexts
    /// Every version of this body's rows, of the persons found, under all records of each (統合): those of the
    /// absorbed ones first, so that what was said of the survivor's own speaks last.
    var versions: [PersonKey: [EntitlementVersion]] = [:]
    private var toldClasses: [ToldPlace: Set<ClaimReckoning.ToldClass>] = [:]

    init(_ books: ClaimBooks, of body: String, _ rules: RuleBook) throws {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        self.body = body
        self.books = books
        self.rules = rules
        recipients = books.recipients
        reckoning = ClaimReckoning(copayment, rules.subsidy)
        facts.hasRegister = true
    }

    /// `payers`: those of the body's own register.
    mutating func load(
        _ transaction: inout Transaction, payers: Set<UInt32>,
        rules kept: (String) throws -> RuleBook
    ) throws {
        try findPersons(&transaction)
        elsewhere(ours: payers)
        let people = Array(Set(persons.values))
        let key: [Value] = [.text(body), .uuids(people.map { UUIDBytes($0) })]
        let read = try transaction.pipeline([
            (Self.selectVersions, key), (Self.selectIdentities, key),
            (
                Self.selectBills,
                key + [.days(Set(books.batch.claims.map { Int($0.month.firstDay) }).sorted())]
            ),
            (DesignationHistory.select, [.texts(institutions.map { "institution:\($0)" })]),
            (Self.selectRefunds, key),
        ])
        try takeEntitlements(read[0])
        try takeIdentities(read[1])
        takeTerms()
        try takeBills(read[2])
        try takeDesignations(read[3])
        try takeRefunds(read[4])
        try takeChecks(&transaction, kept)
    }

    private var institutions: [String] {
        Set(books.batch.claims.map(\.institution)).sorted().map {
            Claim.text(ofInstitution: $0) ?? ""
        }
    }

    /// 他の実施機関の公費: a national scheme under a payer number that this body never registered is
    /// somebody else's; a local one must be in the register.
    private mutating func elsewhere(ours: Set<UInt32>) {
        let payers = Set(books.batch.parts.map(\.certificate.payer)).subtracting(ours)
        facts.elsewhere = payers.filter { rules.claims?.isNational(payer: $0) == true }
    }

    // MARK: Certificates

    private mutating func takeEntitlements(_ rows: Rows) throws {
        for (person, version) in try rows.map({
            (try $0.uuid(0).person, try EntitlementVersion($0, from: 1))
        }) { versions[person, default: []].append(version) }
        for (person, versions) in versions {
            let known = Dictionary(grouping: versions.filter { !$0.isUnderReview }) {
                [$0.certificateTypeID, $0.subKey ?? "", $0.historyKey]
            }
            for history in known.values {
                take(history: history, of: person)
            }
        }
    }

    /// 履歴: versions of one row, the oldest first. The last one speaks; days that it takes away from one
    /// before it were held until it came. A merge takes an absorbed record's rows back: where the survivor
    /// had the same one already, that stands all the same.
    private mutating func take(history: [EntitlementVersion], of person: PersonKey) {
        guard let newest = history.last else { return }
        for (key, versions) in Dictionary(grouping: history, by: { number(of: $0) }) {
            // What somebody else had under the number entitles nobody now.
            guard let key, persons[key] == person, let last = versions.last else { continue }
            var entitlement = ClaimFacts.Entitlement(
                validFrom: Int32(last.validFrom.daysSince1970),
                validTo: Int32(last.validTo.daysSince1970))
            entitlement.isRefundOnly = last.isAlwaysReimbursement
            let knownOn = Int32(newest.knownAt.dayInJapan.daysSince1970)
            if newest.isDeleted || number(of: newest) != key {
                entitlement.ended = .init(knownOn: knownOn, endsOn: nil)
            } else if let longest = versions.map(\.validTo).max(), longest > last.validTo {
                entitlement.ended = .init(knownOn: knownOn, endsOn: entitlement.validTo)
                entitlement.validTo = Int32(longest.daysSince1970)
            }
            let named = last.designatedCodes.compactMap(UInt64.init)
            facts.change(key) {
                $0.entitlements.append(entitlement)
                $0.institutions += named
            }
        }
    }

    mutating func number(of version: EntitlementVersion) -> CertificateNumber? {
        guard let payer = version.payerNumber.flatMap({ UInt32($0) }) else { return nil }
        return CertificateNumber(
            payer: payer, recipient: recipients.key(version.recipientNumber ?? ""))
    }

    private mutating func takeIdentities(_ rows: Rows) throws {
        var born: [PersonKey: (birth: BirthDate, sex: String)] = [:]
        for (person, birth, sex) in try rows.map({
            (try $0.uuid(0).person, try $0.text(1), try $0.text(2))
        }) { if let birth = try? BirthDate(birth) { born[person] = (birth, sex) } }
        for (key, person) in persons {
            guard let said = born[person] else { continue }
            facts.change(key) { holder in
                if let earliest = said.birth.earliest, let latest = said.birth.latest {
                    holder.bornEarliest = Int32(earliest.daysSince1970)
                    holder.bornLatest = Int32(latest.daysSince1970)
                }
                holder.sex = UInt8(said.sex) == 1 ? 1 : UInt8(said.sex) == 2 ? 2 : 0
            }
        }
    }

    // MARK: Money

    /// What is asked under a certificate in a month: of the version that covers the first day of it that
    /// any does.
    private mutating func terms(
        _ key: CertificateNumber, _ claim: Claim
    ) -> ClaimReckoning.Terms? {
        guard let person = persons[key] else { return nil }
        let current = (versions[person] ?? []).filter { !$0.isDeleted && !$0.isUnderReview }
        let spot = CareSpot(institution: Claim.text(ofInstitution: claim.institution) ?? "")
        for day in claim.serviceDays {
            let day = CalendarDay(daysSince1970: Int(day))
            let row = current.last { $0.covers(day) && number(of: $0) == key }
            if let row {
                return reckoning.terms(
                    of: row, on: day, isInpatient: claim.isInpatient, at: spot)
            }
        }
        return nil
    }

    /// Of the first claim of each month, and of the first of another setting: where visits and stays do not
    /// have the same cap, no claim of the month is held to one. Of a certificate that only claims beside
    /// these name not all of its month is here.
    private mutating func takeTerms() {
        var done: [ClaimFacts.MonthKey: Set<Bool?>] = [:]
        var found: [ClaimFacts.MonthKey: [ClaimReckoning.Terms?]] = [:]
        let own = Set(
            books.batch.claims.filter { !$0.marks.contains(.earlier) }
                .flatMap { books.batch.parts[$0.parts].map(\.certificate) })
        for claim in books.batch.claims {
            for part in books.batch.parts[claim.parts] where own.contains(part.certificate) {
                let month = ClaimFacts.MonthKey(part.certificate, claim.month)
                guard done[month, default: []].insert(claim.isInpatient).inserted else { continue }
                requireDesignation(part.certificate, claim)
                found[month, default: []].append(terms(part.certificate, claim))
            }
        }
        for (month, settings) in found {
            guard let terms = settings.first ?? nil, let cap = terms.cap,
                settings.allSatisfy({ $0?.cap == cap })
            else { continue }
            reckoning.use(terms)
            facts.caps[month] = Int32(clamping: cap)
        }
    }

    /// 地方単独の制度: its own conditions, beside those of the law.
    private mutating func requireDesignation(_ key: CertificateNumber, _ claim: Claim) {
        guard rules.claims?.isNational(payer: key.payer) == false, let person = persons[key]
        else { return }
        let isRequired = program(key, of: person, claim)?.requiresDesignation ?? false
        facts.schemesOf[.init(key, claim.month)] = SchemeCondition(
            ages: nil, requiresDesignation: isRequired)
    }

    /// The scheme that a certificate is of, as the body's master has it in the month of a claim.
    private mutating func program(
        _ key: CertificateNumber, of person: PersonKey, _ claim: Claim
    ) -> SubsidyProgram? {
        let day = CalendarDay(daysSince1970: Int(claim.month.firstDay))
        let type = versions[person]?.last { number(of: $0) == key }?.certificateTypeID
        return rules.subsidy.programs(of: body, on: day).first { $0.certificateTypeID == type }
    }

    /// 再計算, by the terms that the body's own rows and master give.
    mutating func recompute(_ run: inout MonthRun) {
        run.recompute { claim, parts in
            let terms = parts.map { self.terms($0.certificate, claim) }
            let classes = self.told(claim, parts)
            let confirmed = parts.map { self.confirmed($0.certificate, claim) }
            return reckoning.expected(claim, parts, terms, told: classes, confirmed: confirmed)
        }
        facts.hasUnexaminedCopayments = reckoning.hasUnexamined
    }

    /// What bills of a claim's institution come to under a certificate of its month.
    private func confirmed(_ key: CertificateNumber, _ claim: Claim) -> Int {
        (facts.ledger[.init(key, claim.month)] ?? []).reduce(0) {
            $0 + ($1.institution == claim.institution ? Int($1.yen) : 0)
        }
    }

    /// The classes that bills of a claim's receipt were reckoned by.
    private func told(
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>
    ) -> Set<ClaimReckoning.ToldClass> {
        guard let isInpatient = claim.isInpatient else { return [] }
        return parts.reduce(into: []) { told, part in
            let place = ClaimFacts.PlaceKey(part.certificate, claim.month, at: claim.institution)
            told.formUnion(toldClasses[ToldPlace(place: place, isInpatient: isInpatient)] ?? [])
        }
    }

    /// A note that names another class than the counter was told is asked about.
    private mutating func takeDifferingClasses() {
        guard !toldClasses.isEmpty else { return }
        for claim in books.batch.claims {
            let parts = books.batch.parts[claim.parts]
            let classes = told(claim, parts)
            guard let note = reckoning.differing(claim, told: classes),
                let first = classes.map(\.text).min(), let part = parts.first
            else { continue }
            let place = ClaimFacts.PlaceKey(part.certificate, claim.month, at: claim.institution)
            facts.otherClasses[place, default: []].insert(
                .init(note: note, told: first, isInpatient: claim.isInpatient))
        }
    }

    /// 償還払い that the body approved: the same care is not paid for again, on none of the days of a stay.
    private mutating func takeRefunds(_ rows: Rows) throws {
        for (person, month, receipts) in try rows.map({ row in
            (try row.uuid(0).person, try CapMonth(row, from: 1), try row.text(5))
        }) {
            for line in receipts.split(separator: "\n") {
                guard let receipt = RefundRequest.Receipt(line: line),
                    let institution = UInt64(receipt.institution),
                    let key = number(of: month.certificate, person, on: receipt.day)
                else { continue }
                let place = ClaimFacts.PlaceKey(key, month.month, at: institution)
                for offset in 0..<receipt.days {
                    let day = Int32(receipt.day.daysSince1970 + offset)
                    facts.refunds[place, default: []].insert(
                        .init(day: day, cost: Int32(clamping: receipt.cost)))
                }
            }
        }
    }

    private mutating func takeBills(_ rows: Rows) throws {
        for (person, month, institution, yen, told, day) in try rows.map({ row in
            (
                try row.uuid(0).person, try CapMonth(row, from: 1), try row.text(5),
                try row.int(6), try Told(row, from: 7),
                CalendarDay(daysSince1970: try row.day(10))
            )
        }) {
            guard let key = number(of: month.certificate, person, on: day),
                let code = UInt64(institution.dropFirst("institution:".count))
            else { continue }
            facts.ledger[.init(key, month.month), default: []].append(
                .init(institution: code, yen: Int32(clamping: yen)))
            guard let limitClass = told.limitClass else { continue }
            let place = ClaimFacts.PlaceKey(key, month.month, at: code)
            toldClasses[ToldPlace(place: place, isInpatient: told.isInpatient), default: []]
                .insert(limitClass)
        }
        takeDifferingClasses()
    }

    /// 窓口で告げられた適用区分, and whether the bill was of a stay.
    private struct Told {
        let limitClass: ClaimReckoning.ToldClass?
        let isInpatient: Bool

        init(_ row: Row, from column: Int) throws {
            let isMultiple = try row.bool(column + 1)
            limitClass = try row.optionalText(column).map {
                ClaimReckoning.ToldClass(code: $0, isMultiple: isMultiple)
            }
            isInpatient = try row.bool(column + 2)
        }
    }

    private struct ToldPlace: Hashable {
        let place: ClaimFacts.PlaceKey
        let isInpatient: Bool
    }

    /// By law number for every payer of it, and for a certificate by its scheme as a check asks for it.
    private mutating func takeDesignations(_ rows: Rows) throws {
        let told = try DesignationHistory(rows).periods(by: body)
        var found: [ClaimFacts.Designation: [DesignationHistory.Period]] = [:]
        for (designated, periods) in told {
            guard let law = Int(designated.scheme), (10...99).contains(law) else { continue }
            found[.init(of: .law(law), institution: designated.institution)] = periods
        }
        for claim in told.isEmpty ? [] : books.batch.claims {
            for key in books.batch.parts[claim.parts].map(\.certificate) {
                let place = ClaimFacts.Designation(
                    of: .certificate(key), institution: claim.institution)
                guard found[place] == nil, let person = persons[key],
                    let program = program(key, of: person, claim)
                else { continue }
                found[place] = program.designatedAs.flatMap { scheme in
                    told[.init(institution: claim.institution, scheme: scheme)] ?? []
                }
            }
        }
        facts.designations = found.mapValues { $0.map(\.days) }
        facts.toldDesignations = found.mapValues { $0.filter(\.isAsTold).map(\.days.lowerBound) }
    }
}

extension MonthFacts {
    private static let selectVersions = Statement(
        """
        select q.person, \(EntitlementVersion.columns)
        from \(Survivors.recordsOfAsked("$2")) q
        join exchange.entitlement e on e.person = q.record and e.body = $1
        order by q.record = q.person, e.version
        """)

    private static let selectIdentities = Statement(
        """
        select distinct on (i.person) i.person, i.birth_date, i.sex
        from unnest($2::uuid[]) q(person)
        join exchange.identity i on i.person = q.person and i.body = $1
            and \(SaidIdentity.stands("i"))
        order by i.person, i.version desc
        """)

    /// Confirmed, in the order of the month: what of it fills the month, as its cap counts it. Two records
    /// have counted their places apart.
    private static let selectBills = Statement(
        """
        select q.person, \(CapMonth.columns), m.party,
            m.collected - case when m.is_last then m.paid_over else m.paid_over_counts end,
            m.limit_class, m.is_multiple, m.is_inpatient, m.day
        from (
            select u.person, u.record, count(*) over (partition by u.person) > 1 as is_merged
            from \(Survivors.recordsOfAsked("$2")) u) q
        join exchange.bill m on m.person = q.record and m.body = $1 and m.month = any ($3)
            and m.status = 'confirmed'
        where not exists (
            select 1 from exchange.bill later
            where later.person = m.person and later.bill = m.bill and later.version > m.version)
        order by q.person, m.month, case when q.is_merged then m.recorded_at end, m.position
        """)

    private static let selectRefunds = Statement(
        """
        select q.person, \(CapMonth.columns), m.receipts
        from \(Survivors.recordsOfAsked("$2")) q
        join exchange.refund_request m on m.person = q.record and m.body = $1
        where exists (
            select 1 from exchange.refund_answer a
            where a.person = m.person and a.refund = m.refund and a.decision = 'approved')
        """)
}

/// 照合の例題: cases in the form of the published reconciliation cases (`data`, each with `id` and
/// `given`), decided by the same code as a month. What `given` leaves out is not held against a claim.
///
/// A case may give whole `claims`, `entitlements` and `facts` in the forms of the month's files, or name
/// single things: `payer`, `recipient`, `payers` (payer or law numbers in the order of the receipt),
/// `register`, `service`, `month`, `validFrom`, `validTo`, `isDeleted`, `knownOn`, `paidOn`,
/// `isAlwaysReimbursement`, `cap` and `copays` (one institution each, in order of confirmation),
/// `birthDate` and `registeredBirthDate`, `sex` and `registeredSex`, `insurer`, `insurerFrom`,
/// `insurerTo`, `claimed` and `recomputed`, `ageFrom`, `ageBelow`, `ageEnds`, `specialNotes`,
/// `dutyReason`, `institution`, `designated`. Any other item is a problem of the case.
///
/// What a case says beside several `payers` it says of each of them; a single amount is then a problem, and
/// so is `designated` without a payer.
///
/// A case that names a `recipient` is held against a register: the recipients of `register`, none when it
/// is left out, and its own recipient where it gives anything a register holds of one (`validFrom`,
/// `cap`, `registeredSex` …).
package struct ReconcileCases: Sendable {
    let rules: ClaimRules
    private let reckoning: ClaimReckoning?

    /// `reckoning`: by which amounts are computed again, as those of a month are.
    package init(rules: ClaimRules, reckoning: ClaimReckoning? = nil) {
        self.rules = rules
        self.reckoning = reckoning
    }

    /// `{"data": [{"id", "reason", …}]}`. Only a file that is no list of cases is refused; a case that cannot
    /// be read says why in `problem`, and is counted in `unread`.
    package func answers(to bytes: [UInt8]) throws(Refusal) -> (json: [UInt8], unread: Int) {
        let document = try JSON(reading: bytes, limits: FactReader.limits)
        // Whatever stands beside the cases, or instead of one of them, keeps no other from being answered.
        let isList = document.array != nil
        var rows = document.array ?? []
        if !isList {
            guard let object = document.object else { throw .malformed("file") }
            rows = try object.requiredArray("data")
        }
        var writer = JSONWriter()
        var unread = 0
        writer.object {
            $0.array("data") { list in
                for (place, row) in rows.enumerated() {
                    let path = JSONPath.element(place, of: isList ? "" : "data")
                    list.object { if !answer(row, at: path, into: &$0) { unread += 1 } }
                }
            }
        }
        return (writer.bytes, unread)
    }

    /// Whether the case could be read.
    private func answer(_ row: JSON, at path: String, into writer: inout JSONWriter) -> Bool {
        writer.member("id", row.object?["id"] ?? .null)
        do throws(Refusal) {
            let row = FactReader(object: try row.requiredObject(at: path), path: path)
            let given = try row.object.requiredObject("given", at: row.path)
            var reading = CaseReading(
                FactReader(object: given, path: row.item("given")), rules: rules)
            try reading.read()
            if var reckoning { reading.run.recompute(by: &reckoning) }
            let report = reading.run.report()
            write(report, reading, into: &writer)
            return true
        } catch {
            writer.member("reason", JSON.null)
            let fault = RuleFault(error, file: "given")
            let text = Self.text(of: error, fault)
            writer.object("problem") {
                $0.member("item", fault.path)
                $0.member("ja", text.ja)
                $0.member("en", text.en)
            }
            return false
        }
    }

    private static func text(of refusal: Refusal, _ fault: RuleFault) -> BilingualText {
        if case .individualNumberNotAllowed = refusal {
            return BilingualText(ja: refusal.ja, en: refusal.en)
        }
        return BilingualText(
            ja: "\(fault.path)を読めません。照合の例題の形式に直してください。",
            en: "\(fault.path) \(fault.reason). Write it in the form of the cases.")
    }

    private func write(
        _ report: MonthReport, _ reading: CaseReading, into writer: inout JSONWriter
    ) {
        let leading = report.verdicts.findings.min {
            rules.reasons[$0.reason].rank < rules.reasons[$1.reason].rank
        }
        writer.member("reason", leading.map { .string($0.reason.code) } ?? JSON.null)
        let standing = report.verdicts.standings.max() ?? .accepted
        writer.member("standing", standing.rawValue)
        if let copays = reading.copays {
            var shares = ConfirmedShares(
                cap: copays.cap, ledger: [], counter: rules.counter)
            let expected = copays.yen.map { shares.take($0, at: 0) }
            writer.array("expectedCopays") { list in
                for yen in expected { list.int(Int(yen)) }
            }
            let difference =
                copays.yen.reduce(0) { $0 + Int($1) } - expected.reduce(0) { $0 + Int($1) }
            writer.member("difference", difference)
        }
        writer.array("reasons") { list in
            for finding in report.verdicts.findings { finding.write(into: &list, report) }
        }
    }
}

/// Turns what a case gives into a month's run of its own.
private struct CaseReading {
    var run: MonthRun
    private(set) var copays: (cap: Int32, yen: [Int32])?
    private let given: FactReader
    /// One for each payer of the case, in the order of the receipt. What the case says of a certificate it
    /// says of each of them.
    private var certificates: [CertificateNumber] = []

    init(_ given: FactReader, rules: ClaimRules) {
        self.given = given
        // The last month a calendar day can have: no service of a case lies ahead of it.
        run = MonthRun(rules: rules, month: ServiceMonth(of: CalendarDay(daysSince1970: 2_932_896)))
    }

    mutating func read() throws(Refusal) {
        // Beside whole claims a single thing would say nothing.
        try given.requireOnly(given.has("claims") ? FactItems.wholeCase : FactItems.singleCase)
        if let rows = try given.object.optionalArray("entitlements", at: given.path) {
            try run.readEntitlements(Array(JSON.array(rows).text.utf8))
        }
        if let facts = try given.object.optionalObject("facts", at: given.path) {
            try run.readFacts(FactReader(object: facts, path: given.item("facts")))
        }
        let claims = try given.children("claims")
        for (place, row) in claims.enumerated() {
            try run.batch.append(row, file: 0, number: place + 1, recipients: &run.recipients)
        }
        guard claims.isEmpty else { return }
        try certificatesOfCase()
        try register()
        try holder()
        try scheme()
        try claim()
    }

    /// A payer alone, or a recipient alone, is compared with what it can be compared with.
    private mutating func certificatesOfCase() throws(Refusal) {
        var payers: [UInt32] = []
        if let list = try given.object.optionalArray("payers", at: given.path) {
            guard !given.has("payer") else { throw .unknownItem(given.item("payer")) }
            for value in list {
                payers.append(try payer(value.requiredString(at: given.item("payers"))))
            }
        } else {
            payers = [given.has("payer") ? try given.payer() : 0]
        }
        // Claims that name no certificate are still of one certificate together.
        let unnamed = payers == [0] ? "case" : ""
        let recipient = run.recipients.key(try given.recipient()?.text ?? unnamed)
        certificates = payers.map { CertificateNumber(payer: $0, recipient: recipient) }
    }

    private mutating func change(_ body: (inout ClaimFacts.Holder) -> Void) {
        for certificate in certificates { run.facts.change(certificate, body) }
    }

    private mutating func register() throws(Refusal) {
        if given.has("recipient") || given.has("register") { run.facts.hasRegister = true }
        for value in try given.object.optionalArray("register", at: given.path) ?? [] {
            let item = given.item("register")
            let recipient = try RecipientNumber(
                onReceipt: value.requiredString(at: item), item: item)
            let key = run.recipients.key(recipient.text)
            // Of its own recipient a case may say what is registered: that, and nothing wider.
            for certificate in certificates where certificate.recipient != key || !isRegistered {
                run.facts.change(.init(payer: certificate.payer, recipient: key)) {
                    $0.entitlements.append(
                        .init(validFrom: Claim.unsaidDay, validTo: Claim.endlessDay))
                }
            }
        }
    }

    /// The case gives something that a register holds of its recipient.
    private var isRegistered: Bool { FactItems.registered.contains(where: given.has) }

    private mutating func holder() throws(Refusal) {
        if let cap = try given.optionalCount("cap") { change { $0.cap = cap } }
        if let born = try given.birth("registeredBirthDate") {
            change { ($0.bornEarliest, $0.bornLatest) = born }
        }
        let sex = try given.sex("registeredSex")
        if sex != 0 { change { $0.sex = sex } }
        if given.has("insurerFrom") || given.has("insurerTo") {
            let period = ClaimFacts.InsurerPeriod(
                insurer: try insurer(),
                from: try given.optionalDay("insurerFrom") ?? Claim.unsaidDay,
                to: try given.optionalDay("insurerTo") ?? Claim.endlessDay)
            guard period.from <= period.to else { throw .malformed(given.item("insurerTo")) }
            change { $0.insurers.append(period) }
        }
        guard isRegistered else { return }
        var entitlement = ClaimFacts.Entitlement(
            validFrom: try given.optionalDay("validFrom") ?? Claim.unsaidDay,
            validTo: try given.optionalDay("validTo") ?? Claim.endlessDay)
        guard entitlement.validFrom <= entitlement.validTo else {
            throw .malformed(given.item("validTo"))
        }
        entitlement.isRefundOnly = try given.flag("isAlwaysReimbursement")
        if try given.flag("isDeleted") {
            entitlement.ended = .init(knownOn: try given.optionalDay("knownOn"), endsOn: nil)
        }
        run.facts.hasRegister = true
        change { $0.entitlements.append(entitlement) }
    }

    private mutating func scheme() throws(Refusal) {
        if given.has("ageFrom") || given.has("ageBelow") {
            let ages = try given.condition().ages
            for certificate in certificates {
                // The ages are the case's; whether the law asks for a designation they do not say.
                let law = certificate.law
                let asked =
                    run.rules.isNational(law: law) ? run.rules.conditions.condition(law: law) : nil
                run.facts.schemes[certificate.payer] = SchemeCondition(
                    ages: ages, requiresDesignation: asked?.requiresDesignation ?? false)
            }
        }
        guard let designated = try given.object.optionalBool("designated", at: given.path) else {
            return
        }
        // Which schemes ask for it, only a payer tells.
        guard given.has("payer") || given.has("payers") else { throw .missing(given.item("payer")) }
        run.facts.designations = [:]
        guard designated else { return }
        for certificate in certificates {
            let place = ClaimFacts.Designation(
                of: .payer(certificate.payer), institution: try institution())
            run.facts.designations?[place] = [Claim.unsaidDay...Claim.endlessDay]
        }
    }

    private mutating func claim() throws(Refusal) {
        let day = try given.optionalDay("service")
        let service = day.map { CalendarDay(daysSince1970: Int($0)) }
        // A case without a day is of no month in particular.
        let written =
            try given.has("month") ? given.month() : ServiceMonth(year: 2026, month: 4)
        var claim = Claim(month: service.map { ServiceMonth(of: $0) } ?? written)
        if let service { claim.days = 1 << UInt32(service.day) }
        claim.institution = try institution()
        claim.birth = try given.birth("birthDate")?.earliest ?? Claim.unsaidDay
        claim.sex = try given.sex()
        claim.insurer = given.has("insurerFrom") || given.has("insurerTo") ? try insurer() : 0
        claim.paidOn = try given.optionalDay("paidOn") ?? Claim.unsaidDay
        claim.specialNotes = try given.specialNotes()
        claim.dutyReason = try given.dutyReason()
        if given.has("service") || given.has("month") { try given.checkOrder(of: claim) }
        try copayments(of: claim)
        guard copays == nil else { return }
        run.batch.append(claim, try publics())
    }

    private mutating func copayments(of claim: Claim) throws(Refusal) {
        guard let list = try given.object.optionalArray("copays", at: given.path) else { return }
        var yen: [Int32] = []
        for value in list {
            guard let number = value.int.flatMap(Int32.init(exactly:)), number >= 0 else {
                throw .malformed(given.item("copays"))
            }
            yen.append(number)
        }
        copays = (try given.count("cap"), yen)
        let certificate = try onlyCertificate("copays")
        for (place, number) in yen.enumerated() {
            var part = ClaimPart(certificate)
            part.copayment = number
            var own = claim
            // One institution each: told apart by their place in the list.
            own.institution = UInt64(place + 1)
            run.batch.append(own, [part])
        }
    }

    private mutating func publics() throws(Refusal) -> [ClaimPart] {
        guard given.has("claimed") || given.has("recomputed") else {
            return certificates.map { ClaimPart($0) }
        }
        var part = ClaimPart(
            try onlyCertificate(given.has("claimed") ? "claimed" : "recomputed"))
        part.amount = try given.optionalCount("claimed") ?? -1
        part.amountRecomputed = try given.optionalCount("recomputed") ?? -1
        return [part]
    }

    /// Of several payers nobody could tell whose an amount is.
    private func onlyCertificate(_ item: String) throws(Refusal) -> CertificateNumber {
        guard certificates.count == 1 else { throw .unknownItem(given.item(item)) }
        return certificates[0]
    }

    /// Eight digits, or a law number alone.
    private func payer(_ text: String) throws(Refusal) -> UInt32 {
        if let law = Digits.lawNumber(text), law > 0 { return UInt32(law) }
        let payer = try PublicPayerNumber(text, item: given.item("payers"))
        return UInt32(payer.digits) ?? 0
    }

    private func institution() throws(Refusal) -> UInt64 {
        given.has("institution") ? try given.institution() : 0
    }

    private func insurer() throws(Refusal) -> UInt32 {
        given.has("insurer") ? try given.insurer() : Claim.unsaidInsurer
    }
}

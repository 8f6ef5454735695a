/// 月次の照合: takes the files of one month, in any order and any number, and reconciles them. The same files
/// give the same report to the byte; nothing is read from a clock.
package struct MonthRun: Sendable {
    /// What was read of one file of claims.
    package struct File: Sendable {
        package let name: String
        package let claims: Int
        package let findings: [UkeFinding]
        package let findingsLeftOut: Int

        package init(
            name: String, claims: Int, findings: [UkeFinding] = [], findingsLeftOut: Int = 0
        ) {
            self.name = name
            self.claims = claims
            self.findings = findings
            self.findingsLeftOut = findingsLeftOut
        }
    }

    package let month: ServiceMonth
    let rules: ClaimRules
    package private(set) var files: [File] = []
    package internal(set) var batch: ClaimBatch
    /// Whoever holds them elsewhere than in files may fill them in; keys come from `recipients`.
    package var facts = ClaimFacts()
    package var recipients = RecipientTexts()
    /// Registered rows that could not be read, with what is wrong: they entitle nobody.
    package internal(set) var refusedRows: [RowFinding] = []
    /// Claims on which facts arrive after them: paid, returned.
    var payments: [ClaimFacts.PlaceKey: Int32] = [:]
    var returns: Set<ClaimFacts.PlaceKey> = []
    var deletions: [Deletion] = []

    struct Deletion: Sendable {
        let certificate: CertificateNumber
        /// `nil`: every entitlement under the certificate.
        let validFrom: Int32?
        let ended: ClaimFacts.Entitlement.Ended
    }

    /// Claims that are kept elsewhere than in files, with the files they came in.
    package init(
        rules: ClaimRules, month: ServiceMonth, files: [File], batch: ClaimBatch,
        recipients: RecipientTexts
    ) {
        self.rules = rules
        self.month = month
        self.files = files
        self.batch = batch
        self.recipients = recipients
    }

    package init(rules: ClaimRules, month: ServiceMonth, reserving claims: Int = 0) {
        self.rules = rules
        self.month = month
        batch = ClaimBatch(reserving: claims)
    }

    /// A receipt file, piece by piece: `next` gives its bytes until it gives `nil`. A receipt that cannot
    /// be placed in a month is told among the findings and left out.
    package mutating func readReceipts<Failure: Error>(
        named name: String, decode: @escaping UkeReader.Decode,
        next: () throws(Failure) -> [UInt8]?
    ) throws(Failure) {
        var reader = UkeReader(rules: rules, decode: decode)
        let file = files.count
        let before = batch.claims.count
        while let piece = try next() {
            reader.read(piece[...]) { _ = batch.append($0, file: file, recipients: &recipients) }
        }
        reader.finish { _ = batch.append($0, file: file, recipients: &recipients) }
        files.append(
            File(
                name: name, claims: batch.claims.count - before, findings: reader.findings,
                findingsLeftOut: reader.findingsLeftOut))
    }

    /// Claims in JSON (`ClaimBatch+JSON`). Refused as a whole when one of them is malformed.
    package mutating func readClaims(named name: String, _ bytes: [UInt8]) throws(Refusal) {
        let before = batch.claims.count
        try batch.append(reading: bytes, file: files.count, recipients: &recipients)
        files.append(
            File(
                name: name, claims: batch.claims.count - before))
    }

    /// For whoever can compute what copayments and amounts should have been; `nil`: it cannot be said.
    package mutating func recompute(
        _ body: (Claim, ArraySlice<ClaimPart>) -> [ClaimReckoning.Expected?]
    ) {
        batch.recompute(body)
    }

    /// 再計算 from what the files say: the law of each certificate, and its cap where one is given. All files
    /// are read by then.
    package mutating func recompute(by reckoning: inout ClaimReckoning) {
        let given = self.facts
        batch.recompute { claim, parts in
            let day = CalendarDay(daysSince1970: Int(claim.serviceDays.first))
            let terms = parts.map { part in
                reckoning.terms(
                    of: part.certificate, cap: given.cap(of: part.certificate, in: claim.month),
                    on: day)
            }
            return reckoning.expected(claim, parts, terms)
        }
        facts.hasUnexaminedCopayments = reckoning.hasUnexamined
    }

    /// All files are read: the report of the month.
    package mutating func report() -> MonthReport {
        for index in batch.claims.indices { markLater(index) }
        for deletion in deletions { apply(deletion) }
        let reconciliation = Reconciliation(rules: rules, facts: facts, month: month)
        let verdicts = reconciliation.verdicts(of: batch)
        withdrawSentBack(by: verdicts)
        return MonthReport(
            month: month, files: files, refusedRows: refusedRows, batch: batch,
            verdicts: verdicts, notExamined: facts.notExamined,
            recipients: recipients, rules: rules)
    }

    /// 二重払いの防止: what a closing sent back is claimed again by its institution, in this month or another. Paid
    /// here as well, because its reason is gone since, it would be paid twice. Beside others it
    /// counts as it did when the month was closed.
    private mutating func withdrawSentBack(by verdicts: ClaimVerdicts) {
        for index in batch.claims.indices {
            let marks = batch.claims[index].marks
            guard marks.contains(.sentBack), marks.isDisjoint(with: [.withdrawn, .earlier]),
                verdicts.standings[index] != .rejected
            else { continue }
            batch.mark(index) { $0.marks.insert(.withdrawn) }
        }
    }

    private mutating func markLater(_ index: Int) {
        guard !(payments.isEmpty && returns.isEmpty) else { return }
        let claim = batch.claims[index]
        for part in batch.parts(of: index) {
            let place = ClaimFacts.PlaceKey(part.certificate, claim.month, at: claim.institution)
            if let day = payments[place] { batch.mark(index) { $0.paidOn = day } }
            // What came back is withdrawn; what takes its place carries a search number.
            if returns.contains(place), !claim.marks.contains(.resubmission) {
                batch.mark(index) { $0.marks.insert(.withdrawn) }
            }
        }
    }

    private mutating func apply(_ deletion: Deletion) {
        facts.change(deletion.certificate) { holder in
            for place in holder.entitlements.indices
            where [nil, holder.entitlements[place].validFrom].contains(deletion.validFrom) {
                holder.entitlements[place].ended = deletion.ended
            }
        }
    }
}

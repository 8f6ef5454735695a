import Exchange
import TestSupport
import Testing

/// Random claims of a few certificates, and changes that arrive after them.
@Suite struct ReopeningTests {
    private static let payers: [UInt32] = [54_136_015, 52_136_017, 82_137_530]
    private static let institutions: [UInt64] = [1_310_000_001, 1_310_000_002, 1_340_000_003]

    private static func day(_ random: inout Seeded) -> Int32 {
        ClaimSamples.month.firstDay + Int32(random.int(-40...60))
    }

    private static func certificates() -> [CertificateNumber] {
        var texts = RecipientTexts()
        return payers.flatMap { payer in
            ["1234566", "1000009", "A-7"].map {
                CertificateNumber(payer: payer, recipient: texts.key($0))
            }
        }
    }

    private static func holder(_ random: inout Seeded) -> ClaimFacts.Holder {
        var holder = ClaimFacts.Holder()
        for _ in 0..<random.int(0...2) {
            let from = day(&random)
            var entitlement = ClaimFacts.Entitlement(
                validFrom: from, validTo: from + Int32(random.int(0...90)))
            entitlement.isRefundOnly = random.oneIn(8)
            if random.oneIn(5) {
                let ends = random.oneIn(2) ? nil : Optional(day(&random))
                entitlement.ended = .init(knownOn: day(&random), endsOn: ends)
            }
            holder.entitlements.append(entitlement)
        }
        if random.oneIn(2) { holder.cap = Int32(random.int(0...4) * 2500) }
        if random.oneIn(3) {
            holder.bornEarliest = Int32(random.int(3000...12_000))
            holder.bornLatest = holder.bornEarliest + Int32(random.int(0...30))
        }
        if random.oneIn(4) {
            let from = day(&random)
            holder.insurers = [
                .init(insurer: 1_130_012, from: from, to: from + Int32(random.int(0...60)))
            ]
        }
        return holder
    }

    private static func facts(_ random: inout Seeded) -> ClaimFacts {
        var facts = ClaimFacts()
        facts.hasRegister = true
        facts.designations = [:]
        for key in certificates() where !random.oneIn(6) {
            let holder = holder(&random)
            facts.change(key) { $0 = holder }
        }
        for institution in institutions where random.oneIn(2) {
            facts.designations?[.init(of: .law(54), institution: institution)] = [
                day(&random)...Int32.max
            ]
        }
        return facts
    }

    private static func batch(_ random: inout Seeded) throws -> ClaimBatch {
        let keys = certificates()
        let months = try [ServiceMonth("2026-03"), ClaimSamples.month, ServiceMonth("2026-05")]
        var batch = ClaimBatch()
        for _ in 0..<60 {
            var claim = Claim(month: random.pick(months))
            claim.institution = random.pick(institutions)
            claim.type = random.oneIn(3) ? 1111 : 1122
            claim.days = random.oneIn(2) ? 0 : 1 << UInt32(random.int(1...28))
            claim.birth = Int32(random.int(3000...12_000))
            claim.insurer = 1_130_012
            if random.oneIn(3) { claim.paidOn = day(&random) }
            if random.oneIn(10) { claim.marks.insert(.withdrawn) }
            let parts = (0..<random.int(1...2)).map { _ in
                var part = ClaimPart(random.pick(keys))
                part.copayment = Int32(random.int(0...8) * 1000)
                return part
            }
            batch.append(claim, parts)
        }
        return batch
    }

    private static func change(
        _ facts: ClaimFacts, _ random: inout Seeded
    ) -> (ClaimFacts, Reopening.Touched) {
        var changed = facts
        var touched = Reopening.Touched()
        let key = random.pick(certificates())
        switch random.int(0...5) {
        case 0:
            let holder = holder(&random)
            changed.change(key) { $0 = holder }
            touched.certificates = [key]
        case 1:
            changed.holders[key] = nil
            touched.certificates = [key]
        case 2:
            let institution = random.pick(institutions)
            changed.designations?[.init(of: .law(54), institution: institution)] =
                random.oneIn(2) ? nil : [Claim.unsaidDay...day(&random)]
            touched.institutions = [institution]
        case 3:
            changed.schemes[key.payer] = SchemeCondition(
                ages: AgeRange(from: nil, below: random.int(5...50), ends: .fiscalYearEnd),
                requiresDesignation: random.oneIn(2))
            touched.payers = [key.payer]
        case 4:
            changed.caps[.init(key, ClaimSamples.month)] = Int32(random.int(0...5) * 2000)
            touched.certificates = [key]
        default:
            changed.ledger[.init(key, ClaimSamples.month)] = institutions.map {
                .init(institution: $0, yen: Int32(random.int(0...6) * 1000))
            }
            touched.certificates = [key]
        }
        return (changed, touched)
    }

    @Test(arguments: Seeded.seeds(300))
    func `a change opens exactly the claims whose findings it changes`(_ seed: UInt64) throws {
        var random = Seeded(seed)
        let batch = try Self.batch(&random)
        let facts = Self.facts(&random)
        let (changed, touched) = Self.change(facts, &random)
        let before = Reconciliation(rules: ClaimSamples.rules, facts: facts, month: nil)
        let after = Reconciliation(rules: ClaimSamples.rules, facts: changed, month: nil)
        let reopened = Reopening.claims(
            of: batch, touched: touched, before: before, after: after)
        let old = before.verdicts(of: batch)
        let new = after.verdicts(of: batch)
        let differing = batch.claims.indices.filter {
            Set(old.findings(of: $0)) != Set(new.findings(of: $0))
        }
        #expect(reopened == differing)
    }

    @Test func `a shortened entitlement opens the claims after its new end, and no other`() throws {
        var texts = RecipientTexts()
        let key = CertificateNumber(payer: 54_136_015, recipient: texts.key("1234566"))
        var batch = ClaimBatch()
        for day in [1, 14, 15, 16, 30] {
            var claim = Claim(month: ClaimSamples.month)
            claim.institution = 1_310_000_000 + UInt64(day)
            claim.days = 1 << UInt32(day)
            batch.append(claim, [ClaimPart(key)])
        }
        let first = ClaimSamples.month.firstDay
        var facts = ClaimFacts()
        facts.hasRegister = true
        facts.change(key) { $0.entitlements = [.init(validFrom: first, validTo: first + 29)] }
        var changed = facts
        changed.change(key) { holder in
            holder.entitlements[0].ended = .init(knownOn: first + 60, endsOn: first + 14)
        }
        var touched = Reopening.Touched()
        touched.certificates = [key]
        let reopened = Reopening.claims(
            of: batch, touched: touched,
            before: Reconciliation(rules: ClaimSamples.rules, facts: facts, month: nil),
            after: Reconciliation(rules: ClaimSamples.rules, facts: changed, month: nil))
        #expect(reopened == [3, 4])
    }

    @Test(arguments: Seeded.seeds(100))
    func `shares never pass the cap, whoever confirms first`(_ seed: UInt64) {
        var random = Seeded(seed)
        let cap = Int32(random.int(0...20_000))
        let ledger = (0..<random.int(0...6)).map { _ in
            ClaimFacts.LedgerEntry(
                institution: random.pick(Self.institutions), yen: Int32(random.int(-100...9000)))
        }
        var shares = ConfirmedShares(
            cap: cap, ledger: ledger, counter: CopaymentSamples.roundings.counter)
        var total = 0
        var claimed = 0
        for _ in 0..<10 {
            // To 1 yen: each total stops at the cap on its own, and these are of one of them.
            let yen = Int32(random.int(0...900) * 10 + random.int(1...9))
            let share = shares.take(yen, at: UInt64(random.int(0...9)))
            #expect((0...yen).contains(share))
            total += Int(share)
            claimed += Int(yen)
        }
        #expect(total <= Int(cap))
        if ledger.isEmpty { #expect(total == min(Int(cap), claimed)) }
    }
}

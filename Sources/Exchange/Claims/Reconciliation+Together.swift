/// What only shows when all claims of a certificate and month lie side by side: duplicates, and the monthly
/// cap across institutions. One sort serves both, so a million claims need no dictionary of claims.
extension Reconciliation {
    /// One public payer of one claim, in the order it is compared by.
    private struct Entry {
        let certificate: CertificateNumber
        let month: ServiceMonth
        let type: UInt16
        let part: Int8
        let claim: Int32
        let place: Int32
        let institution: UInt64
        let prescriber: UInt64

        func isOfGroup(_ other: Entry) -> Bool {
            certificate == other.certificate && month == other.month
        }

        func isSameReceipt(as other: Entry) -> Bool {
            institution == other.institution && type == other.type
        }

        func precedes(_ other: Entry) -> Bool {
            if certificate != other.certificate { return certificate < other.certificate }
            if month != other.month { return month < other.month }
            if institution != other.institution { return institution < other.institution }
            if type != other.type { return type < other.type }
            return (claim, part) < (other.claim, other.part)
        }
    }

    func together(_ batch: ClaimBatch, among some: [Int]?, _ sink: inout FindingSink) {
        let entries = entries(batch, among: some).sorted { $0.precedes($1) }
        var start = 0
        while start < entries.count {
            var end = start + 1
            while end < entries.count, entries[end].isOfGroup(entries[start]) { end += 1 }
            group(entries[start..<end], batch, &sink)
            start = end
        }
    }

    private func entries(_ batch: ClaimBatch, among some: [Int]?) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(some?.count ?? batch.parts.count)
        let add = { (index: Int) in
            let claim = batch.claims[index]
            guard !claim.marks.contains(.withdrawn) else { return }
            for (part, place) in claim.parts.enumerated() {
                let key = batch.parts[place].certificate
                guard key.payer != 0 || key.recipient != .none else { continue }
                entries.append(
                    Entry(
                        certificate: key, month: claim.month, type: claim.type, part: Int8(part),
                        claim: Int32(index), place: Int32(place), institution: claim.institution,
                        prescriber: claim.prescriber))
            }
        }
        if let some { some.forEach(add) } else { batch.claims.indices.forEach(add) }
        return entries
    }

    private func group(
        _ entries: ArraySlice<Entry>, _ batch: ClaimBatch, _ sink: inout FindingSink
    ) {
        let key = entries[entries.startIndex].certificate
        let cap = facts.cap(of: key, in: month(of: entries))
        // 月額上限のない地方単独: what the counter confirmed is compared all the same.
        let isConfirmed =
            key.namesHolder && !rules.isNational(law: key.law)
            && facts.ledger[.init(key, month(of: entries))]?.isEmpty == false
        guard entries.count > 1 || cap != nil || isConfirmed else { return }
        let found = distinct(entries, batch, &sink)
        guard cap != nil || isConfirmed else { return }
        let counted = found.entries.sorted { ($0.claim, $0.part) < ($1.claim, $1.part) }
        guard !found.gaveWay.isEmpty else { return compare(counted, batch, cap: cap, &sink) }
        compare(counted.filter { !found.gaveWay.contains($0.claim) }, batch, cap: cap, &sink)
        // What a closing sent back is told as it was then: beside nothing that came in its place.
        compare(
            counted.filter { !found.cameAfter.contains($0.claim) }, batch, cap: cap,
            telling: found.gaveWay, &sink)
    }

    /// Each receipt once; of those that a closing sent back, which gave way to what came in their place.
    private struct Distinct {
        var entries: [Entry] = []
        var gaveWay: Set<Int32> = []
        var cameAfter: Set<Int32> = []

        mutating func put(_ entry: Entry, inPlaceOf claims: [Int32]) {
            entries.append(entry)
            guard !claims.isEmpty else { return }
            gaveWay.formUnion(claims)
            cameAfter.insert(entry.claim)
        }
    }

    /// 重複: those that are not the same receipt again. Beside one that went back and asks for nothing a second
    /// one is none, whosever prescription it was.
    private func distinct(
        _ entries: ArraySlice<Entry>, _ batch: ClaimBatch, _ sink: inout FindingSink
    ) -> Distinct {
        var distinct = Distinct()
        var rest = entries
        while let first = rest.first {
            let run = rest.prefix { $0.isSameReceipt(as: first) }
            rest = rest[run.endIndex...]
            guard rules.layouts.isPerPrescriber(institution: first.institution) else {
                takeOnce(run, batch, &distinct, &sink)
                continue
            }
            for receipts in byPrescriber(run) {
                takeEach(receipts, batch, &distinct, &sink)
            }
        }
        return distinct
    }

    /// 処方元ごと: receipts of prescriptions by different institutions have nothing to do with each other. One
    /// that names none may be of any.
    private func byPrescriber(_ run: ArraySlice<Entry>) -> [ArraySlice<Entry>] {
        guard run.count > 1, run.allSatisfy({ $0.prescriber != 0 }) else { return [run] }
        return Dictionary(grouping: run, by: \.prescriber).sorted { $0.key < $1.key }
            .map { ArraySlice($0.value) }
    }

    /// Of an institution that writes one receipt for all of a month.
    private func takeOnce(
        _ run: ArraySlice<Entry>, _ batch: ClaimBatch, _ distinct: inout Distinct,
        _ sink: inout FindingSink
    ) {
        var first = run[run.startIndex]
        for entry in run {
            guard entry.claim != first.claim else {
                distinct.entries.append(entry)
                continue
            }
            sink.claim = entry.claim
            sink.part = entry.part
            if takesPlace(entry.claim, of: first.claim, batch) {
                distinct.put(entry, inPlaceOf: [first.claim])
                first = entry
            } else {
                sink.add(.duplicateReceipt, .duplicate(of: first.claim))
            }
        }
    }

    /// Of one that writes a receipt for each prescriber, those of which nobody says that the prescribers
    /// differ: a second one is the same only where all it says is; another is a question, and counts until
    /// answered.
    private func takeEach(
        _ run: ArraySlice<Entry>, _ batch: ClaimBatch, _ distinct: inout Distinct,
        _ sink: inout FindingSink
    ) {
        var first = run[run.startIndex]
        var said: [ClaimContent: Int32] = [:]
        for entry in run {
            guard entry.claim != first.claim else {
                distinct.entries.append(entry)
                continue
            }
            sink.claim = entry.claim
            sink.part = entry.part
            if said.isEmpty { said[ClaimContent(first.claim, in: batch)] = first.claim }
            let content = ClaimContent(entry.claim, in: batch)
            let same: Int32? = said[content].flatMap { $0 == entry.claim ? nil : $0 }
            if let same, !takesPlace(entry.claim, of: same, batch) {
                sink.add(.duplicateReceipt, .duplicate(of: same))
                continue
            }
            if takesPlace(entry.claim, of: first.claim, batch) {
                let back = said.values.filter { takesPlace(entry.claim, of: $0, batch) }
                distinct.put(entry, inPlaceOf: back)
                first = entry
            } else {
                sink.add(.repeatedReceipt, .duplicate(of: first.claim))
                distinct.put(entry, inPlaceOf: same.map { [$0] } ?? [])
            }
            said[content] = entry.claim
        }
    }

    /// 返戻の後の請求: what came after a closing had sent the first one back is no second one.
    private func takesPlace(_ claim: Int32, of first: Int32, _ batch: ClaimBatch) -> Bool {
        batch.claims[Int(first)].marks.contains(.sentBack)
            && !batch.claims[Int(claim)].marks.contains(.sentBack)
    }

    private func month(of entries: ArraySlice<Entry>) -> ServiceMonth {
        entries[entries.startIndex].month
    }

    /// The cap of the month in order of confirmation: that of the ledger where it has entries, that of the
    /// claims where it has none. An amount once confirmed is not changed by a later one. With `telling` only
    /// those claims are told of. Without a cap each institution is held to what itself confirmed.
    private func compare(
        _ entries: [Entry], _ batch: ClaimBatch, cap: Int32?, telling some: Set<Int32>? = nil,
        _ sink: inout FindingSink
    ) {
        guard let first = entries.first else { return }
        var confirmed = ConfirmedShares(
            cap: cap, ledger: facts.ledger[.init(first.certificate, first.month)] ?? [],
            counter: rules.counter)
        let claimed = entries.map { batch.parts[Int($0.place)].copayment }
        let sum = claimed.reduce(0) { $0 + Int($1 < 0 ? 0 : $1) }
        let isOver = cap.map { sum > Int($0) } ?? false
        for (entry, yen) in zip(entries, claimed) where yen >= 0 {
            let expected = confirmed.take(yen, at: entry.institution)
            guard some?.contains(entry.claim) ?? true else { continue }
            sink.claim = entry.claim
            sink.part = entry.part
            if yen > expected {
                if let cap, isOver || !confirmed.isFromLedger {
                    sink.add(
                        .overMonthlyCap, .cap(cap: cap, claimed: yen, expected: expected))
                } else {
                    sink.add(.ledgerMismatch, .amount(claimed: yen, expected: expected))
                }
            }
        }
        for (institution, left) in confirmed.unclaimed() {
            // Less was claimed than confirmed: told at the last claim of the institution.
            guard let place = entries.lastIndex(where: { $0.institution == institution }),
                claimed[place] >= 0, some?.contains(entries[place].claim) ?? true
            else { continue }
            // Without a cap a receipt that says no copayment may be where the rest of it is.
            let isSaid = zip(entries, claimed).allSatisfy {
                $0.institution != institution || $1 >= 0
            }
            guard cap != nil || isSaid else { continue }
            sink.claim = entries[place].claim
            sink.part = entries[place].part
            sink.add(
                .ledgerMismatch,
                .amount(claimed: claimed[place], expected: claimed[place] + left))
        }
    }
}

/// 請求の内容: all that a claim says of the care and its payers. Two that say the same are one claim sent twice.
private struct ClaimContent: Hashable {
    let birth: Int32
    let sex: UInt8
    let days: UInt32
    let insurer: UInt32
    let points: Int32
    let specialNotes: UInt64
    let dutyReason: UInt8
    let parts: [ClaimPart]

    init(_ index: Int32, in batch: ClaimBatch) {
        let claim = batch.claims[Int(index)]
        birth = claim.birth
        sex = claim.sex
        days = claim.days
        insurer = claim.insurer
        points = claim.points
        specialNotes = claim.specialNotes
        dutyReason = claim.dutyReason
        parts = Array(batch.parts(of: Int(index)))
    }
}

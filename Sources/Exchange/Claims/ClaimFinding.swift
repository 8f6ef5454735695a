/// 不一致: one reason against one claim, with its evidence. Compact, because a bad month has many.
package struct ClaimFinding: Hashable, Sendable {
    /// Place in the batch.
    package let claim: Int32
    /// Which public payer of the claim, from 0; −1: the claim as a whole.
    package let part: Int8
    package let reason: ClaimReason
    package let standing: ClaimStanding
    package let evidence: ClaimEvidence
}

/// 根拠: the facts a reason rests on. Days are days since 1970, amounts yen. No name and no individual
/// number can be in it.
package enum ClaimEvidence: Hashable, Sendable {
    case none
    /// The check digit that would be right.
    case checkDigit(expected: Int8)
    /// The first day of service that is not covered, and the period nearest to it.
    case period(service: Int32, from: Int32, to: Int32)
    /// A day of service without any period at all.
    case day(Int32)
    case birth(claimed: Int32, earliest: Int32, latest: Int32)
    case sex(claimed: UInt8, registered: UInt8)
    case insurer(claimed: UInt32, service: Int32, from: Int32, to: Int32)
    case order(payer: UInt32, before: UInt32)
    case amount(claimed: Int32, expected: Int32)
    case cap(cap: Int32, claimed: Int32, expected: Int32)
    case age(service: Int32, years: Int16)
    case specialNote(UInt8)
    case dutyReason(UInt8)
    /// Place in the batch of the earlier one.
    case duplicate(of: Int32)
    case clawback(service: Int32, paidOn: Int32, knownOn: Int32)
    case answer(day: Int32, EligibilityOutcome)
    case month(ServiceMonth)
    /// Day and 総医療費 of the receipt that was paid back, as far as they are known.
    case refunded(ServiceMonth, day: Int32, cost: Int32)
    /// 特記事項, and the class that the counter was told.
    case limitClass(note: UInt8, told: String)
}

/// 照合の判定: what became of each claim of a batch.
package struct ClaimVerdicts: Sendable {
    /// By claim, the leading reason first.
    package let findings: [ClaimFinding]
    package let standings: [ClaimStanding]

    init(_ found: [ClaimFinding], of count: Int, texts: ClaimReasonTexts) {
        findings = found.sorted { left, right in
            (left.claim, texts[left.reason].rank, left.part)
                < (right.claim, texts[right.reason].rank, right.part)
        }
        var standings = [ClaimStanding](repeating: .accepted, count: count)
        for finding in findings {
            let place = Int(finding.claim)
            standings[place] = max(standings[place], finding.standing)
        }
        self.standings = standings
    }

    package func findings(of claim: Int) -> ArraySlice<ClaimFinding> {
        let start = firstPlace { Int($0.claim) >= claim }
        let end = firstPlace { Int($0.claim) > claim }
        return findings[start..<end]
    }

    private func firstPlace(where isPast: (ClaimFinding) -> Bool) -> Int {
        var low = 0
        var high = findings.count
        while low < high {
            let middle = (low + high) / 2
            if isPast(findings[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

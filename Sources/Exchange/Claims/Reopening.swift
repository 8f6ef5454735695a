/// 遡及の再開: which claims a later change opens again: those whose findings it changes, and no other.
package enum Reopening {
    /// What a change touches, as the one who changed it knows.
    package struct Touched: Sendable {
        package var certificates: Set<CertificateNumber> = []
        package var institutions: Set<UInt64> = []
        package var payers: Set<UInt32> = []

        package init() {}
    }

    /// Places in the batch, ascending. The same as comparing the verdicts of the whole batch before and
    /// after, at the cost of the touched certificates alone.
    package static func claims(
        of batch: ClaimBatch, touched: Touched, before: Reconciliation, after: Reconciliation
    ) -> [Int] {
        let candidates = batch.claims.indices.filter { index in
            touched.institutions.contains(batch.claims[index].institution)
                || batch.parts(of: index).contains { part in
                    touched.certificates.contains(part.certificate)
                        || touched.payers.contains(part.certificate.payer)
                }
        }
        let whole = withNeighbours(candidates, batch)
        let old = grouped(before.findings(of: batch, among: whole))
        let new = grouped(after.findings(of: batch, among: whole))
        return whole.filter { old[Int32($0)] != new[Int32($0)] }
    }

    /// Every claim that shares a certificate with a candidate: duplicates and caps are theirs together.
    private static func withNeighbours(_ candidates: [Int], _ batch: ClaimBatch) -> [Int] {
        var keys: Set<CertificateNumber> = []
        for index in candidates {
            for part in batch.parts(of: index) { keys.insert(part.certificate) }
        }
        guard !keys.isEmpty else { return candidates }
        return batch.claims.indices.filter { index in
            batch.parts(of: index).contains { keys.contains($0.certificate) }
        }
    }

    private static func grouped(_ findings: [ClaimFinding]) -> [Int32: Set<ClaimFinding>] {
        var byClaim: [Int32: Set<ClaimFinding>] = [:]
        for finding in findings { byClaim[finding.claim, default: []].insert(finding) }
        return byClaim
    }
}

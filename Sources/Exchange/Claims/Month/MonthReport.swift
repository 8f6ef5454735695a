/// 月次の報告: what became of every claim of a month, the totals by institution and scheme, and the rows a
/// closing is signed over. The same files in the same order give the same bytes.
package struct MonthReport: Sendable {
    package let month: ServiceMonth
    package let files: [MonthRun.File]
    package let refusedRows: [RowFinding]
    package let batch: ClaimBatch
    package let verdicts: ClaimVerdicts
    /// No finding of these says nothing: there was nothing to hold the claims against.
    package let notExamined: [ClaimReason]
    let recipients: RecipientTexts
    let rules: ClaimRules

    /// What a statement adds up, for one standing.
    package struct Sum: Hashable, Sendable {
        package fileprivate(set) var count = 0
        /// 総医療費: ten yen a point.
        package fileprivate(set) var cost = 0
        package fileprivate(set) var copayment = 0
        /// 公費の請求額, of the claims that say it.
        package fileprivate(set) var amount = 0

        fileprivate mutating func add(_ part: ClaimPart) {
            count += 1
            cost += Int(max(0, part.points)) * 10
            copayment += Int(max(0, part.copayment))
            amount += Int(max(0, part.amount))
        }
    }

    package struct Sums: Hashable, Sendable {
        package fileprivate(set) var accepted = Sum()
        package fileprivate(set) var questioned = Sum()
        package fileprivate(set) var rejected = Sum()

        fileprivate mutating func add(_ part: ClaimPart, _ standing: ClaimStanding) {
            switch standing {
            case .accepted: accepted.add(part)
            case .questioned: questioned.add(part)
            case .rejected: rejected.add(part)
            }
        }
    }

    /// One institution under one payer number.
    package struct Statement: Hashable, Sendable {
        package let institution: UInt64
        package let payer: UInt32
        package fileprivate(set) var sums = Sums()
    }

    /// By institution, then payer number. A claim that came back and is withdrawn is in none.
    package var statements: [Statement] { totals.statements }

    /// Of the whole month: each public payer of each claim is one line.
    package var total: Sums { totals.total }

    /// By payer number, ascending: what the municipality pays, asks about and sends back.
    package var byPayer: [(payer: UInt32, sums: Sums)] { totals.byPayer }

    var totals: MonthTotals {
        var totals = MonthTotals()
        totals.add(self)
        return totals
    }

    /// A reason against one public payer leaves the others of the claim alone; one against the claim as a
    /// whole is against all.
    package func standing(ofPart part: Int, of claim: Int) -> ClaimStanding {
        guard verdicts.standings[claim] != .accepted else { return .accepted }
        return verdicts.findings(of: claim).filter { $0.part < 0 || Int($0.part) == part }
            .map(\.standing).max() ?? .accepted
    }

    fileprivate func forEachPart(_ body: (Int, ClaimPart, ClaimStanding) -> Void) {
        for index in batch.claims.indices
        where batch.claims[index].marks.isDisjoint(with: [.withdrawn, .earlier]) {
            for (place, part) in batch.parts(of: index).enumerated() {
                body(index, part, standing(ofPart: place, of: index))
            }
        }
    }
}

/// 月の合計: what the reports of a month come to, whether it is judged whole or some institutions at a time.
struct MonthTotals: Sendable {
    private struct Place: Hashable {
        let institution: UInt64
        let payer: UInt32
    }

    private(set) var total = MonthReport.Sums()
    private var payers: [UInt32: MonthReport.Sums] = [:]
    private var places: [Place: MonthReport.Sums] = [:]

    mutating func add(_ report: MonthReport) {
        report.forEachPart { index, part, standing in
            let payer = part.certificate.payer
            let place = Place(
                institution: report.batch.claims[index].institution, payer: payer)
            total.add(part, standing)
            payers[payer, default: .init()].add(part, standing)
            places[place, default: .init()].add(part, standing)
        }
    }

    var byPayer: [(payer: UInt32, sums: MonthReport.Sums)] {
        payers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var statements: [MonthReport.Statement] {
        places.sorted {
            ($0.key.institution, $0.key.payer) < ($1.key.institution, $1.key.payer)
        }.map {
            MonthReport.Statement(
                institution: $0.key.institution, payer: $0.key.payer, sums: $0.value)
        }
    }
}

extension MonthReport {
    package static let rowHeadings = [
        "医療機関コード", "診療年月", "レセプト種別", "公費負担者番号", "公費受給者番号", "公費順位", "点数", "患者負担額",
        "公費請求額", "判定", "理由", "理由の説明", "次にすること", "ファイル", "レセプト番号",
    ]

    /// 照合結果の行, one for each public payer of each claim, and one for a claim that names none; by
    /// institution, month and certificate: for CSV, and with `places` false, which leaves out file and
    /// number, for the digest.
    package func forEachRow(places: Bool = true, _ body: ([String]) -> Void) {
        forEachPlace { body(row($0, $1, places: places)) }
    }

    /// Everything by which two runs are the same: rows without places, and behind one that has findings what
    /// they rest on, because amounts and days are told of them as well as reasons.
    func forEachDigested(_ body: ([String]) -> Void) {
        forEachPlace { index, place in
            let line = row(index, place, places: false)
            let found = findings(index, place)
            body(found.isEmpty ? line : line + [evidence(of: found)])
        }
    }

    /// A place of a claim is one public payer; `nil` stands for all of a claim that names none.
    private func forEachPlace(_ body: (Int, Int?) -> Void) {
        for index in rowOrder() {
            let count = Int(batch.claims[index].partCount)
            if count == 0 { body(index, nil) }
            for place in 0..<count { body(index, place) }
        }
    }

    private func findings(_ index: Int, _ place: Int?) -> [ClaimFinding] {
        verdicts.findings(of: index).filter { finding in
            finding.part < 0 || place.map { Int(finding.part) == $0 } ?? false
        }
    }

    private func evidence(of findings: [ClaimFinding]) -> String {
        var writer = JSONWriter()
        writer.beginArray()
        for finding in findings {
            writer.object { finding.evidence.write(into: &$0, self) }
        }
        writer.endArray()
        return writer.text
    }

    /// By institution, month and certificate; claims of earlier runs are none of this month's.
    func rowOrder() -> [Int] {
        let keys = batch.claims.indices.map { index -> CertificateNumber? in
            batch.parts(of: index).first?.certificate
        }
        let own = batch.claims.indices.filter { !batch.claims[$0].marks.contains(.earlier) }
        return own.sorted { left, right in
            let (one, other) = (batch.claims[left], batch.claims[right])
            if one.institution != other.institution { return one.institution < other.institution }
            if one.month != other.month { return one.month < other.month }
            // First those that name nobody: beside two that do they would come in no order at all.
            if (keys[left] == nil) != (keys[right] == nil) { return keys[left] == nil }
            if let mine = keys[left], let theirs = keys[right], mine != theirs {
                return mine.payer != theirs.payer
                    ? mine.payer < theirs.payer
                    : recipients.precedes(mine.recipient, theirs.recipient)
            }
            return (one.type, one.points, left) < (other.type, other.points, right)
        }
    }

    func row(_ index: Int, _ place: Int?, places: Bool) -> [String] {
        let claim = batch.claims[index]
        let parts = batch.parts(of: index)
        let part = place.map { parts[parts.startIndex + $0] }
        let findings = findings(index, place)
        let isWithdrawn = claim.marks.contains(.withdrawn)
        var judged = verdicts.standings[index]
        if let place { judged = standing(ofPart: place, of: index) }
        var (payer, recipient) = ("", "")
        if let key = part?.certificate {
            payer = key.payer == 0 ? "" : key.payerText
            recipient = recipients.text(key.recipient)
        }
        var why = findings.map { rules.reasons[$0.reason].text.ja }.joined(separator: " ")
        var next = findings.map { rules.reasons[$0.reason].next.ja }.joined(separator: " ")
        if claim.isToBeSentAgain {
            (why, next) = (ToldClaim.sentBack.text.ja, ToldClaim.sentBack.next.ja)
        }
        let row = [
            claim.institutionText ?? "", claim.month.text,
            claim.type == 0 ? "" : String(claim.type), payer, recipient,
            place.map { String($0 + 1) } ?? "", said(part?.points ?? claim.points),
            said(part?.copayment ?? -1), said(part?.amount ?? -1),
            isWithdrawn ? "withdrawn" : judged.rawValue,
            findings.map(\.reason.code).joined(separator: "/"),
            why, next,
        ]
        guard places else { return row }
        return row + [files[Int(claim.file)].name, String(claim.number)]
    }

    private func said(_ number: Int32) -> String { number < 0 ? "" : String(number) }
}

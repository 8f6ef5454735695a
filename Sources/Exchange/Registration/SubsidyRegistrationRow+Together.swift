/// What only shows when rows are held against each other or against the municipality's own masters.
private struct RowKey<Number: Hashable>: Hashable {
    let number: Number
    let typeID: String
    let subKey: String?
    let version: String

    // A person has few rows: the number alone tells most of them apart.
    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

private struct CertificateKey<Number: Hashable>: Hashable {
    let number: Number
    let typeID: String
    let subKey: String?

    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// A second row with the same key is refused, because nobody can say which one was meant; a period
/// that overlaps another of the same certificate is taken with a warning. `numbers` are the rows'
/// own, or what stands for them; a row without is compared with none.
func comparedWithEachOther<Number: Hashable>(
    _ rows: [Result<SubsidyRegistrationRow, RowRefusal>], of numbers: [Number?]
) -> [Result<SubsidyRegistrationRow, RowRefusal>] {
    var seen: Set<RowKey<Number>> = []
    var periods: [CertificateKey<Number>: [ClosedRange<CalendarDay>]] = [:]
    return zip(rows, numbers).map { result, number in
        guard case .success(var row) = result, let number else { return result }
        let certificate = row.certificate
        let key = RowKey(
            number: number, typeID: certificate.typeID, subKey: certificate.subKey,
            version: row.rowKey)
        guard seen.insert(key).inserted else {
            let item = row.historyKey == nil ? "validFrom" : "historyKey"
            let finding = RowFinding(index: row.index, item: item, code: .duplicateKey)
            return .failure(RowRefusal(row.warnings + [finding]))
        }
        guard !row.isDeleted else { return result }
        let person = CertificateKey(
            number: number, typeID: certificate.typeID, subKey: certificate.subKey)
        let period = certificate.validFrom...certificate.validTo
        // The last 64 are enough for a person and keep a hostile body from costing its square.
        if let earlier = periods[person], earlier.suffix(64).contains(where: period.overlaps) {
            row.warn(RowFinding(index: row.index, item: "validFrom", code: .periodOverlap))
        }
        periods[person, default: []].append(period)
        return .success(row)
    }
}

/// The same of rows of a file, whose numbers have become keyed hashes.
package func comparedWithEachOther(
    _ rows: [Result<SubsidyRegistrationRow, RowRefusal>], hashed numbers: [HashChain?]
) -> [Result<SubsidyRegistrationRow, RowRefusal>] {
    // Written out here, where the compiler makes a copy for these hashes: elsewhere it would ask for each.
    comparedWithEachOther(rows, of: numbers)
}

/// 制度マスタ: what a municipality declared before it registers anybody.
package struct RegistrationMaster: Sendable {
    package let certificateTypeIDs: Set<String>
    /// `nil` where the municipality keeps no such master: every code is then taken.
    package let incomeSegments: Set<String>?
    package let conditions: Set<SubsidyRegistrationRow.AdditionalCondition>?

    package init(
        certificateTypeIDs: Set<String>, incomeSegments: Set<String>? = nil,
        conditions: Set<SubsidyRegistrationRow.AdditionalCondition>? = nil
    ) {
        self.certificateTypeIDs = certificateTypeIDs
        self.incomeSegments = incomeSegments
        self.conditions = conditions
    }
}

extension SubsidyRegistrationRow {
    package func findings(given master: RegistrationMaster) -> [RowFinding] {
        var findings: [RowFinding] = []
        func add(_ code: RowCode, _ item: String) {
            findings.append(RowFinding(index: index, item: item, code: code))
        }
        if !master.certificateTypeIDs.contains(certificate.typeID) {
            add(.unknownType, "orgSpecificCertificateTypeId")
        }
        if let known = master.incomeSegments, let segment = certificate.incomeSegment,
            !known.contains(segment)
        {
            add(.unknownCode, "incomeSegment")
        }
        if let known = master.conditions, !known.isSuperset(of: certificate.additionalConditions) {
            add(.unknownCode, "additionalConditions")
        }
        return findings
    }
}

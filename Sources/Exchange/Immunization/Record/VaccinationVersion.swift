/// 接種記録の版: what was recorded, by whom and when. A correction is a new version; none is overwritten.
package struct VaccinationVersion: Hashable, Sendable {
    /// Opaque, pairwise where it is shown.
    package let id: String
    /// From 1.
    package let version: Int
    package let recordedAt: Instant
    package let institution: Party
    package let vaccination: Vaccination

    package init(
        id: String, version: Int, recordedAt: Instant, institution: Party, vaccination: Vaccination
    ) {
        self.id = id
        self.version = version
        self.recordedAt = recordedAt
        self.institution = institution
        self.vaccination = vaccination
    }

    /// The same version under the ids that a reader knows it, and the answers to its questionnaire, by.
    package func named(_ id: String, responseID: String?) -> VaccinationVersion {
        var shown = vaccination
        shown.screening = shown.screening.map { .init(code: $0.code, responseID: responseID) }
        return VaccinationVersion(
            id: id, version: version, recordedAt: recordedAt, institution: institution,
            vaccination: shown)
    }

    /// As `HeldRecord.amended`.
    package func amended(
        by vaccination: Vaccination, from institution: Party, seen expected: Int?
    ) throws(Refusal) -> RecordAmendment {
        try HeldRecord(
            institution: self.institution, identifier: self.vaccination.identifier,
            version: version, isWithdrawn: self.vaccination.status == .enteredInError
        ).amended(
            by: vaccination.identifier, isSame: vaccination == self.vaccination,
            from: institution, seen: expected)
    }
}

extension ImmunizationRules {
    /// 重複: records of the same day that speak of the same vaccine, as two clinics, or a clinic and a
    /// handbook, write of one dose; of a month or a year alone, those of the same dose number whose days can
    /// be one. `others` are of other records; identifiers tell nothing, since each institution counts for
    /// itself.
    package func duplicates(
        of counted: CountedVaccination, among others: [CountedVaccination]
    ) -> [CountedVaccination] {
        guard let dose = counted.given(self) else { return [] }
        return others.filter { other in
            guard let known = other.given(self), dose.isOfSameDay(as: known) else { return false }
            guard let ours = dose.vaccine, let theirs = known.vaccine else {
                return counted.vaccine == other.vaccine
            }
            return ours == theirs || countTogether(ours, theirs)
        }
    }

    /// 写しの除外: of records in the order in which they came, which are counted: every one of an institution,
    /// and what a ledger (`isPastDose`) tells that neither an institution nor an earlier ledger does.
    package func withoutCopies(
        _ records: [(counted: CountedVaccination, isPastDose: Bool)]
    ) -> [Bool] {
        var kept = records.filter { !$0.isPastDose }.map(\.counted)
        // Most people's doses are of no ledger.
        guard kept.count < records.count else { return records.map { _ in true } }
        return records.map { counted, isPastDose in
            guard isPastDose else { return true }
            guard duplicates(of: counted, among: kept).isEmpty else { return false }
            kept.append(counted)
            return true
        }
    }

    /// A dose of the one is a dose of the other: ロタ and its products, 四種 and 五種.
    func countTogether(_ one: Vaccine.ID, _ other: Vaccine.ID) -> Bool {
        programmes.contains { $0.counts.contains(one) && $0.counts.contains(other) }
    }
}

extension GivenDose {
    fileprivate func isOfSameDay(as other: GivenDose) -> Bool {
        if let day, let known = other.day { return day == known }
        guard let number, number == other.number, let ours = possible, let theirs = other.possible
        else { return false }
        return ours.overlaps(theirs)
    }

    private var possible: ClosedRange<CalendarDay>? { day.map { $0...$0 } ?? days }
}

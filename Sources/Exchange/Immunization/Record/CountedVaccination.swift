/// 数える要点: of a record, what the check, the forecast and the claim count. A history is judged from these
/// alone; the rest of a record is read where it is shown.
package struct CountedVaccination: Hashable, Sendable {
    package let status: Vaccination.Status
    /// As given: which of ours it is depends on the rules it is judged by.
    package let vaccine: Concept
    package let day: CalendarDay?
    /// 年月だけの日, where no day is known.
    package let partial: GivenTime?
    /// 接種回数, if the record says it as a number.
    package let doseNumber: Int?
    /// 接種量の不足: what was given was less than a dose.
    package let isSubpotent: Bool

    /// What the check and the forecast count; `nil` for what was not given, or for less than a dose
    /// (`isSubpotent`: spilt, half of it, kept too warm), which has to be given again.
    package func dose(_ rules: ImmunizationRules) -> GivenDose? {
        isSubpotent ? nil : given(rules)
    }

    /// What went into the arm, whether or not it counts.
    func given(_ rules: ImmunizationRules) -> GivenDose? {
        guard status == .completed else { return nil }
        let named = rules.vaccine(named: vaccine)
        return GivenDose(
            named?.vaccine, on: day, number: doseNumber ?? named?.number, within: partial?.days)
    }
}

extension Vaccination {
    package var counted: CountedVaccination {
        CountedVaccination(
            status: status, vaccine: vaccine, day: occurrence.day, partial: occurrence.partial,
            doseNumber: doseNumber, isSubpotent: isSubpotent == true)
    }

    package func dose(_ rules: ImmunizationRules) -> GivenDose? { counted.dose(rules) }

    func given(_ rules: ImmunizationRules) -> GivenDose? { counted.given(rules) }
}

/// 保存の形: the elements of the record that it is the gist of, and no other; so it can be read of the whole
/// record as well.
extension CountedVaccination {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 256)
        writer.object { record in
            record.member("status", status.rawValue)
            record.member("vaccineCode", vaccine)
            record.member("occurrenceDateTime", day?.text ?? partial?.text)
            if isSubpotent { record.member("isSubpotent", true) }
            guard let doseNumber else { return }
            record.array("protocolApplied") { list in
                list.object { $0.member("doseNumberPositiveInt", doseNumber) }
            }
        }
        return writer.text
    }

    package init(face: String) throws(Refusal) {
        let record = try JSON(reading: Array(face.utf8)).requiredObject(at: "record")
        guard let status: Vaccination.Status = try record.code("status") else {
            throw .missing("status")
        }
        guard let vaccine = try record.concept("vaccineCode") else {
            throw .missing("vaccineCode")
        }
        self.status = status
        self.vaccine = vaccine
        let time = try record.time("occurrenceDateTime")
        day = time?.day
        partial = time.flatMap { $0.day == nil ? $0 : nil }
        isSubpotent = try record.optionalBool("isSubpotent") == true
        var number: Int?
        for (applied, path) in try record.objects("protocolApplied") where number == nil {
            number = try applied.positiveInt("doseNumberPositiveInt", at: path)
        }
        doseNumber = number
    }
}

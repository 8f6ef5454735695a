/// 接種記録: one dose given, or not given, as the institution wrote it. It names no person: whose it is
/// stands beside it, so that the same record can be shown under any pairwise id.
package struct Vaccination: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        case completed
        case notDone = "not-done"
        case enteredInError = "entered-in-error"
    }

    package enum Occurrence: Hashable, Sendable {
        case time(GivenTime)
        /// Words where no date is known (`生後6か月ごろ`).
        case text(String)

        package var day: CalendarDay? {
            guard case .time(let time) = self else { return nil }
            return time.day
        }

        /// 年月だけの日.
        package var partial: GivenTime? {
            guard case .time(let time) = self, time.day == nil else { return nil }
            return time
        }
    }

    /// The clinic's own number of the record: one record for each, however often it is sent.
    package let identifier: RecordIdentifier
    package var status: Status
    package var statusReason: Concept?
    /// As given; `ImmunizationRules.vaccine(in:at:)` says which of ours it is, by the rules of any day.
    package var vaccine: Concept
    package var occurrence: Occurrence
    package var recorded: GivenTime?
    /// False for what was copied from a handbook or told.
    package var isPrimarySource = true
    package var reportOrigin: Concept?
    package var vial = Vial()
    package var site: Concept?
    package var route: Concept?
    package var quantity: DoseQuantity?
    package var performers: [Performer] = []
    package var notes: [Note] = []
    package var reasons: [Concept] = []
    package var isSubpotent: Bool?
    package var subpotentReasons: [Concept] = []
    package var programEligibility: [Concept] = []
    package var fundingSource: Concept?
    package var protocols: [AppliedProtocol] = []
    /// 定期接種 or 任意接種, as the institution says.
    package var basis: NeedleQuestion.Basis?
    /// JP Core: 次回接種予定日, 製造年月日, 検定年月日.
    package var nextDue: CalendarDay?
    package var manufactured: CalendarDay?
    package var certificated: CalendarDay?
    package var screening: ScreeningDecision?
    package var overrides: [NeedleOverride] = []

    package init(
        identifier: RecordIdentifier, status: Status, vaccine: Concept, occurrence: Occurrence
    ) {
        self.identifier = identifier
        self.status = status
        self.vaccine = vaccine
        self.occurrence = occurrence
    }

    /// 接種回数, if the record says it as a number.
    package var doseNumber: Int? {
        for applied in protocols {
            if case .number(let number) = applied.doseNumber { return number }
        }
        return nil
    }
}

extension Vaccination {
    /// バイアル: as on the label.
    package struct Vial: Hashable, Sendable {
        package var manufacturer: String?
        /// 製造番号.
        package var lotNumber: String?
        /// 最終有効年月日.
        package var expiry: GivenTime?

        package init(
            manufacturer: String? = nil, lotNumber: String? = nil, expiry: GivenTime? = nil
        ) {
            self.manufacturer = manufacturer
            self.lotNumber = lotNumber
            self.expiry = expiry
        }
    }

    /// 接種量: the decimal as written, and a coded unit.
    package struct DoseQuantity: Hashable, Sendable {
        package let value: String
        package let unit: String?
        package let system: String
        package let code: String

        package init(value: String, unit: String?, system: String, code: String) {
            self.value = value
            self.unit = unit
            self.system = system
            self.code = code
        }
    }

    /// 接種者: who did it, by identifier or by name, since references of the clinic lead nowhere here.
    package struct Performer: Hashable, Sendable {
        package let function: Concept?
        package let identifier: RecordIdentifier?
        package let name: String?

        package init(function: Concept?, identifier: RecordIdentifier?, name: String?) {
            self.function = function
            self.identifier = identifier
            self.name = name
        }
    }

    package struct Note: Hashable, Sendable {
        package let time: GivenTime?
        package let text: String

        package init(time: GivenTime?, text: String) {
            self.time = time
            self.text = text
        }
    }

    /// 何の何回目か.
    package struct AppliedProtocol: Hashable, Sendable {
        package enum Count: Hashable, Sendable {
            case number(Int)
            case text(String)
        }

        package let series: String?
        package let targetDiseases: [Concept]
        package let doseNumber: Count
        package let seriesDoses: Count?

        package init(
            series: String?, targetDiseases: [Concept], doseNumber: Count, seriesDoses: Count?
        ) {
            self.series = series
            self.targetDiseases = targetDiseases
            self.doseNumber = doseNumber
            self.seriesDoses = seriesDoses
        }
    }

    /// 予診の結果: what the doctor decided, and the questionnaire it was decided from.
    package struct ScreeningDecision: Hashable, Sendable {
        package enum Code: String, CaseIterable, Hashable, Sendable {
            /// 接種可能, 見合わせる.
            case mayVaccinate = "may-vaccinate"
            case postponed
        }

        package let code: Code
        package let responseID: String?

        package init(code: Code, responseID: String?) {
            self.code = code
            self.responseID = responseID
        }
    }
}

/// 識別子: a number somebody gave, within a system of theirs.
package struct RecordIdentifier: Hashable, Sendable {
    package let system: String
    package let value: String

    package init(system: String, value: String) {
        self.system = system
        self.value = value
    }
}

extension ImmunizationRules {
    /// Which of our vaccines a concept means. Throws the path of a code of ours that does not exist, or of
    /// codes that contradict each other; `nil` when nobody here knows any of it.
    package func vaccine(in concept: Concept, at path: String) throws(Refusal) -> NamedVaccine? {
        var coded: Vaccine.ID?
        for (place, code) in concept.codes.enumerated() {
            let item = JSONPath.element(place, of: path + ".coding")
            let meaning = vaccine(coded: code)
            if meaning == nil, code.system == FHIR.System.vaccine {
                throw .vaccineUnknown(item + ".code")
            }
            guard let meaning else { continue }
            guard coded == nil || coded == meaning else { throw .malformed(item + ".code") }
            coded = meaning
        }
        return coded.map { NamedVaccine(vaccine: $0, number: nil) } ?? vaccine(worded: concept)
    }

    /// The same for a concept that was read before: what contradicts itself is not known.
    package func vaccine(named concept: Concept) -> NamedVaccine? {
        try? vaccine(in: concept, at: "")
    }

    private func vaccine(coded code: Concept.Code) -> Vaccine.ID? {
        guard let system = code.system, let value = code.code else { return nil }
        return codes.meaning(of: value, in: system)
    }

    private func vaccine(worded concept: Concept) -> NamedVaccine? {
        let words = [concept.text] + concept.codes.map(\.display)
        return words.lazy.compactMap(\.self).compactMap(vaccine(named:)).first
    }
}

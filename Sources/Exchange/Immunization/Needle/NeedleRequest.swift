/// 接種前確認の依頼: what an institution asks before the needle, for all vaccines it means to give at once. Who the
/// patient is and what was given before is the gateway's to know.
package struct NeedleRequest: Hashable, Sendable {
    /// 接種しようとするワクチン.
    package struct Candidate: Hashable, Sendable {
        package let vaccine: Concept
        package var vial = NeedleQuestion.Vial()
        package var doseNumber: Int?
        package var basis = NeedleQuestion.Basis.routine

        package init(vaccine: Concept) {
            self.vaccine = vaccine
        }
    }

    package let visitID: String
    package let patientID: String
    /// The day of the dose; the day of the request when it says none.
    package var day: CalendarDay?
    package var candidates: [Candidate]
    /// Temperature, answers and what the ticket states.
    package var screening = NeedleQuestion.Screening()
    /// 出産予定日, for vaccines of pregnancy; without it that of the questionnaire, and else of the pregnancy
    /// that the municipality was notified of.
    package var dueDay: CalendarDay?
    /// 予診票, one for each vaccine, as sent here; those saved before are added by `responseIDs`.
    package var responses: [ScreeningResponse] = []
    package var responseIDs: [String] = []
    /// 紙の予診票: somebody read the answers, and sent as `screening.answers` whatever of them has a code.
    package var isQuestionnaireRead = false
    /// Doses that the gateway may not know, from a handbook.
    package var history: [NeedleDose] = []
    package var overrides: [NeedleOverride] = []

    package init(visitID: String, patientID: String, candidates: [Candidate]) {
        self.visitID = visitID
        self.patientID = patientID
        self.candidates = candidates
    }
}

/// 接種歴の一回, as a record or a handbook says it; which vaccine it was is asked of the rules in force.
package struct NeedleDose: Hashable, Sendable {
    package let vaccine: Concept
    package let day: CalendarDay?
    /// 年月だけの日, where no day is told.
    package let days: ClosedRange<CalendarDay>?
    package let number: Int?

    package init(
        vaccine: Concept, day: CalendarDay?, within days: ClosedRange<CalendarDay>? = nil,
        number: Int?
    ) {
        self.vaccine = vaccine
        self.day = day
        self.days = days
        self.number = number
    }

    package func dose(_ rules: ImmunizationRules) -> GivenDose {
        let named = rules.vaccine(named: vaccine)
        return GivenDose(
            named?.vaccine, on: day, number: number ?? named?.number, within: days)
    }
}

/// 例外の理由: a doctor goes on although a rule says no, and says why. It is recorded with check and dose.
package struct NeedleOverride: Hashable, Sendable {
    /// The code of the finding (`interval`, `interval-live-injectable`).
    package let rule: String
    package let reason: String

    package init(rule: String, reason: String) {
        self.rule = rule
        self.reason = reason
    }
}

/// What the gateway knows of the patient.
package struct NeedlePerson: Hashable, Sendable {
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    /// The doses that are held, from every clinic and municipality.
    package let held: [GivenDose]
    /// 未接続の期間: doses may have been given in it that nobody told the gateway of.
    package let gaps: [ClosedRange<CalendarDay>]
    /// 接種期間 of the municipality where they live on the day that is asked about.
    package let seasons: MunicipalSeasons
    /// 届け出られた妊娠, where the resident agreed that they be told.
    package let pregnancies: [KnownPregnancy]
    /// 長期療養特例, as municipalities recognised it.
    package let longIllnesses: [LongIllness]

    package init(
        birth: CalendarDay?, sex: ResidentSex?, held: [GivenDose],
        gaps: [ClosedRange<CalendarDay>] = [], seasons: MunicipalSeasons = .ofTheLaw,
        pregnancies: [KnownPregnancy] = [], longIllnesses: [LongIllness] = []
    ) {
        self.birth = birth
        self.sex = sex
        self.held = held
        self.gaps = gaps
        self.seasons = seasons
        self.pregnancies = pregnancies
        self.longIllnesses = longIllnesses
    }
}

extension NeedlePerson {
    /// Of the doses told, those that are not held: one that both tell of, or that is told twice, counts once.
    func added(by told: [NeedleDose], _ rules: ImmunizationRules) -> [GivenDose] {
        var added: [GivenDose] = []
        for dose in told.map({ $0.dose(rules) })
        where !(held + added).contains(where: { $0.isSame(as: dose) }) { added.append(dose) }
        return added
    }
}

/// 接種前確認の結果: each candidate's answer, held against history and against the others of the same day.
package struct NeedleReport: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        package let candidate: NeedleRequest.Candidate
        package let vaccine: Vaccine.ID?
        package let answer: NeedleAnswer
        /// By the place of the finding they lift.
        package let overrides: [Int: NeedleOverride]
        /// The worst of what no reason was given for.
        package let remaining: NeedleVerdict
    }

    package let day: CalendarDay
    package let items: [Item]
    /// How many doses it was held against; doses told twice count once.
    package let dosesKnown: Int

    package var verdict: NeedleVerdict { items.map(\.answer.verdict).max() ?? .fine }
    package var remaining: NeedleVerdict { items.map(\.remaining).max() ?? .fine }

    /// The reasons that lifted something, each once.
    package var lifted: [NeedleOverride] {
        var lifted: [NeedleOverride] = []
        for item in items {
            for place in item.overrides.keys.sorted() {
                guard let given = item.overrides[place], !lifted.contains(given) else { continue }
                lifted.append(given)
            }
        }
        return lifted
    }
}

/// `today` is the civil day of the request in Japan.
package func checkBeforeNeedle(
    _ request: NeedleRequest, of person: NeedlePerson, today: CalendarDay,
    _ rules: ImmunizationRules
) -> NeedleReport {
    let day = request.day ?? today
    let history = person.held + person.added(by: request.history, rules)
    let candidates = request.candidates.map { candidate in
        NeedleDose(vaccine: candidate.vaccine, day: day, number: candidate.doseNumber).dose(rules)
    }
    // Of whoever holds no subsidy, as most of the elderly, the register may have no birth date: then no
    // window would be judged, though the ticket in the nurse's hand says it.
    let birth = person.birth ?? request.screening.statedBirth
    let screening = request.screening(of: birth, on: day)
    let dueDay =
        request.dueDay ?? request.responses.lazy.compactMap(\.dueDay).first
        ?? person.pregnancies.dueDay(on: day)
    // One for all of them: who asks of many waits no longer.
    var ways = UnsureDays.waysMax
    let items = candidates.indices.map { place in
        var others = candidates
        others.remove(at: place)
        // Two that are given at once are held against each other: one of two MR is one too many.
        var question = NeedleQuestion(
            birth: birth, sex: person.sex, history: history + others,
            candidate: candidates[place])
        question.isBirthStated = person.birth == nil && birth != nil
        question.isLostDayHeeded = true
        question.gaps = person.gaps
        question.seasons = person.seasons
        question.longIllnesses = person.longIllnesses
        question.dueDay = dueDay
        question.today = today
        question.basis = request.candidates[place].basis
        question.vial = request.candidates[place].vial
        question.person = screening
        let vaccine = candidates[place].vaccine
        return NeedleReport.Item(
            request.candidates[place], vaccine,
            judgeNeedle(question, rules, isRecord: false, within: &ways).heeding(
                unsaid: request.unsaid(request.candidates[place], vaccine, screening, rules)),
            request.overrides, rules)
    }
    return NeedleReport(day: day, items: items, dosesKnown: history.count)
}

extension NeedleAnswer {
    /// 年齢と前の回を判定していないこと: of cases on paper it is a note, and of somebody who is about to be vaccinated
    /// a caution: green would say that the age is right, and that nothing was missing before.
    fileprivate func heeding(unsaid: [NeedleFinding]) -> NeedleAnswer {
        guard !unsaid.isEmpty || findings.contains(where: \.isUnjudged) else { return self }
        let heeded = findings.map { finding in
            var heeded = finding
            if finding.isUnjudged { heeded.verdict = max(finding.verdict, .caution) }
            return heeded
        }
        return NeedleAnswer(
            worstFirst: heeded + unsaid, earliest: earliest, programme: programme)
    }
}

extension NeedleFinding {
    /// A note on the whole history (`place` is `nil`) says what was found to change nothing.
    fileprivate var isUnjudged: Bool {
        rule == .birthUnknown || (rule == .historyPartial && place != nil)
    }
}

extension NeedleRequest {
    /// What the nurse entered, and what every questionnaire says beside it: a yes anywhere is heeded, and a
    /// temperature taken now goes before one written down.
    fileprivate func screening(
        of birth: CalendarDay?, on day: CalendarDay
    ) -> NeedleQuestion.Screening {
        var merged = screening
        for response in responses {
            let told = response.screening(birth: birth, on: day)
            for code in told.answers where !merged.answers.contains(code) {
                merged.answers.append(code)
            }
            for concern in told.concerns where !merged.concerns.contains(concern) {
                merged.concerns.append(concern)
            }
            merged.temperatureTenths = merged.temperatureTenths ?? told.temperatureTenths
            if let isConsented = told.isConsented {
                merged.isConsented = (merged.isConsented ?? true) && isConsented
            }
        }
        return merged
    }
}

extension NeedleReport.Item {
    fileprivate init(
        _ candidate: NeedleRequest.Candidate, _ vaccine: Vaccine.ID?, _ answer: NeedleAnswer,
        _ given: [NeedleOverride], _ rules: ImmunizationRules
    ) {
        self.candidate = candidate
        self.vaccine = vaccine
        self.answer = answer
        var overrides: [Int: NeedleOverride] = [:]
        var remaining = NeedleVerdict.fine
        for (place, finding) in answer.findings.enumerated() where finding.verdict != .fine {
            let code = rules.code(of: finding)
            if let lifted = given.first(where: { $0.rule == code }),
                rules.words(finding.rule).mayBeOverridden
            {
                overrides[place] = lifted
            } else {
                remaining = max(remaining, finding.verdict)
            }
        }
        self.overrides = overrides
        self.remaining = remaining
    }
}

extension GivenDose {
    /// The same dose, told by two: what neither says does not set them apart.
    fileprivate func isSame(as other: GivenDose) -> Bool {
        guard vaccine != nil, vaccine == other.vaccine, day == other.day else { return false }
        // Of a month alone, two may be two.
        guard day != nil else {
            return days != nil && days == other.days && number != nil && number == other.number
        }
        return number == other.number || number == nil || other.number == nil
    }
}

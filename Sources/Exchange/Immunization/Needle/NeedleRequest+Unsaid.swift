/// 送られていないこと: what nobody told the check is not judged, and a green light would say that it was. Each is a
/// caution of its own, which names what to send; a reason lifts it as any other.
extension NeedleRequest {
    /// 予診票なし: nothing here says what was asked of the person, so what is held of them is looked for.
    package var isUnanswered: Bool {
        !isQuestionnaireRead && screening.answers.isEmpty && responses.isEmpty
            && responseIDs.isEmpty
    }

    /// `told`: of this request and of every questionnaire beside it.
    func unsaid(
        _ candidate: Candidate, _ vaccine: Vaccine.ID?, _ told: NeedleQuestion.Screening,
        _ rules: ImmunizationRules
    ) -> [NeedleFinding] {
        var unsaid: [NeedleRule] = []
        if candidate.vial.expiry == nil { unsaid.append(.expiryUnsaid) }
        if told.temperatureTenths == nil { unsaid.append(.temperatureUnsaid) }
        if !isAnswered(before: vaccine, rules) { unsaid.append(.answersUnsaid) }
        return unsaid.filter { rules.tells($0) }.map { rules.finding($0) }
    }

    /// A code that the nurse sends was read off a questionnaire.
    private func isAnswered(before vaccine: Vaccine.ID?, _ rules: ImmunizationRules) -> Bool {
        if isQuestionnaireRead || !screening.answers.isEmpty { return true }
        return responses.contains { response in
            guard response.status != .draft else { return false }
            guard let vaccine else { return true }
            return rules.screenings.asks(
                response.form, before: rules.vaccine(vaccine).code)
        }
    }
}

extension ImmunizationRules {
    /// 提出済みの予診票: of what the resident submitted, the newest to the forms before these doses. Answers from
    /// before the last such dose are of that one, and what was so more than a month ago is asked anew: the
    /// forms themselves ask of the last month.
    package func unusedAnswers(
        _ saved: [ScreeningVersion], before request: NeedleRequest, of person: NeedlePerson,
        on day: CalendarDay, in municipality: String?
    ) -> [ScreeningVersion] {
        let asked = request.candidates.compactMap { vaccine(named: $0.vaccine)?.vaccine }
        return Set(asked.map(\.index)).sorted().compactMap { place in
            let candidate = Vaccine.ID(index: place)
            let last = person.held.filter { dose in
                dose.vaccine.map { $0 == candidate || countTogether($0, candidate) } ?? false
            }.compactMap(\.day).max()
            return saved.filter { version in
                let form = version.response.form
                let said = version.savedAt.dayInJapan
                return version.isSubmitted && form.topic.code == vaccines[place].code
                    && screenings.isOfSeason(form, on: day, in: municipality)
                    && said.adding(days: Self.answersHeededDays) >= day
                    && (last.map { $0 < said } ?? true)
            }.max { $0.savedAt < $1.savedAt }
        }
    }

    private static let answersHeededDays = 30
}

extension ScreeningForms {
    /// Whether whoever answered this form was asked all that is asked before that dose: children's forms are
    /// alike, but for what is asked before some vaccines alone.
    fileprivate func asks(_ form: ScreeningForm, before topic: String) -> Bool {
        if form.topic.code == topic { return true }
        let asked = Set(form.items.map(\.linkID))
        return all.contains { other in
            other.topic.code == topic && other.questionnaire.code == form.questionnaire.code
                && other.questionnaire.version == form.questionnaire.version
                && other.items.allSatisfy { asked.contains($0.linkID) }
        }
    }
}

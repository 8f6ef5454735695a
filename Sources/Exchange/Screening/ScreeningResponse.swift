/// 予診票・問診票の回答: a draft, or the whole. It names no person: whose it is stands beside it.
package struct ScreeningResponse: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        case draft = "in-progress"
        case completed, amended
    }

    package enum Value: Hashable, Sendable {
        case boolean(Bool)
        case text(String)
        case day(CalendarDay)
        /// In tenths of a degree, and the decimal as written.
        case temperature(Int, written: String)
        case choice(String)
    }

    package struct Answer: Hashable, Sendable {
        package let linkID: String
        package let value: Value

        package init(linkID: String, value: Value) {
            self.linkID = linkID
            self.value = value
        }
    }

    package let form: ScreeningForm
    package let status: Status
    package let authored: GivenTime?
    /// In the order of the form.
    package let answers: [Answer]

    package init(
        form: ScreeningForm, status: Status, authored: GivenTime?, answers: [Answer]
    ) {
        self.form = form
        self.status = status
        self.authored = authored
        self.answers = answers
    }

    /// The items that the answers so far open.
    package var enabled: [ScreeningQuestionnaire.Item] {
        form.items.filter { item in
            item.enabledWhen.map { self[$0.question] == $0.answer } ?? true
        }
    }

    /// Required, open and not answered.
    package var unanswered: [String] {
        enabled.filter { $0.isRequired && self[$0.linkID] == nil }.map(\.linkID)
    }

    package subscript(linkID: String) -> Value? {
        answers.first { $0.linkID == linkID }?.value
    }

    /// 前回の回答: what may be asked for again as a draft of a new form: what is neither of one day nor
    /// scored, as a score is of how it is now, nor asked anew by its form.
    package func reused(in form: ScreeningForm) -> ScreeningResponse {
        let kept = form.items.compactMap { item -> Answer? in
            guard !item.isAskedAnew, item.choices.allSatisfy({ $0.score == nil }) else {
                return nil
            }
            switch item.use {
            case .temperature, .consent, .signedBy, .dueDay: return nil
            case .contraindication, nil: break
            }
            guard let value = self[item.linkID], item.accepts(value) else { return nil }
            return Answer(linkID: item.linkID, value: value)
        }
        let draft = ScreeningResponse(form: form, status: .draft, authored: nil, answers: kept)
        let open = Set(draft.enabled.map(\.linkID))
        return ScreeningResponse(
            form: form, status: .draft, authored: nil,
            answers: kept.filter { open.contains($0.linkID) })
    }

    /// What the check is told. A draft tells nothing of consent.
    package func screening(birth: CalendarDay?, on day: CalendarDay) -> NeedleQuestion.Screening {
        var told = NeedleQuestion.Screening()
        for item in enabled {
            if let concern = item.concern, self[item.linkID] == .boolean(concern.answer) {
                told.concerns.append(concern)
            }
            switch (item.use, self[item.linkID]) {
            case (.contraindication(let code), .boolean(true)): told.answers.append(code)
            case (.temperature, .temperature(let tenths, _)): told.temperatureTenths = tenths
            default: continue
            }
        }
        told.isConsented = status == .draft ? nil : isConsented(birth: birth, on: day)
        return told
    }

    /// 出産予定日, where the form asks for it.
    package var dueDay: CalendarDay? {
        guard case .day(let day)? = value(of: .dueDay) else { return nil }
        return day
    }

    /// 保護者の同意: the answer that says a guardian consented, where that is what the law asks for; `nil` where
    /// nobody says so, or it is of no account.
    package func guardianConsent(birth: CalendarDay?, on day: CalendarDay) -> String? {
        guard status != .draft, saysGuardian, let birth, !isOfAge(born: birth, on: day) else {
            return nil
        }
        return form.questionnaire.items.first { $0.use == .signedBy }?.linkID
    }

    /// Somebody says that a guardian consents.
    package var saysGuardian: Bool {
        value(of: .signedBy) == .choice(ScreeningQuestionnaire.guardian)
    }

    private func isOfAge(born birth: CalendarDay, on day: CalendarDay) -> Bool {
        birth.monthsCompleted(on: day) >= form.questionnaire.guardianBelowAge * 12
    }

    /// Below the age of the form only a guardian consents. Without a birth date whoever signs is heard.
    private func isConsented(birth: CalendarDay?, on day: CalendarDay) -> Bool {
        guard value(of: .consent) == .boolean(true) else { return false }
        guard let birth else { return true }
        return isOfAge(born: birth, on: day) || saysGuardian
    }

    private func value(of use: ScreeningQuestionnaire.Use) -> Value? {
        form.questionnaire.items.first { $0.use == use }.flatMap { self[$0.linkID] }
    }
}

extension ScreeningQuestionnaire.Item {
    func accepts(_ value: ScreeningResponse.Value) -> Bool {
        switch (kind, value) {
        case (.boolean, .boolean), (.text, .text), (.day, .day), (.temperature, .temperature):
            true
        case (.choice(let choices), .choice(let code)): choices.contains { $0.code == code }
        default: false
        }
    }
}

/// One questionnaire before one dose or checkup, in one compartment: what a FHIR Questionnaire is. What is
/// sensitive is a form of its own, so that a reader of the other can tell from nothing that it was answered.
package struct ScreeningForm: Hashable, Sendable {
    /// 何の前に.
    package enum Topic: Hashable, Sendable {
        case vaccine(Vaccine)
        case checkup(code: String, name: BilingualText)

        package var code: String {
            switch self {
            case .vaccine(let vaccine): vaccine.code
            case .checkup(let code, _): code
            }
        }

        package var name: BilingualText {
            switch self {
            case .vaccine(let vaccine): vaccine.name
            case .checkup(_, let name): name
            }
        }

        var system: String {
            switch self {
            case .vaccine: FHIR.System.vaccine
            case .checkup: FHIR.System.checkup
            }
        }
    }

    package let questionnaire: ScreeningQuestionnaire
    package let topic: Topic
    package let compartment: CheckupCompartment
    /// 年度ごとの接種の用紙: of which season.
    let campaign: Campaign?
    /// What is asked before this dose or checkup, in this compartment.
    package let items: [ScreeningQuestionnaire.Item]

    /// `nil` where nothing is asked, or on no day of the campaign.
    init?(
        _ questionnaire: ScreeningQuestionnaire, before topic: Topic,
        in compartment: CheckupCompartment = .open, campaign: Campaign? = nil
    ) {
        guard campaign?.asks(questionnaire) ?? true else { return nil }
        self.campaign = campaign
        items = questionnaire.items.filter {
            $0.isSensitive == (compartment == .sensitive)
                && ($0.topics.isEmpty || $0.topics.contains(topic.code))
        }
        guard !items.isEmpty else { return nil }
        self.questionnaire = questionnaire
        self.topic = topic
        self.compartment = compartment
    }

    private var name: String {
        let word = compartment == .open ? "screening" : "sensitive-screening"
        return "\(word)-\(questionnaire.code)-\(topic.code)"
    }

    package var season: String? { campaign?.season }

    /// The days on which it is asked in a municipality; where none is known, in all that set no days of their
    /// own. `nil`: on none.
    package func days(in municipality: String?) -> EffectivePeriod? {
        guard let campaign else { return questionnaire.effective }
        return campaign.days(of: questionnaire, in: municipality)
    }

    package var url: String { "urn:tsunagi:Questionnaire:" + name }

    /// Of the questionnaire, and of the season.
    var version: String { questionnaire.version + (season.map { "-" + $0 } ?? "") }

    /// `url|version`.
    package var canonical: String { url + "|" + version }
    package var id: String { "\(name)-\(version)" }

    /// The kinds of consent, any of which shows the answers to it.
    package func consentKinds(_ rules: RuleBook) -> Set<ConsentKind> {
        switch topic {
        case .vaccine: rules.consentKinds(of: "immunization")
        case .checkup: compartment.consentKinds(rules)
        }
    }

    /// 回答の体系: before a checkup a code means something for one question alone.
    func answerSystem(of item: ScreeningQuestionnaire.Item) -> String {
        switch topic {
        case .vaccine: FHIR.System.screeningAnswer
        case .checkup: "\(FHIR.System.screeningAnswer):\(questionnaire.code):\(item.linkID)"
        }
    }
}

/// 予診票・問診票の一覧: of every version there is, so that old answers stay readable. Which of them is asked on
/// a day is said of a municipality: the one where whoever answers lives on that day. Where it is not known,
/// the days are those of all that set none of their own.
package struct ScreeningForms: Sendable {
    package let all: [ScreeningForm]
    /// Whether it matters to any of them in which municipality a day is.
    package let differByMunicipality: Bool
    private let places: [String: Int]
    /// By what they are asked before: those of seasons.
    private let seasons: [String: [ScreeningForm]]

    /// No two have one canonical: the rules refuse that.
    init(_ forms: [ScreeningForm]) {
        all = forms
        places = Dictionary(
            forms.enumerated().map { ($1.canonical, $0) }, uniquingKeysWith: { first, _ in first })
        seasons = Dictionary(grouping: forms.filter { $0.campaign != nil }, by: \.topic.code)
        differByMunicipality = forms.contains { !($0.campaign?.own.isEmpty ?? true) }
    }

    var concerns: [ScreeningQuestionnaire.Concern] {
        var concerns: [ScreeningQuestionnaire.Concern] = []
        for concern in all.flatMap(\.items).compactMap(\.concern)
        where !concerns.contains(concern) { concerns.append(concern) }
        return concerns
    }

    /// The form a response names (`url|version`), also one that is no longer in force.
    package func form(named canonical: String) -> ScreeningForm? {
        places[canonical].map { all[$0] }
    }

    /// The form of this id, also one that is no longer in force.
    package func form(id: String) -> ScreeningForm? { all.first { $0.id == id } }

    /// Every form that takes answers on a day, in the order of the files and of what they are asked before.
    package func answerable(
        on day: CalendarDay, in municipality: String? = nil
    ) -> [ScreeningForm] {
        all.filter { takesAnswers($0, on: day, in: municipality) }
    }

    /// A season's form takes answers as soon as it is known, since the check judges them by the day of the
    /// dose: whoever is invited in September answers in September. Any other does while it is in force.
    package func takesAnswers(
        _ form: ScreeningForm, on day: CalendarDay, in municipality: String? = nil
    ) -> Bool {
        guard form.season != nil else { return isInForce(form, on: day, in: municipality) }
        guard let days = form.days(in: municipality) else { return false }
        return days.to.map { day <= $0 } ?? true
    }

    /// The last of the days from this one on that a form takes answers without a break; `nil` where no end is
    /// known. The form of every day rests while a season has its own.
    package func lastDay(
        of form: ScreeningForm, from day: CalendarDay, in municipality: String? = nil
    ) -> CalendarDay? {
        let others = form.season == nil ? seasons(before: form.topic, in: municipality) : []
        let rest = others.map(\.from).filter { day < $0 }.min()?.adding(days: -1)
        return [form.days(in: municipality)?.to, rest].compactMap(\.self).min()
    }

    private func seasons(
        before topic: ScreeningForm.Topic, in municipality: String?
    ) -> [EffectivePeriod] {
        (seasons[topic.code] ?? []).compactMap { $0.days(in: municipality) }
    }

    /// In its days a season's own form is asked instead of the one of every day.
    package func isInForce(
        _ form: ScreeningForm, on day: CalendarDay, in municipality: String? = nil
    ) -> Bool {
        (form.days(in: municipality)?.contains(day) ?? false)
            && isOfSeason(form, on: day, in: municipality)
    }

    /// Whether answers to it are heeded before a dose of that day: an earlier version of a form is, as it is
    /// answered days before; a form of another season, or of none in a season, is not.
    package func isOfSeason(
        _ form: ScreeningForm, on day: CalendarDay, in municipality: String? = nil
    ) -> Bool {
        guard form.season == nil else {
            return form.days(in: municipality)?.contains(day) ?? false
        }
        return seasons(before: form.topic, in: municipality).allSatisfy { !$0.contains(day) }
    }

    /// Throws `.questionnaireOver` where a dose of that day would be given on another season's answers.
    package func requireSeason(
        of responses: [ScreeningResponse], on day: CalendarDay, in municipality: String? = nil
    ) throws(Refusal) {
        guard responses.allSatisfy({ isOfSeason($0.form, on: day, in: municipality) }) else {
            throw .questionnaireOver
        }
    }

    /// Those whose answers are heeded on a day.
    package func ofSeason(
        on day: CalendarDay, in municipality: String? = nil
    ) -> ScreeningForms {
        ScreeningForms(all.filter { isOfSeason($0, on: day, in: municipality) })
    }

    package func of(_ compartment: CheckupCompartment) -> ScreeningForms {
        ScreeningForms(all.filter { $0.compartment == compartment })
    }

    /// Those whose answers any of these kinds of consent shows.
    package func shown(under kinds: Set<ConsentKind>, _ rules: RuleBook) -> ScreeningForms {
        ScreeningForms(all.filter { !$0.consentKinds(rules).isDisjoint(with: kinds) })
    }
}

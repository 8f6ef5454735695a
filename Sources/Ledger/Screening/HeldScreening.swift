package import Exchange
import Postgres

/// 保存された予診票・問診票の回答: the newest version of a resident's answers to one form.
package struct HeldScreening: Sendable {
    package let id: RecordID
    /// 記録された側: under whom it is kept, and with it every version of it.
    let record: PersonKey
    package let newest: ScreeningVersion
}

/// 回答の保存: what became of it.
package struct SavedScreening: Sendable {
    package let held: HeldScreening
    /// False where the same answers were held already.
    package let isNew: Bool
}

extension Records {
    /// All that the resident saved in one compartment, drafts among them, in the order in which they were
    /// begun; whoever acts for them sees that of the kinds that are theirs to see. Answers to a form that
    /// the rules no longer hold are not shown, and none of a compartment that is closed to them.
    package mutating func ownScreenings(
        of person: PersonKey, in compartment: CheckupCompartment, rules: RuleBook
    ) throws -> [HeldScreening] {
        if try isClosed(compartment, to: person, rules) { return [] }
        return try screenings(of: person, to: ownForms(rules), in: compartment)
    }

    /// 提出済み: the newest before each dose or checkup, of these forms. Where the compartment is closed to the
    /// resident, all that differ: one guardian's answers do not cover another's. How a mother was after one
    /// delivery is nothing that she answered before she is seen after the next.
    package mutating func submittedScreenings(
        of person: PersonKey, to forms: ScreeningForms, in compartment: CheckupCompartment,
        rules: RuleBook
    ) throws -> [HeldScreening] {
        let newest = try newestSubmitted(of: person, to: forms, in: compartment, rules)
        guard let maternal = rules.maternal,
            newest.contains(where: { maternal.isOfMother($0.newest.response.form.topic.code) })
        else { return newest }
        let episodes = try maternalFacts(of: person, rules: rules).episodes
        let today = now.dayInJapan
        return newest.filter { held in
            !episodes.isOfFormer(
                held.newest.response.form.topic.code,
                answeredOn: held.newest.savedAt.dayInJapan, today: today, maternal)
        }
    }

    private mutating func newestSubmitted(
        of person: PersonKey, to forms: ScreeningForms, in compartment: CheckupCompartment,
        _ rules: RuleBook
    ) throws -> [HeldScreening] {
        let submitted = try screenings(of: person, to: forms, in: compartment)
            .filter(\.newest.isSubmitted)
        if try isClosed(compartment, to: person, rules) {
            var seen: Set<String> = []
            return submitted.filter { seen.insert($0.newest.response.face).inserted }
        }
        var newest: [String: HeldScreening] = [:]
        for held in submitted {
            let topic = held.newest.response.form.topic.code
            if newest[topic].map({ $0.newest.savedAt <= held.newest.savedAt }) ?? true {
                newest[topic] = held
            }
        }
        return newest.values.sorted { $0.newest.savedAt < $1.newest.savedAt }
    }

    /// 前回の回答: the newest submitted answers to any version of a questionnaire. Throws `.recordUnknown` for a
    /// form that is not this resident's to see through whoever asks, or is sensitive: that is asked anew.
    package mutating func lastAnswers(
        to form: ScreeningForm, of person: PersonKey, rules: RuleBook
    ) throws -> ScreeningResponse? {
        guard form.compartment == .open, ownForms(rules).form(named: form.canonical) != nil else {
            throw Refusal.recordUnknown
        }
        return try newestSubmitted(of: person, to: ownForms(rules), in: .open, rules).last {
            $0.newest.response.form.questionnaire.code == form.questionnaire.code
        }?.newest.response
    }

    /// Saves answers as a response of their own; the same answers sent again are the ones that are held. What
    /// submitted answers ask of the municipality of residence is a task of its own, in the same commit.
    ///
    /// In a compartment that is closed to the resident whatever is submitted is kept beside what is held, so
    /// that the answer tells nothing of it, and a draft, with which nobody could go on, is `.malformed`.
    /// Throws `.questionnaireOver` for a form that takes no answers today, and as `requireSigner`.
    package mutating func saveScreening(
        _ response: ScreeningResponse, of person: PersonKey, rules: RuleBook
    ) throws -> SavedScreening {
        guard let held = try ownLockedScreenings(beside: response, of: person, rules) else {
            guard response.status == .completed else { throw Refusal.malformed("status") }
            try requireAnswerable(response, on: now.dayInJapan, of: person, rules)
            return try save(response, of: person, rules)
        }
        let today = now.dayInJapan
        if let same = held.first(where: { $0.newest.isSentAgain(by: response, on: today) }) {
            return SavedScreening(held: same, isNew: false)
        }
        guard response.status != .amended else { throw Refusal.malformed("status") }
        try requireAnswerable(response, on: now.dayInJapan, of: person, rules)
        try requireSigner(response, of: person, rules)
        return try save(response, of: person, rules)
    }

    /// Saves a later version of the answers that the resident knows by this id. Throws what
    /// `ScreeningVersion.requireSuccessor`, `requireSigner` and `ScreeningCorrection.means` do,
    /// `.recordUnknown`, and `.questionnaireOver`.
    package mutating func saveScreening(
        _ response: ScreeningResponse, correcting correction: ScreeningCorrection,
        of person: PersonKey, rules: RuleBook, _ names: (RecordID) -> PairwiseIDs
    ) throws -> SavedScreening {
        let known = try ownLockedScreenings(beside: response, of: person, rules)?.first {
            try correction.means(names($0.id))
        }
        guard let known else { throw Refusal.recordUnknown }
        if known.newest.holds(response) { return SavedScreening(held: known, isNew: false) }
        try known.newest.requireSuccessor(response, seen: correction.seen)
        try requireAnswerable(response, on: now.dayInJapan, of: person, rules)
        try requireSigner(response, of: person, rules)
        return try save(response, after: known, of: person, rules)
    }

    /// As `lockedScreenings`; `nil` where the compartment is closed to the resident.
    private mutating func ownLockedScreenings(
        beside response: ScreeningResponse, of person: PersonKey, _ rules: RuleBook
    ) throws -> [HeldScreening]? {
        let held = try lockedScreenings(beside: response, of: person, rules)
        return try isClosed(response.form.compartment, to: person, rules) ? nil : held
    }

    /// What is held beside these answers, which nobody else writes until the commit, nor, where they ask
    /// for something, any report that may ask for the same. Throws `.relationUnknown` where whoever acts
    /// may not speak of what the form is about.
    mutating func lockedScreenings(
        beside response: ScreeningResponse, of person: PersonKey, _ rules: RuleBook
    ) throws -> [HeldScreening] {
        let forms = ownForms(rules)
        guard forms.form(named: response.form.canonical) != nil else {
            throw Refusal.relationUnknown
        }
        try lockVaccinations(of: person)
        if !response.followUps.isEmpty { try lockCheckups(of: [person]) }
        return try screenings(of: person, to: forms, in: response.form.compartment)
    }

    private func ownForms(_ rules: RuleBook) -> ScreeningForms {
        acting.map { rules.screenings.shown(under: $0.kinds, rules) } ?? rules.screenings
    }

    private mutating func screenings(
        of person: PersonKey, to forms: ScreeningForms, in compartment: CheckupCompartment
    ) throws -> [HeldScreening] {
        try HeldScreening.load(&transaction, of: [person], to: forms, in: compartment)[person] ?? []
    }

    /// Throws `.malformed` of the answer by which a child who decides alone (`childDecidesFromAge`) says,
    /// over its own card, that its guardian consents: no guardian has that in hand any more. Whoever the
    /// child lets act says it, or a sheet that was signed.
    private mutating func requireSigner(
        _ response: ScreeningResponse, of person: PersonKey, _ rules: RuleBook
    ) throws {
        guard acting == nil, response.saysGuardian else { return }
        let birth = try vaccinationFacts(of: person, rules: rules).birth
        let decidesFrom = rules.consentKinds.filter { $0.field == "immunization" }
            .map(\.childDecidesFromAge).max()
        guard let birth, let decidesFrom,
            let answer = response.guardianConsent(birth: birth, on: now.dayInJapan),
            birth.yearsCompleted(on: now.dayInJapan) >= decidesFrom
        else { return }
        throw Refusal.malformed("item(\(answer))")
    }

    /// Throws `.questionnaireOver`.
    mutating func requireAnswerable(
        _ response: ScreeningResponse, on day: CalendarDay, of person: PersonKey,
        _ rules: RuleBook
    ) throws {
        let home = try seasonHome(of: person, on: day, rules.screenings)
        guard rules.screenings.takesAnswers(response.form, on: day, in: home) else {
            throw Refusal.questionnaireOver
        }
    }

    /// 住所地 on a day, whose seasons say which of these forms is asked; `nil` also where they are the same
    /// everywhere, so that nobody waits for an answer that nobody needs.
    package mutating func seasonHome(
        of person: PersonKey, on day: CalendarDay, _ forms: ScreeningForms
    ) throws -> String? {
        forms.differByMunicipality ? try home(of: person, on: day) : nil
    }

    /// `held`: what the answers take the place of.
    mutating func save(
        _ response: ScreeningResponse, after held: HeldScreening? = nil, of person: PersonKey,
        _ rules: RuleBook
    ) throws -> SavedScreening {
        let id = held?.id ?? .random()
        let record = held?.record ?? person
        let version = (held?.newest.version ?? 0) + 1
        let new = HeldScreening(
            id: id, record: record,
            newest: ScreeningVersion(
                id: id.text, version: version, savedAt: now, response: response))
        let asked = response.followUps
        let tasks = try followUps(asked, by: new, of: person, rules)
        write(
            [
                (
                    response.form.compartment.insertScreening,
                    [
                        .person(record), .id(id), .int(version), .text(caller.party.key),
                        .text(response.form.canonical), .text(response.form.topic.code),
                        .text(response.status.rawValue), .text(response.face), .time(now),
                        .texts(asked), .person(record == person ? nil : person),
                    ]
                )
            ] + AskedFollowUp.insertion(tasks))
        return SavedScreening(held: new, isNew: true)
    }

    /// Where nobody lives nobody can do it.
    private mutating func followUps(
        _ codes: [String], by held: HeldScreening, of person: PersonKey, _ rules: RuleBook
    ) throws -> [AskedFollowUp] {
        guard !codes.isEmpty, let maternal = rules.maternal else { return [] }
        let day = now.dayInJapan
        let home = try maternalFacts(of: person, rules: rules).municipality(on: day, knownBy: now)
        guard let home else { return [] }
        let compartment = held.newest.response.form.compartment
        let checkup = held.newest.response.form.topic.code
        return codes.compactMap { maternal.followUps[$0] }.map {
            AskedFollowUp(
                rule: $0, person: person, source: held.id, compartment: compartment,
                checkup: checkup, comesAgain: maternal.comesAgain(checkup), municipality: home,
                day: day, madeAt: now)
        }
    }
}

extension ScreeningResponse {
    /// A draft asks for nothing.
    fileprivate var followUps: [String] { status == .draft ? [] : score.followUps }
}

extension [HeldScreening] {
    /// The submitted answers that the caller names; `names` are the ids by which it knows a response.
    /// Throws `.recordUnknown` for a draft, and for another resident's in the same words as for none.
    func submitted(named id: String, _ names: (RecordID) -> PairwiseIDs) throws(Refusal)
        -> HeldScreening
    {
        guard let held = first(where: { $0.newest.isSubmitted && names($0.id).contains(id) })
        else { throw .recordUnknown }
        return held
    }
}

extension HeldScreening {
    /// All that each of these residents saved to these forms, in the order in which it was begun. Rows of
    /// other forms are not touched.
    static func load(
        _ transaction: inout Transaction, of persons: [PersonKey], to forms: ScreeningForms,
        in compartment: CheckupCompartment = .open
    ) throws -> [PersonKey: [HeldScreening]] {
        guard !persons.isEmpty else { return [:] }
        let names = forms.of(compartment).all.map(\.canonical)
        guard !names.isEmpty else { return [:] }
        let rows = try transaction.query(
            compartment.selectScreenings,
            [.uuids(persons.map { UUIDBytes($0) }), .texts(names)])
        var held: [PersonKey: [HeldScreening]] = [:]
        for index in 0..<rows.count {
            guard let screening = try HeldScreening(rows[index], forms) else { continue }
            held[try rows[index].uuid(4).person, default: []].append(screening)
        }
        return held
    }

    /// A form that has changed since without a new version may no longer read its answers.
    fileprivate init?(_ row: Row, _ forms: ScreeningForms) throws {
        let face = try row.text(3)
        guard let response = try? ScreeningResponse(face: face, forms) else { return nil }
        id = try row.uuid(0).record
        record = try row.uuid(5).person
        newest = ScreeningVersion(
            id: id.text, version: try row.int(1),
            savedAt: Instant(microseconds: try row.instant(2)), response: response)
    }
}

extension CheckupCompartment {
    /// Two tables, as for reports.
    private var screenings: String {
        switch self {
        case .open: "exchange.screening_response"
        case .sensitive: "exchange.sensitive_screening_response"
        }
    }

    fileprivate var selectScreenings: Statement {
        self == .open ? Self.selectOpen : Self.selectSensitive
    }
    fileprivate var insertScreening: Statement {
        self == .open ? Self.insertOpen : Self.insertSensitive
    }

    private static let selectOpen = select(from: .open)
    private static let selectSensitive = select(from: .sensitive)
    private static let insertOpen = insert(into: .open)
    private static let insertSensitive = insert(into: .sensitive)

    private static func select(from compartment: Self) -> Statement {
        Statement(
            """
            select response, version, saved_at, face, whom, person from (
                select distinct on (s.person, s.response) s.response, s.version, s.saved_at, s.face,
                    q.person as whom, s.person,
                    min(s.saved_at) over (partition by s.person, s.response) as begun_at
                from \(Survivors.recordsOfAsked("$1")) q
                join \(compartment.screenings) s on s.person = q.record and s.form = any ($2)
                order by s.person, s.response, s.version desc) newest
            order by begun_at, response
            """)
    }

    private static func insert(into compartment: Self) -> Statement {
        Statement(
            """
            insert into \(compartment.screenings)
                (person, response, version, party, form, topic, status, face, saved_at, follow_ups,
                survivor)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """)
    }
}

import Exchange

/// What a card feed will write, decided event by event in the order sent, against what stands and
/// against the events before it. Pure: the same events on the same state give the same plan.
struct CardFeedPlan {
    struct Binding: Hashable {
        let person: PersonKey
        /// 統合: who that record is of now.
        let survivor: PersonKey
        var valid: ClosedRange<Instant>
        var isSuperseded: Bool
        var isRevoked: Bool
        /// By which card, where this feed says so.
        var successor: HashChain?
    }

    struct Residing: Hashable {
        let person: PersonKey
        let from: CalendarDay
    }

    private var bindings: [HashChain: Binding] = [:]
    private var stood: [HashChain: Binding] = [:]
    private var residences: [Residing: String] = [:]
    private var revokedEarly: Set<HashChain> = []
    private(set) var newRevocations: [HashChain] = []
    private(set) var newResidences: [(at: Residing, municipality: LocalGovernmentCode?)] = []
    private(set) var outcomes: [RowOutcome] = []
    private(set) var touched: Set<PersonKey> = []

    mutating func know(_ card: HashChain, _ binding: Binding) {
        bindings[card] = binding
        stood[card] = binding
    }

    mutating func know(revokedEarly card: HashChain) { revokedEarly.insert(card) }

    mutating func know(_ residing: Residing, in municipality: String) {
        residences[residing] = municipality
    }

    /// The new homes as rows that are written now, in the order told.
    func residences(at now: Instant) -> [(person: PersonKey, residence: Residence)] {
        newResidences.enumerated().map { place, new in
            (
                new.at.person,
                Residence(
                    version: .max - newResidences.count + place,
                    municipality: new.municipality?.digits ?? Residence.nowhere,
                    from: new.at.from, knownAt: now)
            )
        }
    }

    /// Bindings that are new, in one order for everybody.
    var newBindings: [(card: HashChain, binding: Binding)] { changed { stood[$0] == nil } }

    /// Bindings that stood and are no longer what they were.
    var changedBindings: [(card: HashChain, binding: Binding)] { changed { stood[$0] != nil } }

    private func changed(_ isWanted: (HashChain) -> Bool) -> [(card: HashChain, binding: Binding)] {
        bindings.filter { isWanted($0.key) && stood[$0.key] != $0.value }
            .sorted { $0.key.precedes($1.key) }
            .map { ($0.key, $0.value) }
    }

    /// `person` is whom the event's number names; a revocation names nobody.
    mutating func add(
        _ event: NumberedCardEvent, _ person: PersonKey?, among survivors: Survivors
    ) {
        switch (event.change, person) {
        case (.bind(let card, _, let valid, let earlier), let person?):
            let survivor = survivors[person]
            guard bindings[card].map({ $0.survivor == survivor }) ?? true else {
                return refuse(event, "serial")
            }
            if let earlier, let other = bindings[earlier], other.survivor != survivor {
                return refuse(event, "supersedes")
            }
            let stands = stood[card] != nil
            let before = bindings[card]
            var binding =
                before
                ?? Binding(
                    person: person, survivor: survivor, valid: valid, isSuperseded: false,
                    isRevoked: revokedEarly.contains(card))
            binding.valid = valid
            bindings[card] = binding
            let isNew = binding != before
            let supersedes = supersede(earlier, by: card, as: binding)
            tell(event, isNew || supersedes ? .applied : .unchanged, person, stands: stands)
        case (.residence(_, let municipality, let from), let person?):
            let at = Residing(person: person, from: from)
            let code = municipality?.digits ?? Residence.nowhere
            let before = residences.updateValue(code, forKey: at)
            if before != code { newResidences.append((at, municipality)) }
            tell(event, before == code ? .unchanged : .applied, person, stands: before != nil)
        case (.revoke(let card), _):
            let person = bindings[card]?.person
            let isNew = revoke(card)
            tell(
                event, isNew ? .applied : .unchanged, person, stands: person != nil, isEnd: true)
        case (.bind, nil), (.residence, nil):
            preconditionFailure("an event with a number comes with its person")
        }
    }

    private mutating func tell(
        _ event: NumberedCardEvent, _ kind: RowOutcome.Kind, _ person: PersonKey?,
        stands: Bool = false, isEnd: Bool = false, _ findings: [RowFinding] = []
    ) {
        if let person { touched.insert(person) }
        // Cards and residences have no versions: that something stood is all there is to say.
        outcomes.append(
            RowOutcome(
                line: event.line, kind: kind, findings: event.findings + findings,
                standing: stands ? 0 : nil, isEnd: isEnd))
    }

    /// A card is of one person: a feed can neither give it to another nor switch it off for one.
    private mutating func refuse(_ event: NumberedCardEvent, _ item: String) {
        let finding = RowFinding(index: event.line - 1, item: item, code: .cardOfAnother)
        tell(event, .refused, nil, stands: true, [finding])
    }

    /// Whether that says something new. An earlier card that nobody is bound to yet becomes this person's,
    /// as a superseded one: its own binding then says only how long it was valid.
    private mutating func supersede(
        _ earlier: HashChain?, by card: HashChain, as binding: Binding
    ) -> Bool {
        guard let earlier else { return false }
        var old =
            bindings[earlier]
            ?? Binding(
                person: binding.person, survivor: binding.survivor, valid: binding.valid,
                isSuperseded: false, isRevoked: revokedEarly.contains(earlier))
        guard !old.isSuperseded else { return false }
        old.isSuperseded = true
        old.successor = card
        bindings[earlier] = old
        return true
    }

    /// A card may be revoked before anybody says whose it is.
    private mutating func revoke(_ card: HashChain) -> Bool {
        if let isRevoked = bindings[card]?.isRevoked {
            bindings[card]?.isRevoked = true
            return !isRevoked
        }
        guard revokedEarly.insert(card).inserted else { return false }
        newRevocations.append(card)
        return true
    }
}

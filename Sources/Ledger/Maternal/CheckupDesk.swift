import Exchange
import Postgres

/// 健診の帳面: the two compartments apart, as they are kept.
struct CheckupDesk: RecordDesk {
    private struct Place: Hashable {
        let compartment: CheckupCompartment
        let party: Party
        let identifier: RecordIdentifier
    }

    private var byID: [RecordID: HeldCheckup] = [:]
    private var byIdentifier: [Place: HeldCheckup] = [:]
    private let known: MaternalReading?
    private let reports: [PersonKey: [HeldCheckup]]
    /// 登録された委託単価, where the residents of open reports live or lived, of their checkups.
    let prices: [RegisteredPrice]
    private var filings: [(filing: CheckupFiling, party: Party)] = []

    /// One round trip; the open reports are read of those alone of whom an open one was sent.
    init(
        _ transaction: inout Transaction, _ turn: [(sending: CheckupSending, visit: FieldVisit)]
    ) throws {
        guard let book = turn.first?.sending.book, let rules = book.maternal else {
            (known, reports, prices) = (nil, [:], [])
            return
        }
        typealias Written = (CheckupCompartment, [CheckupSending])
        let written = CheckupCompartment.allCases.compactMap { compartment -> Written? in
            let sendings = turn.map(\.sending).filter { $0.compartment == compartment }
            return sendings.isEmpty ? nil : (compartment, sendings)
        }
        // As for vaccinations: of who did not agree nothing is read but what the caller sent itself.
        let agreed = turn.filter(\.visit.isConsented)
        let open = agreed.filter { $0.sending.compartment == .open }.map(\.visit.person)
        let facts = MaternalReading.steps(of: agreed.map(\.visit.person), rules: book)
        let sent = written.flatMap { compartment, sendings in
            Self.steps(of: sendings, in: compartment).map { (compartment, $0) }
        }
        let services = rules.services(
            of: Set(written.first { $0.0 == .open }?.1.map(\.sent.report.result.checkup) ?? []))
        let beside = [
            CheckupCompartment.open.reading(of: open),
            RegisteredPrice.step(of: Set(open), services: services),
        ]
        let rows = try transaction.pipeline(facts + beside + sent.map(\.1))
        known = try MaternalReading(Array(rows[..<facts.count]), rules)
        reports = Dictionary(
            grouping: try HeldCheckup.read(rows[facts.count], .open, rules), by: \.person)
        prices = try rows[facts.count + 1].map(RegisteredPrice.init)
        for (rows, (compartment, _)) in zip(rows[(facts.count + beside.count)...], sent) {
            for held in try HeldCheckup.read(rows, compartment, rules) {
                byID[held.id] = held
                byIdentifier[
                    Place(
                        compartment: compartment, party: held.newest.institution,
                        identifier: held.newest.report.identifier)] = held
            }
        }
    }

    /// What is held under the numbers of these, and what they correct. A statement that asks for nothing
    /// still costs its way.
    private static func steps(
        of sendings: [CheckupSending], in compartment: CheckupCompartment
    ) -> [(Statement, [Value])] {
        let named = sendings.filter { $0.correction == nil }.map {
            ($0.caller.party, $0.sent.report.identifier)
        }
        let corrected = sendings.compactMap { sending in
            sending.correction.map { (sending.caller.party, $0.id) }
        }
        return [
            (compartment.selectByIdentifier, HeldCheckup.values(named), named.isEmpty),
            (compartment.selectByID, HeldCheckup.values(corrected), corrected.isEmpty),
        ].filter { !$0.2 }.map { ($0.0, $0.1) }
    }

    func facts(of person: PersonKey, at now: Instant) -> MaternalFacts {
        known?.facts(of: person, at: now) ?? .nothing
    }

    /// Every open report; read for those alone of whom an open one was sent.
    func reports(of person: PersonKey) -> [CheckupClaimFacts.Other] {
        (reports[person] ?? []).map(\.shown.beside)
    }

    func report(
        _ id: RecordID, of party: Party, in compartment: CheckupCompartment
    ) -> HeldCheckup? {
        byID[id].flatMap {
            $0.newest.institution == party && $0.shown.compartment == compartment ? $0 : nil
        }
    }

    func report(
        _ identifier: RecordIdentifier, of party: Party, in compartment: CheckupCompartment
    ) -> HeldCheckup? {
        byIdentifier[Place(compartment: compartment, party: party, identifier: identifier)]
    }

    mutating func keep(_ filing: CheckupFiling, by party: Party) {
        filings.append((filing, party))
    }

    var steps: [(Statement, [Value])] {
        guard let known else { return [] }
        return CheckupFiling.steps(of: filings, after: known.lastSequence)
    }
}

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
    private var filings: [(filing: CheckupFiling, party: Party)] = []

    init(
        _ transaction: inout Transaction, _ turn: [(sending: CheckupSending, visit: FieldVisit)]
    ) throws {
        guard let book = turn.first?.sending.book, let rules = book.maternal else {
            (known, reports) = (nil, [:])
            return
        }
        // As for vaccinations: of who did not agree nothing is read but what the caller sent itself.
        let agreed = turn.filter(\.visit.isConsented)
        known = try MaternalReading(&transaction, of: agreed.map(\.visit.person), rules: book)
        reports = try HeldCheckup.load(
            &transaction,
            of: agreed.filter { $0.sending.compartment == .open }.map(\.visit.person), in: .open,
            rules)
        for compartment in CheckupCompartment.allCases {
            let sendings = turn.map(\.sending).filter { $0.compartment == compartment }
            guard !sendings.isEmpty else { continue }
            let rows = try transaction.pipeline(Self.steps(of: sendings, in: compartment))
            for held in try rows[0].map({ try HeldCheckup($0, compartment, rules) }) {
                byIdentifier[
                    Place(
                        compartment: compartment, party: held.newest.institution,
                        identifier: held.newest.report.identifier)] = held
            }
            for held in try rows[1].map({ try HeldCheckup($0, compartment, rules) }) {
                byID[held.id] = held
            }
        }
    }

    /// What is held under the numbers of these, and what they correct.
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
            (compartment.selectByIdentifier, HeldCheckup.values(named)),
            (compartment.selectByID, HeldCheckup.values(corrected)),
        ]
    }

    func facts(of person: PersonKey, at now: Instant) -> MaternalFacts {
        known?.facts(of: person, at: now) ?? .nothing
    }

    /// The newest version of every open report; read for those alone of whom an open one was sent.
    func reports(of person: PersonKey) -> [CheckupVersion] {
        (reports[person] ?? []).map(\.newest)
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

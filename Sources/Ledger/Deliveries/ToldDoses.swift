import Exchange
import Postgres

/// 過去の接種歴の受領: which of the doses that municipalities told from their own ledgers a body is shown,
/// now or as of the moment of an export: none that an institution, or an earlier ledger, recorded too, and
/// another town's only while the resident lives in the body's own. It writes nothing.
struct ToldDoses {
    private var copies: Set<RecordID> = []
    private var homes: [PersonKey: String] = [:]

    /// Of these residents, in one round trip. `moment`: what was recorded, and where they lived, as was known
    /// then; without one everything that is known, today.
    init(
        _ transaction: inout Transaction, of persons: Set<PersonKey>, asOf moment: Instant?,
        now: Instant, _ rules: RuleBook
    ) throws {
        guard !persons.isEmpty else { return }
        guard let immunization = rules.immunization else { throw Refusal.rulesUnknown }
        let keys = Value.uuids(persons.map { UUIDBytes($0) })
        let rows = try transaction.pipeline([
            (VaccinationFacts.selectVersionsAsOf, [keys, .time(moment)]),
            (Records.selectHomes, [keys]),
        ])
        var held: [PersonKey: [CountedRecord]] = [:]
        for index in 0..<rows[0].count {
            try held[rows[0][index].uuid(4).person, default: []].append(
                CountedRecord(rows[0][index]))
        }
        for records in held.values {
            copies.formUnion(records.map(\.id))
            copies.subtract(records.withoutCopies(immunization).map(\.id))
        }
        var lived: [PersonKey: [Residence]] = [:]
        for index in 0..<rows[1].count {
            try lived[rows[1][index].uuid(5).person, default: []].append(
                Residence(rows[1][index], from: 0))
        }
        let day = (moment ?? now).dayInJapan
        homes = lived.compactMapValues {
            // What was told while this access waited for its turn is known as well.
            $0.residence(on: day, knownBy: moment ?? Instant(microseconds: .max))?.municipality
        }
    }

    /// Its own ledger's a municipality holds wherever the resident lives.
    func shows(
        _ dose: RecordID, toldBy teller: Party, of person: PersonKey, to body: String
    ) -> Bool {
        !copies.contains(dose) && (teller.code == body || homes[person] == body)
    }
}

extension Delivery {
    /// The municipality whose ledger told of the dose; nothing of any other line, and of what was withdrawn:
    /// that it is nothing of the body's any more is always said.
    fileprivate var teller: Party? {
        guard case .vaccination(let line) = content, !isWithdrawn,
            line.version.institution.role == .municipality
        else { return nil }
        return line.version.institution
    }
}

extension Records {
    /// Without the past doses that the body is not shown. Throws `.rulesUnknown`.
    mutating func shown(
        _ deliveries: [Delivery], asOf moment: Instant?, _ rules: RuleBook
    ) throws -> [Delivery] {
        let told = deliveries.filter { $0.teller != nil }
        guard !told.isEmpty else { return deliveries }
        let doses = try ToldDoses(
            &transaction, of: Set(told.map(\.person)), asOf: moment, now: now, rules)
        let body = caller.party.code
        return deliveries.filter { delivery in
            guard let teller = delivery.teller else { return true }
            return doses.shows(delivery.id, toldBy: teller, of: delivery.person, to: body)
        }
    }
}

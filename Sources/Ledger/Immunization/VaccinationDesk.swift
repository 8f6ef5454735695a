import Exchange
import Postgres

/// 接種記録の帳面.
struct VaccinationDesk: RecordDesk {
    private struct Line {
        let recorded: RecordedVaccination
        let line: VaccinationLine
        let sending: VaccinationSending
        var held: HeldVaccination { recorded.held }
        /// It takes the place of an older version that said something else.
        var isCorrection: Bool { recorded.isNew && held.newest.version > 1 }
    }

    private struct Identifier: Hashable {
        let party: Party
        let identifier: RecordIdentifier
    }

    private var byID: [RecordID: HeldVaccination] = [:]
    private var byIdentifier: [Identifier: HeldVaccination] = [:]
    private let facts: [PersonKey: VaccinationFacts]
    private let saved: [PersonKey: [HeldScreening]]
    /// 登録された委託単価, where the residents live or lived, of the schedules of the doses.
    let prices: [RegisteredPrice]
    private var lines: [Line] = []

    init(
        _ transaction: inout Transaction,
        _ turn: [(sending: VaccinationSending, visit: FieldVisit)]
    ) throws {
        // Of who did not agree nothing is read but what the caller sent of them itself: how many rows a
        // refusal touches would tell what others recorded.
        let agreed = turn.filter(\.visit.isConsented)
        let persons = Set(agreed.map(\.visit.person))
        let named = turn.filter { $0.sending.correction == nil }.map {
            ($0.sending.caller.party, $0.sending.sent.vaccination.identifier)
        }
        let corrected = turn.compactMap { sent in
            sent.sending.correction.map { (sent.sending.caller.party, $0.id) }
        }
        guard let book = turn.first?.sending.book, let rules = book.immunization else {
            (facts, saved, prices) = ([:], [:], [])
            return
        }
        // A statement that asks for nothing still costs its way.
        let held = [
            (HeldVaccination.selectByIdentifier, HeldVaccination.values(named), named.isEmpty),
            (HeldVaccination.selectByID, HeldVaccination.values(corrected), corrected.isEmpty),
        ].filter { !$0.2 }.map { ($0.0, $0.1) }
        let programmes = rules.pricedProgrammes(
            giving: agreed.map(\.sending.sent.vaccination.vaccine))
        let expecting = agreed.filter { rules.isOfPregnancy($0.sending.sent.vaccination.vaccine) }
        let rows = try transaction.pipeline(
            held + [RegisteredPrice.step(of: persons, services: programmes)]
                + VaccinationFacts.steps(
                    of: Array(persons), expecting: Array(Set(expecting.map(\.visit.person))),
                    rules: book))
        prices = try rows[held.count].map(RegisteredPrice.init)
        facts = try VaccinationFacts.read(Array(rows[(held.count + 1)...]), book)
        saved = try HeldScreening.load(
            &transaction,
            of: agreed.filter { $0.sending.sent.vaccination.screening?.responseID != nil }
                .map(\.visit.person), to: rules.screenings)
        for held in try rows.prefix(held.count).flatMap({ try $0.map(HeldVaccination.init) }) {
            byID[held.id] = held
            byIdentifier[
                Identifier(
                    party: held.newest.institution,
                    identifier: held.newest.vaccination.identifier)] = held
        }
    }

    func facts(of person: PersonKey) -> VaccinationFacts { facts[person] ?? .nothing }
    func screenings(of person: PersonKey) -> [HeldScreening] { saved[person] ?? [] }

    func record(_ id: RecordID, of party: Party) -> HeldVaccination? {
        byID[id].flatMap { $0.newest.institution == party ? $0 : nil }
    }

    func record(_ identifier: RecordIdentifier, of party: Party) -> HeldVaccination? {
        byIdentifier[Identifier(party: party, identifier: identifier)]
    }

    mutating func keep(
        _ recorded: RecordedVaccination, _ line: VaccinationLine, of sending: VaccinationSending
    ) {
        lines.append(Line(recorded: recorded, line: line, sending: sending))
    }

    var steps: [(Statement, [Value])] {
        guard !lines.isEmpty else { return [] }
        let corrected = lines.filter(\.isCorrection).map(\.held)
        return [
            HeldVaccination.insertion(
                lines.map { ($0.held, $0.line.isLine, $0.sending.book) }),
            VaccinationLine.insertion(
                lines.map { ($0.line, $0.held, $0.sending.book.version) }),
        ] + (corrected.isEmpty ? [] : [HealthCards.revocation(of: corrected)])
    }
}

extension HeldVaccination {
    static func insertion(
        _ records: [(held: HeldVaccination, isLine: Bool, book: RuleBook)]
    ) -> (Statement, [Value]) {
        let held = records.map(\.held)
        let given = held.map(\.newest.vaccination)
        let codes = zip(given, records.map(\.book.immunization)).map { given, rules in
            rules.flatMap { rules in
                rules.vaccine(named: given.vaccine).map { rules.vaccine($0.vaccine).code }
            }
        }
        return (
            insert,
            [
                .uuids(held.map { UUIDBytes($0.record) }), .uuids(held.map { UUIDBytes($0.id) }),
                .ints(held.map(\.newest.version)), .texts(held.map(\.newest.institution.key)),
                .texts(given.map(\.identifier.system)), .texts(given.map(\.identifier.value)),
                .texts(given.map(\.status.rawValue)), .texts(codes),
                .days(given.map { $0.occurrence.day?.daysSince1970 }),
                .texts(held.map { $0.newest.vaccination.face(recordedBy: $0.newest.institution) }),
                .uuids(held.map { $0.visit.map { UUIDBytes($0) } }),
                .instants(held.map(\.newest.recordedAt.microseconds)),
                .uuids(held.map { $0.response.map { UUIDBytes($0) } }),
                .texts(given.map(\.counted.face)), .bools(records.map(\.isLine)),
                .uuids(held.map { $0.record == $0.person ? nil : UUIDBytes($0.person) }),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.vaccination
            (person, vaccination, version, party, identifier_system, identifier, status, vaccine, day,
            face, visit, recorded_at, response, counted, is_line, survivor)
        select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::date[], $10::text[], $11::uuid[], $12::timestamptz[],
            $13::uuid[], $14::text[], $15::bool[], $16::uuid[])
        """)
}

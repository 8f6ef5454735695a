import Exchange
import Postgres

/// 以前の番号: the ids that an institution was given for a resident before the key of these ids was
/// rotated. Whoever never knew the resident learns of none.
extension PairwiseIDs {
    /// Those of each resident. Asks nothing unless the key was rotated.
    static func former(
        _ residents: [(party: Party, ids: PairwiseIDs?)], _ transaction: inout Transaction
    ) throws -> [[String]] {
        var asked: [(place: Int, id: String)] = []
        for (place, resident) in residents.enumerated() {
            for id in resident.ids?.former ?? [] { asked.append((place, id)) }
        }
        var former = residents.map { _ in [String]() }
        guard !asked.isEmpty else { return former }
        let rows = try transaction.query(
            selectGiven,
            [
                .ints(asked.map(\.place)), .texts(asked.map { residents[$0.place].party.key }),
                .texts(asked.map(\.id)),
            ])
        for (place, id) in try rows.map({ (try $0.int(0), try $0.text(1)) }) {
            former[place].append(id)
        }
        return former
    }

    private static let selectGiven = Statement(
        """
        select q.place, q.patient
        from unnest($1::bigint[], $2::text[], $3::text[]) with ordinality as q(place, party, patient, ord)
        where exists (
            select 1 from exchange.visit v where v.party = q.party and v.patient = q.patient)
        order by q.ord
        """)
}

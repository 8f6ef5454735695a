package import Exchange
import Postgres

/// 副反応疑いの報告の書き出し: one report as the ministry receives it, with the reporter's own records of the doses.
package struct ExportedReaction: Sendable {
    package let person: PersonKey
    package let id: RecordID
    package let place: Int
    package let version: ReactionVersion
    /// By their ids.
    package let records: [String: Vaccination]
    package let sex: ResidentSex?
    package let birth: CalendarDay?
    /// Nothing of whom it must not be known.
    package let municipality: String?
}

extension Records {
    /// Every report of the nation and what followed it, after a place, in the order in which they were
    /// committed. Each resident shown is entered. Throws `.malformed("_cursor")` for a place that was never
    /// given.
    package mutating func exportReactions(
        after place: Int, limit: Int, rules: RuleBook
    ) throws -> [ExportedReaction] {
        let next = try transaction.query(HeldReaction.nextNationPlace)[0].int(0)
        guard place < next else { throw Refusal.malformed("_cursor") }
        let rows = try transaction.query(Self.selectExported, [.int(place), .int(limit)])
        let reports = try rows.map { row in
            (
                person: try row.uuid(6).person, place: try row.int(7),
                municipality: try row.optionalText(8), version: try ReactionVersion(row),
                id: try row.uuid(0).record
            )
        }
        let records = try doses(of: reports.map(\.version))
        let facts = try VaccinationFacts.load(
            &transaction, of: Array(Set(reports.map(\.person))), rules: rules)
        var versions: [PersonKey: [String]] = [:]
        for report in reports {
            versions[report.person, default: []].append(
                "\(report.id.text)/\(report.version.version)")
        }
        for (person, versions) in versions {
            enter(person, basis: versions.joined(separator: " "))
        }
        if reports.isEmpty { enter(nil) }
        return reports.map { report in
            ExportedReaction(
                person: report.person, id: report.id, place: report.place,
                version: report.version, records: records, sex: facts[report.person]?.sex,
                birth: facts[report.person]?.birth, municipality: report.municipality)
        }
    }

    /// The reporters' own records of the doses that they name, as they now are.
    private mutating func doses(of versions: [ReactionVersion]) throws -> [String: Vaccination] {
        let keys = try versions.flatMap { version in
            try version.reaction.suspects.compactMap(\.recordID).map {
                (party: version.institution, id: try RecordID($0))
            }
        }
        guard !keys.isEmpty else { return [:] }
        var doses: [String: Vaccination] = [:]
        for held in try transaction.query(
            HeldVaccination.selectByID, HeldVaccination.values(keys)
        ).map(HeldVaccination.init) {
            doses[held.id.text] = held.newest.vaccination
        }
        return doses
    }

    private static let selectExported = Statement(
        """
        select \(ReactionVersion.columns), v.whom, v.nation_place,
            case when \(RegisteredIdentity.isHidden("v.whom")) then null else v.municipality end
        from (
            select r.*, \(Survivors.sql(of: "r.person")) as whom from exchange.vaccine_reaction r
            where r.nation_place > $1) v
        order by v.nation_place limit $2
        """)
}

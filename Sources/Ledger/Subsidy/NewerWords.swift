import Exchange
import Postgres

/// 後からの言葉: what became known of some people after the moment as of which a file is, whoever said it and by
/// which way. The file cannot know it, so that no row of it says otherwise.
struct NewerWords {
    private struct Certificate: Hashable {
        let person: PersonKey
        let typeID: String
        let subKey: String
    }

    private struct Term {
        let historyKey: String
        let days: ClosedRange<CalendarDay>
    }

    private var terms: [Certificate: [Term]] = [:]
    /// Whether the body itself said it, or a merge alone said again what stood.
    private var identities: [PersonKey: Bool] = [:]

    /// Of this row, or of the same certificate on some of its days: a body that names its rows otherwise in
    /// its files speaks of one certificate all the same.
    func isOf(_ key: RegistrationPlan.RowKey, on days: ClosedRange<CalendarDay>) -> Bool {
        let certificate = Certificate(
            person: key.person, typeID: key.certificateType, subKey: key.subKey)
        return terms[certificate]?.contains {
            $0.historyKey == key.historyKey || $0.days.overlaps(days)
        } ?? false
    }

    /// 支援措置: a row that hides somebody gives way to the body's own word alone.
    func isOf(_ person: PersonKey, hiding: Bool) -> Bool {
        guard let isOwn = identities[person] else { return false }
        return isOwn || !hiding
    }
}

extension Records {
    /// What the caller's rows of these people say that the file cannot know.
    mutating func newerWords(of persons: [PersonKey], than moment: FileMoment) throws -> NewerWords
    {
        guard !persons.isEmpty else { return NewerWords() }
        let key: [Value] =
            [.uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code)] + moment.values
        let read = try transaction.pipeline([
            (NewerWords.selectTerms, key), (NewerWords.selectIdentities, key),
        ])
        var words = NewerWords()
        for index in 0..<read[0].count { try words.takeTerm(read[0][index]) }
        for index in 0..<read[1].count { try words.takeIdentity(read[1][index]) }
        return words
    }
}

extension NewerWords {
    fileprivate mutating func takeTerm(_ row: Row) throws {
        let certificate = Certificate(
            person: try row.uuid(0).person, typeID: try row.text(1), subKey: try row.text(2))
        let from = CalendarDay(daysSince1970: try row.day(4))
        let to = CalendarDay(daysSince1970: try row.day(5))
        terms[certificate, default: []].append(
            Term(historyKey: try row.text(3), days: from...max(from, to)))
    }

    fileprivate mutating func takeIdentity(_ row: Row) throws {
        identities[try row.uuid(0).person] = try row.bool(1)
    }

    /// The newest own word on each row: an event ends it anew behind whatever the body says.
    fileprivate static let selectTerms = Statement(
        """
        select e.person, e.certificate_type, e.sub_key, e.history_key, e.valid_from, e.valid_to
        from exchange.entitlement e
        where e.person = any ($1) and e.body = $2 and not e.is_under_review and not e.is_by_event
            and not exists (
                select 1 from exchange.entitlement later
                where \(EntitlementRow.isSame) and not later.is_under_review
                    and not later.is_by_event and later.version > e.version)
            and (\(FileMoment.isSince("e")) or exists (
                select 1 from exchange.entitlement later
                join office.said_again s on s.version = later.version
                where \(EntitlementRow.isSame) and later.version >= e.version
                    and \(FileMoment.isNewer(mark: "s"))))
        """)

    /// With every row a body says of whom it is, also where that was nothing new.
    fileprivate static let selectIdentities = Statement(
        """
        select n.person, bool_or(n.is_own) from (
            select i.person, i.by_merge is null as is_own from exchange.identity i
            where i.person = any ($1) and i.body = $2 and not i.is_under_review
                and \(FileMoment.isSince("i"))
            union all
            select e.person, e.by_merge is null from exchange.entitlement e
            where e.person = any ($1) and e.body = $2 and not e.is_under_review
                and not e.is_by_event and \(FileMoment.isSince("e"))
            union all
            select e.person, true from exchange.entitlement e
            join office.said_again s on s.version = e.version
            where e.person = any ($1) and e.body = $2 and \(FileMoment.isNewer(mark: "s"))) n
        group by n.person
        """)
}

package import Exchange
import Postgres

/// お知らせ: what the resident was told; reading it is one entry, like any other own record.
///
/// A visit and a refusal are told of by what is kept of them anyway, in the commit that made them:
/// nothing is written for it where somebody waits at a counter, and no notice can be missing. A refusal that
/// an office holds back of the log (開示の延期) is held back here as well; what others did is not, and whoever
/// acts for the resident is refused in the resident's sight.
extension Records {
    /// Newest first, in the words of the rules; a kind that they no longer hold is not shown. At most
    /// `limit` of what was written, of visits and of refusals each: who is refused a hundred times drives
    /// out no invitation. A notice of a checkup of pregnancy or after delivery, or of a vaccine of
    /// pregnancy, is the resident's own, as what is planned of it: that one came, or no more came, tells
    /// how it went on.
    package mutating func ownNotices(
        of person: PersonKey, limit: Int, rules: RuleBook, name: (RecordID, String) -> String
    ) throws -> [Notice] {
        let ofPregnancy =
            (rules.maternal?.checkupsOfMothers ?? [])
            + (rules.immunization?.invitationsOfPregnancy ?? [])
        var rows = try notices(of: person, limit, hiding: acting == nil ? [] : ofPregnancy)
        let subjects = try Set(rows.map { try $0.optionalText(6) ?? "" })
        if !subjects.isDisjoint(with: ofPregnancy), try isClosed(.sensitive, to: person, rules) {
            rows = try notices(of: person, limit, hiding: ofPregnancy)
        }
        let told = try rows.map { row -> Notice? in
            guard let kind = rules.noticeKind(try row.text(2)) else { return nil }
            let party = try Party(key: try row.text(3))
            return Notice(
                id: try row.uuid(0).record.text, at: Instant(microseconds: try row.instant(1)),
                kind: kind, party: party, partyName: try row.text(4),
                about: (
                    try row.optionalUUID(5)?.record.text,
                    try row.optionalText(6).flatMap { rules.noticeSubject($0, of: party) }
                ))
        }.compactMap(\.self)
        let reached = try reachedCounts(of: person, rules: rules, name: name)
        return (told + reached).sorted { $0.at > $1.at }
    }

    /// What is hidden takes no place: else a short page would tell of it.
    private mutating func notices(
        of person: PersonKey, _ limit: Int, hiding hidden: [String]
    ) throws -> Rows {
        try transaction.query(
            Self.selectOwnNotices,
            [
                .person(person), .int(limit), .texts(Notice.refusalsAtPortals.map(\.code)),
                .texts(hidden),
            ])
    }

    /// お知らせ: leaves the resident a notice of this party's act, in the commit of this access.
    mutating func notify(_ person: PersonKey, _ kind: String, visit: RecordID? = nil) {
        write([
            NewNotice.insertion(
                of: [NewNotice(person: person, kind: kind, visit: visit)], from: caller.party)
        ])
    }

    /// What the log says about the resident is found by their sequence: an index of entries by person would
    /// be kept by every answer, for the one reader that has another way.
    private static let selectOwnNotices = Statement(
        """
        with about as materialized (
            select e.entry, e.at, e.party, e.visit, e.purpose, e.outcome, e.basis
            from log.position s join log.access_entry e on e.entry = s.entry and e.at = s.at
            where s.person = any (\(Survivors.records(of: "$1")))
            union all
            select entry, at, party, visit, purpose, outcome, basis from log.access_entry
            where person = any (\(Survivors.records(of: "$1")))
                and xid >= (select next_xid from log.head)),
        held_back as materialized (
            select e.entry from about e
            join log.withholding_now w on w.entry = e.entry
            where w.release_at > clock_timestamp())
        select n.notice, n.at, n.kind, n.party, coalesce(p.name, n.party), n.visit, n.subject
        from (
            (select notice, at, kind, party, visit, subject from exchange.notice
                where person = any (\(Survivors.records(of: "$1")))
                    and (subject is null or subject <> all ($4))
                order by at desc, notice desc limit $2)
            union all
            (select visit, opened_at, 'visit-opened', party, visit, null from exchange.visit v
                where person = any (\(Survivors.records(of: "$1"))) and confirmed_by = 'card'
                order by opened_at desc, visit desc limit $2)
            union all
            (select entry, at, 'refused', party, visit, purpose from about e
                where outcome <> 'ok'
                    and (party not like 'portal:%' or outcome = any ($3) or basis like '{"acting"%')
                    and not exists (select 1 from held_back h where h.entry = e.entry)
                order by at desc, entry desc limit $2)) n
        left join exchange.party p on p.party = n.party
        order by n.at desc, n.notice desc
        """)
}

extension RuleBook {
    /// A notice is about a season or a schedule of vaccinations, a checkup, or what somebody wanted to do. A
    /// season's words are those of the municipality that invited: they say its days.
    fileprivate func noticeSubject(_ code: String, of party: Party) -> BilingualText? {
        immunization?.campaign(code)?.notice(of: party.code) ?? immunization?.programme(code)?.name
            ?? maternal?.checkupName(code)
            ?? Purpose(rawValue: code).flatMap { purposes[$0] }
    }
}

/// 書くお知らせ: one that is written beside what it tells of, in the same commit.
struct NewNotice {
    let person: PersonKey
    let kind: String
    var visit: RecordID?
    /// What it is about, as a code of the rules.
    var subject: String?

    static func insertion(of notices: [NewNotice], from party: Party) -> (Statement, [Value]) {
        (
            insert,
            [
                .uuids(notices.map { UUIDBytes($0.person) }),
                .uuids(notices.map { _ in UUIDBytes(RecordID.timeOrdered()) }),
                .texts(notices.map(\.kind)), .text(party.key), .texts(notices.map(\.subject)),
                .uuids(notices.map { $0.visit.map { UUIDBytes($0) } }),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.notice (person, notice, kind, party, visit, subject)
        select person, notice, kind, $4, visit, subject
        from unnest($1::uuid[], $2::uuid[], $3::text[], $5::text[], $6::uuid[])
            as n(person, notice, kind, subject, visit)
        """)
}

import Exchange
import Postgres

/// 突合の出どころ: the rows of a field after a place, in their order, and what names one of them.
struct StatementSource {
    /// Person, place, whether it is held back, and what it says. Of a row about nobody there is no person.
    let page: Statement
    let names: Statement

    private init(page: String, names: String) {
        self.page = Statement(page)
        self.names = Statement(names)
    }

    static let entitlements = StatementSource(
        page: """
            select e.person, e.version, e.is_under_review, e.face, e.certificate_type, e.sub_key,
                e.history_key, e.birth_date
            from exchange.entitlement e
            where e.body = $1 and e.version > $2 and not e.is_deleted and not exists (
                select 1 from exchange.entitlement later
                where \(EntitlementRow.isSame) and later.version > e.version)
            order by e.version limit $3
            """,
        names: """
            select certificate_type, sub_key, history_key, recipient_number
            from exchange.entitlement where person = $1 and version = $2
            """)

    static let checkupTargets = StatementSource(
        page: """
            select t.person, t.version, false, t.face, t.identity_key
            from exchange.checkup_target t
            where t.municipality = $1 and t.version > $2 and not t.is_removed and not exists (
                select 1 from exchange.checkup_target later
                where later.person = t.person
                    and later.municipality is not distinct from t.municipality
                    and later.identity_key = t.identity_key and later.version > t.version)
            order by t.version limit $3
            """,
        names:
            "select identity_key from exchange.checkup_target where person = $1 and version = $2")

    static let vaccinationTargets = StatementSource(
        page: """
            select t.person, t.version, false, t.identity_key, t.programme, t.valid_from, t.valid_to,
                t.illness_ended
            from exchange.vaccination_target t
            where t.municipality = $1 and t.version > $2 and not t.is_removed and not exists (
                select 1 from exchange.vaccination_target later
                where later.person = t.person and later.municipality = t.municipality
                    and later.identity_key = t.identity_key and later.programme = t.programme
                    and later.valid_from = t.valid_from and later.version > t.version)
            order by t.version limit $3
            """,
        names: """
            select identity_key, programme, valid_from::text from exchange.vaccination_target
            where person = $1 and version = $2
            """)

    static let checkupTickets = StatementSource(
        page: """
            select f.person, f.version, false, f.identity_key, f.kind, f.serial, f.number,
                f.valid_from, f.valid_to, f.limit_yen
            from exchange.checkup_ticket_face f
            where f.body = $1 and f.version > $2 and not f.is_returned and not exists (
                select 1 from exchange.checkup_ticket_face later
                where later.person = f.person and later.body = f.body
                    and later.episode = f.episode and later.kind = f.kind
                    and later.serial = f.serial and later.version > f.version)
            order by f.version limit $3
            """,
        names: """
            select identity_key, kind, serial::text, number from exchange.checkup_ticket_face
            where person = $1 and version = $2
            """)

    static let checkupResults = massCheckups(in: "exchange.mass_checkup", more: "")
    static let sensitiveCheckupResults = massCheckups(
        in: "exchange.sensitive_mass_checkup", more: ", r.consented_on")

    private static func massCheckups(in view: String, more columns: String) -> StatementSource {
        StatementSource(
            page: """
                select r.person, r.result, false, r.identifier, r.face\(columns)
                from \(view) r
                where r.party = $1 and r.party like 'municipality:%' and r.result > $2
                    and r.status <> 'entered-in-error' and not exists (
                        select 1 from \(view) later
                        where later.party = r.party and later.result = r.result
                            and later.version > r.version)
                order by r.result limit $3
                """,
            names: """
                select identifier from \(view)
                where person = $1 and $2::bigint = 0 group by identifier
                """)
    }

    static let guardianships = StatementSource(
        page: """
            select g.person, g.version, false, coalesce(\(key("g.person_key", of: "g.person")), ''),
                coalesce(\(key("g.guardian_key", of: "g.guardian")), ''), g.kind, g.valid_from, g.valid_to,
                g.is_custody_lost
            from exchange.guardianship g
            where g.municipality = $1 and g.version > $2 and not exists (
                select 1 from exchange.guardianship later
                where later.person = g.person and later.guardian = g.guardian
                    and later.municipality = g.municipality and later.kind = g.kind
                    and later.valid_from = g.valid_from and later.version > g.version)
            order by g.version limit $3
            """,
        names: """
            select \(key("g.person_key", of: "g.person")), \(key("g.guardian_key", of: "g.guardian")),
                g.kind, g.valid_from::text, g.guardian
            from exchange.guardianship g where g.person = $1 and g.version = $2
            """)

    /// 自治体別本人キー: as the row named the person or, of one who came by number, as the municipality named them
    /// last in any of its lists.
    private static func key(_ named: String, of person: String) -> String {
        """
        coalesce(\(named), (
            select k.identity_key from (
                select t.identity_key, t.known_at from exchange.vaccination_target t
                where t.person = \(person) and t.municipality = g.municipality and t.by_merge is null
                union all
                select t.identity_key, t.known_at from exchange.checkup_target t
                where t.person = \(person) and t.municipality = g.municipality and t.by_merge is null
                union all
                select l.identity_key, l.known_at from exchange.life_event l
                where l.person = \(person) and l.municipality = g.municipality) k
            order by k.known_at desc, k.identity_key limit 1))
        """
    }

    /// Events have no versions, and none is taken away: what takes one back is another.
    static let residenceMoves = StatementSource(
        page: """
            select l.person, l.version, false, l.identity_key, l.is_not_disclosed, \(LifeEvent.columns)
            from exchange.life_event l
            where l.municipality = $1 and l.version > $2
            order by l.version limit $3
            """,
        names: """
            select l.sequence, l.identity_key from exchange.life_event l
            where l.person = $1 and l.version = $2
            """)

    /// As the newest rules have them, whoever wrote the body's file: places go through its types, each with
    /// its codes behind it. Their version is that of the rules.
    static let schemeMasters = StatementSource(
        page: """
            select null::uuid, s.serial, false, s.place, s.type, s.kind, s.code, s.valid_from, s.name,
                s.terms
            from (\(schemes(of: "order by serial desc limit 1"))) s
            where s.place > $2 order by s.place limit $3
            """,
        names: """
            select s.type, s.kind, nullif(s.code, ''), s.valid_from
            from (\(schemes(of: "where serial = $2"))) s
            """)

    private static func schemes(of version: String) -> String {
        """
        select b.serial, row_number() over (order by p.place, said.kind, said.place) as place,
            p.program ->> 'certificateTypeID' as type, p.program ->> 'effectiveFrom' as valid_from,
            said.kind, coalesce(said.one ->> 'code', '') as code,
            coalesce(said.one, p.program) -> 'name' ->> 'ja' as name,
            case when said.kind = '1' then array[
                coalesce(p.program ->> 'effectiveTo', ''), coalesce(p.program ->> 'lawNumber', ''),
                p.program ->> 'consentKind', p.program ->> 'priority',
                case when (p.program ->> 'requiresDesignation')::boolean then '1' else '0' end]
            else '{}'::text[] end as terms
        from (select serial, files from exchange.rule_book \(version)) b
        cross join lateral jsonb_array_elements(
            (b.files ->> ('subsidy/programs/' || $1::text || '.json'))::jsonb -> 'programs')
            with ordinality as p(program, place)
        cross join lateral (
            select '1' as kind, null::jsonb as one, 0::bigint as place
            union all
            select '2', i.one, i.place
            from jsonb_array_elements(p.program -> 'incomeSegments') with ordinality as i(one, place)
            union all
            select '3', c.one, c.place
            from jsonb_array_elements(p.program -> 'additionalConditions')
                with ordinality as c(one, place)) said
        """
    }
}

package import Exchange
import Postgres

/// 団体が自ら登録する決まり: the folders of the rules in which a body speaks for itself, what stands there in the newest
/// version, and who registered it. It is told to that body alone, and says nothing of a resident.
enum OwnRules: String {
    case seasons = "immunization/seasons"
    case schemes = "subsidy/programs"

    /// Of each of these keys: that this task brought it into this version. Travels with the version.
    func origins(
        of keys: [String], in version: String, _ task: RecordID, _ caller: Caller
    ) -> (Statement, [Value]) {
        (
            Self.insertOrigins,
            [
                .text(caller.party.code), .text(rawValue), .texts(Set(keys).sorted()),
                .text(version), .id(task), .text(optional: caller.operatorID),
            ]
        )
    }

    /// The last of each key. What was registered before this was kept has none.
    fileprivate func selectOrigins(of body: String) -> (Statement, [Value]) {
        (Self.selectNewest, [.text(body), .text(rawValue)])
    }

    private static let insertOrigins = Statement(
        """
        insert into exchange.registered_rule (body, folder, key, rules, task, operator)
        select $1, $2, key, $4, $5, $6 from unnest($3::text[]) as k(key)
        """)

    private static let selectNewest = Statement(
        """
        select distinct on (r.key) r.key, r.rules, r.task, r.operator, r.known_at
        from exchange.registered_rule r where r.body = $1 and r.folder = $2
        order by r.key, r.version desc
        """)
}

/// 決まりの一部: what a row says of a body's own rules.
struct OwnRulePart: Hashable {
    /// As the list of what stands calls it: a season; a certificate type and its first day.
    let key: String
    /// Where several things stand under the key: which of them.
    var part: String?

    var name: String { part.map { "\(key)\t\($0)" } ?? key }
    /// Under which it is registered.
    var keys: [String] { part == nil ? [key] : [key, name] }
}

extension RowOutcome {
    /// Of a row that came too late: what it would have changed stays.
    fileprivate func left(for finding: RowFinding) -> RowOutcome {
        guard kind == .applied else { return self }
        return RowOutcome(
            line: line, kind: .unchanged, findings: findings + [finding], standing: 0)
    }
}

extension Records {
    /// 決まりになる行: what each row comes to, in their order, and what those that are on time make of `own`. One
    /// that speaks of something that was registered after the `moment` changes nothing, and is told `late`.
    mutating func taken<Row, Own>(
        _ rows: [Row], in folder: OwnRules, into own: Own, as moment: FileMoment?,
        reading: (part: (Row) -> OwnRulePart, late: (Row) -> RowFinding),
        _ take: (inout Own, [Row]) -> [RowOutcome]
    ) throws -> (own: Own, outcomes: [RowOutcome]) {
        let newer = try newer(rows.map(reading.part), in: folder, than: moment)
        let late = rows.filter { newer.contains(reading.part($0)) }
        let onTime = rows.filter { !newer.contains(reading.part($0)) }
        var own = own
        // What they would come to, where nothing newer stood.
        var aside = own
        let taken = take(&own, onTime)
        let left = zip(late, take(&aside, late)).map { $1.left(for: reading.late($0)) }
        return (own, (taken + left).sorted { $0.line < $1.line })
    }

    /// 接種期間の一覧: every season of the newest rules with the days that hold in the caller's municipality,
    /// and what it registered. `kept` finds a version that is in memory.
    package mutating func ownSeasons(rules kept: (String) throws -> RuleBook) throws -> SeasonList {
        let book = try kept(newestVersion())
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let body = caller.party.code
        let found = try transaction.pipeline([
            (Self.selectSeasons, [.text(book.version), .text(body)]),
            OwnRules.seasons.selectOrigins(of: body),
        ])
        enter(nil, basis: "rules/\(book.version)")
        let registered = try found[0].map { row in
            SeasonList.Registered(
                campaign: try row.text(0), from: try row.text(1), to: try row.text(2),
                notice: try row.text(3), noticeEnglish: try row.text(4))
        }
        return SeasonList(
            of: body, in: rules, version: book.version, registered: registered,
            origins: try Self.origins(found[1]))
    }

    /// 制度マスタの一覧: the caller's own schemes in the newest rules, with their codes.
    package mutating func ownSchemes(rules kept: (String) throws -> RuleBook) throws -> SchemeList {
        let book = try kept(newestVersion())
        let body = caller.party.code
        let found = try transaction.pipeline([
            (Self.selectMark, [.text(book.version), .text(body)]),
            OwnRules.schemes.selectOrigins(of: body),
        ])
        enter(nil, basis: "rules/\(book.version)")
        // An operator's file stands where nothing is registered, or no more: whoever registered before it
        // did not say what stands now.
        let isRegistered = found[0].count > 0
        return SchemeList(
            of: body, in: book.subsidy, version: book.version, isRegistered: isRegistered,
            origins: try isRegistered ? Self.origins(found[1]) : [:])
    }

    /// 後からの登録: which of these the caller registered last after the moment, whatever brought it. What an
    /// operator's file says is nobody's registration.
    private mutating func newer(
        _ parts: [OwnRulePart], in folder: OwnRules, than moment: FileMoment?
    ) throws -> Set<OwnRulePart> {
        guard let moment else { return [] }
        let place: [Value] = [.text(caller.party.code), .text(folder.rawValue)]
        let keys = Set(parts.flatMap(\.keys)).sorted()
        let found = try transaction.query(
            Self.selectNewer, place + moment.values + [.texts(keys)])
        let newer = Set(try found.map { try $0.text(0) })
        return Set(parts.filter { newer.contains($0.key) || newer.contains($0.name) })
    }

    private static func origins(_ rows: Rows) throws -> [String: RuleOrigin] {
        var origins: [String: RuleOrigin] = [:]
        for row in try rows.map({ $0 }) {
            origins[try row.text(0)] = RuleOrigin(
                version: try row.text(1), task: try row.uuid(2).record,
                operatorID: try row.optionalText(3),
                registeredAt: Instant(microseconds: try row.instant(4)))
        }
        return origins
    }

    /// A key whose parts the registration named apart is newer in those alone.
    private static let selectNewer = Statement(
        """
        select newest.key from (
            select distinct on (r.key) r.key, r.task, r.known_at from exchange.registered_rule r
            where r.body = $1 and r.folder = $2 and r.key = any ($8)
            order by r.key, r.version desc) newest
        where \(FileMoment.isSince("newest")) and not exists (
            select 1 from exchange.registered_rule part
            where part.body = $1 and part.folder = $2 and part.task = newest.task
                and starts_with(part.key, newest.key || chr(9)))
        """)

    /// The file itself: what it says of a season that the rules have no longer is not in them.
    private static let selectSeasons = Statement(
        """
        select s ->> 'campaign', s ->> 'effectiveFrom', s ->> 'effectiveTo',
            s -> 'notice' ->> 'ja', s -> 'notice' ->> 'en'
        from exchange.rule_book b cross join lateral jsonb_array_elements(
            (b.files ->> ('immunization/seasons/' || $2::text || '.json'))::jsonb -> 'seasons') s
        where b.version = $1
        """)

    private static let selectMark = Statement(
        """
        select true from exchange.rule_book b
        where b.version = $1 and $2::text =
            (b.files ->> ('subsidy/programs/' || $2::text || '.json'))::jsonb ->> 'registeredBy'
        """)
}

import Exchange
import Postgres

/// 突合の読み方: every row that a body holds now, a page at a time, all of one moment.
extension StatementField {
    /// 5,000 rows of about 600 bytes are 3 MB.
    private static let pageRows = 5_000

    /// The newest word on each row, held back or not: it is what the body last sent. What it took back is
    /// not held. Returns how many of them are held back.
    func read(
        of body: String, _ transaction: inout Transaction,
        _ take: ([StatementTree.Leaf]) throws -> Void
    ) throws -> Int {
        var underReview = 0
        // Results have no number of the whole table: they are read by their ids.
        var after: Value =
            self == .checkupResults ? .id(RecordID(high: 0, low: 0)) : .int(0)
        while true {
            let rows = try transaction.query(
                source.page, [.text(try holder(body)), after, .int(Self.pageRows)])
            var page: [StatementTree.Leaf] = []
            page.reserveCapacity(rows.count)
            for index in 0..<rows.count {
                let row = rows[index]
                let origin = StatementTree.Origin(
                    person: try row.uuid(0).person, version: try version(row))
                if try row.bool(2) { underReview += 1 }
                page.append(.init(try self.row(row), origin: origin))
            }
            try take(page)
            guard rows.count == Self.pageRows else { return underReview }
            after = try cursor(rows[rows.count - 1])
        }
    }

    /// What of one row the body that registered it knows it by.
    func name(of leaf: StatementTree.Leaf, _ transaction: inout Transaction) throws
        -> [(item: String, value: String)]
    {
        guard let origin = leaf.origin else { return [] }
        let rows = try transaction.query(
            source.names, [.person(origin.person), .int(origin.version)])
        for row in try rows.map({ $0 }) {
            let names: [(item: String, value: String)] = try items.enumerated().compactMap {
                place, item in
                try row.optionalText(place).map { (item, $0) }
            }
            // Results are told apart by their numbers alone.
            let isMeant =
                self != .checkupResults
                || names.contains { StatementHash(of: $0.value) == leaf.key }
            if isMeant { return names }
        }
        return []
    }

    private func holder(_ body: String) throws -> String {
        self == .checkupResults ? try Party(role: .municipality, code: body).key : body
    }

    /// Which version it is, where versions are numbered through.
    private func version(_ row: Row) throws -> Int {
        self == .checkupResults ? 0 : try row.int(1)
    }

    private func cursor(_ last: Row) throws -> Value {
        self == .checkupResults ? .uuid(try last.uuid(1)) : .int(try last.int(1))
    }

    private func row(_ row: Row) throws -> StatementRow {
        switch self {
        case .subsidy:
            StatementRow(
                entitlement: try row.text(3), certificateType: try row.text(4),
                subKey: try row.text(5), historyKey: try row.text(6), birthDate: try row.text(7))
        case .checkupTargets:
            StatementRow(checkupTarget: try row.text(3), identityKey: try row.text(4))
        case .vaccinationTargets:
            StatementRow(
                invitation: try row.text(4), identityKey: try row.text(3),
                from: CalendarDay(daysSince1970: try row.day(5)),
                to: CalendarDay(daysSince1970: try row.day(6)))
        case .checkupTickets:
            StatementRow(
                ticket: CheckupTicket.Face(
                    number: try row.text(6),
                    validFrom: CalendarDay(daysSince1970: try row.day(7)),
                    validTo: CalendarDay(daysSince1970: try row.day(8)),
                    limitYen: try row.optionalInt(9)),
                kind: try row.text(4), serial: try row.int(5), identityKey: try row.text(3))
        case .checkupResults:
            StatementRow(
                checkup: try CheckupReport(face: try row.text(4)).result,
                number: try row.text(3))
        }
    }

    private var items: [String] {
        switch self {
        case .subsidy:
            [
                "orgSpecificCertificateTypeId", "certificationSubKey", "historyKey",
                "medicalSubsidyRecipientNumber",
            ]
        case .checkupTargets: ["municipalityIdentityKey"]
        case .vaccinationTargets: ["municipalityIdentityKey", "programme", "validFrom"]
        // `kind` in an answer is how the row differs.
        case .checkupTickets: ["municipalityIdentityKey", "ticketKind", "occasion", "number"]
        case .checkupResults: ["resultNumber"]
        }
    }

    private var source: StatementSource {
        switch self {
        case .subsidy: .entitlements
        case .checkupTargets: .checkupTargets
        case .vaccinationTargets: .vaccinationTargets
        case .checkupTickets: .checkupTickets
        case .checkupResults: .checkupResults
        }
    }
}

/// 突合の出どころ: the rows of a field after a place, in their order, and what names one of them.
private struct StatementSource {
    /// Person, place, whether it is held back, and what it says.
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
            select t.person, t.version, false, t.identity_key, t.programme, t.valid_from, t.valid_to
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

    static let checkupResults = StatementSource(
        page: """
            select r.person, r.result, false, r.identifier, r.face
            from exchange.mass_checkup r
            where r.party = $1 and r.party like 'municipality:%' and r.result > $2
                and r.status <> 'entered-in-error' and not exists (
                    select 1 from exchange.mass_checkup later
                    where later.party = r.party and later.result = r.result
                        and later.version > r.version)
            order by r.result limit $3
            """,
        names: """
            select identifier from exchange.mass_checkup
            where person = $1 and $2::bigint = 0 group by identifier
            """)
}

package import Exchange
import Postgres

/// 委託単価の帳面: the municipality's own prices, in versions that nobody changes.
extension Records {
    /// 委託単価の登録: applied exactly once per idempotency key. A row that contradicts what stands, or another of
    /// the sending, is refused alone; claims made before keep the price that they were made with. A row of a
    /// file says nothing against what was said after its `moment`.
    package mutating func registerPrices(
        _ request: RegistrationRequest, _ rows: [PriceRow], as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let outcomes = try weighPrices(rows, as: moment)
        let taken = zip(rows, outcomes).filter { $1.kind == .applied }.map(\.0)
        enter(nil)
        return endTask(request, outcomes) { [body = caller.party.code] task in
            [RegisteredPrice.insertion(of: taken, of: body, task: task)]
        }
    }

    /// What registering these rows would do. Nothing is written and nobody entered.
    mutating func weighPrices(
        _ rows: [PriceRow], as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        var list = PriceList(
            try registeredPrices(), newer: try newerPrices(of: rows, than: moment))
        return zip(rows, list.take(rows)).map { row, change in RowOutcome(row, change) }
    }

    /// How many prices of the municipality hold on a day, or will.
    mutating func standingPrices(of field: PriceField, on day: CalendarDay) throws -> Int {
        try registeredPrices().count { price in
            guard price.key.field == field, let terms = price.terms else { return false }
            return terms.to.map { $0 >= day } ?? true
        }
    }

    /// 委託単価の参照: what the municipality had said by then; of each key the newest, with what it took back.
    package mutating func prices(
        of field: PriceField, knownBy instant: Instant
    ) throws -> [RegisteredPrice] {
        enter(nil)
        return try registeredPrices(knownBy: instant).filter { $0.key.field == field }
    }

    /// Without an instant, what is known when it is read: whoever registered last may have come since this
    /// access began.
    private mutating func registeredPrices(knownBy instant: Instant? = nil) throws
        -> [RegisteredPrice]
    {
        try transaction.query(
            RegisteredPrice.selectList, [.text(caller.party.code), .time(instant)]
        ).map(RegisteredPrice.init)
    }

    /// 後からの単価: of which keys the newest version was registered after the moment, or taken back.
    private mutating func newerPrices(
        of rows: [PriceRow], than moment: FileMoment?
    ) throws -> Set<RegisteredPrice.Key> {
        guard let moment else { return [] }
        let key: [Value] = [
            .text(caller.party.code), .texts(Set(rows.map(\.key.service)).sorted()),
        ]
        let found = try transaction.query(RegisteredPrice.selectNewer, key + moment.values)
        return Set(try found.map { try RegisteredPrice($0).key })
    }
}

extension RowOutcome {
    fileprivate init(_ row: PriceRow, _ change: PriceList.Change) {
        func finding(_ code: RowCode, _ item: String) -> [RowFinding] {
            row.warnings + [RowFinding(index: row.index, item: item, code: code)]
        }
        let line = row.index + 1
        switch change {
        case .added: self.init(line: line, kind: .applied, findings: row.warnings)
        case .changed(let version):
            self.init(
                line: line, kind: .applied, findings: row.warnings, standing: version)
        case .ended(let version):
            self.init(
                line: line, kind: .applied, findings: row.warnings, standing: version,
                isEnd: true)
        case .unchanged(let version):
            self.init(
                line: line, kind: .unchanged, findings: row.warnings, standing: version)
        case .contradicts:
            self.init(
                line: line, kind: .refused, findings: finding(.priceOverlap, "priceFrom"))
        case .saidTwice:
            self.init(
                line: line, kind: .refused, findings: finding(.duplicateKey, row.key.item))
        case .newerStands(let version):
            self.init(
                line: line, kind: .unchanged, findings: finding(.newerStands, row.key.item),
                standing: version)
        }
    }
}

extension RegisteredPrice.Key {
    /// What of a row names the service.
    fileprivate var item: String {
        if field == .immunization { return "programme" }
        return service.hasPrefix(Self.ticket("")) ? "ticketKind" : "checkup"
    }
}

extension RegisteredPrice {
    /// Of the municipalities where these residents ever lived, for these services: the newest version of
    /// each key.
    static func step(
        of persons: Set<PersonKey>, services: Set<String>
    ) -> (Statement, [Value]) {
        (
            selectOfResidents,
            [.uuids(persons.map { UUIDBytes($0) }), .texts(Array(services))]
        )
    }

    fileprivate static func insertion(
        of rows: [PriceRow], of body: String, task: RecordID
    ) -> (Statement, [Value]) {
        (
            insert,
            [
                .text(body), .texts(rows.map(\.key.service)),
                .texts(rows.map { $0.key.vaccine ?? "" }),
                .days(rows.map(\.key.from.daysSince1970)),
                .days(rows.map { $0.terms?.to?.daysSince1970 }),
                .ints(rows.map { $0.terms?.unitYen }), .ints(rows.map { $0.terms?.copaymentYen }),
                .id(task), .texts(rows.map(\.key.audience.text)),
            ]
        )
    }

    init(_ row: Row) throws {
        let vaccine = try row.text(2)
        let to = try row.optionalDay(4).map(CalendarDay.init(daysSince1970:))
        let unit = try row.optionalInt(5)
        let copayment = try row.optionalInt(6)
        self.init(
            municipality: try row.text(0),
            key: Key(
                service: try row.text(1), vaccine: vaccine.isEmpty ? nil : vaccine,
                from: CalendarDay(daysSince1970: try row.day(3)),
                for: try PriceAudience(try row.text(9))),
            terms: unit.flatMap { unit in
                copayment.map { Terms(unitYen: unit, copaymentYen: $0, to: to) }
            },
            version: try row.int(7), knownAt: Instant(microseconds: try row.instant(8)))
    }

    private static let columns = """
        p.municipality, p.service, p.vaccine, p.valid_from, p.valid_to, p.unit_yen, p.copayment_yen,
        p.version, p.known_at, p.audience
        """

    fileprivate static let selectList = Statement(
        """
        select distinct on (p.service, p.vaccine, p.valid_from, p.audience) \(columns)
        from exchange.agreed_price p where p.municipality = $1
            and ($2::timestamptz is null or p.known_at <= $2)
        order by p.service, p.vaccine, p.valid_from, p.audience, p.version desc
        """)

    fileprivate static let selectNewer = Statement(
        """
        select * from (
            select distinct on (p.service, p.vaccine, p.valid_from, p.audience) \(columns), p.task
            from exchange.agreed_price p where p.municipality = $1 and p.service = any ($2)
            order by p.service, p.vaccine, p.valid_from, p.audience, p.version desc) newest
        where \(FileMoment.isSince("newest"))
        """)

    private static let selectOfResidents = Statement(
        """
        select price.* from (
            select distinct r.municipality, g.service
            from exchange.residence r cross join unnest($2::text[]) as g(service)
            where r.person = any ($1)) home
        cross join lateral (
            select distinct on (p.vaccine, p.valid_from, p.audience) \(columns)
            from exchange.agreed_price p
            where p.municipality = home.municipality and p.service = home.service
            order by p.vaccine, p.valid_from, p.audience, p.version desc) price
        """)

    private static let insert = Statement(
        """
        insert into exchange.agreed_price
            (municipality, service, vaccine, valid_from, valid_to, unit_yen, copayment_yen, task, audience)
        select $1, service, vaccine, valid_from, valid_to, unit_yen, copayment_yen, $8, audience
        from unnest($2::text[], $3::text[], $4::date[], $5::date[], $6::bigint[], $7::bigint[],
            $9::text[])
            as q(service, vaccine, valid_from, valid_to, unit_yen, copayment_yen, audience)
        """)
}

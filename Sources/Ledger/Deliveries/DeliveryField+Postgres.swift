import Exchange
import Postgres

/// 分野ごとの読み方: what each field's line is read from, as it was when it was made; of what was withdrawn,
/// the version that the body held.
extension DeliveryField {
    var selectAfter: Statement { Self.after[self] ?? Statement(lines) }

    /// A stretch of the line as a bulk export has it: what the body held at its moment, and nothing that was
    /// withdrawn by then.
    var selectStretch: Statement { Self.stretches[self] ?? Statement(lines) }

    private static let after = every {
        """
        \($0.lines) where d.body = $1 and d.field = '\($0.rawValue)' and d.place > $2
        order by d.place limit $3
        """
    }

    private static let stretches = every { stretch(of: $0.rawValue, $0.lines) }

    /// 自らの台帳の接種歴: the same of what a municipality told of vaccinations itself. It is never sent its own
    /// word, so this line is in exports alone.
    static let selectOwnDoses = Statement(stretch(of: ownDoses, vaccinations))

    static let ownDoses = "own-doses"

    private static func stretch(of line: String, _ lines: String) -> String {
        """
        \(lines) where d.body = $1 and d.field = '\(line)' and d.place between $2 and $3
            and \(isHeld(asOf: "$4", since: "$5"))
        order by d.place
        """
    }

    /// Of a delivery `d`: it is the newest word of its moment on its record, no withdrawal, and made after
    /// `since`.
    static func isHeld(asOf moment: String, since: String) -> String {
        """
        d.made_at <= \(moment) and not d.is_withdrawn
            and (\(since)::timestamptz is null or d.made_at > \(since)) and not exists (
                select 1 from exchange.delivery n
                where n.person = d.person and n.field = d.field and n.record = d.record
                    and n.body = d.body and n.version > d.version and n.made_at <= \(moment))
        """
    }

    private static func every(
        _ sql: (DeliveryField) -> String
    ) -> [DeliveryField: Statement] {
        Dictionary(uniqueKeysWithValues: allCases.map { ($0, Statement(sql($0))) })
    }

    private var lines: String {
        switch self {
        case .subsidy: Self.entitlements
        case .immunization: Self.vaccinations
        case .maternal: Self.checkups(.open)
        case .maternalSensitive: Self.checkups(.sensitive)
        case .checks: Self.checkNotices
        case .lapses: Self.lapses
        case .claims: Self.bills
        }
    }

    /// Throws `.rulesUnknown` where the rules in use do not hold the field.
    func delivery(_ row: Row, _ rules: RuleBook) throws -> Delivery {
        try Delivery(row, self, content(row, from: Delivery.headCount, rules))
    }

    private func content(_ row: Row, from column: Int, _ rules: RuleBook) throws
        -> DeliveredContent
    {
        switch self {
        case .subsidy: return .entitlement(try EntitlementVersion(row, from: column))
        case .immunization: return .vaccination(try MunicipalLine(row, from: column))
        case .maternal, .maternalSensitive:
            guard let maternal = rules.maternal else { throw Refusal.rulesUnknown }
            let compartment: CheckupCompartment = self == .maternal ? .open : .sensitive
            let held = try HeldCheckup(row, from: column, compartment, maternal)
            return .checkup(held.shown)
        case .checks: return .check(try CheckNotice(row, from: column))
        case .lapses:
            return .lapse(
                LapseNotice(
                    bill: try BillVersion(row, from: column + 1),
                    visit: try row.uuid(column).record))
        case .claims:
            return .bill(
                try BillVersion(row, from: column + 1),
                recipientNumber: try row.optionalText(column))
        }
    }

    private static let entitlements = """
        select \(Delivery.head), \(EntitlementVersion.columns)
        from exchange.delivery d
        join exchange.entitlement e on e.person = d.person and e.version = d.version
        \(Delivery.keys)
        """

    /// Without what other municipalities told: that is history, and no line.
    static let selectVaccinationsOfPerson = Statement(
        """
        \(vaccinations) where d.body = $1 and d.field = 'immunization'
            and v.party not like 'municipality:%'
            and d.person = any (\(Survivors.records(of: "$2"))) and not d.is_withdrawn and not exists (
                select 1 from exchange.delivery n
                where n.person = d.person and n.field = d.field and n.record = d.record
                    and n.body = d.body and n.version > d.version)
        order by d.made_at, d.record
        """)

    /// Of what was withdrawn, the version that the body received last.
    private static let vaccinations = """
        select \(Delivery.head), d.version, d.made_at, v.party, v.face, c.programme, c.dose_number,
            c.is_out_of_area, c.remarks, c.unit_yen, c.copayment_yen, c.price_source
        from exchange.delivery d
        cross join lateral (
            select max(h.version) as version from exchange.delivery h
            where h.person = d.person and h.field = d.field and h.record = d.record
                and h.body = d.body and h.version <= d.version and not h.is_withdrawn) held
        join exchange.vaccination_claim c
            on c.person = d.person and c.vaccination = d.record and c.version = held.version
        join exchange.vaccination v
            on v.person = c.person and v.vaccination = c.vaccination and v.version = c.version
        \(Delivery.keys)
        """

    private static func checkups(_ compartment: CheckupCompartment) -> String {
        let line =
            compartment == .open
            ? """
            left join exchange.checkup_line l
                on l.person = r.person and l.result = r.result and l.version = r.version
            """ : ""
        return """
            select \(Delivery.head),
                \(compartment.columns(whom: "coalesce(j.survivor, d.person)"))
            from exchange.delivery d
            cross join lateral (
                select * from \(compartment.table) r
                where r.person = d.person and r.result = d.record and r.version <= d.version
                    and r.municipality = d.body and r.status <> 'entered-in-error'
                order by r.version desc limit 1) r
            \(line)
            \(Delivery.keys)
            """
    }

    private static let checkNotices = """
        select \(Delivery.head), \(CheckNotice.columns)
        from exchange.delivery d
        join exchange.check_notice c on c.person = d.person and c.notice = d.record
        \(Delivery.keys)
        """

    private static let lapses = """
        select \(Delivery.head), coalesce(former.visit, m.visit), \(BillVersion.columns)
        from exchange.delivery d
        join exchange.bill m
            on m.person = d.person and m.bill = d.record and m.version = d.version
        \(HeldBill.visitOfBill)
        \(Delivery.keys)
        """

    private static let bills = """
        select \(Delivery.head), e.recipient_number, \(BillVersion.columns)
        from exchange.delivery d
        join exchange.bill m
            on m.person = d.person and m.bill = d.record and m.version = d.version
        left join lateral (
            select recipient_number from exchange.entitlement e
            where e.person = m.person and e.body = m.body
                and e.certificate_type = m.certificate_type and e.sub_key = m.sub_key
            order by e.version desc limit 1) e on true
        \(Delivery.keys)
        """
}

extension MunicipalLine {
    /// The columns of `vaccinations` after the head, and the head's own.
    fileprivate init(_ row: Row, from column: Int) throws {
        let version = VaccinationVersion(
            id: try row.uuid(0).record.text, version: try row.int(column),
            recordedAt: Instant(microseconds: try row.instant(column + 1)),
            institution: try Party(key: try row.text(column + 2)),
            vaccination: try Vaccination(face: try row.text(column + 3)))
        // 台帳の写し: nobody's claim, and what it is in the teller's figures is the teller's.
        let isTold = version.institution.role == .municipality
        self.init(
            version: version, isWithdrawn: try row.bool(3),
            entry: try isTold ? nil : MunicipalLine.Entry(row, from: column + 4))
    }
}

extension MunicipalLine.Entry {
    fileprivate init(_ row: Row, from column: Int) throws {
        self.init(
            programme: try row.text(column), doseNumber: try row.optionalInt(column + 1),
            isOutOfArea: try row.bool(column + 2), remarks: try row.texts(column + 3),
            charge: MunicipalLine.Entry.Charge(
                unitYen: try row.optionalInt(column + 4),
                copaymentYen: try row.optionalInt(column + 5),
                source: try row.optionalText(column + 6)))
    }
}

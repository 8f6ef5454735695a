import Exchange
import Postgres

/// 突合の読み方: every row that a body holds now, a page at a time, all of one moment.
extension StatementField {
    /// 5,000 rows of about 600 bytes are 3 MB.
    private static let pageRows = 5_000

    /// The newest word on each row, held back or not: it is what the body last sent. What it took back is
    /// not held.
    func leaves(of body: String, _ transaction: inout Transaction) throws
        -> (leaves: [StatementTree.Leaf], underReview: Int)
    {
        var leaves: [StatementTree.Leaf] = []
        var underReview = 0
        var after = 0
        while true {
            let rows = try transaction.query(
                self == .subsidy ? Self.selectEntitlements : Self.selectCheckupTargets,
                [.text(body), .int(after), .int(Self.pageRows)])
            for index in 0..<rows.count {
                let row = rows[index]
                after = try row.int(1)
                let origin = StatementTree.Origin(person: try row.uuid(0).person, version: after)
                if try row.bool(2) { underReview += 1 }
                leaves.append(.init(try self.row(row), origin: origin))
            }
            guard rows.count == Self.pageRows else { return (leaves, underReview) }
        }
    }

    private func row(_ row: Row) throws -> StatementRow {
        switch self {
        case .subsidy:
            StatementRow(
                entitlement: try row.text(3), certificateType: try row.text(4),
                subKey: try row.text(5), historyKey: try row.text(6), birthDate: try row.text(7))
        case .checkupTargets:
            StatementRow(checkupTarget: try row.text(3), identityKey: try row.text(4))
        }
    }

    /// What of one row the body that registered it knows it by.
    func name(of origin: StatementTree.Origin, _ transaction: inout Transaction) throws
        -> [(item: String, value: String)]
    {
        let statement = self == .subsidy ? Self.nameEntitlement : Self.nameCheckupTarget
        guard
            let row = try transaction.query(
                statement, [.person(origin.person), .int(origin.version)]
            ).first
        else { return [] }
        return try names.enumerated().compactMap { place, item in
            try row.optionalText(place).map { (item, $0) }
        }
    }

    private var names: [String] {
        switch self {
        case .subsidy:
            [
                "orgSpecificCertificateTypeId", "certificationSubKey", "historyKey",
                "medicalSubsidyRecipientNumber",
            ]
        case .checkupTargets: ["municipalityIdentityKey"]
        }
    }

    private static let selectEntitlements = Statement(
        """
        select e.person, e.version, e.is_under_review, e.face, e.certificate_type, e.sub_key,
            e.history_key, e.birth_date
        from exchange.entitlement e
        where e.body = $1 and e.version > $2 and not e.is_deleted and not exists (
            select 1 from exchange.entitlement later
            where \(EntitlementRow.isSame) and later.version > e.version)
        order by e.version limit $3
        """)

    private static let selectCheckupTargets = Statement(
        """
        select t.person, t.version, false, t.face, t.identity_key
        from exchange.checkup_target t
        where t.municipality = $1 and t.version > $2 and not t.is_removed and not exists (
            select 1 from exchange.checkup_target later
            where later.person = t.person and later.municipality is not distinct from t.municipality
                and later.identity_key = t.identity_key and later.version > t.version)
        order by t.version limit $3
        """)

    private static let nameEntitlement = Statement(
        """
        select certificate_type, sub_key, history_key, recipient_number
        from exchange.entitlement where person = $1 and version = $2
        """)

    private static let nameCheckupTarget = Statement(
        "select identity_key from exchange.checkup_target where person = $1 and version = $2")
}

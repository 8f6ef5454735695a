import Exchange
import Postgres

/// 突合の読み方: every row that a body holds now, a page at a time, all of one moment.
extension StatementField {
    /// 5,000 rows of about 600 bytes are 3 MB.
    private static let pageRows = 5_000

    /// The newest word on each row, held back or not: it is what the body last sent. What it took back is
    /// not held. Returns how many of them are held back.
    func read(
        of body: String, salt: [UInt8], _ transaction: inout Transaction,
        _ take: ([StatementTree.Leaf]) throws -> Void
    ) throws -> Int {
        var underReview = 0
        // Results have no number of the whole table: they are read by their ids. Schemes stand in a file of
        // the rules and are read by their place in it.
        var after: Value = isOfCheckupResults ? .id(RecordID(high: 0, low: 0)) : .int(0)
        while true {
            let rows = try transaction.query(
                source.page, [.text(try holder(body)), after, .int(Self.pageRows)])
            var page: [StatementTree.Leaf] = []
            page.reserveCapacity(rows.count)
            for index in 0..<rows.count {
                let row = rows[index]
                let origin = StatementTree.Origin(
                    person: try row.optionalUUID(0)?.person, version: try version(row))
                if try row.bool(2) { underReview += 1 }
                page.append(.init(try self.row(row), origin: origin, salt: salt))
            }
            try take(page)
            guard rows.count == Self.pageRows else { return underReview }
            after = try cursor(rows[rows.count - 1])
        }
    }

    /// What the body that registered a row knows it by, and whom it speaks of beside its resident.
    func name(
        of leaf: StatementTree.Leaf, salt: [UInt8], of body: String,
        _ transaction: inout Transaction
    ) throws -> StatementName {
        guard let origin = leaf.origin else { return .unknown }
        let whose = origin.person.map { Value.person($0) } ?? .text(body)
        let rows = try transaction.query(source.names, [whose, .int(origin.version)])
        for row in try rows.map({ $0 }) {
            let values = try items.indices.map { try row.optionalText($0) }
            let key = StatementHash(
                of: StatementRow.key(values.map { $0 ?? "" }), salt: salt)
            guard !isNamedAmongOthers || key == leaf.key else { continue }
            var others: [PersonKey] = []
            if self == .guardianships { others = [try row.uuid(items.count).person] }
            return StatementName(
                items: zip(items, values).compactMap { item, value in value.map { (item, $0) } },
                others: others)
        }
        return .unknown
    }

    /// Of these several rows have one origin, and are told apart by what names them.
    private var isNamedAmongOthers: Bool { isOfCheckupResults || self == .schemeMasters }

    private func holder(_ body: String) throws -> String {
        isOfCheckupResults ? try Party(role: .municipality, code: body).key : body
    }

    /// Which version it is, where versions are numbered through.
    private func version(_ row: Row) throws -> Int {
        isOfCheckupResults ? 0 : try row.int(1)
    }

    private func cursor(_ last: Row) throws -> Value {
        switch self {
        case .checkupResults, .sensitiveCheckupResults: .uuid(try last.uuid(1))
        case .schemeMasters: .int(try last.int(3))
        default: .int(try last.int(1))
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
        case .vaccinationTargets:
            StatementRow(
                invitation: try row.text(4), identityKey: try row.text(3),
                from: CalendarDay(daysSince1970: try row.day(5)),
                to: CalendarDay(daysSince1970: try row.day(6)),
                illnessEnded: try row.optionalDay(7).map { CalendarDay(daysSince1970: $0) })
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
        case .sensitiveCheckupResults:
            StatementRow(
                checkup: try CheckupReport(face: try row.text(4)).result,
                number: try row.text(3),
                consentedOn: try row.optionalDay(5).map { CalendarDay(daysSince1970: $0) })
        case .guardianships:
            StatementRow(
                guardianship: try row.text(5), of: try row.text(3), by: try row.text(4),
                days: (
                    CalendarDay(daysSince1970: try row.day(6)),
                    try row.optionalDay(7).map { CalendarDay(daysSince1970: $0) }
                ), isCustodyLost: try row.bool(8))
        case .residenceMoves:
            StatementRow(
                event: try LifeEvent(row, from: 5), identityKey: try row.text(3),
                isNotDisclosed: try row.bool(4))
        case .schemeMasters:
            StatementRow(
                scheme: try row.text(4), kind: try row.text(5), code: try row.text(6),
                from: try row.text(7), name: try row.text(8), terms: try row.texts(9))
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
        case .checkupResults, .sensitiveCheckupResults: ["resultNumber"]
        case .guardianships:
            ["childIdentityKey", "guardianIdentityKey", "guardianKind", "validFrom"]
        case .residenceMoves: ["sequence", "municipalityIdentityKey"]
        case .schemeMasters:
            ["orgSpecificCertificateTypeId", "schemeKind", "code", "effectiveFrom"]
        }
    }

    private var source: StatementSource {
        switch self {
        case .subsidy: .entitlements
        case .checkupTargets: .checkupTargets
        case .vaccinationTargets: .vaccinationTargets
        case .checkupTickets: .checkupTickets
        case .checkupResults: .checkupResults
        case .sensitiveCheckupResults: .sensitiveCheckupResults
        case .guardianships: .guardianships
        case .residenceMoves: .residenceMoves
        case .schemeMasters: .schemeMasters
        }
    }
}

/// 行の呼び名: what a difference tells of a row that is held here.
struct StatementName: Sendable {
    let items: [(item: String, value: String)]
    /// Whom it speaks of beside its resident: they are on the record as well.
    let others: [PersonKey]

    static let unknown = StatementName(items: [], others: [])
}

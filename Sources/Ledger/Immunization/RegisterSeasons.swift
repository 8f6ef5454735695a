package import Exchange
import Postgres

/// 接種期間の登録: the days on which a municipality gives what is given every year become a version of the rules,
/// cited by every check, claim and questionnaire after it; what was decided before is decided again by the
/// version of its own.
extension Records {
    /// Applied exactly once per idempotency key. Of two bodies at once the later one runs again over what the
    /// earlier one made (`40001`). Gateways decide by the new version as soon as they have read it
    /// (`RuleShelf.refresh`). A crash leaves all of it or nothing. `kept` finds a version that is in memory.
    /// A row of a file says nothing against what was said after its `moment`.
    package mutating func registerSeasons(
        _ request: RegistrationRequest, _ rows: [SeasonRow],
        rules kept: (String) throws -> RuleBook, as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let book = try kept(newestVersion())
        let (seasons, outcomes) = try taken(rows, book, moment)
        let file = seasons.file(from: "接種期間 \(caller.party.key) \(request.idempotencyKey)")
        let keys = zip(rows, outcomes).filter { $1.kind == .applied }.flatMap(\.0.part.keys)
        return try endTask(
            request, outcomes, of: keys, placing: file, at: seasons.path, in: .seasons, over: book
        ) { files, version in
            // Schedules and questionnaires go by the days: nothing of the former version is shared.
            _ = try RuleBook(reading: files, version: version)
        }
    }

    /// What registering these rows would do. Nothing is written.
    mutating func weighSeasons(
        _ rows: [SeasonRow], rules kept: (String) throws -> RuleBook,
        as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let book = try kept(newestVersion())
        return try taken(rows, book, moment).outcomes
    }

    /// Of how many seasons the body's own days stand.
    mutating func standingSeasons() throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code)])[0].int(0)
    }

    private mutating func taken(
        _ rows: [SeasonRow], _ book: RuleBook, _ moment: FileMoment?
    ) throws -> (own: RegisteredSeasons, outcomes: [RowOutcome]) {
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        return try taken(
            rows, in: .seasons, into: RegisteredSeasons(of: caller.party.code, in: rules),
            as: moment,
            reading: (part: { $0.part }, late: { $0.finding("campaign", .newerStands) })
        ) { seasons, rows in zip(rows, seasons.take(rows)).map { RowOutcome($0, $1) } }
    }

    private static let countStanding = Statement(
        """
        select coalesce(jsonb_array_length(
            (b.files ->> ('immunization/seasons/' || $1::text || '.json'))::jsonb -> 'seasons'), 0)::bigint
        from (select files from exchange.rule_book order by serial desc limit 1) b
        """)
}

extension SeasonRow {
    fileprivate var part: OwnRulePart { OwnRulePart(key: campaign) }
}

extension RowOutcome {
    fileprivate init(_ row: SeasonRow, _ verdict: RegisteredSeasons.Verdict) {
        let line = row.index + 1
        switch verdict {
        case .added: self.init(line: line, kind: .applied, findings: row.warnings)
        // Rows have no version of their own: that one stood is all that is told.
        case .changed:
            self.init(line: line, kind: .applied, findings: row.warnings, standing: 0)
        case .ended:
            self.init(
                line: line, kind: .applied, findings: row.warnings, standing: 0, isEnd: true)
        case .unchanged:
            self.init(line: line, kind: .unchanged, findings: row.warnings, standing: 0)
        case .refused(let finding):
            self.init(line: line, kind: .refused, findings: row.warnings + [finding])
        }
    }
}

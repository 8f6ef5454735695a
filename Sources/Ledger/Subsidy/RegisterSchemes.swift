package import Exchange
import Postgres

/// 制度マスタの登録: what a municipality says of its own schemes becomes a version of the rules, cited by every
/// decision after it; earlier decisions are decided again by the version of their own.
extension Records {
    /// Applied exactly once per idempotency key. Two bodies at once come one after the other. Gateways decide
    /// by the new version as soon as they have read it (`RuleShelf.refresh`).
    package mutating func registerSchemes(
        _ request: RegistrationRequest, _ rows: [SchemeMasterRow]
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        try transaction.run(Self.lockRules)
        let (held, book) = try newestRules()
        let (master, outcomes) = taken(rows, book)
        let isNew = outcomes.contains { $0.kind == .applied }
        let source = "制度マスタ \(caller.party.key) \(request.idempotencyKey)"
        var files = held.files
        files[master.path] = master.file(from: source)
        let version = isNew ? RuleShelf.version(of: files) : held.version
        // Nothing that the rules would refuse as a whole comes into them.
        if isNew { _ = try RuleBook(reading: files, version: version, isKept: true) }
        enter(nil, basis: "rules/\(version)")
        return endTask(request, outcomes) { [body = caller.party.code] _ in
            guard isNew, let file = files[master.path] else { return [] }
            return [
                (
                    Self.replacePrograms,
                    [
                        .text(held.version), .text(body), .text(version),
                        .text(String(decoding: file, as: UTF8.self)),
                    ]
                )
            ]
        }
    }

    /// What registering these rows would do. Nothing is written.
    mutating func weighSchemes(_ rows: [SchemeMasterRow]) throws -> [RowOutcome] {
        taken(rows, try newestRules().book).outcomes
    }

    /// How many types and codes of the body's own stand.
    mutating func standingSchemes() throws -> Int {
        SchemeMaster(of: caller.party.code, in: try newestRules().book).rowCount
    }

    private func taken(
        _ rows: [SchemeMasterRow], _ book: RuleBook
    ) -> (master: SchemeMaster, outcomes: [RowOutcome]) {
        var master = SchemeMaster(of: caller.party.code, in: book)
        let outcomes = zip(rows, master.take(rows)).map { row, verdict in
            let line = row.index + 1
            return switch verdict {
            case .added: RowOutcome(line: line, kind: .applied, findings: [])
            // Rows have no version of their own: that one stood is all that is told.
            case .changed: RowOutcome(line: line, kind: .applied, findings: [], standing: 0)
            case .unchanged: RowOutcome(line: line, kind: .unchanged, findings: [], standing: 0)
            case .refused(let finding):
                RowOutcome(line: line, kind: .refused, findings: [finding])
            }
        }
        return (master, outcomes)
    }

    /// As the database has them, whatever this gateway decides by.
    private mutating func newestRules() throws
        -> (held: (version: String, files: [String: [UInt8]]), book: RuleBook)
    {
        let rows = try transaction.query(Self.selectNewest)
        guard let version = try rows.first?.text(0) else { throw Refusal.rulesUnknown }
        var files: [String: [UInt8]] = [:]
        for row in try rows.map({ $0 }) { files[try row.text(1)] = Array(try row.text(2).utf8) }
        return ((version, files), try RuleBook(reading: files, version: version, isKept: true))
    }

    private static let lockRules = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi rules', 0))::text")

    private static let selectNewest = Statement(
        """
        select b.version, f.key, f.value
        from (select version, files from exchange.rule_book order by serial desc limit 1) b,
            jsonb_each_text(b.files) f
        """)

    private static let replacePrograms = Statement(
        "select exchange.replace_programs($1, $2, $3, $4)::text")
}

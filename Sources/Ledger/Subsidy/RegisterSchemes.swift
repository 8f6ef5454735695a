package import Exchange
import Postgres

/// 制度マスタの登録: what a municipality says of its own schemes becomes a version of the rules, cited by every
/// decision after it; earlier decisions are decided again by the version of their own.
extension Records {
    /// Applied exactly once per idempotency key. Of two bodies at once the later one runs again over what the
    /// earlier one made (`40001`). Gateways decide by the new version as soon as they have read it
    /// (`RuleShelf.refresh`). `kept` finds a version that is in memory; others are read before the
    /// access begins anew, so that nobody waits for that. A row of a file says nothing of the terms of a
    /// certificate type, or of the code, that were registered after its `moment`.
    package mutating func registerSchemes(
        _ request: RegistrationRequest, _ rows: [SchemeMasterRow],
        rules kept: (String) throws -> RuleBook, as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let book = try kept(newestVersion())
        let (master, outcomes) = try taken(rows, book, moment)
        let file = master.file(from: "制度マスタ \(caller.party.key) \(request.idempotencyKey)")
        let keys = zip(rows, outcomes).filter { $1.kind == .applied }.flatMap(\.0.part.keys)
        return try endTask(
            request, outcomes, of: keys, placing: file, at: master.path, in: .schemes, over: book
        ) { files, version in
            _ = try RuleBook(reading: files, version: version, beside: book)
        }
    }

    /// What registering these rows would do. Nothing is written.
    mutating func weighSchemes(
        _ rows: [SchemeMasterRow], rules kept: (String) throws -> RuleBook,
        as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let book = try kept(newestVersion())
        return try taken(rows, book, moment).outcomes
    }

    /// How many types and codes of the body's own stand.
    mutating func standingSchemes() throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code)])[0].int(0)
    }

    private mutating func taken(
        _ rows: [SchemeMasterRow], _ book: RuleBook, _ moment: FileMoment?
    ) throws -> (own: SchemeMaster, outcomes: [RowOutcome]) {
        try taken(
            rows, in: .schemes, into: SchemeMaster(of: caller.party.code, in: book), as: moment,
            reading: (
                part: { $0.part },
                late: { $0.finding("orgSpecificCertificateTypeId", .newerStands) }
            )
        ) { master, rows in zip(rows, master.take(rows)).map { RowOutcome($0, $1) } }
    }

    /// 決まりになる登録: where a row was taken, the body's file becomes a version of the rules over the one that
    /// its rows were judged by, unless `check` refuses it. `keys` are what the rows that were taken speak of.
    mutating func endTask(
        _ request: RegistrationRequest, _ outcomes: [RowOutcome], of keys: [String],
        placing file: [UInt8], at path: String, in folder: OwnRules, over book: RuleBook,
        _ check: (_ files: [String: [UInt8]], _ version: String) throws -> Void
    ) throws -> RegistrationReceipt {
        guard !keys.isEmpty else {
            enter(nil, basis: "rules/\(book.version)")
            return endTask(request, outcomes) { _ in [] }
        }
        let version = try version(over: book, path, file, check)
        enter(nil, basis: "rules/\(version)")
        return endTask(request, outcomes) { [caller = caller] task in
            [
                Self.replacing(folder, of: caller.party.code, over: book, by: version, file),
                folder.origins(of: keys, in: version, task, caller),
            ]
        }
    }

    /// As the database has it, whatever this gateway decides by.
    mutating func newestVersion() throws -> String {
        guard let version = try transaction.query(Self.selectNewest).first?.text(0) else {
            throw Refusal.rulesUnknown
        }
        return version
    }

    /// The name of the version with this file in it. Nothing that `check` refuses, as rules that contradict
    /// themselves, comes into them.
    private mutating func version(
        over book: RuleBook, _ path: String, _ file: [UInt8],
        _ check: (_ files: [String: [UInt8]], _ version: String) throws -> Void
    ) throws -> String {
        var files: [String: [UInt8]] = [:]
        let rows = try transaction.query(Self.selectFiles, [.text(book.version)])
        for row in try rows.map({ $0 }) { files[try row.text(0)] = Array(try row.text(1).utf8) }
        files[path] = file
        let version = RuleShelf.version(of: files)
        try check(files, version)
        return version
    }

    /// 登録: a body's own file in one of the folders where bodies speak for themselves.
    private static func replacing(
        _ folder: OwnRules, of body: String, over book: RuleBook, by version: String,
        _ file: [UInt8]
    ) -> (Statement, [Value]) {
        (
            replaceRegistered,
            [
                .text(book.version), .text(folder.rawValue), .text(body), .text(version),
                .text(String(decoding: file, as: UTF8.self)),
            ]
        )
    }

    private static let selectNewest = Statement(
        "select version from exchange.rule_book order by serial desc limit 1")

    private static let selectFiles = Statement(
        """
        select f.key, f.value from exchange.rule_book b, jsonb_each_text(b.files) f where b.version = $1
        """)

    private static let countStanding = Statement(
        """
        select coalesce(sum(1 + coalesce(jsonb_array_length(p -> 'incomeSegments'), 0)
            + coalesce(jsonb_array_length(p -> 'additionalConditions'), 0)), 0)::bigint
        from (select files from exchange.rule_book order by serial desc limit 1) b,
            jsonb_array_elements(
                (b.files ->> ('subsidy/programs/' || $1::text || '.json'))::jsonb -> 'programs') p
        """)

    private static let replaceRegistered = Statement(
        "select exchange.replace_registered($1, $2, $3, $4, $5)::text")
}

extension SchemeMasterRow {
    fileprivate var part: OwnRulePart { OwnRulePart(key: programKey, part: programPart) }
}

extension RowOutcome {
    fileprivate init(_ row: SchemeMasterRow, _ verdict: SchemeMaster.Verdict) {
        let line = row.index + 1
        switch verdict {
        case .added: self.init(line: line, kind: .applied, findings: [])
        // Rows have no version of their own: that one stood is all that is told.
        case .changed: self.init(line: line, kind: .applied, findings: [], standing: 0)
        case .unchanged: self.init(line: line, kind: .unchanged, findings: [], standing: 0)
        case .refused(let finding): self.init(line: line, kind: .refused, findings: [finding])
        }
    }
}

import Crypto
package import Exchange
import Postgres

/// 処理: one step of one file, in one transaction with the cursor that it moves and the entries of those
/// whom it touches. A kill anywhere leaves the file at the last step that was committed.
extension Records {
    /// `part` is the one at the file's cursor, read before; `nil` behind the last. Throws
    /// `FileElsewhere` when another gateway is at the file or has been, or it is no longer to be
    /// worked on.
    mutating func advance(
        _ file: RecordID, of kind: FileKind, by part: JudgedPart?, _ rules: FileRules
    ) throws {
        let rows = try transaction.query(
            FileRow.selectToAdvance, [.id(file), .text(caller.party.key)])
        guard let row = rows.first else { throw FileElsewhere() }
        let file = try FileRow(row, rules: rules.kept)
        let rules = rules.of(file, kind)
        guard file.cursor == part?.chunk ?? file.chunks else { throw FileElsewhere() }
        switch (file.state, part) {
        case (.weighing, let part?):
            let all = try part.taken.weigh(&self, rules) + part.refused
            if file.endsMissing { try keepStanding(part, all, file.file) }
            try keepPlan(file, all)
            advance(file, past: part, all, task: nil)
            enter(nil, basis: file.basis)
        case (.weighing, nil): try endWeighing(file, kind)
        case (.applying, let part?):
            // What is newer than the file now is so until the commit.
            if kind.isOfEntitlements { try holdEntitlements() }
            let receipt = try part.taken.register(&self, part.registration, rules)
            if file.endsMissing { try keepStanding(part, receipt.outcomes, file.file) }
            advance(file, past: part, receipt.outcomes, task: receipt.task)
        case (.applying, nil): try endApplying(file, kind)
        case (.arriving, _), (.refused, _), (.held, _), (.waiting, _), (.weighed, _),
            (.withdrawn, _), (.done, _):
            throw FileElsewhere()
        }
    }

    private mutating func advance(
        _ file: FileRow, past part: JudgedPart, _ outcomes: [RowOutcome], task: RecordID?
    ) {
        let outcomes = outcomes.sorted { $0.line < $1.line }
        var tally = FileRow.Tally()
        for outcome in outcomes { tally.count(outcome) }
        write([
            (
                Self.moveCursor,
                [
                    .id(file.file), .int(file.cursor + 1), .int(tally.additions),
                    .int(tally.changes), .int(tally.unchanged), .int(tally.underReview),
                    .int(tally.refused), .int(tally.ends),
                    .bytes(file.effect(adding: outcomes)),
                    .bool(outcomes.contains(where: \.needsSecondPerson)),
                ]
            ),
            (
                Self.tellChunk,
                [
                    .id(file.file), .int(file.cursor), .text(part.tellings(outcomes).text),
                    .bool(tally.refused > 0), .id(task),
                ]
            ),
        ])
        // What was compared for a second person is read once more; nothing else is, but to be mended.
        if file.layout.isConfidential, file.state == .applying || file.isDryRun {
            keepOnly(part, outcomes.filter { $0.kind == .refused })
        }
    }

    /// 内密の行: those that were taken stand where they belong, and here no longer.
    private mutating func keepOnly(_ part: JudgedPart, _ refused: [RowOutcome]) {
        let left = part.kept(on: Set(refused.map(\.line)))
        write([
            (
                Self.keepRows,
                [
                    .id(part.registration.file), .int(part.chunk), .ints(left.lines),
                    .bytesArray(left.numbers.map { $0.map { Array($0.byVersion.joined()) } }),
                    .bytes(left.rows),
                ]
            )
        ])
    }

    /// What was compared is told, and either applied or put before a second person.
    private mutating func endWeighing(_ file: FileRow, _ kind: FileKind) throws {
        let missing = try weighMissing(file)
        let (effect, tally) = try whole(file, kind, ending: missing)
        let hash = file.effect(ending: tally.ends, missing.digest)
        let isQuestion =
            file.layout.confirmation.needsSecondPerson(effect) || file.hasMerges
        let next: FileRow.State =
            file.isDryRun ? .weighed : isQuestion && file.confirmed != hash ? .waiting : .applying
        write([
            (
                Self.endWeighing,
                [
                    .id(file.file), .text(next.rawValue),
                    .json(tally.json(standing: effect.standing, isQuestion, hash)), .bytes(hash),
                    .time(next.isOver ? now : nil), .orNull(missing.digest),
                    .int(missing.suspended), .int(missing.since),
                ]
            ),
            (Self.forgetKept, [.id(file.file)]),
        ])
        if next == .applying { forgetPlan(of: file.file) }
        enter(nil, basis: file.basis)
    }

    private mutating func whole(
        _ file: FileRow, _ kind: FileKind, ending missing: MissingRows
    ) throws -> (FileEffect, FileRow.Tally) {
        let standing = try kind.standing(&self, file.receivedAt.dayInJapan)
        var tally = file.tally
        tally.ends += missing.ends
        let effect = FileEffect(
            additions: tally.additions, changes: tally.changes, ends: tally.ends,
            standing: standing)
        return (effect, tally)
    }

    private mutating func endApplying(_ file: FileRow, _ kind: FileKind) throws {
        endProtection(of: file.file)
        if file.endsMissing, !file.hasUnnamedRows {
            guard let through = file.ends.through else { return try judgeEnds(file, kind) }
            if try endMissing(file, kind, behind: through) { return }
        }
        let left = try countLeft(file)
        write([
            (
                Self.finish,
                [
                    .id(file.file),
                    .bytes(file.effect(ending: file.tally.ends, file.ends.digest)), .time(now),
                    .int(left.suspended), .int(left.since),
                ]
            ),
            (Self.forgetKept, [.id(file.file)]),
        ])
        // As of now, or of the moment that its sender said, unless every row was refused.
        let isTaken = file.rows == 0 || file.tally.refused < file.rows ?? 0
        if isTaken, let field = StatementField(registration: kind.registration) {
            refresh(
                field, isWholeFile: !file.isMending, asOf: kind.isWhole ? file.asOf : nil)
        }
        enter(nil, basis: file.basis)
    }

    /// 終わる前にもう一度: nobody ends whom the weighing did not show. Should there be more, all of them wait
    /// for a second person; the rows of the file stand meanwhile.
    private mutating func judgeEnds(_ file: FileRow, _ kind: FileKind) throws {
        let isMore = try endsMoreThanWeighed(file)
        let missing = try weighMissing(file)
        if isMore {
            let (effect, tally) = try whole(file, kind, ending: missing)
            let hash = file.effect(ending: tally.ends, missing.digest)
            write([
                (
                    Self.askForEnds,
                    [
                        .id(file.file),
                        .json(tally.json(standing: effect.standing, true, hash)), .bytes(hash),
                        .orNull(missing.digest), .int(missing.since),
                    ]
                )
            ])
        } else {
            write([(Self.beginEnds, [.id(file.file), .orNull(missing.digest)])])
        }
        enter(nil, basis: file.basis)
    }

    private static let moveCursor = Statement(
        """
        update office.file set cursor = $2, additions = additions + $3, changes = changes + $4,
            unchanged = unchanged + $5, under_review = under_review + $6, refused = refused + $7,
            ends = ends + $8, effect = $9, has_merges = has_merges or $10,
            advanced_at = clock_timestamp(), not_before = null
        where file = $1
        """)

    private static let tellChunk = Statement(
        """
        update office.file_chunk set told = $3, has_refused = $4, task = $5
        where file = $1 and chunk = $2
        """)

    private static let keepRows = Statement(
        """
        update office.file_chunk set lines = $3, numbers = $4, rows = $5 where file = $1 and chunk = $2
        """)

    private static let endWeighing = Statement(
        """
        update office.file set state = $2, weighed = $3, weighed_effect = $4, finished_at = $5,
            ends_digest = $6, ends_suspended = $7, kept_since = $8, \(FileRow.fromTheStart)
        where file = $1
        """)

    private static let beginEnds = Statement(
        """
        update office.file set ends_digest = $2, ends_through = 0, advanced_at = clock_timestamp()
        where file = $1
        """)

    private static let askForEnds = Statement(
        """
        update office.file set state = 'waiting', asks_for_ends = true, weighed = $2,
            weighed_effect = $3, ends_digest = $4, kept_since = $5, advanced_at = clock_timestamp()
        where file = $1
        """)

    private static let finish = Statement(
        """
        update office.file set state = 'done', effect = $2, finished_at = $3, ends_suspended = $4,
            kept_since = $5, advanced_at = clock_timestamp()
        where file = $1
        """)

    private static let forgetKept = Statement("delete from office.file_kept where file = $1")
}

/// The rules to work by: those that decide now, and those that some row names: of the day a file was
/// received, or as the database has them at this moment.
struct FileRules {
    let current: RuleBook
    let kept: (String) throws -> RuleBook
    /// Of those kinds that have one: their rows say nothing against what is newer.
    private(set) var moment: FileMoment?

    init(current: RuleBook, kept: @escaping (String) throws -> RuleBook) {
        self.current = current
        self.kept = kept
    }

    func of(_ file: FileRow, _ kind: FileKind) -> FileRules {
        guard kind.hasMoment else { return self }
        var rules = self
        rules.moment = FileMoment(file)
        return rules
    }
}

/// Nothing of the file is to be done here now.
struct FileElsewhere: Error {}

extension FileRow {
    /// Of an update: as before the first part.
    static let fromTheStart = """
        cursor = 0, additions = 0, changes = 0, unchanged = 0, under_review = 0, refused = 0, ends = 0,
            effect = digest, has_merges = false, ends_through = null, asks_for_ends = false,
            advanced_at = clock_timestamp(), not_before = null
        """

    var basis: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("file", file.text)
        writer.member("state", state.rawValue)
        writer.member("cursor", cursor)
        writer.endObject()
        return writer.text
    }

    /// 影響のハッシュ: over the bytes of the file and, row by row, what it does.
    func effect(adding outcomes: [RowOutcome]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: effect)
        for outcome in outcomes {
            let change = outcome.isEnd ? "ends" : outcome.standing == nil ? "adds" : "changes"
            hash.update(data: Array("\(outcome.line) \(outcome.kind.rawValue) \(change)\n".utf8))
        }
        return Array(hash.finalize())
    }

    /// `digest` is over those whom a whole list ends.
    func effect(ending count: Int, _ digest: [UInt8]?) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: effect)
        hash.update(data: Array("ends \(count)\n".utf8))
        hash.update(data: digest ?? [])
        return Array(hash.finalize())
    }
}

extension FileRow.Tally {
    mutating func count(_ outcome: RowOutcome) {
        switch outcome.kind {
        case .applied where outcome.isEnd: ends += 1
        case .applied where outcome.standing == nil: additions += 1
        case .applied: changes += 1
        case .unchanged: unchanged += 1
        case .underReview: underReview += 1
        case .refused: refused += 1
        }
    }

    func json(standing: Int, _ needsSecondPerson: Bool, _ hash: [UInt8]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        write(into: &writer)
        writer.member("standing", standing)
        writer.member("needsSecondPerson", needsSecondPerson)
        writer.member("hash", Hexadecimal.text(hash))
        writer.endObject()
        return writer.text
    }

    package func write(into writer: inout JSONWriter) {
        writer.member("additions", additions)
        writer.member("changes", changes)
        writer.member("ends", ends)
        writer.member("unchanged", unchanged)
        writer.member("underReview", underReview)
        writer.member("refused", refused)
    }
}

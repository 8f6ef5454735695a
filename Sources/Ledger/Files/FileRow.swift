package import Exchange
import Postgres

/// ファイルの状態: what is known of one file, as its row says.
package struct FileRow: Sendable {
    package enum State: String, Sendable {
        case arriving, refused, held, weighing, waiting, applying, weighed, withdrawn, done

        /// Nothing more becomes of it.
        package var isOver: Bool {
            switch self {
            case .refused, .weighed, .withdrawn, .done: true
            case .arriving, .held, .weighing, .waiting, .applying: false
            }
        }
    }

    /// Rows by what became of them; while weighing, by what would.
    package struct Tally: Sendable {
        package var additions = 0
        package var changes = 0
        package var unchanged = 0
        package var underReview = 0
        package var refused = 0
        package var ends = 0
    }

    package let file: RecordID
    package let party: String
    package let field: String
    package let layout: Layout
    package let rules: RuleBook
    package let operatorID: String?
    let certificate: [UInt8]?
    package let receivedAt: Instant
    /// 全件の時点, where its sender said it.
    package let asOf: Instant?
    package let isDryRun: Bool
    package let state: State
    package let sequence: Int?
    package let follows: [UInt8]?
    package let digest: [UInt8]
    package let byteCount: Int
    package let encoding: TextEncoding?
    package let isMending: Bool
    package let rows: Int?
    /// JSON text of the faults of a refused file.
    package let faults: String?
    let hasUnnamedRows: Bool
    let chunks: Int
    let cursor: Int
    package let tally: Tally
    package let effect: [UInt8]
    /// JSON text of what weighing found.
    package let weighed: String?
    package let weighedEffect: [UInt8]?
    let confirmed: [UInt8]?
    package let confirmedBy: String?
    package let withdrawnBy: String?
    package let finishedAt: Instant?
    /// Since then nothing can be mended any more: see `Ledger.deleteOldRows`.
    package let rowsDeletedAt: Instant?
    /// A row says whose records are one, or no longer: such a file waits for a second person.
    let hasMerges: Bool
    /// 終わり: what came of those whom a whole list does not hold.
    package let ends: FileEnding
    /// Mended rows that were sent without a place of their own.
    let isBesideLine: Bool
    /// 処理の遅れ: the last step failed, for a reason that is not in the file.
    private let isPostponed: Bool
    private let awaitedSequence: Int?
    /// What is before it in its line and waits for a second person.
    private let waitingBefore: RecordID?

    /// A whole list ends what it does not hold, unless it has rows that nobody can name: one of them
    /// may be who seems to be missing.
    var endsMissing: Bool { layout.endsWhatIsMissing(isMending: isMending) }

    /// What a whole list can know was known then.
    var knownUntil: Instant { asOf ?? receivedAt }
}

/// 全件の終わり方.
package struct FileEnding: Sendable {
    package let unnamedRows: Int
    /// The first of their lines.
    package let unnamedLines: [Int]
    /// Rows that stay because nobody can say of whom the unnamed ones speak.
    package let suspended: Int
    /// Rows that stay because they came after the moment as of which the list is.
    package let keptSince: Int
    /// Over those that it would end.
    let digest: [UInt8]?
    /// The rows were applied; the ends wait for a second person, or were withdrawn.
    package let isAsked: Bool
    /// `nil` until they were judged again behind the last row.
    let through: Int?
}

extension FileRow {
    /// What an entry about a file was decided from: which file, and which part or how many of them.
    static func basis(_ file: RecordID, _ name: String, _ number: Int) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("file", file.text)
        writer.member(name, number)
        writer.endObject()
        return writer.text
    }

    static let columns = """
        f.file, f.party, f.field, f.layout, f.layout_from, f.rules, f.operator, f.certificate,
            f.received_at, f.is_dry_run, f.state, f.sequence, f.follows, f.digest, f.bytes, f.encoding,
            f.is_mending, f.rows, f.faults::text, f.has_unnamed_rows, f.chunks, f.cursor, f.additions,
            f.changes, f.unchanged, f.under_review, f.refused, f.ends, f.effect, f.weighed::text,
            f.confirmed, f.confirmed_by, f.withdrawn_by, f.finished_at, f.weighed_effect, f.rows_deleted_at,
            f.has_merges, f.unnamed_rows, f.unnamed_lines, f.ends_suspended, f.kept_since, f.ends_digest,
            f.asks_for_ends, f.ends_through, f.is_beside_line, \(awaitedNumber),
            f.as_of, f.not_before is not null, \(waitingFile)
        """

    /// 確認待ちのファイル: of one that is to be worked on, the first before it that waits for somebody.
    private static let waitingFile = """
        case when f.state in ('weighing', 'applying') and not f.is_dry_run then (
            select before.file from office.file before
            where before.party = f.party and before.field = f.field and before.place < f.place
                and before.state = 'waiting'
            order by before.place limit 1) end
        """

    /// 待っている通番: of a file that is held, the number that must come before it; else nothing.
    static let awaitedNumber = """
        case when f.state = 'held' and f.sequence is not null then (
            select coalesce(max(before.sequence), 0) + 1 from office.file before
            where before.party = f.party and before.field = f.field and before.place is not null
                and not before.is_dry_run) end
        """

    /// `rules` finds the version that the file was received under.
    init(_ row: Row, rules: (String) throws -> RuleBook) throws {
        let book = try rules(row.text(5))
        let from = CalendarDay(daysSince1970: try row.day(4))
        guard let layout = book.layouts.layout(try row.text(3), on: from) else {
            throw Refusal.rulesUnknown
        }
        self.layout = layout
        self.rules = book
        state = try Self.state(row, 10)
        file = try row.uuid(0).record
        party = try row.text(1)
        field = try row.text(2)
        operatorID = try row.optionalText(6)
        certificate = try row.optionalBytes(7)
        receivedAt = Instant(microseconds: try row.instant(8))
        isDryRun = try row.bool(9)
        sequence = try row.optionalInt(11)
        follows = try row.optionalBytes(12)
        digest = try row.optionalBytes(13) ?? []
        byteCount = try row.optionalInt(14) ?? 0
        encoding = try row.optionalText(15).flatMap(TextEncoding.init(rawValue:))
        isMending = try row.optionalBool(16) ?? false
        rows = try row.optionalInt(17)
        faults = try row.optionalText(18)
        hasUnnamedRows = try row.bool(19)
        chunks = try row.int(20)
        cursor = try row.int(21)
        tally = Tally(
            additions: try row.int(22), changes: try row.int(23), unchanged: try row.int(24),
            underReview: try row.int(25), refused: try row.int(26), ends: try row.int(27))
        effect = try row.optionalBytes(28) ?? digest
        weighed = try row.optionalText(29)
        confirmed = try row.optionalBytes(30)
        confirmedBy = try row.optionalText(31)
        withdrawnBy = try row.optionalText(32)
        finishedAt = try row.optionalInstant(33).map { Instant(microseconds: $0) }
        weighedEffect = try row.optionalBytes(34)
        rowsDeletedAt = try row.optionalInstant(35).map { Instant(microseconds: $0) }
        hasMerges = try row.bool(36)
        ends = FileEnding(
            unnamedRows: try row.int(37), unnamedLines: try row.ints(38),
            suspended: try row.int(39), keptSince: try row.int(40),
            digest: try row.optionalBytes(41), isAsked: try row.bool(42),
            through: try row.optionalInt(43))
        isBesideLine = try row.bool(44)
        awaitedSequence = try row.optionalInt(45)
        asOf = try row.optionalInstant(46).map { Instant(microseconds: $0) }
        isPostponed = try row.bool(47)
        waitingBefore = try row.optionalUUID(48)?.record
    }

    static func state(_ row: Row, _ column: Int) throws -> State {
        guard let state = State(rawValue: try row.text(column)) else {
            throw DatabaseError.decoding(column: "state")
        }
        return state
    }

    static let select = Statement(
        "select \(columns) from office.file f where f.file = $1 and f.party = $2")

    /// Whoever puts a part of it through holds the row; another gateway goes elsewhere.
    static let selectToAdvance = Statement(
        """
        select \(columns) from office.file f where f.file = $1 and f.party = $2
        for no key update skip locked
        """)

    /// Who decides about it waits for the part that is under way.
    static let selectToDecide = Statement(
        "select \(columns) from office.file f where f.file = $1 and f.party = $2 for no key update")
}

extension FileRow {
    /// 知らせ: what of it was not done, as far as that is known yet.
    package var notices: [FileNotice] {
        let isUnderWay = state == .weighing || state == .applying
        var notices: [FileNotice] = isPostponed && isUnderWay ? [.delayed] : []
        if let waitingBefore { notices.append(.behindWaiting(file: waitingBefore.text)) }
        let isOfWholeList = layout.endsWhatIsMissing(isMending: false)
        guard isOfWholeList else { return notices }
        if isMending { return notices + (state == .done ? [.mendedEndsNobody] : []) }
        if ends.suspended > 0 {
            notices.append(
                .endsSuspended(
                    ends: ends.suspended, rows: ends.unnamedRows, lines: ends.unnamedLines))
        }
        if ends.keptSince > 0 { notices.append(.keptSince(ends.keptSince)) }
        if ends.isAsked, state == .waiting { notices.append(.endsAsked) }
        if ends.isAsked, state == .withdrawn { notices.append(.endsWithdrawn) }
        return notices
    }

    package var received: ReceivedFile {
        ReceivedFile(
            file: file.text, byteCount: byteCount, digest: Hexadecimal.text(digest),
            layout: layout, encoding: encoding, isMending: isMending)
    }

    /// `nil` where none was said.
    package var place: FileDelivery.Place? {
        guard !isDryRun, !isBesideLine else { return nil }
        return sequence.map { .sequence($0) } ?? .following(follows.map(Hexadecimal.text))
    }

    /// What it waits for, as long as it is held.
    package var awaited: AwaitedFile? {
        guard state == .held else { return nil }
        return awaitedSequence.map { .sequence($0) } ?? .digest(follows.map(Hexadecimal.text))
    }
}

extension Records {
    /// A file of this party under this layout. Throws `.taskUnknown` for another's in the same words
    /// as for none. `rules` finds an older version of the rules.
    mutating func file(
        _ file: RecordID, of kind: FileKind, _ statement: Statement = FileRow.select,
        rules: (String) throws -> RuleBook
    ) throws -> FileRow {
        let rows = try transaction.query(statement, [.id(file), .text(caller.party.key)])
        guard rows.count == 1 else { throw Refusal.taskUnknown }
        let found = try FileRow(rows[0], rules: rules)
        guard found.layout.code == kind.layout, found.state != .arriving else {
            throw Refusal.taskUnknown
        }
        return found
    }
}

package import Exchange
import Postgres

/// ファイルの一覧: what a party has sent under one layout, newest first, and which place in its line is next,
/// so that nobody has to remember a receipt.
package struct FileList: Sendable {
    /// 一件: where one file stands, without a word of its rows.
    package struct File: Sendable {
        package let file: RecordID
        package let state: FileRow.State
        package let isDryRun: Bool
        package let place: FileDelivery.Place?
        package let awaited: AwaitedFile?
        package let isMending: Bool
        package let receivedAt: Instant
        package let finishedAt: Instant?
        package let rows: Int?
        /// JSON text of what weighing found.
        package let weighed: String?
        /// Once any of it was applied.
        package let tally: FileRow.Tally?
        /// 取下げ後の保護: whom it protects although it was withdrawn.
        package fileprivate(set) var protection = FileProtection()
    }

    package let files: [File]
    /// 次の順番: what the next file of the line says of itself.
    package let nextPlace: FileDelivery.Place
    /// From which file to go on; `nil` when these were the last.
    package let next: RecordID?
}

extension Records {
    /// Some 20 kB; a year of nights is eight of them.
    private static let listedMax = 50

    /// The party's own, from file `first` on. Throws `.rulesUnknown` where no such layout is in force.
    package mutating func fileList(
        of kind: FileKind, from first: RecordID?, _ rules: RuleBook
    ) throws -> FileList {
        guard let layout = rules.layouts.layout(kind.layout, on: now.dayInJapan) else {
            throw Refusal.rulesUnknown
        }
        let party = caller.party.key
        let read = try transaction.pipeline([
            (
                Self.selectListed,
                [.text(party), .text(kind.layout), .id(first), .int(Self.listedMax + 1)]
            ),
            (Self.selectLast, [.text(party), .text(layout.field)]),
        ])
        var files = try read[0].map { try FileList.File($0) }
        let shown = files.prefix(Self.listedMax)
        let kept = try protection(of: shown.filter { $0.state == .withdrawn }.map(\.file))
        for place in files.indices { files[place].protection = kept[files[place].file] ?? .init() }
        var nextPlace = FileDelivery.Place.sequence(1)
        if let last = read[1].first {
            let digest = Hexadecimal.text(try last.bytes(1))
            nextPlace = try last.optionalInt(0).map { .sequence($0 + 1) } ?? .following(digest)
        }
        enter(nil)
        return FileList(
            files: Array(files.prefix(Self.listedMax)), nextPlace: nextPlace,
            next: files.count > Self.listedMax ? files[Self.listedMax].file : nil)
    }

    private static let selectListed = Statement(
        """
        select f.file, f.state, f.is_dry_run, f.is_beside_line, f.sequence, f.follows,
            \(FileRow.awaitedNumber), f.is_mending, f.received_at, f.finished_at, f.rows, f.weighed::text,
            f.asks_for_ends, f.additions, f.changes, f.unchanged, f.under_review, f.refused, f.ends
        from office.file f
        where f.party = $1 and f.layout = $2 and f.state <> 'arriving'
            and ($3::uuid is null or f.file <= $3)
        order by f.file desc limit $4
        """)

    private static let selectLast = Statement(
        """
        select sequence, digest from office.file
        where party = $1 and field = $2 and place is not null and not is_dry_run and not is_beside_line
        order by place desc limit 1
        """)
}

extension FileList.File {
    fileprivate init(_ row: Row) throws {
        let state = try FileRow.state(row, 1)
        let isDryRun = try row.bool(2)
        let isBesideLine = try row.bool(3)
        let follows = try row.optionalBytes(5).map(Hexadecimal.text)
        let said: FileDelivery.Place =
            try row.optionalInt(4).map { .sequence($0) } ?? .following(follows)
        let held: AwaitedFile =
            try row.optionalInt(6).map { .sequence($0) } ?? .digest(follows)
        let isAsked = try row.bool(12)
        let isApplied = state == .applying || state == .done || isAsked
        let tally = FileRow.Tally(
            additions: try row.int(13), changes: try row.int(14), unchanged: try row.int(15),
            underReview: try row.int(16), refused: try row.int(17), ends: try row.int(18))
        self.init(
            file: try row.uuid(0).record, state: state, isDryRun: isDryRun,
            place: isDryRun || isBesideLine ? nil : said, awaited: state == .held ? held : nil,
            isMending: try row.optionalBool(7) ?? false,
            receivedAt: Instant(microseconds: try row.instant(8)),
            finishedAt: try row.optionalInstant(9).map { Instant(microseconds: $0) },
            rows: try row.optionalInt(10), weighed: try row.optionalText(11),
            tally: isApplied ? tally : nil)
    }
}

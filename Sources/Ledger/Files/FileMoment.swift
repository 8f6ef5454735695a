import Exchange
import Postgres

/// ファイルの時点: as of when a whole list, or a file of changes, is, and what it was placed behind: what decides
/// which words are newer than it.
package struct FileMoment: Sendable {
    private let file: RecordID
    private let party: String
    private let field: String
    let at: Instant
    /// As its sender said it, or as mended rows have it of the file in which they stood first, which is more
    /// than the place in the line says.
    private let said: Instant?
    let isWholeList: Bool

    init(_ file: FileRow) {
        self.file = file.file
        party = file.party
        field = file.field
        at = file.knownUntil
        said = file.asOf
        isWholeList = file.layout.endsWhatIsMissing(isMending: false)
    }

    /// $3 to $7 of every statement on what is newer.
    var values: [Value] {
        [.id(file), .time(at), .text(party), .text(field), .time(said)]
    }

    /// 列の中の言葉: said by the file itself, or by one before it in its line, as a row or as an end of what a
    /// whole list did not hold. It is older than the file however late it was applied. Of a file of a moment
    /// of its own, what came after that moment is newer wherever it stands.
    static func isOfLine(_ task: String) -> String {
        """
        exists (
            select 1 from (
                select c.file from office.file_chunk c where c.task = \(task)
                union all
                select n.file from office.file_end_task n where n.task = \(task)) spoke
            join office.file f on f.file = spoke.file
            where f.party = $5 and f.field = $6
                and (f.file = $3 or $7::timestamptz is null
                    or coalesce(f.as_of, f.received_at) <= $7))
        """
    }

    /// 後からの言葉: of a row with its task, whether it became known after the moment, whoever said it.
    static func isSince(_ row: String) -> String {
        "(\(row).known_at > $4 and not \(isOfLine("\(row).task")))"
    }

    /// The same parameters where there may be no file; nothing is newer then.
    static func values(_ moment: FileMoment?) -> [Value] {
        moment?.values ?? [.null, .null, .null, .null, .null]
    }

    /// 再度の登録の後先: what was said again after the moment, by the API; or by a file of changes, which stands in
    /// the line as well.
    static func isNewer(mark row: String) -> String {
        "(\(row).known_at > $4 and (not \(row).is_by_file or $7::timestamptz is not null))"
    }
}

import Exchange
import Postgres

/// 全件の時点: as of when a whole list is, and what it was placed behind: what decides which words are newer
/// than it.
package struct ListMoment: Sendable {
    private let file: RecordID
    private let party: String
    private let field: String
    private let at: Instant
    /// As its sender said it, which is more than the place in the line says.
    private let said: Instant?

    init(_ file: FileRow) {
        self.file = file.file
        party = file.party
        field = file.field
        at = file.knownUntil
        said = file.asOf
    }

    /// $3 to $7 of every statement on what is newer.
    var values: [Value] {
        [.id(file), .time(at), .text(party), .text(field), .time(said)]
    }

    /// 列の中の言葉: said by the list itself, or by a file before it in its line, which is older than it
    /// however late that was applied. Of a list of a moment that its sender said, what came after that
    /// moment is newer wherever it stands.
    static func isOfLine(_ task: String) -> String {
        """
        exists (
            select 1 from office.file_chunk c join office.file f on f.file = c.file
            where c.task = \(task) and f.party = $5 and f.field = $6
                and (f.file = $3 or $7::timestamptz is null
                    or coalesce(f.as_of, f.received_at) <= $7))
        """
    }
}

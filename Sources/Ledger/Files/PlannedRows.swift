package import Exchange
import Postgres

/// 予定される変更: which rows of a file would change what, as it was found when the file was compared: what the
/// officer of a dry run looks at, and the second person before confirming. Lines, and names of items; never a
/// value.
package struct FilePlan: Sendable {
    package struct Planned: Sendable {
        package enum Change: String, CaseIterable, Sendable {
            case addition, change, end
            /// Of the row itself nothing changes; what the body says of its resident does.
            case nothing = "none"
        }

        package let line: Int
        package let change: Change
        /// 変わる項目, as the layout calls them; none where what stands is not kept item by item.
        package let items: [String]
    }

    package let file: FileRow
    package let rows: [Planned]
    /// More rows would change something than are kept.
    package let isCut: Bool
    /// From which line to go on; `nil` when these were the last.
    package let next: Int?
}

extension FilePlan {
    /// How many rows are kept of one file.
    package static let plannedMax = 10_000
    fileprivate static let shownMax = 1_000
}

extension Records {
    /// Those from line `first` on. Of a file that neither waits nor only looked there are none.
    package mutating func filePlan(
        _ file: RecordID, of kind: FileKind, from first: Int, rules: (String) throws -> RuleBook
    ) throws -> FilePlan {
        let found = try self.file(file, of: kind, rules: rules)
        let read = try transaction.pipeline([
            (Self.selectPlanned, [.id(file), .int(first), .int(FilePlan.shownMax + 1)]),
            (Self.selectCut, [.id(file), .int(FilePlan.plannedMax)]),
        ])
        // A file that is compared once more has a list only when that is done.
        let isKnown = found.state == .waiting || found.state == .weighed
        let cut = try isKnown ? read[1].first?.int(0) : nil
        let rows = try isKnown ? read[0].map { try FilePlan.Planned($0) } : []
        let kept = rows.filter { row in cut.map { row.line < $0 } ?? true }
        // What its sender sent, and what the same body said before: of nobody is anything disclosed.
        enter(nil, basis: FileRow.basis(file, "plan", first))
        return FilePlan(
            file: found, rows: Array(kept.prefix(FilePlan.shownMax)), isCut: cut != nil,
            next: kept.count > FilePlan.shownMax ? kept[FilePlan.shownMax].line : nil)
    }

    /// What a part that was compared would change, as far as there is room: one row more than is told, so
    /// that who reads the list knows that it was cut.
    mutating func keepPlan(_ file: FileRow, _ outcomes: [RowOutcome]) throws {
        let planned = outcomes.compactMap(\.planned).sorted { $0.line < $1.line }
        let counted = file.tally.additions + file.tally.changes + file.tally.ends
        guard !planned.isEmpty, counted <= FilePlan.plannedMax else { return }
        let kept = try transaction.query(Self.countPlanned, [.id(file.file)])[0].int(0)
        let rows = planned.prefix(max(0, FilePlan.plannedMax + 1 - kept))
        guard !rows.isEmpty else { return }
        write([
            (
                Self.insertPlanned,
                [
                    .id(file.file), .ints(rows.map(\.line)), .texts(rows.map(\.change.rawValue)),
                    .texts(rows.map { $0.items.joined(separator: " ") }),
                ]
            )
        ])
    }

    /// It is applied, compared once more, or withdrawn.
    mutating func forgetPlan(of file: RecordID) {
        write([(Self.deletePlanned, [.id(file)])])
    }

    private static let selectPlanned = Statement(
        """
        select line, change, items from office.file_plan
        where file = $1 and line >= $2 order by line limit $3
        """)

    private static let selectCut = Statement(
        "select line from office.file_plan where file = $1 order by line offset $2 limit 1")

    private static let countPlanned = Statement(
        "select count(*) from office.file_plan where file = $1")

    private static let insertPlanned = Statement(
        """
        insert into office.file_plan (file, line, change, items)
        select $1, line, change, items
        from unnest($2::bigint[], $3::text[], $4::text[]) as p(line, change, items)
        on conflict do nothing
        """)

    private static let deletePlanned = Statement("delete from office.file_plan where file = $1")
}

extension FilePlan.Planned {
    fileprivate init(_ row: Row) throws {
        guard let change = Change(rawValue: try row.text(1)) else {
            throw DatabaseError.decoding(column: "change")
        }
        self.init(
            line: try row.int(0), change: change,
            items: try row.text(2).split(separator: " ").map(String.init))
    }
}

extension RowOutcome {
    /// `nil` for what changes nothing. That, what is refused and what is under review are told as results.
    fileprivate var planned: FilePlan.Planned? {
        let change: FilePlan.Planned.Change
        switch kind {
        case .applied where isEnd: change = .end
        case .applied: change = standing == nil ? .addition : .change
        case .unchanged where !changed.isEmpty: change = .nothing
        case .unchanged, .underReview, .refused: return nil
        }
        return FilePlan.Planned(line: line, change: change, items: isEnd ? [] : changed)
    }
}

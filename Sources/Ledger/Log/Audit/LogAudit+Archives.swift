import Exchange
import Postgres

/// 月の帳尻: which entries of each month the positions know and which of them are still here; so that a month
/// that left is held against the leaf that says so, and a month that left without one is missed.
struct ArchiveAudit {
    private struct Month {
        var first: Int
        var last = -1
        var leaves = Frontier()
        var missingCount = 0
        /// The first few of those that are not here.
        var missing: [Int] = []
        var archived: (month: ArchivedMonth, position: Int)?
    }

    private var months: [LogMonth: Month] = [:]

    /// An entry's position, by the time and the leaf it was sealed with.
    mutating func take(_ position: Int, at instant: Instant, leaf: LogHash, isHere: Bool) {
        var month = months[LogMonth(of: instant)] ?? Month(first: position)
        month.last = position
        month.leaves.append(leaf)
        if !isHere {
            month.missingCount += 1
            if month.missing.count < LogAudit.findingsMax { month.missing.append(position) }
        }
        months[LogMonth(of: instant)] = month
    }

    /// The leaf of a month that was archived.
    mutating func take(_ archived: ArchivedMonth, at position: Int) {
        months[archived.month, default: Month(first: position)].archived = (archived, position)
    }

    /// `retention` is nothing where no rule is known: then no month left too early.
    func end(keptBy retention: RetentionRule?) -> [LogAudit.Finding] {
        entriesFound
            + archived.compactMap { archived, _ in
                guard let until = retention.map({ archived.month.end(ofKeeping: $0) }),
                    archived.at < until
                else { return nil }
                return .archivedEarly(
                    month: archived.month.text, at: archived.at, until: until.dayInJapan)
            }
    }

    private var entriesFound: [LogAudit.Finding] {
        months.sorted { $0.key < $1.key }.flatMap { name, month -> [LogAudit.Finding] in
            guard let (archived, position) = month.archived else {
                return month.missing.map { .entryMissing(position: $0) }
            }
            let contents = archived.contents
            guard contents.first == month.first, contents.last == month.last,
                contents.entries == month.leaves.size, contents.root == month.leaves.root,
                position > month.last
            else { return [.archiveDiffers(month: name.text)] }
            return [0, contents.entries].contains(month.missingCount)
                ? [] : [.archivePartial(month: name.text, missing: month.missingCount)]
        }
    }

    /// Each month that was archived, in order, and whether its entries have left.
    var archived: [(month: ArchivedMonth, isGone: Bool)] {
        months.values.compactMap { month in
            month.archived.map { ($0.month, month.missingCount > 0) }
        }.sorted { $0.0.month < $1.0.month }
    }
}

extension LogAudit {
    /// 保管ファイルの照合: every line of a file against the leaf hash that its position has in the log, and the
    /// whole file against the leaf that says it was archived.
    static func verify(
        archive path: String, _ archived: [ArchivedMonth], _ transaction: inout Transaction
    ) throws -> [Finding] {
        var lines: [ArchiveLine] = []
        var findings: [Finding] = []
        var name = ""
        let file: (month: LogMonth, contents: ArchivedMonth.Contents)?
        do {
            file = try ArchiveFile.read(path) { month, line in
                name = month.text
                lines.append(line)
                if lines.count == pageRows {
                    findings += try altered(&lines, &transaction)
                }
            }
            findings += try altered(&lines, &transaction)
        } catch let fault as ArchiveFault {
            findings += try altered(&lines, &transaction)
            return findings.prefix(findingsMax) + [.archiveUnreadable(name, fault)]
        }
        guard let file, let leaf = archived.first(where: { $0.month == file.month }) else {
            return findings.prefix(findingsMax) + [.archiveUnknown(month: name)]
        }
        if file.contents != leaf.contents { findings.append(.archiveAltered(month: name)) }
        return Array(findings.prefix(findingsMax))
    }

    private static func altered(
        _ lines: inout [ArchiveLine], _ transaction: inout Transaction
    ) throws -> [Finding] {
        let rows = try transaction.query(selectLeaves, [.ints(lines.map(\.position))])
        var stored: [Int: [UInt8]] = [:]
        for row in 0..<rows.count { stored[try rows[row].int(0)] = try rows[row].bytes(1) }
        defer { lines.removeAll() }
        let altered = lines.filter { stored[$0.position] != $0.leaf.bytes }
        return altered.map { .archivedEntryAltered(position: $0.position) }
            + (try BesideAudit.unsaid(by: lines.map(\.entry), &transaction))
    }

    private static let selectLeaves = Statement(
        "select position, leaf from log.position where position = any($1)")
}

import Exchange
import Logging
import Postgres

/// 夜間処理: works through the files of all parties, a part of one and then a part of another, so that a large
/// city does not hold up a village. Any number of gateways may do so at once: whoever is at a file
/// holds its row.
extension Ledger {
    /// Until the task is cancelled.
    package func workOnFiles(_ kinds: [FileKind], hashing: FileHashing) async {
        var idle = 0
        while !Task.isCancelled {
            let isWorking = await advanceAFile(kinds, hashing: hashing)
            guard !isWorking else { continue }
            // Once an hour: what uploads that broke off have left, and what is past its time.
            if idle % 7_200 == 0 {
                await forget()
                await deleteOldRows()
            }
            idle += 1
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// A turn at the file that has waited longest, of those that nothing keeps. Returns false when there is
    /// nothing to do now.
    package func advanceAFile(_ kinds: [FileKind], hashing: FileHashing) async -> Bool {
        do {
            var isKept = false
            for file in try await filesToAdvance() {
                guard let kind = kinds.first(where: { $0.layout == file.layout }) else { continue }
                switch try await takeTurn(at: file, of: kind, hashing) {
                case .taken: return true
                case .elsewhere: continue
                case .kept:
                    isKept = true
                    try await letOthersBefore(file.file)
                }
            }
            if isKept { try await Task.sleep(for: .milliseconds(100)) }
            return isKept
        } catch {
            complain(of: error, in: nil)
        }
        return false
    }

    private struct Due: Sendable {
        let file: RecordID
        let caller: Caller
        let layout: String
        let cursor: Int
    }

    private func filesToAdvance() async throws -> [Due] {
        guard let office else { return [] }
        return try await office.transaction(.readOnly) { transaction in
            try transaction.query(Self.selectDue).map { row in
                let parts = try row.text(1).split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2, let role = Role(rawValue: parts[0]) else {
                    throw DatabaseError.decoding(column: "party")
                }
                return Due(
                    file: try row.uuid(0).record,
                    caller: Caller(
                        party: try Party(role: role, code: parts[1]),
                        operatorID: try row.optionalText(2)),
                    layout: try row.text(3), cursor: try row.int(4))
            }
        }
    }

    /// 一回の番: sixteen parts are about a second, then the next file has its turn.
    private static let partsInTurn = 16

    private enum Turn {
        case taken
        /// Another gateway is at it, or it waits for a time.
        case elsewhere
        /// A body of the API of the same party, or a lock, is before it. It passes by itself, and nobody
        /// else's file waits for that.
        case kept
    }

    /// While the database applies a part, the next one is read on another of its threads.
    private func takeTurn(
        at due: Due, of kind: FileKind, _ hashing: FileHashing
    ) async throws -> Turn {
        do {
            let current = try rules.current()
            var part = try await part(due.cursor, of: due, kind, hashing)
            for turn in 1...Self.partsInTurn {
                let isLast = part == nil || turn == Self.partsInTurn
                let chunk = due.cursor + turn
                async let ahead = isLast ? nil : self.part(chunk, of: due, kind, hashing)
                try await access(due.caller, kind.purpose) { [rules, part] records in
                    try records.advance(
                        due.file, of: kind, by: part,
                        FileRules(current: current, kept: rules.kept))
                }
                guard !isLast else { break }
                part = try await ahead
            }
            return .taken
        } catch is FileElsewhere {
            return .elsewhere
        } catch  where LedgerError.refusal(for: error) == .overloaded {
            return .kept
        } catch let refusal as Refusal {
            // The party was suspended or took back its agreement: on the record, and tried again
            // when that may have changed.
            complain(of: refusal, in: due.file)
            try await postpone(due.file, seconds: 600)
        } catch  where LedgerError.refusal(for: error) == nil {
            complain(of: error, in: due.file)
            try await postpone(due.file, seconds: 60)
        }
        return .elsewhere
    }

    /// A part as it was kept; `nil` behind the last. Nothing leaves with it: whom it speaks of is
    /// entered when it is compared or applied.
    private func part(
        _ chunk: Int, of due: Due, _ kind: FileKind, _ hashing: FileHashing
    ) async throws -> JudgedPart? {
        guard let office else { return nil }
        do {
            return try await office.transaction(.readOnly) { [rules] transaction in
                let read = try transaction.pipeline([
                    (FileRow.select, [.id(due.file), .text(due.caller.party.key)]),
                    (JudgedPart.select, [.id(due.file), .int(chunk)]),
                ])
                guard let file = read[0].first, let row = read[1].first else { return nil }
                return try JudgedPart(
                    row, of: FileRow(file, rules: rules.kept), from: due.caller.party, read: kind,
                    hashing, rules.current())
            }
        } catch let missing as RuleShelf.NotOnShelf {
            var books: [String: RuleBook] = [:]
            try await rules.fetch(missing, holding: &books)
            defer { withExtendedLifetime(books) {} }
            return try await part(chunk, of: due, kind, hashing)
        }
    }

    /// So that no number of files that are kept fills what is looked at. Its place among its party's own
    /// stays.
    private func letOthersBefore(_ file: RecordID) async throws {
        _ = try await office?.transaction { transaction in
            try transaction.run(Self.letOthersBefore, [.id(file)])
        }
    }

    private func postpone(_ file: RecordID, seconds: Int) async throws {
        _ = try await office?.transaction { transaction in
            try transaction.run(Self.postpone, [.id(file), .int(seconds)])
        }
    }

    private func complain(of error: any Error, in file: RecordID?) {
        guard !(error is CancellationError) else { return }
        logger.error(
            "file not advanced",
            metadata: [
                "file": .string(file?.text ?? "-"),
                "type": .string(String(reflecting: type(of: error))),
                "error": .string(
                    (error as? Refusal)?.code ?? LedgerError.safeText(of: error) ?? "-"),
            ])
    }

    /// The first of each line, unless it waits for somebody, and files that only look.
    private static let selectDue = Statement(
        """
        select f.file, f.party, f.operator, f.layout, f.cursor from office.file f
        where f.state in ('weighing', 'applying')
            and (f.not_before is null or f.not_before <= clock_timestamp())
            and (f.is_dry_run or not exists (
                select 1 from office.file before
                where before.party = f.party and before.field = f.field and before.place < f.place
                    and before.state in ('weighing', 'waiting', 'applying')))
        order by f.advanced_at limit 8
        """)

    private static let letOthersBefore = Statement(
        "update office.file set advanced_at = clock_timestamp() where file = $1")

    private static let postpone = Statement(
        """
        update office.file set not_before = clock_timestamp() + make_interval(secs => $2) where file = $1
        """)
}

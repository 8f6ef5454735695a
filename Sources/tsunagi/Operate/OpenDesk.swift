import Exchange
import Foundation
import Gateway
import Ledger

/// 窓口: the ledger as `tsunagi import` uses it, for one party and one kind of file.
struct OpenDesk {
    let ledger: Ledger
    let kind: FileKind
    let hashing: FileHashing
    let caller: Caller

    func receive(
        _ input: FileHandle, _ announcement: FileAnnouncement, isShown: Bool = true
    ) async throws -> FileReceipt {
        let reception = try await ledger.receiveFile(
            kind, announcement, from: caller, hashing: hashing)
        do {
            // 256 KiB a time: memory does not grow with the file.
            while let block = try input.read(upToCount: 262_144), !block.isEmpty {
                try await reception.take(Array(block))
            }
            let (receipt, bytes) = try await reception.finish(as: \.written)
            if isShown { Output.line(String(decoding: bytes, as: UTF8.self)) }
            return receipt
        } catch {
            await reception.abandon()
            throw error
        }
    }

    /// Works until nothing more happens to the file by itself, and shows it. Returns whether every row
    /// was taken.
    func finish(_ file: RecordID) async throws -> Bool {
        _ = try await settle(file)
        return try await show(file)
    }

    func settle(_ file: RecordID) async throws -> FileRow {
        while await ledger.advanceAFile([kind], hashing: hashing) {}
        var row = try await report(file, from: 0).file
        // A gateway may be at its last part.
        while row.state == .weighing || row.state == .applying {
            try await Task.sleep(for: .milliseconds(200))
            _ = await ledger.advanceAFile([kind], hashing: hashing)
            row = try await report(file, from: 0).file
        }
        return row
    }

    /// Every part of the acknowledgement, a line of JSON each.
    func show(_ file: RecordID) async throws -> Bool {
        var next: Int? = 0
        var isTaken = true
        while let from = next {
            let report = try await report(file, from: from)
            Output.line(String(decoding: report.written, as: UTF8.self))
            isTaken =
                [.done, .weighed].contains(report.file.state)
                && report.file.tally.refused == 0
            next = report.next
        }
        return isTaken
    }

    /// What the party sent under the layout, newest first, and the next place in its line, as JSON.
    func list(from first: RecordID?) async throws {
        let list = try await ledger.access(caller, kind.reading) {
            [kind, rules = ledger.rules] in
            try $0.fileList(of: kind, from: first, rules.current())
        }
        Output.line(String(decoding: list.written, as: UTF8.self))
    }

    /// 予定される変更: every part of it, a line of JSON each.
    func showPlan(_ file: RecordID) async throws {
        var next: Int? = 0
        while let from = next {
            let plan = try await ledger.access(caller, kind.reading) {
                [kind, rules = ledger.rules] in
                try $0.filePlan(file, of: kind, from: from, rules: rules.kept)
            }
            Output.line(String(decoding: plan.written, as: UTF8.self))
            next = plan.next
        }
    }

    /// 終わるものの一覧: every part of it, a line of JSON each, and an entry for each resident in it.
    func showEnds(_ file: RecordID) async throws {
        var next: Int? = 0
        while let from = next {
            let ends = try await ledger.access(caller, kind.reading) {
                [kind, rules = ledger.rules] in
                try $0.fileEnds(file, of: kind, from: from, rules: rules.kept)
            }
            Output.line(String(decoding: ends.written, as: UTF8.self))
            next = ends.next
        }
    }

    func decide(_ decision: FileDecision, on file: RecordID) async throws {
        let officer = Officer(
            party: caller.party.key, name: caller.operatorID, certificate: nil)
        _ = try await ledger.access(caller, kind.purpose) { [kind, rules = ledger.rules] in
            try $0.decide(
                decision, on: file, of: kind, by: officer, rules.fourEyes(.massChange),
                rules: rules.kept)
        }
    }

    /// Names, addresses and birth dates of residents: for the caller's eyes alone.
    func writeErrors(_ file: RecordID, to path: String) async throws {
        let isMade = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let output = FileHandle(forWritingAtPath: path) else {
            throw SettingProblem("The file \(path) cannot be written.")
        }
        var next: Int? = 0
        while let from = next {
            let part = try await ledger.access(caller, kind.reading) {
                [kind, hashing, rules = ledger.rules] in
                try $0.mendingPart(file, of: kind, from: from, hashing, rules: rules.kept)
            }
            if from == 0, part.file.encoding == .utf8WithMark {
                try output.write(contentsOf: TextEncoding.mark)
            }
            try output.write(contentsOf: part.bytes)
            next = part.next
        }
        try output.close()
    }

    private func report(_ file: RecordID, from part: Int) async throws -> FileReport {
        try await ledger.access(caller, kind.reading) { [kind, rules = ledger.rules] in
            try $0.fileReport(file, of: kind, from: part, rules: rules.kept)
        }
    }
}

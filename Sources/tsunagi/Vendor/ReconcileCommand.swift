import ArgumentParser
import Crypto
import Exchange
import Foundation
import Ledger

/// `tsunagi reconcile`: a month from files, or cases; from `profiles/`, without a database.
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Reconcile a month of claims, or answer cases.",
        discussion: """
            A month: --month with --claims (receipt files in CP932, or JSON), and what is known: \
            --entitlements (registration rows as a municipality sends them, or short rows) and --facts \
            (persons, insurerPeriods, caps, ledger, designations, deletions, checks, refunds, payments, \
            returns, schemes, elsewhere). Amounts are computed again by the law of each certificate and \
            the cap that is given for it. Prints the report as JSON; exits 0 whatever was found. \
            Cases: --cases with a file whose data are cases, each with id and given; exits 1 when one of \
            them could not be read.
            """)

    @Option(help: "The folder of rules.") var profiles = "profiles"
    @Option(help: "A file of cases; prints id, reason and evidence of each.") var cases: String?
    @Option(help: "The month of the run, as 2026-04.") var month: String?
    @Option(parsing: .upToNextOption, help: "Receipt files (CP932), or claims in JSON (*.json).")
    var claims: [String] = []
    @Option(parsing: .upToNextOption, help: "Files of entitlements (JSON).")
    var entitlements: [String] = []
    @Option(parsing: .upToNextOption, help: "Files of other facts (JSON).") var facts: [String] = []
    @Option(
        help: """
            Write a row for each public payer of each claim, and one for a claim without any, here (CSV, \
            UTF-8 with BOM).
            """)
    var csv: String?
    @Flag(help: "List accepted claims too, not only their totals.") var all = false

    func validate() throws {
        guard cases != nil || (month != nil && !claims.isEmpty) else {
            throw ValidationError("Give --cases, or --month with --claims.")
        }
    }

    func run() async throws {
        let book = try RuleBook(reading: ProfileFolder.read(profiles), version: "file")
        guard let rules = book.claims, let copayment = book.copayment else {
            throw SettingProblem("The folder \(profiles) lacks claims/ or subsidy/.")
        }
        let reckoning = ClaimReckoning(copayment, book.subsidy)
        if let cases {
            let answers = try reading(cases) { bytes in
                try ReconcileCases(rules: rules, reckoning: reckoning).answers(to: bytes)
            }
            Output.line(String(decoding: answers.json, as: UTF8.self))
            guard answers.unread > 0 else { return }
            Self.say("\(answers.unread) cases could not be read; see their problem.")
            throw ExitCode(1)
        }
        let report = try report(rules, reckoning)
        if let csv { try write(report, to: csv) }
        Output.line(String(decoding: report.json(all: all), as: UTF8.self))
        Self.say("closing digest (SHA-256 of the rows): \(Self.digest(of: report))")
    }

    private func report(_ rules: ClaimRules, _ reckoning: ClaimReckoning) throws -> MonthReport {
        guard let written = month, let month = try? ServiceMonth(written) else {
            throw ValidationError("--month is not a month: 2026-04 is.")
        }
        var run = MonthRun(rules: rules, month: month)
        for path in claims {
            if path.hasSuffix(".json") {
                try reading(path) { try run.readClaims(named: Self.name(path), $0) }
            } else {
                let file = FileHandle(forReadingAtPath: path)
                try run.readReceipts(named: Self.name(path), decode: Self.decode) {
                    try Self.piece(of: file, path)
                }
            }
        }
        for path in entitlements { try reading(path) { try run.readEntitlements($0) } }
        for path in facts { try reading(path) { try run.readFacts($0) } }
        var reckoning = reckoning
        run.recompute(by: &reckoning)
        if !reckoning.unverified.isEmpty {
            Self.say("amounts rest on rules nobody verified: \(reckoning.unverified.sorted())")
        }
        return run.report()
    }

    /// The one place where the character set of receipt files is decided.
    private static let characters = Characters(.cp932, table: .cp932)

    private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        characters.text(of: bytes)
    }

    private func reading<Value>(_ path: String, _ body: ([UInt8]) throws -> Value) throws -> Value {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Self.problem(path, "", "is not there or cannot be read")
        }
        var bytes = [UInt8](data)
        // A mark of UTF-8 before JSON says nothing.
        if bytes.starts(with: TextEncoding.mark) { bytes.removeFirst(TextEncoding.mark.count) }
        do {
            return try body(bytes)
        } catch let refusal as Refusal {
            let fault = RuleFault(refusal, file: path)
            // What is wrong with the whole stands at no place within it.
            let isWhole = ["body", "file"].contains(fault.path)
            throw Self.problem(path, isWhole ? "" : fault.path, fault.reason)
        }
    }

    /// The next mebibyte; `nil` at the end.
    private static func piece(of file: FileHandle?, _ path: String) throws -> [UInt8]? {
        guard let file, let data = try? file.read(upToCount: 1 << 20) ?? Data() else {
            throw problem(path, "", "is not there or cannot be read")
        }
        return data.isEmpty ? nil : [UInt8](data)
    }

    private static func problem(
        _ path: String, _ item: String, _ reason: String
    ) -> SettingProblem {
        let ja = item.isEmpty ? "ファイル\(path)" : "ファイル\(path)の\(item)"
        let en = item.isEmpty ? "The file \(path)" : "In the file \(path), \(item)"
        return SettingProblem(
            """
            \(ja)を読めません。確かめて、もう一度実行してください。
            \(en) \(reason). Check it and run the command again.
            """)
    }

    private func write(_ report: MonthReport, to path: String) throws {
        // Birth dates and certificates of residents: for the caller's eyes alone.
        let isMade = FileManager.default.createFile(
            atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let file = FileHandle(forWritingAtPath: path) else {
            throw SettingProblem("The file \(path) cannot be written.")
        }
        file.write(Data(TextEncoding.mark))
        file.write(Data(Self.line(MonthReport.rowHeadings)))
        report.forEachRow { file.write(Data(Self.line($0))) }
        try file.close()
    }

    private static func digest(of report: MonthReport) -> String {
        var hash = SHA256()
        report.forEachRow(places: false) { hash.update(data: line($0)) }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    private static func line(_ fields: [String]) -> [UInt8] {
        var writer = CSVWriter()
        for field in fields { writer.field(field.utf8) }
        writer.endRow()
        return writer.bytes
    }

    private static func name(_ path: String) -> String { URL(filePath: path).lastPathComponent }

    /// Beside the report, which alone is on standard output.
    private static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}

import ArgumentParser
import Exchange
import Foundation

/// A month of claims from receipt files: how long reading and reconciling take, and how much memory at most.
extension BenchCommand {
    struct Claims: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reconcile a synthetic month; prints one JSON line.")

        private static let perInstitution = 2000

        @Option(help: "The folder of rules.") var profiles = "profiles"
        @Option(help: "How many claims, in thousands.") var thousands = 1000
        @Option(help: "Write the rows here, for psql's \\copy of the same.") var rows: String?

        func run() async throws {
            let book = try RuleBook(reading: ProfileFolder.read(profiles), version: "file")
            guard let rules = book.claims, let copayment = book.copayment else {
                throw SettingProblem("The folder \(profiles) lacks claims/ or subsidy/.")
            }
            var reckoning = ClaimReckoning(copayment, book.subsidy)
            let count = thousands * 1000
            let certificates = max(1, count * 2 / 5)
            let month = try ServiceMonth("2026-04")
            var run = MonthRun(rules: rules, month: month, reserving: count)
            var reading = 0.0
            for institution in 0..<(count / Self.perInstitution) {
                var pieces = [Self.file(institution, of: certificates)]
                let started = Date()
                run.readReceipts(named: "\(institution).UKE", decode: Self.decode) {
                    pieces.popLast()
                }
                reading += Date().timeIntervalSince(started)
            }
            Self.register(certificates, month, in: &run)
            let started = Date()
            run.recompute(by: &reckoning)
            let report = run.report()
            let total = report.total
            let reconciling = Date().timeIntervalSince(started)
            let peak = OwnMemory.peakKilobytes
            if let rows { try write(report, to: rows) }
            Output.line(
                "{\"claims\":\(total.accepted.count + total.questioned.count),"
                    + "\"read_s\":\(reading),\"reconcile_s\":\(reconciling),"
                    + "\"peak_kb\":\(peak)}")
        }

        /// Ten records a receipt, as a clinic's are; ASCII but for the name, so that no table is measured.
        private static func file(_ institution: Int, of certificates: Int) -> [UInt8] {
            var text = "IR,1,13,1,\(1_000_000 + institution),,Test,202605,00,\r\n"
            for place in 0..<perInstitution {
                let holder = (institution * perInstitution + place) % certificates
                let end = String(repeating: ",", count: 31)
                text += "RE,\(place + 1),1122,202604,Test,2,19900102\(end)\r\n"
                text += "HO,01130012,1,2,1,3000,,,,,,,,,\r\n"
                text += "KO,54136015,\(recipient(holder)),,1,3000,\(place % 6000),,,,,\r\n"
                text += "SN,1,01,,,,01,,\r\nJD,1,,,,,,,,,1\(end.dropFirst(9))\r\nMF,00,,,,\r\n"
                text += "SY,8830417,20260401,1,,,,\r\nSI,11,1,111000110,,288,1\r\n"
                text += "IY,21,1,620000001,1,3,14\r\n"
            }
            text += "GO,\(perInstitution),\(perInstitution * 3000),99\r\n\u{1A}"
            return Array(text.utf8)
        }

        private static func register(
            _ certificates: Int, _ month: ServiceMonth, in run: inout MonthRun
        ) {
            run.facts.hasRegister = true
            for holder in 0..<certificates {
                let key = CertificateNumber(
                    payer: 54_136_015, recipient: run.recipients.key(recipient(holder)))
                run.facts.change(key) {
                    $0.entitlements = [
                        .init(validFrom: month.firstDay, validTo: month.lastDay + 300)
                    ]
                    $0.sex = 2
                    $0.cap = 20_000
                }
            }
        }

        private static func recipient(_ holder: Int) -> String {
            SyntheticNumbers.nationalRecipientNumber(holder)
        }

        private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
            String(validating: bytes, as: UTF8.self)
        }

        private func write(_ report: MonthReport, to path: String) throws {
            var text = ""
            report.forEachRow(places: false) { text += $0.joined(separator: "\t") + "\n" }
            try Data(text.utf8).write(to: URL(filePath: path))
        }
    }
}

import Exchange
import Foundation

/// Receipt files and facts made up for tests: no person, no number that was ever issued on purpose.
enum ClaimSamples {
    static let rules: ClaimRules = {
        do {
            return try ClaimRules(reading: Profiles.files)
        } catch {
            fatalError("profiles: \(error)")
        }
    }()

    static let month: ServiceMonth = {
        do {
            return try ServiceMonth("2026-04")
        } catch {
            fatalError("\(error)")
        }
    }()

    static let header = "IR,1,13,1,9999996,,テスト内科クリニック,202605,00,03-0000-0000"

    /// The published sample's receipt with what a test changes.
    struct Receipt {
        var number = 1
        var type = "1122"
        var month = "202604"
        var sex = "2"
        var birth = "19900102"
        var notes = ""
        var search = ""
        var insurer = "01130012"
        var points = 3000
        var publics = ["54136015,1234566,,1,3000,6000,,,,,"]
        /// Days of service; empty leaves JD without any.
        var days = [9]

        var lines: [String] {
            var re = [String](repeating: "", count: 38)
            re.replaceSubrange(
                0..<7, with: ["RE", "\(number)", type, month, "試験　花子", sex, birth])
            re[11] = notes
            re[18] = search
            let marks = (1...31).map { days.contains($0) ? "1" : "" }.joined(separator: ",")
            return [re.joined(separator: ",")]
                + (insurer.isEmpty
                    ? [] : ["HO,\(insurer),１２３,４５６,1,\(points),,,,,,,,,"])
                + publics.map { "KO,\($0)" }
                + ["SN,1,01,,,,01,,", "JD,1,\(marks)", "MF,00,,,,", "SI,11,1,111000110,,3000,1"]
        }
    }

    static func file(_ receipts: [Receipt], total: String? = nil) -> [String] {
        let points = receipts.reduce(0) { $0 + $1.points }
        return [header] + receipts.flatMap(\.lines)
            + [total ?? "GO,\(receipts.count),\(points),99"]
    }

    static func bytes(_ lines: [String], end: [UInt8] = [0x1A]) -> [UInt8] {
        Array(lines.map { $0 + "\r\n" }.joined().utf8) + end
    }

    /// The reader takes any character set; tests write UTF-8.
    static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        String(validating: bytes, as: UTF8.self)
    }

    struct Reading {
        var receipts: [UkeReceipt] = []
        var reader: UkeReader

        var codes: [UkeCode] { reader.findings.map(\.code) }
    }

    static func read(_ bytes: [UInt8], pieces: Int = .max) -> Reading {
        var reader = UkeReader(rules: rules, decode: decode)
        var receipts: [UkeReceipt] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            reader.read(rest.prefix(pieces)) { receipts.append($0) }
            rest = rest.dropFirst(pieces)
        }
        reader.finish { receipts.append($0) }
        return Reading(receipts: receipts, reader: reader)
    }

    static func run(
        _ files: [[String]], entitlements: String? = nil, facts: String? = nil
    ) throws -> MonthReport {
        var run = MonthRun(rules: rules, month: month)
        for (place, lines) in files.enumerated() {
            var pieces = [bytes(lines)]
            run.readReceipts(named: "file\(place + 1)", decode: decode) { pieces.popLast() }
        }
        if let entitlements { try run.readEntitlements(Array(entitlements.utf8)) }
        if let facts { try run.readFacts(Array(facts.utf8)) }
        return run.report()
    }

    /// The certificate of the sample receipt, valid for the fiscal year.
    static let entitlements = """
        [{"payer": "54136015", "recipient": "1234566", "validFrom": "2026-04-01",
          "validTo": "2027-03-31", "dateOfBirth": "1990-01-02", "sex": "2", "monthlyCap": 10000}]
        """
}

extension MonthReport {
    /// Reason codes of one claim, the leading one first.
    func reasons(_ claim: Int) -> [String] { verdicts.findings(of: claim).map(\.reason.code) }

    var object: JSONObject? { try? JSON(reading: json(all: true)).object }
}

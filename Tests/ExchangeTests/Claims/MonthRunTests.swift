import Exchange
import Foundation
import TestSupport
import Testing

@Suite struct MonthRunTests {
    typealias Receipt = ClaimSamples.Receipt

    /// A certificate of the generated month; recipients count up from 1.
    struct Holder {
        let recipient: String
        let birth: String
        let sex: String
        var validFrom = "2026-04-01"
        var validTo = "2027-03-31"

        var json: String {
            let day = "\(birth.prefix(4))-\(birth.dropFirst(4).prefix(2))-\(birth.suffix(2))"
            return """
                {"payer": "54136015", "recipient": "\(recipient)", "validFrom": "\(validFrom)",
                 "validTo": "\(validTo)", "dateOfBirth": "\(day)", "sex": "\(sex)",
                 "monthlyCap": 10000}
                """
        }
    }

    static func recipient(_ body: Int) -> String {
        let digits = String(100_000 + body).map { $0.wholeNumberValue ?? 0 }
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let product = place % 2 == 0 ? digit * 2 : digit
            sum += product / 10 + product % 10
        }
        return "\(100_000 + body)\((10 - sum % 10) % 10)"
    }

    static func month(_ count: Int, seed: UInt64) -> (holders: [Holder], receipts: [Receipt]) {
        var random = Seeded(seed)
        var holders: [Holder] = []
        var receipts: [Receipt] = []
        for body in 0..<count {
            let birth = "\(random.int(1940...2000))0\(random.int(1...9))\(random.int(10...28))"
            let holder = Holder(
                recipient: recipient(body), birth: birth, sex: "\(random.int(1...2))")
            let copay = random.int(0...10_000)
            receipts.append(
                Receipt(
                    number: body + 1, sex: holder.sex, birth: birth,
                    points: max(1, copay / 2),
                    publics: ["54136015,\(holder.recipient),,1,\(max(1, copay / 2)),\(copay),,,,,"],
                    days: random.oneIn(3) ? [] : [random.int(1...28)]))
            holders.append(holder)
        }
        return (holders, receipts)
    }

    @Test(arguments: Seeded.seeds(20))
    func `a month in which nothing is wrong raises no alarm`(_ seed: UInt64) throws {
        let (holders, receipts) = Self.month(60, seed: seed)
        let report = try ClaimSamples.run(
            [ClaimSamples.file(receipts)],
            entitlements: "[\(holders.map(\.json).joined(separator: ","))]",
            facts: """
                {"designations": [{"lawNumber": "54", "institution": "1319999996"}]}
                """)
        #expect(report.files[0].findings == [])
        #expect(report.verdicts.findings == [])
        #expect(report.total.accepted.count == 60)
        #expect(report.total.accepted.cost == receipts.reduce(0) { $0 + $1.points * 10 })
    }

    @Test func `each planted error is found, named, and no other claim is touched`() throws {
        var (holders, receipts) = Self.month(40, seed: 7)
        var facts = #"{"designations": [{"lawNumber": "54", "institution": "1319999996"}]"#
        receipts[0].publics[0].replace("54136015", with: "54136016")
        receipts[1].publics[0].replace(holders[1].recipient, with: "9999996")
        receipts[2].birth = "19391231"
        receipts[3].sex = receipts[3].sex == "1" ? "2" : "1"
        receipts[4].notes = "10"
        holders[5].validFrom = "2026-05-01"
        holders[6].validFrom = "2026-04-16"
        receipts[6].days = [15, 20]
        holders[7].validFrom = "2026-04-16"
        receipts[7].days = []
        receipts[8].type = "1132"
        receipts[8].publics = ["83136010,123,,1,100,0,,,,,"] + receipts[8].publics
        receipts[9].month = "202605"
        holders[9].validFrom = "2026-05-01"
        let twice = receipts[10]
        let key = { (place: Int) in
            #""payer": "54136015", "recipient": "\#(holders[place].recipient)""#
        }
        let at = #""institution": "1319999996", "month": "2026-04""#
        facts += #", "refunds": [{\#(key(11)), \#(at)}]"#
        facts += #", "elsewhere": ["83136010"]"#
        facts +=
            #", "insurerPeriods": [{\#(key(12)), "insurer": "01130012", "#
            + #""from": "2020-04-01", "to": "2026-03-31"}]"#
        facts +=
            #", "checks": [{\#(key(13)), "institution": "1319999996", "#
            + #""day": "2026-04-09", "outcome": "ended"}]"#
        receipts[13].days = [9]
        facts += #", "payments": [{\#(key(14)), \#(at), "paidOn": "2026-06-21"}]"#
        facts += #", "deletions": [{\#(key(14)), "knownOn": "2026-07-01"}]"#
        facts += #", "caps": [{\#(key(15)), "month": "2026-04", "cap": 0}]}"#
        receipts[15].publics[0] =
            "54136015,\(holders[15].recipient),,1,\(receipts[15].points),700,,,,,"
        receipts.append(twice)
        receipts[40].number = 41
        let report = try ClaimSamples.run(
            [ClaimSamples.file(receipts)],
            entitlements: "[\(holders.map(\.json).joined(separator: ","))]", facts: facts)
        #expect(report.files[0].findings == [])
        let expected: [Int: [String]] = [
            0: ["BAD_PAYER_CHECK_DIGIT"], 1: ["RECIPIENT_UNKNOWN"], 2: ["PERSON_MISMATCH"],
            3: ["PERSON_MISMATCH"], 4: ["OTHER_PAYER"], 5: ["NOT_ELIGIBLE_ON_DATE"],
            6: ["NOT_ELIGIBLE_ON_DATE"], 7: ["PART_OF_MONTH"], 8: ["PUBLIC_ORDER_WRONG"],
            9: ["MONTH_AHEAD"], 11: ["ALREADY_REFUNDED"], 12: ["INSURER_LAPSED"],
            13: ["CHECK_ANSWERED_OTHERWISE"], 14: ["CLAWBACK (過誤)"], 15: ["OVER_MONTHLY_CAP"],
            40: ["DUPLICATE_RECEIPT"],
        ]
        for index in receipts.indices {
            #expect(report.reasons(index) == expected[index] ?? [], "claim \(index)")
        }
    }

    @Test func `every reason has its texts, and no report holds an individual number`() throws {
        let number = "123456789018"
        let entitlements = """
            [{"orgSpecificCertificateTypeId": "nanbyo", "myNumber": "\(number)",
              "basicFiveInfo": {"name": "試験　花子", "nameKana": "シケン　ハナコ", "address": "東京都",
              "dateOfBirth": "1990-01-03", "sex": "2"}, "isNotDisclosed": false,
              "medicalSubsidyInsurerNumber": "54136015", "certificationName": "特定医療費受給者証",
              "medicalSubsidyRecipientNumber": "1234566", "isAlwaysReimbursement": "0",
              "validFrom": "2026-04-01", "validTo": "2027-03-31", "certificationDetail": []}]
            """
        let report = try ClaimSamples.run(
            [ClaimSamples.file([.init()])], entitlements: entitlements)
        #expect(report.reasons(0) == ["PERSON_MISMATCH"])
        let text = String(decoding: report.json(all: true), as: UTF8.self)
        #expect(!text.contains(number) && !text.contains("花子"))
        for reason in ClaimReason.allCases {
            #expect(!reason.code.isEmpty)
        }
    }

    @Test func `registration rows entitle as registered, refused rows are told and entitle nobody`()
        throws
    {
        let row = { (recipient: String, born: String) in
            """
            {"orgSpecificCertificateTypeId": "nanbyo", "myNumber": "123456789018",
             "basicFiveInfo": {"name": "試験　花子", "address": "東京都", "dateOfBirth": "\(born)",
             "sex": "2"}, "isNotDisclosed": false, "medicalSubsidyInsurerNumber": "54136015",
             "certificationName": "特定医療費受給者証", "medicalSubsidyRecipientNumber": "\(recipient)",
             "isAlwaysReimbursement": "0", "validFrom": "2026-04-01", "validTo": "2027-03-31",
             "certificationDetail": []}
            """
        }
        let report = try ClaimSamples.run(
            [
                ClaimSamples.file([
                    .init(),
                    .init(number: 2, publics: ["54136015,9999996,,1,3000,0,,,,,"]),
                ])
            ],
            entitlements: "[\(row("1234566", "1990-01-02")), \(row("9999996", "1990-02-30"))]")
        #expect(report.reasons(0) == [])
        #expect(report.reasons(1) == ["RECIPIENT_UNKNOWN"])
        #expect(
            report.refusedRows.contains { $0.line == 2 && $0.item == "basicFiveInfo.dateOfBirth" })
    }

    @Test func `the ledger decides who collected in which order, across institutions`() throws {
        let second = ClaimSamples.header.replacingOccurrences(of: "9999996", with: "8888886")
        let pay = { (yen: Int) in
            Receipt(publics: ["54136015,1234566,,1,3000,\(yen),,,,,"])
        }
        var other = ClaimSamples.file([pay(6000)])
        other[0] = second
        let ledger = { (rows: [(String, Int)]) in
            let list = rows.map { institution, yen in
                #"{"payer": "54136015", "recipient": "1234566", "month": "2026-04", "#
                    + #""institution": "\#(institution)", "amount": \#(yen)}"#
            }
            return #"{"ledger": [\#(list.joined(separator: ","))]}"#
        }
        // Both claim 6,000 of a cap of 10,000. Without a ledger the later claim is over it.
        let files = [ClaimSamples.file([pay(6000)]), other]
        let plain = try ClaimSamples.run(files, entitlements: ClaimSamples.entitlements)
        #expect(plain.verdicts.standings == [.accepted, .questioned])
        // The ledger says that the second institution confirmed first.
        let told = try ClaimSamples.run(
            files, entitlements: ClaimSamples.entitlements,
            facts: ledger([("1318888886", 6000), ("1319999996", 6000)]))
        #expect(told.verdicts.findings.map(\.claim) == [0])
        #expect(
            told.verdicts.findings.map(\.evidence)
                == [.cap(cap: 10_000, claimed: 6000, expected: 4000)])
        // Under the cap, but not what was confirmed.
        let less = try ClaimSamples.run(
            [ClaimSamples.file([pay(3000)])], entitlements: ClaimSamples.entitlements,
            facts: ledger([("1319999996", 3500)]))
        #expect(less.reasons(0) == ["LEDGER_MISMATCH"])
        let exact = try ClaimSamples.run(
            [ClaimSamples.file([pay(7000)])], entitlements: ClaimSamples.entitlements,
            facts: ledger([("1319999996", 6000), ("1319999996", 1000)]))
        #expect(exact.verdicts.findings == [])
    }

    /// 110 and 295 yen are 110 and 300 at the counter, and 900 under a cap of 1,000 are then 590; the
    /// receipts say 110, 295 and 595.
    @Test(arguments: [
        ([110, 295, 595], []), ([110, 300, 590], []), ([110, 295, 590], []),
        ([110, 295, 601], ["2 OVER_MONTHLY_CAP"]), ([110, 289, 595], ["1 LEDGER_MISMATCH"]),
        ([110, 310, 570], ["1 LEDGER_MISMATCH", "2 LEDGER_MISMATCH"]),
    ])
    func `what the counter rightly collected stands, to 1 yen as to 10`(
        _ claimed: [Int], _ reasons: [String]
    ) throws {
        let codes = ["1319999996", "1318888886", "1317777776"]
        let files = zip(codes, claimed).map { code, yen in
            var lines = ClaimSamples.file([
                Receipt(publics: ["54136015,1234566,,1,3000,\(yen),,,,,"])
            ])
            lines[0] = ClaimSamples.header.replacingOccurrences(
                of: "9999996", with: code.suffix(7))
            return lines
        }
        let ledger = zip(codes, [110, 300, 590]).map { code, yen in
            #"{"payer": "54136015", "recipient": "1234566", "month": "2026-04", "#
                + #""institution": "\#(code)", "amount": \#(yen)}"#
        }
        let caps = #"[{"payer": "54136015", "recipient": "1234566", "cap": 1000}]"#
        let report = try ClaimSamples.run(
            files, entitlements: ClaimSamples.entitlements,
            facts: #"{"caps": \#(caps), "ledger": [\#(ledger.joined(separator: ","))]}"#)
        #expect(
            report.verdicts.findings.map { "\($0.claim) \($0.reason.code)" } == reasons)
        let plain = try ClaimSamples.run(
            files, entitlements: ClaimSamples.entitlements, facts: #"{"caps": \#(caps)}"#)
        let isOver = claimed.reduce(0, +) > 1000
        #expect(plain.verdicts.standings.contains(.questioned) == isOver)
    }

    @Test func `a month says which reasons it had no facts for`() throws {
        let files = [ClaimSamples.file([.init()])]
        let codes = { (report: MonthReport) in
            report.object?["notExamined"]?.array?.compactMap { $0.object?["code"]?.string }
        }
        #expect(
            try codes(ClaimSamples.run(files))
                == ["RECIPIENT_UNKNOWN", "INSURER_LAPSED", "NOT_DESIGNATED"])
        let told = try ClaimSamples.run(
            files, entitlements: ClaimSamples.entitlements,
            facts: """
                {"designations": [{"lawNumber": "54", "institution": "1319999996"}],
                 "insurerPeriods": [{"payer": "54136015", "recipient": "1234566",
                  "insurer": "01130012", "from": "2020-04-01"}]}
                """)
        #expect(codes(told) == [])
    }

    @Test func `a file without its header is claimed by nobody`() throws {
        let lines = Array(ClaimSamples.file([.init()]).dropFirst())
        let report = try ClaimSamples.run([lines], entitlements: ClaimSamples.entitlements)
        #expect(report.reasons(0) == ["RECORD_DAMAGED"])
        #expect(report.total.accepted.count == 0)
        #expect(!String(decoding: report.json(all: true), as: UTF8.self).contains("0000000000"))
    }

    @Test func `a receipt of insurance alone lacks no public payer, and one without a type does`()
        throws
    {
        let alone = Receipt(type: "1112", publics: [])
        let report = try ClaimSamples.run([ClaimSamples.file([alone])])
        #expect(report.verdicts.findings == [])
    }

    @Test func `a returned claim is withdrawn, and what takes its place is no duplicate`() throws {
        let again = Receipt(number: 2, search: "2026050000000000000000000000")
        let files = [ClaimSamples.file([.init(), again])]
        let twice = try ClaimSamples.run(files, entitlements: ClaimSamples.entitlements)
        #expect(twice.reasons(1).contains("DUPLICATE_RECEIPT"))
        let returned = try ClaimSamples.run(
            files, entitlements: ClaimSamples.entitlements,
            facts: """
                {"returns": [{"payer": "54136015", "recipient": "1234566",
                  "institution": "1319999996", "month": "2026-04"}]}
                """)
        #expect(returned.verdicts.findings == [])
        #expect(returned.total.accepted.count == 1)
    }

    @Test func `a damaged receipt is questioned and the total of the file told`() throws {
        var lines = ClaimSamples.file([.init()])
        lines[2] = lines[2].replacingOccurrences(of: ",3000,", with: ",30x0,")
        let report = try ClaimSamples.run([lines], entitlements: ClaimSamples.entitlements)
        #expect(report.reasons(0) == ["RECORD_DAMAGED"])
        #expect(report.files[0].findings.map(\.item) == ["HO.points"])
    }

    @Test func `totals and statements add up to the claims, in yen`() throws {
        let (holders, receipts) = Self.month(30, seed: 3)
        var broken = receipts
        broken[4].notes = "10"
        broken[9].publics[0].replace("54136015", with: "54136016")
        let report = try ClaimSamples.run(
            [ClaimSamples.file(broken)],
            entitlements: "[\(holders.map(\.json).joined(separator: ","))]")
        let total = report.total
        #expect(total.accepted.count == 28)
        #expect(total.questioned.count == 1)
        #expect(total.rejected.count == 1)
        #expect(total.questioned.cost == broken[4].points * 10)
        let statements = report.statements
        #expect(statements.map(\.payer) == [54_136_015, 54_136_016])
        #expect(
            statements.reduce(0) { $0 + $1.sums.accepted.copayment } == total.accepted.copayment)
        #expect(report.byPayer.map(\.sums.accepted.count) == [28, 0])
    }

    @Test func `the same files give the same bytes, and a row for each public payer`() throws {
        let (holders, receipts) = Self.month(20, seed: 9)
        let entitlements = "[\(holders.map(\.json).joined(separator: ","))]"
        let shuffled = "[\(holders.reversed().map(\.json).joined(separator: ","))]"
        let one = try ClaimSamples.run([ClaimSamples.file(receipts)], entitlements: entitlements)
        let two = try ClaimSamples.run([ClaimSamples.file(receipts)], entitlements: shuffled)
        #expect(one.json(all: true) == two.json(all: true))
        var rows: [[String]] = []
        one.forEachRow { rows.append($0) }
        #expect(rows.count == 20)
        #expect(rows.allSatisfy { $0.count == MonthReport.rowHeadings.count })
        // Without places the rows do not depend on how claims were spread over files.
        var digestOne: [[String]] = []
        one.forEachRow(places: false) { digestOne.append($0) }
        let moved = receipts.suffix(10) + receipts.prefix(10)
        let numbered = moved.enumerated().map { place, receipt in
            var receipt = receipt
            receipt.number = place + 1
            return receipt
        }
        let three = try ClaimSamples.run([ClaimSamples.file(numbered)], entitlements: entitlements)
        var digestThree: [[String]] = []
        three.forEachRow(places: false) { digestThree.append($0) }
        #expect(digestOne == digestThree)
    }

    // MARK: Rows

    private func rows(_ report: MonthReport, places: Bool = false) -> [[String]] {
        var rows: [[String]] = []
        report.forEachRow(places: places) { rows.append($0) }
        return rows
    }

    @Test func `a claim that names no public payer has a row, so that nobody misses it`() throws {
        let none = Receipt(number: 2, publics: [])
        let report = try ClaimSamples.run(
            [ClaimSamples.file([.init(), none])], entitlements: ClaimSamples.entitlements)
        let rows = rows(report, places: true)
        #expect(rows.count == 2)
        #expect(rows.allSatisfy { $0.count == MonthReport.rowHeadings.count })
        let row = try #require(rows.first { $0[3].isEmpty })
        #expect(row[4].isEmpty && row[5].isEmpty && row[6] == "3000" && row[9] != "accepted")
        #expect(row[10].contains("NO_PUBLIC_PAYER"))
    }

    /// By type the one without a payer would lie between two that their payers put the other way round.
    @Test func `rows come in one order, also of claims that name no public payer`() throws {
        let receipts = [
            Receipt(type: "1126", publics: ["51136018,1234566,,1,3000,6000,,,,,"]),
            Receipt(type: "1122", publics: []),
            Receipt(type: "1121", publics: ["54136015,1234566,,1,3000,6000,,,,,"]),
        ]
        var found: Set<[[String]]> = []
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let file = order.enumerated().map { place, index in
                var receipt = receipts[index]
                receipt.number = place + 1
                return receipt
            }
            found.insert(rows(try ClaimSamples.run([ClaimSamples.file(file)])))
        }
        #expect(found.count == 1)
    }

    /// 上限額の訂正: the reason is the same, and what the institution is told to have been right is not.
    @Test func `another amount behind the same reason is another run`() throws {
        let reports = try ["5000", "4000"].map { cap in
            try ClaimSamples.run(
                [ClaimSamples.file([.init()])],
                entitlements: ClaimSamples.entitlements.replacingOccurrences(
                    of: "10000", with: cap))
        }
        #expect(reports.allSatisfy { $0.reasons(0) == ["OVER_MONTHLY_CAP"] })
        #expect(rows(reports[0]) == rows(reports[1]))
        let digested = reports.map { report in
            var bytes: [UInt8] = []
            MonthSettlement.forEachDigested(of: report) { bytes += $0 }
            return bytes
        }
        #expect(digested[0] != digested[1])
    }

    @Test func `claims in JSON are claims like any other`() throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        try run.readClaims(
            named: "claims.json",
            Array(
                """
                {"claims": [{"institution": "1319999996", "month": "2026-04", "type": "1122",
                  "days": [9], "birthDate": "1990-01-02", "sex": "2", "points": 3000,
                  "publics": [{"payer": "54136015", "recipient": "1234566", "copayment": 6000,
                  "amount": 3000, "recomputedAmount": 3001}]}]}
                """.utf8))
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        let report = run.report()
        #expect(report.reasons(0) == ["AMOUNT_MISMATCH"])
        #expect(report.verdicts.findings.first?.evidence == .amount(claimed: 3000, expected: 3001))
    }

    @Test func `an amount recomputed by the caller is compared to the yen`() throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([.init()]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        run.recompute { _, parts in
            parts.map {
                ClaimReckoning.Expected(copayment: Int($0.copayment) - 1, amount: nil)
            }
        }
        #expect(run.report().reasons(0) == ["AMOUNT_MISMATCH"])
    }
}

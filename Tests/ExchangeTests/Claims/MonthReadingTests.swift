import Exchange
import Testing

/// The files of a month as they come: in any order, and refused by item where they cannot be read.
@Suite struct MonthReadingTests {
    /// A deletion of a PMH row is not dated; `deletions` date it, in whatever order the files come.
    @Test(arguments: [true, false])
    func `a deletion is found whichever file is read first`(_ isFirst: Bool) throws {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        var pieces = [ClaimSamples.bytes(ClaimSamples.file([.init()]))]
        run.readReceipts(named: "a", decode: ClaimSamples.decode) { pieces.popLast() }
        let key = #""payer": "54136015", "recipient": "1234566""#
        let facts = """
            {"deletions": [{\(key), "knownOn": "2026-07-01"}], "payments": [{\(key), \
            "institution": "1319999996", "month": "2026-04", "paidOn": "2026-06-21"}]}
            """
        if isFirst { try run.readFacts(Array(facts.utf8)) }
        try run.readEntitlements(Array(ClaimSamples.entitlements.utf8))
        if !isFirst { try run.readFacts(Array(facts.utf8)) }
        #expect(run.report().reasons(0) == ["CLAWBACK (過誤)"])
    }

    @Test(arguments: [
        (#"{"caps": [{"payer": "54136015"}]}"#, "caps[0].cap"),
        (#"{"caps": [{"payer": "541", "cap": 1}]}"#, "caps[0].payer"),
        (
            #"{"deletions": [{"payer": "54136015", "knownOn": "2026-02-30"}]}"#,
            "deletions[0].knownOn"
        ),
        (#"{"capz": []}"#, "capz"),
        (#"{"caps": [{"payer": "54136015", "cap": 1, "yen": 2}]}"#, "caps[0].yen"),
        (#"{"refunds": [{"payer": "54136015", "on": "2026-04-01"}]}"#, "refunds[0].on"),
        (
            #"""
            {"refunds": [{"payer": "54136015", "institution": "1319999996", "month": "2026-04",
             "day": "2026-05-01"}]}
            """#, "refunds[0].day"
        ),
        (#"{"returns": [{"payer": "54136015", "day": "2026-04-01"}]}"#, "returns[0].day"),
        (
            #"{"persons": [{"payer": "54136015", "birthDate": "1990-01-02"}]}"#,
            "persons[0].birthDate"
        ),
        (#"{"schemes": [{"payer": "83136010", "age": 3}]}"#, "schemes[0].age"),
        (
            #"{"schemes": [{"payer": "54136015", "ageBelow": 100000000}]}"#,
            "schemes[0].ageBelow"
        ),
        (
            #"{"schemes": [{"payer": "54136015", "ageFrom": 20, "ageBelow": 19}]}"#,
            "schemes[0].ageBelow"
        ),
        (
            #"{"designations": [{"lawNumber": "+5", "institution": "1319999996"}]}"#,
            "designations[0].lawNumber"
        ),
        (#"{"checks": [{"payer": "54136015", "on": "2026-04-01"}]}"#, "checks[0].on"),
        (
            #"{"deletions": [{"payer": "54136015", "knownAt": "2026-04-01"}]}"#,
            "deletions[0].knownAt"
        ),
        (#"{"insurerPeriods": [{"payer": "54136015", "till": ""}]}"#, "insurerPeriods[0].till"),
        (#"{"ledger": [{"payer": "54136015", "yen": 3}]}"#, "ledger[0].yen"),
        (#"{"payments": [{"payer": "54136015", "day": "2026-06-21"}]}"#, "payments[0].day"),
    ])
    func `a fact that cannot be read names its item`(_ facts: String, _ item: String) {
        #expect {
            try ClaimSamples.run([ClaimSamples.file([.init()])], facts: facts)
        } throws: { error in
            (error as? Refusal).map { RuleFault($0, file: "").path } == item
        }
    }

    @Test(arguments: [
        (#""typo": 1"#, "claims[0].typo"), (#""payer": "54136015""#, "claims[0].payer"),
        (#""publics": [{"payer": "54136015", "copay": 1}]"#, "claims[0].publics[0].copay"),
        (
            #""points": 700, "publics": [{"payer": "54136015", "points": 701}]"#,
            "claims[0].publics[0].points"
        ),
        (
            #"""
            "publics": [{"payer": "54136015", "recipient": "1234566"},
             {"payer": "54136015", "recipient": "1234566"}]
            """#, "claims[0].publics[1].recipient"
        ),
        (#""dutyReason": "x""#, "claims[0].dutyReason"), (#""type": "+122""#, "claims[0].type"),
        (#""birthDate": "2026-05-01""#, "claims[0].birthDate"),
        (#""birthDate": "2026-04-10", "days": [9]"#, "claims[0].birthDate"),
        (#""paidOn": "2026-03-31""#, "claims[0].paidOn"),
    ])
    func `a claim in JSON that cannot be read names its item`(_ more: String, _ item: String) {
        var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
        let text = #"{"claims": [{"institution": "1319999996", "month": "2026-04", \#(more)}]}"#
        #expect {
            try run.readClaims(named: "claims.json", Array(text.utf8))
        } throws: { error in
            (error as? Refusal).map { RuleFault($0, file: "").path } == item
        }
    }

    @Test func `a claim in JSON has room for four public payers, as a receipt has`() throws {
        func read(_ count: Int) throws -> Int {
            var run = MonthRun(rules: ClaimSamples.rules, month: ClaimSamples.month)
            let publics = Array(repeating: #"{"payer": "54136015"}"#, count: count)
            let text = """
                {"claims": [{"institution": "1319999996", "month": "2026-04",
                  "publics": [\(publics.joined(separator: ","))]}]}
                """
            try run.readClaims(named: "claims.json", Array(text.utf8))
            return run.batch.parts(of: 0).count
        }
        for count in 3...4 { #expect(try read(count) == count) }
        #expect(throws: Refusal.tooMany("claims[0].publics")) { try read(5) }
    }
}

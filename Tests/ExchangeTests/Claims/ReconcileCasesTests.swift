import Exchange
import Foundation
import Testing

@Suite struct ReconcileCasesTests {
    private func read(_ json: [UInt8]) throws -> (answers: [JSONObject], unread: Int) {
        let (bytes, unread) = try ReconcileCases(rules: ClaimSamples.rules).answers(to: json)
        let data = try #require(JSON(reading: bytes).object?["data"]?.array)
        return (data.compactMap(\.object), unread)
    }

    private func answers(_ json: String) throws -> [JSONObject] {
        try read(Array(json.utf8)).answers
    }

    private func answer(_ given: String) throws -> JSONObject {
        try #require(answers(#"{"data": [{"id": "X", "given": \#(given)}]}"#).first)
    }

    @Test func `every published case gives its reason, its standing and its amounts`() throws {
        let published = try Vectors.rows("reconciliation")
        let file = JSON.array(published.map { .object($0) }).text
        let (answers, unread) = try read(Array(file.utf8))
        #expect(answers.count == 13 && unread == 0)
        for (answer, row) in zip(answers, published) {
            #expect(answer["id"] == row["id"])
            for item in ["reason", "standing", "expectedCopays", "difference"]
            where row[item] != nil {
                #expect(answer[item] == row[item], "\(row["id"]?.string ?? "") \(item)")
            }
            #expect(answer["reasons"]?.array?.isEmpty == false)
        }
    }

    /// The published checklist again, each with facts of its own, and beside each what is just right.
    @Test(
        arguments: [
            (
                #"{"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-03-31"}"#,
                nil
            ),
            (
                #"{"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-04-01"}"#,
                "NOT_ELIGIBLE_ON_DATE"
            ),
            (
                #"{"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2025-03-31"}"#,
                "NOT_ELIGIBLE_ON_DATE"
            ),
            (#"{"payer": "54136015"}"#, nil), (#"{"payer": "54016027"}"#, nil),
            (#"{"payer": "01040013"}"#, nil), (#"{"payer": "80130001"}"#, "BAD_PAYER_CHECK_DIGIT"),
            (#"{"payer": "54136015", "recipient": "1234566", "register": ["1234566"]}"#, nil),
            // That the register has it says nothing of when, where the case does.
            (
                #"""
                {"payer": "54136015", "recipient": "1234566", "register": ["1234566"],
                 "validTo": "2026-03-31", "service": "2026-04-01"}
                """#,
                "NOT_ELIGIBLE_ON_DATE"
            ),
            (
                #"""
                {"payer": "54136015", "recipient": "1234566", "register": ["1234566", "9999996"],
                 "validTo": "2026-03-31", "service": "2026-03-31"}
                """#,
                nil
            ),
            (
                #"{"payer": "54136015", "recipient": "9999996", "register": ["1234566"]}"#,
                "RECIPIENT_UNKNOWN"
            ),
            (
                #"""
                {"claims": [{"institution": "1310000001", "month": "2026-04", "type": "1122",
                  "publics": [{"payer": "54136015", "recipient": "1234566"}]},
                 {"institution": "1310000001", "month": "2026-04", "type": "1122",
                  "publics": [{"payer": "54136015", "recipient": "1234566"}]}]}
                """#, "DUPLICATE_RECEIPT"
            ),
            (
                #"""
                {"claims": [{"institution": "1310000001", "month": "2026-04", "type": "1122",
                  "publics": [{"payer": "54136015", "recipient": "1234566"}]},
                 {"institution": "1310000001", "month": "2026-04", "type": "1121",
                  "publics": [{"payer": "54136015", "recipient": "1234566"}]}]}
                """#, nil
            ),
            (
                #"{"birthDate": "1990-01-02", "registeredBirthDate": "1990-01-03"}"#,
                "PERSON_MISMATCH"
            ),
            (#"{"birthDate": "1990-01-02", "registeredBirthDate": "1990-00-00"}"#, nil),
            (#"{"sex": "1", "registeredSex": "2"}"#, "PERSON_MISMATCH"),
            (
                #"{"insurer": "01130012", "insurerTo": "2026-04-15", "service": "2026-04-16"}"#,
                "INSURER_LAPSED"
            ),
            (#"{"insurer": "01130012", "insurerTo": "2026-04-15", "service": "2026-04-15"}"#, nil),
            (#"{"payers": ["83136010", "54136015"]}"#, "PUBLIC_ORDER_WRONG"),
            (#"{"payers": ["54136015", "83136010"]}"#, nil),
            (#"{"payers": ["54136015", "15136013"]}"#, "PUBLIC_ORDER_WRONG"),
            (#"{"payers": ["10136018", "21136015", "80136013"]}"#, nil),
            (#"{"payers": ["83", "54"]}"#, "PUBLIC_ORDER_WRONG"),
            (#"{"payers": ["54", "83"]}"#, nil),
            (
                #"{"payer": "54136015", "recipient": "9999996", "service": "2026-04-02"}"#,
                "RECIPIENT_UNKNOWN"
            ),
            (#"{"claimed": 253637, "recomputed": 253638}"#, "AMOUNT_MISMATCH"),
            (#"{"claimed": 253638, "recomputed": 253638}"#, nil),
            (
                #"{"birthDate": "2008-04-02", "service": "2026-04-02", "ageBelow": 18}"#,
                "AGE_OUT_OF_RANGE"
            ),
            (#"{"birthDate": "2008-04-02", "service": "2026-04-01", "ageBelow": 18}"#, nil),
            (
                #"""
                {"birthDate": "2008-04-01", "service": "2026-04-01", "ageBelow": 18,
                 "ageEnds": "fiscal-year-end"}
                """#,
                "AGE_OUT_OF_RANGE"
            ),
            (
                #"""
                {"birthDate": "2008-04-02", "service": "2027-03-31", "ageBelow": 18,
                 "ageEnds": "fiscal-year-end"}
                """#,
                nil
            ),
            (
                #"{"birthDate": "2008-04-02", "service": "2026-04-01", "ageFrom": 150}"#,
                "AGE_OUT_OF_RANGE"
            ),
            (#"{"birthDate": "2008-04-02", "service": "2026-04-01", "ageBelow": 150}"#, nil),
            (
                #"{"payer": "52136017", "birthDate": "2005-01-01", "service": "2026-04-02"}"#,
                "AGE_OUT_OF_RANGE"
            ),
            (#"{"specialNotes": ["10"]}"#, "OTHER_PAYER"), (#"{"specialNotes": ["29"]}"#, nil),
            (#"{"dutyReason": "1"}"#, "OTHER_PAYER"),
            (#"{"payer": "54136015", "designated": false}"#, "NOT_DESIGNATED"),
            (#"{"payer": "54136015", "designated": true}"#, nil),
            (#"{"payer": "82137530", "designated": false}"#, nil),
            (
                #"""
                {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
                 "paidOn": "2026-04-21", "isDeleted": true, "knownOn": "2026-05-10"}
                """#, "CLAWBACK (過誤)"
            ),
            (
                #"""
                {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
                 "isDeleted": true, "knownOn": "2026-05-10"}
                """#, "NOT_ELIGIBLE_ON_DATE"
            ),
            (
                #"""
                {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
                 "paidOn": "2026-04-21", "isDeleted": true, "knownOn": "2026-04-21"}
                """#, "CLAWBACK (過誤)"
            ),
            (
                #"""
                {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
                 "paidOn": "2026-04-21", "isDeleted": true, "knownOn": "2026-04-20"}
                """#, "NOT_ELIGIBLE_ON_DATE"
            ),
            (
                #"""
                {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
                 "paidOn": "2026-04-21", "isDeleted": true}
                """#, "NOT_ELIGIBLE_ON_DATE"
            ),
            (#"{"recipient": "1234566", "cap": 5000, "payer": "54136015"}"#, nil),
            (
                #"{"recipient": "1234566", "payer": "54136015", "designated": true}"#,
                "RECIPIENT_UNKNOWN"
            ),
            (
                #"{"claims": [{"institution": "1310000001", "month": "2026-04"}]}"#,
                "NO_PUBLIC_PAYER"
            ),
            (
                #"""
                {"claims": [{"institution": "1310000001", "month": "2026-04", "type": "1112"}]}
                """#, nil
            ),
            (#"{"insurerTo": "2026-04-15", "service": "2026-04-16"}"#, "INSURER_LAPSED"),
            // Beside several payers, what the case says is said of each of them.
            (#"{"payers": ["54"], "designated": true}"#, nil),
            (#"{"payers": ["54"], "designated": false}"#, "NOT_DESIGNATED"),
            (#"{"payers": ["54136015", "83136010"], "designated": true}"#, nil),
            (#"{"payers": ["54", "83"], "designated": false}"#, "NOT_DESIGNATED"),
            (
                #"""
                {"payers": ["54136015"], "validFrom": "2025-04-01", "validTo": "2026-03-31",
                 "service": "2026-02-02"}
                """#, nil
            ),
            (
                #"""
                {"payers": ["54136015", "83136010"], "recipient": "1234566",
                 "validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-02"}
                """#, nil
            ),
            (
                #"""
                {"payers": ["54136015", "83136010"], "validFrom": "2025-04-01",
                 "validTo": "2026-03-31", "service": "2026-04-02"}
                """#, "NOT_ELIGIBLE_ON_DATE"
            ),
            (
                #"{"payers": ["54136015"], "recipient": "9999996", "register": ["1234566"]}"#,
                "RECIPIENT_UNKNOWN"
            ),
            (
                #"{"payers": ["54136015"], "recipient": "1234566", "register": ["1234566"]}"#,
                nil
            ),
            (
                #"""
                {"payers": ["54136015"], "birthDate": "1990-01-02",
                 "registeredBirthDate": "1990-01-03"}
                """#, "PERSON_MISMATCH"
            ),
            (
                #"{"payers": ["54"], "insurerTo": "2026-04-15", "service": "2026-04-16"}"#,
                "INSURER_LAPSED"
            ),
            (
                #"""
                {"payers": ["54136015"], "birthDate": "2008-04-01", "service": "2026-04-02",
                 "ageFrom": 19}
                """#, "AGE_OUT_OF_RANGE"
            ),
            (#"{"payers": ["54"], "claimed": 1, "recomputed": 2}"#, "AMOUNT_MISMATCH"),
            // An age of the case's own leaves the law's designation as it is.
            (
                #"{"payer": "54136015", "designated": false, "ageBelow": 90}"#,
                "NOT_DESIGNATED"
            ),
        ] as [(String, String?)])
    func `a case gives its reason, and one beside its edge gives none`(
        _ given: String, _ reason: String?
    ) throws {
        let answer = try answer(given)
        #expect(answer["problem"] == nil)
        #expect(answer["reason"] == reason.map { JSON.string($0) } ?? .null)
    }

    @Test(arguments: [
        (10_000, [6000, 3000, 4000], [6000, 3000, 1000], 3000),
        (10_000, [6000, 3000, 1000], [6000, 3000, 1000], 0),
        (10_000, [5700, 2250, 4300, 200], [5700, 2250, 2050, 0], 2450),
        (0, [10_000], [0], 10_000), (5000, [], [], 0),
    ])
    func `a cap is shared out in order of confirmation`(
        _ cap: Int, _ copays: [Int], _ expected: [Int], _ difference: Int
    ) throws {
        let answer = try answer(#"{"cap": \#(cap), "copays": \#(copays)}"#)
        #expect(answer["expectedCopays"]?.array?.compactMap(\.int) == expected)
        #expect(answer["difference"]?.int == difference)
        #expect(answer["reason"] == (difference > 0 ? .string("OVER_MONTHLY_CAP") : .null))
    }

    @Test func `evidence names the days and numbers, and what to do next in both languages`() throws
    {
        let answer = try answer(
            #"{"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-04-02"}"#)
        let reason = try #require(answer["reasons"]?.array?.first?.object)
        let evidence = try #require(reason["evidence"]?.object)
        #expect(evidence["service"]?.string == "2026-04-02")
        #expect(evidence["validTo"]?.string == "2026-03-31")
        for item in ["ja", "en", "nextJa", "nextEn"] {
            #expect(reason[item]?.string?.isEmpty == false)
        }
        let payer = try self.answer(#"{"payer": "54136016"}"#)
        let digit = payer["reasons"]?.array?.first?.object?["evidence"]?.object
        #expect(digit?["expectedCheckDigit"]?.int == 5)
    }

    @Test func `what a case leaves unsaid is in no answer`() throws {
        let evidence = { (given: String) in
            let answer = try answer(given)
            return try #require(
                answer["reasons"]?.array?.first?.object?["evidence"]?.object?.members.map(\.name))
        }
        #expect(
            try evidence(#"{"validTo": "2026-03-31", "service": "2026-04-02"}"#)
                == ["service", "validTo"])
        #expect(
            try evidence(#"{"validFrom": "2026-04-03", "service": "2026-04-02"}"#)
                == ["service", "validFrom"])
        #expect(
            try evidence(#"{"insurerTo": "2026-04-15", "service": "2026-04-16"}"#)
                == ["service", "insurerTo"])
        let order = try answer(#"{"payers": ["83", "54"]}"#)
        let text = JSON.object(order).text
        #expect(text.contains(#""payer":"54","placedAfter":"83""#))
        #expect(!text.contains("13601") && !text.contains("institution"))
    }

    @Test func `a deletion nobody dated asks, and says neither rejected nor clawed back`() throws {
        let undated = try answer(
            #"""
            {"validFrom": "2025-04-01", "validTo": "2026-03-31", "service": "2026-02-03",
             "paidOn": "2026-04-21", "isDeleted": true}
            """#)
        #expect(undated["standing"]?.string == "questioned")
    }

    @Test func `what is no case, or stands beside them, keeps no other from being answered`()
        throws
    {
        let good = #"{"id": 2, "given": {"payer": "54136016"}}"#
        for row in ["7", "null", "[]", #""text""#] {
            let (answers, unread) = try read(
                Array(#"{"source": "somebody", "data": [\#(row), \#(good)], "more": 1}"#.utf8))
            #expect(unread == 1)
            #expect(answers[0]["problem"]?.object?["item"]?.string == "data[0]")
            #expect(answers[1]["reason"]?.string == "BAD_PAYER_CHECK_DIGIT")
        }
        for text in ["7", "{}", #"{"data": 7}"#] {
            #expect(throws: Refusal.self) { try read(Array(text.utf8)) }
        }
    }

    @Test func `no problem speaks in names of the program`() throws {
        let publics = Array(repeating: #"{"payer": "54136015"}"#, count: 5)
            .joined(separator: ",")
        let claim =
            #"{"institution": "1310000001", "month": "2026-04", "publics": [\#(publics)]}"#
        for given in [
            #"{"claims": [\#(claim)]}"#,
            #"{"payer": "54136015", "recipient": "123456789018"}"#,
        ] {
            let problem = try #require(answer(given)["problem"]?.object)
            #expect(problem["item"]?.string?.isEmpty == false)
            for item in ["ja", "en"] {
                let text = try problem.requiredString(item)
                #expect(!text.contains("tooMany") && !text.contains("NotAllowed"))
                #expect(text.contains(problem["item"]?.string ?? "?"))
            }
        }
    }

    @Test(arguments: [
        (#"{"service": "2026-02-30"}"#, "given.service"), (#"{"payer": "5413601"}"#, "given.payer"),
        (#"{"copays": [1, -2], "cap": 3}"#, "given.copays"), (#"{"copays": [1]}"#, "given.cap"),
        (#"{"dutyReason": "x"}"#, "given.dutyReason"), (#"{"sex": "男"}"#, "given.sex"),
        (#"{"specialNotes": ["+9"]}"#, "given.specialNotes"),
        (#"{"payer": "54136015", "recipent": "1"}"#, "given.recipent"),
        (#"{"claims": [], "payer": "54136015"}"#, "given.payer"),
        (#"{"birthDate": "2026-04-03", "service": "2026-04-02"}"#, "given.birthDate"),
        (#"{"paidOn": "2026-04-01", "service": "2026-04-02"}"#, "given.paidOn"),
        (
            #"{"validFrom": "2026-04-02", "validTo": "2026-04-01", "service": "2026-04-02"}"#,
            "given.validTo"
        ),
        (
            #"{"insurerFrom": "2026-04-02", "insurerTo": "2026-04-01", "service": "2026-04-02"}"#,
            "given.insurerTo"
        ),
        (#"{"designated": false}"#, "given.payer"), (#"{"designated": true}"#, "given.payer"),
        (#"{"payers": ["54"], "payer": "54136015"}"#, "given.payer"),
        (#"{"payers": ["54", "83"], "claimed": 1, "recomputed": 2}"#, "given.claimed"),
        (#"{"payers": ["54", "83"], "recomputed": 2}"#, "given.recomputed"),
        (#"{"payers": ["54", "83"], "cap": 9, "copays": [1]}"#, "given.copays"),
        (#"{"payer": "54136015", "recipient": "123456789018"}"#, "given.recipient"),
        (#"{"payer": "54136015", "recipient": "1234 5678 9018"}"#, "given.recipient"),
        (#"{"payer": "54136015", "recipient": ""}"#, "given.recipient"),
        (#"{"payer": "54136015", "register": ["123456789018"]}"#, "given.register"),
        (#"{"birthDate": "2000-01-01", "ageBelow": 10000000}"#, "given.ageBelow"),
        (#"{"birthDate": "2000-01-01", "ageFrom": 2147483647}"#, "given.ageFrom"),
        (#"{"birthDate": "2000-01-01", "ageBelow": 151}"#, "given.ageBelow"),
        (#"{"birthDate": "2000-01-01", "ageFrom": 151}"#, "given.ageFrom"),
        (#"{"birthDate": "2000-01-01", "ageBelow": 0}"#, "given.ageBelow"),
        (#"{"birthDate": "2000-01-01", "ageFrom": 18, "ageBelow": 18}"#, "given.ageBelow"),
    ])
    func `a case that cannot be read says where, and the others are answered`(
        _ given: String, _ item: String
    ) throws {
        let file =
            #"{"data": [{"id": 1, "given": \#(given)}, {"id": 2, "given": {"payer": "54136016"}}]}"#
        let (both, unread) = try read(Array(file.utf8))
        #expect(unread == 1)
        #expect(both[0]["reason"] == .null)
        #expect(both[0]["problem"]?.object?["item"]?.string?.hasSuffix(item) == true)
        #expect(both[1]["reason"]?.string == "BAD_PAYER_CHECK_DIGIT")
    }
}

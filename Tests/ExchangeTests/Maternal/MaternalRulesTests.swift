import Exchange
import Testing

@Suite struct MaternalRulesTests {
    static let faults: [(file: String, old: String, new: String, path: String, reason: String)] = [
        (
            "child.json", #""from": { "exceedsMonths": 18 }"#, #""from": { "exceedsMonths": 25 }"#,
            "checkups[7].to", "is before from"
        ),
        (
            "child.json", #""to": { "belowMonths": 48 }"#, #""to": { "belowYears": 4 }"#,
            "checkups[8].to.belowYears", "is unknown"
        ),
        (
            "child.json", #""to": { "belowMonths": 48 }"#,
            #""to": { "belowMonths": 48, "day": 3 }"#,
            "checkups[8].to", "is not one of day, exceedsMonths, belowMonths"
        ),
        (
            "child.json", #""basis": "when-referred""#, #""basis": "sometimes""#,
            "checkups[1].basis", "is none of statutory, recommended, when-referred"
        ),
        (
            "child.json", #""code": "infant-3y""#, #""code": "infant-18m""#,
            "checkups[8].effectiveFrom", "overlaps another row of the same checkup"
        ),
        (
            "child.json", #""item": "hip""#, #""item": "hop""#,
            "checkups[4].items", "hop is not in maternal/items.json"
        ),
        (
            "child.json", "child-history-3y", "child-history-4y",
            "checkups[8].questionnaires", "names an unknown questionnaire"
        ),
        (
            "pregnancy.json", #""questionnaires": ["prenatal"]"#,
            #""questionnaires": ["postnatal"]"#,
            "questionnaires", "names an unknown questionnaire"
        ),
        (
            "items.json", #""kind": "day""#, #""kind": "date""#,
            "items[38].kind", "is none of quantity, choice, day, text"
        ),
        (
            "items.json", #""dataSet": "minimum","# + "\n" + #"      "sensitive": false"#,
            #""dataSet": "minimum","# + "\n" + #"      "sensitive": true"#,
            "items[80].sensitive", "is true for an item of the minimum data set"
        ),
        (
            "items.json", #""followUp": "hearing-examination""#, #""followUp": "safety""#,
            "items[53].sensitive", "is false for an item that asks for a sensitive follow-up"
        ),
        (
            "postpartum.json", #""postpartum-judgement", "required": false"#,
            #""postpartum-judgement", "required": true"#,
            "checkups[0].items", "postpartum-judgement is sensitive, and asked of every report"
        ),
        (
            "pregnancy.json", #""partner-violence", "required": false"#,
            #""partner-violence", "required": true"#,
            "items", "partner-violence is sensitive, and asked of every report"
        ),
        (
            "questionnaire-1m.json", #""followUp": "guidance""#, #""followUp": "safety""#,
            "items[10].sensitive", "is false for a question that asks for a sensitive follow-up"
        ),
        (
            "questionnaire-epds.json", #""sensitive": true"#, #""sensitive": false"#,
            "rules[0].followUp", "is sensitive, and the question is not"
        ),
        (
            "questionnaire-epds.json", #""epds-total""#, #""systolic""#, "item",
            "systolic is open, and the question is sensitive"
        ),
        (
            "items.json", #""sensitiveConsentKind": "maternal-sensitive""#,
            #""sensitiveConsentKind": "maternal""#,
            "sensitiveConsentKind", "is no sensitive consent kind of the field maternal"
        ),
        (
            "items.json", #""code": "gestational-days""#, #""code": "gestational-weeks""#,
            "items[1].code", "is given twice"
        ),
        (
            "child.json", #""checkup": "newborn-hearing""#, #""checkup": "hearing""#,
            "checkups",
            "newborn-hearing-repeat is referred by a checkup or follow-up that is not there"
        ),
        (
            "follow-up.json", #""code": "loss-support""#, #""code": "support""#,
            "lossSupport", "is not in maternal/follow-up.json"
        ),
        (
            "follow-up.json", #""dueDays": 0"#, #""dueDays": 367"#,
            "followUps[6].dueDays", "is not within 0…366"
        ),
        (
            "pregnancy.json", #""fromWeek": 24"#, #""fromWeek": 25"#,
            "bands[1].fromWeek", "does not follow the weeks before it"
        ),
        (
            "pregnancy.json", "[8, 12, 16, 20]", "[8, 12, 17, 20]",
            "bands[0].visitWeeks", "are not everyWeeks apart"
        ),
        (
            "pregnancy.json", "[8, 12, 16, 20]", "[8, 12, 16, 24]",
            "bands[0].visitWeeks", "has what is not within 0…23"
        ),
        (
            "pregnancy.json", #""standardVisits": 14"#, #""standardVisits": 19"#,
            "standardVisits", "is not within 1…18"
        ),
        (
            "pregnancy.json", #""code": "from-36""#, #""code": "24-35""#, "bands[2].code",
            "is given twice"
        ),
        (
            "pregnancy-terms.json", #""code": "term""#, #""code": "preterm""#, "terms[2].code",
            "is given twice"
        ),
        (
            "pregnancy-tests.json", #""gbs"]"#, #""gbs2"]"#,
            "tests", "gbs names an item that is not in maternal/items.json"
        ),
        (
            "pregnancy-terms.json", #""fromWeek": 37"#, #""fromWeek": 36"#,
            "terms[2].fromWeek", "does not follow the weeks before it"
        ),
        (
            "questionnaire-epds.json", #""totalAtLeast": 9"#, #""totalAtLeast": 31"#,
            "rules[1].totalAtLeast", "is not within 1…30"
        ),
        (
            "questionnaire-epds.json", #""question": "10""#, #""question": "11""#,
            "rules[0].question", "is none of the questions"
        ),
        (
            "questionnaire-epds.json", #""followUp": "self-harm""#, #""followUp": "call""#,
            "rules[0].followUp", "is not in maternal/follow-up.json"
        ),
        (
            "questionnaire-epds.json", #""linkId": "2""#, #""linkId": "1""#,
            "items[1].linkId", "is given twice"
        ),
        (
            "growth-2023.json", "2.32, 2.58", "2.58, 2.58",
            "measures[0].rows[0].male", "does not rise"
        ),
        (
            "growth-2023.json", "3.06, 3.31, 3.56, 3.81", "3.06, 3.31, 3.56",
            "measures[0].rows[0].male", "has not 7 values"
        ),
        (
            "growth-2023.json", #""fromMonths": 2,"#, #""fromMonths": 1,"#,
            "measures[0].rows[3].fromMonths", "does not follow the class before it"
        ),
        (
            "growth-2023.json", #""unit": "kg""#, #""unit": "g""#,
            "measures[0].unit", "is not the item's unit"
        ),
        (
            "tickets/132101.json", #""body": "132101""#, #""body": "132102""#,
            "body", "is no local government code"
        ),
        (
            "tickets/132101.json", #"["prenatal"]"#, #"["antenatal"]"#,
            "tickets[0].checkups", "names an unknown checkup"
        ),
        (
            "tickets/222216.json", #""kind": "postpartum""#, #""kind": "prenatal""#,
            "tickets[1].effectiveFrom", "overlaps another row of the same kind"
        ),
        (
            "prices/132101.json", #""infant-18m""#, #""infant-2y""#, "prices[1].checkup",
            "is unknown"
        ),
        (
            "questionnaire-epds.json", #""epds-total""#, #""total""#, "item",
            "is not in maternal/items.json"
        ),
    ]

    @Test(arguments: faults)
    func `a wrong file is refused by file, place and reason`(
        file: String, old: String, new: String, path: String, reason: String
    ) throws {
        let files = Profiles.replacing("maternal/" + file, old, new)
        let fault = try #require(throws: RuleFault.self) { try MaternalRules(reading: files) }
        #expect(fault.reason == reason)
        // A follow-up that is gone is missed where it is named.
        #expect(fault.file == "maternal/" + (path == "lossSupport" ? "pregnancy-terms.json" : file))
        #expect(fault.path == path)
        #expect(throws: fault) { try RuleBook(reading: files, version: "v") }
    }

    /// Rules that an older release loaded took the judgement for open, and asked it of every report.
    @Test func `kept rules are held to what their follow-ups are`() throws {
        var files = Profiles.replacing(
            "maternal/postpartum.json", #""postpartum-judgement", "required": false"#,
            #""postpartum-judgement", "required": true"#)
        let path = "maternal/items.json"
        let text = String(decoding: try #require(files[path]), as: UTF8.self)
        let place = try #require(text.firstRange(of: #""code": "postpartum-judgement""#)).lowerBound
        let rest = text[place...].replacing(
            #""sensitive": true"#, with: #""sensitive": false"#, maxReplacements: 1)
        files[path] = Array((text[..<place] + rest).utf8)
        #expect(throws: RuleFault.self) { try RuleBook(reading: files, version: "v") }
        let kept = try RuleBook(reading: files, version: "v", isKept: true)
        let rules = try #require(kept.maternal)
        #expect(rules.items.isSensitive("postpartum-judgement"))
        let scale = CheckupResult(
            checkup: "postpartum-2w", day: MaternalCase.day("2026-05-01"),
            entries: [.init(item: "epds-total", value: .quantity("3", unit: "{score}"))])
        let delivered = CheckupOrigin.delivery(MaternalCase.day("2026-04-17"))
        #expect(rules.check(scale, of: delivered, in: .sensitive).findings.isEmpty)
    }

    static let files = Profiles.files.keys.filter {
        $0.hasPrefix("maternal/") && !$0.dropFirst("maternal/".count).contains("/")
    }.sorted()

    @Test(arguments: files)
    func `no file of the field can be missing, cut off, or without its source`(
        file: String
    ) throws {
        var fewer = Profiles.files
        fewer[file] = nil
        #expect(throws: RuleFault.self) { try MaternalRules(reading: fewer) }
        var cut = Profiles.files
        cut[file] = try #require(cut[file]).dropLast(3)
        let fault = try #require(throws: RuleFault.self) { try MaternalRules(reading: cut) }
        #expect(fault.file == file)
        let unsourced = Profiles.replacing(file, #""source":"#, #""sauce":"#)
        let missing = try #require(throws: RuleFault.self) {
            try MaternalRules(reading: unsourced)
        }
        #expect(missing.file == file)
    }

    /// 妊娠中のEPDS: a town that asks it before pregnancy checkups writes one word.
    @Test func `a scored form before a pregnancy checkup asks for its follow-up`() throws {
        let result = CheckupResult(
            checkup: "prenatal", day: MaternalCase.day("2026-05-01"),
            entries: [.init(item: "epds-total", value: .quantity("9", unit: "{score}"))])
        let due = CheckupOrigin.pregnancy(MaternalCase.due("2026-09-01"))
        let asking = try MaternalRules(
            reading: Profiles.replacing(
                "maternal/pregnancy.json", #""questionnaires": ["prenatal"]"#,
                #""questionnaires": ["prenatal", "epds"]"#))
        let found = asking.check(result, of: due, in: .sensitive)
        #expect(found.followUps.contains("maternal-support"))
        let unasked = MaternalCase.rules.check(result, of: due, in: .sensitive)
        #expect(unasked.followUps.isEmpty)
    }

    @Test func `a rule that ended gives way to the next one`() throws {
        let files = Profiles.replacing(
            "maternal/tickets/222216.json", #""effectiveFrom": "2024-04-01""#,
            #""effectiveFrom": "2024-04-01", "effectiveTo": "2027-03-31""#)
        let rules = try MaternalRules(reading: files)
        let last = MaternalCase.day("2027-03-31")
        #expect(rules.tickets(of: "222216", on: last).count == 4)
        #expect(rules.tickets(of: "222216", on: last.adding(days: 1)).isEmpty)
        #expect(rules.tickets(of: "132101", on: last.adding(days: 1)).count == 5)
    }
}

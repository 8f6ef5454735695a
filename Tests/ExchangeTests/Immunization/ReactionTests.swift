import Exchange
import Testing

/// 副反応疑い報告の期間 (予防接種法施行規則5条), the day before, on and after the end of each.
@Suite struct ReactionTests {
    struct Case: Sendable {
        let vaccine: String
        let symptom: String
        let given: String
        let onset: String
        let standing: ReactionStanding
    }

    static let cases: [Case] =
        [
            // アナフィラキシー: 4時間, of any vaccine.
            Case(
                vaccine: "bcg", symptom: "anaphylaxis", given: "2026-06-01T10:00:00+09:00",
                onset: "2026-06-01T13:59:59+09:00", standing: .withinPeriod),
            Case(
                vaccine: "bcg", symptom: "anaphylaxis", given: "2026-06-01T10:00:00+09:00",
                onset: "2026-06-01T14:00:00+09:00", standing: .withinPeriod),
            Case(
                vaccine: "bcg", symptom: "anaphylaxis", given: "2026-06-01T10:00:00+09:00",
                onset: "2026-06-01T14:00:01+09:00", standing: .outsidePeriod),
            Case(
                vaccine: "nobody-knows", symptom: "anaphylaxis", given: "2026-06-01",
                onset: "2026-06-01", standing: .withinPeriod),
            // Without a time of day it may have been four hours; two days later it cannot.
            Case(
                vaccine: "bcg", symptom: "anaphylaxis", given: "2026-06-01", onset: "2026-06-02",
                standing: .withinPeriod),
            Case(
                vaccine: "bcg", symptom: "anaphylaxis", given: "2026-06-01", onset: "2026-06-03",
                standing: .outsidePeriod),
        ]
        + boundary("dpt-ipv-hib", "convulsion", days: 7)
        + boundary("dpt-ipv-hib", "thrombocytopenic-purpura", days: 28)
        + boundary("dpt-ipv", "encephalitis", days: 28)
        + boundary("mr", "convulsion", days: 21) + boundary("mr", "adem", days: 28)
        + boundary("je", "convulsion", days: 7) + boundary("je", "encephalitis", days: 28)
        + boundary("rv1", "intussusception", days: 21)
        + [
            Case(
                vaccine: "mr", symptom: "intussusception", given: "2026-06-01",
                onset: "2026-06-02", standing: .noPeriod),
            Case(
                vaccine: "mr", symptom: "other", given: "2026-06-01", onset: "2026-06-02",
                standing: .noPeriod),
        ]

    private static func boundary(_ vaccine: String, _ symptom: String, days: Int) -> [Case] {
        [-1, 0, 1].map { beyond in
            Case(
                vaccine: vaccine, symptom: symptom, given: "2026-03-01",
                onset: CalendarDay(daysSince1970: 20_513 + days + beyond).text,
                standing: beyond <= 0 ? .withinPeriod : .outsidePeriod)
        }
    }

    private static func body(_ row: Case, _ changes: [(String, String)] = []) -> [UInt8] {
        var text = """
            {"resourceType":"AdverseEvent","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"v-1"}],\
            "identifier":{"system":"https://clinic.example/reaction","value":"ae-1"},\
            "actuality":"actual","event":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:vaccine-reaction","code":"\(row.symptom)"}]},\
            "subject":{"reference":"Patient/pw-1"},"date":"\(row.onset)",\
            "recorder":{"display":"見本 医師"},"suspectEntity":[{"extension":[{\
            "url":"urn:tsunagi:StructureDefinition:suspected-dose","extension":[{"url":"vaccine",\
            "valueCodeableConcept":{"coding":[{"system":"urn:vendor","code":"x"}],\
            "text":"\(row.vaccine)"}},{"url":"given","valueDateTime":"\(row.given)"}]}],\
            "instance":{"display":"?"}}]}
            """
        for (old, new) in changes { text = text.replacing(old, with: new) }
        return Array(text.utf8)
    }

    private static func read(_ body: [UInt8]) throws -> SubmittedReaction {
        try SubmittedReaction(
            reading: body, today: CalendarDay("2026-06-15"), VaccinationCase.rules())
    }

    @Test(arguments: cases)
    func `the duty stands as long as the ordinance says`(row: Case) throws {
        let sent = try Self.read(Self.body(row))
        #expect(try VaccinationCase.rules().standing(of: sent.reaction) == row.standing)
    }

    @Test func `what is kept reads as what was sent`() throws {
        let rules = try VaccinationCase.rules()
        for row in Self.cases {
            let sent = try Self.read(Self.body(row)).reaction
            #expect(try VaccineReaction(face: sent.face(rules)) == sent)
        }
    }

    static let faults: [(old: String, new: String, refusal: Refusal)] = [
        (#""actuality":"actual""#, #""actuality":"potential""#, .malformed("actuality")),
        (#""actuality":"actual","#, "", .missing("actuality")),
        (#""identifier":"#, #""identifer":"#, .unknownItem("identifer")),
        (#""date":"2026-06-01T13:59:59+09:00","#, "", .missing("date")),
        ("T13:59:59", "T09:59:59", .malformed("date")),
        ("2026-06-01T13:59:59+09:00", "2026-06-16", .malformed("date")),
        ("2026-06-01T13:59:59+09:00", "2026-06", .malformed("date")),
        (#""code":"anaphylaxis""#, #""code":"no-such""#, .malformed("event.coding")),
        (#""recorder":{"display":"見本 医師"},"#, "", .missing("recorder")),
        (
            #""url":"given""#, #""url":"givn""#,
            .missing("suspectEntity[0].extension(suspected-dose).extension(given)")
        ),
        (
            "suspected-dose", "no-such", .missing("suspectEntity[0].instance.reference")
        ),
    ]

    @Test(arguments: faults.indices)
    func `what is wrong is refused by name`(_ index: Int) throws {
        let (old, new, refusal) = Self.faults[index]
        #expect(throws: refusal) { try Self.read(Self.body(Self.cases[0], [(old, new)])) }
    }
}

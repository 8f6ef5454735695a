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
        + periods.flatMap { $0 }
        + [
            Case(
                vaccine: "mr", symptom: "intussusception", given: "2026-06-01",
                onset: "2026-06-02", standing: .noPeriod),
            Case(
                vaccine: "mr", symptom: "other", given: "2026-06-01", onset: "2026-06-02",
                standing: .noPeriod),
        ]

    private static let periods: [[Case]] = [
        boundary("dpt-ipv-hib", "convulsion", days: 7),
        boundary("dpt-ipv-hib", "thrombocytopenic-purpura", days: 28),
        boundary("dpt-ipv", "encephalitis", days: 28),
        boundary("mr", "convulsion", days: 21),
        boundary("mr", "adem", days: 28),
        boundary("je", "convulsion", days: 7),
        boundary("je", "encephalitis", days: 28),
        boundary("rv1", "intussusception", days: 21),
        boundary("dt", "convulsion", days: 7),
        boundary("ipv", "encephalitis", days: 28),
        boundary("hpv9", "guillain-barre", days: 28),
        boundary("hepb", "multiple-sclerosis", days: 28),
        boundary("influenza", "convulsion", days: 7),
        boundary("influenza", "nephrotic-syndrome", days: 28),
        boundary("ppsv23", "cellulitis", days: 7),
        boundary("covid", "febrile-convulsion", days: 7),
        // 血管迷走神経反射: 30分; 喘息発作: 24時間.
        clock("hpv9", "vasovagal-syncope", ["10:29:59", "10:30:00", "10:30:01"]),
        clock("influenza", "asthma-attack", ["09:59:59", "10:00:00", "10:00:01"], days: 1),
        // BCG: by the calendar, not by days.
        calendar("skin-tuberculosis-like", given: "2026-03-01"),
        calendar("suppurative-lymphadenitis", given: "2026-02-01"),
        calendar("disseminated-bcg", given: "2025-06-01"),
        calendar("bcg-osteitis", given: "2024-06-01"),
    ]

    /// Around the end of a period that ends on 2026-06-01.
    private static func calendar(_ symptom: String, given: String) -> [Case] {
        ["2026-05-31", "2026-06-01", "2026-06-02"].map { onset in
            Case(
                vaccine: "bcg", symptom: symptom, given: given, onset: onset,
                standing: onset <= "2026-06-01" ? .withinPeriod : .outsidePeriod)
        }
    }

    /// Given at ten o'clock; the last of these times is past the period.
    private static func clock(
        _ vaccine: String, _ symptom: String, _ times: [String], days: Int = 0
    ) -> [Case] {
        times.map { time in
            Case(
                vaccine: vaccine, symptom: symptom, given: "2026-06-01T10:00:00+09:00",
                onset: "2026-06-0\(1 + days)T\(time)+09:00",
                standing: time == times.last ? .outsidePeriod : .withinPeriod)
        }
    }

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

    /// Of which symptoms of its own the rules hold a period, anaphylaxis apart, which every vaccine has.
    private static func own(_ vaccine: String, _ rules: ImmunizationRules) throws -> Set<String> {
        var symptoms: Set<String> = []
        for symptom in rules.reactions.symptoms.map(\.code) where symptom != "anaphylaxis" {
            let row = Case(
                vaccine: vaccine, symptom: symptom, given: "2026-06-01", onset: "2026-06-01",
                standing: .withinPeriod)
            let sent = try read(
                body(
                    row,
                    [
                        (
                            #"{"system":"urn:vendor","code":"x"}"#,
                            #"{"system":"urn:tsunagi:CodeSystem:vaccine","code":"\#(vaccine)"}"#
                        )
                    ]))
            if rules.standing(of: sent.reaction) != .noPeriod { symptoms.insert(symptom) }
        }
        return symptoms
    }

    @Test func `every vaccine of the Act has its rows, but those whose rows nobody here has read`()
        throws
    {
        let rules = try VaccinationCase.rules()
        let routine = rules.programmes.filter { $0.category != .voluntary }
        var without: Set<String> = []
        for vaccine in Set(routine.flatMap { rules.vaccines(of: $0) }) {
            if try Self.own(vaccine, rules).isEmpty { without.insert(vaccine) }
        }
        #expect(
            without.isSubset(of: ["zoster", "zoster-live", "zoster-recombinant", "rsv-maternal"]))
    }

    static let rows: [(vaccine: String, symptoms: Set<String>)] = [
        ("dt", ["convulsion", "thrombocytopenic-purpura", "encephalitis"]),
        ("measles", ["adem", "convulsion", "thrombocytopenic-purpura", "encephalitis"]),
        ("je", ["adem", "convulsion", "thrombocytopenic-purpura", "encephalitis"]),
        (
            "bcg",
            [
                "suppurative-lymphadenitis", "disseminated-bcg", "bcg-osteitis",
                "skin-tuberculosis-like",
            ]
        ),
        ("hib", ["convulsion", "thrombocytopenic-purpura"]),
        (
            "hpv9",
            ["adem", "guillain-barre", "vasovagal-syncope", "thrombocytopenic-purpura"]
        ),
        ("varicella", ["thrombocytopenic-purpura"]), ("rv5", ["intussusception"]),
        (
            "hepb",
            [
                "adem", "guillain-barre", "optic-neuritis", "myelitis", "multiple-sclerosis",
                "peripheral-neuropathy",
            ]
        ),
        (
            "ppsv23",
            [
                "guillain-barre", "thrombocytopenic-purpura", "injection-site-necrosis",
                "cellulitis",
            ]
        ),
        (
            "covid",
            [
                "thrombosis-with-thrombocytopenia", "myocarditis", "pericarditis",
                "febrile-convulsion",
            ]
        ),
    ]

    @Test(arguments: rows.indices)
    func `a vaccine has the rows of its disease and no other`(_ place: Int) throws {
        let (vaccine, symptoms) = Self.rows[place]
        #expect(try Self.own(vaccine, VaccinationCase.rules()) == symptoms)
    }

    @Test(arguments: ["4", "h", "0h", "4w", "-4h", "4 h", "３d", "3m"])
    func `a period that is no time is refused with its row`(within: String) throws {
        let files = Profiles.replacing(
            "immunization/reactions.json", #""within": "4h""#, #""within": "\#(within)""#)
        #expect(throws: RuleFault.self) { try ImmunizationRules(reading: files) }
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
        ("2026-06-01T13:59:59+09:00", "2026-06-16", .dayAhead("date")),
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

import Exchange
import TestSupport
import Testing

/// A record is taken whole, as given, or refused by the name of what is wrong.
@Suite struct VaccinationRecordTests {
    @Test func `a whole record is taken as given`() throws {
        let sent = try VaccinationSample.read(VaccinationSample.record)
        #expect(sent.visitID == "visit-1")
        #expect(sent.patientID == "pw-1")
        #expect(try sent.vaccination.warnings(VaccinationCase.rules()) == [])
        #expect(sent.vaccination.quantity?.value == "0.50")
        #expect(sent.vaccination.occurrence.day == (try CalendarDay("2026-06-15")))
        let rules = try VaccinationCase.rules()
        let dose = try #require(sent.vaccination.dose(rules))
        #expect(dose.number == 1)
        #expect(dose.vaccine == rules.vaccine(named: "MR")?.vaccine)
    }

    /// Of one copied from a handbook, which may know no more than the year.
    @Test(arguments: [
        ("2026", true), ("2026-06", true), ("2026-06-15", true), ("2026-06-16", false),
        ("2026-07", false), ("2027", false), ("2999-01", false), ("2999", false),
    ])
    func `a dose of a day, month or year to come is refused`(time: String, isTaken: Bool) throws {
        let copied = try VaccinationSample.record(
            #""status":"completed""#, #""status":"completed","primarySource":false"#)
        let text = try VaccinationSample.replacing(copied, "2026-06-15T10:00:00+09:00", time)
        #expect(
            try VaccinationSample.refusal(text)
                == (isTaken ? nil : .dayAhead("occurrenceDateTime")))
    }

    @Test(arguments: [("true", 0), ("false", 1)])
    func `less than a dose does not count as one`(isSubpotent: String, count: Int) throws {
        let text = try VaccinationSample.record(
            #""status":"completed""#, #""status":"completed","isSubpotent":"# + isSubpotent)
        let rules = try VaccinationCase.rules()
        let given = try VaccinationSample.read(text).vaccination
        #expect([given.dose(rules)].compactMap(\.self).count == count)
        // Two who tell of it still tell of one.
        #expect(rules.duplicates(of: given.counted, among: [given.counted]).count == 1)
    }

    static let gists: [(old: String, new: String)] = [
        ("FAKE01", "FAKE01"),
        (#""status":"completed""#, #""status":"completed","isSubpotent":true"#),
        (#""status":"completed""#, #""status":"entered-in-error""#),
        (#""doseNumberPositiveInt":1"#, #""doseNumberString":"追加""#),
        (#""code":"mr"}"#, #""code":"mr","display":"ミールビック"}"#),
        ("2026-06-15T10:00:00+09:00", "2026-06-14T23:30:00Z"),
    ]

    @Test(arguments: gists.indices)
    func `what counts of a record is read of its gist as of the whole`(row: Int) throws {
        let (old, new) = Self.gists[row]
        let given = try VaccinationSample.read(VaccinationSample.record(old, new)).vaccination
        let whole = given.face(recordedBy: try VaccinationSample.party())
        #expect(try CountedVaccination(face: given.counted.face) == given.counted)
        #expect(try CountedVaccination(face: whole) == given.counted)
        #expect(given.counted.face.utf8.count * 2 < whole.utf8.count)
    }

    @Test(arguments: [
        ("resourceType", "resourceType"), ("identifier", "identifier"), ("status", "status"),
        ("vaccineCode", "vaccineCode"), ("patient", "patient"), ("lotNumber", "lotNumber"),
        ("occurrenceDateTime", "occurrenceDateTime"), ("doseQuantity", "doseQuantity"),
        ("performer", "performer"), ("protocolApplied", "protocolApplied"),
        ("extension", "extension(visit)"),
    ])
    func `removing what is required is refused by name`(member: String, item: String) throws {
        let text = try VaccinationSample.record(without: member)
        #expect(try VaccinationSample.refusal(text) == .missing(item))
    }

    static let faults: [(old: String, new: String, refusal: Refusal)] = [
        (#""lotNumber":"FAKE01""#, #""lotnumber":"FAKE01""#, .unknownItem("lotnumber")),
        (#""lotNumber":"FAKE01""#, #""lotNumber":" ""#, .malformed("lotNumber")),
        (
            #""lotNumber":"FAKE01""#, #""lotNumber":"123456789018""#,
            .individualNumberNotAllowed("lotNumber")
        ),
        (#""status":"completed""#, #""status":"done""#, .malformed("status")),
        (#""status":"completed""#, #""status":"not-done""#, .missing("statusReason")),
        (#""code":"mr""#, #""code":"mmr-x""#, .vaccineUnknown("vaccineCode.coding[0].code")),
        (
            #""code":"mr"}"#,
            #""code":"mr"},{"system":"http://hl7.org/fhir/sid/cvx","code":"119"}"#,
            .malformed("vaccineCode.coding[1].code")
        ),
        (
            #"{"coding":[{"system":"urn:tsunagi:CodeSystem:vaccine","code":"mr"}],"text":"MRワクチン"}"#,
            "{}", .missing("vaccineCode.coding")
        ),
        ("2026-06-15T10:00:00+09:00", "2026-06-16", .dayAhead("occurrenceDateTime")),
        ("2026-06-15T10:00:00+09:00", "2026-02-30", .malformed("occurrenceDateTime")),
        ("2026-06-15T10:00:00+09:00", "2026-06-15T10:00:00", .zoneMissing("occurrenceDateTime")),
        // A month names no day, and the sender knows on which day it was.
        ("2026-06-15T10:00:00+09:00", "2026-06", .missing("occurrenceDateTime")),
        (
            #""expirationDate":"2027-03-31""#, #""expirationDate":"2027-02-29""#,
            .malformed("expirationDate")
        ),
        (#""value":0.50"#, #""value":0"#, .malformed("doseQuantity.value")),
        (#""value":0.50"#, #""value":-0.5"#, .malformed("doseQuantity.value")),
        (#","code":"mL""#, "", .missing("doseQuantity.code")),
        (
            #""value":0.50"#, #""value":0.50,"comparator":"<""#,
            .unknownItem("doseQuantity.comparator")
        ),
        (
            #"{"display":"架空 太郎"}"#, #"{"reference":"Practitioner/d1"}"#,
            .missing("performer[0].actor.display")
        ),
        (
            #"{"display":"架空 太郎"}"#,
            #"{"identifier":{"system":"http://jpfhir.jp/fhir/core/IdSystem/"#
                + #"insurance-medical-institution-no","value":"1310000001"}}"#,
            .malformed("performer[0].actor.identifier.value")
        ),
        (
            #""doseNumberPositiveInt":1"#, #""doseNumberPositiveInt":0"#,
            .malformed("protocolApplied[0].doseNumberPositiveInt")
        ),
        (
            #""doseNumberPositiveInt":1"#, #""series":"MR""#,
            .missing("protocolApplied[0].doseNumberPositiveInt")
        ),
        (
            #""doseNumberPositiveInt":1"#, #""doseNumberPositiveInt":1,"doseNumberString":"1期""#,
            .duplicateItem("protocolApplied[0].doseNumberString")
        ),
        (
            #""valueCode":"routine""#, #""valueCode":"free""#,
            .malformed("extension(vaccination-basis).valueCode")
        ),
        (
            #","value":"im-1"}]"#, #","value":"im-1"},{"system":"a","value":"b"}]"#,
            .duplicateItem("identifier[1]")
        ),
        (#""system":"https://clinic.example/immunization","#, "", .missing("identifier[0].system")),
        (#""patient":{"#, #""reaction":[],"patient":{"#, .unknownItem("reaction")),
        (#""patient":{"#, #""contained":[],"patient":{"#, .unknownItem("contained")),
        (
            #""patient":{"#, #""modifierExtension":[],"patient":{"#,
            .unknownItem("modifierExtension")
        ),
        ("Patient/pw-1", "Group/pw-1", .malformed("patient.reference")),
        (
            #""valueCode":"routine"}"#,
            #""valueCode":"routine"},{"url":"urn:tsunagi:StructureDefinition:needle-override","#
                + #""extension":[{"url":"rule","valueCode":"interval"}]}"#,
            .missing("extension[2].extension(reason)")
        ),
        (
            #""valueCode":"routine"}"#,
            #""valueCode":"routine"},{"url":"urn:tsunagi:StructureDefinition:screening","extension":[]}"#,
            .missing("extension(screening).extension(decision)")
        ),
    ]

    @Test(arguments: faults)
    func `what is wrong is named`(old: String, new: String, refusal: Refusal) throws {
        let text = try VaccinationSample.record(old, new)
        #expect(try VaccinationSample.refusal(text) == refusal)
    }

    static let remarks: [(old: String, new: String, warnings: [VaccinationWarning])] = [
        (
            #"{"system":"urn:tsunagi:CodeSystem:vaccine","code":"mr"}],"text":"MRワクチン""#,
            #"{"system":"http://medis.or.jp/CodeSystem/master-HOT9","code":"999999901"}]"#,
            [.vaccineUnknown]
        ),
        (#""code":"mr"}],"text":"MRワクチン""#, #""code":"rota"}]"#, [.productUnspecified]),
        ("2027-03-31", "2026-06-14", [.expired]),
        ("2027-03-31", "2026-06-15", []),
        // A month on a label is its last day.
        ("2027-03-31", "2026-06", []),
        ("2027-03-31", "2026-05", [.expired]),
        (#","expirationDate":"2027-03-31""#, "", [.expiryUnsaid]),
    ]

    @Test(arguments: remarks)
    func `what is odd is taken with a warning`(
        old: String, new: String, warnings: [VaccinationWarning]
    ) throws {
        let sent = try VaccinationSample.read(VaccinationSample.record(old, new))
        #expect(try sent.vaccination.warnings(VaccinationCase.rules()) == warnings)
    }

    @Test func `a copied dose needs no lot, and its day may be lost`() throws {
        let text = #"""
            {"resourceType":"Immunization",
             "extension":[{"url":"urn:tsunagi:StructureDefinition:visit","valueString":"v"}],
             "identifier":[{"system":"s","value":"1"}],"status":"completed","primarySource":false,
             "vaccineCode":{"text":"ポリオ"},"patient":{"reference":"Patient/p"},
             "occurrenceString":"生後6か月ごろ"}
            """#
        let sent = try VaccinationSample.read(text)
        #expect(try sent.vaccination.warnings(VaccinationCase.rules()).contains(.dayUnknown))
        let dose = try #require(sent.vaccination.dose(VaccinationCase.rules()))
        #expect(dose.day == nil)
    }

    @Test func `a dose that was not given, or withdrawn, is no dose`() throws {
        let rules = try VaccinationCase.rules()
        let withdrawn = try VaccinationSample.read(
            VaccinationSample.record(#""completed""#, #""entered-in-error""#))
        #expect(withdrawn.vaccination.dose(rules) == nil)
        let postponed = try VaccinationSample.read(
            VaccinationSample.record(
                #""status":"completed""#,
                #""status":"not-done","statusReason":{"text":"発熱のため延期"}"#))
        #expect(postponed.vaccination.dose(rules) == nil)
        #expect(postponed.vaccination.statusReason?.text == "発熱のため延期")
    }

    @Test(arguments: Seeded.seeds(300))
    func `what is written is read as it was`(seed: UInt64) throws {
        var numbers = Seeded(seed)
        let vaccination = try Self.any(&numbers)
        let version = try VaccinationSample.version(vaccination)
        let bytes = version.render(as: "pw-1", visitID: "visit-1")
        let again = try SubmittedVaccination(
            reading: bytes, institution: VaccinationSample.party(),
            today: CalendarDay(VaccinationSample.today), VaccinationCase.rules())
        #expect(again.vaccination == vaccination)
        #expect(again.visitID == "visit-1")
        #expect(again.patientID == "pw-1")
        let face = vaccination.face(recordedBy: try VaccinationSample.party())
        #expect(try Vaccination(face: face) == vaccination)
        #expect(!face.contains("visit-1") && !face.contains("Patient/"))
        // Another reader gets no visit, and its own id.
        let elsewhere = String(decoding: version.render(as: "other"), as: UTF8.self)
        #expect(!elsewhere.contains("visit-1") && !elsewhere.contains("pw-1"))
    }

    private static func text(_ numbers: inout Seeded) -> String {
        var digitless = String.UnicodeScalarView()
        for scalar in numbers.text(scalarsMax: 12).unicodeScalars
        where scalar.properties.numericType == nil {
            digitless.append(scalar)
        }
        return "x" + String(digitless)
    }

    private static func concept(_ numbers: inout Seeded) -> Concept {
        let codes = (0..<numbers.int(0...2)).map { _ in
            Concept.Code(
                system: numbers.oneIn(2) ? "urn:example:" + text(&numbers) : nil,
                version: numbers.oneIn(4) ? "1" : nil, code: text(&numbers),
                display: numbers.oneIn(2) ? text(&numbers) : nil)
        }
        return Concept(
            codes: codes, text: codes.isEmpty || numbers.oneIn(2) ? text(&numbers) : nil)
    }

    private static func concepts(_ numbers: inout Seeded) -> [Concept] {
        (0..<numbers.int(0...2)).map { _ in concept(&numbers) }
    }

    /// Any record a clinic could send, every optional part there or not.
    private static func any(_ numbers: inout Seeded) throws -> Vaccination {
        let times = ["2026-06-15", "2026-06-14T23:59:59.5+09:00", "2025-12-31T15:00:00Z"]
        var record = Vaccination(
            identifier: RecordIdentifier(system: text(&numbers), value: text(&numbers)),
            status: numbers.pick(Vaccination.Status.allCases), vaccine: concept(&numbers),
            occurrence: .time(try GivenTime(numbers.pick(times))))
        record.statusReason = record.status == .notDone ? concept(&numbers) : nil
        record.recorded = numbers.oneIn(2) ? try GivenTime(numbers.pick(times)) : nil
        record.isPrimarySource = numbers.oneIn(2)
        if !record.isPrimarySource, numbers.oneIn(2) { record.occurrence = .text(text(&numbers)) }
        record.reportOrigin = numbers.oneIn(2) ? concept(&numbers) : nil
        record.vial = Vaccination.Vial(
            manufacturer: numbers.oneIn(2) ? text(&numbers) : nil, lotNumber: text(&numbers),
            expiry: numbers.oneIn(2) ? try GivenTime(numbers.pick(["2027-03", "2027-03-31"])) : nil)
        record.site = numbers.oneIn(2) ? concept(&numbers) : nil
        record.route = numbers.oneIn(2) ? concept(&numbers) : nil
        record.quantity = Vaccination.DoseQuantity(
            value: numbers.pick(["0.5", "0.50", "1"]), unit: numbers.oneIn(2) ? "mL" : nil,
            system: "http://unitsofmeasure.org", code: "mL")
        record.performers = [
            Vaccination.Performer(
                function: numbers.oneIn(2) ? concept(&numbers) : nil,
                identifier: numbers.oneIn(2) ? RecordIdentifier(system: "s", value: "1") : nil,
                name: text(&numbers))
        ]
        record.notes = (0..<numbers.int(0...2)).map { _ in
            Vaccination.Note(time: nil, text: text(&numbers))
        }
        try addRest(to: &record, &numbers)
        return record
    }

    private static func addRest(to record: inout Vaccination, _ numbers: inout Seeded) throws {
        record.reasons = concepts(&numbers)
        record.isSubpotent = numbers.pick([nil, true, false])
        record.subpotentReasons = concepts(&numbers)
        record.programEligibility = concepts(&numbers)
        record.fundingSource = numbers.oneIn(2) ? concept(&numbers) : nil
        record.protocols = (0..<numbers.int(1...2)).map { _ in
            Vaccination.AppliedProtocol(
                series: numbers.oneIn(2) ? text(&numbers) : nil, targetDiseases: concepts(&numbers),
                doseNumber: numbers.oneIn(2) ? .number(numbers.int(1...4)) : .text(text(&numbers)),
                seriesDoses: numbers.pick([nil, .number(3), .text("3")]))
        }
        record.basis = numbers.pick([.routine, .voluntary])
        record.nextDue = numbers.oneIn(2) ? try CalendarDay("2026-07-20") : nil
        record.manufactured = numbers.oneIn(2) ? try CalendarDay("2025-07-20") : nil
        record.certificated = numbers.oneIn(2) ? try CalendarDay("2025-09-20") : nil
        record.screening = numbers.pick([
            nil, .init(code: .mayVaccinate, responseID: "qr-1"),
            .init(code: .postponed, responseID: nil),
        ])
        record.overrides = (0..<numbers.int(0...2)).map { _ in
            NeedleOverride(rule: "interval", reason: text(&numbers))
        }
    }

    /// A month alone is no day to sign for, and a page that looked whole would be believed.
    @Test func `a card has its doses by their day, and its page says how many it leaves out`()
        throws
    {
        func version(_ id: String, on day: String) throws -> VaccinationVersion {
            let told = try VaccinationSample.record("2026-06-15T10:00:00+09:00", day)
            let copied = try VaccinationSample.replacing(
                told, #""status":"completed","#, #""status":"completed","primarySource":false,"#)
            return try VaccinationSample.version(
                VaccinationSample.read(copied).vaccination, id: id)
        }
        func card(_ held: [VaccinationVersion]) throws -> HealthCard? {
            HealthCard(
                issuer: "https://tsunagi.example", id: "card-1",
                issuedAt: try Instant("2026-06-15T10:05:00+09:00"),
                of: ("見本　花子", try CalendarDay("2025-06-01")), held: held,
                try VaccinationCase.rules())
        }
        let rules = try VaccinationCase.rules()
        let days = [
            try version("a", on: "2026-06-10"), try version("b", on: "2026-06-12"),
            try version("c", on: "2026-06-01"), try version("d", on: "2026-06-10"),
        ]
        let whole = try #require(try card(days))
        #expect(whole.doses.map(\.id) == ["c", "a", "d", "b"])
        #expect(!String(decoding: whole.page(codes: [], rules), as: UTF8.self).contains("このほかに"))
        let month = try version("e", on: "2026-05")
        let part = try #require(try card([month] + days))
        #expect(part.doses == whole.doses)
        let page = String(decoding: part.page(codes: [], rules), as: UTF8.self)
        #expect(page.contains("確かめられない接種が1件") && page.contains("1 more"))
        #expect(try card([month]) == nil)
    }
}

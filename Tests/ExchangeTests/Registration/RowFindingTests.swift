import Exchange
import TestSupport
import Testing

@Suite struct RowFindingTests {
    @Test(arguments: RowCode.allCases)
    func `every code says in both languages what to do`(code: RowCode) throws {
        for item in ["basicFiveInfo.name", "myNumber", "certificationDetail[3].value", "unheardOf"]
        {
            let finding = RowFinding(index: 4, item: item, code: code)
            #expect(finding.ja.hasSuffix("。") && finding.ja.count > 20)
            #expect(finding.en.hasSuffix(".") && finding.en.count > 30)
            #expect(!finding.ja.contains("{") && !finding.en.contains("{"))
            // Japanese words stand in wide brackets; narrow ones are for names of items: `(myNumber)`.
            #expect(!finding.ja.contains(/\([^()]*[ぁ-んァ-ヶ一-龠][^()]*\)/), "\(finding.ja)")
            var writer = JSONWriter()
            finding.write(into: &writer)
            let written = try #require(try JSON(reading: writer.bytes).object)
            #expect(try written.requiredInt("line") == 5)
            #expect(try written.requiredString("code") == code.rawValue)
        }
    }

    /// What only the ledger can find; each other code is produced by a row in the tests beside this one.
    static let ofTheLedger: Set<RowCode> = [
        .notOwnResident, .custodyLost, .staleHistory, .ticketNotOpen, .priceOverlap, .cardOfAnother,
        .identityMismatch, .underReview, .anotherPerson, .sequenceReused, .dayAhead,
        .correctsAnother, .correctsUnknown,
        .unknownKey, .beforeBirth, .resultOfAnother, .resultUnknown, .resultWithdrawn,
        .outsideWindow, .notOfCheckup, .mergeNotResident, .mergeAlready,
        .mergeAlone, .mergeKind,
        .mergeCertificate, .mergeBills, .mergeDoses, .mergeQuestionnaires, .mergeMaternal,
        .mergeRelations, .mergeEmergency, .mergeUnderReview, .mergeUsed, .mergeHeld, .mergesTooMany,
        .secondPersonAwaited, .newerStands, .nothingStands, .pastDoseOfAnother, .pastDoseUnknown,
        .pastDoseWithdrawn,
        .doseKnown, .doseOutsideAct, .vaccineUnknown, .productUnspecified,
    ]

    @Test func `every code is produced by some row`() throws {
        var produced: Set<RowCode> = [.unknownType, .unknownCode]
        let changes =
            SubsidyRegistrationRowTests.spoilt.map(\.change)
            + SubsidyRegistrationRowTests.warned.map(\.change)
            + [["segment": "\"\(SubsidySample.number)\""]]
        for change in changes {
            let results = try SubsidySample.read(SubsidySample.row(change))
            produced.formUnion(results.flatMap(\.findings).map(\.code))
        }
        let twice = try SubsidySample.read(
            SubsidySample.row(), SubsidySample.row(), SubsidySample.row(["historyKey": #""h2""#]))
        produced.formUnion(twice.flatMap(\.findings).map(\.code))
        for (change, _, _) in FileCheckTests.spoilt {
            produced.formUnion(try FileSample.check(FileSample.file(FileSample.row(change))).codes)
        }
        // A damaged byte cannot be written in a table of texts; FileCheckTests have it.
        produced.insert(.unreadable)
        // Rows that are one receipt; PaymentListTests have them.
        produced.formUnion([.tooManyPublics, .receiptDiffers])
        // A row that contradicts itself; PriceListTests and GuardianshipRowTests have it.
        produced.insert(.contradicts)
        // Rows of a scheme master, each beside what the body has; SchemeMasterTests have them.
        produced.formUnion([.schemeOfAnother, .schemeOverlap, .consentDiffers])
        // Rows of seasons, each beside what the rules have; RegisteredSeasonTests have them.
        produced.formUnion([.seasonOfAnother, .seasonBeyondLaw, .seasonOverlap])
        // A row of an invitation; CampaignTests have it.
        produced.insert(.outsideSeason)
        // A row of what is sensitive that tells nothing; MassCheckupRowTests have it.
        produced.insert(.nothingFound)
        #expect(produced.union(Self.ofTheLedger) == Set(RowCode.allCases))
        #expect(produced.isDisjoint(with: Self.ofTheLedger))
    }

    static let places: [(String, String)] = [
        ("segment", #""N""#), ("certificationName", #""証 N 号""#), ("incomeSegment", #""N""#),
        ("additionalConditions", #""10-N""#), ("designatedMedicalInstitutions", #""N""#),
        ("certificationDetail", #"[{"a":["x",{"b":"備考:N"}]}]"#), ("certificationDetail", "[N]"),
        ("maxCopaymentAmount", #"{"month":N}"#), ("maxCopaymentAmount", #"{"N":1}"#),
        ("unheardOf", #""N""#), ("N", "1"), ("historyKey", #""N""#),
        ("certificationSubKey", #""key-N""#),
        ("medicalSubsidyRecipientNumber", #""N""#), ("orgSpecificCertificateTypeId", #""N""#),
        (
            "basicFiveInfo",
            #"{"name":"試験 N","nameKana":"x","address":"y","dateOfBirth":"2020-04-01","sex":"2"}"#
        ),
    ]

    @Test(arguments: Seeded.seeds(20))
    func `a person's number elsewhere refuses the row and is never repeated`(seed: UInt64) throws {
        var random = Seeded(seed)
        let number = random.individualNumber()
        for (item, value) in Self.places {
            let row = SubsidySample.row([
                "myNumber": "\"\(number)\"",
                item.replacing("N", with: number): value.replacing("N", with: number),
            ])
            // A JSON number cannot begin with a zero.
            guard let result = try? SubsidySample.read(row).first else { continue }
            guard case .failure(let refusal) = result else {
                Issue.record("taken: \(item)")
                continue
            }
            #expect(refusal.findings.contains { $0.code == .individualNumberElsewhere }, "\(item)")
            for finding in refusal.findings {
                var writer = JSONWriter()
                finding.write(into: &writer)
                let shown = writer.text + String(reflecting: finding) + "\(refusal)"
                #expect(!shown.contains(number) && !shown.contains(number.suffix(8)))
            }
        }
    }

    @Test(arguments: Seeded.seeds(40))
    func `a wrong number is never repeated either`(seed: UInt64) throws {
        var random = Seeded(seed)
        var wrong = random.individualNumber()
        let last = wrong.removeLast().wholeNumberValue ?? 0
        wrong += "\((last + random.int(1...9)) % 10)"
        let results = try SubsidySample.read(SubsidySample.row(["myNumber": "\"\(wrong)\""]))
        let findings = results[0].findings
        #expect(findings.map(\.code) == [.number])
        #expect(!findings.contains { ($0.ja + $0.en + "\($0)").contains(wrong) })
    }

    @Test(arguments: Seeded.seeds(100))
    func `damaged bodies never show a number`(seed: UInt64) throws {
        var random = Seeded(seed)
        let number = random.individualNumber()
        var bytes = Array("[\(SubsidySample.row(["myNumber": "\"\(number)\""]))]".utf8)
        for _ in 0..<random.int(1...4) {
            bytes[random.int(0...(bytes.count - 1))] = UInt8(random.int(0x20...0x7E))
        }
        do throws(Refusal) {
            let results = try readSubsidyRows(bytes, form: .difference)
            for finding in results.flatMap(\.findings) {
                #expect(!(finding.ja + finding.en + "\(finding)").contains(number))
            }
        } catch {
            #expect(!"\(error)\(error.ja)\(error.en)".contains(number))
        }
    }
}

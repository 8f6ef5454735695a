import Exchange
import TestSupport
import Testing

@Suite struct SubsidyRegistrationRowTests {
    @Test func `a correct row is read item by item and kept as written`() throws {
        let row = try #require(try SubsidySample.read(SubsidySample.row()).first).get()
        #expect(row.warnings.isEmpty)
        #expect(row.person.name == "試験 花子")
        #expect(row.person.dateOfBirth.day?.text == "2020-04-01")
        #expect(row.person.sex == .female)
        #expect(row.certificate.typeID == "kodomo01")
        #expect(row.certificate.payerNumber?.digits == "88113014")
        #expect(row.certificate.recipientNumber?.text == "1234566")
        #expect(row.certificate.additionalConditions.map(\.item) == ["10", "20"])
        #expect(row.certificate.validTo.text == "2027-03-31")
        #expect(row.certificate.maxCopaymentAmount?["perMonth"] == .number("2000"))
        #expect(row.historyKey == "h1" && !row.isDeleted)
        let expected = SubsidySample.row(["myNumber": nil, "basicFiveInfo": nil])
        #expect(row.face == expected)
        #expect(row.basicFiveInfo == SubsidySample.members[2].1)
        row.number.number?.withDigits { #expect($0.elementsEqual(SubsidySample.number.utf8)) }
    }

    @Test func `the full form needs neither history key nor deletion flag`() throws {
        let row = SubsidySample.row(["historyKey": nil, "isDeleted": nil])
        let full = try #require(try SubsidySample.read(row, form: .full).first).get()
        #expect(full.historyKey == nil && !full.isDeleted)
        let difference = try #require(try SubsidySample.read(row).first)
        #expect(difference.findings.map(\.item) == ["historyKey", "isDeleted"])
        #expect(difference.findings.map(\.code) == [.required, .required])
    }

    struct Spoilt: Sendable, CustomTestStringConvertible {
        let item: String
        let code: RowCode
        let change: [String: String?]
        var testDescription: String { "\(item) \(code.rawValue) \(change)" }

        init(_ item: String, _ code: RowCode, _ change: [String: String?]) {
            self.item = item
            self.code = code
            self.change = change
        }

        init(five item: String, _ code: RowCode, _ value: String?) {
            self.init(
                "basicFiveInfo.\(item)", code, ["basicFiveInfo": SubsidySample.five([item: value])])
        }
    }

    static let long = "\"\(String(repeating: "1a", count: 51))\""

    static let spoilt: [Spoilt] =
        [
            "orgSpecificCertificateTypeId", "myNumber", "basicFiveInfo", "isNotDisclosed",
            "certificationName", "isAlwaysReimbursement", "validFrom", "validTo", "historyKey",
            "isDeleted", "certificationDetail",
        ].flatMap { item in
            [
                Spoilt(item, .required, [item: nil]),
                Spoilt(item, .required, [item: "null"]),
            ]
        } + [
            .init("orgSpecificCertificateTypeId", .length, ["orgSpecificCertificateTypeId": long]),
            .init(
                "orgSpecificCertificateTypeId", .charset,
                ["orgSpecificCertificateTypeId": #""こども""#]),
            .init(
                "orgSpecificCertificateTypeId", .required, ["orgSpecificCertificateTypeId": "\"\""]),
            .init("orgSpecificCertificateTypeId", .format, ["orgSpecificCertificateTypeId": "1"]),
            .init("myNumber", .number, ["myNumber": #""123456789010""#]),
            .init("myNumber", .number, ["myNumber": #""12345678901""#]),
            .init("myNumber", .number, ["myNumber": #""１２３４５６７８９０１８""#]),
            .init("myNumber", .number, ["myNumber": "123456789018"]),
            .init("basicFiveInfo", .format, ["basicFiveInfo": "[]"]),
            .init(five: "name", .required, nil), .init(five: "name", .required, "\"\""),
            .init(five: "name", .charset, #""試験\n花子""#),
            .init(five: "address", .required, nil), .init(five: "sex", .format, #""4""#),
            .init(five: "sex", .format, "2"), .init(five: "dateOfBirth", .format, #""2020-02-30""#),
            .init(five: "dateOfBirth", .format, #""20200401""#),
            .init(five: "dateOfBirth", .format, #""1950-00-12""#),
            .init("isNotDisclosed", .format, ["isNotDisclosed": #""false""#]),
            .init(
                "medicalSubsidyInsurerNumber", .format,
                ["medicalSubsidyInsurerNumber": #""8811301""#]),
            .init("certificationName", .length, ["certificationName": long]),
            .init(
                "medicalSubsidyRecipientNumber", .length, ["medicalSubsidyRecipientNumber": long]),
            .init("historyKey", .length, ["historyKey": long]),
            .init("additionalConditions", .format, ["additionalConditions": #""10-1;20""#]),
            .init("isAlwaysReimbursement", .format, ["isAlwaysReimbursement": "false"]),
            .init("isAlwaysReimbursement", .format, ["isAlwaysReimbursement": #""2""#]),
            .init("maxCopaymentAmount", .format, ["maxCopaymentAmount": "200"]),
            .init("validFrom", .format, ["validFrom": #""2026-02-29""#]),
            .init("validTo", .dateOrder, ["validTo": #""2026-03-31""#]),
            .init("certificationDetail", .format, ["certificationDetail": "{}"]),
        ]

    @Test(arguments: spoilt)
    func `a spoilt item refuses its row and is named`(row: Spoilt) throws {
        let results = try SubsidySample.read(
            SubsidySample.row(row.change), SubsidySample.row(["historyKey": #""h2""#]))
        #expect(results[0].findings.map(\.code).contains(row.code))
        #expect(results[0].findings.contains { $0.item == row.item && $0.code == row.code })
        guard case .failure = results[0] else {
            Issue.record("the row was taken")
            return
        }
        // Its neighbour is taken all the same.
        #expect(throws: Never.self) { try results[1].get() }
    }

    static let warned: [Spoilt] = [
        .init(
            "medicalSubsidyInsurerNumber", .checkDigit,
            ["medicalSubsidyInsurerNumber": #""80130001""#]),
        .init(
            "medicalSubsidyRecipientNumber", .checkDigit,
            ["medicalSubsidyRecipientNumber": #""1234560""#]),
        .init(
            "designatedMedicalInstitutions", .checkDigit,
            ["designatedMedicalInstitutions": #""見本病院 0110113718""#]),
        .init("incomeSegmant", .unknownItem, ["incomeSegmant": #""01""#]),
        .init(
            "maxCopaymentAmount.perVisit", .capUncounted,
            ["maxCopaymentAmount": #"{"perMonth":2000,"perVisit":500}"#]),
        .init(
            "maxCopaymentAmount.perMonth", .capUncounted,
            ["maxCopaymentAmount": #"{"perMonth":200.50}"#]),
        .init(
            "maxCopaymentAmount.perMonth", .capUncounted,
            ["maxCopaymentAmount": #"{"perMonth":"2,000"}"#]),
        .init(five: "dateOfBirth", .unknownDay, #""1950-00-00""#),
        .init(five: "dateOfBirth", .unknownDay, #""1950-07-00""#),
        .init(five: "dateOfBirth", .unknownDay, #""不明""#),
        .init(five: "nameKana", .kanaMissing, nil), .init(five: "nameKana", .kanaMissing, "\"\""),
        .init(five: "name", .gaiji, "\"\u{E000}田\""),
    ]

    @Test(arguments: warned)
    func `what is odd but real is taken with a warning`(row: Spoilt) throws {
        let result = try #require(try SubsidySample.read(SubsidySample.row(row.change)).first)
        let taken = try result.get()
        #expect(
            taken.warnings.map(\.code) == [row.code] && taken.warnings.map(\.item) == [row.item])
        #expect(taken.warnings.allSatisfy { $0.severity == .warning })
    }

    @Test(arguments: warned)
    func `a row refused for another item has the warning too, in words that are true of it`(
        row: Spoilt
    ) throws {
        var change = row.change
        change["validFrom"] = #""2026-02-29""#
        let result = try #require(try SubsidySample.read(SubsidySample.row(change)).first)
        #expect(Set(result.findings.map(\.code)) == [row.code, .format])
        for finding in result.findings where finding.severity == .warning {
            #expect(!finding.ja.contains("登録は受け付け") && !finding.en.contains("was taken"))
        }
    }

    static let untouched: [[String: String?]] = [
        ["medicalSubsidyInsurerNumber": nil], ["medicalSubsidyRecipientNumber": nil],
        ["medicalSubsidyRecipientNumber": #""こ第1234567号""#], ["maxCopaymentAmount": nil],
        ["maxCopaymentAmount": #"{"perMonth":"2000"}"#], ["maxCopaymentAmount": "{}"],
        ["maxCopaymentAmount": #"{"perMonth":0,"perVisit":null}"#],
        ["segment": "\"\""], ["additionalConditions": "null"], ["validTo": #""9999-12-31""#],
        ["medicalSubsidyRecipientNumber": #""111111111118""#], ["historyKey": #""111111111118""#],
        [
            "isNotDisclosed": "true",
            "basicFiveInfo": SubsidySample.five(["address": nil]),
        ],
        ["basicFiveInfo": SubsidySample.five(["sex": #""3""#, "name": #""SMITH JOHN""#])],
    ]

    @Test(arguments: untouched)
    func `what real systems send is taken without a word`(change: [String: String?]) throws {
        let result = try #require(try SubsidySample.read(SubsidySample.row(change)).first)
        #expect(try result.get().warnings.isEmpty)
    }

    @Test(arguments: [true, false])
    func `a row of a protected resident keeps no address, under whatever name`(isAddressSaid: Bool)
        throws
    {
        let detail = #"""
            [{"item":"備考","value":"見本"},{"item":"送付先","value":"別の所"},{"n":{"居所":"x"}},\#
            {"item":"氏名の下","value":"架空県見本市１－２－３ 101号"},{"item":"欄","value":"見本市1-2-3"},\#
            {"item":"notes","value":["Mailing Address"]}]
            """#
        var changes: [String: String?] = [
            "certificationDetail": detail, "segment": #""架空県 見本市1-2-3""#,
        ]
        func face() throws -> JSONObject {
            let row = try #require(try SubsidySample.read(SubsidySample.row(changes)).first).get()
            return try #require(try JSON(reading: Array(row.face.utf8)).object)
        }
        let open = try face()
        #expect(open["certificationDetail"]?.array?.count == 6 && open["segment"] != nil)
        changes["isNotDisclosed"] = "true"
        if !isAddressSaid { changes["basicFiveInfo"] = SubsidySample.five(["address": nil]) }
        let kept = try face()
        let values = (kept["certificationDetail"]?.array ?? []).compactMap(\.object)
        let names = values.map { $0["item"]?.string ?? "" }
        // What is said under another name is known by the address that is registered beside it.
        #expect(names == (isAddressSaid ? ["備考"] : ["備考", "氏名の下", "欄"]))
        #expect((kept["segment"] == nil) == isAddressSaid)
        #expect(kept["certificationName"]?.string == "こども医療費受給者証")
        #expect(kept["historyKey"]?.string == "h1")
        #expect(kept["maxCopaymentAmount"] == open["maxCopaymentAmount"])
    }

    // What a municipality writes where it withholds the address, or a town alone, is in much else.
    @Test(arguments: [
        ("－", "2026-04-01 から", true), ("架空県見本市", "架空県見本市 こども医療", true),
        ("架空県見本市本町1-2-3", "書類は見本市本町１－２－３へ", false),
        ("架空県見本市本町1-2-3", "見本市本町1-2-3 101号", false),
        ("架空県見本市本町一丁目二番三号", "本町一丁目二番三号あて", false),
        ("架空県見本市本町1-2-3", "見本市の本庁で渡した", true),
    ])
    func `an address is known however a remark writes it, and nothing else is taken for one`(
        _ address: String, _ remark: String, _ isKept: Bool
    ) throws {
        let row = SubsidySample.row([
            "certificationDetail": "[{\"item\":\"備考\",\"value\":\"\(remark)\"}]",
            "isNotDisclosed": "true",
            "basicFiveInfo": SubsidySample.five(["address": "\"\(address)\""]),
        ])
        let read = try #require(try SubsidySample.read(row).first).get()
        let face = try #require(try JSON(reading: Array(read.face.utf8)).object)
        #expect(face["certificationDetail"]?.array?.count == (isKept ? 1 : 0))
        #expect(face["validFrom"] != nil && face["historyKey"]?.string == "h1")
    }

    @Test func `one row hears of everything at once`() throws {
        let row = SubsidySample.row([
            "myNumber": #""1""#, "validTo": #""2020-01-01""#, "isDeleted": nil,
            "basicFiveInfo": SubsidySample.five(["sex": #""x""#]),
        ])
        let findings = try #require(try SubsidySample.read(row).first).findings
        #expect(Set(findings.map(\.code)) == [.number, .dateOrder, .required, .format])
        #expect(findings.allSatisfy { $0.index == 0 && $0.line == 1 })
    }

    @Test(arguments: ["{}", "", "null", "[{}]x", "\u{FEFF}[]"])
    func `only a body that is no array is refused as a whole`(body: String) {
        #expect(throws: Refusal.malformed("body")) {
            try readSubsidyRows(Array(body.utf8), form: .full)
        }
    }

    @Test func `rows beyond the limit refuse the body, rows that are no objects only themselves`()
        throws
    {
        let many =
            "["
            + Array(repeating: "0", count: RegistrationLimits.rowsMax + 1).joined(separator: ",")
            + "]"
        #expect(throws: Refusal.bodyTooLarge) { try readSubsidyRows(Array(many.utf8), form: .full) }
        let results = try SubsidySample.read("1", SubsidySample.row(), "[]")
        #expect(results.map { $0.findings.map(\.code) } == [[.format], [], [.format]])
        #expect(results[2].findings.map(\.line) == [3])
    }

    @Test func `the same key twice is refused, an overlap is a warning`() throws {
        let row = SubsidySample.row()
        let second = SubsidySample.row([
            "historyKey": #""h2""#, "validFrom": #""2027-03-31""#, "validTo": #""2028-03-31""#,
        ])
        let deleted = SubsidySample.row(["historyKey": #""h3""#, "isDeleted": "true"])
        let another = SubsidySample.row(["historyKey": #""h4""#, "certificationSubKey": #""2""#])
        let codes = try SubsidySample.read(row, second, row, deleted, another).map {
            $0.findings.map(\.code)
        }
        #expect(codes == [[], [.periodOverlap], [.duplicateKey], [], []])
        let full = try SubsidySample.read(
            SubsidySample.row(["historyKey": nil]), SubsidySample.row(["historyKey": nil]),
            form: .full)
        #expect(full.map { $0.findings.map(\.item) } == [[], ["validFrom"]])
    }

    @Test func `codes are held against the master of the municipality`() throws {
        let row = try #require(try SubsidySample.read(SubsidySample.row()).first).get()
        let known = RegistrationMaster(
            certificateTypeIDs: ["kodomo01"], incomeSegments: ["01"],
            conditions: Set(row.certificate.additionalConditions))
        #expect(row.findings(given: known).isEmpty)
        let other = RegistrationMaster(certificateTypeIDs: [], incomeSegments: [], conditions: [])
        #expect(
            row.findings(given: other).map(\.code) == [.unknownType, .unknownCode, .unknownCode])
        #expect(row.findings(given: RegistrationMaster(certificateTypeIDs: ["kodomo01"])).isEmpty)
    }
}

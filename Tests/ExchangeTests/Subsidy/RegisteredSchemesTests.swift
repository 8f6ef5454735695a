import Exchange
import Testing

/// 登録済みの制度: what a body said of its own schemes beside an operator's folder, and the one thing that stays
/// the operator's.
@Suite struct RegisteredSchemesTests {
    private static let body = "132101"
    private static let path = "subsidy/programs/132101.json"

    /// The body's own word of all its types, one of them under a name that the folder does not have.
    private static let file = Array(
        String(
            decoding: SchemeMaster(of: body, in: Profiles.book).file(from: "見本"), as: UTF8.self
        ).replacing(#""certificateTypeID":"hitorioya""#, with: #""certificateTypeID":"mihon""#)
            .utf8)

    /// The folder, in which the operator put all the body's types under another kind of consent.
    private static var folder: [String: [UInt8]] {
        let text = String(decoding: Profiles.files[path] ?? [], as: UTF8.self)
        return Profiles.with(
            path,
            text.replacing(
                #""consentKind": "subsidy""#, with: #""consentKind": "subsidy-mental""#))
    }

    private static func kinds(_ files: [String: [UInt8]]) throws -> [String: String] {
        let programs = try RuleBook(reading: files, version: "v").subsidy.programs
        return Dictionary(
            programs.filter { $0.body == body }.map { ($0.certificateTypeID, $0.consentKind.code) },
            uniquingKeysWith: { $1 })
    }

    @Test func `a body's own word stands, but for the kind of consent that the folder gives`()
        throws
    {
        let registered = RegisteredFiles(in: [Self.path: Self.file])
        #expect(registered.body(of: Self.path) == Self.body)
        #expect(try registered.over(Profiles.files)[Self.path] == Self.file)
        let all = try registered.over(Self.folder)
        let kinds = try Self.kinds(all)
        #expect(kinds["kodomo"] == "subsidy-mental" && kinds["shogai"] == "subsidy-mental")
        #expect(kinds["mihon"] == "subsidy" && kinds["hitorioya"] == nil)
        // It is the body's word still, and the same folder makes no other version of it.
        let again = RegisteredFiles(in: all)
        #expect(again.body(of: Self.path) == Self.body)
        #expect(try again.over(Self.folder) == all)
    }

    @Test(arguments: ["2019-04-01", "2020-04-01", "2027-04-01"])
    func `whatever day the body gave a row, the folder's kind is its kind`(_ day: String) throws {
        let moved = String(decoding: Self.file, as: UTF8.self).replacing(
            #""effectiveFrom":"2020-04-01""#, with: #""effectiveFrom":"\#(day)""#)
        let registered = RegisteredFiles(in: [Self.path: Array(moved.utf8)])
        #expect(try Self.kinds(registered.over(Self.folder))["kodomo"] == "subsidy-mental")
    }

    @Test func `the folder's own schemes are checked, whoever's word stands`() throws {
        let text = String(decoding: Profiles.files[Self.path] ?? [], as: UTF8.self)
        let wrong = Profiles.with(
            Self.path, text.replacing(#""requiresDesignation""#, with: #""requiresDesignated""#))
        let registered = RegisteredFiles(in: [Self.path: Self.file])
        let fault = #expect(throws: RuleFault.self) { try registered.over(wrong) }
        #expect(fault?.file == Self.path)
    }

    @Test func `a body's word that is taken back gives way to the folder's`() throws {
        var registered = RegisteredFiles(in: [Self.path: Self.file])
        let isTaken = registered.remove(Self.body)
        #expect(isTaken)
        #expect(try registered.over(Self.folder) == Self.folder)
        let isTakenAgain = registered.remove(Self.body)
        #expect(!isTakenAgain)
    }

    @Test func `a version that differs in schemes alone is as if it were read whole`() throws {
        let files = Profiles.files.merging([Self.path: Self.file]) { $1 }
        let whole = try RuleBook(reading: files, version: "next", isKept: true)
        let beside = try RuleBook(reading: files, version: "next", beside: Profiles.book)
        #expect(beside.version == "next" && beside.subsidy.version == "next")
        #expect(beside.subsidy.programs == whole.subsidy.programs)
        #expect(beside.subsidy.programs != Profiles.book.subsidy.programs)
        #expect(beside.consentKinds.map(\.kind) == whole.consentKinds.map(\.kind))
        #expect(beside.openConsentKinds == whole.openConsentKinds)
        #expect(beside.consentsByDefault == whole.consentsByDefault)
        #expect(beside.purposes == whole.purposes)
        #expect(beside.permissions != nil && beside.copayment != nil && beside.claims != nil)
        #expect(throws: RuleFault.self) {
            try RuleBook(
                reading: files.merging([Self.path: Array("{}".utf8)]) { $1 }, version: "next",
                beside: Profiles.book)
        }
    }
}

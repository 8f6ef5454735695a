import Exchange
import Testing

@Suite struct MunicipalCheckupRowTests {
    static func read(_ row: String) throws -> Result<MunicipalCheckupRow, RowRefusal> {
        try #require(try readMunicipalCheckupRows(Array("[\(row)]".utf8)).first)
    }

    @Test func `a registration and a removal are read and kept`() throws {
        let added = try Self.read(
            #"{"modificationSeg":"1","myNumber":"123456789018","municipalityIdentityKey":"0012","x":[1.0]}"#
        ).get()
        #expect(added.modification == .registerOrUpdate && added.municipalityIdentityKey == "0012")
        #expect(
            added.face == #"{"modificationSeg":"1","municipalityIdentityKey":"0012","x":[1.0]}"#)
        let removed = try Self.read(
            #"{"modificationSeg":"2","myNumber":"123456789018","municipalityIdentityKey":"k","#
                + #""removalDate":"2026-05-01"}"#
        ).get()
        #expect(removed.modification == .delete && removed.removalDate?.text == "2026-05-01")
    }

    static let spoilt: [(String, String, RowCode)] = [
        (
            #"{"modificationSeg":"3","myNumber":"123456789018","municipalityIdentityKey":"k"}"#,
            "modificationSeg", .format
        ),
        (#"{"modificationSeg":"1","municipalityIdentityKey":"k"}"#, "myNumber", .required),
        (
            #"{"modificationSeg":"1","myNumber":"123456789018"}"#, "municipalityIdentityKey",
            .required
        ),
        (
            #"{"modificationSeg":"1","myNumber":"123456789018","municipalityIdentityKey":"123456789018"}"#,
            "municipalityIdentityKey", .individualNumberElsewhere
        ),
    ]

    @Test(arguments: spoilt)
    func `a spoilt row is refused by name`(row: String, item: String, code: RowCode) throws {
        guard case .failure(let refusal) = try Self.read(row) else {
            Issue.record("taken")
            return
        }
        #expect(refusal.findings.contains { $0.item == item && $0.code == code })
    }
}

import Exchange
import Testing

/// 目録: which names are files at all.
@Suite struct ExportManifestTests {
    @Test(arguments: ["Patient-1.ndjson", "Immunization-2147483647.ndjson"])
    func `a name is a type and a number`(name: String) throws {
        let (type, number) = try ExportManifest.File.place(of: name)
        #expect(ExportManifest.File(type: type, number: number, count: 1).name == name)
    }

    @Test(arguments: [
        "Patient-0.ndjson", "Patient--1.ndjson", "Patient-+1.ndjson", "Patient-2147483648.ndjson",
        "Patient-9999999999999999999.ndjson", "Patient-.ndjson", "Patient-1", "Patient-1.json",
        "Observation-1.ndjson", "",
    ])
    func `any other is of no file`(name: String) {
        #expect(throws: Refusal.recordUnknown) { try ExportManifest.File.place(of: name) }
    }
}

import Exchange
import Testing

/// 検索結果の組み立て: an answer that was written in parts is the answer that was written at once.
struct SearchsetTests {
    private let page = SearchPage(
        base: "https://gateway.example/fhir",
        selfLink: "https://gateway.example/fhir/DiagnosticReport")

    private func written(_ numbers: Range<Int>, expecting: Int = 0) -> WrittenEntries {
        var entries = WrittenEntries(on: page, expecting: expecting)
        for number in numbers {
            entries.add("DiagnosticReport/\(number)") { $0.raw(resource(number)) }
        }
        return entries
    }

    private func resource(_ number: Int) -> [UInt8] { Array("{\"id\":\"\(number)\"}".utf8) }

    @Test(arguments: [0, 1, 2, 5])
    func `parts are bound as if written at once, empty ones too`(first: Int) throws {
        let entries = (0..<5).map {
            SearchEntry(reference: "DiagnosticReport/\($0)", resource: resource($0))
        }
        let bound = renderSearchset(of: [written(0..<first), written(first..<5)], page: page)
        #expect(bound == renderSearchset(entries, page: page))
        let read = try JSON(reading: String(decoding: bound, as: UTF8.self))
        #expect(read.object?["total"]?.int == 5)
        #expect(
            read.object?["entry"]?.array?.compactMap { $0.object?["fullUrl"]?.string }
                == entries.map { page.base + "/" + $0.reference })
    }

    @Test(arguments: [0, 1, 2, 5])
    func `the pieces of a list are its bytes, whatever room was made for them`(first: Int) {
        let parts = [written(0..<first, expecting: first), written(first..<5, expecting: 9)]
        let pieces = searchsetPieces(of: parts, page: page)
        #expect(pieces.count == (first == 0 || first == 5 ? 3 : 5))
        #expect(pieces.flatMap { $0 } == renderSearchset(of: parts, page: page))
        let entries = (0..<5).map {
            SearchEntry(reference: "DiagnosticReport/\($0)", resource: resource($0))
        }
        #expect(pieces.flatMap { $0 } == renderSearchset(entries, page: page))
    }

    @Test func `nothing found has no list of entries`() throws {
        let bound = renderSearchset(of: [written(0..<0), written(0..<0)], page: page)
        let read = try JSON(reading: String(decoding: bound, as: UTF8.self))
        #expect(read.object?["total"]?.int == 0 && read.object?["entry"] == nil)
    }
}

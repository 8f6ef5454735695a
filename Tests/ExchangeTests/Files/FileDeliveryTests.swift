import Exchange
import TestSupport
import Testing

@Suite struct FileDeliveryTests {
    static func numbered(_ number: Int, _ digest: String? = nil) -> FileDelivery {
        FileDelivery(digest: digest ?? "digest\(number)", place: .sequence(number))
    }
    static func chained(_ digest: String, _ earlier: String?) -> FileDelivery {
        FileDelivery(digest: digest, place: .following(earlier))
    }

    struct Case: CustomTestStringConvertible {
        let name: String
        var applied: [FileDelivery] = []
        var held: [FileDelivery] = []
        let arrives: FileDelivery
        let decision: DeliveryDecision
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        .init(name: "the first number", arrives: numbered(1), decision: .apply),
        .init(name: "before its predecessor", arrives: numbered(2), decision: .hold),
        .init(name: "the next", applied: [numbered(1)], arrives: numbered(2), decision: .apply),
        .init(name: "a gap", applied: [numbered(1)], arrives: numbered(3), decision: .hold),
        .init(name: "again", applied: [numbered(1)], arrives: numbered(1), decision: .duplicate),
        .init(
            name: "an empty night has the bytes of another", applied: [numbered(1, "e")],
            arrives: numbered(2, "e"), decision: .apply),
        .init(
            name: "held again", held: [numbered(3)], arrives: numbered(3), decision: .duplicate),
        .init(
            name: "another file in a place applied", applied: [numbered(1)],
            arrives: numbered(1, "other"), decision: .refuse(.placeTaken)),
        .init(
            name: "another file in a place held", held: [numbered(3)],
            arrives: numbered(3, "other"), decision: .refuse(.placeTaken)),
        .init(name: "zero", arrives: numbered(0), decision: .refuse(.beforeFirst)),
        .init(
            name: "a number after digests", applied: [chained("a", nil)], arrives: numbered(2),
            decision: .refuse(.otherOrder)),
        .init(
            name: "a digest after numbers", applied: [numbered(1)],
            arrives: chained("b", "digest1"), decision: .refuse(.otherOrder)),
        .init(name: "the first of a chain", arrives: chained("a", nil), decision: .apply),
        .init(
            name: "the next of a chain", applied: [chained("a", nil)],
            arrives: chained("b", "a"), decision: .apply),
        .init(
            name: "a chain's again", applied: [chained("a", nil), chained("b", "a")],
            arrives: chained("a", nil), decision: .duplicate),
        .init(
            name: "behind one that has not come", applied: [chained("a", nil)],
            arrives: chained("c", "b"), decision: .hold),
        .init(
            name: "a fork", applied: [chained("a", nil), chained("b", "a")],
            arrives: chained("x", "a"), decision: .refuse(.placeTaken)),
        .init(
            name: "a second beginning", applied: [chained("a", nil)],
            arrives: chained("x", nil), decision: .refuse(.placeTaken)),
        .init(
            name: "there and back and there again",
            applied: [chained("a", nil), chained("b", "a"), chained("a", "b")],
            arrives: chained("b", "a"), decision: .refuse(.unclear)),
    ]

    @Test(arguments: cases)
    func `a file takes the place it was sent for`(row: Case) {
        let line = DeliveryLine(applied: row.applied, held: row.held)
        #expect(line.decision(on: row.arrives) == row.decision)
    }

    @Test func `what is held waits for the first that is missing`() {
        var line = DeliveryLine()
        #expect(line.awaited(by: Self.numbered(7)) == .sequence(1))
        _ = line.take(Self.numbered(1))
        _ = line.take(Self.numbered(4))
        #expect(line.awaited(by: Self.numbered(4)) == .sequence(2) && line.next == 2)
        let chain = DeliveryLine(applied: [Self.chained("a", nil)])
        #expect(chain.awaited(by: Self.chained("c", "b")) == .digest("b") && chain.next == nil)
    }

    @Test(arguments: Seeded.seeds(300))
    func `any order and repetition is applied in the same order, each once`(seed: UInt64) {
        var random = Seeded(seed)
        let count = random.int(1...12)
        let isChain = random.oneIn(2)
        let right = (1...count).map { number in
            isChain
                ? Self.chained("d\(number)", number == 1 ? nil : "d\(number - 1)")
                : Self.numbered(number, random.oneIn(3) ? "same" : nil)
        }
        var arriving = right + (0..<random.int(0...10)).map { _ in random.pick(right) }
        arriving.shuffle(using: &random)
        var line = DeliveryLine()
        var ready: [FileDelivery] = []
        for delivery in arriving { ready += line.take(delivery).ready }
        #expect(line.applied == right)
        #expect(ready == right)
        #expect(line.held.isEmpty)
    }

    @Test(arguments: DeliveryFault.allCases)
    func `every fault says what to do`(fault: DeliveryFault) {
        #expect(fault.ja.hasSuffix("ください。") && fault.en.hasSuffix("."))
    }

    @Test(arguments: [
        FileNotice.endsSuspended(ends: 3, rows: 1, lines: [2]), .keptSince(2), .mendedEndsNobody,
        .endsAsked, .endsWithdrawn, .delayed, .behindWaiting(file: "f1"), .protectionKept,
        .planCut(10_000),
    ])
    func `every notice says what to do`(notice: FileNotice) throws {
        var writer = JSONWriter()
        notice.write(into: &writer)
        let written = try JSON(reading: writer.text).requiredObject(at: "notice")
        #expect(written["code"]?.string == notice.code)
        #expect(written["severity"]?.string == "warning")
        #expect(written["ja"]?.string?.hasSuffix("ください。") == true)
        #expect(written["en"]?.string?.hasSuffix(".") == true)
    }

    /// 20 % changed, 10 % ended, 100 rows without question.
    @Test(arguments: [
        (FileEffect(additions: 0, changes: 0, ends: 100, standing: 100), false),
        (FileEffect(additions: 0, changes: 200, ends: 0, standing: 1000), false),
        (FileEffect(additions: 0, changes: 201, ends: 0, standing: 1000), true),
        (FileEffect(additions: 150, changes: 51, ends: 0, standing: 1000), true),
        (FileEffect(additions: 0, changes: 0, ends: 100, standing: 1000), false),
        (FileEffect(additions: 0, changes: 1, ends: 101, standing: 1000), true),
        (FileEffect(additions: 101, changes: 0, ends: 0, standing: 0), true),
        (FileEffect(additions: 0, changes: 0, ends: 0, standing: 0), false),
    ])
    func `a large share waits for a second person`(effect: FileEffect, waits: Bool) throws {
        let rule = try FileSample.layout("entitlements").confirmation
        #expect(rule.needsSecondPerson(effect) == waits)
    }
}

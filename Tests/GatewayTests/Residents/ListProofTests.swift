import Exchange
import Foundation
import Ledger
import TestSupport
import Testing
import Trust

/// 一覧の証明: what a portal gets is proved to be all there is, by the program's own verifier and by one in
/// another language; and whatever is changed in it is found by both.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ListProofTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func verdicts(_ bodies: [[UInt8]]) async throws -> (
        own: Program.Ended, stranger: Program.Ended
    ) {
        try await ListVerdicts.of(bodies, under: gateway.sealKey)
    }

    private func expectGood(
        _ bodies: [[UInt8]], at place: SourceLocation = #_sourceLocation
    ) async throws {
        let (own, stranger) = try await verdicts(bodies)
        #expect(own.status == 0, "\(own.output)\(own.errors)", sourceLocation: place)
        #expect(stranger.status == 0, "\(stranger.output)", sourceLocation: place)
    }

    private func list(_ token: (String, String), _ query: String = "?_count=100") async throws
        -> TLSClient.Answer
    {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent" + query, headers: [token])
        try answer.expect(200)
        return answer
    }

    /// A resident with a history of eight entries, one of them a refusal, two of them after the epoch.
    private func listed() async throws -> TLSClient.Answer {
        let card = try await gateway.settle().card
        let visit = try await gateway.openVisit(card)
        for _ in 0..<2 { _ = try await gateway.check(visit) }
        let refused = try await gateway.check(visit, day: gateway.clock.today.adding(days: 400))
        #expect(refused.code == Refusal.serviceDateOutOfRange.code)
        let token = try await gateway.session(of: card)
        try await gateway.sealEpoch()
        _ = try await gateway.check(visit)
        _ = try await gateway.check(visit)
        try await gateway.seal()
        return try await list(token)
    }

    @Test func `a list is complete as of the epoch, and says what came after it`() async throws {
        let answer = try await listed()
        try await expectGood([answer.body])
        let shown = try ShownList([answer.body])
        #expect(shown.events.map(\.sequence) == [8, 7, 6, 5, 4, 3, 2, 1])
        #expect(
            shown.events.map(\.isNotYetCommitted) == [true, true]
                + Array(repeating: false, count: 6))
        #expect(shown.pages[0].proof?.count == 6)
        let sentences = shown.check(with: gateway.sealKey)
        #expect(sentences.areGood)
        #expect(sentences.contains { $0.sentence.hasPrefix("Complete: all 6 entries") })
        #expect(sentences.contains { $0.sentence.hasPrefix("2 came after") })
    }

    @Test func `a resident of whom nothing was committed is proved to have nothing`() async throws {
        _ = try await gateway.settle()
        try await gateway.sealEpoch()
        let token = try await gateway.session(of: gateway.settle().card)
        let answer = try await list(token)
        try await expectGood([answer.body])
        let shown = try ShownList([answer.body])
        #expect(shown.pages[0].proof?.count == 0 && shown.pages[0].proof?.head == nil)
        #expect(shown.events.count == 2 && shown.events.allSatisfy(\.isNotYetCommitted))
    }

    @Test func `the question itself is in the next epoch`() async throws {
        let token = try await gateway.session(of: gateway.settle().card)
        _ = try await list(token)
        try await gateway.sealEpoch()
        let shown = try ShownList([try await list(token).body])
        #expect(shown.pages[0].proof?.count == 3)
        #expect(
            shown.events.first?.resource["purposeOfEvent"]?.text.contains("read-own-access-log")
                == true)
        #expect(shown.check(with: gateway.sealKey).areGood)
    }

    @Test func `pages prove the list together, and one alone says that it is not all`() async throws
    {
        let card = try await gateway.settle().card
        for _ in 0..<5 { _ = try await gateway.openVisit(card) }
        let token = try await gateway.session(of: card)
        try await gateway.sealEpoch()
        var pages: [[UInt8]] = []
        for offset in [0, 3, 6] {
            pages.append(try await list(token, "?_count=3&_offset=\(offset)").body)
        }
        // The questions moved the list on, so that three pages of three end before the last one.
        pages.append(try await list(token, "?_count=3&_offset=9").body)
        try await expectGood(pages.reversed())
        let (own, stranger) = try await verdicts([pages[0]])
        #expect(own.status == 2 && own.output.contains("NOT COMPLETE"), "\(own.output)")
        #expect(stranger.status == 1)
    }

    @Test func `pages asked for across an epoch are whole as of the first one`() async throws {
        let card = try await gateway.settle().card
        let visit = try await gateway.openVisit(card)
        for _ in 0..<3 { _ = try await gateway.check(visit) }
        let token = try await gateway.session(of: card)
        try await gateway.sealEpoch()
        _ = try await gateway.check(visit)
        // The newest entry of the first page is sealed only when the second one is asked for.
        var pages = [try await list(token, "?_count=4").body]
        let counted = try #require(ShownList(pages).pages[0].proof).count
        #expect(try ShownList(pages).events[0].seal == nil)
        try await gateway.sealEpoch()
        for offset in [1, 5, 9] {
            pages.append(try await list(token, "?_count=4&_offset=\(offset)").body)
        }
        try await expectGood(pages)
        try await expectGood(pages.reversed())
        let shown = try ShownList(pages)
        #expect(shown.events.allSatisfy { $0.seal != nil })
        let sentences = shown.check(with: gateway.sealKey)
        #expect(
            sentences.contains { $0.sentence.hasPrefix("Complete: all \(counted) entries") },
            "\(sentences)")
        // What one page shows unsealed is held against the seal of another.
        var forged = try #require(JSON(reading: pages[0]).object)
        forged.replace(/"code":"check-eligibility"/, with: #""code":"read-patient""#)
        let (own, stranger) = try await verdicts(
            [Array(forged.text.utf8)] + pages.dropFirst())
        #expect(own.status == 2 && stranger.status == 1, "\(own.output)\(stranger.output)")
    }

    @Test func `nobody gets the proof of a list that is not theirs to see`() async throws {
        let answer = try await gateway.send(Cast.portal, "GET", "/fhir/AuditEvent")
        #expect(answer.status == 401 && !answer.text.contains("list-proof"))
        let token = try await gateway.session(of: gateway.settle().card)
        let other = try await gateway.send(
            Cast.otherPortal, "GET", "/fhir/AuditEvent", headers: [token])
        #expect(other.status != 200 && !other.text.contains("list-proof"))
        gateway.expectMoreEntries(0)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        let forge: @Sendable (inout JSONObject) throws -> Void
        var testDescription: String { name }

        init(_ name: String, _ forge: @escaping @Sendable (inout JSONObject) throws -> Void) {
            self.name = name
            self.forge = forge
        }
    }

    static let forgeries: [Forgery] = [
        .init("the newest committed entry dropped") { $0.changeEntries { $0.remove(at: 2) } },
        .init("the oldest entry dropped") { $0.changeEntries { $0.removeLast() } },
        .init("one in the middle dropped, and the total with it") {
            $0.changeEntries { $0.remove(at: 4) }
            $0 = $0.with("total", .number("7"))
        },
        .init("what came after the epoch dropped") { $0.changeEntries { $0.removeFirst() } },
        .init("all entries dropped") { $0.changeEntries { $0.removeAll() } },
        .init("two swapped") { $0.changeEntries { $0.swapAt(3, 4) } },
        .init("one shown in another's place") { bundle in
            bundle.changeEntries { $0[3] = $0[4] }
        },
        .init("the time of one changed") {
            $0.replace(/"recorded":"20(\d\d)/, with: #""recorded":"19"#)
        },
        .init("the purpose of one changed") {
            $0.replace(/"code":"check-eligibility"/, with: #""code":"read-patient""#)
        },
        .init("the party of one changed") {
            $0.replace(
                /urn:tsunagi:party:institution:\d+/,
                with: "urn:tsunagi:party:institution:1340000002")
        },
        .init("a grant shown as a refusal") {
            $0.replace(/"outcome":"0"/, with: #""outcome":"4""#)
        },
        .init("a refusal shown as granted") {
            $0.replace(/"outcome":"4"/, with: #""outcome":"0""#)
        },
        .init("a refusal without its reason") {
            $0.replace(/,"outcomeDesc":"[^"]*"/, with: "")
        },
        .init("an id changed") { $0.replace(/"id":"[0-9a-f]/, with: #""id":"g"#) },
        .init("the visit changed") {
            $0.replace(
                /"urn:tsunagi:visit","value":"./, with: #""urn:tsunagi:visit","value":"g"#)
        },
        .init("the count lowered") { try $0.setProof("count", "valueString", "5") },
        .init("the count raised") { try $0.setProof("count", "valueString", "7") },
        .init("a count beyond all memory") {
            try $0.setProof("count", "valueString", "10000000000")
        },
        .init("a count that has no next") {
            try $0.setProof("count", "valueString", String(Int.max))
        },
        .init("the count forged to none") { try $0.setProof("count", "valueString", "0") },
        .init("the index of another resident") {
            try $0.setProof("index", "valueBase64Binary", Base64.text(Array(1...16)))
        },
        .init("the last link changed") {
            try $0.setProof("lastLink", "valueBase64Binary", Base64.text(Array(1...32)))
        },
        .init("the map's siblings changed") {
            try $0.setProof("sibling", "valueBase64Binary", Base64.text(Array(1...32)))
        },
        .init("the map's leaf changed") {
            let text = "tsunagi map v1\nepoch: 9\nsize: 1\nroot: 00\nat: 1\n"
            try $0.setProof("mapLeaf", "valueBase64Binary", Base64.text(Array(text.utf8)))
        },
        .init("the checkpoint's size changed") {
            $0.replace(/tsunagi.example\/test\\n/, with: "tsunagi.example/test\\n1")
        },
        .init("the proof left out") { $0 = $0.without("meta") },
        .init("an entry of the map said to come after it") { bundle in
            bundle.changeEntries { $0.remove(at: 2) }
            try bundle.setProof("count", "valueString", "6")
            bundle = bundle.with("total", .number("7"))
        },
        .init("a leaf of another entry") { bundle in
            let leaves = bundle.text.matches(of: /"leaf","valueBase64Binary":"([^"]+)"/).map {
                String($0.1)
            }
            bundle = try bundle.replacing(leaves[3], with: leaves[4])
        },
    ]

    @Test func `every forgery is found by both verifiers`() async throws {
        let answer = try await listed()
        let honest = try #require(try JSON(reading: answer.body).object)
        try await expectGood([Array(JSON.object(honest).text.utf8)])
        for forgery in Self.forgeries {
            var forged = honest
            try forgery.forge(&forged)
            #expect(forged != honest, "\(forgery.name) changes nothing")
            let (own, stranger) = try await verdicts([Array(forged.text.utf8)])
            // What cannot be read, or says nothing of how many there are, is no finding.
            let isFound = own.output.contains("FOUND: ")
            #expect(own.status == (isFound ? 2 : 1), "\(forgery.name): \(own.output)")
            #expect(stranger.status == 1, "\(forgery.name): \(stranger.output)")
        }
    }

    @Test func `an answer under another key is not believed`() async throws {
        let answer = try await listed()
        let other = try CheckpointSigner(
            origin: "tsunagi.example/test", privateKey: randomBytes(32))
        let checks = try ShownList([answer.body]).check(with: other.key)
        #expect(!checks.areGood)
    }
}

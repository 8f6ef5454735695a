import Exchange
import TestSupport
import Testing
import Trust

/// カードと住所の異動: whose card it is, and that a resident stays the same person behind new cards.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CardFeedTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test func `a renewed card keeps the resident`() async throws {
        let (resident, card) = try await gateway.settle()
        let before = try await gateway.openVisit(card)
        let renewed = try gateway.card(.rsa2048)
        try await gateway.feed([resident.binding(renewed, supersedes: card)])
        let after = try await gateway.openVisit(renewed)
        #expect(after.patient == before.patient)
        #expect(after.id != before.id)
        let phone = try gateway.card()
        try await gateway.feed([resident.binding(phone)])
        #expect(try await gateway.openVisit(phone).patient == before.patient)
        #expect(try await gateway.openVisit(renewed).patient == before.patient)
    }

    @Test func `two institutions know a resident by ids they cannot join`() async throws {
        let card = try await gateway.settle().card
        let clinic = try await gateway.openVisit(card)
        let pharmacy = try await gateway.openVisit(card, at: Cast.pharmacy)
        #expect(clinic.patient != pharmacy.patient)
        let again = try await gateway.openVisit(card)
        #expect(again.patient == clinic.patient)
        let other = try await gateway.settle().card
        #expect(try await gateway.openVisit(other).patient != clinic.patient)
    }

    @Test func `a card never changes hands`() async throws {
        let (_, card) = try await gateway.settle()
        let owner = try await gateway.openVisit(card)
        let thief = gateway.people.next()
        let answer = try await gateway.send(
            Cast.authority, "POST", "/card-feed/events", body: .array([thief.binding(card)]))
        #expect(answer.status == 202)
        #expect(answer.int("refused") == 1)
        #expect(try await gateway.openVisit(card).patient == owner.patient)
    }

    /// The feed says the number in any width; the certificate has a zero before a high first bit.
    @Test(arguments: [UInt8(0x80), 0xC3, 0xFF, 0x01])
    func `a card whose serial begins with any bit is bound, opens a visit and is revoked`(
        first: UInt8
    ) async throws {
        let serial = [first] + (0..<15).map { _ in UInt8.random(in: 0...255) }
        let card = try gateway.card(serial: serial)
        let resident = gateway.people.next()
        let short = try #require(resident.binding(card).object)
            .with("serial", .string(Hexadecimal.text(serial)))
        try await gateway.feed([.object(short)])
        #expect(try await told([resident.binding(card)])["unchanged"] == 1)
        _ = try await gateway.openVisit(card)
        let renewed = try gateway.card(serial: [first ^ 0x40] + Array(serial.dropFirst()))
        try await gateway.feed([resident.binding(renewed, supersedes: card)])
        _ = try await gateway.openVisit(renewed)
        try await gateway.feed([TestResident.revocation(of: renewed)])
        for (card, refusal) in [(card, Refusal.cardSuperseded), (renewed, .cardRevoked)] {
            let body = try await gateway.visitBody(card)
            try await gateway.expect(refusal, of: .openVisit, from: Cast.clinic) {
                try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
            }
        }
    }

    @Test func `a feed switches off no stranger's card`() async throws {
        let (_, card) = try await gateway.settle()
        let stranger = gateway.people.next()
        let own = try gateway.card()
        let answer = try await gateway.send(
            Cast.authority, "POST", "/card-feed/events",
            body: .array([stranger.binding(own, supersedes: card)]))
        try answer.expect(202)
        #expect(answer.int("refused") == 1, "\(answer.text)")
        let report = try await gateway.send(
            Cast.authority, "GET", "/card-feed/events/\(answer.text("taskId"))")
        let finding = report.results.first?.findings.first
        #expect(finding?["code"]?.string == "card-of-another", "\(report.text)")
        #expect(finding?["item"]?.string == "supersedes", "\(report.text)")
        _ = try await gateway.openVisit(card)
        // Nothing of the row was registered: sent again without that word, the card is bound anew.
        #expect(try await told([stranger.binding(own)])["applied"] == 1)
    }

    @Test func `a card that is somebody else's is refused in words of its own`() async throws {
        let (_, card) = try await gateway.settle()
        let answer = try await gateway.send(
            Cast.authority, "POST", "/card-feed/events",
            body: .array([gateway.people.next().binding(card)]))
        try answer.expect(202)
        #expect(answer.int("refused") == 1, "\(answer.text)")
        let report = try await gateway.send(
            Cast.authority, "GET", "/card-feed/events/\(answer.text("taskId"))")
        let finding = report.results.first?.findings.first
        #expect(finding?["code"]?.string == "card-of-another", "\(report.text)")
        _ = try await gateway.openVisit(card)
    }

    @Test func `the same feed twice is applied once`() async throws {
        let resident = gateway.people.next()
        let events = JSON.array([resident.binding(try gateway.card())])
        let send = { [gateway] (headers: [(String, String)]) in
            try await gateway.send(
                Cast.authority, "POST", "/card-feed/events", headers: headers, body: events)
        }
        let first = try await send([("Idempotency-Key", "feed-1")])
        #expect(first.int("applied") == 1)
        #expect(try await send([("Idempotency-Key", "feed-1")]).body == first.body)
        #expect(try await send([]).int("unchanged") == 1)
    }

    private func told(_ events: [JSON]) async throws -> [String: Int] {
        let answer = try await gateway.send(
            Cast.authority, "POST", "/card-feed/events", body: .array(events))
        try answer.expect(202)
        return ["applied", "unchanged", "refused"].reduce(into: [:]) { $0[$1] = answer.int($1) }
    }

    @Test func `a revocation that arrives before its binding is kept`() async throws {
        let resident = gateway.people.next()
        let card = try gateway.card()
        #expect(try await told([TestResident.revocation(of: card)])["applied"] == 1)
        #expect(try await told([TestResident.revocation(of: card)])["unchanged"] == 1)
        try await gateway.feed([resident.binding(card)])
        let body = try await gateway.visitBody(card)
        try await gateway.expect(.cardRevoked, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
    }

    @Test func `a repeated revocation changes nothing, and says so`() async throws {
        let card = try await gateway.settle().card
        #expect(try await told([TestResident.revocation(of: card)])["applied"] == 1)
        #expect(try await told([TestResident.revocation(of: card)])["unchanged"] == 1)
    }

    @Test func `a card that was superseded before it was bound opens nothing`() async throws {
        let (resident, renewed) = try await gateway.settle()
        let lost = try gateway.card()
        try await gateway.feed([resident.binding(renewed, supersedes: lost)])
        // Whoever else it is said to be of, it is the card before this one.
        #expect(try await told([gateway.people.next().binding(lost)])["refused"] == 1)
        try await gateway.feed([resident.binding(lost)])
        let body = try await gateway.visitBody(lost)
        try await gateway.expect(.cardSuperseded, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
        _ = try await gateway.openVisit(renewed)
    }

    @Test func `whose card is revoked is signed out, and nobody else`() async throws {
        let (mine, other) = (try await gateway.settle().card, try await gateway.settle().card)
        let tokens = [try await gateway.session(of: mine), try await gateway.session(of: other)]
        let read = { [gateway] (token: (String, String)) in
            try await gateway.send(Cast.portal, "GET", "/fhir/Consent", headers: [token])
        }
        for token in tokens { try await read(token).expect(200) }
        #expect(try await told([TestResident.revocation(of: mine)])["applied"] == 1)
        try await gateway.expect(.tokenRevoked, of: .readOwnVisits, from: Cast.portal) {
            try await read(tokens[0])
        }
        try await read(tokens[1]).expect(200)
    }

    @Test func `a corrected term of a known card counts from now on`() async throws {
        let (resident, card) = try await gateway.settle()
        let binding = try #require(resident.binding(card).object)
        let over = gateway.clock.now().adding(seconds: -60).text
        let corrected = JSON.object(binding.with("validTo", .string(over)))
        #expect(try await told([corrected])["applied"] == 1)
        let body = try await gateway.visitBody(card)
        try await gateway.expect(.cardExpired, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
        #expect(try await told([.object(binding)])["applied"] == 1)
        #expect(try await told([.object(binding)])["unchanged"] == 1)
        try await gateway.send(
            Cast.clinic, "POST", "/visits", body: .object(gateway.visitBody(card))
        ).expect(201)
    }

    @Test func `events of one feed build on each other in their order`() async throws {
        let resident = gateway.people.next()
        let (first, second, third) = try (gateway.card(), gateway.card(), gateway.card())
        let today = gateway.clock.today
        let counts = try await told([
            resident.binding(first), resident.binding(second, supersedes: first),
            resident.binding(first), resident.binding(third),
            TestResident.revocation(of: third),
            resident.residence(Cast.otherTown.code, from: today.adding(days: -9)),
            resident.residence(Cast.town.code, from: today.adding(days: -9)),
            resident.residence(Cast.town.code, from: today.adding(days: -9)),
        ])
        #expect(counts == ["applied": 6, "unchanged": 2, "refused": 0])
        for (card, refusal) in [(first, Refusal.cardSuperseded), (third, .cardRevoked)] {
            let body = try await gateway.visitBody(card)
            try await gateway.expect(refusal, of: .openVisit, from: Cast.clinic) {
                try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
            }
        }
        let answer = try await gateway.check(gateway.openVisit(second))
        #expect(answer.bodies == [Cast.town.code, Cast.prefecture.code])
    }

    static let strangers: [Party] = [Cast.town, Cast.prefecture, Cast.auditor]

    @Test(arguments: strangers)
    func `nobody but the card authority feeds cards`(_ party: Party) async throws {
        let resident = gateway.people.next()
        let events = JSON.array([resident.binding(try gateway.card())])
        try await gateway.expect(.notYourPurpose, of: .feedCards, from: party) {
            try await gateway.send(party, "POST", "/card-feed/events", body: events)
        }
    }

    @Test func `a move is answered by the new municipality from that day on`() async throws {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -100), today.adding(days: 100))
        ])
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -10))
        ])
        let visit = try await gateway.openVisit(card)
        let now = try await gateway.check(visit)
        #expect(!now.outcomes.contains("entitled"))
        #expect(now.bodies == [Cast.otherTown.code, Cast.otherPrefecture.code])
        let then = try await gateway.check(visit, day: today.adding(days: -11))
        #expect(then.outcomes.contains("entitled"))
        #expect(then.bodies == [Cast.town.code, Cast.prefecture.code])
    }
}

extension TLSClient.Answer {
    /// The bodies an answer speaks of.
    var bodies: Set<String> {
        Set(parts("eligibility-outcome").compactMap { $0["body"]?.object?["code"]?.string })
    }

    /// The outcome of one scheme.
    func outcome(of scheme: String) -> String? {
        parts("eligibility-outcome").first { $0["scheme"]?.object?["code"]?.string == scheme }
            .flatMap { $0["code"]?.object?["code"]?.string }
    }
}

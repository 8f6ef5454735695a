import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 本人の記録 through a portal: whose token, what it shows, and that the list of accesses can be proved.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ResidentTests {
    typealias Header = (String, String)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    // MARK: The token

    static let cards: [VisitTests.CardCase] = [
        .init("expired yesterday", .cardExpired) { gateway in
            try await gateway.tokenBody(gateway.card(days: -1))
        },
        .init("on the revocation list", .cardRevoked) { gateway in
            let card = try await gateway.settle().card
            try gateway.pki.revoke(
                .cards, serial: card.serial, reason: .keyCompromise, at: gateway.clock.now())
            gateway.revocation.reload()
            return try await gateway.tokenBody(card)
        },
        .init("superseded", .cardSuperseded) { gateway in
            let (resident, card) = try await gateway.settle()
            try await gateway.feed([resident.binding(gateway.card(), supersedes: card)])
            return try await gateway.tokenBody(card)
        },
        .init("bound to nobody", .cardUnbound) { gateway in
            try await gateway.tokenBody(gateway.card())
        },
        .init("signed for a visit", .cardSignatureInvalid) { gateway in
            let card = try await gateway.settle().card
            let body = try await gateway.tokenBody(card)
            let text = SignedText.visit(
                nonce: body["nonce"]?.string ?? "", party: Cast.portal, consentKinds: [],
                visitKind: "outpatient", day: gateway.clock.today)
            return body.with("signature", .string(Base64.text(try card.sign(text))))
        },
        .init("signed for another portal", .cardSignatureInvalid) { gateway in
            let card = try await gateway.settle().card
            let body = try await gateway.tokenBody(card)
            let text = SignedText.residentToken(
                nonce: body["nonce"]?.string ?? "", party: Cast.otherPortal,
                day: gateway.clock.today)
            return body.with("signature", .string(Base64.text(try card.sign(text))))
        },
        .init("a nonce of another portal", .nonceUnknown) { gateway in
            try await gateway.tokenBody(gateway.settle().card, at: Cast.otherPortal)
        },
        .init("a nonce past its time", .nonceExpired) { gateway in
            let nonce = Nonce.issue(
                .residentToken, to: Cast.portal, lifetimeSeconds: -1, now: gateway.clock.now(),
                keys: gateway.keys.ring)
            return try await gateway.tokenBody(gateway.settle().card)
                .with("nonce", .string(nonce.text))
        },
    ]

    @Test(arguments: cards)
    func `a card that is not good begins no session`(_ row: VisitTests.CardCase) async throws {
        let body = try await row.body(gateway)
        try await gateway.expect(row.refusal, of: .beginResidentSession, from: Cast.portal) {
            try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(body))
        }
    }

    @Test func `a nonce gives one token, and never a second`() async throws {
        let body = try await gateway.tokenBody(gateway.settle().card)
        let first = try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(body))
        #expect(first.status == 201)
        #expect(first.int("expires_in") == 900)
        try await gateway.expect(.nonceUsed, of: .beginResidentSession, from: Cast.portal) {
            try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(body))
        }
    }

    static let reads: [(path: String, purpose: Purpose)] = [
        ("/fhir/Coverage", .readOwnEntitlements), ("/fhir/Consent", .readOwnVisits),
        ("/fhir/Communication", .readOwnNotices), ("/fhir/AuditEvent", .readOwnAccessLog),
        ("/fhir/Immunization", .readOwnVaccinations),
        ("/fhir/ImmunizationRecommendation", .readOwnForecast),
        ("/balances", .readOwnBalances), ("/refunds", .readOwnRefunds),
        ("/fhir/QuestionnaireResponse", .readOwnScreenings),
        ("/fhir/Questionnaire/screening-child-mr-1/$populate", .readOwnScreenings),
        ("/fhir/sensitive/QuestionnaireResponse", .readOwnSensitiveScreenings),
    ]

    @Test(arguments: reads)
    func `a token is of use with the certificate it was given to alone`(
        _ read: (path: String, purpose: Purpose)
    ) async throws {
        let token = try await gateway.session(of: gateway.settle().card)
        try await gateway.send(Cast.portal, "GET", read.path, headers: [token]).expect(200)
        try await gateway.expect(.tokenOfAnotherParty, of: read.purpose, from: Cast.otherPortal) {
            try await gateway.send(Cast.otherPortal, "GET", read.path, headers: [token])
        }
        try gateway.pki.issue(Cast.portal, name: "portal-renewed", at: gateway.clock.now())
        let renewed = try await gateway.connect(
            Cast.portal, credentials: gateway.pki.credentials(.portals, "portal-renewed"))
        try await gateway.expect(.tokenOfAnotherParty, of: read.purpose, from: Cast.portal) {
            try await gateway.send(renewed, "GET", read.path, headers: [token])
        }
        await renewed.close()
    }

    @Test(arguments: reads)
    func `a revoked, an expired, a made-up and no token show nothing`(
        _ read: (path: String, purpose: Purpose)
    ) async throws {
        let card = try await gateway.settle().card
        let revoked = try await gateway.session(of: card)
        for _ in 0..<2 {
            let answer = try await gateway.send(
                Cast.portal, "POST", "/tokens/revoke", headers: [revoked])
            #expect(answer.status == 204)
        }
        try await gateway.expect(.tokenRevoked, of: read.purpose, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", read.path, headers: [revoked])
        }
        let expired = try await gateway.session(of: card)
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    "update exchange.resident_token set expires_at = now() where revoked_at is null"
                ))
        }
        try await gateway.expect(.tokenExpired, of: read.purpose, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", read.path, headers: [expired])
        }
        try await gateway.expect(.tokenMissing, of: nil, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", read.path)
        }
        let unknown = ResidentTokenSecret().text
        let answer = try await gateway.send(
            Cast.portal, "GET", read.path, headers: [("Authorization", "Bearer \(unknown)")])
        gateway.expect(.tokenInvalid, in: answer)
        // A well-formed token that nobody was given is asked of the ledger, and its question is entered.
        gateway.expectMoreEntries(1)
    }

    // MARK: What it shows

    @Test func `own certificates come as they were registered, and nobody else's`() async throws {
        let (resident, card) = try await gateway.settle()
        let (other, _) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300)),
            other.row("kodomo", today.adding(days: -10), today.adding(days: 300)),
        ])
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(Cast.portal, "GET", "/fhir/Coverage", headers: [token])
        #expect(answer.entries.map { $0["subscriberId"]?.string } == ["R-00\(resident.index)"])
        let visit = try await gateway.openVisit(card)
        #expect(!answer.text.contains(visit.patient))
    }

    @Test func `a resident sees visits with their consents and ends them`() async throws {
        let card = try await gateway.settle().card
        let visit = try await gateway.openVisit(card, kind: "home-care")
        let yesterday = gateway.clock.today.adding(days: -1)
        #expect(try await gateway.check(visit, day: yesterday).status == 200)
        let token = try await gateway.session(of: card)
        let before = try await consents(token)
        #expect(before.map { $0["id"]?.string } == [visit.id])
        #expect(before.map { $0["status"]?.string } == ["active"])
        let ended = try await gateway.send(
            Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [token])
        #expect(ended.status == 204)
        #expect(try await consents(token).map { $0["status"]?.string } == ["inactive"])
        try await gateway.expect(.visitEnded, of: .checkEligibility, from: Cast.clinic) {
            try await gateway.check(visit, day: yesterday)
        }
        try await gateway.expect(.recordUnknown, of: .readPatient, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", "/fhir/\(visit.patient)")
        }
    }

    private func consents(_ token: Header) async throws -> [JSONObject] {
        let answer = try await gateway.send(Cast.portal, "GET", "/fhir/Consent", headers: [token])
        try answer.expect(200)
        return answer.entries
    }

    @Test func `another resident's visit cannot be ended`() async throws {
        let visit = try await gateway.openVisit(gateway.settle().card, kind: "home-care")
        let token = try await gateway.session(of: gateway.settle().card)
        for id in [visit.id, "00000000-0000-4000-8000-000000000000"] {
            try await gateway.expect(.visitUnknown, of: .endOwnVisit, from: Cast.portal) {
                try await gateway.send(Cast.portal, "POST", "/visits/\(id)/end", headers: [token])
            }
        }
        let yesterday = gateway.clock.today.adding(days: -1)
        #expect(try await gateway.check(visit, day: yesterday).status == 200)
    }

    // MARK: Who looked

    @Test
    func `every access is in the list, the question itself too, each with a proof that holds`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let visit = try await gateway.openVisit(card)
        _ = try await gateway.check(visit)
        _ = try await gateway.check(visit, day: today.adding(days: 5))
        let token = try await gateway.session(of: card)
        try await gateway.seal()
        let first = try await events(token)
        #expect(
            first.events.map(\.purpose) == [
                "begin-resident-session", "check-eligibility", "check-eligibility", "open-visit",
                "register-entitlements", "feed-cards",
            ])
        #expect(first.events.map(\.outcome) == ["0", "4", "0", "0", "0", "0"])
        #expect(first.events.map(\.party).contains(Cast.clinic.uri))
        for event in first.events { #expect(try event.isProved(by: gateway.sealKey)) }
        try await gateway.seal()
        let second = try await events(token)
        #expect(second.events.first?.purpose == "read-own-access-log")
        #expect(second.events.count == first.events.count + 1)
        for event in second.events { #expect(try event.isProved(by: gateway.sealKey)) }
    }

    @Test func `a proof of another entry, size or tree does not hold`() async throws {
        let card = try await gateway.settle().card
        _ = try await gateway.openVisit(card)
        let token = try await gateway.session(of: card)
        try await gateway.seal()
        let events = try await events(token).events
        var event = try #require(events.first)
        event.leaf = events[1].leaf
        #expect(try !event.isProved(by: gateway.sealKey))
        let stranger = try CheckpointSigner(
            origin: "tsunagi.example/test", privateKey: randomBytes(32))
        #expect(throws: (any Error).self) { try events[0].isProved(by: stranger.key) }
    }

    @Test func `pages are whole, in order, and without a repetition`() async throws {
        let card = try await gateway.settle().card
        for _ in 0..<5 { _ = try await gateway.openVisit(card) }
        let token = try await gateway.session(of: card)
        var ids: [String] = []
        var path: String? = "/fhir/AuditEvent?_count=3"
        var pages = 0
        while let next = path, pages < 10 {
            let page = try await events(token, next)
            // Each question about the list is at its head from then on.
            ids += page.events.map(\.id)
            pages += 1
            path = page.next
        }
        #expect(pages >= 3)
        #expect(ids.count >= 7)
        let whole = try await events(token, "/fhir/AuditEvent?_count=100")
        #expect(Set(whole.events.map(\.id)).isSuperset(of: ids))
        #expect(whole.next == nil)
        #expect(whole.total == whole.events.count)
    }

    @Test(arguments: ["_count=0", "_count=101", "_count=x", "_offset=-1"])
    func `a page that cannot be is refused by name`(_ query: String) async throws {
        let token = try await gateway.session(of: gateway.settle().card)
        let item = String(query.prefix { $0 != "=" })
        try await gateway.expect(.malformed(item), of: nil, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "GET", "/fhir/AuditEvent?\(query)", headers: [token])
        }
    }

    private func events(_ token: Header, _ path: String = "/fhir/AuditEvent") async throws
        -> AuditPage
    {
        let answer = try await gateway.send(Cast.portal, "GET", path, headers: [token])
        try answer.expect(200)
        return AuditPage(answer)
    }
}

/// What a portal reads of `GET /fhir/AuditEvent`, by the words of the resource alone.
struct AuditPage {
    struct Event {
        let id: String
        let purpose: String
        let outcome: String
        let party: String
        var leaf: [UInt8]
        let position: Int
        let size: Int
        let path: [LogHash]
        let checkpoint: String

        func isProved(by key: CheckpointKey) throws -> Bool {
            let signed = try key.open(Array(checkpoint.utf8))
            return signed.size == size
                && InclusionProof(index: position, size: size, path: path)
                    .verifies(leaf: .leaf(leaf), root: signed.root)
        }
    }

    let events: [Event]
    let next: String?
    let total: Int?

    init(_ answer: TLSClient.Answer) {
        events = answer.entries.map(Event.init)
        next = answer.next
        total = answer.int("total")
    }
}

extension AuditPage.Event {
    init(_ resource: JSONObject) {
        id = resource["id"]?.string ?? ""
        let purposes = resource["purposeOfEvent"]?.array?.first?.object?["coding"]?.array
        purpose = purposes?.first?.object?["code"]?.string ?? ""
        outcome = resource["outcome"]?.string ?? ""
        party =
            resource["agent"]?.array?.first?.object?["network"]?.object?["address"]?.string ?? ""
        var found: [String: String] = [:]
        var path: [LogHash] = []
        for entry in resource["extension"]?.array ?? [] {
            for part in entry.object?["extension"]?.array ?? [] {
                guard let part = part.object, let url = part["url"]?.string else { continue }
                let text = part["valueString"]?.string ?? part["valueBase64Binary"]?.string ?? ""
                if url == "proof", let hash = LogHash(Base64.bytes(text) ?? []) {
                    path.append(hash)
                } else {
                    found[url] = text
                }
            }
        }
        leaf = Base64.bytes(found["leaf"] ?? "") ?? []
        position = found["position"].flatMap { Int($0) } ?? -1
        size = found["treeSize"].flatMap { Int($0) } ?? -1
        checkpoint = found["checkpoint"] ?? ""
        self.path = path
    }
}

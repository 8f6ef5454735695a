import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 受付: which card opens a visit, and which does not.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VisitTests {
    struct CardCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: Refusal
        let body: @Sendable (RunningGateway) async throws -> JSONObject

        init(
            _ name: String, _ refusal: Refusal,
            _ body: @escaping @Sendable (RunningGateway) async throws -> JSONObject
        ) {
            testDescription = name
            self.refusal = refusal
            self.body = body
        }
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    static let cards: [CardCase] = [
        CardCase("expired yesterday", .cardExpired) { gateway in
            try await gateway.visitBody(gateway.card(days: -1))
        },
        CardCase("on the revocation list", .cardRevoked) { gateway in
            let card = try await gateway.settle().card
            try gateway.pki.revoke(
                .cards, serial: card.serial, reason: .keyCompromise, at: gateway.clock.now())
            gateway.revocation.reload()
            return try await gateway.visitBody(card)
        },
        CardCase("revoked by the authority's feed", .cardRevoked) { gateway in
            let card = try await gateway.settle().card
            try await gateway.feed([TestResident.revocation(of: card)])
            return try await gateway.visitBody(card)
        },
        CardCase("superseded", .cardSuperseded) { gateway in
            let (resident, card) = try await gateway.settle()
            try await gateway.feed([resident.binding(gateway.card(), supersedes: card)])
            return try await gateway.visitBody(card)
        },
        CardCase("of another CA with the same name", .cardNotTrusted) { gateway in
            let other = try DevelopmentPKI.create(
                in: gateway.folder + "/other", at: gateway.clock.now())
            let now = gateway.clock.now()
            let card = try TestPeople.card(
                other, from: now.adding(seconds: -60), to: now.adding(seconds: 86_400))
            #expect(try card.issuerDER == gateway.pki.anchor(.cards).subject.der)
            return try await gateway.visitBody(card)
        },
        CardCase("an institution's certificate", .cardNotTrusted) { gateway in
            let clinic = try gateway.pki.issue(
                Cast.clinic, name: "as-a-card", at: gateway.clock.now())
            let body = try await gateway.visitBody(gateway.card())
            return body.with("certificate", .string(Base64.text(clinic.der)))
        },
        CardCase("no certificate at all", .cardNotTrusted) { gateway in
            try await gateway.visitBody(gateway.card()).with("certificate", "AAAA")
        },
        CardCase("bound to nobody", .cardUnbound) { gateway in
            try await gateway.visitBody(gateway.card())
        },
        CardCase("PIN locked, as the reader says", .cardLocked) { _ in
            JSONObject([.init(name: "reader", value: "pin-locked")])
        },
        CardCase("a signature of nothing", .cardSignatureInvalid) { gateway in
            try await signed(gateway) { _, _ in Array("something else".utf8) }
        },
        CardCase("signed for fewer consents", .cardSignatureInvalid) { gateway in
            try await signed(gateway) { nonce, day in
                SignedText.visit(
                    nonce: nonce, party: Cast.clinic, consentKinds: [], visitKind: "outpatient",
                    day: day)
            }
        },
        CardCase("signed for another kind of visit", .cardSignatureInvalid) { gateway in
            try await signed(gateway) { nonce, day in
                SignedText.visit(
                    nonce: nonce, party: Cast.clinic, consentKinds: ["subsidy"],
                    visitKind: "home-care",
                    day: day)
            }
        },
        CardCase("signed for another nonce", .cardSignatureInvalid) { gateway in
            let other = try await gateway.nonce("/visits/nonces", Cast.clinic).text
            return try await signed(gateway) { _, day in
                SignedText.visit(
                    nonce: other, party: Cast.clinic, consentKinds: ["subsidy"],
                    visitKind: "outpatient", day: day)
            }
        },
        CardCase("signed for another institution", .cardSignatureInvalid) { gateway in
            try await signed(gateway) { nonce, day in
                SignedText.visit(
                    nonce: nonce, party: Cast.pharmacy, consentKinds: ["subsidy"],
                    visitKind: "outpatient", day: day)
            }
        },
        CardCase("signed on another day", .cardSignatureInvalid) { gateway in
            let body = try await gateway.visitBody(gateway.settle().card)
            return body.with("day", .string(gateway.clock.today.adding(days: -1).text))
        },
        CardCase("signed for a resident's token", .cardSignatureInvalid) { gateway in
            try await signed(gateway) { nonce, day in
                SignedText.residentToken(nonce: nonce, party: Cast.clinic, day: day)
            }
        },
    ]

    /// A bound, good card that signs something else than the body says.
    private static func signed(
        _ gateway: RunningGateway, _ text: (String, CalendarDay) -> [UInt8]
    ) async throws -> JSONObject {
        let card = try await gateway.settle(algorithm: .rsa2048).card
        let body = try await gateway.visitBody(card)
        let nonce = body["nonce"]?.string ?? ""
        let signature = try card.sign(text(nonce, gateway.clock.today))
        return body.with("signature", .string(Base64.text(signature)))
    }

    @Test(arguments: cards)
    func `a card that is not good opens nothing and is on the record`(_ row: CardCase) async throws
    {
        let body = try await row.body(gateway)
        let before = try await gateway.count("select count(*) from exchange.visit")
        try await gateway.expect(row.refusal, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
        #expect(try await gateway.count("select count(*) from exchange.visit") == before)
    }

    @Test func `a stale revocation list of the card CA opens nothing`() async throws {
        let body = try await gateway.visitBody(gateway.settle().card)
        try gateway.pki.writeList(.cards, at: gateway.clock.now(), days: 0)
        gateway.revocation.reload()
        try await gateway.clock.moved(seconds: 2) {
            _ = try await gateway.expect(.cardRevocationUnknown, of: .openVisit, from: Cast.clinic)
            {
                try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
            }
        }
        try gateway.pki.writeList(.cards, at: gateway.clock.now())
        gateway.revocation.reload()
        try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body)).expect(201)
    }

    @Test(arguments: SoftwareCard.Algorithm.allCases)
    func `a good card opens a visit until the end of the day`(_ algorithm: SoftwareCard.Algorithm)
        async throws
    {
        let card = try await gateway.settle(algorithm: algorithm).card
        let body = try await gateway.visitBody(card)
        let entries = try await gateway.entries {
            let answer = try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
            #expect(answer.status == 201)
            let tomorrow = Instant.startOfDay(gateway.clock.today.adding(days: 1))
            #expect(answer.text("endsAt") == tomorrow.text)
            #expect(answer.text("cardValidTo") == card.notAfter.dayInJapan.text)
        }
        #expect(entries.map(\.outcome) == ["ok"])
        #expect(entries.map(\.hasPerson) == [true])
    }

    struct NonceCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: Refusal
        let nonce: @Sendable (RunningGateway) async throws -> String
    }

    static let nonces: [NonceCase] = [
        NonceCase(testDescription: "made up", refusal: .nonceUnknown) { _ in "bm9uY2U" },
        NonceCase(testDescription: "of another institution", refusal: .nonceUnknown) { gateway in
            try await gateway.nonce("/visits/nonces", Cast.pharmacy).text
        },
        NonceCase(testDescription: "for a resident's token", refusal: .nonceUnknown) { gateway in
            Nonce.issue(
                .residentToken, to: Cast.clinic, lifetimeSeconds: 60, now: gateway.clock.now(),
                keys: gateway.keys.ring
            ).text
        },
        NonceCase(testDescription: "a second too old", refusal: .nonceExpired) { gateway in
            Nonce.issue(
                .visit, to: Cast.clinic, lifetimeSeconds: -1, now: gateway.clock.now(),
                keys: gateway.keys.ring
            ).text
        },
    ]

    @Test(arguments: nonces)
    func `a nonce serves its party, its purpose and its time`(_ row: NonceCase) async throws {
        let card = try await gateway.settle().card
        let nonce = try await row.nonce(gateway)
        let day = gateway.clock.today
        let text = SignedText.visit(
            nonce: nonce, party: Cast.clinic, consentKinds: ["subsidy"], visitKind: "outpatient",
            day: day)
        let body = try await gateway.visitBody(card).with("nonce", .string(nonce))
            .with("signature", .string(Base64.text(try card.sign(text))))
        try await gateway.expect(row.refusal, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
    }

    @Test func `the same bytes get the same visit, other bytes with that nonce nothing`()
        async throws
    {
        let card = try await gateway.settle(algorithm: .rsa2048).card
        let body = try await gateway.visitBody(card)
        let first = try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        let second = try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        #expect((first.status, second.status) == (201, 200))
        #expect(first.body == second.body)
        let nonce = body["nonce"]?.string ?? ""
        let text = SignedText.visit(
            nonce: nonce, party: Cast.clinic, consentKinds: [], visitKind: "outpatient",
            day: gateway.clock.today)
        let other = body.with("consents", .array([]))
            .with("signature", .string(Base64.text(try card.sign(text))))
        try await gateway.expect(.nonceUsed, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(other))
        }
        #expect(
            try await gateway.count(
                "select count(*) from exchange.visit where nonce = $1", [.text(nonce)]) == 1)
    }

    @Test func `sixteen identical visits at once make one`() async throws {
        let card = try await gateway.settle(algorithm: .rsa2048).card
        let body = try await gateway.visitBody(card)
        let bytes = Array(JSON.object(body).text.utf8)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { tasks in
            for _ in 0..<16 {
                tasks.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(client, "POST", "/visits", bytes: bytes)
                    await client.close()
                    return answer
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.status).sorted() == Array(repeating: 200, count: 15) + [201])
        #expect(Set(answers.map(\.body)).count == 1)
        let nonce = body["nonce"]?.string ?? ""
        #expect(
            try await gateway.count(
                "select count(*) from exchange.visit where nonce = $1", [.text(nonce)]) == 1)
    }

    @Test func `what was signed is kept with the visit, to the byte`() async throws {
        let card = try await gateway.settle(algorithm: .rsa2048).card
        let body = try await gateway.visitBody(card)
        let answer = try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        let id = answer.text("visit")
        let kept = try await gateway.sql { transaction in
            let row = try transaction.query(
                Statement(
                    "select text, signature, certificate from exchange.visit_evidence where visit::text = $1"
                ),
                [.text(id)])[0]
            return [try row.bytes(0), try row.bytes(1), try row.bytes(2)]
        }
        let text = SignedText.visit(
            nonce: body["nonce"]?.string ?? "", party: Cast.clinic, consentKinds: ["subsidy"],
            visitKind: "outpatient", day: gateway.clock.today)
        #expect(kept[0] == text)
        #expect(Base64.text(kept[1]) == body["signature"]?.string)
        #expect(kept[2] == card.certificateDER)
    }

    // MARK: What a visit shows of the person

    static let kinds: [(kind: String, showsPatient: Bool)] = [
        ("outpatient", true), ("inpatient", true), ("home-care", true), ("booked", false),
    ]

    @Test(arguments: kinds)
    func `a visit shows the person, unless its kind is for the check alone`(
        _ row: (kind: String, showsPatient: Bool)
    ) async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([held(resident, "kodomo")])
        let visit = try await gateway.openVisit(card, kind: row.kind)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "entitled")
        guard row.showsPatient else {
            try await gateway.expect(.visitForCheckAlone, of: .readPatient, from: Cast.clinic) {
                try await patient(visit)
            }
            // A visit that shows more does, whichever was opened first.
            _ = try await gateway.openVisit(card)
            _ = try await gateway.openVisit(card, kind: row.kind)
            return #expect(try await patient(visit).text.contains(resident.name))
        }
        #expect(try await patient(visit).text.contains(resident.name))
    }

    private func held(_ resident: TestResident, _ type: String) -> JSON {
        let today = gateway.clock.today
        return resident.row(type, today.adding(days: -10), today.adding(days: 300))
    }

    private func patient(_ visit: RunningGateway.Visit) async throws -> TLSClient.Answer {
        try await gateway.send(Cast.clinic, "GET", "/fhir/\(visit.patient)")
    }

    /// As if it had ended just now, by itself.
    private func endSecondsAgo(_ visit: RunningGateway.Visit) async throws {
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.visit set opened_at = opened_at - interval '1 hour',
                        ends_at = clock_timestamp() - interval '5 seconds' where visit::text = $1
                    """), [.text(visit.id)])
        }
    }

    /// 入院の月末: the visit ends with the month in Japan and answers from then on only for the days it was open;
    /// a new reading of the card renews it.
    @Test func `a visit of a stay ends with its month, and the card renews it`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([held(resident, "kodomo")])
        let visit = try await gateway.openVisit(card, kind: "inpatient")
        let atMonthsEnd = try await gateway.count(
            """
            select count(*) from exchange.visit where visit::text = $1 and ends_at
                = (date_trunc('month', opened_at at time zone 'Asia/Tokyo') + interval '1 month')
                    at time zone 'Asia/Tokyo'
            """, [.text(visit.id)])
        #expect(atMonthsEnd == 1)
        // As if it had been opened a month ago.
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.visit set opened_at = opened_at - interval '1 month',
                        ends_at = date_trunc('month', opened_at at time zone 'Asia/Tokyo')
                            at time zone 'Asia/Tokyo' where visit::text = $1
                    """), [.text(visit.id)])
        }
        let today = gateway.clock.today
        try await gateway.expect(.visitEnded, of: .checkEligibility, from: Cast.clinic) {
            try await gateway.check(visit)
        }
        let last = try await gateway.check(visit, day: today.adding(days: -today.day))
        #expect(last.status == 200, "\(last.text)")
        let renewed = try await gateway.openVisit(card, kind: "inpatient")
        #expect(renewed.id != visit.id)
        #expect(try await gateway.check(renewed).outcome(of: "kodomo") == "entitled")
    }

    /// The database gives whichever ended within the last minute: by the clock of the access it is over.
    @Test func `a visit that ended seconds ago opens nothing any more`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([held(resident, "kodomo")])
        let over = try await gateway.openVisit(
            card, consents: ["subsidy", "maternal"], kind: "home-care")
        #expect(try await patient(over).text.contains(resident.name))
        #expect(try await gateway.checkups(of: over).status == 200)
        try await endSecondsAgo(over)
        try await gateway.expect(.recordUnknown, of: .readPatient, from: Cast.clinic) {
            try await patient(over)
        }
        try await gateway.expect(.recordUnknown, of: .readCheckups, from: Cast.clinic) {
            try await gateway.checkups(of: over)
        }
        // One for the check alone is no door to what the one that is over had opened.
        let booked = try await gateway.openVisit(card, kind: "booked")
        try await gateway.expect(.visitForCheckAlone, of: .readPatient, from: Cast.clinic) {
            try await patient(booked)
        }
    }

    /// Who left a kind out, who has nothing, and who has nothing but what is sensitive: the same.
    @Test func `what was not agreed to is not told by the patient either`() async throws {
        let declined = try await gateway.settle()
        try await gateway.hold([held(declined.resident, "kodomo")])
        let takenBack = try await gateway.settle()
        let row = held(takenBack.resident, "kodomo")
        try await gateway.hold([row])
        try await gateway.hold([
            .object((row.object ?? JSONObject()).with("isDeleted", .bool(true)))
        ])
        let sensitive = try await gateway.settle()
        let mental = sensitive.resident.row(
            "seishintsuin", gateway.clock.today.adding(days: -10),
            gateway.clock.today.adding(days: 300),
            ["incomeSegment": "1", "medicalSubsidyInsurerNumber": "21136015"])
        try await gateway.hold([mental], by: Cast.prefecture)
        let nothing = try await gateway.settle()
        let asked: [(SoftwareCard, [String])] = [
            (declined.card, []), (declined.card, ["subsidy-mental"]),
            (takenBack.card, ["subsidy"]), (sensitive.card, ["subsidy"]),
            (nothing.card, ["subsidy", "subsidy-mental"]),
        ]
        var bodies: Set<String> = []
        for (card, consents) in asked {
            let visit = try await gateway.openVisit(card, consents: consents)
            let answer = try await patient(visit)
            #expect(answer.status == 200)
            let id = visit.patient.dropFirst("Patient/".count)
            bodies.insert(answer.text.replacing(id, with: "ID"))
        }
        #expect(bodies.count == 1)
        #expect(!(bodies.first ?? "name").contains("name"))
        let agreed = try await gateway.openVisit(sensitive.card, consents: ["subsidy-mental"])
        #expect(try await patient(agreed).text.contains(sensitive.resident.name))
    }

    @Test(arguments: ["paper", "emergency", "tourist"])
    func `a card opens no visit of a kind without a card`(_ kind: String) async throws {
        let card = try await gateway.settle().card
        let body = try await gateway.visitBody(card, kind: kind)
        try await gateway.expect(.visitKindUnknown, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
    }

    static let terms: [(kind: String, days: Int)] = [("home-care", 366), ("booked", 31)]

    @Test(arguments: terms)
    func `kinds of visit last as long as the rules say`(_ row: (kind: String, days: Int))
        async throws
    {
        let card = try await gateway.settle().card
        let body = try await gateway.visitBody(card, kind: row.kind)
        let answer = try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        let last = Instant.startOfDay(gateway.clock.today.adding(days: row.days))
        #expect(answer.text("endsAt") == last.text)
    }
}

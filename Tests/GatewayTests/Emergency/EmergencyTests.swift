import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 災害時: two officers declare, an institution in the area receives residents without a card, and every such
/// visit is answered for.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct EmergencyTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    // MARK: Declaring

    func proposal(
        _ areas: [String] = [Cast.town.code], hours: Int64 = 48, _ changes: [String: JSON?] = [:]
    ) -> JSON {
        var body = JSONObject([
            .init(name: "areas", value: .array(areas.map { .string($0) })),
            .init(name: "reason", value: "見本の地震"),
            .init(
                name: "endsAt",
                value: .string(gateway.clock.now().adding(seconds: hours * 3600).text)),
        ])
        for (name, value) in changes {
            body = value.map { body.with(name, $0) } ?? body.without(name)
        }
        return .object(body)
    }

    static func operated(_ name: String) -> [(String, String)] {
        [("Tsunagi-Operator", name)]
    }

    func propose(
        _ body: JSON, by party: Party = Cast.town, as name: String = "officer-a"
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            party, "POST", "/disasters", headers: Self.operated(name), body: body)
    }

    /// By the second officer, who has a certificate of their own.
    func decide(
        _ word: String, _ id: String, by party: Party = Cast.town, as name: String = "officer-b"
    ) async throws -> TLSClient.Answer {
        try gateway.pki.issue(party, name: party.fileName + "-second", at: gateway.clock.now())
        let client = try await gateway.connect(
            party,
            credentials: gateway.pki.credentials(
                DevelopmentPKI.Authority(of: party.role), party.fileName + "-second"))
        let answer = try await gateway.send(
            client, "POST", "/disasters/\(id)/\(word)", headers: Self.operated(name))
        await client.close()
        return answer
    }

    /// A disaster that stands, as long as `body` takes.
    func declared<R>(
        _ areas: [String] = [Cast.town.code], by party: Party = Cast.town,
        _ body: (_ id: String) async throws -> R
    ) async throws -> R {
        let proposed = try await propose(proposal(areas), by: party)
        try proposed.expect(201)
        let id = proposed.text("id")
        let confirmed = try await decide("confirm", id, by: party)
        try confirmed.expect(200)
        #expect(confirmed.text("status") == "standing")
        do {
            let result = try await body(id)
            _ = try await decide("end", id, by: party)
            return result
        } catch {
            _ = try await decide("end", id, by: party)
            throw error
        }
    }

    @Test func `a declaration needs four eyes: another operator and another certificate`()
        async throws
    {
        let proposed = try await propose(proposal())
        try proposed.expect(201)
        #expect(proposed.text("status") == "proposed")
        let id = proposed.text("id")
        for name in ["officer-a", "officer-b"] {
            // The certificate of the proposal.
            try await gateway.expect(
                .secondPersonNeeded, of: .declareDisaster, from: Cast.town
            ) {
                try await gateway.send(
                    Cast.town, "POST", "/disasters/\(id)/confirm", headers: Self.operated(name))
            }
        }
        try await gateway.expect(.secondPersonNeeded, of: .declareDisaster, from: Cast.town) {
            try await decide("confirm", id, as: "officer-a")
        }
        try await decide("confirm", id).expect(200)
        try await gateway.expect(.alreadySettled, of: .declareDisaster, from: Cast.town) {
            try await decide("confirm", id, as: "officer-c")
        }
        try await gateway.expect(.recordUnknown, of: .declareDisaster, from: Cast.otherTown) {
            try await gateway.send(
                Cast.otherTown, "POST", "/disasters/\(id)/end",
                headers: Self.operated("stranger"))
        }
        let ended = try await gateway.send(
            Cast.town, "POST", "/disasters/\(id)/end", headers: Self.operated("officer-a"))
        #expect(ended.text("status") == "ended")
        try await gateway.expect(.alreadySettled, of: .declareDisaster, from: Cast.town) {
            try await decide("end", id)
        }
        let listed = try await gateway.send(Cast.prefecture, "GET", "/disasters")
        #expect(listed.text.contains(id))
        let elsewhere = try await gateway.send(Cast.otherPrefecture, "GET", "/disasters")
        #expect(!elsewhere.text.contains(id))
    }

    @Test func `a declaration is narrow in place and time, and somebody's`() async throws {
        for (body, party, refusal) in [
            (proposal([Cast.otherTown.code]), Cast.town, Refusal.areaNotYours),
            (proposal([Cast.town.code, Cast.otherTown.code]), Cast.prefecture, .areaNotYours),
            (proposal([Cast.prefecture.code]), Cast.prefecture, .areaNotYours),
            (proposal(hours: 8 * 24), Cast.town, .termTooLong),
            (proposal(hours: -1), Cast.town, .termTooLong),
        ] {
            try await gateway.expect(refusal, of: .declareDisaster, from: party) {
                try await propose(body, by: party)
            }
        }
        for (body, refusal) in [
            (proposal([]), Refusal.missing("areas")), (proposal(["13"]), .malformed("areas")),
            (proposal(["reason": nil]), .missing("reason")),
            (proposal(["endsAt": "tomorrow"]), .malformed("endsAt")),
        ] {
            try await gateway.expect(refusal, of: nil, from: Cast.town) { try await propose(body) }
        }
        try await gateway.expect(.missing("Tsunagi-Operator"), of: nil, from: Cast.town) {
            try await gateway.send(Cast.town, "POST", "/disasters", body: proposal())
        }
        try await gateway.expect(.notYourPurpose, of: .declareDisaster, from: Cast.auditor) {
            try await propose(proposal(), by: Cast.auditor)
        }
    }

    // MARK: Without a card

    private func proposal(_ changes: [String: JSON?]) -> JSON {
        proposal([Cast.town.code], hours: 48, changes)
    }

    func stated(_ resident: TestResident, _ changes: [String: JSON?] = [:]) -> JSON {
        var body = JSONObject([
            .init(name: "name", value: .string(resident.name)),
            .init(name: "birthDate", value: .string(resident.dateOfBirth)),
            .init(name: "sex", value: .string(resident.sex)),
            .init(name: "reason", value: "避難所。持参薬なし"),
        ])
        for (name, value) in changes {
            body = value.map { body.with(name, $0) } ?? body.without(name)
        }
        return .object(body)
    }

    func receive(
        _ body: JSON, at institution: Party = Cast.clinic, as name: String = "nurse-1"
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            institution, "POST", "/visits/emergency", headers: Self.operated(name), body: body)
    }

    /// Somebody who lives in `town` and holds a certificate there; with a name that nobody else has.
    func resident(
        in town: Party = Cast.town, isHidden: Bool = false, consentKind: String = "kodomo"
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        var (resident, card) = try await gateway.settle(in: town)
        resident.name = "災害 見本\(resident.index)"
        resident.nameKana = "サイガイ ミホン\(resident.index)"
        let today = gateway.clock.today
        try await gateway.hold(
            [
                resident.row(
                    consentKind, today.adding(days: -10), today.adding(days: 300),
                    ["isNotDisclosed": .bool(isHidden)])
            ], by: town)
        return (resident, card)
    }

    func place(_ institution: Party = Cast.clinic, in town: Party = Cast.town) async throws {
        let isPlaced = try await gateway.registry.place(
            institution, in: LocalGovernmentCode(town.code))
        #expect(isPlaced)
    }

    @Test func `a resident of the area is received by name, told of it, and answered the check`()
        async throws
    {
        try await place()
        let (resident, card) = try await resident()
        try await declared { _ in
            var opened: TLSClient.Answer?
            let entries = try await gateway.entries {
                opened = try await receive(stated(resident))
            }
            let answer = try #require(opened)
            try answer.expect(201)
            #expect(answer.text("kind") == "emergency")
            #expect(
                answer.json["consents"]?.array?.compactMap(\.string) == ["immunization", "subsidy"])
            #expect(entries.map(\.purpose) == ["open-emergency-visit"])
            #expect(entries.first?.hasPerson == true)
            #expect(entries.first?.basis?.contains("避難所") == true)
            let checked = try await gateway.check(.init(answer))
            #expect(checked.outcome(of: "kodomo") == "entitled")
            let notices = try await gateway.send(
                Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
            #expect(notices.text.contains("emergency-visit"))
            #expect(notices.text.contains(answer.text("visit")))
            // The reading, in whatever way it was typed.
            let byKana = try await receive(
                stated(resident, ["name": .string("ｻｲｶﾞｲ　ﾐﾎﾝ\(resident.index)")]))
            #expect(byKana.status == 201)
        }
    }

    @Test func `outside a disaster everybody is refused alike, whoever is asked about`()
        async throws
    {
        try await place()
        let (resident, _) = try await resident()
        var bodies: Set<[UInt8]> = []
        for body in [stated(resident), stated(resident, ["name": "誰でも ない"])] {
            let answer = try await gateway.expect(
                .noDisaster, of: .openEmergencyVisit, from: Cast.clinic
            ) { try await receive(body) }
            bodies.insert(answer.body)
        }
        let proposed = try await propose(proposal())
        try await gateway.expect(.noDisaster, of: .openEmergencyVisit, from: Cast.clinic) {
            try await receive(stated(resident))
        }
        _ = try await decide("end", proposed.text("id"))
        try await declared { _ in
            // An institution outside the area, and one that nobody placed.
            try await place(Cast.pharmacy, in: Cast.otherTown)
            for institution in [Cast.pharmacy, Cast.spare] {
                try await gateway.expect(
                    .noDisaster, of: .openEmergencyVisit, from: institution
                ) { try await receive(stated(resident), at: institution) }
            }
        }
        try await gateway.expect(.noDisaster, of: .openEmergencyVisit, from: Cast.clinic) {
            try await receive(stated(resident))
        }
        #expect(bodies.count == 1)
    }

    @Test func `nobody but one resident of the area is found, in the same words`() async throws {
        try await place()
        let (resident, _) = try await resident()
        let hidden = try await self.resident(isHidden: true).resident
        // A later word that is under review (another birth date) does not end the protection.
        let today = gateway.clock.today
        var other = hidden
        other.dateOfBirth = "1931-01-01"
        let held = try await gateway.register([
            other.row("kodomo", today.adding(days: -9), today.adding(days: 300), historyKey: "2")
        ])
        #expect(held.int("underReview") == 1)
        let far = try await self.resident(in: Cast.otherTown).resident
        var twin = try await self.resident().resident
        let first = twin
        twin = gateway.people.next()
        twin.name = first.name
        twin.dateOfBirth = first.dateOfBirth
        try await gateway.feed([
            twin.residence(Cast.town.code, from: gateway.clock.today.adding(days: -100))
        ])
        try await gateway.hold([twin.row("kodomo", today.adding(days: -5), today.adding(days: 99))])
        let asked = [
            stated(resident, ["birthDate": "1950-01-01"]), stated(resident, ["sex": "1"]),
            stated(resident, ["name": "災害 別人"]), stated(hidden), stated(far), stated(first),
        ]
        try await declared { _ in
            var bodies: Set<[UInt8]> = []
            for body in asked {
                let answer = try await gateway.expect(
                    .emergencyNotConfirmed, of: .openEmergencyVisit, from: Cast.clinic
                ) { try await receive(body) }
                bodies.insert(answer.body)
            }
            #expect(bodies.count == 1)
        }
    }

    static let wrong: [(String, JSON?, Refusal)] = [
        ("name", nil, .missing("name")), ("name", "", .malformed("name")),
        ("birthDate", "不明", .malformed("birthDate")), ("sex", "3", .malformed("sex")),
        ("reason", nil, .missing("reason")), ("reason", " ", .malformed("reason")),
        ("reason", "個人番号123456789018", .individualNumberNotAllowed("reason")),
        ("address", "x", .unknownItem("address")),
    ]

    @Test(arguments: wrong.indices)
    func `what must be stated is named when it is not`(_ place: Int) async throws {
        let (name, value, refusal) = Self.wrong[place]
        let person = gateway.people.next()
        try await gateway.expect(refusal, of: nil, from: Cast.clinic) {
            try await receive(stated(person, [name: value]))
        }
    }

    @Test func `the user must be named, and tries are limited`() async throws {
        try await place(Cast.spare)
        let person = gateway.people.next()
        try await gateway.expect(.missing("Tsunagi-Operator"), of: nil, from: Cast.spare) {
            try await gateway.send(
                Cast.spare, "POST", "/visits/emergency", body: stated(person))
        }
        try await declared { _ in
            for _ in 0..<60 {
                let answer = try await receive(stated(person), at: Cast.spare)
                #expect(answer.code == Refusal.emergencyNotConfirmed.code)
            }
            try await gateway.expect(
                .emergencyTooMany, of: .openEmergencyVisit, from: Cast.spare
            ) { try await receive(stated(person), at: Cast.spare) }
        }
    }

    // MARK: Answering for it

    private func reviews(_ party: Party) async throws -> [JSONObject] {
        let answer = try await gateway.send(party, "GET", "/emergency-reviews?count=100")
        try answer.expect(200)
        let reviews = (answer.json["reviews"]?.array ?? []).compactMap(\.object)
        gateway.expectMoreEntries(max(reviews.count, 1) - 1)
        return reviews
    }

    @Test
    func `every such visit is answered once by the municipality, and escalates when it is not`()
        async throws
    {
        try await place()
        let (resident, _) = try await resident()
        let visit = try await declared { _ in
            try await receive(stated(resident)).text("visit")
        }
        let waiting = try await reviews(Cast.town).first { $0["id"]?.string == visit }
        let review = try #require(waiting)
        #expect(review["name"]?.string == resident.name)
        #expect(review["reason"]?.string == "避難所。持参薬なし")
        #expect(review["operator"]?.string == "nurse-1")
        #expect(review["overdue"]?.bool == false)
        #expect(try await reviews(Cast.prefecture).isEmpty)
        // The owner alone, and only by switching the protection off, moves the time.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table exchange.emergency_review disable trigger emergency_review_answered_once;
                update exchange.emergency_review set due_at = clock_timestamp() - interval '1 day';
                alter table exchange.emergency_review enable trigger emergency_review_answered_once;
                """)
        }
        #expect(try await gateway.ledger.openReviews().overdue > 0)
        let escalated = try await reviews(Cast.prefecture).first { $0["id"]?.string == visit }
        #expect(escalated?["overdue"]?.bool == true)
        #expect(escalated?["name"] == nil)
        #expect(try await reviews(Cast.otherPrefecture).isEmpty)
        try await answer(visit, as: Cast.otherTown, is: .recordUnknown)
        try await answer(visit, ["verdict": "maybe"], is: .malformed("verdict"), isEntered: false)
        try await answer(visit, is: nil)
        try await answer(visit, ["verdict": "not-justified"], is: .alreadySettled)
        #expect(try await !reviews(Cast.town).contains { $0["id"]?.string == visit })
    }

    private func answer(
        _ visit: String, _ changes: [String: JSON] = [:], as party: Party = Cast.town,
        is refusal: Refusal?, isEntered: Bool = true
    ) async throws {
        var body = JSONObject([
            .init(name: "verdict", value: "justified"), .init(name: "word", value: "避難所で確認"),
        ])
        for (name, value) in changes { body = body.with(name, value) }
        let send = { [body] in
            try await gateway.send(
                party, "POST", "/emergency-reviews/\(visit)", body: .object(body))
        }
        guard let refusal else { return try await send().expect(204) }
        try await gateway.expect(
            refusal, of: isEntered ? .answerEmergencyReview : nil, from: party
        ) { try await send() }
    }
}

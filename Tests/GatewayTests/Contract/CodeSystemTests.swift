import Exchange
import TestSupport
import Testing

/// コードの一覧: where a refusal sends its reader to a list, the list is served, and what it lists is taken.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CodeSystemTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let path = "/fhir/CodeSystem"

    private func concepts(_ id: String, by party: Party = Cast.clinic) async throws -> [JSONObject]
    {
        let answer = try await gateway.send(party, "GET", "\(Self.path)/\(id)")
        try answer.expect(200)
        #expect(answer.text("url") == "urn:tsunagi:CodeSystem:\(id)")
        let concepts = answer.json["concept"]?.array?.compactMap(\.object) ?? []
        #expect(answer.int("count") == concepts.count)
        return concepts
    }

    @Test(arguments: [Cast.clinic, Cast.town, Cast.portal])
    func `every party finds the lists, each alone and all together`(_ party: Party) async throws {
        let all = try await gateway.send(party, "GET", Self.path)
        try all.expect(200)
        let ids = all.entries.compactMap { $0["id"]?.string }
        #expect(
            ids == [
                "consent-kind", "visit-kind", "vaccine", "eligibility-outcome",
                "eligibility-warning",
            ])
        let one = try await gateway.send(
            party, "GET", Self.path + "?url=urn:tsunagi:CodeSystem:visit-kind")
        #expect(one.entries.compactMap { $0["id"]?.string } == ["visit-kind"])
        let vaccines = try await concepts("vaccine", by: party)
        #expect(vaccines.contains { $0["code"]?.string == "mr" })
        try await gateway.expect(.recordUnknown, of: nil, from: party) {
            try await gateway.send(party, "GET", Self.path + "/refusal")
        }
    }

    @Test func `a refusal names the list, and what the list holds is taken`() async throws {
        let card = try await gateway.settle().card
        let body = try await gateway.visitBody(card).with("consents", .array(["everything"]))
        let unknown = try await gateway.send(
            Cast.clinic, "POST", "/visits", body: .object(body))
        #expect(unknown.code == Refusal.consentUnknown.code)
        #expect(unknown.text("detail").contains("\(Self.path)/consent-kind"))
        #expect(unknown.text("detail_en").contains("\(Self.path)/consent-kind"))
        let consents = try await concepts("consent-kind").compactMap { $0["code"]?.string }
        #expect(consents.contains("maternal-sensitive"))
        _ = try await gateway.openVisit(card, consents: consents.sorted())
    }

    /// 次にすること: an answer has a code and its name; what the receptionist does next, the list says.
    @Test func `every outcome and warning of the counter says what to do next`() async throws {
        let lists = try await [
            (concepts("eligibility-outcome"), EligibilityOutcome.allCases.map(\.rawValue)),
            (concepts("eligibility-warning"), EligibilityWarning.Code.allCases.map(\.rawValue)),
        ]
        for (listed, codes) in lists {
            #expect(listed.map { $0["code"]?.string } == codes)
            for concept in listed {
                let properties = (concept["property"]?.array ?? []).compactMap(\.object)
                func text(_ code: String) -> String {
                    properties.first { $0["code"]?.string == code }?["valueString"]?.string ?? ""
                }
                #expect(
                    text("nextActionJa").hasSuffix("。") && text("nextActionEn").hasSuffix(".")
                        && text("definitionJa").hasSuffix("。"), "\(concept)")
            }
        }
        let card = try await gateway.settle().card
        let answer = try await gateway.check(gateway.openVisit(card))
        let code = try #require(answer.outcome(of: "kodomo"))
        #expect(lists[0].1.contains(code))
    }

    /// Which of them a card opens is said beside each.
    @Test func `every kind of visit is opened by card as its list says`() async throws {
        for kind in try await concepts("visit-kind") {
            let code = kind["code"]?.string ?? ""
            let opened = kind["property"]?.array?.compactMap(\.object).first {
                $0["code"]?.string == "openedByCard"
            }
            let isOpened = try #require(opened?["valueBoolean"]?.bool as Bool?)
            let body = try await gateway.visitBody(gateway.settle().card, kind: code)
            let answer = try await gateway.send(
                Cast.clinic, "POST", "/visits", body: .object(body))
            #expect(answer.status == (isOpened ? 201 : 422), "\(code)")
            #expect(isOpened || answer.code == Refusal.visitKindUnknown.code)
        }
    }
}

import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 券面項目の住所: what a municipality prints on a certificate comes back to the last character, but for the
/// address; of a resident under 支援措置 nothing comes back that says where they live, under whatever name.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FaceAddressTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// The address of every test resident is 東京都小金井市見本町1-1.
    private static let face = #"""
        [{"name":"住所","value":"東京都小金井市見本町1-1"},{"name":"送付先","value":"見本市役所気付"},\#
        {"name":"備考","value":"書類は見本町１－１へ"},\#
        {"name":"注意","value":"通院　1回 200円 﨑"}]
        """#
    /// 住所 under its own name leaves for nobody.
    private static let said = #"""
        [{"name":"送付先","value":"見本市役所気付"},{"name":"備考","value":"書類は見本町１－１へ"},\#
        {"name":"注意","value":"通院　1回 200円 﨑"}]
        """#
    private static let hidden = #"[{"name":"注意","value":"通院　1回 200円 﨑"}]"#

    private func row(_ resident: TestResident, isNotDisclosed: Bool) throws -> JSON {
        let today = gateway.clock.today
        return resident.row(
            "kodomo", today.adding(days: -10), today.adding(days: 300),
            [
                "isNotDisclosed": .bool(isNotDisclosed),
                "certificationDetail": try JSON(reading: Self.face),
            ])
    }

    /// 受給者証券面項目 of each Coverage of an answer, as the text that it is shown as.
    private func details(_ coverages: [JSONObject]) -> [String] {
        coverages.flatMap { coverage in
            (coverage["extension"]?.array ?? []).flatMap { entry in
                (entry.object?["extension"]?.array ?? []).compactMap(\.object)
                    .filter { $0["url"]?.string == "certificationDetail" }
                    .compactMap { $0["valueString"]?.string }
            }
        }
    }

    /// What the clinic's check, the resident's own list and the town's replay show.
    private func shown(_ card: SoftwareCard) async throws -> [[String]] {
        let answer = try await gateway.check(gateway.openVisit(card))
        try answer.expect(200)
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/Coverage", headers: [gateway.session(of: card)])
        try own.expect(200)
        let replay = try await gateway.send(
            Cast.town, "GET",
            "/fhir/CoverageEligibilityResponse/\(answer.text("id"))/$replay")
        try replay.expect(200)
        let told = (replay.json["parameter"]?.array ?? []).compactMap {
            $0.object?["resource"]?.object
        }
        for text in [answer.text, own.text, replay.text] {
            #expect(!text.contains("東京都小金井市見本町"))
        }
        return [
            details(contained(answer.json)), details(own.entries),
            details(told.flatMap(contained)),
        ]
    }

    private func contained(_ response: JSONObject) -> [JSONObject] {
        (response["contained"]?.array ?? []).compactMap(\.object)
    }

    @Test func `what is printed comes back exactly, without the address`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([try row(resident, isNotDisclosed: false)])
        #expect(try await shown(card) == [[Self.said], [Self.said], [Self.said]])
    }

    @Test func `of a protected resident nothing comes back that says where they live`() async throws
    {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([try row(resident, isNotDisclosed: true)])
        #expect(try await shown(card) == [[Self.hidden], [Self.hidden], [Self.hidden]])
        // Nothing of it is kept either: what stands in the table is what may leave.
        let kept = try await gateway.count(
            """
            select count(*) from exchange.entitlement
            where face like '%送付先%' and recipient_number = $1
            """, [.text("R-00\(resident.index)")])
        #expect(kept == 0)
    }

    @Test
    func `from the row with the flag on nothing leaves, and when it is taken off all is back`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        for isNotDisclosed in [false, true, false] {
            try await gateway.hold([try row(resident, isNotDisclosed: isNotDisclosed)])
            let face = isNotDisclosed ? Self.hidden : Self.said
            #expect(try await shown(card) == [[face], [face], [face]])
        }
    }
}

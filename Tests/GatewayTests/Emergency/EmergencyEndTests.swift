import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 災害の終わり: what a declaration opened ends with it, on the next request.
extension EmergencyTests {
    @Test func `when the disaster is ended, the visits it opened end with it`() async throws {
        try await place()
        let (resident, card) = try await resident()
        let (other, _) = try await self.resident()
        let byCard = try await gateway.openVisit(card)
        let (id, visits) = try await declared { id in
            var visits: [RunningGateway.Visit] = []
            for resident in [resident, other] {
                let answer = try await receive(stated(resident))
                try answer.expect(201)
                visits.append(.init(answer))
            }
            for visit in visits { try await gateway.check(visit).expect(200) }
            return (id, visits)
        }
        let tomorrow = gateway.clock.today.adding(days: 1)
        for visit in visits {
            try await gateway.expect(.visitEnded, of: .checkEligibility, from: Cast.clinic) {
                try await gateway.check(visit, day: tomorrow)
            }
            try await gateway.expect(.visitEnded, of: .checkVaccination, from: Cast.clinic) {
                try await gateway.checkVaccine("dpt-ipv-hib", visit)
            }
        }
        // What was agreed to with a card goes on.
        try await gateway.check(byCard).expect(200)
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/Consent", headers: [gateway.session(of: card)])
        #expect(own.text.contains(visits[0].id))
        let ended = try await gateway.count(
            """
            select count(*) from exchange.visit v join exchange.disaster d on d.disaster = $1
            where v.visit = any ($2) and v.ends_at = d.ended_at
            """,
            [.text(id), .texts(visits.map(\.id))])
        #expect(ended == visits.count)
    }

    @Test func `a visit opened in a disaster is no longer than it`() async throws {
        try await place()
        let (resident, _) = try await resident()
        let proposed = try await propose(
            proposal(
                [Cast.town.code], hours: 48,
                ["endsAt": .string(gateway.clock.now().adding(seconds: 30).text)]))
        try proposed.expect(201)
        try await decide("confirm", proposed.text("id")).expect(200)
        let answer = try await receive(stated(resident))
        try answer.expect(201)
        #expect(answer.text("endsAt") == proposed.text("endsAt"))
        _ = try await decide("end", proposed.text("id"))
    }

    /// Whoever ends the disaster waits for those who are opening visits by it, and misses none of them.
    @Test func `a visit that was being opened while the disaster ended has ended too`()
        async throws
    {
        try await place()
        var people: [TestResident] = []
        for _ in 0..<12 { people.append(try await resident().resident) }
        let proposed = try await propose(proposal())
        let id = proposed.text("id")
        try await decide("confirm", id).expect(200)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for person in people {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", "/visits/emergency", headers: Self.operated("nurse-1"),
                        bytes: Array(stated(person).text.utf8))
                    await client.close()
                    return answer.status
                }
            }
            group.addTask {
                _ = try await decide("end", id)
                return 0
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(statuses).isSubset(of: [0, 201, 403]))
        let open = try await gateway.count(
            """
            select count(*) from exchange.visit v
            join exchange.emergency_review r on r.person = v.person and r.visit = v.visit
            where r.disaster = $1 and v.ends_at > clock_timestamp()
            """, [.text(id)])
        #expect(open == 0)
    }
}

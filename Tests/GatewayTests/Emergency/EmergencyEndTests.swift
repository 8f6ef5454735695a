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

    @Test func `the same person received again in the same words is one visit and one review`()
        async throws
    {
        try await place()
        let (resident, card) = try await resident()
        try await declared { _ in
            let answers = [
                try await receive(stated(resident)), try await receive(stated(resident)),
            ]
            #expect(answers.map(\.status) == [201, 200])
            #expect(Set(answers.map(\.text)).count == 1)
            let reviews = try await gateway.count(
                "select count(*) from exchange.emergency_review where visit = $1",
                [.text(answers[0].text("visit"))])
            #expect(reviews == 1)
        }
        let notices = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
        #expect(notices.entries.count == 1)
    }

    /// 都道府県: it has a part in the review, and so reads what was done by such a visit; of its municipality's
    /// other entries nothing.
    @Test func `a prefecture finds in the log what it did, and what such a visit was used for`()
        async throws
    {
        try await place()
        let (resident, card) = try await resident()
        let byCard = try await gateway.openVisit(card)
        try await gateway.check(byCard).expect(200)
        let visit = try await declared(by: Cast.prefecture) { _ in
            let answer = try await receive(stated(resident))
            try answer.expect(201)
            let visit = RunningGateway.Visit(answer)
            try await gateway.check(visit).expect(200)
            return visit
        }
        try await gateway.index()
        let found = try await gateway.allFound(Cast.prefecture)
        let visits = Set(found.filter { $0.purpose == "open-emergency-visit" }.compactMap(\.visit))
        let position = try await gateway.count(
            """
            select p.position from log.position p
            join log.access_entry e on e.entry = p.entry and e.at = p.at
            where e.visit = $1 and e.purpose = 'open-emergency-visit'
            """, [.text(visit.id)])
        let opened = try #require(found.first { $0.position == position })
        #expect(found.contains { $0.purpose == "check-eligibility" && $0.visit == opened.visit })
        #expect(
            found.allSatisfy { $0.party == Cast.prefecture.uri || visits.contains($0.visit ?? "") })
        #expect(found.contains { $0.purpose == "declare-disaster" })
        #expect(!found.contains { $0.purpose == "open-visit" })
        let elsewhere = try await gateway.allFound(Cast.otherPrefecture)
        #expect(elsewhere.allSatisfy { $0.party == Cast.otherPrefecture.uri })
        try await gateway.expect(
            .unknownItem("patient.identifier"), of: nil, from: Cast.prefecture
        ) {
            try await gateway.search(
                Cast.prefecture, FoundPage.path,
                [("patient.identifier", "urn:tsunagi:municipality-identity-key|x")])
        }
    }
}

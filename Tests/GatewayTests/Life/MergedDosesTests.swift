import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 接種のある記録の統合: doses, reactions and answers of both records are the one person's while a merge stands, a
/// correction goes where the dose is, and an undoing gives each record its own back.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedDosesTests {
    private typealias Child = (resident: TestResident, card: SoftwareCard)

    private static let vaccine = "dpt-ipv-hib"
    private static let path = RunningGateway.vaccinationPath

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func join(_ gone: Child, into stays: Child) async throws {
        let answer = try await gateway.tellTwice([
            gateway.merge(gone.resident, into: stays.resident)
        ])
        let codes = try await gateway.codes(of: answer)
        #expect(answer.int("applied") == 1, "\(codes)")
    }

    private func part(_ gone: Child, from stays: Child) async throws {
        let answer = try await gateway.tellTwice([
            gateway.undo(gone.resident, from: stays.resident)
        ])
        let codes = try await gateway.codes(of: answer)
        #expect(answer.int("applied") == 1, "\(codes)")
    }

    private func sequence(_ gone: Child, _ stays: Child) -> String {
        "merge-\(gone.resident.index)-\(stays.resident.index)"
    }

    private func dose(_ days: Int, number: Int, lot: String) -> SentDose {
        var dose = SentDose(on: today.adding(days: -days))
        dose.number = number
        dose.lot = lot
        return dose
    }

    private func own(_ type: String, of card: SoftwareCard) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/\(type)", headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer
    }

    private func ownLots(_ card: SoftwareCard) async throws -> [String] {
        try await own("Immunization", of: card).entries.compactMap { $0["lotNumber"]?.string }
            .sorted()
    }

    private func known(_ card: SoftwareCard) async throws -> TLSClient.Answer {
        let visit = try await gateway.openVaccinationVisit(card)
        let answer = try await gateway.checkVaccine(Self.vaccine, visit)
        try answer.expect(200)
        return answer
    }

    /// What the town holds of whom it knows by a key.
    private func held(_ resident: TestResident) async throws -> [JSONObject] {
        let answer = try await gateway.search(
            Cast.town, Self.path + "/_search",
            [("patient.identifier", "urn:tsunagi:municipality-identity-key|L-\(resident.index)")])
        try answer.expect(200)
        return answer.entries
    }

    private func lots(_ entries: [JSONObject]) -> [String] {
        entries.compactMap { $0["lotNumber"]?.string }.sorted()
    }

    private static func patient(_ line: JSONObject) -> String? {
        line["patient"]?.object?["reference"]?.string
    }

    /// All that the town receives, from the beginning.
    private func received() async throws -> [JSONObject] {
        let answer = try await gateway.send(
            Cast.town, "GET", Self.path + "?_cursor=0&_count=1000")
        try answer.expect(200)
        let residents = Set(answer.entries.compactMap(Self.patient))
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer.entries
    }

    /// The versions of a dose: under which of the two, for whom decided, and what became of the claim.
    private func versions(_ id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select v.version || ' ' || case when v.person = m.person then 'gone' else 'stays' end
                        || case when v.survivor is null then '' when v.survivor = m.survivor then ' for stays'
                            else ' for nobody' end
                        || ' ' || coalesce(c.refusal, c.programme)
                    from exchange.vaccination v
                    join exchange.vaccination_claim c using (person, vaccination, version)
                    join exchange.record_merge m on v.person in (m.person, m.survivor)
                    where v.vaccination::text = $1 order by v.version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    // MARK: Read together

    @Test func `the check before the needle counts the doses of both, and an undoing parts them`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let here = try await gateway.openVaccinationVisit(stays.card)
        let first = try await gateway.record(dose(40, number: 1, lot: "STAYS1"), here).text("id")
        let there = try await gateway.openVaccinationVisit(gone.card, at: Cast.paperClinic)
        try await gateway.record(dose(10, number: 2, lot: "GONE2"), there, by: Cast.paperClinic)
            .expect(201)
        // Of the dose ten days ago nobody who reads this card knows.
        let before = try await known(stays.card)
        #expect(before.parameter("dosesKnown")?.int == 1)
        #expect(!before.findings.contains { $0.rule == "interval" })
        try await join(gone, into: stays)
        for card in [stays.card, gone.card] {
            let answer = try await known(card)
            #expect(answer.parameter("dosesKnown")?.int == 2)
            #expect(answer.parameter("verdict")?.string == "stop")
            let interval = answer.findings.first { $0.rule == "interval" }
            #expect(interval?.earliest == today.adding(days: 11).text)
            #expect(try await ownLots(card) == ["GONE2", "STAYS1"])
            let due = try await own("ImmunizationRecommendation", of: card).text
            #expect(due.contains(today.adding(days: 11).text))
        }
        let forecast = try await gateway.forecast(gateway.openVaccinationVisit(stays.card))
        try forecast.expect(200)
        // Its own is a resource to the clinic, the other clinic's is named by its place.
        #expect(forecast.text.contains("Immunization/\(first)"), "\(forecast.text)")
        #expect(forecast.text.contains("#held-2"), "\(forecast.text)")
        try await part(gone, from: stays)
        #expect(try await ownLots(stays.card) == ["STAYS1"])
        #expect(try await ownLots(gone.card) == ["GONE2"])
        let after = try await known(stays.card)
        #expect(after.parameter("dosesKnown")?.int == 1)
        #expect(!after.findings.contains { $0.rule == "interval" })
        #expect(try await known(gone.card).parameter("dosesKnown")?.int == 1)
    }

    @Test func `the town holds and receives every line of both once, as one person's`() async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        try await gateway.record(
            dose(40, number: 1, lot: "TOWN1"), gateway.openVaccinationVisit(stays.card)
        ).expect(201)
        try await gateway.record(
            dose(10, number: 2, lot: "TOWN2"), gateway.openVaccinationVisit(gone.card)
        ).expect(201)
        func lines() async throws -> [JSONObject] {
            try await received().filter { $0["lotNumber"]?.string?.hasPrefix("TOWN") == true }
        }
        #expect(try await Set(lines().compactMap(Self.patient)).count == 2)
        #expect(try await lots(held(stays.resident)) == ["TOWN1"])
        try await join(gone, into: stays)
        #expect(try await lots(lines()) == ["TOWN1", "TOWN2"])
        let patients = try await Set(lines().compactMap(Self.patient))
        #expect(patients.count == 1)
        for child in [stays, gone] {
            var entries: [JSONObject] = []
            let logged = try await gateway.entries { entries = try await held(child.resident) }
            #expect(lots(entries) == ["TOWN1", "TOWN2"])
            #expect(Set(entries.compactMap(Self.patient)) == patients)
            #expect(logged.count == 1, "one person is entered once")
        }
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry e join exchange.record_merge m on m.person = e.person
            where m.sequence = $1 and e.purpose = 'receive-vaccinations' and e.at > m.joined_at
            """, [.text(sequence(gone, stays))])
        #expect(entered == 0, "whoever looks is entered with the one person")
        try await part(gone, from: stays)
        #expect(try await lots(held(stays.resident)) == ["TOWN1"])
        #expect(try await lots(held(gone.resident)) == ["TOWN2"])
        #expect(try await Set(lines().compactMap(Self.patient)).count == 2)
    }

    @Test func `nobody is invited again to what the other record had`() async throws {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let key = "V-\(stays.resident.index)"
        try await gateway.invite(stays.resident, key: key)
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(gone.card)
        ).expect(201)
        func isListed() async throws -> Bool {
            let answer = try await gateway.send(
                Cast.town, "GET",
                "/immunization/unvaccinated?programme=\(Self.vaccine)&after=0&count=1000")
            try answer.expect(200)
            let keys = (answer.json["targets"]?.array ?? []).compactMap {
                $0.object?["municipalityIdentityKey"]?.string
            }
            if keys.count > 1 { gateway.expectMoreEntries(keys.count - 1) }
            return keys.contains(key)
        }
        #expect(try await isListed())
        try await join(gone, into: stays)
        #expect(try await !isListed())
        try await part(gone, from: stays)
        #expect(try await isListed())
    }

    // MARK: Written where it is

    @Test func `the same dose of both is told as a duplicate, and sent again it is the one held`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let given = dose(30, number: 1, lot: "SAME1")
        let id = try await gateway.record(
            given, gateway.openVaccinationVisit(gone.card)
        ).text("id")
        try await join(gone, into: stays)
        // The clinic's own number finds it, whichever card was read.
        for card in [stays.card, gone.card] {
            let again = try await gateway.record(given, gateway.openVaccinationVisit(card))
            try again.expect(200)
            #expect(again.text("id") == id)
        }
        let there = try await gateway.openVaccinationVisit(stays.card, at: Cast.paperClinic)
        let other = try await gateway.record(
            dose(30, number: 1, lot: "SAME1"), there, by: Cast.paperClinic)
        try other.expect(201)
        #expect(try await versions(id) == ["1 gone \(Self.vaccine)"])
        #expect(try await versions(other.text("id")) == ["1 stays duplicate"])
        // It was recorded of the one person: of which of the two, nobody can say.
        let refused = try await gateway.tellTwice([
            gateway.undo(gone.resident, from: stays.resident)
        ])
        #expect(try await gateway.codes(of: refused) == ["merge-used"])
    }

    @Test func `a dose of the absorbed record is corrected within a visit of the one person`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let former = try await gateway.openVaccinationVisit(gone.card)
        var given = dose(30, number: 1, lot: "WRONG")
        let id = try await gateway.record(given, former).text("id")
        try await join(gone, into: stays)
        let visit = try await gateway.openVaccinationVisit(stays.card)
        given.lot = "RIGHT"
        let corrected = try await gateway.correct(id, seen: "W/\"1\"", given, visit)
        try corrected.expect(200)
        #expect(corrected["ETag"] == "W/\"2\"")
        #expect(corrected.json["patient"]?.object?["reference"]?.string == visit.patient)
        let read = try await gateway.send(Cast.clinic, "GET", "\(Self.path)/\(id)")
        #expect(read.body == corrected.body)
        #expect(
            try await versions(id) == [
                "1 gone \(Self.vaccine)", "2 gone for stays \(Self.vaccine)",
            ]
        )
        #expect(try await lots(held(stays.resident)) == ["RIGHT"])
        let lines = try await received().filter {
            ["RIGHT", "WRONG"].contains($0["lotNumber"]?.string ?? "")
        }
        #expect(lines.compactMap { $0["lotNumber"]?.string } == ["WRONG", "RIGHT"])
        #expect(Set(lines.compactMap { $0["id"]?.string }).count == 1)
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry e join exchange.record_merge m on m.survivor = e.person
            where m.sequence = $1 and e.purpose = 'record-vaccination' and e.at > m.joined_at
            """, [.text(sequence(gone, stays))])
        #expect(entered == 1)
        // Whose it is can still be said, so it is in the way of no undoing; and nothing names the other.
        try await part(gone, from: stays)
        #expect(try await ownLots(gone.card) == ["RIGHT"])
        #expect(try await ownLots(stays.card).isEmpty)
        let after = try await gateway.send(Cast.clinic, "GET", "\(Self.path)/\(id)")
        #expect(after.json["patient"]?.object?["reference"]?.string == former.patient)
        #expect(!after.text.contains(visit.id) && after.text.contains(former.id))
        given.status = "entered-in-error"
        try await gateway.expect(.recordUnknown, of: .recordVaccination, from: Cast.clinic) {
            try await gateway.correct(id, seen: "W/\"2\"", given, visit)
        }
        try await gateway.correct(id, seen: "W/\"2\"", given, former).expect(200)
        #expect(try await versions(id).last == "3 gone withdrawn")
        #expect(try await known(gone.card).parameter("dosesKnown")?.int == 0)
    }

    @Test func `of three records one is parted: what came in its visit is no longer told by it`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let third = try await gateway.settleAgain(stays.resident)
        let former = try await gateway.openVaccinationVisit(gone.card)
        let visit = try await gateway.openVaccinationVisit(third.card)
        var given = dose(30, number: 1, lot: "WRONG")
        let id = try await gateway.record(given, former).text("id")
        try await join(gone, into: stays)
        try await join(third, into: stays)
        given.lot = "RIGHT"
        try await gateway.correct(id, seen: "W/\"1\"", given, visit).expect(200)
        let one = try await gateway.send(Cast.clinic, "GET", "\(Self.path)/\(id)")
        #expect(one.text.contains(visit.id))
        try await part(third, from: stays)
        let after = try await gateway.send(Cast.clinic, "GET", "\(Self.path)/\(id)")
        #expect(after.json["patient"]?.object?["reference"]?.string == former.patient)
        #expect(!after.text.contains(visit.id) && after.text.contains(former.id))
        #expect(try await lots(held(stays.resident)) == ["RIGHT"])
        #expect(try await ownLots(third.card).isEmpty)
    }

    @Test func `a card that holds doses of both is revoked with either, and before an undoing`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        try await gateway.record(
            dose(40, number: 1, lot: "CARD1"), gateway.openVaccinationVisit(stays.card)
        ).expect(201)
        let former = try await gateway.openVaccinationVisit(gone.card)
        var given = dose(10, number: 2, lot: "CARD2")
        let id = try await gateway.record(given, former).text("id")
        func issue(_ card: SoftwareCard) async throws -> String {
            let token = try await gateway.session(of: card)
            let patient = try await gateway.patient(token)
            let answer = try await gateway.send(
                Cast.portal, "POST", "/fhir/\(patient)/$health-cards-issue", headers: [token],
                body: JSON(
                    reading: """
                        {"resourceType":"Parameters","parameter":[{"name":"credentialType",\
                        "valueUri":"https://smarthealth.cards#immunization"}]}
                        """))
            try answer.expect(200)
            return answer.parameter("id")?.string ?? ""
        }
        func isRevoked(_ card: String, holding count: Int) async throws -> Bool {
            let rows = try await gateway.count(
                """
                select count(*) from exchange.health_card
                where card = $1 and cardinality(records) = $2 and revoked_at is not null
                """, [.text(card), .int(count)])
            return rows == 1
        }
        let before = try await issue(gone.card)
        try await join(gone, into: stays)
        let both = try await issue(stays.card)
        let refused = try await gateway.tellTwice([
            gateway.undo(gone.resident, from: stays.resident)
        ])
        #expect(try await gateway.codes(of: refused) == ["merge-used"])
        given.lot = "CARD3"
        try await gateway.correct(
            id, seen: "W/\"1\"", given, gateway.openVaccinationVisit(stays.card)
        ).expect(200)
        #expect(try await isRevoked(before, holding: 1))
        #expect(try await isRevoked(both, holding: 2))
        let last = try await issue(gone.card)
        try await gateway.send(
            Cast.portal, "POST", "/health-cards/\(last)/revoke",
            headers: [gateway.session(of: stays.card)]
        ).expect(204)
        #expect(try await isRevoked(last, holding: 2))
        try await part(gone, from: stays)
    }

    /// What the ministry reads of the reports on a lot.
    private func exported(_ lot: String) async throws -> [String] {
        let path = RunningGateway.reactionPath + "/$reports?_cursor=0&_count=1000"
        let answer = try await gateway.send(Cast.ministry, "GET", path)
        try answer.expect(200)
        let residents = Set(
            answer.entries.compactMap { $0["subject"]?.object?["reference"]?.string })
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer.entries.map { JSON.object($0).text }.filter { $0.contains(lot) }
    }

    @Test
    func `what followed a reaction of the absorbed record is of its report, and stays hidden`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let former = try await gateway.openVaccinationVisit(gone.card)
        let id = try await gateway.record(dose(3, number: 1, lot: "REACT"), former).text("id")
        var reaction = SentReaction(on: today, after: id)
        let sent = try await gateway.report(reaction, former)
        try sent.expect(201)
        let open = try await exported("REACT")
        #expect(open.count == 1 && open.allSatisfy { $0.contains(Cast.town.code) })
        // The other record is protected: what is told of the one person is as well.
        let hide = gateway.lifeEvent(
            .movedWithin, of: stays.resident, "hide", on: today, ["isNotDisclosed": .bool(true)])
        try await gateway.tell([hide]).expect(202)
        #expect(try await exported("REACT").allSatisfy { $0.contains(Cast.town.code) })
        try await join(gone, into: stays)
        let visit = try await gateway.openVaccinationVisit(stays.card)
        reaction.stage = "follow-up"
        reaction.outcome = "resolved"
        let followed = try await gateway.follow(sent.text("id"), seen: "W/\"1\"", reaction, visit)
        try followed.expect(200)
        let told = try await exported("REACT")
        #expect(told.count == 2)
        #expect(!told.contains { $0.contains(Cast.town.code) })
        let kept = try await gateway.count(
            """
            select count(*) from exchange.vaccine_reaction v
            join exchange.record_merge m on m.person = v.person
            where v.reaction::text = $1 and (v.version = 1 and v.survivor is null
                or v.version = 2 and v.survivor = m.survivor)
            """, [.text(sent.text("id"))])
        #expect(kept == 2)
        // The same report again is the one held; under the town's eyes it is of the one person.
        try await gateway.report(reaction, visit).expect(200)
        let received = try await gateway.send(
            Cast.town, "GET", RunningGateway.reactionPath + "?_cursor=0&_count=1000")
        try received.expect(200)
        let subjects = received.entries.filter { JSON.object($0).text.contains("REACT") }
            .compactMap { $0["subject"]?.object?["reference"]?.string }
        #expect(subjects.count == 2 && Set(subjects).count == 1)
        let everybody = Set(
            received.entries.compactMap { $0["subject"]?.object?["reference"]?.string })
        if everybody.count > 1 { gateway.expectMoreEntries(everybody.count - 1) }
        try await part(gone, from: stays)
        let again = try await gateway.send(
            Cast.clinic, "GET", "\(RunningGateway.reactionPath)/\(sent.text("id"))")
        #expect(!again.text.contains(visit.id) && again.text.contains(former.id))
    }

    // MARK: Answers

    @Test func `answers of either are the one person's, and go on and back where they are`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let path = RunningGateway.responsePath
        let id = try await gateway.submit(Self.vaccine, gateway.session(of: gone.card))
        try await join(gone, into: stays)
        #expect(
            try await own("QuestionnaireResponse", of: stays.card).entries
                .compactMap { $0["id"]?.string } == [id])
        let token = try await gateway.session(of: stays.card)
        let patient = try await gateway.patient(token)
        // The same answers are those that are held; other words are a version of them.
        let same = try await gateway.answers(to: Self.vaccine, patient)
        let held = try await gateway.send(
            Cast.portal, "POST", path, headers: [token], body: same)
        try held.expect(200)
        let changed = try await gateway.answers(
            to: Self.vaccine, patient, status: "amended", yes: ["unwell": "せき"])
        let amended = try await gateway.send(
            Cast.portal, "PUT", "\(path)/\(id)", headers: [token, ("If-Match", "W/\"1\"")],
            body: changed)
        try amended.expect(200)
        #expect(amended["ETag"] == "W/\"2\"")
        // The doctor reads them within a visit of either card, and decides from them.
        let visit = try await gateway.openVaccinationVisit(stays.card)
        let read = try await gateway.search(
            Cast.clinic, path + "/_search", [("subject", visit.patient), ("visit", visit.id)])
        #expect(read.entries.count == 1)
        let response = "QuestionnaireResponse/\(read.entries.first?["id"]?.string ?? "")"
        try await gateway.checkVaccine(Self.vaccine, visit, response: response).expect(200)
        try await part(gone, from: stays)
        #expect(
            try await own("QuestionnaireResponse", of: gone.card).entries
                .compactMap { $0["status"]?.string } == ["amended"])
        #expect(try await own("QuestionnaireResponse", of: stays.card).entries.isEmpty)
    }

    // MARK: What is on its way

    /// How many locks of this number are held, or waited for.
    private func locks(_ number: String, isGranted: Bool) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from pg_locks where locktype = 'advisory' and granted = \(isGranted)
                and (classid::bigint << 32 | objid::bigint) = \(number)
            """)
    }

    /// It was read as the absorbed record's alone, and waits for its turn; meanwhile the two become one.
    @Test
    func `a correction that was on its way during a merge is decided again for the one person`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let visit = try await gateway.openVaccinationVisit(gone.card)
        var given = dose(30, number: 1, lot: "WAY1")
        let id = try await gateway.record(given, visit).text("id")
        given.lot = "WAY2"
        let corrected = given
        let merge = gateway.merge(gone.resident, into: stays.resident)
        try await gateway.tell([merge], as: "sato").expect(202)
        let number = """
            (select ('x' || left(replace(person::text, '-', ''), 16))::bit(64)::bigint
            from exchange.life_event where identity_key = 'L-\(gone.resident.index)' limit 1)
            """
        let isMerged = Mutex(false)
        async let another: Void = gateway.sql { transaction in
            _ = try transaction.query(Statement("select pg_advisory_xact_lock(\(number))"))
            while !isMerged.withLock({ $0 }) {
                _ = try transaction.query(Statement("select pg_sleep(0.02)"))
            }
        }
        while try await locks(number, isGranted: true) == 0 {}
        async let sent = gateway.correct(id, seen: "W/\"1\"", corrected, visit)
        while try await locks(number, isGranted: false) == 0 {}
        let merged = try await gateway.tell([merge], as: "suzuki")
        isMerged.withLock { $0 = true }
        try await another
        try await sent.expect(200)
        #expect(merged.int("applied") == 1, "\(merged.text)")
        #expect(
            try await versions(id) == [
                "1 gone \(Self.vaccine)", "2 gone for stays \(Self.vaccine)",
            ]
        )
    }

    @Test
    func `no row under an absorbed record says nothing, or something else, of whom it is now`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let id = try await gateway.record(
            dose(30, number: 1, lot: "ROW1"), gateway.openVaccinationVisit(gone.card)
        ).text("id")
        try await join(gone, into: stays)
        func write(_ version: Int, _ survivor: String, as dose: String) async throws {
            try await gateway.sql { transaction in
                _ = try transaction.run(
                    Statement(
                        """
                        insert into exchange.vaccination (person, vaccination, version, party,
                            identifier_system, identifier, status, face, visit, recorded_at, survivor)
                        select v.person, \(dose), \(version), v.party, v.identifier_system,
                            gen_random_uuid()::text, v.status, v.face, v.visit, now(), \(survivor)
                        from exchange.vaccination v
                        join exchange.record_merge m on m.person = v.person and m.parted_at is null
                        where v.vaccination::text = $1 and v.version = 1
                        """), [.text(id)])
            }
        }
        for (version, survivor, dose) in [
            (2, "null", "v.vaccination"), (2, "v.person", "v.vaccination"),
            (1, "m.survivor", "gen_random_uuid()"), (1, "null", "gen_random_uuid()"),
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(version) \(survivor)") {
                try await write(version, survivor, as: dose)
            }
            #expect(error?.sqlState == "40001", "\(version) \(survivor)")
        }
        try await write(2, "m.survivor", as: "v.vaccination")
    }
}

import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 保護者: acts for the child on every route of the resident, as far as the child's age allows, and no longer
/// than the municipality says; both are on the record.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct GuardianTests {
    typealias Header = (String, String)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Family {
        let child: TestResident
        let childCard: SoftwareCard
        let guardian: TestResident
        let guardianCard: SoftwareCard
    }

    private func family(years: Int = 3) async throws -> Family {
        let (child, childCard) = try await gateway.settle(years: years)
        let (guardian, guardianCard) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([
            gateway.guardianship(of: child, by: guardian)
        ])
        return Family(
            child: child, childCard: childCard, guardian: guardian, guardianCard: guardianCard)
    }

    private func read(_ path: String, _ token: Header) async throws -> TLSClient.Answer {
        try await gateway.send(Cast.portal, "GET", path, headers: [token])
    }

    private func expectNoRelation(_ purpose: Purpose, _ path: String, _ token: Header) async throws
    {
        try await gateway.expect(.relationUnknown, of: purpose, from: Cast.portal) {
            try await read(path, token)
        }
    }

    static let reads =
        ResidentTests.reads + [
            ("/fhir/DiagnosticReport", .readOwnCheckups),
            ("/fhir/sensitive/DiagnosticReport", .readOwnSensitiveCheckups),
            ("/fhir/Observation", .readOwnMeasurements), ("/fhir/CarePlan", .readOwnCheckupPlan),
            ("/blocks", .readOwnBlocks),
        ]

    @Test func `a guardian reads on every route what the child would read`() async throws {
        let family = try await family()
        let own = try await gateway.session(of: family.childCard)
        let acting = try await gateway.acting(gateway.session(of: family.guardianCard))
        for (path, purpose) in Self.reads where path != "/fhir/AuditEvent" {
            // What was answered in confidence is the resident's alone.
            guard ![.readOwnSensitiveScreenings, .readOwnSensitiveCheckups].contains(purpose)
            else {
                try await expectNoRelation(purpose, path, acting)
                continue
            }
            let (mine, theirs) = (try await read(path, own), try await read(path, acting))
            #expect(theirs.status == 200, "\(path) \(theirs.text)")
            let forms = [mine, theirs].map {
                $0.text.replacing(#/\d{4}-\d{2}-\d{2}T[^"]*/#, with: "TIME")
            }
            #expect(forms[0] == forms[1], "\(path)")
        }
    }

    @Test func `every access by a guardian names both, in the child's list`() async throws {
        let family = try await family()
        let acting = try await gateway.acting(gateway.session(of: family.guardianCard))
        try await read("/fhir/Coverage", acting).expect(200)
        let own = try await gateway.session(of: family.childCard)
        let representatives = try await read("/representatives", own)
        let list = try representatives.json.requiredArray("representatives")
        #expect(list.count == 1)
        let guardianID = try #require(list.first?.object?["representative"]?.string)
        let ownID = try await gateway.patient(own)
        let events = try await read("/fhir/AuditEvent", own).entries
        for purpose in ["read-own-entitlements", "begin-acting-session", "read-represented"] {
            let event = try #require(
                events.first {
                    $0["purposeOfEvent"]?.array?.first?.object?["coding"]?.array?.first?.object?[
                        "code"]?.string == purpose
                })
            let who = try event.requiredArray("agent").compactMap {
                $0.object?["who"]?.object?["reference"]?.string
            }
            #expect(who.contains(guardianID), "\(purpose)")
            let patient = event["entity"]?.array?.first?.object?["what"]?.object
            #expect(patient?["reference"]?.string == ownID, "\(purpose)")
        }
        let named = try await gateway.count(
            """
            select count(*) from log.access_entry e join exchange.guardianship g
                on g.person = e.person and e.basis::jsonb ->> 'acting' = g.guardian::text
            where e.purpose = 'read-own-entitlements'
            """)
        #expect(named >= 1)
    }

    @Test(arguments: [(14, 200), (15, 403), (17, 403), (18, 403)])
    func `from fifteen on the child alone decides`(_ years: Int, _ status: Int) async throws {
        let family = try await family(years: years)
        let token = try await gateway.session(of: family.guardianCard)
        let list = try await gateway.represented(token)
        #expect(list.isEmpty == (status != 200))
        let child = try await gateway.session(of: family.childCard)
        let begun = try await gateway.beginActing(for: gateway.patient(child), token)
        #expect(begun.status == (status == 200 ? 201 : 403))
        #expect(status == 200 || begun.code == Refusal.relationUnknown.code)
    }

    @Test func `a child who turns fifteen in the session ends what the guardian could`()
        async throws
    {
        let family = try await family(years: 14)
        let acting = try await gateway.acting(gateway.session(of: family.guardianCard))
        try await read("/fhir/Immunization", acting).expect(200)
        let born = gateway.clock.today.anniversary(months: -12 * 15)
        let values: [Value] = [.text(born.text), .text(family.child.name)]
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
                        is_not_disclosed, is_under_review)
                    select person, body, name, name_kana, address, $1, sex, false, false
                    from exchange.identity where name = $2
                    """), values)
        }
        for (path, purpose) in Self.reads {
            try await expectNoRelation(purpose, path, acting)
        }
    }

    @Test func `lost custody ends it before it is acknowledged, whoever else says otherwise`()
        async throws
    {
        let family = try await family()
        try await gateway.feed([
            family.child.residence(Cast.otherTown.code, from: gateway.clock.today)
        ])
        try await gateway.registerGuardianships(
            [gateway.guardianship(of: family.child, by: family.guardian, kind: "1")],
            by: Cast.otherTown)
        let token = try await gateway.session(of: family.guardianCard)
        let acting = try await gateway.acting(token)
        try await read("/fhir/Coverage", acting).expect(200)
        // The former municipality may still take away.
        try await gateway.registerGuardianships([
            gateway.guardianship(
                of: family.child, by: family.guardian, isCustodyLost: true)
        ])
        for (path, purpose) in Self.reads {
            try await expectNoRelation(purpose, path, acting)
        }
        #expect(try await gateway.represented(token).isEmpty)
        let again = try await gateway.send(
            Cast.town, "POST", RunningGateway.guardianshipPath,
            body: .array([gateway.guardianship(of: family.child, by: family.guardian)]))
        #expect(again.int("refused") == 1)
        #expect(try await gateway.represented(token).isEmpty)
    }

    /// 民法836条: a copy from before the loss gives nothing back, and is told so; a word that says so does.
    @Test func `lost custody comes back by a word that says so, and by no other`() async throws {
        let family = try await family()
        let (child, guardian, today) = (family.child, family.guardian, gateway.clock.today)
        let token = try await gateway.session(of: family.guardianCard)
        let lost = gateway.guardianship(of: child, by: guardian, isCustodyLost: true)
        try await gateway.registerGuardianships([lost])
        #expect(try await gateway.represented(token).isEmpty)
        try await gateway.feed([child.residence(Cast.otherTown.code, from: today)])
        let copy = gateway.guardianship(of: child, by: guardian, from: today)
        try await refuse(copy, by: Cast.otherTown)
        #expect(try await gateway.represented(token).isEmpty)
        let restored = gateway.guardianship(
            of: child, by: guardian, from: today, isCustodyRestored: true)
        // Not by who is no longer the child's municipality.
        try await refuse(restored, by: Cast.town)
        try await gateway.registerGuardianships([restored], by: Cast.otherTown)
        #expect(try await gateway.represented(token).count == 1)
        // Taken away again, in the same words: it is applied, and the old restoration is a copy now.
        try await gateway.registerGuardianships([lost])
        #expect(try await gateway.represented(token).isEmpty)
        try await refuse(restored, by: Cast.otherTown)
        #expect(try await gateway.represented(token).isEmpty)
        try await gateway.registerGuardianships(
            [
                gateway.guardianship(
                    of: child, by: guardian, from: today.adding(days: -1), isCustodyRestored: true)
            ], by: Cast.otherTown)
        #expect(try await gateway.represented(token).count == 1)
    }

    private func refuse(_ row: JSON, by town: Party) async throws {
        let answer = try await gateway.send(
            town, "POST", RunningGateway.guardianshipPath, body: .array([row]))
        #expect(answer.int("refused") == 1 && answer.int("applied") == 0, "\(answer.text)")
    }

    /// The access of somebody who acts holds its relation until it is durable: this holds it likewise.
    @Test func `whoever acts at this moment is through before lost custody is acknowledged`()
        async throws
    {
        let family = try await family()
        let happened = Mutex<[String]>([])
        let number = """
            (select 7461750000
                + ((('x' || left(hex, 16))::bit(64)::bigint
                    # ('x' || right(hex, 16))::bit(64)::bigint) & 1023)
            from (select replace(person::text, '-', '') as hex from exchange.guardianship
                order by version desc limit 1) p)
            """
        async let acting: Void = gateway.sql { transaction in
            _ = try transaction.query(
                Statement("select pg_advisory_xact_lock_shared(\(number)), pg_sleep(1)"))
            happened.withLock { $0.append("through") }
        }
        let held =
            """
            select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock'
                and database = (select oid from pg_database where datname = current_database())
            """
        while try await gateway.count(held) == 0 {}
        try await gateway.registerGuardianships([
            gateway.guardianship(of: family.child, by: family.guardian, isCustodyLost: true)
        ])
        happened.withLock { $0.append("acknowledged") }
        try await acting
        #expect(happened.withLock { $0 } == ["through", "acknowledged"])
    }

    @Test func `an end is an end from its day on`() async throws {
        let family = try await family()
        let token = try await gateway.session(of: family.guardianCard)
        try await gateway.registerGuardianships([
            gateway.guardianship(
                of: family.child, by: family.guardian, to: gateway.clock.today)
        ])
        #expect(try await gateway.represented(token).count == 1)
        try await gateway.registerGuardianships([
            gateway.guardianship(
                of: family.child, by: family.guardian, to: gateway.clock.today.adding(days: -1))
        ])
        #expect(try await gateway.represented(token).isEmpty)
    }

    @Test func `a municipality gives guardians to its own residents alone`() async throws {
        let (child, _) = try await gateway.settle(years: 3, in: Cast.otherTown)
        let (guardian, card) = try await gateway.settle(years: 40)
        let answer = try await gateway.send(
            Cast.town, "POST", RunningGateway.guardianshipPath,
            body: .array([gateway.guardianship(of: child, by: guardian)]))
        #expect(answer.int("refused") == 1)
        #expect(try await gateway.represented(gateway.session(of: card)).isEmpty)
    }

    @Test func `a token to act is of use where and while its maker's own one is`() async throws {
        let family = try await family()
        let token = try await gateway.session(of: family.guardianCard)
        let acting = try await gateway.acting(token)
        try await gateway.expect(
            .tokenOfAnotherParty, of: .readOwnEntitlements, from: Cast.otherPortal
        ) {
            try await gateway.send(Cast.otherPortal, "GET", "/fhir/Coverage", headers: [acting])
        }
        // Nobody acts for a third one by it, and nobody learns for whom else.
        for (path, purpose) in [
            ("/represented", Purpose.readRepresented),
            ("/representatives", .readOwnRepresentatives),
        ] {
            try await expectNoRelation(purpose, path, acting)
        }
        try await gateway.send(Cast.portal, "POST", "/tokens/revoke", headers: [token]).expect(204)
        try await gateway.expect(.tokenRevoked, of: .readOwnEntitlements, from: Cast.portal) {
            try await read("/fhir/Coverage", acting)
        }
    }

    @Test func `a guardian answers the questionnaire and ends a visit`() async throws {
        let family = try await family(years: 1)
        let acting = try await gateway.acting(gateway.session(of: family.guardianCard))
        _ = try await gateway.submit("mr", acting)
        let visit = try await gateway.openVisit(family.childCard, kind: "home-care")
        try await gateway.send(
            Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [acting]
        ).expect(204)
        let yesterday = gateway.clock.today.adding(days: -1)
        let check = try await gateway.check(visit, day: yesterday)
        #expect(check.code == Refusal.visitEnded.code)
        let own = try await gateway.session(of: family.guardianCard)
        try await gateway.expect(.visitUnknown, of: .endOwnVisit, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [own])
        }
    }

    /// 一人のことは一人のこと: for every route, another family's relations change nothing.
    @Test func `one child's guardians never change another's answers`() async throws {
        let (child, card) = try await gateway.settle(years: 3)
        let token = try await gateway.session(of: card)
        var before: [String] = []
        let paths =
            Self.reads.map(\.path).filter { $0 != "/fhir/AuditEvent" } + [
                "/represented", "/representatives",
            ]
        for path in paths { before.append(try await read(path, token).text) }
        let other = try await family()
        _ = try await gateway.acting(gateway.session(of: other.guardianCard))
        try await gateway.registerGuardianships([
            gateway.guardianship(of: other.child, by: other.guardian, isCustodyLost: true)
        ])
        for (path, old) in zip(paths, before) {
            let new = try await read(path, token).text
            let times = #/\d{4}-\d{2}-\d{2}T[^"]*/#
            #expect(new.replacing(times, with: "") == old.replacing(times, with: ""), "\(path)")
        }
        _ = child
    }
}

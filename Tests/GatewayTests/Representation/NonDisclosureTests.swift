import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 支援措置: for a resident about whom nothing may be disclosed, guardians and proxies are answered as where
/// there is no relation: the same bytes but for ids and times, from the same statements and as many rows.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct NonDisclosureTests {
    typealias Header = (String, String)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Side {
        let child: TestResident
        let patient: String
        let guardian: TestResident
        let token: Header
        let acting: Header
    }

    /// A child and a guardian who was acting already.
    private func side() async throws -> Side {
        let (child, card) = try await gateway.settle(years: 3)
        let (guardian, guardianCard) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([gateway.guardianship(of: child, by: guardian)])
        let token = try await gateway.session(of: guardianCard)
        return Side(
            child: child, patient: try await gateway.patient(gateway.session(of: card)),
            guardian: guardian, token: token, acting: try await gateway.acting(token))
    }

    /// One who was protected, and one whose guardian's time is over.
    private func sides() async throws -> (hidden: Side, over: Side) {
        let (hidden, over) = (try await side(), try await side())
        try await protect(hidden.child)
        try await gateway.registerGuardianships([
            gateway.guardianship(
                of: over.child, by: over.guardian, to: gateway.clock.today.adding(days: -1))
        ])
        return (hidden, over)
    }

    private func protect(_ resident: TestResident) async throws {
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -10), today.adding(days: 299),
                ["isNotDisclosed": .bool(true)])
        ])
    }

    private func form(_ answer: TLSClient.Answer) -> String {
        let headers = answer.headers.map { "\($0.name): \($0.value)" }.filter {
            !$0.hasPrefix("Date") && !$0.lowercased().hasPrefix("request-id")
                && !$0.lowercased().contains("x-request-id")
        }
        return
            ("\(answer.status)\n" + headers.joined(separator: "\n") + "\n" + answer.text)
            .replacing(#/\d{4}-\d{2}-\d{2}T[^"]*/#, with: "TIME")
            .replacing(#/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/#, with: "ID")
    }

    /// Statements of the gateway's roles, each with how often it ran and how many rows it gave, while `body`
    /// runs.
    private func statements(_ body: () async throws -> Void) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.run(Statement("create extension if not exists pg_stat_statements"))
            // Of this database alone: other tests count theirs at the same time.
            _ = try transaction.query(
                Statement(
                    """
                    select pg_stat_statements_reset(0,
                        (select oid from pg_database where datname = current_database()), 0)::text
                    """))
        }
        try await body()
        return try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select s.queryid || ' ' || calls || ' ' || s.rows || ' ' || left(query, 40)
                    from pg_stat_statements s join pg_roles r on r.oid = s.userid
                    where s.dbid = (select oid from pg_database where datname = current_database())
                        and r.rolname = 'tsunagi_gateway'
                        and query !~ '^(BEGIN|COMMIT|ROLLBACK|DISCARD PLANS)'
                    order by 1
                    """)
            ).map { try $0.text(0) }
        }
    }

    private func expectSame(
        _ protected: @escaping () async throws -> TLSClient.Answer,
        _ none: @escaping () async throws -> TLSClient.Answer
    ) async throws {
        var forms: [String] = []
        var counted: [[String]] = []
        for send in [protected, none] {
            var sent: TLSClient.Answer?
            counted.append(try await statements { sent = try await send() })
            forms.append(form(try #require(sent)))
        }
        #expect(forms[0] == forms[1])
        #expect(counted[0] == counted[1])
        #expect(!counted[0].isEmpty)
    }

    @Test func `a guardian who was acting is told the same as one whose time is over`() async throws
    {
        let (hidden, over) = try await sides()
        for (path, _) in GuardianTests.reads {
            try await expectSame(
                { try await gateway.send(Cast.portal, "GET", path, headers: [hidden.acting]) },
                { try await gateway.send(Cast.portal, "GET", path, headers: [over.acting]) })
        }
        try await expectSame(
            {
                try await gateway.send(
                    Cast.portal, "POST", "/blocks", headers: [hidden.acting], body: Self.block)
            },
            {
                try await gateway.send(
                    Cast.portal, "POST", "/blocks", headers: [over.acting], body: Self.block)
            })
    }

    private static let block = JSON.object(
        JSONObject([.init(name: "institution", value: "1310000001")]))

    @Test func `who asks for whom to act, or to act, is told the same`() async throws {
        let (hidden, over) = try await sides()
        try await expectSame(
            { try await gateway.send(Cast.portal, "GET", "/represented", headers: [hidden.token]) },
            { try await gateway.send(Cast.portal, "GET", "/represented", headers: [over.token]) })
        try await expectSame(
            { try await gateway.beginActing(for: hidden.patient, hidden.token) },
            { try await gateway.beginActing(for: over.patient, over.token) })
        let stranger = try await gateway.session(of: gateway.settle(years: 40).card)
        try await expectSame(
            { try await gateway.beginActing(for: hidden.patient, hidden.token) },
            { try await gateway.beginActing(for: hidden.patient, stranger) })
    }

    @Test func `another body's word that nothing may be disclosed is enough, and stands`()
        async throws
    {
        let side = try await side()
        let today = gateway.clock.today
        let elsewhere = side.child.row(
            "kodomo", today.adding(days: -10), today.adding(days: 300),
            ["isNotDisclosed": .bool(true)])
        try await gateway.hold([elsewhere], by: Cast.otherTown)
        #expect(try await gateway.represented(side.token).isEmpty)
        // What the town says itself, as before, takes nothing of that away.
        try await gateway.hold([
            side.child.row("kodomo", today.adding(days: -10), today.adding(days: 298))
        ])
        #expect(try await gateway.represented(side.token).isEmpty)
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Coverage", headers: [side.acting])
        #expect(answer.code == Refusal.relationUnknown.code)
    }

    /// How many a file protects now that is not applied yet.
    private func protected(by file: String) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from office.early_protection e
            join exchange.withheld w on w.person = e.person where e.file = $1::text::uuid
            """, [.text(file)])
    }

    @Test func `a flag in a file that is held protects at once, and is taken over by its rows`()
        async throws
    {
        let side = try await side()
        let today = gateway.clock.today
        let bytes = NightFile([
            side.child.cells(today.adding(days: -10), today.adding(days: 299), ["不開示フラグ": "1"])
        ]).bytes()
        func represented() async throws -> Int {
            try await gateway.represented(side.token).count
        }
        // One that only looks protects nobody.
        let dry = try await gateway.upload(bytes, "dryRun=true")
        try dry.expect(202)
        _ = try await gateway.settled(dry.text("file"))
        #expect(try await represented() == 1)
        let sequence = try await gateway.nextSequence()
        func hold() async throws -> String {
            let held = try await gateway.upload(
                bytes, "sequence=\(sequence + 1)", operatorID: "clerk-a")
            #expect(held.text("status") == "held", "\(held.text)")
            return held.text("file")
        }
        var file = ""
        let entries = try await gateway.entries { file = try await hold() }
        #expect(entries.contains { $0.hasPerson && $0.basis?.contains("protects") == true })
        #expect(try await represented() == 0)
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Coverage", headers: [side.acting])
        #expect(answer.code == Refusal.relationUnknown.code)
        // What is withdrawn takes no protection away: another person than its sender does.
        try await gateway.decide("withdraw", on: file, operatorID: "clerk-a").expect(200)
        #expect(try await represented() == 0)
        let alone = try await gateway.decide("lift", on: file, operatorID: "clerk-a")
        #expect(alone.code == Refusal.secondPersonNeeded.code, "\(alone.text)")
        #expect(try await represented() == 0)
        try await gateway.decide("lift", on: file, operatorID: "clerk-b").expect(200)
        #expect(try await represented() == 1)
        file = try await hold()
        #expect(try await represented() == 0)
        let next = gateway.people.next().cells(today.adding(days: -10), today.adding(days: 300))
        try await gateway.upload(NightFile([next]).bytes(), "sequence=\(sequence)").expect(202)
        let done = try await gateway.settled(file)
        #expect(done.text("status") == "done", "\(done.text)")
        #expect(try await represented() == 0)
        #expect(try await protected(by: file) == 0)
    }

    @Test func `whoever was never heard of is protected while a file waits for a second person`()
        async throws
    {
        let today = gateway.clock.today
        let rows = (0..<400).map { place in
            gateway.people.next().cells(
                today.adding(days: -10), today.adding(days: 300),
                ["不開示フラグ": place % 100 == 0 ? "1" : "0"])
        }
        let waiting = try await gateway.take(NightFile(rows).bytes(), operatorID: "clerk-a")
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        let file = waiting.text("file")
        #expect(try await protected(by: file) == 4)
        let early = try await gateway.decide("lift", on: file, operatorID: "clerk-b")
        #expect(early.code == Refusal.fileNotWaiting.code)
        let withdrawn = try await gateway.decide("withdraw", on: file, operatorID: "clerk-b")
        #expect(try await protected(by: file) == 4)
        // Who withdraws it is told whom it still protects and what to do, and so is who reads the list.
        func kept(_ object: JSONObject?) -> [JSONObject] {
            let kept = object?["stillProtected"]?.object
            #expect(kept == nil || kept?["ja"]?.string?.contains("lift") == true)
            return (kept?["rows"]?.array ?? []).compactMap(\.object)
        }
        let told = kept(withdrawn.json)
        #expect(told.map { $0["line"]?.int } == [2, 102, 202, 302], "\(withdrawn.text)")
        let keys = stride(from: 0, to: 400, by: 100).map { rows[$0]["公費受給者番号"] }
        #expect(told.map { $0["key"]?.string } == keys)
        func listed() async throws -> [JSONObject] {
            let list = try await gateway.send(Cast.town, "GET", "/files/entitlements")
            let own = (list.json["files"]?.array ?? []).compactMap(\.object)
                .first { $0["file"]?.string == file }
            return kept(own)
        }
        #expect(try await listed() == told)
        // One entry for each who is named, beside that of the list.
        gateway.expectMoreEntries(4)
        try await gateway.decide("lift", on: file, operatorID: "clerk-b").expect(200)
        #expect(try await protected(by: file) == 0)
        #expect(try await listed().isEmpty)
    }

    /// 受領の前に: an entry is read by who acts for the resident; before the receipt nobody is kept out yet.
    @Test func `a protection is entered with its file's receipt, and not while the file arrives`()
        async throws
    {
        let today = gateway.clock.today
        let rows = (0..<2_100).map { place in
            gateway.people.next().cells(
                today.adding(days: -10), today.adding(days: 300),
                ["不開示フラグ": place < 3 ? "1" : "0"])
        }
        let hashing = FileHashing(gateway.keys)
        let kind = try #require(FileKind.all(hashing).first { $0.layout == "entitlements" })
        let sequence = try await gateway.nextSequence()
        let reception = try await gateway.ledger.receiveFile(
            kind,
            FileAnnouncement(
                place: .sequence(sequence + 1), said: AnnouncedFile(), isDryRun: false,
                certificate: nil),
            from: Caller(party: Cast.town, operatorID: "clerk-a"), hashing: hashing)
        let file = reception.file.text
        let arriving = try await gateway.entries {
            try await reception.take(NightFile(rows).bytes())
        }
        #expect(!arriving.isEmpty && arriving.allSatisfy { !$0.hasPerson })
        // Their rows are here, and noted; they protect nobody before the file has its place.
        let noted = try await gateway.count(
            "select count(*) from office.early_protection where file = $1::text::uuid",
            [.text(file)])
        #expect(noted == 3)
        #expect(try await protected(by: file) == 0)
        let received = try await gateway.entries {
            _ = try await reception.finish { Array($0.file.text.utf8) }
        }
        #expect(received.filter(\.hasPerson).count == 3)
        #expect(try await protected(by: file) == 3)
        for decision in ["withdraw", "lift"] {
            try await gateway.decide(decision, on: file, operatorID: "clerk-b").expect(200)
        }
        #expect(try await protected(by: file) == 0)
    }

    @Test func `a code that a protected resident gave away is no code`() async throws {
        let (resident, card) = try await gateway.settle(years: 30)
        let own = try await gateway.session(of: card)
        let code = try await gateway.delegate(["immunization"], own).text("code")
        try await protect(resident)
        let token = try await gateway.session(of: gateway.settle(years: 40).card)
        let answer = try await gateway.accept(code, token)
        #expect(answer.code == Refusal.delegationUnknown.code)
        #expect(answer.text == (try await gateway.accept(ResidentTokenSecret().text, token)).text)
    }
}

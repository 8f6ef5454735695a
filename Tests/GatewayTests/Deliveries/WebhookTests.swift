import Exchange
import Foundation
import Gateway
import Hummingbird
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 呼び鈴 over real mutual TLS, to servers of bodies that work, that are down, slow, or somebody else's.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct WebhookTests {
    let gateway: RunningGateway
    let pki: ServingPKI
    let own: ServingPKI.Client

    init() throws {
        gateway = try .running
        pki = try ServingPKI()
        own = try pki.client("gateway", uri: Cast.town.uri)
    }

    /// What a body's server heard.
    final class Heard: Sendable {
        private let notes = Mutex<[[UInt8]]>([])
        var all: [[UInt8]] { notes.withLock { $0 } }
        func hear(_ note: [UInt8]) { notes.withLock { $0.append(note) } }
    }

    private func listening(
        _ heard: Heard, knows client: ServingPKI.Client? = nil, tls: ServerTLSMaterial? = nil,
        answer: @escaping @Sendable () async -> HTTPResponse.Status = { .noContent },
        _ body: (Int) async throws -> Void
    ) async throws {
        var setup = RunningListener.Setup(listener: .office)
        setup.routes = [
            Route(.post, "/ring") { request, _ in
                let note = try await request.body.collect(upTo: 10_000)
                heard.hear(Array(note.readableBytesView))
                return Response(status: await answer())
            }
        ]
        let trust = TestTrust()
        trust.know(client ?? own, as: Cast.town)
        try await RunningListener.run(
            setup, tls: try ServerTLS(tls ?? pki.material), trust: trust
        ) { try await body($0.port) }
    }

    private func work(milliseconds: Int64 = 5_000) throws -> WebhookWork {
        WebhookWork(
            try gateway.parts(),
            try WebhookCaller(credentials(of: own), milliseconds: milliseconds),
            logger: gateway.log.logger)
    }

    private func credentials(of client: ServingPKI.Client) throws -> ClientCredentials {
        ClientCredentials(
            certificatePEM: try #require(client.credentials.certificatePEM),
            keyPEM: try #require(client.credentials.keyPEM))
    }

    /// The target of a body that has nothing waiting.
    private func register(_ port: Int, of body: Party = Cast.town) async throws {
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update exchange.delivery d set place = place_of.next + (
                            select coalesce(max(place), 0) from exchange.delivery where place is not null)
                    from (
                        select person, field, record, version, row_number() over () as next
                        from exchange.delivery where body = $1 and place is null) place_of
                    where d.body = $1 and d.person = place_of.person and d.field = place_of.field
                        and d.record = place_of.record and d.version = place_of.version
                    """), [.text(body.code)])
            try $0.run(
                Statement(
                    """
                    insert into exchange.delivery_receipt (body, field, place, received_at)
                    select body, field, max(place), clock_timestamp() from exchange.delivery
                    where body = $1 group by 1, 2
                    on conflict (body, field) do update set place = excluded.place
                    """), [.text(body.code)])
        }
        let anchors = String(decoding: try pki.bytes("ca.pem"), as: UTF8.self)
        let target = WebhookTarget(
            party: body, host: "localhost", port: port, path: "/ring", anchors: anchors)
        #expect(try await gateway.registry.setWebhook(target))
        try await set("rung_at = clock_timestamp(), notice_at = null", of: body)
    }

    private func set(_ change: String, of body: Party = Cast.town) async throws {
        _ = try await gateway.sql {
            try $0.run(
                Statement("update exchange.webhook set \(change) where party = $1"),
                [.text(body.key)])
        }
    }

    private func happen(to town: Party = Cast.town) async throws {
        let card = try await gateway.settleFamily(days: 110, in: town).card
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.record(SentCheckup(on: gateway.clock.today), visit).expect(201)
    }

    private func failures() async throws -> Int {
        try await gateway.count(
            "select failures from exchange.webhook where party = $1", [.text(Cast.town.key)])
    }

    private var key: CheckpointKey {
        get throws {
            try CheckpointSigner(
                of: "notices", origin: "tsunagi.example/test",
                key: gateway.keys.ring.current(.notice)
            ).key
        }
    }

    @Test func `a body is told once that there is something, and nothing of what`() async throws {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            let work = try work()
            #expect(try await work.round().isEmpty)
            try await happen()
            #expect(try await work.round() == [Cast.town])
            #expect(try await work.round().isEmpty)
            // It has not come yet: an hour later it is told again, and then of what is new.
            try await set("rung_at = clock_timestamp() - interval '61 minutes'")
            #expect(try await work.round() == [Cast.town])
            try await happen()
            #expect(try await work.round() == [Cast.town])
        }
        #expect(heard.all.count == 3)
        let note = try SignedNote(try #require(heard.all.first))
        try key.verify(note)
        // Which the operator prints, and gives to whoever is told.
        let printed = try await Program.run([
            "party", "webhook", "key", "--keys", gateway.folder + "/keys", "--origin",
            "tsunagi.example/test",
        ])
        let text = try key.text
        #expect(printed.output == text + "\n", "\(printed.errors)")
        let names = note.body.split(separator: "\n").map { $0.prefix { $0 != ":" } }
        #expect(names == ["tsunagi ring v1", "log", "to", "id", "at"])
        #expect(note.body.contains("to: \(Cast.town.key)\n"))
    }

    /// 自傷のおそれ: no report, no delivery, only a task; and it cannot wait until somebody looks.
    @Test func `a task rings, and an urgent one again until it is answered`() async throws {
        let today = gateway.clock.today
        let heard = Heard()
        let (_, card) = try await gateway.settleMother(
            dueInDays: -10,
            [
                "delivery": try JSON(
                    reading: """
                        {"on":"\(today.adding(days: -14).text)","live":1,"still":0}
                        """)
            ])
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let before = try await gateway.followUps(.sensitive).entries.compactMap { $0["id"]?.string }
        try await listening(heard) { port in
            try await register(port)
            let work = try work()
            #expect(try await work.round().isEmpty)
            try await gateway.send(
                Cast.portal, "POST", RunningGateway.sensitiveResponsePath, headers: [token],
                body: RunningGateway.epds([0, 0, 0, 0, 0, 0, 0, 0, 0, 2], of: patient)
            ).expect(201)
            #expect(try await work.round() == [Cast.town])
            #expect(try await work.round().isEmpty)
            try await set("rung_at = clock_timestamp() - interval '61 minutes'")
            #expect(try await work.round() == [Cast.town])
            let asked = try await gateway.followUps(.sensitive).entries.compactMap {
                $0["id"]?.string
            }.filter { !before.contains($0) }
            #expect(asked.count == 1)
            for id in asked {
                try await gateway.send(
                    Cast.town, "PUT", "/fhir/sensitive/Task/\(id)",
                    headers: [("If-Match", "W/\"1\"")],
                    body: JSON(reading: #"{"resourceType":"Task","status":"in-progress"}"#)
                ).expect(200)
            }
            try await set("rung_at = clock_timestamp() - interval '61 minutes'")
            #expect(try await work.round().isEmpty)
        }
        // Nothing of whom, of what, or in which compartment.
        #expect(heard.all.count == 2)
        let note = try SignedNote(try #require(heard.all.first))
        #expect(!note.body.contains("sensitive") && !note.body.contains("harm"))
    }

    @Test func `a portal is told once that somebody who uses it has a notice`() async throws {
        let heard = Heard()
        let (resident, card) = try await gateway.settleFamily()
        let stranger = try await gateway.settleFamily().resident
        try await listening(heard) { port in
            try await register(port, of: Cast.portal)
            try await register(port, of: Cast.otherPortal)
            _ = try await gateway.session(of: card)
            let work = try work()
            // Nobody who uses a portal was told anything.
            try await gateway.invite(stranger, key: "P-\(stranger.index)")
            #expect(try await work.round().isEmpty)
            try await gateway.invite(resident, key: "P-\(resident.index)")
            #expect(try await work.round() == [Cast.portal])
            #expect(try await work.round().isEmpty)
            // Who has not come for so long does not use it any more.
            try await gateway.sql { transaction in
                _ = try transaction.run(
                    Statement(
                        """
                        update exchange.resident_token set issued_at = issued_at - interval '91 days'
                        """))
            }
            try await gateway.invite(resident, key: "Q-\(resident.index)")
            #expect(try await work.round().isEmpty)
        }
        for portal in [Cast.portal, Cast.otherPortal] {
            _ = try await gateway.registry.removeWebhook(of: portal)
        }
        let note = try SignedNote(try #require(heard.all.first))
        try key.verify(note)
        #expect(note.body.contains("to: \(Cast.portal.key)\n"))
        #expect(heard.all.count == 1)
    }

    @Test func `a ring is told from its repetition, and a changed one is not signed`() async throws
    {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            for _ in 0..<2 {
                try await happen()
                #expect(try await work().round() == [Cast.town])
            }
        }
        let notes = try heard.all.map { try SignedNote($0) }
        let ids = notes.map { $0.body.split(separator: "\n").first { $0.hasPrefix("id: ") } }
        #expect(ids.count == 2 && Set(ids).count == 2)
        let changed = SignedNote(
            body: notes[0].body.replacing(
                "to: municipality:132101", with: "to: municipality:222216"),
            signatures: notes[0].signatures)
        #expect(throws: CheckpointFault.wrongSignature) { try key.verify(changed) }
        // The key that signs statements signs no ring.
        let other = try CheckpointSigner(
            of: "statements", origin: "tsunagi.example/test",
            key: gateway.keys.ring.current(.statement)
        ).key
        #expect(throws: CheckpointFault.notSigned) { try other.verify(notes[0]) }
    }

    @Test func `a target that is down is tried later and later, and rung when it is back`()
        async throws
    {
        try await register(try FreePort.take())
        try await happen()
        let work = try work()
        for attempt in 1...WebhookRest.failuresUntilOpen {
            #expect(try await work.round().isEmpty)
            #expect(try await failures() == attempt)
            // It rests: nothing is due.
            #expect(try await gateway.ledger.dueWebhooks(limit: 16).isEmpty)
            try await set("not_before = clock_timestamp()")
        }
        #expect(try await gateway.ledger.openCircuits() == 1)
        let heard = Heard()
        try await listening(heard) { port in
            try await set("port = \(port), not_before = clock_timestamp()")
            #expect(try await work.round() == [Cast.town])
        }
        #expect(try await failures() == 0)
        #expect(try await gateway.ledger.openCircuits() == 0)
    }

    @Test func `what an export gave a place is rung for until it is received`() async throws {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            try await happen()
            let kickOff = try await gateway.send(
                Cast.town, "GET", "/fhir/Patient/$export", headers: [("Prefer", "respond-async")])
            let parts = try gateway.parts()
            let unplaced = "exchange.delivery where body = $1 and place is null"
            for _ in 0..<4_800 {
                while try await parts.prepareExport() {}
                let left = try await gateway.count(
                    "select count(*) from \(unplaced)", [.text(Cast.town.code)])
                if left == 0 { break }
                try await Task.sleep(for: .milliseconds(25))
            }
            let work = try work()
            #expect(try await work.round() == [Cast.town])
            #expect(try await work.round().isEmpty)
            try await register(port)
            try await set("rung_at = clock_timestamp() - interval '61 minutes'")
            #expect(try await work.round().isEmpty)
            let address = try #require(kickOff["Content-Location"])
            let path = String(address.dropFirst("https://".count).drop { $0 != "/" })
            try await gateway.send(Cast.town, "DELETE", path).expect(202)
        }
        #expect(heard.all.count == 1)
    }

    @Test func `what comes while a body is rung is rung for`() async throws {
        let gate = Gate()
        let heard = Heard()
        try await listening(
            heard,
            answer: {
                await gate.pass()
                return .noContent
            }
        ) { port in
            defer { gate.open() }
            try await register(port)
            try await happen()
            let work = try work(milliseconds: 30_000)
            async let first = work.round()
            while heard.all.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            try await happen()
            gate.open()
            let told = try await first
            #expect(told == [Cast.town])
            #expect(try await work.round() == [Cast.town])
            #expect(try await work.round().isEmpty)
        }
        #expect(heard.all.count == 2)
    }

    @Test func `a slow target is left, and holds nobody else up`() async throws {
        let gate = Gate()
        let (slow, quick) = (Heard(), Heard())
        try await listening(
            slow,
            answer: {
                await gate.pass()
                return .noContent
            }
        ) { slowPort in
            defer { gate.open() }
            try await register(slowPort)
            try await listening(quick) { port in
                try await register(port, of: Cast.otherTown)
                try await happen()
                try await happen(to: Cast.otherTown)
                #expect(try await work(milliseconds: 1_000).round() == [Cast.otherTown])
            }
            #expect(slow.all.count == 1 && quick.all.count == 1)
            #expect(try await failures() == 1)
        }
        _ = try await gateway.registry.removeWebhook(of: Cast.otherTown)
    }

    @Test func `a server with another's certificate hears nothing`() async throws {
        let stranger = try ServingPKI()
        let heard = Heard()
        try await listening(heard, tls: stranger.material) { port in
            try await register(port)
            try await happen()
            #expect(try await work().round().isEmpty)
        }
        #expect(heard.all.isEmpty)
        #expect(try await failures() == 1)
    }

    @Test func `a target that does not know our certificate has not taken it`() async throws {
        let other = try pki.client("other", uri: Cast.otherTown.uri)
        let heard = Heard()
        try await listening(heard, knows: other) { port in
            try await register(port)
            try await happen()
            #expect(try await work().round().isEmpty)
        }
        #expect(heard.all.isEmpty)
    }

    @Test
    func `a new certificate is shown from the next ring on, and one that does not serve never`()
        async throws
    {
        let next = try pki.client("next", uri: Cast.town.uri)
        let caller = try WebhookCaller(credentials(of: own))
        let work = WebhookWork(try gateway.parts(), caller, logger: gateway.log.logger)
        let heard = Heard()
        try await listening(heard, knows: next) { port in
            try await register(port)
            try await happen()
            #expect(try await work.round().isEmpty)
            // Another's key: the old pair stays.
            let mixed = try ClientCredentials(
                certificatePEM: #require(next.credentials.certificatePEM),
                keyPEM: #require(own.credentials.keyPEM))
            #expect(throws: (any Error).self) { try caller.reload(mixed) }
            try await set("not_before = clock_timestamp()")
            #expect(try await work.round().isEmpty)
            try caller.reload(try credentials(of: next))
            try await set("not_before = clock_timestamp()")
            #expect(try await work.round() == [Cast.town])
        }
        #expect(heard.all.count == 1)
    }

    @Test(arguments: [HTTPResponse.Status.found, .badRequest, .internalServerError])
    func `an answer that is no success is none`(_ status: HTTPResponse.Status) async throws {
        let heard = Heard()
        try await listening(heard, answer: { status }) { port in
            try await register(port)
            try await happen()
            #expect(try await work().round().isEmpty)
        }
        #expect(heard.all.count == 1)
        #expect(try await failures() == 1)
    }

    @Test func `of several gateways one rings`() async throws {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            try await happen()
            let works = try (0..<4).map { _ in try work() }
            let taken = try await withThrowingTaskGroup(of: Set<Party>.self) { group in
                for work in works { group.addTask { try await work.round() } }
                return try await group.reduce(into: [Party]()) { $0 += $1 }
            }
            #expect(taken == [Cast.town])
        }
        #expect(heard.all.count == 1)
    }

    @Test func `what a body is not entitled to rings for nobody`() async throws {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            let (_, card) = try await gateway.settle()
            let visit = try await gateway.openCheckupVisit(
                card, consents: RunningGateway.allConsents)
            try await gateway.record(.epds(4, on: gateway.clock.today), visit).expect(201)
            #expect(try await work().round().isEmpty)
            let scheme = try #require(DeliveryField.maternalSensitive.designation)
            let own = Designation(body: Cast.town.code, scheme: scheme)
            _ = try await gateway.registry.designate(Cast.town, own)
            #expect(try await work().round() == [Cast.town])
            _ = try await gateway.registry.undesignate(Cast.town, own)
        }
    }

    @Test func `a body whose data no longer comes is told to look`() async throws {
        let heard = Heard()
        try await listening(heard) { port in
            try await register(port)
            _ = try await gateway.sql {
                try $0.run(
                    Statement(
                        "update exchange.party set as_of = as_of - interval '73 hours' where party = $1"
                    ), [.text(Cast.town.key)])
            }
            let (parts, logger) = (try gateway.parts(), gateway.log.logger)
            let told = try await parts.makeStatements(logger)
            #expect(told == [Cast.town.code])
            #expect(try await work().round() == [Cast.town])
            _ = try await parts.makeStatements(told: told, logger)
            #expect(try await work().round().isEmpty)
            _ = try await gateway.sql {
                try $0.run(
                    Statement(
                        "update exchange.party set as_of = as_of + interval '73 hours' where party = $1"
                    ), [.text(Cast.town.key)])
            }
        }
    }
}

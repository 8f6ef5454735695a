import Exchange
import Foundation
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 監査記録の送り出し: every entry reaches a receiver that is not ours, in the log's order, at least once, and
/// says of nobody who they are.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct AuditFeedTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func feed(
        port: Int, anchors: DevelopmentPKI.Authority = .server, client: Party = Cast.auditor
    ) throws -> AuditFeed {
        let client = try gateway.pki.credentials(of: client)
        let receiver = try SyslogReceiver(
            host: "127.0.0.1", port: port,
            credentials: .init(
                anchorsPEM: Array(
                    try Data(contentsOf: URL(filePath: gateway.pki.path(anchors, "ca.pem")))),
                own: ClientCredentials(
                    certificatePEM: try #require(client.certificatePEM),
                    keyPEM: try #require(client.keyPEM))))
        return AuditFeed(
            try gateway.parts(), to: receiver,
            as: try .init(auditor: Cast.auditor.code, host: "gateway.example"),
            logger: TestPostgres.logger)
    }

    /// Tries until the receiver listens; then until there is nothing left.
    private func deliver(_ feed: AuditFeed) async throws {
        for attempt in 0... {
            do {
                while try await feed.deliverRun() {}
                return
            } catch  where attempt < 200 {
                try await Task.sleep(for: .milliseconds(25))
            }
        }
    }

    private struct Message {
        let position: Int
        let outcome: String
        let purpose: String
        let party: String
        let patient: String
        let visit: String
        let representative: String
    }

    /// What a reader in another language makes of what the receiver kept, once it has the last entry.
    private func messages(_ receiver: SyslogProcess) async throws -> [Message] {
        let last = try await gateway.count(
            """
            select max(p.position) from log.position p join log.access_entry e on e.entry = p.entry
            """)
        for _ in 0..<4_800 where !receiver.kept.contains("\"\(last)\"") {
            try await Task.sleep(for: .milliseconds(25))
        }
        let read = try await Program.run(
            [Self.reader, receiver.messages], of: ["/usr/bin/env", "python3"])
        #expect(read.status == 0, "\(read.output.suffix(400))\(read.errors)")
        return try read.output.split(separator: "\n").map { line in
            let parts = line.split(separator: " ").map { String($0) }
            return Message(
                position: try #require(Int(parts[0])), outcome: parts[1], purpose: parts[2],
                party: parts[3], patient: parts[4], visit: parts[5], representative: parts[6])
        }
    }

    private static let reader = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Strangers/read_audit.py").path

    /// The folder of one test, and a port that nobody has now.
    private func place() throws -> (folder: String, port: Int) {
        (gateway.folder + "/syslog-\(RecordID.random().text)", try FreePort.take())
    }

    private func sealed() async throws -> [Int] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select p.position from log.position p join log.access_entry e on e.entry = p.entry
                    order by 1
                    """)
            ).map { try $0.int(0) }
        }
    }

    /// The session of somebody who may act for one child.
    private func guardian() async throws -> (String, String) {
        let (child, _) = try await gateway.settle(years: 3)
        let (guardian, card) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([gateway.guardianship(of: child, by: guardian)])
        return try await gateway.session(of: card)
    }

    @Test func `every entry arrives in order, also those made while the receiver was away`()
        async throws
    {
        let (folder, port) = try place()
        let (resident, card) = try await gateway.settleFamily()
        let visit = try await gateway.openVisit(card)
        _ = try await gateway.check(visit, day: gateway.clock.today.adding(days: 400))
        let acting = try await gateway.acting(guardian())
        try await gateway.send(Cast.portal, "GET", "/fhir/Coverage", headers: [acting]).expect(200)
        try await gateway.sealEpoch()
        let feed = try feed(port: port)
        var receiver = try await SyslogProcess(in: folder, pki: gateway.pki, port: port)
        try await deliver(feed)
        let first = try await messages(receiver)
        #expect(first.map(\.position) == (try await sealed()))
        #expect(first.contains { $0.purpose == "open-visit" && $0.outcome == "0" })
        #expect(first.contains { $0.outcome == "4" && $0.party == Cast.clinic.uri })

        // As the auditor finds them by a search: in which visit, and who acted for whom.
        let checked = try #require(first.first { $0.purpose == "check-eligibility" })
        let opened = try #require(first.first { $0.purpose == "open-visit" })
        #expect(checked.visit == opened.visit && checked.visit != visit.id && checked.visit != "-")
        let acted = try #require(first.first { $0.purpose == "read-own-entitlements" })
        let found = try await gateway.allFound(Cast.auditor)
        let same = try #require(found.first { $0.position == acted.position })
        #expect(
            acted.representative.hasPrefix("Patient/") && same.text.contains(acted.representative))
        #expect(same.patient != acted.representative)

        try await receiver.stop()
        let before = try await gateway.ledger.deliveryBacklog()
        #expect(before == 0)
        _ = try await gateway.check(visit)
        try await gateway.seal()
        await #expect(throws: (any Error).self) { _ = try await feed.deliverRun() }
        #expect(try await gateway.ledger.deliveryBacklog() > 0)
        receiver = try await SyslogProcess(in: folder, pki: gateway.pki, port: port)
        try await deliver(feed)
        let all = try await messages(receiver).map(\.position)
        #expect(Set(all) == Set(try await sealed()))
        #expect(all == all.sorted())
        #expect(try await gateway.ledger.deliveryBacklog() == 0)

        // Nothing of a person but the id by which the auditor knows them.
        let kept = receiver.kept
        for word in [resident.name, resident.nameKana, resident.number, resident.dateOfBirth] {
            #expect(!kept.contains(word))
        }
        let persons = try await gateway.sql { transaction in
            try transaction.query(Statement("select person::text from exchange.person"))
                .map { try $0.text(0) }
        }
        #expect(!persons.contains { kept.contains($0) })
        let known = try await gateway.allFound(Cast.auditor).compactMap(\.patient)
        let sent = Set(first.map(\.patient)).subtracting(["-"])
        #expect(
            !sent.isEmpty
                && sent.isSubset(of: Set(known.map { $0.replacing("Patient/", with: "") })))
        try await receiver.stop()
    }

    @Test func `a receiver that is another's, or that does not know us, is told nothing`()
        async throws
    {
        let (folder, port) = try place()
        let receiver = try await SyslogProcess(in: folder, pki: gateway.pki, port: port)
        try await deliver(try feed(port: port))
        _ = try await gateway.settle()
        try await gateway.seal()
        let backlog = try await gateway.ledger.deliveryBacklog()
        #expect(backlog > 0)
        for feed in [
            try feed(port: port, anchors: .cards), try feed(port: port, client: Cast.clinic),
        ] {
            await #expect(throws: (any Error).self) { _ = try await feed.deliverRun() }
            #expect(try await gateway.ledger.deliveryBacklog() == backlog)
        }
        try await deliver(try feed(port: port))
        #expect(try await gateway.ledger.deliveryBacklog() == 0)
        try await receiver.stop()
    }
}

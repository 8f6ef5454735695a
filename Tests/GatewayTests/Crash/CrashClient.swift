import Crypto
import Exchange
import Ledger
import Synchronization
import TestSupport
import Trust

/// Where the gateway is now; a new process has new ports.
final class Doorplate: Sendable {
    private let ports = Mutex<[Listener: Int]>([:])

    func put(_ new: [Listener: Int]) { ports.withLock { $0 = new } }
    func port(_ listener: Listener) -> Int? { ports.withLock { $0[listener] } }
}

/// A clinic, a municipality and a portal in one task: sends without pause, and whatever must not be lost
/// again and again until it is acknowledged.
struct CrashClient {
    let number: Int
    let world: CrashWorld
    let doorplate: Doorplate
    let journal: Journal
    let card: SoftwareCard
    let resident: TestResident
    var chance: Seeded
    private var connections: [Party: (port: Int, client: TLSClient)] = [:]
    var visit: Journal.Visit?
    /// The resident's session at the portal.
    var session: String?
    private var registrations = 0
    private var reports = 0
    private var doses = 0

    init(
        number: Int, world: CrashWorld, doorplate: Doorplate, journal: Journal, card: SoftwareCard,
        resident: TestResident
    ) {
        self.number = number
        self.world = world
        self.doorplate = doorplate
        self.journal = journal
        self.card = card
        self.resident = resident
        chance = Seeded(UInt64(number) + 1)
    }

    mutating func run() async throws {
        while !journal.isStopping {
            switch chance.int(0...11) {
            case 0...1: try await openVisit()
            case 2...3: try await register()
            case 4: await ask(Journal.Visit.unknown())
            case 5...6: try await actAsResident()
            case 7: if let visit { try await record(visit) } else { try await openVisit() }
            case 8: if let visit { try await vaccinate(visit) } else { try await openVisit() }
            default: if let visit { await ask(visit) } else { try await openVisit() }
            }
        }
        for (_, connection) in connections { await connection.client.close() }
    }

    // MARK: What is asked

    private mutating func ask(_ visit: Journal.Visit) async {
        guard
            let answer = await send(
                Cast.clinic, RunningGateway.checkPath, body: visit.question)
        else { return journal.note { $0.failed += 1 } }
        switch answer.status {
        case 200:
            guard let id = try? RecordID(answer.text("id")) else { return unexpected(answer) }
            journal.note {
                $0.answers.append(.init(id: id, digest: Array(SHA256.hash(data: answer.body))))
            }
        case 400...499 where answer.code == Refusal.visitUnknown.code:
            journal.note { $0.refusals += 1 }
        case 500...: journal.note { $0.failed += 1 }
        default: unexpected(answer)
        }
    }

    /// The same bytes until the visit is told: at most one visit comes of them.
    private mutating func openVisit() async throws {
        guard let nonce = await send(Cast.clinic, "/visits/nonces", body: []), nonce.status == 201
        else { return journal.note { $0.failed += 1 } }
        let day = try CalendarDay(nonce.text("day"))
        let text = SignedText.visit(
            nonce: nonce.text("nonce"), party: Cast.clinic,
            consentKinds: ["immunization", "maternal", "subsidy"], visitKind: "outpatient", day: day
        )
        let body = """
            {"nonce":"\(nonce.text("nonce"))","day":"\(day.text)","kind":"outpatient",\
            "consents":["immunization","maternal","subsidy"],\
            "certificate":"\(Base64.text(card.certificateDER))",\
            "signature":"\(Base64.text(try card.sign(text)))"}
            """
        let answer = try await insist(
            Cast.clinic, "/visits", body: Array(body.utf8), on: [200, 201])
        let opened = Journal.Visit(id: answer.text("visit"), patient: answer.text("patient"))
        visit = opened
        journal.note { $0.visits.append(opened) }
    }

    /// The same row under the same key until it is acknowledged.
    private mutating func register() async throws {
        registrations += 1
        let key = "client-\(number)-\(registrations)"
        journal.note { $0.sent.insert(key) }
        let first = WallClock.now().dayInJapan.adding(days: -30 + registrations % 20)
        let row = resident.row("kodomo", first, first.adding(days: 5), historyKey: key)
        _ = try await insist(
            Cast.town, "/medical-subsidy/history-registration-tasks",
            headers: [("Idempotency-Key", key)], body: Array(JSON.array([row]).text.utf8), on: [202]
        )
        journal.note { $0.registered.insert(key) }
    }

    /// The same report under the same number until it is acknowledged.
    private mutating func record(_ visit: Journal.Visit) async throws {
        reports += 1
        var sent = SentCheckup.prenatal(on: WallClock.now().dayInJapan)
        sent.identifier = "client-\(number)-\(reports)"
        let identifier = sent.identifier
        journal.note { $0.reportsSent.insert(identifier) }
        let body = JSON.object(sent.body(.init(id: visit.id, patient: visit.patient)))
        _ = try await insist(
            Cast.clinic, sent.path, body: Array(body.text.utf8), on: [200, 201])
        journal.note { $0.reported.insert(identifier) }
    }

    /// The same of a dose of her pregnancy. All are of one day: the first is the municipality's line, and the
    /// others are told of as its duplicates.
    private mutating func vaccinate(_ visit: Journal.Visit) async throws {
        doses += 1
        var sent = SentDose(on: WallClock.now().dayInJapan)
        sent.vaccine = "rsv-maternal"
        sent.identifier = "client-\(number)-\(doses)"
        let identifier = sent.identifier
        journal.note { $0.dosesSent.insert(identifier) }
        let body = JSON.object(sent.body(.init(id: visit.id, patient: visit.patient)))
        _ = try await insist(
            Cast.clinic, RunningGateway.vaccinationPath, body: Array(body.text.utf8),
            on: [200, 201])
        journal.note { $0.dosesRecorded.insert(identifier) }
    }

    // MARK: How it is sent

    mutating func insist(
        _ party: Party, _ path: String, headers: [(String, String)] = [], body: [UInt8],
        on wanted: [Int]
    ) async throws -> TLSClient.Answer {
        for _ in 0..<12_000 {
            guard let answer = await send(party, path, headers: headers, body: body) else {
                journal.note { $0.repeated += 1 }
                continue
            }
            if wanted.contains(answer.status) { return answer }
            guard answer.status >= 500 else {
                unexpected(answer)
                break
            }
            // Another registration of the same municipality is being applied: this one comes back.
            let isBusy = party == Cast.town && answer.code == Refusal.overloaded.code
            if !isBusy { journal.note { $0.repeated += 1 } }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TLSClient.Gone(description: "never acknowledged: \(path)")
    }

    /// Nothing when no answer came: the gateway is away, or died over it.
    mutating func send(
        _ party: Party, _ path: String, method: String = "POST", headers: [(String, String)] = [],
        body: [UInt8]
    ) async -> TLSClient.Answer? {
        do {
            let client = try await client(of: party)
            let answer = try await client.send(
                method, path, headers: headers + [("Content-Type", "application/json")], body: body)
            // Whatever happens to the database is foreseen.
            if answer.status == 500 { unexpected(answer) }
            return answer
        } catch {
            connections[party] = nil
            try? await Task.sleep(for: .milliseconds(10))
            return nil
        }
    }

    private mutating func client(of party: Party) async throws -> TLSClient {
        guard let port = doorplate.port(party.listener) else {
            throw TLSClient.Gone(description: "nobody listens")
        }
        if let open = connections[party], open.port == port, open.client.isOpen {
            return open.client
        }
        let client = try await TLSClient(port: port, credentials: world.pki.credentials(of: party))
        connections[party] = (port, client)
        return client
    }

    func unexpected(_ answer: TLSClient.Answer) {
        journal.note { $0.unexpected.append("\(answer.status) \(answer.text.prefix(300))") }
    }
}

extension TLSClient {
    private static let json = [("Content-Type", "application/json")]

    func nonce() async throws -> Answer {
        try await send("POST", "/visits/nonces", headers: Self.json, body: [])
    }

    /// A new visit at the institution whose connection this is, with a nonce of before or a new one.
    func openVisit(
        _ card: SoftwareCard, at institution: Party, nonce given: Answer? = nil
    ) async throws -> Answer {
        let nonce = if let given { given } else { try await self.nonce() }
        let day = try CalendarDay(nonce.text("day"))
        let text = SignedText.visit(
            nonce: nonce.text("nonce"), party: institution, consentKinds: ["subsidy"],
            visitKind: "outpatient", day: day)
        let body = """
            {"nonce":"\(nonce.text("nonce"))","day":"\(day.text)","kind":"outpatient",\
            "consents":["subsidy"],"certificate":"\(Base64.text(card.certificateDER))",\
            "signature":"\(Base64.text(try card.sign(text)))"}
            """
        let opened = try await send("POST", "/visits", headers: Self.json, body: Array(body.utf8))
        try opened.expect(201)
        return opened
    }
}

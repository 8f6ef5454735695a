import Exchange
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

/// 火: a running gateway with people of whom everything is held, and a hand that counts whom each answer tells
/// of.
final class Fire: Sendable {
    let gateway: RunningGateway
    private let oracle = Mutex(AuditOracle())
    private let count = Mutex(0)
    private let lines = Mutex<[Party: TLSClient]>([:])

    /// Whom the requests of this task are about.
    @TaskLocal static var subjects: [Int] = []

    private static let contracts = Result {
        try [Listener.institution, .office, .resident].map { try Contract(of: $0) }
    }

    init(_ gateway: RunningGateway) throws {
        self.gateway = gateway
        let contracts = try Self.contracts.get()
        gateway.listen { [weak self] heard in self?.hear(heard, contracts) }
    }

    func nextIndex() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }

    func about<R>(_ subjects: [Int], _ body: () async throws -> R) async throws -> R {
        try await Self.$subjects.withValue(subjects) { try await body() }
    }

    func learn(_ marks: [String], of person: Int) {
        oracle.withLock { $0.learn(marks, of: person) }
    }
    func more(_ count: Int, of person: Int) { oracle.withLock { $0.more(count, of: person) } }
    var heard: AuditOracle { oracle.withLock { $0 } }

    private func hear(_ heard: RunningGateway.Heard, _ contracts: [Contract]) {
        let contract = contracts.first { $0.listener == heard.listener }
        guard let id = contract?.operation(heard.method, heard.path)?.id,
            let deed = Deed.all.first(where: { $0.id == id && $0.listener == heard.listener })
        else { return }
        let subjects = Self.subjects
        let disclosed = oracle.withLock { $0.hear(heard, id, deed.about, subjects: subjects) }
        // The gateway's own tally counts one for an answer.
        if deed.about == .shown { gateway.expectMoreEntries(max(0, disclosed.count - 1)) }
        if deed.about == .shownToAnother { gateway.expectMoreEntries(disclosed.count) }
    }

    /// One deed about somebody, as the contract's own example of use.
    func `do`(_ deed: Deed, about person: FirePerson) async throws -> TLSClient.Answer {
        try await about([person.index]) {
            let ask = try await deed.make(self, person)
            let answer = try await gateway.send(ask)
            try await hearComparison(ask, answer, of: person.index)
            return answer
        }
    }

    /// 下見: whom a file tells of that is only compared, it tells when it has been compared, after its receipt.
    /// And a row of a guardianship that is refused tells that the child lives elsewhere.
    func hearComparison(_ ask: Ask, _ answer: TLSClient.Answer, of person: Int) async throws {
        guard answer.status == 202 else { return }
        if ask.path == RunningGateway.guardianshipPath {
            return more(answer.int("refused") ?? 0, of: person)
        }
        let telling = [
            "checkup-tickets", "guardianships", "entitlements", "entitlements-full", "past-doses",
        ]
        guard let layout = telling.first(where: { ask.path.hasPrefix("/files/\($0)?") }) else {
            return
        }
        let report = try await gateway.settled(answer.text("file"), as: layout, by: ask.party)
        let codes = report.results.flatMap(\.findings).compactMap { $0["code"]?.string }
        let (counts, words): ([String], [String]) =
            switch layout {
            case "checkup-tickets":
                (
                    ["additions", "changes", "ends", "unchanged"],
                    ["not-own-resident", "ticket-not-open"]
                )
            // Of a key that is nobody's the same is said as of a child who lives elsewhere; here none does.
            case "guardianships":
                (["additions", "changes", "ends", "unchanged"], ["custody-lost"])
            // What others said of the dose or of its person.
            case "past-doses":
                ([], ["dose-known", "not-own-resident", "another-person", "dose-outside-act"])
            default: (["underReview"], [])
            }
        let isTold =
            counts.contains { report.number($0, in: "effect") ?? 0 > 0 }
            || codes.contains { words.contains($0) }
        if isTold { more(1, of: person) }
    }

    /// Beside the tally: what is refused may be refused after something was read, and then has an entry.
    func untallied(_ ask: Ask) async throws -> TLSClient.Answer {
        var headers = ask.headers
        if ask.body != nil, !headers.contains(where: { $0.0 == "Content-Type" }) {
            headers.append(("Content-Type", "application/json"))
        }
        // After some refusals the gateway closes; the first to ask afterwards may find that out.
        var attempts = 0
        while true {
            let client = try await line(of: ask.party)
            attempts += 1
            do {
                return try await client.send(
                    ask.method, ask.path, headers: headers, body: ask.body ?? [])
            } catch  where attempts < 3 {
                await client.close()
            }
        }
    }

    private func line(of party: Party) async throws -> TLSClient {
        if let open = lines.withLock({ $0[party] }), open.isOpen { return open }
        let client = try await gateway.connect(party)
        lines.withLock { $0[party] = client }
        return client
    }

    func hangUp() async {
        for client in lines.withLock({ Array($0.values) }) { await client.close() }
    }

    /// The entries of each person, by the name each was registered with.
    func entries(of people: [FirePerson]) async throws -> [Int: Int] {
        let names = people.map(\.resident.name)
        let rows = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select i.name, count(*) from log.access_entry e
                        join (select distinct person, name from exchange.identity) i using (person)
                    where e.outcome = 'ok' and i.name = any($1) group by 1
                    """), [.texts(names)]
            ).map { (try $0.text(0), try $0.int(1)) }
        }
        let counts = Dictionary(uniqueKeysWithValues: rows)
        return Dictionary(
            uniqueKeysWithValues: people.map { ($0.index, counts[$0.resident.name] ?? 0) })
    }
}

/// 回数: how often each of these is done; small where everything is tested, large under `make torture`.
enum Torture {
    static func times(_ name: String, _ usual: Int) -> Int {
        ProcessInfo.processInfo.environment["TORTURE_\(name)"].flatMap(Int.init) ?? usual
    }

    /// A row of the table that `make torture` prints at its end.
    static func report(_ what: String, _ times: Int, _ held: String) {
        guard let path = ProcessInfo.processInfo.environment["TORTURE_TABLE"],
            let file = FileHandle(forWritingAtPath: path)
        else { return }
        defer { try? file.close() }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data("\(what)\t\(times)\t\(held)\n".utf8))
    }
}

import Exchange
import TestSupport
import Testing

/// 隔離: whatever is added or changed about others, on every route, no answer about this resident changes by a
/// byte. The table is the contract's own list of operations.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(60)))
struct IsolationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test func `no answer about one resident changes with what is done about others`() async throws
    {
        let fire = try Fire(gateway)
        let rounds = Torture.times("ISOLATION", 1)
        var chance = Seeded(UInt64(rounds))
        let person = try await fire.settle()
        let others = [try await fire.settle(), try await fire.settle(in: Cast.otherTown)]
        // The same question in the same bytes: what writes is answered as it stands from then on.
        var asked: [(deed: Deed, ask: Ask)] = []
        try await gateway.sealEpoch()
        try await fire.about([person.index]) {
            for deed in Deed.all {
                asked.append((deed, try await deed.make(fire, person)))
            }
            // Twice: what one of them changes may be what another was answered the first time.
            for (_, ask) in asked + asked { try await gateway.send(ask) }
        }
        let isRead = { (row: (deed: Deed, ask: Ask)) in
            row.ask.method == "GET" || row.deed.id.hasPrefix("search")
        }
        let reads = asked.filter(isRead)
        let writes = asked.filter { !isRead($0) }
        for _ in 0..<rounds {
            // In this order nothing of one's own lies between the two times that each is compared.
            let written = try await answers(writes, fire, person)
            let read = try await answers(reads, fire, person)
            try await change(others, fire, &chance)
            try await expect(reads, read, fire, person)
            try await expect(writes, written, fire, person)
        }
        Torture.report(
            "isolation: operations held byte for byte", rounds * asked.count,
            "no answer changed with others' data")
    }

    /// Everything that can be done, about others, in any order; and somebody new.
    private func change(
        _ others: [FirePerson], _ fire: Fire, _ chance: inout Seeded
    ) async throws {
        for deed in Deed.all.shuffled(using: &chance) {
            let answer = try await fire.do(deed, about: chance.pick(others))
            #expect(answer.status < 500, "\(deed.testDescription)")
        }
        _ = try await fire.settle(in: chance.pick([Cast.town, Cast.otherTown]))
    }

    private func expect(
        _ asked: [(deed: Deed, ask: Ask)], _ before: [String], _ fire: Fire, _ person: FirePerson
    ) async throws {
        let after = try await answers(asked, fire, person)
        for (row, (first, second)) in zip(asked, zip(before, after)) {
            #expect(first == second, "\(row.deed.testDescription)")
        }
    }

    private func answers(
        _ asked: [(deed: Deed, ask: Ask)], _ fire: Fire, _ person: FirePerson
    ) async throws -> [String] {
        var answers: [String] = []
        for (deed, ask) in asked {
            let answer = try await fire.about([person.index]) { try await gateway.send(ask) }
            answers.append("\(answer.status) " + Self.shape(answer, deed, person))
        }
        return answers
    }

    /// The answer without what is new in every answer: ids of this answer, times, secrets; of a list, what is
    /// about this person.
    private static func shape(
        _ answer: TLSClient.Answer, _ deed: Deed, _ person: FirePerson
    ) -> String {
        switch deed.id {
        case "readOwnAccessLog":
            // Every question is itself an entry, and the log of all grows: who looked, and what for.
            return answer.entries.filter { !JSON.object($0).text.contains("read-own-") }
                .map {
                    JSON.array(($0["agent"]?.array ?? []) + [$0["purposeOfEvent"] ?? .null]).text
                }
                .joined(separator: "\n")
        case "searchAccessLog", "examineComplaint":
            // Likewise; what the office did meanwhile is in it.
            return "\(answer.status)"
        case let id
        where id.wholeMatch(of: /(read|make)(?!Claim|Month)\w*Statement|list\w*Files/) != nil:
            // Counts and hashes of a whole town, and a time; its receipts, without a word of a row.
            return "\(answer.status)"
        case "listDisasters", "proposeDisaster", "endDisaster":
            // Of no resident at all; others of the prefecture declare some.
            return "\(answer.status)"
        case "countAttendance", "printPaperForms", "printMunicipalPaperForms":
            // Numbers of all, too few to be told; sheets under numbers that are nobody's.
            return "\(answer.status)"
        case "listUnseen":
            return (answer.json["targets"]?.array ?? []).map(\.text)
                .filter { $0.contains("\"B-\(person.index)\"") }.joined(separator: "\n")
        case "listUnvaccinated":
            return (answer.json["targets"]?.array ?? []).map(\.text)
                .filter { $0.contains("\"\(person.key)\"") }.joined(separator: "\n")
        case "receiveVaccinations", "receiveReactions", "exportReactions",
            "receiveImmunizationLines", "receiveMaternalLines", "receiveClaimLines":
            return answer.entries.map { JSON.object($0).text }
                .filter { entry in person.marks.contains { entry.contains($0) } }
                .joined(separator: "\n")
        case "readFollowUps", "readSensitiveFollowUps":
            let ids = [person.followUp, person.sensitiveFollowUp]
            return answer.entries.filter { ids.contains($0["id"]?.string ?? "") }
                .map { JSON.object($0).text }.joined(separator: "\n")
        case "readCheckpoint", "readHealthCardKeys", "readRevokedHealthCards":
            return ""
        case "saveScreening", "saveSensitiveScreening":
            // Since the first was amended, each is a new one.
            return masked(answer.text).replacing(#/"id":"[a-p]{32}"/#, with: "ID")
        case "exportReactionFile":
            return answer.text.split(separator: "\r\n").map(String.init)
                .filter { row in person.marks.contains { row.contains($0) } }
                .joined(separator: "\n")
        case "printScreening":
            // The code alone is new.
            return answer.text.replacing(#/<path d=.*?<\/svg>/#, with: "CODE")
        case "printHealthCard":
            // The pictures likewise; the words before them are the resident's own.
            return String(answer.text.split(separator: "<svg", maxSplits: 1).first ?? "")
        case "issueHealthCard":
            // Signed anew, under a number of its own.
            return masked(answer.text).replacing(#/"value(String|Uri)":"[^"]{20,}"/#, with: "CARD")
        default: return masked(answer.text)
        }
    }

    static func masked(_ text: String) -> String {
        text.replacing(#/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/#, with: "ID")
            .replacing(#/\d{4}-\d{2}-\d{2}T[^"]*/#, with: "TIME")
            .replacing(#/"(access_token|nonce)":"[^"]*"/#, with: "SECRET")
            .replacing(#/"code":"[A-Za-z0-9_-]{43}"/#, with: "SECRET")
            .replacing(#/"expires_in":\d+/#, with: "TIME")
    }
}

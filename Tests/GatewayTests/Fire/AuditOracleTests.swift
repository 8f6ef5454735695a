import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 監査の答え合わせ: over whatever is asked by whomever in whatever order, what left is what was entered, person
/// by person.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(60)))
struct AuditOracleTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    @Test func `every operation of the contract has its deed, and no deed is without one`() throws {
        for listener in [Listener.institution, .office, .resident] {
            let ids = try Contract(of: listener).operations.map(\.id)
            let deeds = Deed.all.filter { $0.listener == listener }.map(\.id)
            #expect(Set(ids) == Set(deeds), "\(Set(ids).symmetricDifference(deeds))")
            #expect(deeds.count == Set(deeds).count)
        }
    }

    @Test func `a random mixture of every route tells of each person as often as is entered`()
        async throws
    {
        let fire = try Fire(gateway)
        let steps = Torture.times("ORACLE", 250)
        var chance = Seeded(UInt64(steps))
        var people: [FirePerson] = []
        for town in [Cast.town, Cast.town, Cast.otherTown] {
            people.append(try await fire.settle(in: town))
        }
        try await gateway.sealEpoch()
        try await gateway.index()
        // Each operation once, so that none is left to chance; then whatever comes.
        for deed in Deed.all { _ = try await fire.do(deed, about: people[1]) }
        for number in 0..<steps {
            if number % 500 == 499 { people.append(try await fire.settle()) }
            try await step(chance.pick(Deed.all), fire, chance.pick(people), &chance)
            if number % 40 == 0 { try await several(fire, people) }
        }
        try await aFile(fire, people[0])
        let heard = fire.heard
        #expect(heard.complaints == [])
        // What is asked wrongly is refused before or after anything was read; the oracle counts by person.
        try await gateway.takeEntriesAsTold()
        let entered = try await fire.entries(of: people)
        for person in people {
            #expect(heard.told[person.index] == entered[person.index], "person \(person.index)")
        }
        let unheard = Deed.all.filter { deed in
            !Deed.elsewhere.contains(deed.id)
                && !heard.kinds.contains { $0.hasPrefix(deed.id + " 2") }
        }
        #expect(unheard.map(\.id) == [], "operations that never answered")
        #expect(heard.kinds.contains { $0.hasSuffix(" 404") || $0.hasSuffix(" 403") })
        let told = heard.told.values.reduce(0, +)
        Torture.report("audit oracle: answers read", heard.answers, "\(told) disclosures = entries")
    }

    /// Mostly as it should be asked; sometimes so that it is refused.
    private func step(
        _ deed: Deed, _ fire: Fire, _ person: FirePerson, _ chance: inout Seeded
    ) async throws {
        let spoil = chance.int(0...11)
        let pick = chance.int(0...99)
        try await fire.about([person.index]) {
            var ask = try await deed.make(fire, person)
            switch spoil {
            case 0: ask.party = Self.stranger(to: ask.party)
            case 1: ask.headers.append(("Authorization", "Bearer nobody"))
            case 2: ask.body = ask.body.map { Array($0.prefix($0.count * pick / 100)) }
            case 3: ask.headers.append(("Tsunagi-Operator", "clerk"))
            default: break
            }
            let answer = try await gateway.send(ask)
            try await fire.hearComparison(ask, answer, of: person.index)
        }
    }

    /// Somebody of the same listener who may know nothing of it.
    private static func stranger(to party: Party) -> Party {
        switch party.listener {
        case .institution: Cast.spare
        case .office: Cast.otherTown
        default: Cast.otherPortal
        }
    }

    /// Several persons in one body, and a row that is refused among them.
    private func several(_ fire: Fire, _ people: [FirePerson]) async throws {
        let own = people.filter { $0.town == Cast.town }
        var rows = own.map { fire.historyRow(of: $0) }
        rows.append(rows[0].object.map { .object($0.without("validFrom")) } ?? .null)
        let body = JSON.array(rows)
        try await fire.about(own.map(\.index)) {
            let answer = try await gateway.send(
                .post(Cast.town, "/medical-subsidy/history-registration-tasks", body))
            #expect(answer.int("refused") == 1, "\(answer.text)")
        }
    }

    /// A file is applied after its receipt; its report tells how many rows were.
    private func aFile(_ fire: Fire, _ person: FirePerson) async throws {
        try await fire.about([person.index]) {
            for (layout, bytes) in fire.files(of: person) where layout == "entitlements" {
                let done = try await gateway.take(bytes)
                try #require(done.number("additions") == 1, "\(done.text)")
                fire.more(1, of: person.index)
            }
        }
    }
}

import Exchange
import Gateway
import Testing

/// 登録の入口: how many large registrations wait for their turn, and that no turn is lost.
@Suite(.timeLimit(.minutes(10)))
struct RegistrationGateTests {
    @Test func `two are worked on, sixteen wait, and the next is told to come back`() async throws {
        let gate = RegistrationGate()
        let places = RegistrationGate.atOnceMax + RegistrationGate.waitingMax
        #expect(places == 18)
        let large = try (0...places).map { index in
            try gate.enter(Party(role: .portal, code: "p\(index)"))
        }
        for one in large.prefix(RegistrationGate.atOnceMax) { try await one.turn() }
        try await withThrowingTaskGroup(of: (one: LargeRegistration, isIn: Bool).self) { group in
            for one in large.dropFirst(RegistrationGate.atOnceMax) {
                group.addTask { (one, await Self.isLetIn(one)) }
            }
            // Nobody has left: whoever came last is the only one who is answered.
            let first = try #require(try await group.next())
            #expect(!first.isIn)
            first.one.leave()
            for one in large.prefix(RegistrationGate.atOnceMax) { one.leave() }
            while let next = try await group.next() {
                #expect(next.isIn)
                next.one.leave()
            }
        }
        // Every place is free again, and none was made by those who left.
        let later = try (0..<RegistrationGate.atOnceMax).map { index in
            try gate.enter(Party(role: .portal, code: "q\(index)"))
        }
        for one in later { try await one.turn() }
        for one in later { one.leave() }
    }

    private static func isLetIn(_ one: LargeRegistration) async -> Bool {
        do {
            try await one.turn()
            return true
        } catch {
            #expect(error == .overloaded)
            return false
        }
    }
}

import Exchange
import Ledger
import TestSupport
import Testing

/// `tsunagi party …`: what is granted can be taken back, works at once, and leaves its history.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PartyCommandTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func party(_ arguments: String...) async throws -> Program.Ended {
        try await Program.run(["party"] + arguments, owner: gateway.database)
    }

    @Test func `who opted out is refused, and no list opts them in again`() async throws {
        let key = Cast.spare.key
        let visit = try await gateway.openVisit(gateway.settle().card, at: Cast.spare)
        #expect(try await party("opt-out", key).output == "\(key): opted out\n")
        try await gateway.expect(.partyNotOptedIn, of: .checkEligibility, from: Cast.spare) {
            try await gateway.check(visit, by: Cast.spare)
        }
        _ = try await gateway.registry.load(
            [.init(party: Cast.spare, name: "見本 一覧")], isOptedIn: true)
        try await gateway.expect(.partyNotOptedIn, of: .checkEligibility, from: Cast.spare) {
            try await gateway.check(visit, by: Cast.spare)
        }
        #expect(try await party("opt-in", key).status == 0)
        #expect(try await gateway.check(visit, by: Cast.spare).status == 200)
        let shown = try await party("show", key).output.split(separator: "\n")
        #expect(shown.first == "見本 一覧: opted in")
        #expect(shown.dropFirst().map { $0.contains("not opted in") } == [true, false])
    }

    @Test func `a body that is disconnected is never said to hold nothing`() async throws {
        let (_, card) = try await gateway.settle()
        let visit = try await gateway.openVisit(card)
        let before = try await gateway.check(visit)
        #expect(before.outcomes.contains("none-held"))
        #expect(try await party("disconnect", Cast.town.key).status == 0)
        let after = try await gateway.check(visit)
        #expect(after.outcomes.contains("body-not-connected"))
        // What was told before is told again: its answer keeps what it was decided from.
        let replay = try await gateway.send(
            Cast.clinic, "GET", "/fhir/CoverageEligibilityResponse/\(before.text("id"))/$replay")
        #expect(replay.status == 200)
        let since = gateway.clock.today.adding(days: -3000).text
        #expect(try await party("connect", "--since", since, Cast.town.key).status == 0)
        #expect(try await gateway.check(visit).outcomes == before.outcomes)
        let shown = try await party("show", Cast.town.key).output
        #expect(shown.contains("connected since \(since)"))
        #expect(shown.split(separator: "\n").count == 4)
    }

    @Test func `a designation is taken back by body and scheme`() async throws {
        let key = Cast.spare.key
        let named = ["--body", Cast.prefecture.code, "--scheme", "54", key]
        let designate = try await Program.run(
            ["party", "designate"] + named, owner: gateway.database)
        #expect(designate.status == 0, "\(designate.errors)")
        let other = try await party(
            "undesignate", "--body", Cast.prefecture.code, "--scheme", "38", key)
        #expect(other.status != 0 && other.errors.contains("not designated"))
        let first = try await Program.run(
            ["party", "undesignate"] + named, owner: gateway.database)
        #expect(first.status == 0, "\(first.errors)")
        let records = try await gateway.registry.records(of: Cast.spare)
        #expect(records.map(\.designations.count).prefix(3) == [0, 1, 0])
        #expect(records.first?.until == nil && records.dropFirst().allSatisfy { $0.until != nil })
    }

    @Test func `designations are listed with their first and last day`() async throws {
        let key = Cast.pharmacy.key
        let named = ["--body", Cast.prefecture.code, "--scheme", "21", key]
        func said(_ arguments: [String]) async throws -> Program.Ended {
            try await Program.run(["party"] + arguments, owner: gateway.database)
        }
        func lines() async throws -> [Substring] {
            try await party("designations", key).output.split(separator: "\n")
                .filter { $0.contains("for 21") }
        }
        #expect(try await lines().isEmpty)
        let from = ["designate", "--from", "2026-04-01"]
        #expect(try await said(from + named).status == 0)
        let line = "\(key): by \(Cast.prefecture.code) for 21 from 2026-04-01"
        #expect(try await lines() == ["\(line), no last day"])
        let early = try await said(["undesignate", "--last", "2026-03-31"] + named)
        #expect(early.status != 0 && early.errors.contains("not until that day"))
        #expect(try await said(["undesignate", "--last", "2026-05-31"] + named).status == 0)
        #expect(try await lines() == ["\(line) to 2026-05-31"])
        // From a day that it had, its end would be lost.
        let again = try await said(["designate", "--from", "2026-05-31"] + named)
        #expect(again.status != 0 && again.errors.contains("ended after it"))
        #expect(try await lines() == ["\(line) to 2026-05-31"])
        // The body's own list tells of every institution that it designated.
        let given = try await party("designations", Cast.prefecture.key).output
        #expect(given.contains("\(line) to 2026-05-31\n"))
        // What was never given a first day says so, with the day on which it was told.
        let plain = ["designate", "--body", Cast.prefecture.code, "--scheme", "38", key]
        #expect(try await said(plain).status == 0)
        let open = try await party("designations", key).output
        #expect(open.contains("for 38, first day not said, told "), "\(open)")
        let silent = try await party("designations", Cast.silentTown.key).output
        #expect(silent == "\(Cast.silentTown.key): no designation\n")
    }

    @Test func `a party of no list is said to be of none`() async throws {
        for command in ["opt-out", "disconnect", "show", "suspend"] {
            let ended = try await party(command, Cast.unregistered.key)
            #expect(ended.status != 0 && ended.errors.contains("not in the registry"))
        }
    }

    @Test func `an institution is placed in a municipality, and nobody else is`() async throws {
        let key = Cast.spare.key
        let placed = try await party("place", "--municipality", Cast.town.code, key)
        #expect(placed.output == "\(key): stands in \(Cast.town.code)\n")
        for (arguments, complaint) in [
            (["--municipality", "132102", key], "no local government code"),
            (["--municipality", Cast.town.code, Cast.portal.key], "no institution"),
            (["--municipality", Cast.town.code, Cast.unregistered.key], "no institution"),
        ] {
            let ended = try await Program.run(
                ["party", "place"] + arguments, owner: gateway.database)
            #expect(ended.status != 0 && ended.errors.contains(complaint), "\(ended.errors)")
        }
    }
}

import Exchange
import Postgres
import TestSupport
import Testing

/// 再現: what was told on that day, recomputed, whatever has become known since.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ReplayTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func path(_ answer: TLSClient.Answer, _ operation: String = "") -> String {
        "/fhir/CoverageEligibilityResponse/\(answer.text("id"))\(operation)"
    }

    private func answered() async throws -> (
        resident: TestResident, row: JSON, answer: TLSClient.Answer
    ) {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        let row = resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        try await gateway.hold([row])
        let answer = try await gateway.check(gateway.openVisit(card))
        #expect(answer.outcome(of: "kodomo") == "entitled")
        return (resident, row, answer)
    }

    /// The value of a parameter of `$replay`.
    private func parameter(_ name: String, of replay: TLSClient.Answer) -> JSONObject? {
        (replay.json["parameter"]?.array ?? []).compactMap(\.object).first {
            $0["name"]?.string == name
        }
    }

    @Test func `later registrations, deletions and moves do not change what was told`() async throws
    {
        let (resident, row, answer) = try await answered()
        #expect(try await gateway.send(Cast.clinic, "GET", path(answer)).body == answer.body)
        let object = try #require(row.object)
        let today = gateway.clock.today
        try await gateway.hold([
            .object(object.with("validTo", .string(today.adding(days: -1).text)))
        ])
        try await gateway.hold([.object(object.with("isDeleted", .bool(true)))])
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -5))
        ])
        #expect(try await gateway.send(Cast.clinic, "GET", path(answer)).body == answer.body)
        let replay = try await gateway.send(Cast.clinic, "GET", path(answer, "/$replay"))
        #expect(replay.status == 200)
        #expect(parameter("matches", of: replay)?["valueBoolean"]?.bool == true)
        #expect(parameter("answer", of: replay)?["resource"]?.object == answer.json)
        let digest = try #require(parameter("digest", of: replay)?["valueBase64Binary"]?.string)
        let kept = try await gateway.count(
            "select count(*) from log.access_entry where entry::text = $1 and encode(digest, 'base64') = $2",
            [.text(answer.text("id")), .text(digest)])
        #expect(kept == 1)
    }

    @Test func `the question is read back under the answer's id`() async throws {
        let (_, _, answer) = try await answered()
        let request = try await gateway.send(
            Cast.clinic, "GET", "/fhir/CoverageEligibilityRequest/\(answer.text("id"))")
        #expect(request.status == 200)
        #expect(request.text("servicedDate") == answer.text("servicedDate"))
        #expect(request.json["patient"] == answer.json["patient"])
    }

    @Test func `each reading is an entry about the resident with the check as its basis`()
        async throws
    {
        let (_, _, answer) = try await answered()
        let entries = try await gateway.entries {
            try await gateway.send(Cast.clinic, "GET", path(answer))
            try await gateway.send(Cast.clinic, "GET", path(answer, "/$replay"))
        }
        #expect(entries.map(\.purpose) == ["read-eligibility", "replay-eligibility"])
        #expect(entries.map(\.basis) == [answer.text("id"), answer.text("id")])
        #expect(entries.map(\.hasPerson) == [true, true])
    }

    @Test func `a body sees its own outcomes and nobody else's`() async throws {
        let (_, _, answer) = try await answered()
        for body in [Cast.town, Cast.prefecture] {
            let replay = try await gateway.send(body, "GET", path(answer, "/$replay"))
            #expect(replay.status == 200)
            let shown = try #require(parameter("answer", of: replay)?["resource"]?.object)
            let part = TLSClient.Answer(shown)
            #expect(part.bodies == [body.code])
            #expect(part.outcomes.contains("entitled") == (body == Cast.town))
            let other = body == Cast.town ? Cast.prefecture : Cast.town
            #expect(!replay.text.contains("\"\(other.code)\""))
            // A digest of the whole would let a body try its guesses at the other's outcome.
            #expect(parameter("matches", of: replay)?["valueBoolean"]?.bool == true)
            #expect(parameter("digest", of: replay) == nil)
        }
    }

    static let strangers: [(party: Party, purpose: Purpose, operation: String)] = [
        (Cast.pharmacy, .readEligibility, ""), (Cast.pharmacy, .replayEligibility, "/$replay"),
        (Cast.otherTown, .replayEligibility, "/$replay"),
        (Cast.otherPrefecture, .replayEligibility, "/$replay"),
    ]

    @Test(arguments: strangers)
    func `an answer to another is as unknown as none`(
        _ row: (party: Party, purpose: Purpose, operation: String)
    ) async throws {
        let (_, _, answer) = try await answered()
        let none = "/fhir/CoverageEligibilityResponse/00000000-0000-4000-8000-000000000000"
        var bodies: Set<[UInt8]> = []
        for path in [path(answer, row.operation), none + row.operation] {
            let refused = try await gateway.expect(.recordUnknown, of: row.purpose, from: row.party)
            {
                try await gateway.send(row.party, "GET", path)
            }
            bodies.insert(refused.body)
        }
        #expect(bodies.count == 1)
    }

    @Test func `an auditor's certificate replays nothing`() async throws {
        let (_, _, answer) = try await answered()
        try await gateway.expect(.notYourPurpose, of: .replayEligibility, from: Cast.auditor) {
            try await gateway.send(Cast.auditor, "GET", path(answer, "/$replay"))
        }
    }

    @Test func `rows changed behind the gateway's back are noticed`() async throws {
        let (_, _, answer) = try await answered()
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.entitlement e set valid_to = valid_to + 1
                    from log.access_entry l where l.entry::text = $1 and e.person = l.person
                    """), [.text(answer.text("id"))])
        }
        try await gateway.expect(.replayDiffers, of: .readEligibility, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", path(answer))
        }
    }
}

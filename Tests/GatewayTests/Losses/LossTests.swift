import Exchange
import Gateway
import Ledger
import Logging
import Postgres
import TestSupport
import Testing
import Trust

/// 遡及の喪失: whoever was shown a certificate on a day that it has since lost finds a notice; nobody else does,
/// and of closed claims exactly those that it touches are open again.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct LossTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// Looks into everything; a loss waits for whoever was reading when it was first seen.
    private func lookInto() async throws {
        let (parts, logger) = (try gateway.parts(), Logger(label: "losses"))
        let entries = try await gateway.entries {
            for _ in 0..<4_800 {
                try await parts.lookIntoLosses(logger)
                let open = try await gateway.count(
                    "select count(*) from exchange.loss where settled_at is null")
                if open == 0 { return }
                try await Task.sleep(for: .milliseconds(25))
            }
            Issue.record("losses stayed open")
        }
        gateway.expectMoreEntries(entries.count)
    }

    private func notices(
        _ query: String = "", by institution: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.send(institution, "GET", "/deliveries/checks\(query)")
        }
        let answer = try #require(sent)
        try answer.expect(200)
        let residents = Set(answer.entries.map { $0["subject"]?.object?["reference"]?.string })
        #expect(entries.count == max(residents.count, 1), "an entry for each resident shown")
        #expect(entries.allSatisfy { $0.hasPerson == !residents.isEmpty })
        #expect(entries.allSatisfy { $0.purpose == "receive-check-notices" })
        gateway.expectMoreEntries(entries.count - 1)
        return answer
    }

    /// Up to now, so that a test sees its own alone.
    private func catchUp() async throws {
        try await lookInto()
        for institution in [Cast.clinic, Cast.pharmacy] {
            let last = try await notices(by: institution).json["entry"]?.array?.last?.object
            let cursor = last.flatMap {
                TLSClient.Answer($0).parts("delivery").first?["cursor"]?.string
            }
            if let cursor { _ = try await notices("?_cursor=\(cursor)", by: institution) }
        }
    }

    private func about(_ notice: JSONObject) -> String? {
        notice["about"]?.array?.first?.object?["reference"]?.string
    }

    private func row(_ resident: TestResident, to days: Int, deleted: Bool = false) -> JSON {
        resident.row(
            "kodomo", today.adding(days: -200), today.adding(days: days),
            ["isDeleted": .bool(deleted)])
    }

    @Test(arguments: ["registration", "deletion", "file", "event", "feed"])
    func `however it was lost, whoever was shown it is told, and nobody else`(_ way: String)
        async throws
    {
        try await catchUp()
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([row(resident, to: 200)])
        let visit = try await gateway.openVisit(card)
        let lost = try await gateway.check(visit).text("id")
        let lostToo = try await gateway.check(visit, day: today.adding(days: -5)).text("id")
        // Before the days that are lost; and one who was told nothing.
        let kept = try await gateway.check(visit, day: today.adding(days: -31)).text("id")
        let closed = try await gateway.openVisit(card, at: Cast.pharmacy, consents: [])
        try await gateway.check(closed, by: Cast.pharmacy).expect(200)
        switch way {
        case "registration": try await gateway.hold([row(resident, to: -10)])
        case "deletion": try await gateway.hold([row(resident, to: 200, deleted: true)])
        case "file":
            let cells = resident.cells(
                today.adding(days: -200), today.adding(days: -10), historyKey: "1")
            let taken = try await gateway.take(NightFile([cells]).bytes())
            #expect(taken.number("changes") == 1, "\(taken.text)")
        case "feed":
            // The card authority alone; neither municipality said anything.
            try await gateway.feed([
                resident.residence(Cast.otherTown.code, from: today.adding(days: -9))
            ])
        default:
            let answer = try await gateway.tell(
                [gateway.lifeEvent(.movedIn, of: resident, "in", on: today.adding(days: -9))],
                by: Cast.otherTown)
            #expect(answer.int("applied") == 1, "\(answer.text)")
        }
        try await lookInto()
        let answer = try await notices()
        let told = Set(answer.entries.compactMap { about($0) })
        var wanted: Set = [lost, lostToo]
        if way == "deletion" { wanted.insert(kept) }
        #expect(told == Set(wanted.map { "CoverageEligibilityResponse/\($0)" }), "\(answer.text)")
        let first = try #require(answer.entries.first)
        #expect(first["subject"]?.object?["reference"]?.string == visit.patient)
        #expect(first["payload"]?.array?.count == 2)
        #expect(
            answer.text.contains("R-00\(resident.index)") && !answer.text.contains(resident.number))
        #expect(try await notices(by: Cast.pharmacy).entries.isEmpty)
        // Looked into again there is nothing new; what is acknowledged does not come again.
        try await lookInto()
        let cursor = try #require(
            answer.json["entry"]?.array?.last?.object.flatMap {
                TLSClient.Answer($0).parts("delivery").first?["cursor"]?.string
            })
        #expect(try await notices("?_cursor=\(cursor)").entries.isEmpty)
        let table = try await gateway.send(
            Cast.clinic, "GET", "/deliveries/checks?_cursor=0&encoding=utf-8-bom")
        #expect(table.text.contains(lost) && table.text.contains("entitled"))
        try await gateway.takeEntriesAsTold()
    }

    @Test func `what is given back is told as well`() async throws {
        try await catchUp()
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([row(resident, to: 200)])
        try await gateway.check(gateway.openVisit(card)).expect(200)
        try await gateway.hold([row(resident, to: -10)])
        try await lookInto()
        try await gateway.hold([row(resident, to: 200)])
        try await lookInto()
        let codes = try await notices().entries.map { notice in
            TLSClient.Answer(notice).parts("eligibility-outcome").first?["code"]?.object?["code"]?
                .string
        }
        #expect(codes == ["ended", "entitled"])
        // A loss in the future is none.
        try await gateway.hold([row(resident, to: 100)])
        let open = try await gateway.count(
            "select count(*) from exchange.loss where settled_at is null")
        #expect(open == 1, "days that are given back are looked into, and come to nothing")
        try await lookInto()
        #expect(try await notices("").entries.count == 2)
    }

    @Test func `of a closed month exactly the claims that it touches are open again`() async throws
    {
        try await lookInto()
        let month = try ServiceMonth(year: 2019, month: 4)
        let (lost, kept) = (try await gateway.enrol(month), try await gateway.enrol(month))
        try await gateway.submit([SentClaim(lost.recipient), SentClaim(kept.recipient)], month)
            .expect(201)
        let run = try await gateway.reconcile(month)
        try run.expect(200)
        try await gateway.close(run, month).expect(200)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        try await gateway.hold([
            lost.resident.row("kodomo", first.adding(days: -100), first.adding(days: 5))
        ])
        try await lookInto()
        let answer = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest?show=all&_count=1000"
        ).answer
        #expect(answer.text.contains("\"reopened\":1"), "\(answer.text)")
        let reasons = try await gateway.reasons(month, show: "all")
        #expect(reasons[lost.recipient]?.isEmpty == false && reasons[kept.recipient] == [])
    }
}

import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 流産・死産 over the wire: the town that is told helps, in confidence, and nobody who acts for the mother can
/// tell that there was a loss.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct LossSupportTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func loss(_ fetuses: Int = 1) throws -> JSON {
        try JSON(
            reading: "[{\"on\":\"\(today.adding(days: -3).text)\",\"fetuses\":\(fetuses)}]")
    }

    private func word(_ mother: TestResident, _ more: [String: JSON]) -> JSON {
        mother.pregnancy(
            due: today.adding(days: 100), notified: today.adding(days: -10),
            key: "L-\(mother.index)", more)
    }

    /// The tasks of support after a loss that wait for a town, by whom they are for.
    private func waiting(
        _ compartment: CheckupCompartment = .sensitive, of body: Party = Cast.town
    ) async throws -> [String: JSONObject] {
        var tasks: [String: JSONObject] = [:]
        for task in try await gateway.followUps(compartment, of: body).entries
        where JSON.object(task).text.contains("loss-support") {
            let key = task["for"]?.object?["identifier"]?.object?["value"]?.string
            tasks[key ?? ""] = task
        }
        return tasks
    }

    static let endings = ["losses", "delivery"]

    @Test(arguments: endings)
    func `a loss asks the town for support, in confidence, within its days`(_ ending: String)
        async throws
    {
        let (mother, _) = try await gateway.settle()
        let day = today.adding(days: -3)
        let told: [String: JSON] =
            ending == "losses"
            ? ["losses": try loss()]
            : ["delivery": try JSON(reading: "{\"on\":\"\(day.text)\",\"live\":0,\"still\":1}")]
        try await gateway.notify([word(mother, [:])])
        #expect(try await waiting()["L-\(mother.index)"] == nil)
        let lost = word(mother, told)
        let entries = try await gateway.entries { try await gateway.notify([lost]) }
        #expect(entries.map(\.hasPerson) == [true])
        let task = try #require(try await waiting()["L-\(mother.index)"])
        let due = task["restriction"]?.object?["period"]?.object?["end"]?.string
        #expect(due == day.adding(days: 7).text)
        #expect(try await waiting(.open)["L-\(mother.index)"] == nil)
        // Told again, with other words: still one.
        try await gateway.notify([
            word(mother, told.merging(["handbookNumbers": .array([.string("7")])]) { $1 })
        ])
        let again = try await waiting()["L-\(mother.index)"]
        #expect(again?["id"]?.string == task["id"]?.string)
        let tasks = try await gateway.count(
            """
            select count(*) from exchange.follow_up f join exchange.maternal_notification n
                on n.episode = f.result
            where n.notification_key = 'L-\(mother.index)' and n.version = (
                select max(version) from exchange.maternal_notification
                where notification_key = 'L-\(mother.index)')
            """)
        #expect(tasks == 1)
        // Told by mistake.
        try await gateway.notify([word(mother, [:])])
        #expect(try await waiting()["L-\(mother.index)"] == nil)
    }

    @Test func `one of twins is a loss while the other goes on, and moves on with the mother`()
        async throws
    {
        let (mother, _) = try await gateway.settle()
        let told = ["fetuses": JSON.number("2"), "losses": try loss()]
        try await gateway.notify([word(mother, told)])
        let task = try #require(try await waiting()["L-\(mother.index)"])
        try await gateway.feed([mother.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [
                mother.pregnancy(
                    due: today.adding(days: 100), notified: today, key: "M-\(mother.index)", told)
            ], by: Cast.otherTown)
        #expect(try await waiting()["L-\(mother.index)"] == nil)
        let there = try await waiting(of: Cast.otherTown)["M-\(mother.index)"]
        #expect(there?["id"]?.string == task["id"]?.string)
    }

    @Test func `a birth asks for nothing`() async throws {
        let (mother, _) = try await gateway.settle()
        let day = today.adding(days: -3)
        try await gateway.notify([
            word(
                mother,
                ["delivery": try JSON(reading: "{\"on\":\"\(day.text)\",\"live\":1,\"still\":0}")])
        ])
        #expect(try await waiting()["L-\(mother.index)"] == nil)
    }

    @Test func `what the town she left corrects takes the support from nobody`() async throws {
        let (mother, card) = try await gateway.settle(in: Cast.otherTown)
        let there = word(mother, [:])
        try await gateway.notify([there], by: Cast.otherTown)
        try await gateway.feed([
            mother.residence(Cast.town.code, from: today.adding(days: -8))
        ])
        try await gateway.notify([
            mother.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -7),
                key: "L-\(mother.index)")
        ])
        try await gateway.notify([
            mother.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -7),
                key: "L-\(mother.index)", ["losses": try loss()])
        ])
        #expect(try await waiting()["L-\(mother.index)"] != nil)
        let corrected = try #require(there.object).with("handbookNumbers", .array([.string("7")]))
        try await gateway.notify([.object(corrected)], by: Cast.otherTown)
        #expect(try await waiting()["L-\(mother.index)"] != nil)
        // Nor is she invited again by it.
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/ImmunizationRecommendation",
            headers: [try await gateway.session(of: card)])
        try answer.expect(200)
        #expect(!answer.text.contains("rsv-maternal"))
    }

    /// Her card and its PIN are in a guardian's hands.
    @Test func `over the card of who does not decide alone a plan tells of no loss`() async throws {
        let (mother, card) = try await gateway.settle(years: 14)
        try await gateway.notify([word(mother, [:])])
        let session = try await gateway.session(of: card)
        let before = try await seen(session)
        #expect(!before[3].contains("prenatal"))
        try await gateway.notify([word(mother, ["losses": try loss()])])
        #expect(try await seen(session) == before)
    }

    /// What a partner may ask of her, in both compartments, and the page to print.
    private func seen(_ token: RunningGateway.Header) async throws -> [String] {
        var answers: [String] = []
        for path in [
            "/fhir/DiagnosticReport", "/fhir/sensitive/DiagnosticReport", "/fhir/Observation",
            "/fhir/CarePlan", RunningGateway.responsePath, RunningGateway.sensitiveResponsePath,
        ] {
            let answer = try await gateway.send(Cast.portal, "GET", path, headers: [token])
            answers.append("\(answer.status) \(answer.text)")
        }
        let page = try await gateway.send(Cast.portal, "POST", "/checkups/print", headers: [token])
        return answers + ["\(page.status) \(page.text)"]
    }

    @Test(arguments: endings)
    func `whoever acts for her sees the same with a loss and without`(_ ending: String)
        async throws
    {
        let (mother, card) = try await gateway.settle(years: 30)
        try await gateway.notify([word(mother, [:])])
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.record(.prenatal(on: today.adding(days: -4)), visit).expect(201)
        let own = try await gateway.session(of: card)
        let partner = try await gateway.session(of: gateway.settle(years: 31).card)
        let code = try await gateway.delegate(["maternal", "maternal-sensitive"], own)
        try await gateway.accept(code.text("code"), partner).expect(204)
        let proxy = try await gateway.acting(partner)
        let (before, hers) = (try await seen(proxy), try await seen(own))
        let day = today.adding(days: -3)
        try await gateway.notify([
            word(
                mother,
                ending == "losses"
                    ? ["losses": try loss()]
                    : [
                        "delivery": try JSON(
                            reading: "{\"on\":\"\(day.text)\",\"live\":0,\"still\":1}")
                    ])
        ])
        #expect(try await seen(proxy) == before)
        // What she let act in is still there, and her own plan follows what happened.
        #expect(before.first?.contains("prenatal") == true)
        #expect(hers[3].contains("prenatal"))
        let after = try await seen(own)
        #expect(!after[3].contains("prenatal") && after[3].contains("postpartum-2w"))
    }
}

import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 家庭の母子健康手帳 through a portal: what was found, what is due, and where a measurement lies.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct OwnCheckupTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func own(_ type: String, of card: SoftwareCard) async throws -> TLSClient.Answer {
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/\(type)", headers: [token])
        try answer.expect(200)
        return answer
    }

    @Test func `a family sees what every clinic recorded, under ids that no clinic knows`()
        async throws
    {
        let card = try await gateway.settleBaby(days: 110)
        let here = try await gateway.openCheckupVisit(card)
        let there = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
        var early = SentCheckup(on: today.adding(days: -75))
        early.checkup = "infant-1m"
        early.findings = early.findings.filter { !["neck-control", "hip"].contains($0.item) }
        try await gateway.record(SentCheckup(on: today), here).expect(201)
        // 受付より前の健診日: told late by a visit that is open now.
        let late = try await gateway.record(early, there, by: Cast.paperClinic)
        try late.expect(201)
        let answer = try await own("DiagnosticReport", of: card)
        let codes = answer.entries.compactMap {
            $0["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
        #expect(codes == ["infant-1m", "infant-3-4m"])
        for known in [late.text("id"), here.patient, there.patient, here.id, there.id] {
            #expect(!answer.text.contains(known))
        }
        #expect(try await own("DiagnosticReport", of: card).body == answer.body)
        let entries = try await gateway.entries { _ = try await own("DiagnosticReport", of: card) }
        #expect(entries.last?.purpose == "read-own-checkups")
    }

    @Test func `the page for the family shows what was found and how the child grows`()
        async throws
    {
        let card = try await gateway.settleBaby(days: 110)
        let token = try await gateway.session(of: card)
        func page() async throws -> TLSClient.Answer {
            let answer = try await gateway.send(
                Cast.portal, "POST", "/checkups/print", headers: [token])
            try answer.expect(200)
            return answer
        }
        let empty = try await page()
        #expect(!empty.text.contains("<circle") && empty.text.contains("まだありません"))
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(SentCheckup(on: today), visit).expect(201)
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries { answer = try await page() }
        let whole = try #require(answer)
        #expect(entries.map(\.purpose) == ["read-own-checkups"])
        #expect(whole["Content-Type"] == "text/html; charset=utf-8")
        #expect(whole.text.contains("体重 Weight 6.42 kg") && whole.text.contains(today.text))
        #expect(whole.text.contains("判定 Judgement 健康 Healthy"))
        // Weight, height and head on seven curves each.
        #expect(whole.text.ranges(of: "<circle").count == 3)
        #expect(whole.text.ranges(of: "class=\"curve\"").count == 21)
        // Each drawing has round amounts beside its lines: of a girl of these months, 3 to 9 kg and so on.
        let amounts = whole.text.split(separator: "<figure>").dropFirst().map { drawing in
            drawing.split(separator: "text-anchor=\"end\"").dropFirst().map { label in
                String(label.drop { $0 != ">" }.dropFirst().prefix { $0 != "<" })
            }
        }
        #expect(amounts.compactMap(\.first) == ["3", "45", "32"], "\(amounts)")
        #expect(amounts.compactMap(\.last) == ["9", "70", "46"], "\(amounts)")
        #expect(!whole.text.contains(visit.id) && !whole.text.contains("まだありません"))
        // What is sensitive is on no page.
        try await gateway.record(.epds(14, on: today), visit).expect(201)
        #expect(try await page().body == whole.body)
    }

    @Test func `another resident sees nothing of it`() async throws {
        let card = try await gateway.settleBaby(days: 110)
        try await gateway.record(
            SentCheckup(on: today), gateway.openCheckupVisit(card)
        ).expect(201)
        let other = try await gateway.settleBaby(days: 110)
        for type in ["DiagnosticReport", "Observation"] {
            #expect(try await own(type, of: other).entries.isEmpty)
        }
    }

    @Test func `a measurement lies between two percentiles of its age and sex`() async throws {
        let card = try await gateway.settleBaby(days: 110)
        try await gateway.record(
            SentCheckup(on: today), gateway.openCheckupVisit(card)
        ).expect(201)
        let answer = try await own("Observation", of: card)
        #expect(answer.entries.count == 3)
        let weight = try #require(answer.entries.first)
        #expect(weight["valueQuantity"]?.object?["value"] == .number("6.42"))
        let range = try #require(weight["referenceRange"]?.array?.first?.object)
        let place = TLSClient.Answer(range).parts("growth-place").first
        // Girls of 3 months: 50th 6.06, 75th 6.48 kg (令和5年乳幼児身体発育調査).
        #expect(place?["atLeast"]?.int == 50)
        #expect(place?["below"]?.int == 75)
    }

    @Test func `what is due is due from its first day to its last, and done once it was seen`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        try await gateway.notify([
            resident.birth(on: today.adding(days: -200), notified: today.adding(days: -190))
        ])
        func states() async throws -> [String: String] {
            let plan = try #require(try await own("CarePlan", of: card).entries.first)
            let details = (plan["activity"]?.array ?? []).compactMap {
                $0.object?["detail"]?.object
            }
            return Dictionary(
                details.compactMap { detail -> (String, String)? in
                    guard let code = coded(detail["code"]),
                        let state = coded(detail["statusReason"])
                    else { return nil }
                    return (code, state)
                }, uniquingKeysWith: { first, _ in first })
        }
        let before = try await states()
        #expect(before["infant-3-4m"] == "missed")
        #expect(before["infant-6-7m"] == "due")
        #expect(before["infant-18m"] == "upcoming")
        #expect(before["newborn-cmv"] == nil)
        var checkup = SentCheckup(on: today)
        checkup.checkup = "infant-6-7m"
        checkup.findings = checkup.findings.filter { !["neck-control", "hip"].contains($0.item) }
        try await gateway.record(checkup, gateway.openCheckupVisit(card)).expect(201)
        #expect(try await states()["infant-6-7m"] == "done")
    }

    @Test func `a pregnancy counts its weeks, and shows the ticket of each visit`() async throws {
        // 40週0日 in 100 days: 25 weeks 5 days today.
        let card = try await gateway.settleMother(dueInDays: 100).card
        let plan = try #require(try await own("CarePlan", of: card).entries.first)
        #expect(plan["description"]?.string == "妊娠25週5日")
        let details = (plan["activity"]?.array ?? []).compactMap { $0.object?["detail"]?.object }
        #expect(details.count == 14)
        let due = details.filter { coded($0["statusReason"]) == "due" }
        #expect(due.count == 1)
        let ticket = due.first.map { TLSClient.Answer($0).parts("checkup-ticket").first } ?? nil
        #expect(ticket?["serial"]?.int == 1)
    }

    private func coded(_ concept: JSON?) -> String? {
        concept?.object?["coding"]?.array?.first?.object?["code"]?.string
    }
}

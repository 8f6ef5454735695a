import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 紙の予診票: printed at home, scanned at the clinic, and of no use to whoever else has the paper.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PaperScreeningTests {
    static let search = RunningGateway.responsePath + "/_search"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Paper {
        let card: SoftwareCard
        let token: RunningGateway.Header
        let id: String
        let page: String
        /// What is scanned.
        let code: String
    }

    private func printed() async throws -> Paper {
        let card = try await gateway.settleBaby()
        let token = try await gateway.session(of: card)
        let id = try await gateway.submit("dpt-ipv-hib", token, yes: ["allergy": "<卵>"])
        _ = try await gateway.submit("mr", token)
        let answer = try await gateway.send(
            Cast.portal, "POST", "/screenings/\(id)/print", headers: [token])
        try answer.expect(200)
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        let reader = try #require(QRReader(page: answer.text))
        let blocks = reader.blocks(1, corrections: 15)
        let code = QRReader.text(blocks.flatMap { $0.dropLast(15) }, version: 3)
        return Paper(card: card, token: token, id: id, page: answer.text, code: code)
    }

    private func scan(
        _ code: String, _ visit: RunningGateway.Visit, by clinic: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        try await gateway.search(
            clinic, Self.search,
            [("subject", visit.patient), ("visit", visit.id), ("identifier", code)])
    }

    @Test func `the paper shows the answers, and its code says nothing`() async throws {
        let paper = try await printed()
        #expect(paper.page.contains("&lt;卵&gt;") && !paper.page.contains("<卵>"))
        #expect(paper.page.contains("五種混合") && paper.page.contains("自署"))
        #expect(paper.page.contains("td.line{width:62%}"))
        #expect(paper.code.wholeMatch(of: /tsunagi-screening:[0-9a-f]{32}/) != nil)
        #expect(!paper.page.contains(paper.code))
        let number = paper.code.split(separator: ":").last ?? ""
        let kept = try await gateway.count(
            "select count(*) from exchange.screening_ticket t where t::text like '%' || $1 || '%'",
            [.text(String(number))])
        #expect(kept == 0)
        let again = try await gateway.send(
            Cast.portal, "POST", "/screenings/\(paper.id)/print", headers: [paper.token])
        #expect(again.text != paper.page)
    }

    @Test func `a scan within a visit brings in those answers, as they now are`() async throws {
        let paper = try await printed()
        let visit = try await gateway.openVaccinationVisit(paper.card)
        var read: TLSClient.Answer?
        let entries = try await gateway.entries { read = try await scan(paper.code, visit) }
        let answer = try #require(read)
        try answer.expect(200)
        let form = answer.entries.map { $0["questionnaire"]?.string ?? "" }
        #expect(form == ["urn:tsunagi:Questionnaire:screening-child-dpt-ipv-hib|1"])
        #expect(entries.map(\.purpose) == ["read-screenings"])
        #expect(entries.map(\.hasPerson) == [true])
        let amended = try await gateway.answers(
            to: "dpt-ipv-hib", gateway.patient(paper.token), status: "amended",
            yes: ["unwell": "せき"])
        try await gateway.send(
            Cast.portal, "PUT", "\(RunningGateway.responsePath)/\(paper.id)",
            headers: [paper.token, ("If-Match", "W/\"1\"")], body: amended
        ).expect(200)
        let later = try await scan(paper.code, visit)
        #expect(later.entries.first?["meta"]?.object?["versionId"]?.string == "2")
        try await gateway.expect(.malformed("identifier"), of: nil, from: Cast.clinic) {
            try await scan("https://example.org/", visit)
        }
    }

    @Test func `whoever else has the paper has nothing`() async throws {
        let paper = try await printed()
        let sibling = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let own = try await gateway.openVaccinationVisit(paper.card)
        let unknown = "tsunagi-screening:" + String(repeating: "0", count: 32)
        for (code, visit) in [(paper.code, sibling), (unknown, own)] {
            try await gateway.expect(.recordUnknown, of: .readScreenings, from: Cast.clinic) {
                try await scan(code, visit)
            }
        }
        let withheld = try await gateway.openVisit(paper.card, consents: ["subsidy"])
        let none = try await scan(paper.code, withheld)
        try none.expect(200)
        #expect(none.entries.isEmpty)
        // As if it had been printed 30 days before.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table exchange.screening_ticket disable trigger screening_ticket_unchanged;
                update exchange.screening_ticket set printed_at = printed_at - interval '30 days',
                    expires_at = expires_at - interval '30 days';
                alter table exchange.screening_ticket enable trigger screening_ticket_unchanged;
                """)
        }
        try await gateway.expect(.recordUnknown, of: .readScreenings, from: Cast.clinic) {
            try await scan(paper.code, own)
        }
    }

    @Test func `a draft, or another's answers, are not printed`() async throws {
        let paper = try await printed()
        let token = try await gateway.session(of: gateway.settleBaby())
        let patient = try await gateway.patient(token)
        let draft = try await gateway.send(
            Cast.portal, "POST", RunningGateway.responsePath, headers: [token],
            body: gateway.answers(to: "mr", patient, status: "in-progress"))
        for id in [draft.text("id"), paper.id] {
            try await gateway.expect(.recordUnknown, of: .printScreening, from: Cast.portal) {
                try await gateway.send(
                    Cast.portal, "POST", "/screenings/\(id)/print", headers: [token])
            }
        }
    }
}

import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 紙の受給者証による受付: what is printed opens a visit that answers on that certificate alone.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PaperVisitTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// A resident with two certificates and the paper of the first.
    private func holder() async throws -> (
        resident: TestResident, card: SoftwareCard,
        paper: (payer: String, recipient: String, born: String)
    ) {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300)),
            resident.row(
                "shogai", today.adding(days: -10), today.adding(days: 300), historyKey: "2",
                [
                    "medicalSubsidyRecipientNumber": .string("S-\(resident.index)"),
                    "incomeSegment": "1",
                ]),
        ])
        return (
            resident, card,
            (TestResident.payerNumber, "R-00\(resident.index)", resident.dateOfBirth)
        )
    }

    @Test func `the paper opens a visit that is confirmed later and limited to it`() async throws {
        let (_, card, paper) = try await holder()
        let opened = try await gateway.openPaperVisit(paper)
        #expect(opened.status == 201)
        #expect(opened.json["confirmedLater"]?.bool == true)
        #expect(opened.text("kind") == "paper")
        let byPaper = try await gateway.check(.init(opened), by: Cast.paperClinic)
        #expect(byPaper.outcomes == ["entitled"])
        #expect(byPaper.outcome(of: "kodomo") == "entitled")
        let byCard = try await gateway.check(gateway.openVisit(card))
        #expect(byCard.outcomes.filter { $0 == "entitled" }.count == 2)
    }

    @Test func `a wrong birth date is refused in the same words as an unknown number`() async throws
    {
        let (_, _, paper) = try await holder()
        let wrong = [
            (paper.payer, paper.recipient, "1999-01-01"), (paper.payer, "nobody", paper.born),
            ("88131024", paper.recipient, paper.born),
        ]
        var bodies: Set<[UInt8]> = []
        for paper in wrong {
            let answer = try await gateway.expect(
                .paperNotConfirmed, of: .openPaperVisit, from: Cast.paperClinic
            ) { try await gateway.openPaperVisit(paper) }
            bodies.insert(answer.body)
        }
        #expect(bodies.count == 1)
        #expect(try await gateway.openPaperVisit(paper).status == 201)
    }

    /// Somebody whose day, month or year of birth nobody knows is a person too.
    @Test(arguments: [
        ("1950-03-00", "1950-03-00"), ("1950-00-00", "1950-00-00"), ("不明", "0000-00-00"),
        ("0000-00-00", "不明"),
    ])
    func `a birth date is as unknown on paper as it was registered`(
        _ born: String, _ printed: String
    )
        async throws
    {
        var (resident, _) = try await gateway.settle()
        resident.dateOfBirth = born
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let recipient = "R-00\(resident.index)"
        try await gateway.expect(.paperNotConfirmed, of: .openPaperVisit, from: Cast.paperClinic) {
            try await gateway.openPaperVisit((TestResident.payerNumber, recipient, "1950-03-01"))
        }
        let opened = try await gateway.openPaperVisit(
            (TestResident.payerNumber, recipient, printed))
        #expect(opened.status == 201)
    }

    /// 確認中: who may be somebody else opens nothing; what was held before goes on answering, on paper too.
    @Test func `the paper of a row that is under review opens nothing`() async throws {
        let (resident, _, paper) = try await holder()
        let opened = try await gateway.openPaperVisit(paper)
        #expect(opened.status == 201)
        var other = resident
        other.dateOfBirth = "1950-01-01"
        let today = gateway.clock.today
        let number = "W-\(resident.index)"
        let row = other.row(
            "kodomo", today.adding(days: -10), today.adding(days: 300),
            ["medicalSubsidyRecipientNumber": .string(number)])
        let answer = try await gateway.register([row])
        #expect(answer.int("underReview") == 1, "\(answer.text)")
        let waiting = (payer: paper.payer, recipient: number, born: other.dateOfBirth)
        try await gateway.expect(.paperNotConfirmed, of: .openPaperVisit, from: Cast.paperClinic) {
            try await gateway.openPaperVisit(waiting)
        }
        let check = try await gateway.check(.init(opened), by: Cast.paperClinic)
        #expect(check.outcome(of: "kodomo") == "entitled")
    }

    @Test func `the paper of a row that was deleted opens nothing`() async throws {
        let (resident, _, paper) = try await holder()
        let today = gateway.clock.today
        let deletion = resident.row(
            "kodomo", today.adding(days: -10), today.adding(days: 300), ["isDeleted": .bool(true)])
        try await gateway.hold([deletion])
        try await gateway.expect(.paperNotConfirmed, of: .openPaperVisit, from: Cast.paperClinic) {
            try await gateway.openPaperVisit(paper)
        }
    }

    @Test func `the thirty-first try of an hour is refused, right or wrong`() async throws {
        let (_, _, paper) = try await holder()
        for _ in 0..<30 {
            let answer = try await gateway.openPaperVisit(
                ("88131016", "guess", paper.born), at: Cast.spare)
            #expect(answer.code == "paper-not-confirmed")
        }
        try await gateway.expect(.paperTooMany, of: .openPaperVisit, from: Cast.spare) {
            try await gateway.openPaperVisit(paper, at: Cast.spare)
        }
        #expect(try await gateway.openPaperVisit(paper).status == 201)
    }

    @Test func `the next card visit of the person confirms it, and the resident is told`()
        async throws
    {
        let (_, card, paper) = try await holder()
        let opened = try await gateway.openPaperVisit(paper)
        let id = opened.text("visit")
        let confirmations =
            "select count(*) from exchange.visit_confirmation where visit::text = $1"
        #expect(try await gateway.count(confirmations, [.text(id)]) == 0)
        _ = try await gateway.openVisit(card)
        #expect(try await gateway.count(confirmations, [.text(id)]) == 0)
        _ = try await gateway.openVisit(card, at: Cast.paperClinic)
        #expect(try await gateway.count(confirmations, [.text(id)]) == 1)
        let notices =
            "select count(*) from exchange.notice where visit::text = $1 and kind = 'paper-visit'"
        #expect(try await gateway.count(notices, [.text(id)]) == 1)
        #expect(
            opened.text("patient")
                == (try await gateway.openVisit(card, at: Cast.paperClinic)).patient)
    }

    @Test func `the resident is told of a paper visit, and that no card has confirmed it`()
        async throws
    {
        let (_, card, paper) = try await holder()
        let token = try await gateway.session(of: card)
        #expect(try await own("Communication", token).isEmpty)
        let opened = try await gateway.openPaperVisit(paper)
        let id = opened.text("visit")
        let notice = try #require(try await own("Communication", token).first)
        #expect(notice["status"]?.string == "completed")
        let text = JSON.object(notice).text
        for part in [id, Cast.paperClinic.code, "paper-visit", "終了", "end the visit"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains(opened.text("patient")))
        #expect(try await verified(id, token) == false)
        // Nobody else is told, and the card at the same institution confirms it.
        let stranger = try await gateway.session(of: gateway.settle().card)
        #expect(try await own("Communication", stranger).isEmpty)
        _ = try await gateway.openVisit(card, at: Cast.paperClinic)
        #expect(try await verified(id, token) == nil)
    }

    private func own(_ type: String, _ token: (String, String)) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/\(type)", headers: [token])
        try answer.expect(200)
        return answer.entries
    }

    private func verified(_ visit: String, _ token: (String, String)) async throws -> Bool? {
        let consents = try await own("Consent", token)
        let consent = try #require(consents.first { $0["id"]?.string == visit })
        return consent["verification"]?.array?.first?.object?["verified"]?.bool
    }

    /// A connector that lost the answer asks again, two of them at once.
    @Test func `the same paper sent again opens nothing and tells nothing twice while it is open`()
        async throws
    {
        let (_, card, paper) = try await holder()
        async let one = gateway.openPaperVisit(paper)
        async let other = gateway.openPaperVisit(paper)
        let answers = try await [one, other]
        #expect(answers.map(\.status).sorted() == [200, 201])
        let visits = Set(answers.map { $0.text("visit") })
        #expect(visits.count == 1 && Set(answers.map(\.text)).count == 1)
        let token = try await gateway.session(of: card)
        #expect(try await own("Communication", token).count == 1)
        // What was ended is not opened by a repeat: that is a visit of its own, and a notice.
        let id = try #require(visits.first)
        try await gateway.send(
            Cast.portal, "POST", "/visits/\(id)/end", headers: [token]
        ).expect(204)
        let anew = try await gateway.openPaperVisit(paper)
        #expect(anew.status == 201 && anew.text("visit") != id)
        #expect(try await own("Communication", token).count == 2)
    }

    @Test func `a paper visit shows no patient`() async throws {
        let (_, _, paper) = try await holder()
        let opened = try await gateway.openPaperVisit(paper)
        try await gateway.expect(.recordUnknown, of: .readPatient, from: Cast.paperClinic) {
            try await gateway.send(Cast.paperClinic, "GET", "/fhir/\(opened.text("patient"))")
        }
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 白紙の用紙 over the wire: printed of nobody, brought in within a visit, one person's and once, whoever else
/// has a copy.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct PaperSheetTests {
    typealias Visit = RunningGateway.Visit

    static let vaccine = "dpt-ipv-hib"
    static let path = RunningGateway.responsePath
    static let search = path + "/_search"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func bring(_ body: JSON, by clinic: Party = Cast.clinic) async throws
        -> TLSClient.Answer
    { try await gateway.send(clinic, "POST", Self.path, body: body) }

    private func bringAgain(_ id: String, seen: Int, _ body: JSON, by clinic: Party = Cast.clinic)
        async throws -> TLSClient.Answer
    {
        try await gateway.send(
            clinic, "PUT", "\(Self.path)/\(id)", headers: [("If-Match", "W/\"\(seen)\"")],
            body: body)
    }

    private func sheet(_ vaccine: String = vaccine, by party: Party = Cast.clinic) async throws
        -> String
    { try #require(try await gateway.printPaperForms(vaccine, by: party).first) }

    private func visit() async throws -> Visit {
        try await gateway.openVaccinationVisit(gateway.settleBaby())
    }

    /// The sheets that a test made old or young; nothing else may ever change one.
    private func move(_ change: String) async throws {
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table exchange.paper_form disable trigger paper_form_unchanged;
                update exchange.paper_form set \(change);
                alter table exchange.paper_form enable trigger paper_form_unchanged;
                """)
        }
    }

    // MARK: Printing

    @Test(arguments: [Cast.clinic, Cast.town])
    func `every sheet has a number of its own, and the entry is of nobody`(_ party: Party)
        async throws
    {
        var printed: TLSClient.Answer?
        let entries = try await gateway.entries {
            printed = try await gateway.orderPaperForms(Self.vaccine, 3, by: party)
        }
        let answer = try #require(printed)
        try answer.expect(200)
        #expect(answer["Content-Type"] == "text/html; charset=utf-8")
        let numbers = RunningGateway.paperNumbers(answer.text)
        #expect(Set(numbers).count == 3)
        #expect(entries.map(\.purpose) == ["print-paper-forms"])
        #expect(entries.map(\.hasPerson) == [false])
        let reader = try #require(QRReader(page: answer.text))
        let blocks = reader.blocks(1, corrections: 20)
        let code = QRReader.text(blocks.flatMap { $0.dropLast(20) }, version: 4)
        #expect(code == "tsunagi-form:\(numbers[0]):screening-child-dpt-ipv-hib-1")
        let plain = "position(convert_to($1, 'UTF8') in number_hash) > 0"
        for number in numbers {
            for text in [number, number.replacing("-", with: "")] {
                let kept = try await gateway.count(
                    "select count(*) from exchange.paper_form where \(plain)", [.text(text)])
                #expect(kept == 0)
            }
        }
        let notHashed = try await gateway.count(
            "select count(*) from exchange.paper_form where octet_length(number_hash) <> 32")
        #expect(notHashed == 0)
    }

    @Test func `nobody else prints, and what is sensitive is never printed`() async throws {
        try await gateway.expect(.notYourPurpose, of: .printPaperForms, from: Cast.prefecture) {
            try await gateway.orderPaperForms(Self.vaccine, by: Cast.prefecture)
        }
        try await gateway.expect(.malformed("questionnaire"), of: nil, from: Cast.clinic) {
            try await gateway.send(
                Cast.clinic, "POST", RunningGateway.paperFormPath,
                body: JSON(
                    reading: #"{"questionnaire":"urn:tsunagi:Questionnaire:"#
                        + #"sensitive-screening-epds-postpartum-2w|1"}"#))
        }
        try await gateway.expect(.tooMany("count"), of: nil, from: Cast.clinic) {
            try await gateway.orderPaperForms(Self.vaccine, 101)
        }
    }

    // MARK: Bringing in

    @Test func `what was written by hand is the person's answers like any other`() async throws {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let number = try await sheet(by: Cast.town)
        let body = try await gateway.brought(
            number, to: Self.vaccine, in: visit, yes: ["severe-illness": ""], authored: today)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await bring(body) }
        let made = try #require(sent)
        try made.expect(201)
        let id = made.text("id")
        #expect(made["Location"] == "\(Self.path)/\(id)" && made["ETag"] == "W/\"1\"")
        #expect(entries.map(\.purpose) == ["bring-screening"])
        #expect(entries.map(\.hasPerson) == [true])
        // The answer that was lost on its way is sent again, also as it was scanned.
        let scanned = "tsunagi-form:\(number):screening-child-\(Self.vaccine)-1"
        for text in [number, scanned, number.lowercased()] {
            let again = try await bring(
                gateway.brought(
                    text, to: Self.vaccine, in: visit, yes: ["severe-illness": ""],
                    authored: today))
            #expect(again.status == 200 && again.body == made.body)
        }
        let read = try await gateway.search(
            Cast.clinic, Self.search, [("subject", visit.patient), ("visit", visit.id)])
        #expect(read.entries.map { $0["id"]?.string } == [id])
        let check = try await gateway.checkVaccine(
            Self.vaccine, visit, response: "QuestionnaireResponse/" + id)
        #expect(check.findings.contains { $0.rule == "acute-severe-illness" })
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.portal, "GET", Self.path, headers: [token])
        #expect(own.entries.map { $0["status"]?.string } == ["completed"])
    }

    @Test func `a sheet that was used is nobody else's, and takes no other answers`() async throws {
        let first = try await visit()
        let number = try await sheet()
        try await bring(gateway.brought(number, to: Self.vaccine, in: first)).expect(201)
        let sibling = try await visit()
        let elsewhere = try await gateway.openVaccinationVisit(
            gateway.settleBaby(), at: Cast.paperClinic)
        let rows: [(Party, JSON)] = [
            (Cast.clinic, try await gateway.brought(number, to: Self.vaccine, in: sibling)),
            (
                Cast.clinic,
                try await gateway.brought(
                    number, to: Self.vaccine, in: first, yes: ["unwell": "せき"])
            ),
            (Cast.paperClinic, try await gateway.brought(number, to: Self.vaccine, in: elsewhere)),
        ]
        for (clinic, body) in rows {
            try await gateway.expect(.paperFormUsed, of: .bringScreening, from: clinic) {
                try await bring(body, by: clinic)
            }
        }
        let uses = try await gateway.count(
            "select count(*) from exchange.paper_form_use where party = $1",
            [.text(Cast.paperClinic.key)])
        #expect(uses == 0)
    }

    @Test func `of a storm of copies of one sheet one is taken`() async throws {
        let number = try await sheet()
        let usesBefore = try await uses()
        var bodies: [JSON] = []
        for _ in 0..<6 {
            bodies.append(
                try await gateway.brought(number, to: Self.vaccine, in: try await visit()))
        }
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) {
            [gateway] group in
            for body in bodies + bodies {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", Self.path, bytes: Array(body.text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.filter { $0.status == 201 }.count == 1)
        #expect(answers.filter { $0.status == 200 }.count == 1)
        #expect(answers.filter { $0.code == Refusal.paperFormUsed.code }.count == 10)
        #expect(try await uses() == usesBefore + 1)
    }

    /// 使われた用紙: each beside the answers that it brought in.
    private func uses() async throws -> Int {
        try await gateway.count(
            """
            select count(*) from exchange.paper_form_use u
            join exchange.screening_response r on r.person = u.person and r.response = u.response
            where r.party = $1
            """, [.text(Cast.clinic.key)])
    }

    @Test func `a mistake of copying is mended by the one who brought it in`() async throws {
        let visit = try await visit()
        let (number, other) = (try await sheet(), try await sheet())
        let made = try await bring(gateway.brought(number, to: Self.vaccine, in: visit))
        let id = made.text("id")
        let amended = try await gateway.brought(
            number, to: Self.vaccine, in: visit, status: "amended", yes: ["unwell": "せき"])
        let mended = try await bringAgain(id, seen: 1, amended)
        try mended.expect(200)
        #expect(mended["ETag"] == "W/\"2\"")
        #expect(try await bringAgain(id, seen: 1, amended).body == mended.body)
        // A body that says to be other answers is no correction of those at the address.
        let named = try amended.requiredObject(at: "answers")
        for other in [String(repeating: "a", count: 32), ""] {
            let body = JSON.object(named.with("id", .string(other)))
            gateway.expect(.idDiffers, in: try await bringAgain(id, seen: 2, body))
            gateway.expectMoreEntries(1)
        }
        let itself = JSON.object(named.with("id", .string(id)))
        #expect(try await bringAgain(id, seen: 2, itself).body == mended.body)
        let further = try await gateway.brought(
            number, to: Self.vaccine, in: visit, status: "amended", yes: ["unwell": "ねつ"])
        let unused = try await gateway.brought(
            other, to: Self.vaccine, in: visit, status: "amended")
        let rows: [(Refusal, String, Int, JSON)] = [
            (.versionPassed, id, 1, further), (.recordUnknown, id, 2, unused),
            (.recordUnknown, String(repeating: "a", count: 32), 2, further),
            (
                .responseSubmitted, id, 2,
                try await gateway.brought(
                    number, to: Self.vaccine, in: visit, yes: ["unwell": "ねつ"])
            ),
        ]
        for (refusal, id, seen, body) in rows {
            try await gateway.expect(refusal, of: .bringScreening, from: Cast.clinic) {
                try await bringAgain(id, seen: seen, body)
            }
        }
        gateway.expect(.malformed("status"), in: try await bring(unused))
        // The visit was read before the status could be judged: it is on the record although malformed.
        gateway.expectMoreEntries(1)
    }

    @Test func `without visit, consent or sheet nothing is taken`() async throws {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let number = try await sheet()
        let withheld = try await gateway.openVisit(card, consents: ["subsidy"])
        let nobody = Visit(id: RecordID.random().text, patient: visit.patient)
        let unprinted = "BCDF-GHJK-LMNP-QRSX"
        let rows: [(Refusal, JSON)] = [
            (.consentNotGiven, try await gateway.brought(number, to: Self.vaccine, in: withheld)),
            (.visitUnknown, try await gateway.brought(number, to: Self.vaccine, in: nobody)),
            (.paperFormUnknown, try await gateway.brought(unprinted, to: Self.vaccine, in: visit)),
        ]
        for (refusal, body) in rows {
            try await gateway.expect(refusal, of: .bringScreening, from: Cast.clinic) {
                try await bring(body)
            }
        }
        // The sheet of one questionnaire holds no answers to another.
        gateway.expect(
            .malformed("questionnaire"),
            in: try await bring(gateway.brought(number, to: "mr", in: visit)))
        gateway.expectMoreEntries(1)
        try await bring(gateway.brought(number, to: Self.vaccine, in: visit)).expect(201)
    }

    @Test func `the last day takes answers, and the day after does not`() async throws {
        let visit = try await visit()
        let numbers = try await gateway.printPaperForms(Self.vaccine, 2)
        try await move("last_day = date '\(today.text)'")
        try await bring(gateway.brought(numbers[0], to: Self.vaccine, in: visit)).expect(201)
        try await move("last_day = date '\(today.adding(days: -1).text)'")
        let late = try await gateway.brought(
            numbers[1], to: Self.vaccine, in: visit, yes: ["unwell": "せき"])
        try await gateway.expect(.paperFormOver, of: .bringScreening, from: Cast.clinic) {
            try await bring(late)
        }
        // What was taken in time is told again.
        #expect(
            try await bring(gateway.brought(numbers[0], to: Self.vaccine, in: visit)).status == 200)
        try await move("last_day = date '\(today.adding(days: 1).text)'")
        try await bring(late).expect(201)
    }

    @Test func `nobody filled a sheet in before it was printed`() async throws {
        let visit = try await visit()
        let numbers = try await gateway.printPaperForms(Self.vaccine, 2)
        let early = try await gateway.brought(
            numbers[0], to: Self.vaccine, in: visit, authored: today.adding(days: -1))
        gateway.expect(.malformed("authored"), in: try await bring(early))
        gateway.expectMoreEntries(1)
        try await move("printed_at = printed_at - interval '1 day'")
        try await bring(early).expect(201)
    }

    /// As if the visit had been opened a day before; it is over since.
    private func end(_ visit: Visit) async throws {
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.visit set opened_at = opened_at - interval '1 day',
                        ends_at = ends_at - interval '1 day' where visit::text = $1
                    """), [.text(visit.id)])
        }
    }

    @Test func `what was filled in at home before the visit is typed when the visit is over`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let numbers = try await gateway.printPaperForms(Self.vaccine, 3)
        try await move("printed_at = printed_at - interval '5 days'")
        try await end(visit)
        let written = today.adding(days: -3)
        let made = try await bring(
            gateway.brought(numbers[0], to: Self.vaccine, in: visit, authored: written))
        try made.expect(201)
        // Nobody wrote the day down: it is that of the visit.
        try await bring(gateway.brought(numbers[1], to: Self.vaccine, in: visit)).expect(201)
        let late = try await gateway.brought(
            numbers[2], to: Self.vaccine, in: visit, authored: today)
        try await gateway.expect(.visitEnded, of: .bringScreening, from: Cast.clinic) {
            try await bring(late)
        }
        // A mistake of copying that is seen after another visit.
        let other = try await gateway.openVaccinationVisit(card)
        try await end(other)
        for authored in [today, written] {
            let amended = try await gateway.brought(
                numbers[0], to: Self.vaccine, in: other, status: "amended",
                yes: ["unwell": "せき"], authored: authored)
            let answer = try await bringAgain(made.text("id"), seen: 1, amended)
            #expect(answer.status == (authored == written ? 200 : Refusal.visitEnded.status))
        }
    }

    @Test func `neither table is ever changed or taken from`() async throws {
        try await bring(gateway.brought(sheet(), to: Self.vaccine, in: try await visit())).expect(
            201)
        for table in ["exchange.paper_form", "exchange.paper_form_use"] {
            for deed in ["update \(table) set party = party", "delete from \(table)"] {
                await #expect(throws: (any Error).self, "\(deed)") {
                    try await gateway.sql { try $0.script(deed) }
                }
            }
        }
    }
}

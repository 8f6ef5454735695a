import Exchange
import Gateway
import Postgres
import TestSupport
import Testing

/// 個人番号 where it does not belong: refused at once, and afterwards nowhere: in no table, no log line, no
/// metric.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct IndividualNumberTests {
    struct Place: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let party: Party
        let path: String
        /// The body and the headers, with the number put in.
        let request:
            @Sendable (RunningGateway, String) async throws -> (JSONObject, [(String, String)])
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static func visit(
        _ name: String, _ change: @escaping @Sendable (JSONObject, String) -> JSONObject
    ) -> Place {
        Place(testDescription: "visit: \(name)", party: Cast.clinic, path: "/visits") {
            gateway, number in
            (change(try await gateway.visitBody(gateway.settle().card), number), [])
        }
    }

    private static func check(
        _ name: String, _ change: @escaping @Sendable (JSONObject, String) -> JSONObject
    ) -> Place {
        Place(testDescription: "check: \(name)", party: Cast.clinic, path: RunningGateway.checkPath)
        {
            gateway, number in
            let visit = try await gateway.openVisit(gateway.settle().card)
            return (change(gateway.checkBody(visit), number), [])
        }
    }

    private static func header(_ party: Party, _ path: String, _ name: String) -> Place {
        Place(testDescription: "\(path): \(name)", party: party, path: path) { gateway, number in
            switch path {
            case "/visits": (try await gateway.visitBody(gateway.settle().card), [(name, number)])
            case "/tokens": (try await gateway.tokenBody(gateway.settle().card), [(name, number)])
            default:
                (
                    gateway.checkBody(try await gateway.openVisit(gateway.settle().card)),
                    [(name, number)]
                )
            }
        }
    }

    static let places: [Place] = [
        visit("an item of that name") { $0.with("myNumber", .string($1)) },
        visit("a consent") { $0.with("consents", .array([.string($1)])) },
        visit("the kind") { $0.with("kind", .string($1)) },
        visit("the name of an item") { $0.with($1, "x") },
        check("an item of that name") { $0.with("myNumber", .string($1)) },
        check("the patient's identifier") { body, number in
            body.with(
                "patient",
                .object(body["patient"]?.object?.with("identifier", identifier(number)) ?? .init()))
        },
        check("the identifier in groups of four") { body, number in
            let grouped = [0, 4, 8].map { String(number.dropFirst($0).prefix(4)) }.joined(
                separator: "-")
            return body.with("identifier", .array([identifier(grouped)]))
        },
        check("free text") { body, number in
            body.with(
                "text",
                .object(JSONObject([.init(name: "div", value: .string("<div>\(number)</div>"))])))
        },
        check("full-width digits in a note") { body, number in
            let wide = String(
                String.UnicodeScalarView(
                    number.unicodeScalars.compactMap { Unicode.Scalar($0.value - 0x30 + 0xFF10) }))
            return body.with("note", .string("番号は\(wide)です"))
        },
        check("an extension as a number") { body, number in
            body.with("total", .number(number))
        },
        Place(testDescription: "token: an item of that name", party: Cast.portal, path: "/tokens") {
            (try await $0.tokenBody($0.settle().card).with("myNumber", .string($1)), [])
        },
        Place(
            testDescription: "paper: an item of that name", party: Cast.paperClinic,
            path: "/visits/paper"
        ) {
            (
                JSONObject([
                    .init(name: "payerNumber", value: "88131016"),
                    .init(name: "recipientNumber", value: "1"),
                    .init(name: "birthDate", value: "2020-01-01"),
                    .init(name: "myNumber", value: .string($1)),
                ]), []
            )
        },
        header(Cast.clinic, "/visits", "Tsunagi-Operator"),
        header(Cast.clinic, RunningGateway.checkPath, "Tsunagi-Operator"),
        header(Cast.portal, "/tokens", "Tsunagi-Operator"),
    ]

    private static func identifier(_ number: String) -> JSON {
        .object(JSONObject([.init(name: "value", value: .string(number))]))
    }

    @Test(arguments: places)
    func `a number sent where it does not belong is refused and leaves no trace`(_ place: Place)
        async throws
    {
        let number = gateway.people.next().number
        let (body, headers) = try await place.request(gateway, number)
        let entries = try await gateway.count("select count(*) from log.access_entry")
        let answer = try await gateway.send(
            place.party, "POST", place.path, headers: headers, body: .object(body))
        #expect(answer.status == 400)
        #expect(answer.code == "individual-number-not-allowed")
        #expect(!answer.text.contains(number))
        #expect(try await gateway.count("select count(*) from log.access_entry") == entries)
        try await expectNowhere(number)
    }

    @Test func `numbers in a path, a query or a recipient's number are not kept either`()
        async throws
    {
        let number = gateway.people.next().number
        let paths = [
            "/fhir/Patient/\(number)", "/fhir/CoverageEligibilityResponse/\(number)", "/\(number)",
            "/fhir/metadata?q=\(number)",
        ]
        for path in paths {
            let answer = try await gateway.send(Cast.clinic, "GET", path)
            #expect(!answer.text.contains(number))
        }
        let paper = try await gateway.openPaperVisit(("88131016", number, "2020-01-01"))
        #expect(paper.code == "paper-not-confirmed")
        try await expectNowhere(number)
    }

    @Test func `an entitled office's number becomes a hash and is found nowhere as itself`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        let row = resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        try await gateway.hold([row])
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "entitled")
        try await expectNowhere(resident.number)
        let refused = try await gateway.send(
            Cast.town, "POST", "/medical-subsidy/registration-tasks",
            headers: [("Idempotency-Key", resident.number)], body: .array([row]))
        #expect(refused.code == "individual-number-not-allowed")
        let wrong = try #require(row.object).with(
            "certificationName", .string("証\(resident.number)"))
        let answer = try await gateway.register([.object(wrong)])
        #expect(answer.int("refused") == 1)
        try await expectNowhere(resident.number)
        // The search finds what is there: the name that was registered beside it.
        #expect(try await tables(holding: resident.name) == ["exchange.identity"])
    }

    private func expectNowhere(_ number: String, at place: SourceLocation = #_sourceLocation)
        async throws
    {
        #expect(try await tables(holding: number).isEmpty, sourceLocation: place)
        let inHexadecimal = number.utf8.map { "3" + String($0 - 0x30) }.joined()
        #expect(try await tables(holding: inHexadecimal).isEmpty, sourceLocation: place)
        let lines = gateway.log.all
        #expect(lines.contains { $0.contains("route=/visits") }, sourceLocation: place)
        #expect(!lines.contains { $0.contains(number) }, sourceLocation: place)
        #expect(!gateway.metrics.exposition().contains(number), sourceLocation: place)
    }

    /// Every table with a row in which, written out whole, these characters stand.
    private func tables(holding text: String) async throws -> [String] {
        try await gateway.sql { transaction in
            let names = try transaction.query(
                Statement(
                    """
                    select format('%I.%I', schemaname, tablename) from pg_tables
                    where schemaname in ('exchange', 'office', 'log', 'public') order by 1
                    """)
            ).map { try $0.text(0) }
            return try names.filter { name in
                let sql = "select count(*) from \(name) r where position($1 in r::text) > 0"
                return try transaction.query(Statement(sql), [.text(text)])[0].int(0) > 0
            }
        }
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 分けて送る月: a month in numbered parts, of which none is kept twice and none may be missing when it is closed;
/// and a month of more claims than one slice, which comes out as if it had been judged at once.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthPartsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func month(_ number: Int) throws -> ServiceMonth {
        try ServiceMonth(year: 2022 + number / 12, month: number % 12 + 1)
    }

    private func body(_ claims: [SentClaim], _ month: ServiceMonth) -> [UInt8] {
        let rows = claims.enumerated().map { $1.json(month, $0 + 1) }.joined(separator: ",")
        return Array("{\"claims\":[\(rows)]}".utf8)
    }

    private func send(
        _ claims: [SentClaim], _ month: ServiceMonth, _ query: String = ""
    ) async throws -> TLSClient.Answer {
        let client = try await gateway.connect(Cast.town)
        let answer = try await gateway.send(
            client, "POST", "/claims?month=\(month.text)\(query)", bytes: body(claims, month))
        await client.close()
        return answer
    }

    private func part(_ number: Int, of count: Int = 3, set: String = "city") -> String {
        "&set=\(set)&part=\(number)&parts=\(count)"
    }

    private func claims(_ name: String) -> [SentClaim] { [SentClaim("R-PART-\(name)")] }

    // MARK: Parts

    @Test func `a month in parts is closed when all of them are here, each once`() async throws {
        let month = try month(0)
        // In any order.
        try await send(claims("2"), month, part(2)).expect(201)
        let first = try await send(claims("1"), month, part(1))
        try first.expect(201)
        let again = try await send(claims("1"), month, part(1))
        #expect(again.json["duplicate"]?.bool == true && again.text("file") == first.text("file"))
        // Other bytes in its place, its bytes in another place, and a set of another size.
        for refused in [
            try await send(claims("1b"), month, part(1)),
            try await send(claims("1"), month, part(3)),
            try await send(claims("3"), month, part(3, of: 4)),
        ] { #expect(refused.status == 409 && refused.code == "claim-part") }
        // A part that cannot be read is not here.
        let broken = try await gateway.send(
            Cast.town, "POST", "/claims?month=\(month.text)\(part(3))",
            body: try JSON(reading: #"{"claims":[{"month":"x"}]}"#))
        #expect(broken.status == 400)
        let early = try await gateway.reconcile(month)
        #expect(early.json["awaited"]?.array?.compactMap(\.string) == ["city/3"])
        try await gateway.expect(
            .monthIncomplete("city/3"), of: .reconcileMonth, from: Cast.town
        ) { try await gateway.close(early, month) }
        try await send(claims("3"), month, part(3)).expect(201)
        // What was looked at was not all of it.
        try await gateway.expect(.monthChanged, of: .reconcileMonth, from: Cast.town) {
            try await gateway.close(early, month)
        }
        let whole = try await gateway.reconcile(month)
        #expect(whole.json["awaited"] == nil && whole.int("claims") == 3)
        try await gateway.close(whole, month).expect(200)
    }

    @Test func `two sets of one month wait each for their own parts`() async throws {
        let month = try month(1)
        try await send(claims("a"), month, part(1, of: 2, set: "shiharai")).expect(201)
        try await send(claims("b"), month, part(2, of: 3, set: "kokuho")).expect(201)
        // A file that is of no set is nobody's part.
        try await send(claims("c"), month).expect(201)
        let run = try await gateway.reconcile(month)
        #expect(
            run.json["awaited"]?.array?.compactMap(\.string)
                == ["kokuho/1", "kokuho/3", "shiharai/2"])
    }

    /// Thirty parts instead of three: nobody could send the others, and a month is to be closed.
    @Test func `a set that lacks parts for ever is closed by name, and the closing says so`()
        async throws
    {
        let month = try month(7)
        try await send(claims("a"), month, part(1, of: 30, set: "a")).expect(201)
        try await send(claims("b"), month, part(1, of: 2, set: "b")).expect(201)
        try await send(claims("c"), month, part(1, of: 1, set: "c")).expect(201)
        let run = try await gateway.reconcile(month)
        func close(_ sets: String) async throws -> TLSClient.Answer {
            try await gateway.send(
                Cast.town, "POST", "/claims/months/\(month.text)/closings",
                body: try JSON(
                    reading: """
                        {"run":\(run.int("run") ?? 0),"digest":"\(run.text("digest"))",\
                        "withoutPartsOf":\(sets)}
                        """))
        }
        // Twenty parts of the first are told, and none of the second; neither is passed over.
        for (sets, awaited) in [(#"["a"]"#, "b"), (#"["b"]"#, "a/2, a/3"), ("[]", "a/2, a/3")] {
            let refused = try await close(sets)
            #expect(refused.status == 409 && refused.code == "month-incomplete")
            #expect(refused.text("item").hasPrefix(awaited))
        }
        // One that lacks nothing, and one that is none.
        for sets in [#"["a","b","c"]"#, #"["a","b","d"]"#] {
            let refused = try await close(sets)
            #expect(refused.status == 400 && refused.text("item") == "withoutPartsOf")
        }
        gateway.expectMoreEntries(2)
        let closed = try await close(#"["b","a"]"#)
        try closed.expect(200)
        let left = closed.json["withoutPartsOf"]?.array?.compactMap(\.string)
        #expect(left == ["a", "b"])
        #expect(try await close("[]").body == closed.body)
    }

    @Test func `no set is called by what looks like an individual number`() async throws {
        let query = "&set=city-123456789018&part=1&parts=2"
        let refused = try await send(claims("x"), try month(2), query)
        #expect(refused.status == 400 && refused.code == "individual-number-not-allowed")
    }

    @Test(
        arguments: [
            ("&set=a&part=1", "missing"), ("&set=a&parts=2", "missing"),
            ("&part=1&parts=2", "missing"), ("&set=a&part=0&parts=2", "malformed"),
            ("&set=a&part=3&parts=2", "malformed"), ("&set=a&part=1&parts=1001", "malformed"),
            ("&set=a.b&part=1&parts=2", "malformed"), ("&set=&part=1&parts=2", "malformed"),
        ])
    func `a part that is not said whole is refused`(query: String, code: String) async throws {
        let refused = try await send(claims("x"), try month(2), query)
        #expect(refused.status == 400 && refused.code == code)
    }

    @Test func `of two files that are the same part at once one is kept`() async throws {
        let month = try month(3)
        async let one = send(claims("one"), month, part(1))
        async let other = send(claims("other"), month, part(1))
        let statuses = try await [one.status, other.status].sorted()
        #expect(statuses == [201, 409])
    }

    // MARK: Limits

    /// As if `count` claims of the first file's only claim had come in another.
    private func pad(_ month: ServiceMonth, _ count: Int, keeping: Int) async throws {
        let key: [Value] = [.text(Cast.town.code), .day(Int(month.firstDay)), .int(count)]
        try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_file (body, month, number, file, party, kind, digest,
                        bytes, claims, findings, rules, received_at)
                    select body, month, 2, gen_random_uuid(), party, kind, sha256('padded'::bytea),
                        bytes, $3, findings, rules, received_at
                    from exchange.claim_file where body = $1 and month = $2 and number = 1
                    """), key)
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim (file, place, body, thread, receipt, line, institution,
                        service_month, type, sex, duty_reason, days, birth, paid_on, insurer, points,
                        special_notes, marks)
                    select p.file, g, c.body, gen_random_uuid(), g, c.line, c.institution,
                        c.service_month, c.type, c.sex, c.duty_reason, c.days, c.birth, c.paid_on,
                        c.insurer, c.points, c.special_notes, c.marks
                    from exchange.claim_file f
                    join exchange.claim c on c.file = f.file
                    join exchange.claim_file p on p.body = f.body and p.month = f.month and p.number = 2
                    cross join generate_series(1::bigint, $3) g
                    where f.body = $1 and f.month = $2 and f.number = 1
                    """), Array(key.dropLast()) + [.int(keeping)])
        }
    }

    @Test func `an institution has room for so many claims of a month, and the others have theirs`()
        async throws
    {
        let month = try month(4)
        try await send(claims("first"), month).expect(201)
        let rest = ArrivingClaims.institutionCountMax - 2
        try await pad(month, rest, keeping: rest)
        try await send(claims("last"), month).expect(201)
        let refused = try await send(claims("over"), month)
        #expect(refused.code == "too-many" && refused.text("item") == "claims(institution)")
        // Refused behind the door, where its entry is.
        gateway.expectMoreEntries(1)
        var elsewhere = SentClaim("R-PART-elsewhere")
        elsewhere.institution = Cast.pharmacy
        try await send([elsewhere], month).expect(201)
    }

    /// Longer than a body that is held may be.
    @Test func `a file of claims in JSON has room for a hundred thousand`() async throws {
        let month = try month(7)
        var many = (0..<ArrivingClaims.countMax).map { number in
            var claim = SentClaim("R-MANY-\(number)")
            claim.birth = "1990-01-02"
            claim.extra = ",\"sex\":\"2\",\"specialNotes\":[\"01\",\"02\"]"
            claim.institution = [Cast.clinic, Cast.pharmacy, Cast.spare][number % 3]
            return claim
        }
        #expect(body(many, month).count > RegistrationLimits.json.bytesMax)
        let taken = try await send(many, month)
        try taken.expect(201)
        #expect(taken.int("claims") == ArrivingClaims.countMax)
        many.append(SentClaim("R-MANY-over"))
        let refused = try await send(many, month)
        #expect(refused.code == "too-many" && refused.text("item") == "claims")
    }

    @Test func `a month has room for two million claims`() async throws {
        let month = try month(5)
        try await send(claims("first"), month).expect(201)
        try await pad(month, ArrivingClaims.monthCountMax - 2, keeping: 0)
        try await send(claims("last"), month).expect(201)
        let refused = try await send(claims("over"), month)
        #expect(refused.code == "too-many" && refused.text("item") == "claims")
        gateway.expectMoreEntries(1)
    }

    // MARK: Slices

    private static let perInstitution = 2_500

    private func crowd(_ code: String, _ more: [SentClaim]) throws -> [SentClaim] {
        let institution = try Party(role: .institution, code: code)
        let strangers = (0..<Self.perInstitution).map { SentClaim("R-\(code)-\($0)") }
        return (strangers + more).map { claim in
            var claim = claim
            claim.institution = institution
            return claim
        }
    }

    @Test func `a month of several slices is judged as one`() async throws {
        let month = try month(6)
        let held = try await gateway.enrol(
            month, ["maxCopaymentAmount": try JSON(reading: #"{"perMonth":"500"}"#)])
        var capped = SentClaim(held.recipient, copayment: 300)
        capped.birth = held.resident.dateOfBirth
        // The cap is taken in the order in which the claims came, not in that of the institutions.
        try await send(try crowd("1310009003", [capped]), month, part(1, of: 2)).expect(201)
        let second = try crowd("1310009001", [capped]) + crowd("1310009002", [])
        try await send(second, month, part(2, of: 2)).expect(201)
        let (run, entries) = try await gateway.ask(
            Cast.town, "POST", "/claims/months/\(month.text)/runs")
        try run.expect(200)
        #expect(entries.count == 1 && run.int("claims") == 3 * Self.perInstitution + 2)
        #expect(try await gateway.reconcile(month).body == run.body)
        let key: [Value] = [.text(Cast.town.code), .day(Int(month.firstDay))]
        let ordinals = try await gateway.sql { transaction in
            let row = try transaction.query(
                Statement(
                    """
                    select count(distinct ordinal), max(ordinal), count(*) filter (
                        where told like '%RECIPIENT_UNKNOWN%')
                    from exchange.claim_verdict where body = $1 and month = $2
                    """), key)[0]
            return [try row.int(0), try row.int(1), try row.int(2)]
        }
        let strangers = 3 * Self.perInstitution
        #expect(ordinals == [strangers + 2, strangers + 2, strangers])
        let told = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select institution, standing, told like '%OVER_MONTHLY_CAP%"expected":200%'
                    from exchange.claim_verdict
                    where body = $1 and month = $2 and person is not null order by institution
                    """), key
            ).map { row in
                let (institution, standing) = (try row.text(0), try row.text(1))
                return "\(institution) \(standing) \(try row.bool(2))"
            }
        }
        #expect(told.count == 2 && told.last == "1310009003 accepted false")
        #expect(told.first?.hasPrefix("1310009001") == true)
        #expect(told.first?.hasSuffix("true") == true)
        try await readPages(month, strangers)
    }

    /// Pages of the run, and of its statement by institutions.
    private func readPages(_ month: ServiceMonth, _ strangers: Int) async throws {
        let path = "/claims/months/\(month.text)/runs/latest"
        let last = try await gateway.send(
            Cast.town, "GET", path + "?show=all&_count=10&_offset=\(strangers + 1)")
        #expect(last.int("total") == strangers + 2 && last.json["results"]?.array?.count == 1)
        // Of a large month they are megabytes, and the same on every page.
        #expect(last.json["totals"] == nil && last.int("claims") == strangers + 2)
        let first = try await gateway.send(Cast.town, "GET", path + "?show=told&_count=1")
        let total = first.json["totals"]?.object?["total"]?.object
        #expect(total?["accepted"]?.object?["count"]?.int == 1)
        let rejected = try await gateway.send(
            Cast.town, "GET", path + "?show=told&_count=1&_offset=\(strangers)")
        #expect(rejected.int("total") == strangers + 1)
        let whole = try await gateway.send(Cast.town, "GET", path + "/statement")
        #expect(rows(whole) == strangers + 2 && whole["Link"] == nil)
        let rest = try await gateway.send(
            Cast.town, "GET", path + "/statement?after=1310009001")
        #expect(rows(rest) == 2 * Self.perInstitution + 1)
        let none = try await gateway.send(
            Cast.town, "GET", path + "/statement?after=1310009003")
        #expect(none.status == 404)
        let wrong = try await gateway.send(Cast.town, "GET", path + "/statement?after=x")
        #expect(wrong.status == 400)
    }

    /// Of rows of two runs nobody could tell what the month came to.
    @Test func `the pages of a run are of that run, whichever is the newest by then`()
        async throws
    {
        let month = try month(8)
        try await send(claims("1") + claims("2"), month).expect(201)
        try await gateway.reconcile(month).expect(200)
        _ = try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_statement (body, month, run, institution, claims, rows)
                    values ($1, $2, 1, '9990000009', 50000, convert_to('the last page', 'UTF8'))
                    """), [.text(Cast.town.code), .day(Int(month.firstDay))])
        }
        let first = try await gateway.send(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest/statement")
        let bundle = try await gateway.send(
            Cast.town, "GET", "/fhir/ExplanationOfBenefit?month=\(month.text)&show=all&_count=1")
        try await send(claims("3"), month).expect(201)
        #expect(try await gateway.reconcile(month).int("run") == 2)
        let link = try #require(first["Link"])
        let path = try #require(link.firstRange(of: "/claims/").map { link[$0.lowerBound...] })
        let next = try await gateway.send(Cast.town, "GET", String(path.prefix { $0 != ">" }))
        #expect(next.status == 200 && next.text.contains("the last page"))
        #expect(next["Link"] == nil)
        #expect(bundle.text.contains("run=1&show=all&_offset=1"))
    }

    /// Without the headings.
    private func rows(_ answer: TLSClient.Answer) -> Int {
        answer.text.split(separator: "\r\n").count - 1
    }
}

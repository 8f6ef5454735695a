import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 見分けがつかないこと: what was declined, and what is not to be disclosed, is answered as if nothing were held:
/// not in the same words alone, but by the same statements, each touching as many rows.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SamenessTests {
    typealias Visit = RunningGateway.Visit

    /// Two questions of which nobody may tell the difference.
    struct Pair: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (Fire) async throws -> (Ask, Ask)
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// Of two residents alike, each with one visit that leaves this consent out, one holds what `hold` makes.
    private static func declined(
        _ name: String, without kind: String,
        holding hold:
            @escaping @Sendable (RunningGateway, TestResident, SoftwareCard) async throws -> Void,
        _ ask: @escaping @Sendable (RunningGateway, Visit) -> Ask
    ) -> Pair {
        Pair(testDescription: name) { fire in
            let gateway = fire.gateway
            let consents = FirePerson.consents.filter { $0 != kind }
            let held = try await family(gateway, holding: kind != "subsidy")
            let none = try await family(gateway, holding: kind != "subsidy")
            try await hold(gateway, held.resident, held.card)
            return (
                ask(gateway, try await gateway.openVisit(held.card, consents: consents)),
                ask(gateway, try await gateway.openVisit(none.card, consents: consents))
            )
        }
    }

    private static func family(
        _ gateway: RunningGateway, holding: Bool
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        holding ? try await gateway.settleFamily(days: 110) : try await gateway.settle()
    }

    private static let entitled:
        @Sendable (RunningGateway, TestResident, SoftwareCard) async throws -> Void = {
            gateway, resident, _ in
            let today = gateway.clock.today
            try await gateway.hold([
                resident.row("kodomo", today.adding(days: -100), today.adding(days: 300))
            ])
        }

    /// Recorded by another institution, so that the asking one has one visit of either.
    private static func examined(_ sent: @escaping @Sendable (CalendarDay) -> SentCheckup)
        -> @Sendable (RunningGateway, TestResident, SoftwareCard) async throws -> Void
    {
        { gateway, _, card in
            let visit = try await gateway.openVisit(
                card, at: Cast.pharmacy, consents: FirePerson.consents)
            let answer = try await gateway.record(
                sent(gateway.clock.today), visit, by: Cast.pharmacy)
            try answer.expect(201)
        }
    }

    static let pairs: [Pair] = [
        declined("entitlements, not agreed to", without: "subsidy", holding: entitled) {
            gateway, visit in
            .post(Cast.clinic, RunningGateway.checkPath, .object(gateway.checkBody(visit)))
        },
        declined("a bill, not agreed to", without: "subsidy", holding: entitled) {
            gateway, visit in
            let bill = SentBill("predetermination", on: gateway.clock.today)
            return .post(Cast.clinic, RunningGateway.billPath, .object(bill.body(visit)))
        },
        declined(
            "a vaccination, not agreed to", without: "immunization",
            holding: { gateway, _, card in
                let visit = try await gateway.openVisit(
                    card, at: Cast.pharmacy, consents: FirePerson.consents)
                let dose = SentDose(on: gateway.clock.today.adding(days: -30))
                try await gateway.record(dose, visit, by: Cast.pharmacy).expect(201)
            }
        ) { gateway, visit in
            let dose = SentDose(on: gateway.clock.today)
            return .post(
                Cast.clinic, RunningGateway.vaccinationPath, .object(dose.body(visit)))
        },
        declined(
            "a checkup sent, not agreed to", without: "maternal",
            holding: examined { SentCheckup(on: $0) }
        ) { gateway, visit in
            let report = SentCheckup(on: gateway.clock.today)
            return .post(Cast.clinic, "/fhir/DiagnosticReport", .object(report.body(visit)))
        },
        declined(
            "questionnaires, not agreed to", without: "immunization",
            holding: { gateway, _, card in
                _ = try await gateway.submit(
                    FirePerson.vaccine, gateway.session(of: card))
            }
        ) { _, visit in
            .search(
                Cast.clinic, "/fhir/QuestionnaireResponse/_search",
                [("subject", visit.patient), ("visit", visit.id)])
        },
        declined(
            "questionnaires before a checkup, not agreed to", without: "maternal",
            holding: { gateway, _, card in
                let token = try await gateway.session(of: card)
                let patient = try await gateway.patient(token)
                try await gateway.send(
                    .post(
                        Cast.portal, RunningGateway.responsePath,
                        RunningGateway.childHistory(of: patient), [token])
                ).expect(201)
            }
        ) { _, visit in
            .search(
                Cast.clinic, "/fhir/QuestionnaireResponse/_search",
                [("subject", visit.patient), ("visit", visit.id)])
        },
        declined(
            "sensitive questionnaires, not agreed to", without: "maternal-sensitive",
            holding: { gateway, _, card in
                let token = try await gateway.session(of: card)
                let patient = try await gateway.patient(token)
                try await gateway.send(
                    .post(
                        Cast.portal, RunningGateway.sensitiveResponsePath,
                        RunningGateway.epds(
                            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: patient), [token])
                ).expect(201)
            }
        ) { _, visit in
            .search(
                Cast.clinic, "/fhir/sensitive/QuestionnaireResponse/_search",
                [("subject", visit.patient), ("visit", visit.id)])
        },
        declined(
            "checkups, not agreed to", without: "maternal",
            holding: examined { SentCheckup(on: $0) }
        ) { _, visit in
            .get(Cast.clinic, "/fhir/DiagnosticReport?subject=\(visit.patient)")
        },
        declined(
            "the plan of checkups, not agreed to", without: "maternal",
            holding: examined { SentCheckup(on: $0) }
        ) { _, visit in
            .get(Cast.clinic, "/fhir/CarePlan?subject=\(visit.patient)")
        },
        declined(
            "sensitive checkups, not agreed to", without: "maternal-sensitive",
            holding: examined { .epds(14, on: $0) }
        ) { _, visit in
            .get(Cast.clinic, "/fhir/sensitive/DiagnosticReport?subject=\(visit.patient)")
        },
        Pair(testDescription: "the plan of checkups, after a loss and while all is well") { fire in
            let gateway = fire.gateway
            let day = gateway.clock.today.adding(days: -3).text
            let losses = try JSON(reading: "[{\"on\":\"\(day)\",\"fetuses\":1}]")
            func ask(_ card: SoftwareCard) async throws -> Ask {
                let visit = try await gateway.openCheckupVisit(card)
                return .get(Cast.clinic, "/fhir/CarePlan?subject=\(visit.patient)")
            }
            return (
                try await ask(gateway.settleMother(["losses": losses]).card),
                try await ask(gateway.settleMother().card)
            )
        },
        Pair(testDescription: "paper of somebody, and of nobody") { fire in
            let person = try await fire.settle()
            return (
                try paper(person.paper.recipient, born: "1999-01-01"),
                try paper("nobody", born: "1999-01-01")
            )
        },
        Pair(testDescription: "another institution's record, and none") { fire in
            let person = try await fire.settle()
            return (
                .get(Cast.spare, "/fhir/Immunization/\(person.doseID)"),
                .get(Cast.spare, "/fhir/Immunization/00000000-0000-4000-8000-000000000000")
            )
        },
        Pair(testDescription: "another municipality's resident, and nobody") { fire in
            let person = try await fire.settle()
            return (search(Cast.otherTown, person.key), search(Cast.otherTown, "nobody"))
        },
    ]

    private static func paper(_ recipient: String, born: String) throws -> Ask {
        .post(
            Cast.paperClinic, "/visits/paper",
            try JSON(
                reading: """
                    {"payerNumber":"\(TestResident.payerNumber)","recipientNumber":"\(recipient)",\
                    "birthDate":"\(born)"}
                    """))
    }

    private static func search(_ town: Party, _ key: String) -> Ask {
        .search(
            town, "/fhir/Immunization/_search",
            [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(key)")])
    }

    @Test(arguments: pairs)
    func `nobody can tell one from the other`(_ pair: Pair) async throws {
        let fire = try Fire(gateway)
        let (first, second) = try await pair.make(fire)
        // Once beforehand: a connection's first time prepares its statements.
        for ask in [first, second] { _ = try await fire.untallied(ask) }
        let one = try await traced(first, fire)
        let other = try await traced(second, fire)
        #expect(one.text == other.text)
        let differing = Set(one.statements).symmetricDifference(other.statements)
        #expect(differing == [], "of \(one.statements.count) statements")
        #expect(!one.statements.isEmpty)
        try await gateway.takeEntriesAsTold()
        await fire.hangUp()
    }

    /// 支援措置: whoever is not to be disclosed is read by the same statements and in the same words, and no
    /// address leaves of anybody.
    @Test func `who is not disclosed is asked about as everybody is`() async throws {
        let fire = try Fire(gateway)
        let open = try await settled(fire, isNotDisclosed: false)
        let hidden = try await settled(fire, isNotDisclosed: true)
        for deed in Deed.institution + Deed.resident where !Self.elsewhere.contains(deed.id) {
            let asks = (try await deed.make(fire, open), try await deed.make(fire, hidden))
            guard asks.0.method == "GET" || deed.id == "submitEligibilityCheck" else { continue }
            for ask in [asks.0, asks.1] { _ = try await fire.untallied(ask) }
            let one = try await traced(asks.0, fire)
            let other = try await traced(asks.1, fire)
            let comment = Comment(rawValue: deed.id)
            #expect(
                Self.without(open, one.text) == Self.without(hidden, other.text), comment)
            let differing = Set(one.statements).symmetricDifference(other.statements)
            #expect(differing == [], comment)
            for text in [one.text, other.text] { #expect(!text.contains("見本町"), comment) }
        }
        try await gateway.takeEntriesAsTold()
        await fire.hangUp()
    }

    private func settled(_ fire: Fire, isNotDisclosed: Bool) async throws -> FirePerson {
        let person = try await fire.settle()
        let today = gateway.clock.today
        let row = person.resident.row(
            "kodomo", today.adding(days: -600), today.adding(days: -400), historyKey: "hidden",
            ["isNotDisclosed": .bool(isNotDisclosed)])
        try await gateway.hold([row])
        return person
    }

    /// A list that each reading lengthens, and keys that are nobody's.
    private static let elsewhere: Set = ["readOwnAccessLog", "readHealthCardKeys"]

    /// The text without what is this person's own: names, numbers, ids, and the digest over all of them.
    private static func without(_ person: FirePerson, _ text: String) -> String {
        person.marks.filter { $0.count > 5 }.reduce(text) { text, mark in
            text.replacing(mark, with: "OWN")
        }
        .replacing(#/住民\d+|LOT\d+|[RHP]-\d+|\be\d+\b/#, with: "OWN")
        .replacing(#/[a-p]{32,64}|[A-Za-z0-9+\/]{43}=/#, with: "OWN")
    }

    // MARK: Tracing

    private struct Traced {
        let text: String
        /// Each statement with how often it ran and how many rows it touched; not the gateway's own look
        /// for files to work on, which goes by the clock.
        let statements: [String]
    }

    private static let repeats = 4

    private func traced(_ ask: Ask, _ fire: Fire) async throws -> Traced {
        try await gateway.sql { transaction in
            try transaction.script("create extension if not exists pg_stat_statements")
            _ = try transaction.query(
                Statement(
                    """
                    select pg_stat_statements_reset(0,
                        (select oid from pg_database where datname = current_database()), 0)::text
                    """))
        }
        var text = ""
        for _ in 0..<Self.repeats {
            let answer = try await fire.untallied(ask)
            #expect(answer.status < 500)
            text =
                "\(answer.status) "
                + IsolationTests.masked(answer.text)
                .replacing(#/Patient\/[a-p]{32}/#, with: "PATIENT")
        }
        let statements = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select s.queryid || ' ' || left(s.query, 60), s.calls, s.rows
                    from pg_stat_statements s
                        join pg_database d on d.oid = s.dbid
                        join pg_roles r on r.oid = s.userid
                    where d.datname = current_database() and s.calls >= $1
                        and r.rolname in ('tsunagi_gateway', 'tsunagi_office')
                        and s.query not like '%from office.file f%'
                    order by 1, 2, 3
                    """), [.int(Self.repeats)]
            ).map { "\(try $0.int(1)) \(try $0.int(2)) \(try $0.text(0))" }
        }
        return Traced(text: text, statements: statements)
    }
}

import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 同一人の記録の統合: two records answer as one whichever card is read, and undone they are as they were.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RecordMergeTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private typealias Settled = (resident: TestResident, card: SoftwareCard)

    private var today: CalendarDay { gateway.clock.today }

    private func certificate(
        _ resident: TestResident, from: Int = -200, to: Int = 200, historyKey: String = "1",
        _ changes: [String: JSON?] = [:]
    ) -> JSON {
        resident.row(
            "kodomo", today.adding(days: from), today.adding(days: to), historyKey: historyKey,
            changes)
    }

    private func join(_ gone: TestResident, into stays: TestResident, _ sequence: String = "merge")
        async throws
    {
        let answer = try await gateway.tellTwice([gateway.merge(gone, into: stays, sequence)])
        try answer.expect(202)
        guard answer.int("applied") == 1 else {
            Issue.record("not merged: \(try await gateway.codes(of: answer))")
            return
        }
    }

    private func part(_ gone: TestResident, from stays: TestResident, _ sequence: String = "merge")
        async throws
    {
        let answer = try await gateway.tellTwice([gateway.undo(gone, from: stays, sequence)])
        #expect(answer.int("applied") == 1, "\(answer.text)")
    }

    /// What is told of subsidies, whoever stands behind it, and where the two live.
    private func state(_ residents: [TestResident]) async throws -> [String] {
        let made = try await gateway.send(Cast.town, "POST", "/statements/subsidy")
        let note = try SignedNote(Array(made.text("note").utf8))
        let statement = try HoldingStatement(reading: note.body)
        let numbers = residents.map { "R-00\($0.index)" }
        let held = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select e.body || ' ' || e.recipient_number || ' ' || e.valid_from || ' ' || e.valid_to
                        || ' ' || (select string_agg(distinct i.name, ',') from exchange.identity i
                            where i.person = e.person and not exists (
                                select 1 from exchange.identity later where later.person = i.person
                                    and later.body = i.body and later.version > i.version))
                        || ' ' || (
                            select string_agg(h.from_day || ' ' || h.municipality, ',' order by h.from_day)
                            from (
                                select distinct on (r.from_day) r.from_day, r.municipality
                                from exchange.residence r where r.person = e.person
                                order by r.from_day, r.version desc) h)
                    from exchange.entitlement e
                    where e.recipient_number = any ($1) and not e.is_deleted and not exists (
                        select 1 from exchange.entitlement later
                        where later.person = e.person and later.body = e.body
                            and later.history_key = e.history_key and later.version > e.version)
                    order by 1
                    """), [.texts(numbers)]
            ).map { try $0.text(0) }
        }
        return ["\(statement.rows) \(statement.root)"] + held
    }

    private func outcomes(_ card: SoftwareCard, _ days: [Int] = [0]) async throws -> [String?] {
        let visit = try await gateway.openVisit(card)
        var outcomes: [String?] = []
        for day in days {
            outcomes.append(
                try await gateway.check(visit, day: today.adding(days: day)).outcome(of: "kodomo"))
        }
        return outcomes
    }

    @Test func `either card is answered the same, and what was answered stays what it was`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        let before = try await gateway.openVisit(gone.card)
        let told = try await gateway.check(before)
        #expect(told.outcome(of: "kodomo") == "entitled")
        #expect(try await outcomes(stays.card) != ["entitled"])
        try await join(gone.resident, into: stays.resident)
        let days = [-201, -200, -1, 0]
        let both = [try await outcomes(stays.card, days), try await outcomes(gone.card, days)]
        #expect(
            both[0] == both[1] && both[0][1...] == ["entitled", "entitled", "entitled"], "\(both)")
        // One person, one patient: a visit opened with either card is the same patient's.
        let patients = [
            try await gateway.openVisit(stays.card).patient,
            try await gateway.openVisit(gone.card).patient,
        ]
        #expect(patients[0] == patients[1] && patients[0] != before.patient)
        // The visit from before goes on, and its answer is decided again from what was known then.
        #expect(try await gateway.check(before).outcome(of: "kodomo") == "entitled")
        let again = try await gateway.send(
            Cast.clinic, "GET", "/fhir/CoverageEligibilityResponse/\(told.text("id"))")
        #expect(again.body == told.body, "\(again.text)")
        // By the patient's id of now as by the one from before, what was told is found.
        for patient in [before.patient, patients[0]] {
            let found = try await gateway.search(
                Cast.clinic, "/fhir/CoverageEligibilityResponse/_search", [("patient", patient)])
            #expect(found.entries.contains { $0["id"]?.string == told.text("id") })
        }
        // By the paper certificate, too, they are one.
        let paper = (
            payer: TestResident.payerNumber, recipient: "R-00\(gone.resident.index)",
            born: stays.resident.dateOfBirth
        )
        try await gateway.openPaperVisit(paper).expect(201)
        // What the municipality sends on under either number is of the one.
        let sent = try await gateway.register([certificate(gone.resident)])
        #expect(sent.int("unchanged") == 1, "\(sent.text)")
        try await gateway.hold([certificate(gone.resident, from: -220)])
        #expect(try await outcomes(stays.card, [-215]) == ["entitled"])
    }

    /// An old defect: a card that one record's card had superseded was somebody else's to the other record.
    @Test func `a card of either record is the one person's`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let (lost, renewed) = (try gateway.card(), try gateway.card())
        try await gateway.feed([gone.resident.binding(renewed, supersedes: lost)])
        let feed = { [gateway] in
            try await gateway.send(
                Cast.authority, "POST", "/card-feed/events",
                body: .array([stays.resident.binding(lost)]))
        }
        #expect(try await feed().int("refused") == 1)
        try await join(gone.resident, into: stays.resident)
        #expect(try await feed().int("refused") == 0)
        let body = try await gateway.visitBody(lost)
        try await gateway.expect(.cardSuperseded, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
        let patient = try await gateway.openVisit(stays.card).patient
        #expect(try await gateway.openVisit(renewed).patient == patient)
    }

    @Test func `the resident sees both histories, and who looked at either, each with its proof`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        let before = try await gateway.openVisit(gone.card)
        try await gateway.check(before).expect(200)
        try await gateway.openVisit(stays.card, at: Cast.pharmacy).id.isEmpty ? () : ()
        let session = try await gateway.session(of: gone.card)
        try await join(gone.resident, into: stays.resident)
        try await gateway.sealEpoch()
        // A session begun under the absorbed record goes on as the one person's.
        for token in [session, try await gateway.session(of: stays.card)] {
            func own(_ path: String) async throws -> TLSClient.Answer {
                let answer = try await gateway.send(Cast.portal, "GET", path, headers: [token])
                try answer.expect(200)
                return answer
            }
            #expect(try await own("/fhir/Coverage").text.contains("R-00\(gone.resident.index)"))
            let visits = try await own("/fhir/Consent").text
            #expect(visits.contains(Cast.clinic.code) && visits.contains(Cast.pharmacy.code))
            #expect(try await own("/fhir/Communication").text.contains("\"records-merged\""))
            let first = try await own("/fhir/AuditEvent?_count=100")
            let second = try await own("/fhir/AuditEvent?_count=100&record=1")
            let links = first.json["link"]?.array ?? []
            let related = links.compactMap(\.object).first { $0["relation"]?.string == "related" }
            #expect(related?["url"]?.string?.hasSuffix("/fhir/AuditEvent?record=1") == true)
            #expect(!first.text.contains("check-eligibility"))
            #expect(second.text.contains("check-eligibility"))
            #expect(first.text.contains("register-life-events"))
            #expect(second.text.contains("register-life-events"))
            for list in [first, second] {
                let (mine, stranger) = try await ListVerdicts.of(
                    [list.body], under: gateway.sealKey)
                #expect(
                    mine.status == 0 && stranger.status == 0, "\(mine.output)\(stranger.output)")
            }
            let none = try await gateway.send(
                Cast.portal, "GET", "/fhir/AuditEvent?record=2", headers: [token])
            gateway.expect(.recordUnknown, in: none)
        }
        try await part(gone.resident, from: stays.resident)
        // Whoever came in as the one person may be the other: begun anew, each sees its own.
        try await gateway.expect(.tokenRevoked, of: .readOwnNotices, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", "/fhir/Communication", headers: [session])
        }
        let own = try await gateway.session(of: stays.card)
        let alone = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent?record=1", headers: [own])
        gateway.expect(.recordUnknown, in: alone)
    }

    /// Which of these the resident reads, newest first.
    private func told(_ card: SoftwareCard) async throws -> [String] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication",
            headers: [try await gateway.session(of: card)])
        try answer.expect(200)
        return answer.entries.compactMap { notice in
            let category = notice["category"]?.array?.first?.object
            return category?["coding"]?.array?.first?.object?["code"]?.string
        }.filter { ["life-event", "records-merged", "records-parted"].contains($0) }
    }

    @Test func `a merge and its undoing are told as what they are, and only what has an effect`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await join(gone.resident, into: stays.resident)
        #expect(try await told(stays.card) == ["records-merged"])
        #expect(try await told(gone.card) == ["records-merged"])
        try await part(gone.resident, from: stays.resident)
        #expect(try await told(stays.card) == ["records-parted", "records-merged"])
        // What was told while they were one is the survivor's.
        #expect(try await told(gone.card) == ["records-parted"])
        let (kept, lost) = try await gateway.settleTwice()
        try await part(lost.resident, from: kept.resident)
        try await join(lost.resident, into: kept.resident)
        #expect(try await told(kept.card).isEmpty)
        #expect(try await told(lost.card).isEmpty)
    }

    @Test func `a portal that knew the record that went goes on under either id`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let other = Cast.otherPortal
        func begin(_ card: SoftwareCard, at portal: Party) async throws -> (
            answer: TLSClient.Answer, token: RunningGateway.Header
        ) {
            let body = try await gateway.tokenBody(card, at: portal)
            let answer = try await gateway.send(portal, "POST", "/tokens", body: .object(body))
            try answer.expect(201)
            return (answer, ("Authorization", "Bearer \(answer.text("access_token"))"))
        }
        func id(_ card: SoftwareCard, at portal: Party) async throws -> String {
            try await gateway.patient(try await begin(card, at: portal).token, at: portal)
        }
        func replaced(_ card: SoftwareCard, at portal: Party) async throws -> [String]? {
            let answer = try await begin(card, at: portal).answer
            return answer.json["replaces"]?.array?.compactMap(\.string)
        }
        func save(_ card: SoftwareCard, as patient: String) async throws -> TLSClient.Answer {
            try await gateway.send(
                other, "POST", RunningGateway.responsePath,
                headers: [try await begin(card, at: other).token],
                body: try await gateway.answers(to: "dpt-ipv-hib", patient))
        }
        // Each portal knows one of the two.
        let first = try await id(stays.card, at: Cast.portal)
        let second = try await id(gone.card, at: other)
        try await join(gone.resident, into: stays.resident)
        #expect(try await id(gone.card, at: Cast.portal) == first)
        let now = try await id(stays.card, at: other)
        #expect(now != second)
        for card in [stays.card, gone.card] {
            #expect(try await replaced(card, at: other) == [second])
            #expect(try await replaced(card, at: Cast.portal) == nil)
        }
        try await part(gone.resident, from: stays.resident)
        // Two again, each is known by its own alone.
        #expect(try await replaced(stays.card, at: other) == nil)
        #expect(try await id(gone.card, at: other) == second)
        gateway.expect(
            .patientDiffers("subject.reference"), in: try await save(stays.card, as: second))
        try await join(gone.resident, into: stays.resident, "again")
        let saved = try await save(gone.card, as: second)
        try saved.expect(201)
        #expect(saved.json["subject"]?.object?["reference"]?.string == now)
        // The same answers by the id of now are those that are held.
        try await save(stays.card, as: now).expect(200)
    }

    @Test func `undone, everything is as it was before`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        try await gateway.hold([
            certificate(stays.resident, from: -900, to: -300, historyKey: "0")
        ])
        let residents = [stays.resident, gone.resident]
        let before = try await state(residents)
        #expect(before.count == 3)
        for round in ["first", "second"] {
            try await join(gone.resident, into: stays.resident, round)
            let joined = try await state(residents)
            #expect(joined[0] == before[0], "the town's statement names nobody's record")
            #expect(try await outcomes(stays.card) == ["entitled"])
            let visit = try await gateway.openVisit(gone.card)
            try await part(gone.resident, from: stays.resident, round)
            #expect(try await state(residents) == before)
            #expect(try await outcomes(gone.card) == ["entitled"])
            #expect(try await outcomes(stays.card) != ["entitled"])
            // A visit that was opened as the one person's has ended, and shows nothing of the other.
            #expect(try await gateway.check(visit).outcome(of: "kodomo") != "entitled")
        }
    }

    @Test func `what is said after a merge stays where it was said`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        try await join(gone.resident, into: stays.resident)
        try await gateway.hold([certificate(stays.resident, to: 250)])
        try await part(gone.resident, from: stays.resident)
        #expect(try await outcomes(stays.card) == ["entitled"])
        #expect(try await outcomes(gone.card) != ["entitled"])
    }

    @Test func `whatever the order and however often it is told, it comes to the same`()
        async throws
    {
        var ends: Set<[String]> = []
        for order in 0..<6 {
            let (stays, gone) = try await gateway.settleTwice()
            let residents = [stays.resident, gone.resident]
            let merge = gateway.merge(gone.resident, into: stays.resident)
            // They were away for a while, as two towns tell of the absorbed record.
            let away = gateway.lifeEvent(
                .movedIn, of: gone.resident, "away", on: today.adding(days: -700))
            let back = gateway.lifeEvent(
                .movedIn, of: gone.resident, "back", on: today.adding(days: -600))
            let steps: [() async throws -> Void] = [
                { try await gateway.tellTwice([merge]).expect(202) },
                {
                    try await gateway.tell([away], by: Cast.otherTown).expect(202)
                    try await gateway.tell([back]).expect(202)
                },
                { try await gateway.register([certificate(gone.resident)]).expect(202) },
            ]
            let orders = [
                [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0, 0], [2, 0, 1, 2], [2, 1, 0, 1],
            ]
            for step in orders[order] { try await steps[step]() }
            let held = try await state(residents).dropFirst().map {
                $0.replacing("R-00\(gone.resident.index)", with: "R")
                    .replacing(stays.resident.name, with: "N")
            }
            ends.insert(held)
            #expect(try await outcomes(stays.card) == ["entitled"])
        }
        #expect(ends.count == 1 && ends.first?.count == 1, "\(ends)")
        #expect(ends.first?.first?.contains(Cast.otherTown.code) == true, "\(ends)")
        // An undoing that is told of first: the merge never was.
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        let before = try await state([stays.resident, gone.resident])
        try await part(gone.resident, from: stays.resident)
        try await join(gone.resident, into: stays.resident)
        #expect(try await state([stays.resident, gone.resident]) == before)
        #expect(try await outcomes(stays.card) != ["entitled"])
    }

    @Test func `who is protected under either record is protected, until the merge is undone`()
        async throws
    {
        for way in ["list", "event"] {
            let (stays, gone) = try await gateway.settleTwice()
            if way == "list" {
                try await gateway.hold([
                    certificate(gone.resident, ["isNotDisclosed": .bool(true)])
                ])
            } else {
                let hide = gateway.lifeEvent(
                    .movedWithin, of: gone.resident, "hide", on: today,
                    ["isNotDisclosed": .bool(true)])
                try await gateway.tell([hide]).expect(202)
            }
            func withheld() async throws -> Int {
                try await gateway.count(
                    """
                    select count(distinct w.person) from exchange.withheld w where w.person in (
                        select person from exchange.record_merge where sequence like $1
                        union select survivor from exchange.record_merge where sequence like $1)
                    """, [.text("merge-\(gone.resident.index)-%")])
            }
            try await join(gone.resident, into: stays.resident)
            #expect(try await withheld() == 2, "\(way)")
            try await part(gone.resident, from: stays.resident)
            #expect(try await withheld() == 1, "\(way)")
        }
    }

    @Test func `an institution that the resident stopped under either record stays stopped`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(stays.resident)])
        let token = try await gateway.session(of: gone.card)
        let block = try await gateway.send(
            Cast.portal, "POST", "/blocks", headers: [token],
            body: .object(
                JSONObject([.init(name: "institution", value: .string(Cast.clinic.code))])))
        try block.expect(201)
        #expect(try await outcomes(stays.card) == ["entitled"])
        try await join(gone.resident, into: stays.resident)
        #expect(try await outcomes(stays.card) != ["entitled"])
        #expect(try await outcomes(gone.card) != ["entitled"])
        try await part(gone.resident, from: stays.resident)
        #expect(try await outcomes(stays.card) == ["entitled"])
    }

    @Test func `a merge comes by file as by the API, once a second person confirmed the file`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        // The town knows both by keys of its own.
        let known = [stays, gone].map {
            gateway.lifeEvent(.movedWithin, of: $0.resident, "known", on: today)
        }
        try await gateway.tell(known).expect(202)
        let header =
            "異動通番,自治体別本人キー,個人番号,異動事由,異動年月日,届出年月日,氏名,氏名カナ,通称,生年月日,性別,住所,"
            + "相手市区町村コード,訂正する異動通番,統合される自治体別本人キー,不開示フラグ\r\n"
        let line =
            "f-\(gone.resident.index),L-\(stays.resident.index),,41,\(today.text),\(today.text),,,,,,,,,"
            + "L-\(gone.resident.index),0\r\n"
        let waiting = try await gateway.take(
            Array((header + line).utf8), as: "residence-moves", operatorID: "sato",
            field: "residence")
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        #expect(try await outcomes(stays.card) != ["entitled"])
        let (file, effect) = (
            waiting.text("file"), waiting.json["effect"]?.object?["hash"]?.string ?? ""
        )
        let alone = try await gateway.decide(
            "confirm", on: file, effect: effect, as: "residence-moves", operatorID: "sato")
        gateway.expect(.secondPersonNeeded, in: alone)
        try await gateway.decide(
            "confirm", on: file, effect: effect, as: "residence-moves", operatorID: "suzuki"
        ).expect(200)
        let done = try await gateway.settled(file, as: "residence-moves")
        #expect(done.number("additions") == 1, "\(done.text)")
        #expect(try await outcomes(stays.card) == ["entitled"])
    }
}

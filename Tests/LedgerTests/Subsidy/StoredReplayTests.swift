import Crypto
import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing

/// 再現: whatever was registered since, an answer decided again from the versions it cites is the
/// answer that was given.
@Suite struct StoredReplayTests {
    struct Asked: Sendable {
        let id: RecordID
        let body: [UInt8]
        let day: CalendarDay
    }

    static let types: [(Caller, String, String?)] = [
        (LedgerWorld.koganei, "kodomo", nil), (LedgerWorld.koganei, "hitorioya", "1"),
        (LedgerWorld.koganei, "shogai", "2"), (LedgerWorld.tokyo, "nanbyo", nil),
    ]

    /// A row of some type: valid around today, sometimes deleted, sometimes speaking of somebody else.
    private static func row(_ numbers: inout Seeded, today: CalendarDay) -> (Caller, SampleRow) {
        let (body, type, segment) = numbers.pick(types)
        let days = [numbers.int(-60...60), numbers.int(-60...60)].sorted()
        return (
            body,
            SampleRow(
                type: type, key: "h\(numbers.int(0...2))",
                birth: numbers.oneIn(6) ? "1990-01-01" : "2020-04-01",
                segment: segment, recipient: numbers.digits(7),
                from: today.adding(days: days[0]).text,
                to: today.adding(days: days[1]).text, isDeleted: numbers.oneIn(5))
        )
    }

    @Test(arguments: Seeded.seeds(12))
    func `an answer recomputed after later registrations meets its digest`(seed: UInt64)
        async throws
    {
        try await LedgerWorld.with { world in
            var numbers = Seeded(seed)
            let someone = Someone(name: "seed \(seed)")
            try await world.welcome(someone)
            let visit = try await world.openVisit(someone, nonce: "n")
            let today = visit.term.opened.dayInJapan
            var asked: [Asked] = []
            for step in 0..<10 {
                let (body, row) = Self.row(&numbers, today: today)
                _ = try await world.register([row], of: someone, by: body, key: "\(step)")
                let (id, bytes) = try await world.check(visit, on: today)
                asked.append(Asked(id: id, body: bytes, day: today))
                if numbers.oneIn(3) { try await Self.meet(asked, world) }
            }
            try await Self.meet(asked, world)
            // Had nothing changed, meeting the digests would show nothing.
            let texts = asked.map { Self.withoutTimes($0) }
            #expect(Set(texts).count > 1)
        }
    }

    private static func withoutTimes(_ asked: Asked) -> String {
        let text = String(decoding: asked.body, as: UTF8.self)
        guard case .object(let object)? = try? JSON(reading: asked.body) else { return text }
        return (object["insurance"] ?? .null).text + (object["disposition"] ?? .null).text
    }

    private static func meet(_ asked: [Asked], _ world: LedgerWorld) async throws {
        for one in asked {
            let shelf = world.ledger.rules
            let replayed = try await world.ledger.access(LedgerWorld.clinic, .replayEligibility) {
                records -> (bytes: [UInt8], digest: [UInt8]) in
                let replay = try records.replay(of: one.id)
                let rules = try shelf.kept(replay.basis.rulesVersion).subsidy
                records.enter(replay.person, visit: replay.visit)
                let question = EligibilityQuestion(
                    institution: replay.institution, serviceDate: replay.basis.serviceDate,
                    visitID: replay.visit.text, patientID: replay.patient,
                    purposes: replay.basis.purposes)
                let answer = answerEligibility(question, replay.facts, rules)
                return (
                    answer.render(
                        id: one.id.text, requestID: one.id.text, question: question,
                        created: replay.basis.decidedAt, rules: rules), replay.digest
                )
            }
            #expect(replayed.bytes == one.body)
            #expect(Array(SHA256.hash(data: replayed.bytes)) == replayed.digest)
        }
    }

    private static let setForm = """
        update log.access_entry set basis = regexp_replace(basis, '"form":[0-9]+', '"form":99')
        where purpose = 'check-eligibility'
        """

    @Test func `an answer of another release's form is not passed off as changed`() async throws {
        try await LedgerWorld.with { world in
            let someone = Someone(name: "form")
            try await world.welcome(someone)
            let visit = try await world.openVisit(someone, nonce: "n")
            let (id, _) = try await world.check(visit, on: visit.term.opened.dayInJapan)
            try await world.manipulate(Self.setForm)
            let read = try await world.texts(
                "select basis from log.access_entry where purpose = 'check-eligibility'")
            #expect(read.first?.contains("\"form\":99") == true)
            await #expect(throws: Refusal.answerFormUnknown) {
                _ = try await world.ledger.access(LedgerWorld.clinic, .replayEligibility) {
                    try $0.replay(of: id).id
                }
            }
        }
    }

    /// A gateway that was started after other rules were loaded has not read the older ones.
    @Test func `the rules of an older answer are fetched, and none are made up`() async throws {
        try await LedgerWorld.with { world in
            let old = try world.ledger.rules.current().version
            var files = ProfileFiles.all
            let path = "access/visit-kinds.json"
            let text = String(decoding: try #require(files[path]), as: UTF8.self)
            files[path] = Array(text.replacing("31", with: "30").utf8)
            let new = try await RuleShelf.load(files, into: world.pool)
            let ledger = Ledger(
                .init(gateway: world.owner.with(user: "tsunagi_gateway"), office: nil),
                logger: TestPostgres.logger)
            try await ledger.prepare()
            #expect(try ledger.rules.current().version == new)
            let shelf = ledger.rules
            let runs = Atomic<Int>(0)
            let read = try await ledger.access(LedgerWorld.clinic, .readEligibility) { records in
                runs.add(1, ordering: .relaxed)
                let version = try shelf.kept(old).version
                records.enter(nil)
                return version
            }
            #expect(read == old)
            #expect(runs.load(ordering: .relaxed) == 2)
            await #expect(throws: Refusal.rulesUnknown) {
                try await ledger.access(LedgerWorld.clinic, .readEligibility) { records in
                    records.enter(nil)
                    _ = try shelf.kept("never-loaded")
                }
            }
            await ledger.shutdown()
            let entries = try await world.texts(
                "select outcome from log.access_entry where purpose = 'read-eligibility' order by at"
            )
            #expect(entries == ["ok", "rules-unknown"])
        }
    }

    @Test func `a replay is for the institution that asked, and for bodies it was decided from`()
        async throws
    {
        try await LedgerWorld.with { world in
            let someone = Someone(name: "one")
            try await world.welcome(someone)
            let visit = try await world.openVisit(someone, nonce: "n")
            let (id, _) = try await world.check(visit, on: visit.term.opened.dayInJapan)
            await #expect(throws: Refusal.recordUnknown) {
                try await world.ledger.access(LedgerWorld.pharmacy, .replayEligibility) { records in
                    let replay = try records.replay(of: id)
                    records.enter(replay.person)
                }
            }
            for body in [LedgerWorld.koganei, LedgerWorld.tokyo] {
                let seen = try await world.ledger.access(body, .replayEligibility) { records in
                    let replay = try records.replayForBody(
                        of: id, orNamed: EntryNames(byVersion: [], count: 0))
                    records.enter(replay.person)
                    return replay.id
                }
                #expect(seen == id)
            }
        }
    }
}

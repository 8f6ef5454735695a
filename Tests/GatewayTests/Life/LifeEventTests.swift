import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 住民異動: told by the old municipality and the new one in any order, it comes to the same homes and
/// entitlements, without a day that is nobody's or two bodies'.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct LifeEventTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private var left: CalendarDay { today.adding(days: -20) }
    private var arrived: CalendarDay { today.adding(days: -15) }

    /// A resident of the town, with a card and an entitlement there that lasts.
    private func settle() async throws -> (resident: TestResident, card: SoftwareCard) {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -200), today.adding(days: 200))
        ])
        return (resident, card)
    }

    @discardableResult
    private func take(
        _ rows: [JSON], by municipality: Party = Cast.town, applied: Int? = nil, key: String? = nil
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.tell(rows, by: municipality, key: key)
        try answer.expect(202)
        #expect(answer.int("applied") == applied ?? rows.count, "\(answer.text)")
        return answer
    }

    private func moveOut(_ resident: TestResident) -> JSON {
        gateway.lifeEvent(
            .movedOut, of: resident, "out", on: left,
            ["otherMunicipality": .string(Cast.otherTown.code)])
    }

    private func moveIn(_ resident: TestResident) -> JSON {
        gateway.lifeEvent(
            .movedIn, of: resident, "in", on: arrived,
            ["otherMunicipality": .string(Cast.town.code)])
    }

    /// Whose the resident was on each of the last days, and what the town's entitlement now says.
    private func state(_ resident: TestResident) async throws -> [String] {
        let today = today
        return try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    with who as (
                        select person from exchange.life_event where identity_key = $1 limit 1)
                    select d.day::date::text || ' ' || coalesce((
                        select r.municipality from exchange.residence r
                        where r.person = (select person from who) and r.from_day <= d.day
                        order by r.from_day desc, r.version desc limit 1), '')
                    from generate_series($2::date - 40, $2::date + 1, interval '1 day') d(day)
                    union all
                    select e.body || ' ' || e.valid_from || ' ' || e.valid_to || ' ' || e.is_deleted
                    from exchange.entitlement e
                    where e.person = (select person from who) and not exists (
                        select 1 from exchange.entitlement later
                        where later.person = e.person and later.body = e.body
                            and later.version > e.version)
                    """), [.text("L-\(resident.index)"), .day(today.daysSince1970)]
            ).map { try $0.text(0) }
        }
    }

    @Test func `old and new municipality in any order come to the same`() async throws {
        var states: Set<[String]> = []
        for order in 0..<3 {
            let (resident, card) = try await settle()
            let (out, into) = (moveOut(resident), moveIn(resident))
            if order == 0 { try await take([out]) }
            try await take([into], by: Cast.otherTown, key: "in-\(resident.index)")
            if order > 0 { try await take([out]) }
            if order == 2 {
                try await take([into], by: Cast.otherTown, key: "in-\(resident.index)")
                try await take([out], applied: 0)
            }
            try await gateway.hold(
                [resident.row("kodomo", arrived, today.adding(days: 300))], by: Cast.otherTown)
            let visit = try await gateway.openVisit(card)
            // The days between leaving and arriving are the old one's: no gap, and no double.
            for (day, body) in [
                (arrived.adding(days: -1), Cast.town), (arrived, Cast.otherTown),
                (today, Cast.otherTown),
            ] {
                let answer = try await gateway.check(visit, day: day)
                let held = answer.parts("eligibility-outcome").filter {
                    $0["code"]?.object?["code"]?.string == "entitled"
                }
                let bodies = held.map { $0["body"]?.object?["code"]?.string }
                #expect(bodies == [body.code], "\(order) \(day.text) \(answer.text)")
            }
            states.insert(try await state(resident))
        }
        #expect(states.count == 1, "\(states)")
        let last = arrived.adding(days: -1).text
        let ended = states.first?.contains { $0.hasPrefix(Cast.town.code) && $0.contains(last) }
        #expect(ended == true, "\(states)")
    }

    @Test
    func `what follows in the prefecture is answered at the new home, and what does not has ended`()
        async throws
    {
        let near = "231002"
        let since = today.adding(days: -3000)
        _ = try await gateway.registry.connect(Cast.silentTown, since: since)
        let (resident, card) = try await gateway.settle(in: Cast.silentTown)
        let own = ["shogai", "kodomo"].map {
            resident.row($0, today.adding(days: -200), today.adding(days: 200))
        }
        try await gateway.hold(own, by: Cast.silentTown)
        func answered(_ day: CalendarDay) async throws -> [String?] {
            let answer = try await gateway.check(gateway.openVisit(card), day: day)
            return ["shogai", "kodomo"].map { answer.outcome(of: $0) }
        }
        #expect(try await answered(today) == ["entitled", "entitled"])
        let out = gateway.lifeEvent(
            .movedOut, of: resident, "out", on: left, ["otherMunicipality": .string(near)])
        try await take([out], by: Cast.silentTown)
        let moved = try await answered(today)
        #expect(moved[0] == "entitled" && moved[1] != "entitled", "\(moved)")
        #expect(try await answered(left.adding(days: -1)) == ["entitled", "entitled"])
        // Out of the prefecture it goes on no longer.
        try await take([moveIn(resident)], by: Cast.otherTown)
        #expect(try await answered(today)[0] != "entitled")
        _ = try await gateway.registry.disconnect(Cast.silentTown)
    }

    @Test func `a death ends entitlements and opens no visit, and taken back it never was`()
        async throws
    {
        let (resident, card) = try await settle()
        let before = try await gateway.openVisit(card)
        let token = try await gateway.session(of: card)
        let died = today.adding(days: -3)
        try await take([gateway.lifeEvent(.died, of: resident, "died", on: died)])
        let body = try await gateway.visitBody(card)
        try await gateway.expect(.residentDeceased, of: .openVisit, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "POST", "/visits", body: .object(body))
        }
        let paper = (
            payer: TestResident.payerNumber, recipient: "R-00\(resident.index)",
            born: resident.dateOfBirth
        )
        try await gateway.expect(.residentDeceased, of: .openPaperVisit, from: Cast.paperClinic) {
            try await gateway.openPaperVisit(paper)
        }
        try await gateway.expect(.tokenRevoked, of: .readOwnNotices, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", "/fhir/Communication", headers: [token])
        }
        let tokenBody = try await gateway.tokenBody(card)
        try await gateway.expect(.residentDeceased, of: .beginResidentSession, from: Cast.portal) {
            try await gateway.send(Cast.portal, "POST", "/tokens", body: .object(tokenBody))
        }
        // What was given before is still answered by the visit of that day.
        let then = try await gateway.check(before, day: died)
        #expect(then.outcome(of: "kodomo") == "entitled", "\(then.text)")
        #expect(try await gateway.check(before).text.contains("residence-unknown"))
        try await take([
            gateway.lifeEvent(
                .cancelled, of: resident, "undo", on: died,
                ["corrects": .string("died-\(resident.index)")])
        ])
        let again = try await gateway.check(gateway.openVisit(card))
        #expect(again.outcome(of: "kodomo") == "entitled", "\(again.text)")
    }

    @Test func `what a body registers after the event is ended by it all the same`() async throws {
        let (resident, _) = try await settle()
        try await take([moveIn(resident)], by: Cast.otherTown)
        let row = resident.row("kodomo", today.adding(days: -200), today.adding(days: 250))
        try await gateway.hold([row])
        let until = try await state(resident).first { $0.hasPrefix(Cast.town.code) }
        #expect(until?.contains(arrived.adding(days: -1).text) == true, "\(until ?? "")")
        let again = try await gateway.register([row])
        #expect(again.int("unchanged") == 1, "\(again.text)")
    }

    @Test func `bad events are refused row by row, and nothing of them stays`() async throws {
        let (resident, _) = try await settle()
        let stranger = gateway.people.next()
        func code(_ row: JSON, by town: Party = Cast.town) async throws -> String? {
            let answer = try await gateway.tell([row], by: town)
            try answer.expect(202)
            guard answer.int("refused") == 1 else { return nil }
            let report = try await gateway.send(
                town, "GET", "\(RunningGateway.lifePath)/\(answer.text("taskId"))")
            return report.results.first?.findings.first?["code"]?.string
        }
        let out = moveOut(resident)
        var byKey = try #require(moveOut(stranger).object).without("myNumber")
        #expect(try await code(.object(byKey)) == "not-own-resident")
        byKey = try #require(out.object).without("myNumber")
        // Nobody told the town of this key yet; a row with the number does.
        #expect(try await code(.object(byKey)) == "not-own-resident")
        #expect(try await code(out) == nil)
        let other = gateway.lifeEvent(.movedOut, of: resident, "out", on: today)
        #expect(try await code(other) == "sequence-reused")
        let ahead = gateway.lifeEvent(
            .died, of: resident, "later", on: today,
            ["knownOn": .string(today.adding(days: 2).text)])
        #expect(try await code(ahead) == "day-ahead")
        let home = gateway.lifeEvent(
            .movedOut, of: resident, "home", on: today,
            ["otherMunicipality": .string(Cast.town.code)])
        #expect(try await code(home) == "contradicts")
        let wrong = gateway.lifeEvent(
            .movedIn, of: resident, "wrong", on: today,
            ["name": "別人 太郎", "nameKana": "ベツジン タロウ", "dateOfBirth": "1961-02-03", "sex": "1"])
        #expect(try await code(wrong, by: Cast.otherTown) == "another-person")
        let taken = gateway.lifeEvent(.cancelled, of: resident, "undo", on: today)
        #expect(try await code(taken) == "required")
        // By the key alone, now that it is known.
        let key = try #require(
            gateway.lifeEvent(.renamed, of: resident, "name", on: today, ["name": "見本 改姓"]).object)
        #expect(try await code(.object(key.without("myNumber"))) == nil)
        let kept = try await gateway.count(
            "select count(*) from exchange.life_event where identity_key = $1",
            [.text("L-\(resident.index)")])
        #expect(kept == 2)
        let name = try await gateway.count(
            """
            select count(*) from exchange.identity i join exchange.life_event l using (person)
            where l.sequence = $1 and i.name = '見本 改姓' and i.body = $2
            """, [.text("name-\(resident.index)"), .text(Cast.town.code)])
        #expect(name == 1)
    }

    /// A slip of the pen in a correction was taken, and changed nothing.
    @Test func `a correction is taken back as any event is, and nobody corrects somebody else's`()
        async throws
    {
        let (resident, _) = try await settle()
        let (other, _) = try await settle()
        func tell(
            _ kind: LifeEvent.Kind, _ sequence: String, of person: TestResident,
            on day: CalendarDay, _ corrects: String
        ) async throws -> [String?] {
            let row = gateway.lifeEvent(
                kind, of: person, sequence, on: day, ["corrects": .string(corrects)])
            let answer = try await gateway.tell([row])
            try answer.expect(202)
            let report = try await gateway.send(
                Cast.town, "GET", "\(RunningGateway.lifePath)/\(answer.text("taskId"))")
            return report.results.flatMap(\.findings).map { $0["code"]?.string }
        }
        func isGone(since day: CalendarDay) async throws -> Bool {
            let days = try await state(resident)
            return days.contains("\(day.adding(days: -1).text) \(Cast.town.code)")
                && days.contains("\(day.text) \(Cast.otherTown.code)")
        }
        try await take([moveOut(resident)])
        #expect(try await isGone(since: left))
        let late = today.adding(days: -10)
        let out = "out-\(resident.index)"
        #expect(try await tell(.corrected, "fix", of: resident, on: late, out).isEmpty)
        #expect(try await isGone(since: late))
        let fix = "fix-\(resident.index)"
        #expect(try await tell(.cancelled, "unfix", of: resident, on: today, fix).isEmpty)
        #expect(try await isGone(since: left))
        let anothers = try await tell(.cancelled, "undo", of: other, on: today, out)
        #expect(anothers == ["corrects-another"])
        #expect(try await isGone(since: left))
        let kept = try await gateway.count(
            "select count(*) from exchange.life_event where identity_key = $1",
            [.text("L-\(other.index)")])
        #expect(kept == 0)
        // What it names may still come, and is taken back from the first.
        let within = "within-\(resident.index)"
        let early = try await tell(.cancelled, "early", of: resident, on: today, within)
        #expect(early == ["corrects-unknown"])
    }

    /// An event that was refused is none: what names it is told so, and is not held against its number.
    @Test func `a correction of an event that is refused with it waits for that event`()
        async throws
    {
        let (resident, _) = try await settle()
        let (other, _) = try await settle()
        let wrongDay = ["knownOn": JSON.string(today.adding(days: 2).text)]
        let stranger: [String: JSON] = [
            "name": .string("別人 太郎"), "nameKana": .string("ベツジン タロウ"),
            "dateOfBirth": .string("1961-02-03"), "sex": .string("1"),
        ]
        func fix(_ what: String, of person: TestResident) -> JSON {
            gateway.lifeEvent(
                .corrected, of: resident, "fix-\(what)", on: today.adding(days: -3),
                ["corrects": .string("\(what)-\(person.index)")])
        }
        let rows = [
            fix("ahead", of: resident), fix("anothers", of: other),
            gateway.lifeEvent(.movedWithin, of: resident, "ahead", on: today, wrongDay),
            gateway.lifeEvent(.movedIn, of: other, "anothers", on: today, stranger),
            // Taken, and corrected further up.
            fix("within", of: resident),
            gateway.lifeEvent(.movedWithin, of: resident, "within", on: today.adding(days: -4)),
        ]
        let answer = try await gateway.tell(rows)
        try answer.expect(202)
        let report = try await gateway.send(
            Cast.town, "GET", "\(RunningGateway.lifePath)/\(answer.text("taskId"))")
        let told = report.results.map { result in
            "\(result["line"]?.int ?? 0) \(result.findings.first?["code"]?.string ?? "")"
        }
        #expect(
            told == [
                "1 corrects-unknown", "2 corrects-unknown", "3 day-ahead", "4 another-person",
            ], "\(report.text)")
        #expect(answer.int("applied") == 4 && answer.int("refused") == 2, "\(answer.text)")
    }

    /// What the body says now.
    private func name(of resident: TestResident, by town: Party) async throws -> String? {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select i.name from exchange.identity i
                    join exchange.life_event l on l.person = i.person and l.municipality = i.body
                    where l.identity_key = $1 and i.body = $2 order by i.version desc limit 1
                    """), [.text("L-\(resident.index)"), .text(town.code)]
            ).first?.text(0)
        }
    }

    /// 氏名変更の取消: whichever of the two came first, the name is the one that the body had said.
    @Test func `a name change that is taken back leaves the name as it was`() async throws {
        func name(of resident: TestResident) async throws -> String? {
            try await self.name(of: resident, by: Cast.town)
        }
        func rename(_ resident: TestResident) -> JSON {
            gateway.lifeEvent(
                .renamed, of: resident, "name", on: today, ["name": "見本 改姓"])
        }
        func cancel(_ what: String, _ sequence: String, of resident: TestResident) -> JSON {
            gateway.lifeEvent(
                .cancelled, of: resident, sequence, on: today,
                ["corrects": .string("\(what)-\(resident.index)")])
        }
        let (first, _) = try await settle()
        try await take([rename(first)])
        #expect(try await name(of: first) == "見本 改姓")
        try await take([cancel("name", "undo", of: first)])
        #expect(try await name(of: first) == first.name)
        // The taking back was the mistake.
        try await take([cancel("undo", "redo", of: first)])
        #expect(try await name(of: first) == "見本 改姓")
        let (second, _) = try await settle()
        try await take([cancel("name", "undo", of: second)])
        try await take([rename(second)])
        #expect(try await name(of: second) == second.name)
        // Of two that followed each other each is taken back alone.
        let (third, _) = try await settle()
        try await take([rename(third)])
        try await take([
            gateway.lifeEvent(.renamed, of: third, "name2", on: today, ["name": "見本 再改姓"])
        ])
        try await take([cancel("name", "undo", of: third)])
        #expect(try await name(of: third) == "見本 再改姓")
        try await take([cancel("name2", "undo2", of: third)])
        #expect(try await name(of: third) == third.name)
    }

    /// 届いた順によらず: two changes of name and the taking back of the later one, alone or in one body.
    @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
    func `a name is reckoned from what was told, in whichever order it came`(order: [Int])
        async throws
    {
        for sizes in [[1, 1, 1], [2, 1], [1, 2], [3]] {
            let (resident, _) = try await settle()
            func rename(_ sequence: String, _ daysAgo: Int, _ name: String) -> JSON {
                gateway.lifeEvent(
                    .renamed, of: resident, sequence, on: today,
                    [
                        "name": .string(name),
                        "knownOn": .string(today.adding(days: -daysAgo).text),
                    ])
            }
            let events = [
                rename("first", 2, "見本 改姓"), rename("second", 1, "見本 再改姓"),
                gateway.lifeEvent(
                    .cancelled, of: resident, "undo", on: today,
                    ["corrects": .string("second-\(resident.index)")]),
            ]
            var rest = order.map { events[$0] }
            for size in sizes {
                try await take(Array(rest.prefix(size)))
                rest.removeFirst(size)
            }
            #expect(try await name(of: resident, by: Cast.town) == "見本 改姓", "\(order) \(sizes)")
        }
    }

    /// 初めての言葉: a municipality that knows somebody by events alone.
    @Test func `a change that came with the arrival is taken back alone`() async throws {
        let (resident, _) = try await settle()
        let town = Cast.otherTown
        let renamed = gateway.lifeEvent(
            .renamed, of: resident, "second", on: today, ["name": "見本 改姓"])
        try await take([moveIn(resident), renamed], by: town)
        #expect(try await name(of: resident, by: town) == "見本 改姓")
        try await take(
            [
                gateway.lifeEvent(
                    .cancelled, of: resident, "undo", on: today,
                    ["corrects": .string("second-\(resident.index)")])
            ], by: town)
        #expect(try await name(of: resident, by: town) == resident.name)
    }

    @Test
    func `who is protected is so before it is acknowledged, until the same list says otherwise`()
        async throws
    {
        let (resident, card) = try await settle()
        func isWithheld() async throws -> Bool {
            try await gateway.count(
                """
                select count(*) from exchange.withheld w join exchange.life_event l using (person)
                where l.identity_key = $1
                """, [.text("L-\(resident.index)")]) > 0
        }
        let yesterday = today.adding(days: -1).text
        try await take([
            gateway.lifeEvent(
                .movedWithin, of: resident, "hide", on: today,
                ["isNotDisclosed": .bool(true), "knownOn": .string(yesterday)])
        ])
        #expect(try await isWithheld())
        // The register of subsidies says nothing of it, and takes nothing back.
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -200), today.adding(days: 201))
        ])
        #expect(try await isWithheld())
        let notices = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
        #expect(notices.text.contains("\"life-event\""))
        try await take([gateway.lifeEvent(.movedWithin, of: resident, "show", on: today)])
        #expect(try await !isWithheld())
    }

    @Test func `moves come by file as by the API`() async throws {
        let (resident, _) = try await settle()
        let header =
            "異動通番,自治体別本人キー,個人番号,異動事由,異動年月日,届出年月日,氏名,氏名カナ,通称,生年月日,性別,住所,"
            + "相手市区町村コード,訂正する異動通番,不開示フラグ\r\n"
        let key = "L-\(resident.index)"
        func take(_ line: String) async throws -> TLSClient.Answer {
            try await gateway.take(
                Array((header + line + "\r\n").utf8), as: "residence-moves", field: "residence")
        }
        let out =
            "out-\(resident.index),\(key),\(resident.number),21,\(left.text),\(today.text),,,,,,,222216,,0"
        let taken = try await take(out)
        #expect(taken.number("additions") == 1, "\(taken.text)")
        let home = try await state(resident).contains("\(today.text) 222216")
        #expect(home)
        // The same event over the API, and the file again.
        try await self.take([moveOut(resident)], applied: 0)
        let again = try await take(out)
        #expect(again.number("unchanged") == 1, "\(again.text)")
        let incomplete = try await take(
            "in-\(resident.index),\(key),,11,\(left.text),\(today.text),,,,,,,,,0")
        #expect(incomplete.number("refused") == 1, "\(incomplete.text)")
    }
}

import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 月次の照合 over the wire: files in, every difference named, a closing that the log proves, and threads that
/// nothing is taken out of.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func month(_ number: Int) throws -> ServiceMonth {
        try ServiceMonth(year: 2021 + number / 12, month: number % 12 + 1)
    }

    // MARK: What is found

    @Test func `each planted error is found, with its evidence, its next step and an entry`()
        async throws
    {
        let month = try month(0)
        let good = try await gateway.enrol(month)
        let ended = try await gateway.enrol(
            month, ["validTo": .string("\(month.text)-05")])
        let refund = try await gateway.enrol(month, ["isAlwaysReimbursement": "1"])
        let capped = try await gateway.enrol(
            month, ["maxCopaymentAmount": try JSON(reading: #"{"perMonth":"500"}"#)])
        let other = try await gateway.enrol(month)
        let born = try await gateway.enrol(month)
        var crash = SentClaim(other.recipient)
        crash.extra = ",\"specialNotes\":[\"10\"]"
        var wrongBirth = SentClaim(born.recipient)
        wrongBirth.birth = "1950-01-01"
        var tooMuch = SentClaim(capped.recipient, copayment: 700)
        tooMuch.birth = capped.resident.dateOfBirth
        let sent = try await gateway.submit(
            [
                SentClaim(good.recipient), SentClaim(good.recipient), SentClaim(ended.recipient),
                SentClaim(refund.recipient), tooMuch,
                SentClaim("R-NOBODY"), crash, wrongBirth,
            ], month)
        try sent.expect(201)
        #expect(sent.int("claims") == 8)
        let (run, entries) = try await gateway.ask(
            Cast.town, "POST", "/claims/months/\(month.text)/runs")
        try run.expect(200)
        // Everybody whose certificate is in the month, once, and nobody else.
        #expect(entries.count == 6 && entries.allSatisfy { $0.hasPerson && $0.outcome == "ok" })
        #expect(Set(entries.map(\.purpose)) == ["reconcile-month"])
        let found = try await gateway.reasons(month)
        #expect(found[good.recipient] == ["DUPLICATE_RECEIPT"])
        #expect(found[ended.recipient] == ["NOT_ELIGIBLE_ON_DATE"])
        #expect(found[refund.recipient] == ["REFUND_ONLY"])
        #expect(found[capped.recipient]?.contains("AMOUNT_MISMATCH") == true)
        #expect(found[capped.recipient]?.contains("OVER_MONTHLY_CAP") == true)
        #expect(found["R-NOBODY"] == ["RECIPIENT_UNKNOWN"])
        #expect(found[other.recipient] == ["OTHER_PAYER"])
        #expect(found[born.recipient] == ["PERSON_MISMATCH"])
        // Of the residents' insurers the gateway holds nothing, of the scheme no verified row: it says so.
        let unasked = run.json["totals"]?.object?["notExamined"]?.array ?? []
        #expect(
            unasked.map { $0.object?["code"]?.string } == ["INSURER_LAPSED", "AMOUNT_MISMATCH"])
        let total = run.json["totals"]?.object?["total"]?.object
        let counts = ["accepted", "questioned", "rejected"].compactMap {
            total?[$0]?.object?["count"]?.int
        }
        #expect(counts.reduce(0, +) == 8 && counts[0] == 1)
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/1"
        ).answer
        for value in page.json["results"]?.array ?? [] {
            for reason in value.object?["result"]?.object?["reasons"]?.array ?? [] {
                #expect(reason.object?["nextJa"]?.string?.isEmpty == false)
                #expect(reason.object?["nextEn"]?.string?.isEmpty == false)
            }
        }
    }

    @Test func `what a check answered otherwise is held against the claim`() async throws {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (resident, card) = try await gateway.settle()
        let visit = try await gateway.openVisit(card)
        // Nothing was registered then: the check said so.
        let check = try await gateway.check(visit)
        #expect(!check.outcomes.contains("entitled"))
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -300), today.adding(days: 300))
        ])
        let asked = try await gateway.settle()
        try await gateway.hold([
            asked.resident.row("kodomo", today.adding(days: -300), today.adding(days: 300))
        ])
        let again = try await gateway.openVisit(asked.card)
        #expect(try await gateway.check(again).outcomes.contains("entitled"))
        var claims = [
            SentClaim("R-00\(resident.index)"), SentClaim("R-00\(asked.resident.index)"),
        ]
        for place in claims.indices { claims[place].day = today.day }
        try await gateway.submit(claims, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(found["R-00\(resident.index)"] == ["CHECK_ANSWERED_OTHERWISE"])
        #expect(found["R-00\(asked.resident.index)"] == [])
    }

    /// 番号の再利用: a number that was somebody else's last year is of who holds it in the month, whoever was
    /// registered first, and no less with the next run.
    @Test func `a number that was given again is of who holds it in the month`() async throws {
        let month = try month(20)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        var claims: [SentClaim] = []
        for place in 0..<4 {
            let (old, new) = (gateway.people.next(), gateway.people.next())
            let number: [String: JSON?] = [
                "medicalSubsidyRecipientNumber": .string("R-AGAIN-\(place)")
            ]
            let rows = [
                old.row("kodomo", first.adding(days: -700), first.adding(days: -300), number),
                new.row("kodomo", first.adding(days: -100), first.adding(days: 400), number),
            ]
            for row in place % 2 == 0 ? rows : rows.reversed() { try await gateway.hold([row]) }
            var claim = SentClaim("R-AGAIN-\(place)")
            claim.birth = new.dateOfBirth
            claims.append(claim)
        }
        try await gateway.submit(claims, month).expect(201)
        let run = try await gateway.reconcile(month)
        let found = try await gateway.reasons(month, show: "all")
        #expect(claims.map { found[$0.recipient] } == [[], [], [], []])
        #expect(try await gateway.reconcile(month).body == run.body)
    }

    /// Whoever has it since begins later, and ends last; of whoever had it before it was taken back, which
    /// would have run longer.
    @Test func `a number is of who holds it in the month, whoever's certificate ends last`()
        async throws
    {
        let month = try month(21)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        var claims: [SentClaim] = []
        for place in 0..<2 {
            let (holder, other) = (gateway.people.next(), gateway.people.next())
            func hold(
                _ resident: TestResident, _ from: Int, _ to: Int, isDeleted: Bool = false
            ) async throws {
                let row = resident.row(
                    "kodomo", first.adding(days: from), first.adding(days: to),
                    [
                        "medicalSubsidyRecipientNumber": .string("R-LONG-\(place)"),
                        "isDeleted": .bool(isDeleted),
                    ])
                try await gateway.hold([row])
            }
            if place == 0 {
                try await hold(holder, -100, 400)
                try await hold(other, 500, 900)
            } else {
                try await hold(other, -700, 900)
                try await hold(other, -700, 900, isDeleted: true)
                try await hold(holder, -100, 400)
            }
            var claim = SentClaim("R-LONG-\(place)")
            claim.birth = holder.dateOfBirth
            claims.append(claim)
        }
        try await gateway.submit(claims, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(claims.map { found[$0.recipient] } == [[], []])
    }

    /// 過誤: the holder's certificate ended on the 5th. That somebody else had the number on the 10th, until it
    /// was theirs, would say that the claim was rightly paid at the time.
    @Test func `what somebody else had under a number entitles its holder to nothing`()
        async throws
    {
        let month = try month(22)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let (former, holder) = (gateway.people.next(), gateway.people.next())
        func hold(_ resident: TestResident, _ number: Int, _ from: Int, _ to: Int) async throws {
            let row = resident.row(
                "kodomo", first.adding(days: from), first.adding(days: to),
                ["medicalSubsidyRecipientNumber": .string("R-PASSED-\(number)")])
            try await gateway.hold([row])
        }
        // Another number was printed on the former holder's, who is claimed for in the same month.
        try await hold(former, 0, -700, 400)
        try await hold(former, 1, -700, 400)
        try await hold(holder, 0, -100, 4)
        var claims = [SentClaim("R-PASSED-0"), SentClaim("R-PASSED-1")]
        claims[0].extra = ",\"paidOn\":\"\(first.adding(days: 60).text)\""
        try await gateway.submit(claims, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(claims.map { found[$0.recipient] } == [["NOT_ELIGIBLE_ON_DATE"], []])
    }

    /// 障がい者医療: 800 yen a day and 6,000 yen a month of visits, 12,000 yen a month of stays.
    private static let disabled: [String: JSON?] = [
        "medicalSubsidyInsurerNumber": "90132101", "incomeSegment": "1",
    ]

    private func disabledClaim(_ resident: TestResident, _ type: String, _ yen: Int) -> SentClaim {
        var claim = SentClaim("R-00\(resident.index)", copayment: yen)
        claim.payer = "90132101"
        claim.type = type
        return claim
    }

    @Test func `a receipt of a stay is not held to the cap of visits`() async throws {
        let month = try month(16)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        var people: [TestResident] = []
        for _ in 0..<3 {
            let resident = gateway.people.next()
            try await gateway.hold([
                resident.row(
                    "shogai", first.adding(days: -100), first.adding(days: 400), Self.disabled)
            ])
            people.append(resident)
        }
        let sent = try await gateway.submit(
            [
                disabledClaim(people[0], "1122", 7_000), disabledClaim(people[1], "1121", 12_000),
                // One who was in hospital, and came for a visit in the same month.
                disabledClaim(people[2], "1122", 6_000), disabledClaim(people[2], "1121", 12_000),
            ], month)
        try sent.expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        let isOver = people.map { person in
            found["R-00\(person.index)"]?.contains("OVER_MONTHLY_CAP")
        }
        #expect(isOver == [true, false, false])
    }

    /// The day was paid at the clinic when the pharmacy took 500 yen of it again, which the town owes back.
    @Test func `what was paid over the days of a scheme is not missed in the claims`() async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row("shogai", today.adding(days: -300), today.adding(days: 300), Self.disabled)
        ])
        var bill = SentBill(cost: 8_000, on: today)
        bill.certificate = (system: SentBill.localCertificate.system, value: "shogai")
        let here = try await gateway.openVisit(card)
        #expect(try await gateway.settle(bill, here).yen("copay") == 800)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        bill.identifier = RecordID.random().text
        bill.collected = 500
        let late = try await gateway.settle(bill, there, by: Cast.pharmacy)
        #expect(late.yen("paid-over") == 500)
        var claims = [disabledClaim(resident, "1122", 800), disabledClaim(resident, "1122", 0)]
        claims[1].institution = Cast.pharmacy
        for place in claims.indices { claims[place].day = today.day }
        try await gateway.submit(claims, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")["R-00\(resident.index)"]
        #expect(found?.contains("LEDGER_MISMATCH") == false)
    }

    /// The counter was told ウ, and the receipt of the same month says エ.
    @Test func `a receipt of another class than its bill is asked about`() async throws {
        let month = ServiceMonth(of: gateway.clock.today)
        var claims: [SentClaim] = []
        for note in ["29", "28"] {
            let chronic = try await gateway.settleChronic()
            let visit = try await gateway.openVisit(chronic.card)
            var bill = SentBill(cost: 10_000, on: gateway.clock.today)
            bill.limitClass = "ウ"
            #expect(try await gateway.settle(bill, visit).yen("copay") == 2_000)
            var claim = SentClaim(String(1_000_000 + chronic.resident.index), copayment: 2_000)
            claim.payer = "54136015"
            claim.birth = chronic.resident.dateOfBirth
            claim.extra = ",\"specialNotes\":[\"\(note)\"]"
            claims.append(claim)
        }
        try await gateway.submit(claims, month, by: Cast.prefecture).expect(201)
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        let found = try await gateway.reasons(month, show: "all", by: Cast.prefecture)
        let isAsked = claims.map { found[$0.recipient]?.contains("INCOME_CLASS_DIFFERS") }
        #expect(isAsked == [true, false])
    }

    @Test func `a receipt file in CP932 is read, and what is wrong with it is told by its line`()
        async throws
    {
        let month = try month(1)
        let held = try await gateway.enrol(month)
        var claim = SentClaim(held.recipient)
        claim.birth = held.resident.dateOfBirth
        let path = "/claims/files?month=\(month.text)"
        let whole = try await csv(path, SentClaim.file([claim, SentClaim("R-NOBODY")], month))
        try whole.expect(201)
        #expect(whole.int("claims") == 2 && whole.json["findings"]?.array?.isEmpty == true)
        let again = try await csv(path, SentClaim.file([claim, SentClaim("R-NOBODY")], month))
        #expect(again.json["duplicate"]?.bool == true && again.text("file") == whole.text("file"))
        let cut = SentClaim.file([SentClaim("R-CUT")], month).dropLast(30)
        let broken = try await csv(path, Array(cut))
        try broken.expect(201)
        let codes = (broken.json["findings"]?.array ?? []).compactMap {
            $0.object?["code"]?.string
        }
        #expect(codes.contains("total-missing") || codes.contains("truncated"))
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(found[held.recipient] == [])
        #expect(found["R-NOBODY"] == ["RECIPIENT_UNKNOWN"])
        #expect(found["R-CUT"]?.first == "RECIPIENT_UNKNOWN")
    }

    @Test func `a payment body's list is reconciled as receipts are`() async throws {
        let month = try month(15)
        let held = try await gateway.enrol(month)
        let capped = try await gateway.enrol(
            month, ["maxCopaymentAmount": try JSON(reading: #"{"perMonth":"500"}"#)])
        var good = SentClaim(held.recipient)
        good.birth = held.resident.dateOfBirth
        var tooMuch = SentClaim(capped.recipient, copayment: 700)
        tooMuch.birth = capped.resident.dateOfBirth
        let path = "/claims/payments?month=\(month.text)"
        let list = SentClaim.list([good, tooMuch, SentClaim("R-NOBODY")], month)
        let sent = try await csv(path, list)
        try sent.expect(201)
        let severities = (sent.json["findings"]?.array ?? []).map {
            $0.object?["severity"]?.string
        }
        #expect(sent.int("claims") == 3 && !severities.contains("error"))
        #expect(try await csv(path, list).json["duplicate"]?.bool == true)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(found[held.recipient] == [])
        #expect(found[capped.recipient]?.contains("OVER_MONTHLY_CAP") == true)
        #expect(found["R-NOBODY"] == ["RECIPIENT_UNKNOWN"])
        let renamed = String(decoding: list, as: UTF8.self).replacing("診療年月", with: "診療月")
        let refused = try await csv(path, Array(renamed.utf8))
        #expect(refused.status == 400 && refused.text("item") == "file-unknown-column")
    }

    /// The list of a body that writes 和暦, of a receipt that came in another file already.
    @Test func `a month is the same month, however a list writes it`() async throws {
        let month = try month(17)
        let held = try await gateway.enrol(month)
        var claim = SentClaim(held.recipient)
        claim.birth = held.resident.dateOfBirth
        try await gateway.submit([claim], month).expect(201)
        let list = String(decoding: SentClaim.list([claim], month), as: UTF8.self)
            .replacing(",202206,", with: ",令和4年6月,")
        #expect(list.contains("令和4年6月"))
        let sent = try await csv("/claims/payments?month=\(month.text)", Array(list.utf8))
        try sent.expect(201)
        #expect(sent.int("claims") == 1)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(found[held.recipient] == ["DUPLICATE_RECEIPT"])
    }

    /// In hospital from the first to the twentieth, with a certificate that lapsed for two days of it.
    @Test func `a lapse between the days that a stay names is found, or asked about`() async throws
    {
        let month = try month(18)
        var claims: [SentClaim] = []
        for count in [20, 2, 0] {
            let held = try await gateway.enrol(
                month, ["validTo": .string("\(month.text)-10")])
            let first = CalendarDay(daysSince1970: Int(month.firstDay))
            try await gateway.hold([
                held.resident.row(
                    "kodomo", first.adding(days: 12), first.adding(days: 400), historyKey: "2")
            ])
            var claim = SentClaim(held.recipient)
            claim.type = "1121"
            claim.days = [1, 20]
            claim.dayCount = count
            claims.append(claim)
        }
        try await gateway.submit(claims, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let found = try await gateway.reasons(month, show: "all")
        #expect(
            claims.map { found[$0.recipient] } == [
                ["NOT_ELIGIBLE_ON_DATE"], [], ["PART_OF_MONTH"],
            ])
    }

    private func csv(_ path: String, _ bytes: [UInt8]) async throws -> TLSClient.Answer {
        let client = try await gateway.connect(Cast.town)
        let answer = try await gateway.send(
            client, "POST", path, headers: [("Content-Type", "text/csv")], bytes: bytes)
        await client.close()
        return answer
    }

    @Test func `vaccinations of the month are in it without being sent`() async throws {
        let month = ServiceMonth(of: gateway.clock.today)
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let before = try await recordLines(month)
        try await gateway.record(SentDose(on: gateway.clock.today), visit).expect(201)
        let after = try await recordLines(month)
        #expect(after == before + 1)
    }

    @Test func `a municipality claims nothing of itself, not even what it was told twice`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today)
        let (resident, card) = try await gateway.settle()
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            resident.birth(
                on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
        ])
        let before = try await recordLines(month)
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.record(SentCheckup(on: today), visit).expect(201)
        #expect(try await recordLines(month) == before + 1)
        let own = try await gateway.record(SentCheckup(on: today), notified: key)
        #expect(own.parts("checkup-claim").first?["state"]?.string == "duplicate")
        #expect(try await recordLines(month) == before + 1)
        // A clinic is told why it is not paid.
        let other = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        try await gateway.record(SentCheckup(on: today), other, by: Cast.pharmacy).expect(201)
        #expect(try await recordLines(month) == before + 2)
    }

    private func recordLines(_ month: ServiceMonth) async throws -> Int {
        let run = try await gateway.reconcile(month)
        guard run.status == 200 else { return 0 }
        let sums = run.json["totals"]?.object?["records"]?.array ?? []
        return sums.reduce(0) { total, sum in
            ["accepted", "questioned", "rejected"].reduce(total) {
                $0 + (sum.object?[$1]?.object?["count"]?.int ?? 0)
            }
        }
    }

    // MARK: Runs and closings

    @Test func `the same month again is the same run, to the digest`() async throws {
        let month = try month(2)
        let held = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(held.recipient)], month).expect(201)
        let first = try await gateway.reconcile(month)
        let second = try await gateway.reconcile(month)
        #expect(first.body == second.body && first.int("run") == 1)
        try await gateway.submit([SentClaim("R-LATER")], month).expect(201)
        let third = try await gateway.reconcile(month)
        #expect(third.int("run") == 2 && third.text("digest") != first.text("digest"))
        // The first run stands as it was.
        let kept = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/1"
        ).answer
        #expect(kept.text("digest") == first.text("digest") && kept.int("total") == 0)
    }

    /// 上限額の訂正: no reason and no standing moves by it, only the amount that is told to be right.
    @Test func `a run is another where only an amount is, or a claim came that names nobody`()
        async throws
    {
        let month = try month(19)
        func cap(_ yen: Int) throws -> [String: JSON?] {
            ["maxCopaymentAmount": try JSON(reading: #"{"perMonth":"\#(yen)"}"#)]
        }
        let held = try await gateway.enrol(month, try cap(500))
        var claim = SentClaim(held.recipient, copayment: 700)
        claim.birth = held.resident.dateOfBirth
        try await gateway.submit([claim], month).expect(201)
        let first = try await gateway.reconcile(month)
        let day = CalendarDay(daysSince1970: Int(month.firstDay))
        try await gateway.hold([
            held.resident.row("kodomo", day.adding(days: -100), day.adding(days: 400), try cap(400))
        ])
        let second = try await gateway.reconcile(month)
        #expect([first.int("run"), second.int("run")] == [1, 2])
        let told = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest"
        ).answer
        #expect(told.text.contains(#""expected":400"#) && !told.text.contains(#""expected":500"#))
        // What was looked at said another amount.
        try await gateway.expect(.monthChanged, of: .reconcileMonth, from: Cast.town) {
            try await gateway.close(first, month)
        }
        let nobody = try await gateway.send(
            Cast.town, "POST", "/claims?month=\(month.text)",
            body: try JSON(
                reading: """
                    {"claims":[{"institution":"\(Cast.clinic.code)","month":"\(month.text)",\
                    "type":"1122","points":100}]}
                    """))
        try nobody.expect(201)
        let third = try await gateway.reconcile(month)
        #expect(third.int("run") == 3 && third.int("claims") == 2)
        let rows = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/3/statement"
        ).answer
        #expect(rows.text.contains("NO_PUBLIC_PAYER"))
    }

    @Test func `a closing names what was looked at, is proven by the log and never changed`()
        async throws
    {
        let month = try month(3)
        let held = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(held.recipient)], month).expect(201)
        let run = try await gateway.reconcile(month)
        try await gateway.submit([SentClaim("R-LATER")], month).expect(201)
        // Something came in unseen.
        try await gateway.expect(.monthChanged, of: .reconcileMonth, from: Cast.town) {
            try await gateway.close(run, month)
        }
        let seen = try await gateway.reconcile(month)
        let closed = try await gateway.close(seen, month)
        try closed.expect(200)
        #expect(closed.int("closing") == 1 && closed.text("digest") == seen.text("digest"))
        #expect(try await gateway.close(seen, month).body == closed.body)
        let path = "/claims/months/\(month.text)/closings/1"
        let proven = try await gateway.send(Cast.town, "GET", path)
        #expect(proven.text("closing") == String(decoding: closed.body, as: UTF8.self))
        // The leaf of the log has the digest of those very bytes.
        let hash = SHA256.hash(data: closed.body).map { $0 }
        #expect(proven.text("leaf").contains("digest: \(Hexadecimal.text(hash))\n"))
        #expect(proven.text("digest") == Hexadecimal.text(hash))
        await #expect(throws: (any Error).self) {
            try await gateway.sql {
                try $0.run(Statement("update exchange.claim_closing set run = 9"))
            }
        }
    }

    @Test func `a later change re-opens exactly the claims it touches, and leaves the closing`()
        async throws
    {
        let month = try month(4)
        let touched = try await gateway.enrol(month)
        let untouched = try await gateway.enrol(month)
        try await gateway.submit(
            [SentClaim(touched.recipient), SentClaim(untouched.recipient)], month
        ).expect(201)
        let run = try await gateway.reconcile(month)
        let closed = try await gateway.close(run, month)
        #expect(try await gateway.reconcile(month).int("reopened") == 0)
        // 遡及の取消し.
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let row = touched.resident.row(
            "kodomo", first.adding(days: -100), first.adding(days: 400), ["isDeleted": .bool(true)])
        try await gateway.hold([row])
        let again = try await gateway.reconcile(month)
        #expect(again.int("reopened") == 1 && again.int("run") == 2)
        let found = try await gateway.reasons(month, show: "reopened")
        #expect(Array(found.keys) == [touched.recipient])
        let kept = try await gateway.send(
            Cast.town, "GET", "/claims/months/\(month.text)/closings/1")
        #expect(kept.text("closing") == String(decoding: closed.body, as: UTF8.self))
        // A second closing follows the first by its digest.
        let second = try await gateway.close(again, month)
        #expect(second.int("closing") == 2 && second.text("follows") == kept.text("digest"))
        // Since then nothing is open again; what had been is still to be read.
        let last = try await gateway.reconcile(month)
        #expect([last.int("run"), last.int("reopened")] == [2, 0])
        #expect(try await Array(gateway.reasons(month, show: "reopened").keys) == Array(found.keys))
    }

    @Test func `a month is not closed on an amount from a rule that nobody verified`()
        async throws
    {
        let month = ServiceMonth(of: gateway.clock.today)
        let chronic = try await gateway.settleChronic()
        var claim = SentClaim(String(1_000_000 + chronic.resident.index), copayment: 2_000)
        claim.payer = "54136015"
        claim.day = 1
        claim.birth = "1990-01-02"
        try await gateway.submit([claim], month, by: Cast.prefecture).expect(201)
        let run = try await gateway.reconcile(month, by: Cast.prefecture)
        let rules = run.json["totals"]?.object?["unverified"]?.array ?? []
        #expect(!rules.isEmpty)
        try await gateway.expect(.monthUnverified, of: .reconcileMonth, from: Cast.prefecture) {
            try await gateway.close(run, month, by: Cast.prefecture)
        }
    }
}

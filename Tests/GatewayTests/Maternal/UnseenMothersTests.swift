import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 妊産婦の未受診・勧奨・受診率 over the wire: who let a visit go by, or was not seen after delivery, is noticed; a loss
/// makes no reminder, and what was found in confidence takes nobody off the list.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct UnseenMothersTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func listed(_ checkup: String, by town: Party = Cast.town) async throws
        -> [String: JSONObject]
    {
        let answer = try await gateway.send(
            town, "GET", "/maternal-health/unseen?checkup=\(checkup)&count=1000")
        try answer.expect(200)
        let targets = (answer.json["targets"]?.array ?? []).compactMap(\.object)
        gateway.expectMoreEntries(max(0, targets.count - 1))
        return Dictionary(
            targets.compactMap { row in row["notificationKey"]?.string.map { ($0, row) } },
            uniquingKeysWith: { first, _ in first })
    }

    private func remind(_ key: String, _ checkup: String) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.town, "POST", "/maternal-health/reminders",
            body: JSON(
                reading: "{\"checkup\":\"\(checkup)\",\"notificationKeys\":[\"\(key)\"]}"))
    }

    /// So many days along today.
    private func word(
        _ mother: TestResident, days: Int, key: String, _ more: [String: JSON] = [:]
    ) -> JSON {
        mother.pregnancy(
            due: today.adding(days: 280 - days), notified: today.adding(days: -10), key: key, more)
    }

    private func delivery(daysAgo days: Int, live: Int = 1, still: Int = 0) throws -> JSON {
        try JSON(
            reading: "{\"on\":\"\(today.adding(days: -days).text)\",\"live\":\(live),"
                + "\"still\":\(still)}")
    }

    /// A mother at term, of whom the town told the delivery.
    private func delivered(
        daysAgo days: Int, live: Int = 1, still: Int = 0, key: String
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        let mother = try await gateway.settle()
        let told = [
            "fetuses": JSON.number("\(live + still)"),
            "delivery": try delivery(daysAgo: days, live: live, still: still),
        ]
        try await gateway.notify([word(mother.resident, days: 275 + days, key: key, told)])
        return mother
    }

    private func key() -> String { "P-\(RecordID.letters())" }

    // MARK: While she is pregnant

    @Test func `who let the days of a whole visit go by is listed until she is examined`()
        async throws
    {
        let (before, on) = (key(), key())
        let (early, _) = try await gateway.settle()
        let (mother, card) = try await gateway.settle()
        // 11 weeks 6 days and 12 weeks 0 days: the second visit opens.
        try await gateway.notify([
            word(early, days: 83, key: before), word(mother, days: 84, key: on),
        ])
        let list = try await listed("prenatal")
        #expect(list[before] == nil)
        #expect(list[on]?["first"]?.string == today.adding(days: -84).text)
        #expect(list[on]?["last"]?.string == today.adding(days: -1).text)
        #expect(list[on]?["isOver"]?.bool == true)
        #expect(try await listed("prenatal", by: Cast.otherTown)[on] == nil)
        let visit = try await gateway.openCheckupVisit(card)
        let made = try await gateway.record(.prenatal(on: today.adding(days: -84)), visit)
        try made.expect(201)
        #expect(try await listed("prenatal")[on] == nil)
    }

    @Test func `a visit of weeks ago does not stand for the one that went by since`() async throws {
        let key = key()
        let (mother, card) = try await gateway.settle()
        // 20 weeks: that of 16 weeks went by, from 28 days ago on.
        try await gateway.notify([word(mother, days: 140, key: key)])
        let visit = try await gateway.openCheckupVisit(card)
        try await gateway.record(.prenatal(on: today.adding(days: -29)), visit).expect(201)
        #expect(try await listed("prenatal")[key] != nil)
        try await gateway.record(.prenatal(on: today.adding(days: -28)), visit).expect(201)
        #expect(try await listed("prenatal")[key] == nil)
    }

    @Test func `of nobody past the standard visits is a visit waited for`() async throws {
        let (last, past) = (key(), key())
        let one = try await gateway.settle().resident
        let other = try await gateway.settle().resident
        // 40 weeks 6 days, of whom that of 39 weeks is missing; and a day more.
        try await gateway.notify([
            word(one, days: 286, key: last), word(other, days: 287, key: past),
        ])
        let list = try await listed("prenatal")
        #expect(list[last] != nil && list[past] == nil)
    }

    @Test func `a loss ends the waiting, and one of twins that goes on does not`() async throws {
        let (lost, twins) = (key(), key())
        let one = try await gateway.settle().resident
        let other = try await gateway.settle().resident
        let loss = try JSON(
            reading: "[{\"on\":\"\(today.adding(days: -3).text)\",\"fetuses\":1}]")
        try await gateway.notify([
            word(one, days: 100, key: lost), word(other, days: 100, key: twins),
        ])
        #expect(try await listed("prenatal")[lost] != nil)
        try await gateway.notify([
            word(one, days: 100, key: lost, ["losses": loss]),
            word(
                other, days: 100, key: twins, ["losses": loss, "fetuses": .number("2")]),
        ])
        #expect(try await listed("prenatal")[lost] == nil)
        #expect(try await listed("prenatal")[twins] != nil)
        #expect(try await remind(lost, "prenatal").int("notWaiting") == 1)
        for checkup in ["postpartum-2w", "postpartum-1m"] {
            #expect(try await listed(checkup)[lost] == nil)
            #expect(try await remind(lost, checkup).int("notWaiting") == 1)
        }
    }

    // MARK: After delivery

    @Test(arguments: [(13, false), (14, true), (55, true), (421, true), (422, false)])
    func `a mother is waited for from the day it is meant for to a year after the last`(
        days: Int, isWaitedFor: Bool
    ) async throws {
        let key = key()
        _ = try await delivered(daysAgo: days, key: key)
        let row = try await listed("postpartum-2w")[key]
        #expect((row != nil) == isWaitedFor)
        guard let row else { return }
        #expect(row["last"]?.string == today.adding(days: 55 - days).text)
        #expect(row["isOver"]?.bool == (days > 55))
    }

    @Test func `no child that lives, and no child that died since, makes a reminder`()
        async throws
    {
        let (still, twins, died) = (key(), key(), key())
        _ = try await delivered(daysAgo: 20, live: 0, still: 1, key: still)
        _ = try await delivered(daysAgo: 20, live: 1, still: 1, key: twins)
        _ = try await delivered(daysAgo: 20, key: died)
        let child = try await gateway.settle().resident
        let birth = child.birth(
            on: today.adding(days: -20), notified: today.adding(days: -10), key: "C-\(died)")
        try await gateway.notify([
            .object(try #require(birth.object).with("pregnancyKey", .string(died)))
        ])
        var list = try await listed("postpartum-2w")
        #expect(list[still] == nil && list[twins] != nil && list[died] != nil)
        #expect(try await listed("newborn-hearing")["C-\(died)"] != nil)
        try await gateway.sql { transaction in
            _ = try transaction.query(
                Statement(
                    """
                    insert into exchange.death (person, died_on, task)
                    select person, current_date, task from exchange.maternal_notification
                    where notification_key = $1
                    returning person
                    """), [.text("C-\(died)")])
        }
        list = try await listed("postpartum-2w")
        #expect(list[died] == nil && list[twins] != nil)
        // Whoever died is not waited for from the very day on.
        #expect(try await listed("newborn-hearing")["C-\(died)"] == nil)
        #expect(try await remind("C-\(died)", "newborn-hearing").int("notWaiting") == 1)
        #expect(try await remind(died, "postpartum-2w").int("notWaiting") == 1)
        #expect(try await remind(still, "postpartum-2w").int("notWaiting") == 1)
    }

    /// 双子の一人の死亡: she has a child, and is waited for until she has none.
    @Test func `a mother whose one twin died is waited for, and not when both did`() async throws {
        let key = key()
        _ = try await delivered(daysAgo: 20, live: 2, key: key)
        for number in 1...2 {
            let child = try await gateway.settle().resident
            let birth = child.birth(
                on: today.adding(days: -20), notified: today.adding(days: -10),
                key: "C\(number)-\(key)")
            try await gateway.notify([
                .object(try #require(birth.object).with("pregnancyKey", .string(key)))
            ])
        }
        for number in 1...2 {
            #expect(try await listed("postpartum-2w")[key] != nil)
            try await gateway.sql { transaction in
                _ = try transaction.query(
                    Statement(
                        """
                        insert into exchange.death (person, died_on, task)
                        select person, current_date, task from exchange.maternal_notification
                        where notification_key = $1
                        returning person
                        """), [.text("C\(number)-\(key)")])
            }
        }
        #expect(try await listed("postpartum-2w")[key] == nil)
        #expect(try await remind(key, "postpartum-2w").int("notWaiting") == 1)
    }

    @Test func `what was found in confidence alone takes nobody off the list, a report does`()
        async throws
    {
        let key = key()
        let card = try await delivered(daysAgo: 15, key: key).card
        let visit = try await gateway.openCheckupVisit(card, consents: RunningGateway.allConsents)
        try await gateway.record(.epds(12, on: today), visit).expect(201)
        #expect(try await listed("postpartum-2w")[key] != nil)
        var report = SentCheckup(on: today)
        report.checkup = "postpartum-2w"
        report.findings = [
            ("maternal-weight", .quantity("56", "kg")), ("systolic", .quantity("110", "mm[Hg]")),
            ("diastolic", .quantity("66", "mm[Hg]")),
        ]
        try await gateway.record(report, visit).expect(201)
        #expect(try await listed("postpartum-2w")[key] == nil)
        // The one at a month is another.
        #expect(try await listed("postpartum-1m")[key] == nil)
    }

    // MARK: Reminders

    private func notices(_ token: RunningGateway.Header) async throws -> [JSONObject] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        try answer.expect(200)
        return answer.entries.filter { JSON.object($0).text.contains("checkup-due") }
    }

    @Test func `a mother is reminded once a day, in the words of her checkup`() async throws {
        let (key, former) = (key(), key())
        let (mother, card) = try await gateway.settle(years: 30)
        let born = ["delivery": try delivery(daysAgo: 500)]
        try await gateway.notify([word(mother, days: 780, key: former, born)])
        try await gateway.notify([word(mother, days: 100, key: key)])
        #expect(try await remind(former, "prenatal").int("notWaiting") == 1)
        #expect(try await remind(key, "prenatal").int("reminded") == 1)
        #expect(try await remind(key, "prenatal").int("unchanged") == 1)
        #expect(try await listed("prenatal")[key]?["remindedOn"]?.string == today.text)
        let own = try await notices(gateway.session(of: card))
        #expect(own.count == 1)
        #expect(own.first.map { JSON.object($0).text.contains("妊婦健康診査") } == true)
    }

    @Test func `one who was not seen after two deliveries finds one notice`() async throws {
        let keys = [key(), key()]
        let (mother, card) = try await gateway.settle(years: 30)
        for (key, days) in zip(keys, [400, 20]) {
            try await gateway.notify([
                word(mother, days: 275 + days, key: key, ["delivery": try delivery(daysAgo: days)])
            ])
        }
        let list = JSON.array(keys.map { .string($0) }).text
        for (reminded, unchanged) in [(1, 0), (0, 1)] {
            let answer = try await gateway.send(
                Cast.town, "POST", "/maternal-health/reminders",
                body: JSON(
                    reading: "{\"checkup\":\"postpartum-2w\",\"notificationKeys\":\(list)}"))
            #expect(answer.int("reminded") == reminded && answer.int("unchanged") == unchanged)
            #expect(answer.int("notWaiting") == 0, "\(answer.text)")
        }
        #expect(try await notices(gateway.session(of: card)).count == 1)
    }

    @Test func `whoever acts for her in everything reads no notice of a checkup of hers`()
        async throws
    {
        let key = key()
        let (mother, card) = try await gateway.settle(years: 30)
        try await gateway.notify([word(mother, days: 100, key: key)])
        let own = try await gateway.session(of: card)
        let partner = try await gateway.session(of: gateway.settle(years: 31).card)
        let kinds = try gateway.ledger.rules.current().consentKinds.map(\.kind.code)
        let code = try await gateway.delegate(kinds, own)
        try await gateway.accept(code.text("code"), partner).expect(204)
        let proxy = try await gateway.acting(partner)
        #expect(try await notices(proxy).isEmpty)
        #expect(try await remind(key, "prenatal").int("reminded") == 1)
        #expect(try await notices(proxy).isEmpty)
        #expect(try await notices(own).count == 1)
    }

    /// Her card and its PIN are in a guardian's hands.
    @Test func `one who does not decide alone is listed, and no notice tells of her`() async throws
    {
        let key = key()
        let (mother, card) = try await gateway.settle(years: 14)
        try await gateway.notify([word(mother, days: 100, key: key)])
        #expect(try await listed("prenatal")[key] != nil)
        let answer = try await remind(key, "prenatal")
        #expect(answer.int("reminded") == 0 && answer.int("notWaiting") == 1)
        #expect(try await listed("prenatal")[key]?["remindedOn"] == nil)
        #expect(try await notices(gateway.session(of: card)).isEmpty)
    }

    // MARK: Numbers

    private func cohort(
        _ checkup: String, _ day: CalendarDay, by party: Party = Cast.town
    ) async throws -> JSONObject? {
        let answer = try await gateway.send(
            party, "GET", "/maternal-health/attendance?checkup=\(checkup)")
        try answer.expect(200)
        return (answer.json["cohorts"]?.array ?? []).compactMap(\.object).first {
            $0["birthMonth"]?.string == String(day.text.prefix(7))
                && $0["municipality"]?.string == Cast.town.code
        }
    }

    @Test func `numbers of mothers are of those with a child, of the pregnant however it went`()
        async throws
    {
        let ago = 300
        for _ in 0..<9 { _ = try await delivered(daysAgo: ago, key: key()) }
        _ = try await delivered(daysAgo: ago, live: 0, still: 1, key: key())
        let day = today.adding(days: -ago)
        #expect(try await cohort("postpartum-1m", day)?["registered"]?.int == nil)
        let pregnant = try await cohort("prenatal", day.adding(days: 5))
        #expect(pregnant?["registered"]?.int == 10 && pregnant?["seen"]?.int == nil)
        _ = try await delivered(daysAgo: ago, key: key())
        #expect(try await cohort("postpartum-1m", day)?["registered"]?.int == 10)
        #expect(
            try await cohort("postpartum-1m", day, by: Cast.prefecture)?["registered"]?.int == 10)
    }

    /// 妊婦健診の受診回数: what was after the delivery is of no pregnancy.
    @Test func `how often the pregnant were examined is counted, up to the end of the pregnancy`()
        async throws
    {
        let ago = 200
        for _ in 0..<10 {
            let card = try await delivered(daysAgo: ago, key: key()).card
            let visit = try await gateway.openCheckupVisit(card)
            for days in [ago + 40, ago + 25, ago - 8] {
                try await gateway.record(.prenatal(on: today.adding(days: -days)), visit)
                    .expect(201)
            }
        }
        let found = try await cohort("prenatal", today.adding(days: 5 - ago))
        #expect(found?["registered"]?.int == 10 && found?["seen"]?.int == 10)
        let often = (found?["checkups"]?.array ?? []).compactMap(\.object).map {
            [$0["atLeast"]?.int, $0["residents"]?.int]
        }
        #expect(often == [[2, 10]])
    }

    @Test func `a child under two records is counted once, and twice when they are parted`()
        async throws
    {
        let days = 2_000
        let birth = today.adding(days: -days)
        func word(_ child: TestResident) -> JSON {
            child.birth(
                on: birth, notified: birth.adding(days: 10), key: "C-\(RecordID.letters())")
        }
        var others: [JSON] = []
        for _ in 0..<8 { others.append(word(try await gateway.settle().resident)) }
        try await gateway.notify(others)
        let (stays, gone) = try await gateway.settleBabyTwice(days: days)
        try await gateway.notify([word(stays.resident), word(gone.resident)])
        func registered() async throws -> Int? {
            try await cohort("infant-5y", birth, by: Cast.prefecture)?["registered"]?.int
        }
        #expect(try await registered() == 10)
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await registered() == nil)
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await registered() == 10)
        // What was taken back, or is another town's by now, is not counted.
        let withdrawn = try #require(others[0].object).with("isWithdrawn", .bool(true))
        try await gateway.notify([.object(withdrawn)])
        #expect(try await registered() == nil)
        try await gateway.notify([others[0]])
        #expect(try await registered() == 10)
        try await gateway.feed([
            stays.resident.residence(Cast.otherTown.code, from: today)
        ])
        #expect(try await registered() == nil, "whoever lives elsewhere is not counted here")
        try await gateway.notify(
            [
                stays.resident.birth(
                    on: birth, notified: today, key: "C-\(RecordID.letters())")
            ], by: Cast.otherTown)
        #expect(try await registered() == nil)
    }
}

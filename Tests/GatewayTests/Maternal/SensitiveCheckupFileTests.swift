import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 集団健診の慎重に扱う項目のファイル: what halls found in confidence does by file what it does by one request each, and
/// nothing of it is told, kept or read where the open file's rows are.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SensitiveCheckupFileTests {
    private static let layout = "sensitive-checkup-results"
    private static let field = "maternal-sensitive"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// The key under which a child of 110 days was notified.
    private func child() async throws -> String {
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            gateway.settle().resident.birth(
                on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
        ])
        return key
    }

    private func row(
        _ key: String, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "結果番号": number, "届出番号": key, "健診コード": "infant-3-4m", "健診日": today.text,
            "同意日": today.text, "被虐待を疑う所見": "none",
        ].merging(changes) { $1 }
    }

    private func file(_ rows: [[String: String]]) -> [UInt8] {
        NightFile(sensitiveCheckups: rows).bytes(.utf8)
    }

    /// `count`: residents of whom a row speaks that its layout took.
    private func take(
        _ rows: [[String: String]], entering count: Int = 1
    ) async throws -> TLSClient.Answer {
        try await take(file(rows), entering: count)
    }

    private func take(_ bytes: [UInt8], entering count: Int) async throws -> TLSClient.Answer {
        let answer = try await gateway.take(bytes, as: Self.layout, field: Self.field)
        gateway.expectMoreEntries(count)
        return answer
    }

    private func told(_ answer: TLSClient.Answer) -> [String] {
        answer.results.flatMap { result in
            result.findings.map {
                "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                    + "\($0["code"]?.string ?? "")"
            }
        }
    }

    /// Each version under a number of the compartment, with its day of consent.
    private func versions(_ number: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select status || ' ' || coalesce(consented_on::text, 'none')
                    from exchange.sensitive_checkup_result where identifier = $1 order by version
                    """), [.text(number)]
            ).map { try $0.text(0) }
        }
    }

    /// 控え: the rows of a file as they still stand.
    private func kept(_ file: String) async throws -> String {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select coalesce(string_agg(convert_from(c.rows, 'UTF8'), ''), '')
                    from office.file_chunk c where c.file = $1::text::uuid
                    """), [.text(file)])[0].text(0)
        }
    }

    @Test func `a morning's confidences land in their compartment alone, and bad rows are named`()
        async throws
    {
        let (first, second) = (try await child(), try await child())
        let morning = RecordID.random().text
        let open = try await gateway.nextSequence(field: "maternal")
        var taken: TLSClient.Answer?
        let entries = try await gateway.entries {
            taken = try await take(
                [
                    row(first, morning + "-1", ["健診日": today.text.replacing("-", with: "/")]),
                    row(second, morning + "-2", ["被虐待を疑う所見": "", "未実施": "abuse-signs=declined"]),
                    row(first, morning + "-3", ["被虐待を疑う所見": "疑いあり"]),
                    row(second, morning + "-4", ["同意日": ""]),
                    row(second, morning + "-5", ["同意日": today.adding(days: 1).text]),
                    row(second, morning + "-6", ["被虐待を疑う所見": ""]),
                    row(second, morning + "-7", ["未実施": "weight=not-possible"]),
                    row("nobody", morning + "-8"),
                    row(second, morning + "-9", ["更新区分": "2"]),
                    row(first, morning + "-1", ["被虐待を疑う所見": "found"]),
                ], entering: 2)
        }
        let answer = try #require(taken)
        #expect(answer.number("additions") == 2 && answer.number("refused") == 8, "\(answer.text)")
        #expect(
            told(answer) == [
                "4 abuse-signs charset", "5 consentedOn required", "6 consentedOn day-ahead",
                "7 row nothing-found", "8 notExamined unknown-code",
                "9 notificationKey unknown-key", "10 resultNumber result-unknown",
                "11 resultNumber duplicate-key",
            ])
        let findings = answer.results.flatMap(\.findings)
        #expect(findings.allSatisfy { $0["value"] == nil })
        #expect(!answer.text.contains("疑いあり"))
        #expect(!gateway.log.all.contains { $0.contains("疑いあり") })
        let sent = Purpose.recordSensitiveMassCheckup.rawValue
        #expect(entries.filter(\.hasPerson).map(\.purpose) == [sent, sent])
        #expect(
            Set(entries.map(\.purpose)) == [sent, Purpose.readSensitiveRegistration.rawValue])
        for number in ["-1", "-2"] {
            #expect(try await versions(morning + number) == ["final \(today.text)"])
        }
        let elsewhere = try await gateway.count(
            "select count(*) from exchange.checkup_result where identifier like $1",
            [.text(morning + "%")])
        #expect(elsewhere == 0)
        // Who numbers the open files is not told that there was another.
        #expect(try await gateway.nextSequence(field: "maternal") == open)
    }

    @Test func `sent again a row changes nothing, corrects, agrees on another day or withdraws`()
        async throws
    {
        let (key, number) = (try await child(), RecordID.random().text)
        let dry = try await gateway.upload(
            file([row(key, number)]), as: Self.layout, "dryRun=true")
        let weighed = try await gateway.settled(dry.text("file"), as: Self.layout)
        #expect(weighed.number("additions", in: "effect") == 1, "\(weighed.text)")
        #expect(try await versions(number).isEmpty)
        #expect(try await !kept(dry.text("file")).contains(key))
        #expect(try await take([row(key, number)]).number("additions") == 1)
        #expect(try await take([row(key, number)]).number("unchanged") == 1)
        let found = row(key, number, ["被虐待を疑う所見": "found"])
        #expect(try await take([found]).number("changes") == 1)
        let yesterday = today.adding(days: -1).text
        let agreed = found.merging(["同意日": yesterday]) { $1 }
        #expect(try await take([agreed]).number("changes") == 1)
        #expect(try await take([agreed]).number("unchanged") == 1)
        let other = try await child()
        #expect(
            told(try await take([row(other, number)])) == ["2 resultNumber result-of-another"])
        let withdrawn = ["更新区分": "2", "結果番号": number, "届出番号": key]
        #expect(try await take([withdrawn]).number("ends") == 1)
        #expect(try await take([withdrawn]).number("unchanged") == 1)
        #expect(told(try await take([agreed])) == ["2 resultNumber result-withdrawn"])
        #expect(
            try await versions(number) == [
                "final \(today.text)", "corrected \(today.text)", "corrected \(yesterday)",
                "entered-in-error none",
            ])
    }

    /// The file waits for the one before it, while the town corrects what came first: what was found, or the
    /// day of the consent alone, which no answer shows.
    @Test(arguments: [true, false])
    func `a file that waited undoes no correction that came one by one`(isOfFinding: Bool)
        async throws
    {
        let (key, number) = (try await child(), RecordID.random().text)
        #expect(try await take([row(key, number)]).number("additions") == 1)
        let late = row(key, number, ["同意日": today.adding(days: -1).text])
        let sequence = try await gateway.nextSequence(field: Self.field)
        let held = try await gateway.upload(
            file([late]), as: Self.layout, "sequence=\(sequence + 1)")
        #expect(held.text("status") == "held", "\(held.text)")
        let id = try await gateway.sql {
            try $0.query(
                Statement(
                    """
                    select distinct result::text from exchange.sensitive_mass_checkup
                    where identifier = $1
                    """), [.text(number)])[0].text(0)
        }
        var sent = SentCheckup.signs(isOfFinding ? "found" : "none", on: today)
        sent.status = "corrected"
        if !isOfFinding { sent.consentedOn = today.adding(days: -2) }
        let identifier = try JSON(
            reading: """
                [{"system":"urn:tsunagi:mass-checkup-number","value":"\(number)"}]
                """)
        // Nobody examined: as a file has it, so that of the one case nothing but the day is another.
        let body = sent.body(notified: key).with("identifier", identifier).without("performer")
        try await gateway.send(
            Cast.town, "PUT", "\(sent.path)/\(id)", headers: [("If-Match", "W/\"1\"")],
            body: .object(body)
        ).expect(200)
        let stands = ["final \(today.text)", "corrected \((sent.consentedOn ?? today).text)"]
        #expect(try await versions(number) == stands)
        try await gateway.upload(
            file([row("nobody", number + "-0")]), as: Self.layout, "sequence=\(sequence)"
        ).expect(202)
        let done = try await gateway.settled(held.text("file"), as: Self.layout)
        gateway.expectMoreEntries(1)
        #expect(told(done) == ["2 resultNumber newer-stands"], "\(done.text)")
        #expect(try await versions(number) == stands)
        // The next file is younger than the correction.
        let next = try await take([late])
        #expect(told(next).isEmpty && next.number("changes") == 1, "\(next.text)")
    }

    @Test func `the same file sent twice is applied once`() async throws {
        let (key, number) = (try await child(), RecordID.random().text)
        let bytes = file([row(key, number)])
        let sequence = try await gateway.nextSequence(field: Self.field)
        let first = try await gateway.upload(bytes, as: Self.layout, "sequence=\(sequence)")
        _ = try await gateway.settled(first.text("file"), as: Self.layout)
        gateway.expectMoreEntries(1)
        let second = try await gateway.upload(bytes, as: Self.layout, "sequence=\(sequence)")
        #expect(second.status == 202 && second.text("file") == first.text("file"))
        #expect(second.json["received"]?.object?["duplicate"]?.bool == true)
        #expect(try await versions(number) == ["final \(today.text)"])
    }

    @Test func `a mother's scale comes by her own key, and asks for what a request asks for`()
        async throws
    {
        let (mother, _) = try await gateway.settle(years: 30)
        let (own, hers, number) = (
            try await child(), "P-\(RecordID.letters())", RecordID.random().text
        )
        try await gateway.notify([
            mother.pregnancy(
                due: today.adding(days: -10), notified: today.adding(days: -100), key: hers,
                [
                    "delivery": try JSON(
                        reading: """
                            {"on":"\(today.adding(days: -14).text)","live":1,"still":0}
                            """)
                ])
        ])
        let before = try await gateway.followUps(.sensitive).entries.count
        let scale = [
            "健診コード": "postpartum-2w", "被虐待を疑う所見": "", "EPDS合計点": "9", "EPDS質問10の点": "1",
            "産婦健診の判定": "support",
        ]
        let answer = try await take(
            [
                row(hers, number + "-1", scale), row(own, number + "-2", scale),
                row(own, number + "-3", ["EPDS合計点": "14"]),
            ], entering: 2)
        #expect(answer.number("additions") == 2, "\(answer.text)")
        // A warning stands beside what was taken, and tells nothing of the points.
        #expect(
            told(answer) == ["3 notificationKey unknown-key", "4 epds-total not-of-checkup"])
        #expect(answer.results.flatMap(\.findings).allSatisfy { $0["value"] == nil })
        let tasks = try await gateway.followUps(.sensitive)
        #expect(tasks.entries.count == before + 2)
        #expect(tasks.text.contains("maternal-support") && tasks.text.contains("self-harm"))
    }

    @Test func `infections that a pregnancy checkup found come by file, and wait in confidence`()
        async throws
    {
        let mother = try await gateway.settle(years: 30).resident
        let (key, number) = ("P-\(RecordID.letters())", RecordID.random().text)
        try await gateway.notify([
            mother.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -10), key: key)
        ])
        let open = try await gateway.followUps().entries.count
        let before = try await gateway.followUps(.sensitive).entries.count
        let found = ["健診コード": "prenatal", "被虐待を疑う所見": "", "梅毒血清反応": "negative"]
        let answer = try await take([
            row(key, number + "-1", found.merging(["HIV抗体": "positive"]) { $1 }),
            row(key, number + "-2", found.merging(["HIV抗体": "maybe"]) { $1 }),
        ])
        #expect(answer.number("additions") == 1, "\(answer.text)")
        #expect(told(answer) == ["3 hiv-antibody format"])
        #expect(!answer.text.contains("maybe"))
        #expect(try await versions(number + "-1") == ["final \(today.text)"])
        let tasks = try await gateway.followUps(.sensitive)
        #expect(tasks.entries.count == before + 1 && tasks.text.contains("detailed-examination"))
        #expect(try await gateway.followUps().entries.count == open)
    }

    @Test func `what a test of a newborn found in confidence comes by file`() async throws {
        let (key, number) = (try await child(), RecordID.random().text)
        let before = try await gateway.followUps(.sensitive).entries.count
        let found = [
            "健診コード": "newborn-cmv", "健診日": today.adding(days: -100).text, "被虐待を疑う所見": "",
        ]
        let test = "先天性サイトメガロウイルス検査"
        let answer = try await take([
            row(key, number + "-1", found.merging([test: "positive"]) { $1 }),
            row(key, number + "-2", found.merging([test: "perhaps"]) { $1 }),
            row(key, number + "-3", found.merging(["被虐待を疑う所見": "none"]) { $1 }),
        ])
        #expect(answer.number("additions") == 1, "\(answer.text)")
        #expect(told(answer).contains("3 cmv format") && !answer.text.contains("perhaps"))
        #expect(told(answer).contains { $0.hasPrefix("4 ") })
        #expect(try await versions(number + "-1") == ["final \(today.text)"])
        #expect(try await versions(number + "-3").isEmpty)
        let tasks = try await gateway.followUps(.sensitive)
        #expect(tasks.entries.count == before + 1 && tasks.text.contains("detailed-examination"))
    }

    @Test func `what was taken is kept in no file, and what is to be mended is read apart`()
        async throws
    {
        let (first, second) = (try await child(), try await child())
        let number = RecordID.random().text
        let tomorrow = today.adding(days: 1).text
        let done = try await take(
            [
                row(first, number + "-1", ["被虐待を疑う所見": "found"]),
                row(second, number + "-2", ["健診日": tomorrow]),
            ], entering: 2)
        #expect(told(done) == ["3 checkedOn day-ahead"], "\(done.text)")
        let left = try await kept(done.text("file"))
        #expect(!left.contains(first) && left.contains(second), "\(left)")
        var given: TLSClient.Answer?
        let entries = try await gateway.entries {
            given = try await gateway.errors(of: done.text("file"), as: Self.layout)
        }
        // Whose findings go back to the sender is on the record.
        #expect(entries.map(\.purpose) == [Purpose.readSensitiveRegistration.rawValue])
        let allArePersons = entries.allSatisfy { $0.hasPerson }
        #expect(allArePersons)
        let text = NightFile.text(of: try #require(given).body, .utf8)
        #expect(text.contains(second) && !text.contains(first), "\(text)")
        let mended = NightFile.bytes(of: text.replacing(tomorrow, with: today.text), .utf8)
        let again = try await take(mended, entering: 1)
        #expect(again.number("additions") == 1, "\(again.text)")
        #expect(again.json["received"]?.object?["mended"]?.bool == true)
        #expect(try await kept(again.text("file")).isEmpty)
        #expect(try await versions(number + "-2") == ["final \(today.text)"])
    }

    @Test func `a file that is withdrawn leaves no row behind`() async throws {
        let town = Cast.otherTown
        let sequence = try await gateway.nextSequence(of: town, field: Self.field)
        // The one before it never comes.
        let sent = try await gateway.upload(
            file([row("nobody", "R-1")]), as: Self.layout, "sequence=\(sequence + 1)", by: town)
        #expect(sent.text("status") == "held", "\(sent.text)")
        #expect(try await kept(sent.text("file")).contains("nobody"))
        let decided = try await gateway.decide(
            "withdraw", on: sent.text("file"), as: Self.layout, by: town, operatorID: "clerk-1")
        try decided.expect(200)
        #expect(try await kept(sent.text("file")).isEmpty)
        let report = try await gateway.settled(sent.text("file"), as: Self.layout, by: town)
        #expect(report.text("status") == "withdrawn" && !report.text("rowsDeletedAt").isEmpty)
    }

    @Test func `who may not send it is refused, and no way of the open file leads to it`()
        async throws
    {
        let number = RecordID.random().text
        for party in [Cast.prefecture, Cast.auditor] {
            let answer = try await gateway.upload(
                file([row("nobody", number)]), as: Self.layout, "sequence=1", by: party)
            #expect(answer.code == Refusal.notYourPurpose.code, "\(party.key)")
        }
        let done = try await take([row(child(), number)])
        let id = done.text("file")
        for end in ["", "/errors"] {
            for (party, layout, refusal) in [
                (Cast.otherTown, Self.layout, Refusal.taskUnknown),
                (Cast.prefecture, Self.layout, .notYourPurpose),
                (Cast.town, "checkup-results", .taskUnknown),
                (Cast.prefecture, "checkup-results", .taskUnknown),
            ] {
                let answer = try await gateway.send(party, "GET", "/files/\(layout)/\(id)\(end)")
                #expect(answer.code == refusal.code, "\(party.key) \(layout)\(end)")
            }
        }
        let decided = try await gateway.decide(
            "withdraw", on: id, as: "checkup-results", operatorID: "clerk")
        #expect(decided.code == Refusal.taskUnknown.code)
        // Nor does the open file take a column of the other compartment.
        var mixed = NightFile(massCheckups: [row("nobody", number)])
        mixed.columns.append("被虐待を疑う所見")
        let sequence = try await gateway.nextSequence(field: "maternal")
        let refused = try await gateway.upload(
            mixed.bytes(), as: "checkup-results", "sequence=\(sequence)")
        #expect(refused.code == Refusal.fileRefused.code, "\(refused.text)")
    }

    /// Each part of a file is a registration of its own, with the codes of its refused rows.
    @Test func `the task of a part is not there for who reads other registrations`() async throws {
        let (key, number) = (try await child(), RecordID.random().text)
        let done = try await take([row(key, number), row("nobody", number + "-2")])
        let task = try await task(of: done.text("file"))
        #expect(told(done) == ["3 notificationKey unknown-key"])
        for field in [
            "medical-subsidy", "municipal-checkup", "guardianship", "life-events", "immunization",
            "immunization/prices", "maternal-health", "maternal-health/prices",
        ] {
            let answer = try await gateway.send(
                Cast.town, "GET", "/\(field)/registration-tasks/\(task.text)")
            #expect(answer.code == Refusal.taskUnknown.code, "\(field)")
            let none = try await gateway.send(
                Cast.town, "GET", "/\(field)/registration-tasks/\(RecordID.random().text)")
            #expect(answer.code == none.code && answer.status == none.status, "\(field)")
        }
        let town = Caller(party: Cast.town, operatorID: nil)
        let report = try await gateway.ledger.access(town, .readSensitiveRegistration) {
            try $0.registrationReport(task)
        }
        #expect(report.receipt.rows == 2 && report.results.map { $0.line } == [3])
        // Nor does the other purpose read what is not sensitive.
        let target = gateway.people.next()
        let sent = try await gateway.send(
            Cast.town, "POST", "/municipal-checkup/registration-tasks",
            body: try JSON(
                reading: """
                    [{"modificationSeg":"1","myNumber":"\(target.number)",
                    "municipalityIdentityKey":"1"}]
                    """))
        let ordinary = try RecordID(sent.text("taskId"))
        await #expect(throws: Refusal.taskUnknown) {
            try await gateway.ledger.access(town, .readSensitiveRegistration) {
                try $0.registrationReport(ordinary)
            }
        }
        gateway.expectMoreEntries(2)
        let read = try await gateway.send(
            Cast.town, "GET", "/maternal-health/registration-tasks/\(ordinary.text)")
        #expect(read.status == 200)
    }

    private func task(of file: String) async throws -> RecordID {
        try await gateway.sql { transaction in
            try RecordID(
                transaction.query(
                    Statement(
                        "select task::text from office.file_chunk where file = $1::text::uuid"),
                    [.text(file)])[0].text(0))
        }
    }
}

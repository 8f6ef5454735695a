import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// どのファイルを誰が: each layout goes to the registration that its rows have over JSON, from those who may send
/// it, and is read by its sender alone.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FileKindTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func csv(_ lines: [[String]]) -> [UInt8] {
        Array(lines.map { $0.joined(separator: ",") + "\r\n" }.joined().utf8)
    }

    private func rows(_ count: Int) -> [UInt8] {
        let today = gateway.clock.today
        return NightFile(
            (0..<count).map { _ in
                gateway.people.next().cells(today.adding(days: -10), today.adding(days: 300))
            }
        ).bytes()
    }

    @Test func `checkup targets come by file as by the API`() async throws {
        let person = gateway.people.next()
        let header = ["更新区分", "宛名番号", "個人番号", "消除の異動日"]
        let added = try await gateway.take(
            csv([header, ["1", "A-1", person.number, ""], ["3", "A-2", person.number, ""]]),
            as: "checkup-targets", field: "maternal")
        #expect(added.number("additions") == 1 && added.number("refused") == 1, "\(added.text)")
        let again = try await gateway.take(
            csv([header, ["1", "A-1", person.number, ""]]), as: "checkup-targets",
            field: "maternal")
        #expect(again.number("unchanged") == 1, "\(again.text)")
        let removed = try await gateway.take(
            csv([header, ["2", "A-1", person.number, "R8.6.15"]]), as: "checkup-targets",
            field: "maternal")
        #expect(removed.number("ends") == 1, "\(removed.text)")
        let target = try await gateway.count(
            """
            select count(*) from exchange.checkup_target
            where identity_key = 'A-1' and is_removed and removed_on = '2026-06-15'
            """)
        #expect(target == 1)
    }

    @Test func `vaccination targets come by file, and each finds one notice`() async throws {
        let person = gateway.people.next()
        let today = gateway.clock.today
        let header = ["更新区分", "宛名番号", "個人番号", "接種種別コード", "対象期間開始", "対象期間終了"]
        let key = "V-\(person.index)"
        func line(_ change: String, _ programme: String) -> [String] {
            [change, key, person.number, programme, today.text, today.adding(days: 300).text]
        }
        func take(_ lines: [[String]]) async throws -> TLSClient.Answer {
            try await gateway.take(
                csv([header] + lines), as: "vaccination-targets", field: "immunization")
        }
        let added = try await take([line("1", "mr"), line("1", "no-such-programme")])
        #expect(added.number("additions") == 1 && added.number("refused") == 1, "\(added.text)")
        #expect(added.results.first?.findings.first?["code"]?.string == "unknown-code")
        let again = try await take([line("1", "mr")])
        #expect(again.number("unchanged") == 1, "\(again.text)")
        // A last day that moves is told by its item to who only looks.
        var later = line("1", "mr")
        later[5] = today.adding(days: 310).text
        let looked = try await gateway.upload(
            csv([header, later]), as: "vaccination-targets", "dryRun=true")
        _ = try await gateway.settled(looked.text("file"), as: "vaccination-targets")
        let plan = try await gateway.send(
            Cast.town, "GET", "/files/vaccination-targets/\(looked.text("file"))/plan")
        let changed = plan.json["plan"]?.array?.first?.object
        #expect(changed?["change"]?.string == "change", "\(plan.text)")
        #expect(changed?["items"]?.array?.map(\.string) == ["validTo"])
        let removed = try await take([line("2", "mr")])
        #expect(removed.number("ends") == 1, "\(removed.text)")
        let said = try await gateway.count(
            """
            select count(*) from exchange.vaccination_target t join exchange.notice n using (person)
            where t.identity_key = $1 and n.subject = 'mr'
            """, [.text(key)])
        #expect(said == 2, "one notice beside two versions")
    }

    @Test func `guardianships come by file, under keys that were registered`() async throws {
        let (child, _) = try await gateway.settle(years: 3)
        let (mother, card) = try await gateway.settle(years: 40)
        let (own, hers) = ("G-\(child.index)", "G-\(mother.index)")
        try await gateway.invite(child, key: own)
        try await gateway.invite(mother, key: hers)
        let header = ["更新区分", "本人の自治体別本人キー", "保護者の自治体別本人キー", "関係区分", "開始日", "終了日", "親権喪失フラグ"]
        func take(_ rows: [[String]]) async throws -> TLSClient.Answer {
            try await gateway.take(
                csv([header] + rows), as: "guardianships", field: "maternal")
        }
        let added = try await take([
            ["1", own, hers, "2", "2026-04-01", "", "0"],
            ["1", "nobody", hers, "2", "2026-04-01", "", "0"],
            ["1", own, own, "2", "2026-04-01", "", "0"],
            ["1", own, hers, "7", "2026-04-01", "", "0"],
        ])
        #expect(added.number("additions") == 1 && added.number("refused") == 3, "\(added.text)")
        let token = try await gateway.session(of: card)
        #expect(try await gateway.represented(token).count == 1)
        let lost = try await take([["1", own, hers, "2", "2026-04-01", "", "1"]])
        #expect(lost.number("ends") == 1, "\(lost.text)")
        #expect(try await gateway.represented(token).isEmpty)
        let again = try await take([["1", own, hers, "2", "2026-04-01", "", "1"]])
        #expect(again.number("unchanged") == 1, "\(again.text)")
    }

    /// The file waits behind one that speaks of nobody.
    private func wait(
        _ lines: [[String]], behind nobody: [[String]], as layout: String, field: String,
        while meanwhile: () async throws -> Void
    ) async throws -> TLSClient.Answer {
        let sequence = try await gateway.nextSequence(field: field)
        let held = try await gateway.upload(
            csv(lines), as: layout, "sequence=\(sequence + 1)")
        #expect(held.text("status") == "held", "\(held.text)")
        try await meanwhile()
        try await gateway.upload(csv(nobody), as: layout, "sequence=\(sequence)").expect(202)
        return try await gateway.settled(held.text("file"), as: layout)
    }

    private func told(_ answer: TLSClient.Answer) -> [String?] {
        answer.results.flatMap(\.findings).map { $0["code"]?.string }
    }

    /// 転出・死亡: a file that was on its way invites nobody whom the API took off the list meanwhile.
    @Test func `a file of invitations or targets that waited puts nobody back`() async throws {
        let today = gateway.clock.today
        let (child, other) = (gateway.people.next(), gateway.people.next())
        let key = "W-\(child.index)"
        let days = [today.text, today.adding(days: 365).text]
        let header = ["更新区分", "宛名番号", "個人番号", "接種種別コード", "対象期間開始", "対象期間終了"]
        try await gateway.invite(child, key: key)
        let invited = try await wait(
            [header, ["1", key, child.number, "dpt-ipv-hib"] + days],
            behind: [header, ["1", key, child.number, "no-such-programme"] + days],
            as: "vaccination-targets", field: "immunization"
        ) { try await gateway.invite(child, key: key, modification: "2") }
        #expect(told(invited) == ["newer-stands"] && invited.number("unchanged") == 1)
        let again = try await gateway.take(
            csv([header, ["1", key, child.number, "dpt-ipv-hib"] + days]),
            as: "vaccination-targets", field: "immunization")
        #expect(told(again).isEmpty && again.number("additions") == 1, "\(again.text)")

        func target(_ modification: String) throws -> JSON {
            try JSON(
                reading: """
                    [{"modificationSeg":"\(modification)","municipalityIdentityKey":"\(key)",
                    "myNumber":"\(other.number)"}]
                    """)
        }
        let path = "/municipal-checkup/registration-tasks"
        try await gateway.send(Cast.town, "POST", path, body: target("1")).expect(202)
        let columns = ["更新区分", "宛名番号", "個人番号", "消除の異動日"]
        let listed = try await wait(
            [columns, ["1", key, other.number, ""]],
            behind: [columns, ["3", key, other.number, ""]],
            as: "checkup-targets", field: "maternal"
        ) {
            try await gateway.send(Cast.town, "POST", path, body: target("2")).expect(202)
        }
        #expect(told(listed) == ["newer-stands"] && listed.number("unchanged") == 1)
        let standing = try await gateway.count(
            """
            select count(*) from exchange.checkup_target t where t.identity_key = $1
                and not t.is_removed and not exists (
                    select 1 from exchange.checkup_target later
                    where later.person = t.person and later.version > t.version)
            """, [.text(key)])
        #expect(standing == 0)
    }

    /// 統合: what a merge says again of the one person became known with it, and is no word of the town's own.
    @Test(arguments: [true, false])
    func `a merge while a file waits is no newer word than the file`(isInvitation: Bool)
        async throws
    {
        let today = gateway.clock.today
        let (stays, gone) = try await gateway.settleBabyTwice()
        let (key, number) = ("M-\(gone.resident.index)", stays.resident.number)
        try await gateway.invite(gone.resident, key: key)
        let target = try JSON(
            reading: """
                [{"modificationSeg":"1","municipalityIdentityKey":"\(key)",
                "myNumber":"\(gone.resident.number)"}]
                """)
        try await gateway.send(
            Cast.town, "POST", "/municipal-checkup/registration-tasks", body: target
        ).expect(202)
        let days = [today.text, today.adding(days: 365).text]
        let done: TLSClient.Answer
        if isInvitation {
            let header = ["更新区分", "宛名番号", "個人番号", "接種種別コード", "対象期間開始", "対象期間終了"]
            done = try await wait(
                [header, ["2", key, number, "dpt-ipv-hib"] + days],
                behind: [header, ["1", key, number, "no-such-programme"] + days],
                as: "vaccination-targets", field: "immunization"
            ) { try await gateway.join(gone.resident, into: stays.resident) }
        } else {
            let header = ["更新区分", "宛名番号", "個人番号", "消除の異動日"]
            done = try await wait(
                [header, ["2", key, number, "R8.6.15"]],
                behind: [header, ["3", key, number, ""]],
                as: "checkup-targets", field: "maternal"
            ) { try await gateway.join(gone.resident, into: stays.resident) }
        }
        #expect(told(done).isEmpty && done.number("ends") == 1, "\(done.text)")
        let table = isInvitation ? "vaccination_target" : "checkup_target"
        let standing = try await gateway.count(
            """
            select count(*) from exchange.\(table) t where t.identity_key = $1
                and not t.is_removed and not exists (
                    select 1 from exchange.\(table) later
                    where later.person = t.person and later.identity_key = t.identity_key
                        and later.version > t.version)
            """, [.text(key)])
        #expect(standing == 0)
    }

    /// 親権喪失: a file that was on its way gives nobody back what was taken away meanwhile.
    @Test func `a file of guardianships that waited gives no custody back`() async throws {
        let child = try await gateway.settle(years: 3).resident
        let (mother, card) = try await gateway.settle(years: 40)
        let (own, hers) = ("G-\(child.index)", "G-\(mother.index)")
        try await gateway.invite(child, key: own)
        try await gateway.invite(mother, key: hers)
        let from = gateway.clock.today.adding(days: -300)
        let header = ["更新区分", "本人の自治体別本人キー", "保護者の自治体別本人キー", "関係区分", "開始日", "終了日", "親権喪失フラグ"]
        func lines(of child: String) -> [[String]] {
            [header, ["1", child, hers, "2", from.text, "", "0"]]
        }
        _ = try await gateway.take(csv(lines(of: own)), as: "guardianships", field: "maternal")
        let token = try await gateway.session(of: card)
        #expect(try await gateway.represented(token).count == 1)
        let done = try await wait(
            lines(of: own), behind: lines(of: "nobody"), as: "guardianships", field: "maternal"
        ) {
            try await gateway.registerGuardianships([
                gateway.guardianship(of: child, by: mother, from: from, isCustodyLost: true)
            ])
            #expect(try await gateway.represented(token).isEmpty)
        }
        #expect(told(done) == ["newer-stands"] && done.number("unchanged") == 1, "\(done.text)")
        #expect(try await gateway.represented(token).isEmpty)
        // A file that is younger says it again.
        _ = try await gateway.take(csv(lines(of: own)), as: "guardianships", field: "maternal")
        #expect(try await gateway.represented(token).count == 1)
    }

    /// The other way round: what takes away is taken however late it comes.
    @Test func `a file of guardianships that waited takes custody away, whatever was said since`()
        async throws
    {
        let child = try await gateway.settle(years: 3).resident
        let (mother, card) = try await gateway.settle(years: 40)
        let (own, hers) = ("G-\(child.index)", "G-\(mother.index)")
        try await gateway.invite(child, key: own)
        try await gateway.invite(mother, key: hers)
        let today = gateway.clock.today
        let from = today.adding(days: -300)
        let header = ["更新区分", "本人の自治体別本人キー", "保護者の自治体別本人キー", "関係区分", "開始日", "終了日", "親権喪失フラグ"]
        func lines(of child: String, isLost: String) -> [[String]] {
            [header, ["1", child, hers, "2", from.text, "", isLost]]
        }
        _ = try await gateway.take(
            csv(lines(of: own, isLost: "0")), as: "guardianships", field: "maternal")
        let token = try await gateway.session(of: card)
        let done = try await wait(
            lines(of: own, isLost: "1"), behind: lines(of: "nobody", isLost: "0"),
            as: "guardianships", field: "maternal"
        ) {
            try await gateway.registerGuardianships([
                gateway.guardianship(
                    of: child, by: mother, from: from, to: today.adding(days: 100))
            ])
            #expect(try await gateway.represented(token).count == 1)
        }
        #expect(!told(done).contains("newer-stands") && done.number("ends") == 1, "\(done.text)")
        #expect(try await gateway.represented(token).isEmpty)
    }

    @Test func `the card authority's night comes by file`() async throws {
        let person = gateway.people.next()
        let card = try gateway.card()
        let header = [
            "通番", "種別", "個人番号", "発行者", "証明書の番号", "有効期間開始", "有効期間終了", "前の発行者", "前の証明書の番号",
            "市区町村コード", "異動日",
        ]
        let issuer = Base64.text(card.issuerDER)
        let serial = Hexadecimal.text(card.serial)
        let file = csv([
            header,
            [
                "1", "bind", person.number, issuer, serial, card.notBefore.dayInJapan.text,
                card.notAfter.dayInJapan.text, "", "", "", "",
            ],
            [
                "2", "residence", person.number, "", "", "", "", "", "", Cast.town.code,
                gateway.clock.today.adding(days: -100).text,
            ],
            ["3", "residence", person.number, "", "", "", "", "", "", "999999", "2026-04-01"],
        ])
        let done = try await gateway.take(
            file, as: "card-bindings", by: Cast.authority, field: "cards")
        #expect(done.number("additions") == 2 && done.number("refused") == 1, "\(done.text)")
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).status == 200)
        let revoked = try await gateway.take(
            csv([header, ["4", "revoke", "", issuer, serial, "", "", "", "", "", ""]]),
            as: "card-bindings", by: Cast.authority, field: "cards")
        #expect(revoked.number("ends") == 1, "\(revoked.text)")
        let body = try await gateway.visitBody(card)
        let refused = try await gateway.send(
            Cast.clinic, "POST", "/visits", body: .object(body))
        #expect(refused.code == Refusal.cardRevoked.code)
    }

    @Test func `each may send what its purpose allows, and nobody reads another's`() async throws {
        let file = rows(1)
        for (party, layout) in [
            (Cast.town, "card-bindings"), (Cast.authority, "entitlements"),
            (Cast.auditor, "entitlements"), (Cast.prefecture, "checkup-targets"),
        ] {
            let answer = try await gateway.upload(file, as: layout, "sequence=1", by: party)
            #expect(answer.code == Refusal.notYourPurpose.code, "\(party.key) \(layout)")
        }
        let unknown = try await gateway.upload(file, as: "national-local-schemes", "sequence=1")
        #expect(unknown.code == Refusal.routeUnknown.code)
        let done = try await gateway.take(file)
        let id = done.text("file")
        for path in ["/files/entitlements/\(id)", "/files/entitlements/\(id)/errors"] {
            let other = try await gateway.send(Cast.otherTown, "GET", path)
            #expect(other.code == Refusal.taskUnknown.code)
        }
        let layout = try await gateway.send(Cast.town, "GET", "/files/entitlements-full/\(id)")
        #expect(layout.code == Refusal.taskUnknown.code)
        let decided = try await gateway.decide(
            "withdraw", on: id, by: Cast.otherTown, operatorID: "clerk")
        #expect(decided.code == Refusal.taskUnknown.code)
        let clinic = try await gateway.send(Cast.clinic, "GET", "/files/entitlements/\(id)")
        #expect(clinic.code == Refusal.routeUnknown.code)
    }

    /// 他の自治体の住民: a town may say what it likes of a stranger; it changes nothing of what others hold,
    /// and a number that speaks of somebody else is held back.
    @Test func `another municipality's residents keep what theirs says`() async throws {
        let today = gateway.clock.today
        let stranger = gateway.people.next()
        let own = stranger.cells(today.adding(days: -10), today.adding(days: 300))
        let first = try await gateway.take(NightFile([own]).bytes(), by: Cast.otherTown)
        try #require(first.number("additions") == 1, "\(first.text)")
        let mistaken = own.merging(
            ["氏名": "別人　太郎", "氏名カナ": "ベツジン　タロウ", "生年月日": "1950-01-01", "性別": "1", "削除フラグ": "0"]
        ) { $1 }
        let held = try await gateway.take(NightFile([mistaken]).bytes())
        #expect(held.number("underReview") == 1, "\(held.text)")
        #expect(held.results.first?.findings.map { $0["code"]?.string } == ["under-review"])
        let untouched = try await gateway.count(
            """
            select count(*) from exchange.entitlement
            where body = $1 and recipient_number = $2 and not is_deleted
            """, [.text(Cast.otherTown.code), .text("R-00\(stranger.index)")])
        #expect(untouched == 1)
    }

    /// A slip of the pen in a key: it was counted as an addition, and the resident stayed where they were.
    @Test func `a removal of what nobody registered is told that it ended nothing`() async throws {
        let person = gateway.people.next()
        let today = gateway.clock.today
        let checkup = csv([
            ["更新区分", "宛名番号", "個人番号", "消除の異動日"], ["2", "X-1", person.number, today.text],
        ])
        let vaccination = csv([
            ["更新区分", "宛名番号", "個人番号", "接種種別コード", "対象期間開始", "対象期間終了"],
            ["2", "X-1", person.number, "mr", today.text, today.adding(days: 300).text],
        ])
        let certificate = NightFile([
            person.cells(today.adding(days: -10), today.adding(days: 300), ["削除フラグ": "1"])
        ])
        for (layout, field, file) in [
            ("checkup-targets", "maternal", checkup),
            ("vaccination-targets", "immunization", vaccination),
            ("entitlements", "subsidy", certificate.bytes()),
        ] {
            let told = try await gateway.take(file, as: layout, field: field)
            let codes = told.results.flatMap(\.findings).map { $0["code"]?.string }
            #expect(codes == ["nothing-stands"], "\(layout): \(told.text)")
            #expect(told.results.first?.findings.first?["severity"]?.string == "warning")
            // It is known now: said again it is a repetition.
            let again = try await gateway.take(file, as: layout, field: field)
            #expect(again.number("unchanged") == 1 && again.number("ends") == 0, "\(again.text)")
        }
    }

    @Test func `a party that is suspended in the middle stops, and goes on when it is let`()
        async throws
    {
        let party = Cast.silentTown
        let waiting = try await gateway.take(rows(120), by: party)
        try #require(waiting.text("status") == "waiting", "\(waiting.text)")
        let file: [Value] = [.text(waiting.text("file"))]
        _ = try await gateway.registry.suspend(party)
        try await gateway.sql {
            try $0.run(
                Statement("update office.file set state = 'applying' where file = $1::text::uuid"),
                file)
        }
        let postponed =
            "select count(*) from office.file where not_before is not null and file = $1::text::uuid"
        for _ in 0..<2_400 where try await gateway.count(postponed, file) == 0 {
            try await Task.sleep(for: .milliseconds(25))
        }
        #expect(try await gateway.count(postponed, file) == 1)
        gateway.expectMoreEntries(1)
        _ = try await gateway.registry.resume(party)
        try await gateway.ledger.refresh()
        // Its sender sees that it is not the file, and sends nothing again.
        let delayed = try await gateway.send(
            party, "GET", "/files/entitlements/\(waiting.text("file"))")
        #expect(delayed.notices.map { $0["code"]?.string } == ["delayed"], "\(delayed.text)")
        try await gateway.sql {
            try $0.run(
                Statement("update office.file set not_before = null where file = $1::text::uuid"),
                file)
        }
        let done = try await gateway.settled(waiting.text("file"), by: party)
        #expect(done.text("status") == "done" && done.number("additions") == 120)
        #expect(done.notices.isEmpty)
    }
}

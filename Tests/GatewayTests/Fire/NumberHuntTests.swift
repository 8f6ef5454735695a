import Exchange
import Foundation
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing

/// 個人番号の捜索: planted in every form in every text of every request and file, refused where it stands,
/// and afterwards found nowhere: in no answer, log line or metric, in no byte of a dump of the whole
/// database, and not in the database server's own log.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(60)))
struct NumberHuntTests {
    /// 書き方: how somebody might write a number, or hide it.
    enum Form: CaseIterable, CustomTestStringConvertible {
        case plain, fullWidth, spaced, hyphenated, hexadecimal, base64, base64Inside

        var testDescription: String { "\(self)" }

        func text(_ number: String) -> String {
            let groups = stride(from: 0, to: 12, by: 4).map {
                String(number.dropFirst($0).prefix(4))
            }
            return switch self {
            case .plain: number
            case .fullWidth:
                String(
                    String.UnicodeScalarView(
                        number.unicodeScalars.compactMap { Unicode.Scalar($0.value + 0xFEE0) }))
            case .spaced: groups.joined(separator: " ")
            case .hyphenated: groups.joined(separator: "-")
            case .hexadecimal: number.utf8.map { String($0, radix: 16) }.joined()
            case .base64: Data(number.utf8).base64EncodedString()
            case .base64Inside: Data("番号は\(number)です".utf8).base64EncodedString()
            }
        }
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// Items with a rule of their own, and those that are an individual number's.
    private static let unplanted: Set<String> = [
        "nonce", "certificate", "signature", "issuer", "serial", "myNumber",
        "medicalSubsidyRecipientNumber", "recipientNumber", "municipalityIdentityKey",
        "notificationKey", "historyKey", "orgSpecificCertificateTypeId", "certificationSubKey",
        "sequence",
    ]

    @Test func `planted in every item of every request, it is refused and found nowhere`()
        async throws
    {
        let fire = try Fire(gateway)
        let person = try await fire.settle()
        let number = gateway.people.next().number
        var planted = 0
        for deed in Deed.all {
            let ask = try await deed.make(fire, person)
            guard let body = ask.json else { continue }
            for leaf in body.leaves where !Self.isOwnRule(leaf) {
                for form in Form.allCases {
                    let changed = body.putting(.string(form.text(number)), at: leaf[...])
                    let answer = try await fire.untallied(ask.with(body: changed))
                    planted += 1
                    #expect(Self.isRefused(answer), "\(deed.id) \(leaf) \(form): \(answer.text)")
                    expectUnspoken(number, answer, "\(deed.id) \(leaf) \(form)")
                }
            }
        }
        #expect(planted > 500)
        try await expectNowhere(number)
        try await gateway.takeEntriesAsTold()
        await fire.hangUp()
        Torture.report("number hunt: planted in requests", planted, "refused, found nowhere")
    }

    @Test func `planted in headers, paths and queries, it is found nowhere`() async throws {
        let fire = try Fire(gateway)
        let person = try await fire.settle()
        let number = gateway.people.next().number
        for deed in Deed.all {
            let ask = try await deed.make(fire, person)
            for form in [Form.plain, .base64] {
                let text = form.text(number)
                var marked = ask
                marked.headers.append(("Tsunagi-Operator", text))
                var keyed = ask
                keyed.headers.append(("Idempotency-Key", text))
                keyed.headers.append(("User-Agent", text))
                var sought = ask
                sought.path += (ask.path.contains("?") ? "&" : "?") + "_tag=\(text)"
                var lost = ask
                lost.path += "/\(text)"
                for ask in [marked, keyed, sought, lost] {
                    expectUnspoken(number, try await fire.untallied(ask), deed.id)
                }
            }
        }
        try await expectNowhere(number)
        try await gateway.takeEntriesAsTold()
        await fire.hangUp()
    }

    @Test func `planted in every column of every file, its row is refused and it is found nowhere`()
        async throws
    {
        let fire = try Fire(gateway)
        let person = try await fire.settle()
        let foreign = gateway.people.next().number
        var planted = 0
        for (layout, bytes) in fire.files(of: person) {
            let encoding = layout.hasPrefix("entitlements") ? TextEncoding.cp932 : .utf8
            let lines = NightFile.text(of: bytes, encoding).split(separator: "\r\n").map(
                String.init)
            let columns = lines[0].split(separator: ",").map(String.init)
            // A number with a rule of its own is refused where it is the row's own person's.
            let places = columns.indices.flatMap { place in
                Form.allCases.map { (place: place, form: $0) }
            }.filter { columns[$0.place] != "個人番号" || $0.form != .plain }
                // Where the row names nobody by number, nobody can say whose number a key is.
                .filter { place, _ in
                    columns.contains("個人番号") || !Self.keyColumns.contains(columns[place])
                }
            let rows = places.map { place, form in
                var cells = lines[1].split(separator: ",", omittingEmptySubsequences: false)
                    .map(String.init)
                let isKey = Self.keyColumns.contains(columns[place])
                cells[place] = form.text(isKey ? person.resident.number : foreign)
                return cells.joined(separator: ",")
            }
            let file = ([lines[0]] + rows).map { $0 + "\r\n" }.joined()
            let receipt = try await gateway.send(
                fire.file(layout, NightFile.bytes(of: file, encoding), "dryRun=true", of: person))
            try receipt.expect(202)
            let party = fire.party(of: layout, person)
            let done = try await gateway.settled(receipt.text("file"), as: layout, by: party)
            let errors = try await gateway.errors(of: receipt.text("file"), as: layout, by: party)
            for number in [foreign, person.resident.number] {
                expectUnspoken(number, done, layout)
                expectUnspoken(number, errors, layout)
            }
            #expect(
                done.number("refused", in: "effect") == rows.count,
                "\(layout): \(done.json["effect"]?.text ?? done.text)")
            planted += rows.count
        }
        for number in [foreign, person.resident.number] { try await expectNowhere(number) }
        try await gateway.takeEntriesAsTold()
        Torture.report("number hunt: planted in files", planted, "rows refused, found nowhere")
    }

    /// Numbers by a rule of their own, of which long ones are nothing unusual.
    private static let keyColumns: Set = [
        "機関別受給者証種別ID", "公費受給者番号", "受給者証サブキー", "履歴キー", "宛名番号", "通番", "異動通番", "訂正する異動通番",
        "自治体別本人キー", "発行者", "証明書の番号",
        "前の発行者", "前の証明書の番号", "本人の自治体別本人キー", "保護者の自治体別本人キー", "受診券番号",
        "記録番号",
    ]

    @Test func `items with their own rule keep theirs`() async throws {
        let fire = try Fire(gateway)
        let person = try await fire.settle()
        let today = gateway.clock.today
        // The published sample of a number, with another check digit.
        let twelve = "123456789017"
        let row = person.resident.row(
            "kodomo", today.adding(days: -900), today.adding(days: -800), historyKey: twelve,
            [
                "medicalSubsidyRecipientNumber": .string(twelve),
                "certificationName": .string("証 \(twelve)"),
            ])
        let answer = try await gateway.send(
            .post(Cast.town, "/medical-subsidy/history-registration-tasks", .array([row])))
        #expect(answer.int("applied") == 1, "\(answer.text)")
        // One with a good check digit may be a recipient's; the holder's own number never is.
        let other = gateway.people.next().number
        let valid = row.object?.with("medicalSubsidyRecipientNumber", .string(other))
            .with("historyKey", "2")
        let taken = try await gateway.send(
            .post(
                Cast.town, "/medical-subsidy/history-registration-tasks",
                .array([valid.map { .object($0) } ?? .null])))
        #expect(taken.int("applied") == 1, "\(taken.text)")
        let own = row.object?.with(
            "medicalSubsidyRecipientNumber", .string(person.resident.number))
        let refused = try await gateway.send(
            .post(
                Cast.town, "/medical-subsidy/history-registration-tasks",
                .array([own.map { .object($0) } ?? .null])))
        #expect(refused.int("refused") == 1, "\(refused.text)")
        try await expectNowhere(person.resident.number)
        try await gateway.takeEntriesAsTold()
    }

    // MARK: Asking

    private static func isOwnRule(_ leaf: [JSON.Step]) -> Bool {
        leaf.contains { step in
            if case .member(let name) = step { unplanted.contains(name) } else { false }
        }
    }

    /// As a whole, or its one row.
    private static func isRefused(_ answer: TLSClient.Answer) -> Bool {
        (400..<500).contains(answer.status) || answer.int("refused") == 1
    }

    // MARK: Searching

    private func expectUnspoken(
        _ number: String, _ answer: TLSClient.Answer, _ place: String
    ) {
        let said = answer.text + answer.headers.map { "\($0.name): \($0.value)" }.joined()
        for (form, text) in Self.traces(of: number) {
            let isSaid = said.contains(text)
            #expect(!isSaid, "\(place) said \(form)")
        }
    }

    private static var pgDump: String {
        get throws {
            let root = "/usr/lib/postgresql"
            let versions = try FileManager.default.contentsOfDirectory(atPath: root)
            let newest = try #require(versions.compactMap(Int.init).max())
            return "\(root)/\(newest)/bin/pg_dump"
        }
    }

    /// Every way in which it could still stand somewhere.
    private static func traces(of number: String) -> [(String, String)] {
        var traces = Form.allCases.dropLast().map { ("\($0)", $0.text(number)) }
        traces.append(("hexadecimal, upper case", Form.hexadecimal.text(number).uppercased()))
        // In base64 of a longer text it stands in one of three ways, but for its ends.
        for shift in 1...2 {
            let padded = Data((String(repeating: "x", count: shift) + number).utf8)
            let text = padded.base64EncodedString().dropFirst(4).prefix(12)
            traces.append(("base64 at \(shift)", String(text)))
        }
        if let value = UInt64(number) {
            traces.append(("a number in hexadecimal", Self.padded(String(value, radix: 16))))
        }
        return traces
    }

    /// As eight bytes would stand in a dump.
    private static func padded(_ text: String) -> String {
        String(repeating: "0", count: 16 - text.count) + text
    }

    private func expectNowhere(_ number: String) async throws {
        // The search finds what is there.
        let canary = "canary\(RecordID.random().text)"
        try await gateway.sql { try $0.script("do $$ begin raise log '\(canary)'; end $$") }
        try await gateway.sql {
            try $0.script("create table public.canary as select '\(canary)'::text as word")
        }
        let dump = try await Program.run(
            ["--dbname", gateway.database.description], of: [try Self.pgDump])
        // What a constraint refuses is not repeated.
        try await gateway.sql { try $0.script("alter table public.canary add unique (word)") }
        await #expect(throws: (any Error).self) {
            try await gateway.sql {
                try $0.script("insert into public.canary values ('\(number)'), ('\(number)')")
            }
        }
        try await gateway.sql { try $0.script("drop table public.canary") }
        #expect(dump.status == 0, "\(dump.errors)")
        #expect(dump.output.contains(canary) && dump.output.contains("access_entry"))
        let server = try String(
            decoding: Data(
                contentsOf: URL(filePath: TestPostgres.cluster().folder + "/server.log")),
            as: UTF8.self)
        #expect(server.contains(canary))
        let lines = gateway.log.all.joined(separator: "\n")
        #expect(lines.contains("route="))
        let places = [
            ("the dump", dump.output), ("the server's log", server), ("the gateway's log", lines),
            ("the metrics", gateway.metrics.exposition()),
        ]
        for (place, text) in places {
            for (form, trace) in Self.traces(of: number) {
                let isThere = text.range(of: trace).map { text[$0.lowerBound...].prefix(80) }
                #expect(isThere == nil, "\(form) in \(place)")
            }
        }
    }
}

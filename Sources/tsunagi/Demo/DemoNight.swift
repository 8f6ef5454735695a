import Exchange
import Foundation
import Ledger

/// 夜: the municipality's changes of the day as a file, in the encoding of its own system: received at once,
/// one bad row named, and the mended row sent alone.
extension DemoStory {
    private static let layout = "/files/entitlements"

    func night() async throws {
        teller.chapter("3. In the evening a municipality sends its changes as a CSV file (CP932)")
        let town = cast.offices[0]
        var rows = cast.nightRows(of: town, count: cast.nightCount)
        let bad = min(7, rows.count - 1)
        let born = rows[bad]["生年月日"] ?? ""
        rows[bad]["生年月日"] = "令和9年13月1日"
        let looked = try send(town, "night.csv", rows, "?dryRun=true", isShown: false)
        let dry = try await report(town, looked.text("file"))
        teller.say("First it only looks: \(effect(dry)).")
        let received = try send(town, "night.csv", rows, "?sequence=1&rows=\(rows.count)")
        let account = received.json?["received"]?.object
        teller.say(
            "Received: \(account?["bytes"]?.int ?? 0) bytes, \(account?["rows"]?.int ?? 0) rows, SHA-256 "
                + "\(account?["sha256"]?.string?.prefix(16) ?? "")…")
        let done = try await report(town, received.text("file"), isShown: true)
        teller.say("Processed: \(counts(done)).")
        for finding in findings(done) {
            teller.say(
                "  line \(finding["line"]?.int ?? 0), \(finding["item"]?.string ?? ""): "
                    + (finding["ja"]?.string ?? ""))
        }
        let again = try send(
            town, "night.csv", rows, "?sequence=1&rows=\(rows.count)", isShown: false)
        let isKnown = again.json?["received"]?.object?["duplicate"]?.bool ?? false
        teller.say("Sent twice by mistake, it is known again: duplicate \(isKnown).")
        try await mend(town, received.text("file"), born)
    }

    private func mend(_ town: Party, _ file: String, _ born: String) async throws {
        let answer = try teller.send(
            .init(
                party: town, listener: .office, path: "\(Self.layout)/\(file)/errors",
                savedAs: "errors.csv"))
        try expect(answer, 200)
        teller.say("The rows to mend come back in CP932; no individual number is in them.")
        let characters = Characters(.cp932, table: .cp932)
        let text = characters.text(of: answer.body[...]) ?? ""
        let mended = text.replacingOccurrences(of: "令和9年13月1日", with: born)
        let sent = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: Self.layout,
                body: ("mended.csv", characters.bytes(of: mended).bytes), contentType: "text/csv"))
        try expect(sent, 202)
        let done = try await report(town, sent.text("file"))
        teller.say(
            "Its birth date mended, that row alone is sent: \(counts(done)). It found its number by "
                + "where it came from.")
    }

    private func send(
        _ town: Party, _ name: String, _ rows: [[String: String]], _ query: String,
        isShown: Bool = true
    ) throws -> Teller.Answer {
        let text = ([NightLayout.header] + rows.map(NightLayout.line)).joined()
        let answer = try teller.send(
            .init(
                method: "POST", party: town, listener: .office, path: Self.layout + query,
                body: (name, Characters(.cp932, table: .cp932).bytes(of: text).bytes),
                isShown: isShown, contentType: "text/csv"))
        try expect(answer, 202)
        return answer
    }

    private func report(_ town: Party, _ file: String, isShown: Bool = false) async throws
        -> Teller.Answer
    {
        for attempt in 0..<100 {
            let answer = try teller.send(
                .init(
                    party: town, listener: .office, path: "\(Self.layout)/\(file)",
                    isShown: isShown && attempt == 0))
            try expect(answer, 200)
            let isWorking = ["weighing", "applying"].contains(answer.text("status"))
            if !isWorking { return answer }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Command.Failure(description: "the file was not processed in ten seconds")
    }

    private func findings(_ answer: Teller.Answer) -> [JSONObject] {
        (answer.json?["results"]?.array ?? []).flatMap { result -> [JSONObject] in
            guard result.object?["outcome"]?.string == "refused" else { return [] }
            let line = result.object?["line"] ?? .null
            return (result.object?["findings"]?.array ?? []).compactMap(\.object).map {
                $0["line"] == nil ? JSONObject($0.members + [.init(name: "line", value: line)]) : $0
            }
        }
    }

    private func counts(_ answer: Teller.Answer) -> String {
        tally(answer.json?["processed"]?.object)
    }

    private func effect(_ answer: Teller.Answer) -> String {
        tally(answer.json?["effect"]?.object)
    }

    private func tally(_ object: JSONObject?) -> String {
        ["additions", "changes", "ends", "refused"].map { "\(object?[$0]?.int ?? 0) \($0)" }
            .joined(separator: ", ")
    }
}

/// The columns of the layout `entitlements` that the demo's municipality writes.
enum NightLayout {
    static let columns = [
        "機関別受給者証種別ID", "個人番号", "氏名", "氏名カナ", "住所", "生年月日", "性別", "不開示フラグ", "公費負担者番号",
        "受給者証名", "公費受給者番号", "受給者証サブキー", "区分", "所得区分", "追加条件", "指定医療機関情報", "常に償還払い",
        "自己負担上限額(月額)", "資格有効期間開始", "資格有効期間終了", "履歴キー", "削除フラグ", "受給者証券面項目",
    ]

    static var header: String { columns.joined(separator: ",") + "\r\n" }

    static func line(_ row: [String: String]) -> String {
        columns.map { row[$0] ?? "" }.joined(separator: ",") + "\r\n"
    }
}

extension DemoCast {
    var nightCount: Int { 30 }

    /// Certificates that are issued anew, of residents who do not appear in person.
    func nightRows(of office: Party, count: Int) -> [[String: String]] {
        var rows: [[String: String]] = []
        for (index, person) in residents.enumerated() where rows.count < count {
            guard ![child, movedChild, adult].contains(index) else { continue }
            for entitlement in person.entitlements where entitlement.body == office.code {
                rows.append(person.row(entitlement))
            }
        }
        return rows
    }
}

extension DemoCast {
    /// Everything the municipality holds once its night is through, or without one, as its own system would
    /// write it.
    func wholeList(of office: Party, afterNight: Bool = true) -> [[String: String]] {
        let night = afterNight ? nightRows(of: office, count: nightCount) : []
        let renewed = Set(night.map { Self.name(of: $0) })
        return residents.flatMap { person in
            person.entitlements.filter { $0.body == office.code }.map { entitlement in
                let row = person.row(entitlement)
                return renewed.contains(Self.name(of: row))
                    ? row : row.merging(person.registered(entitlement)) { $1 }
            }
        }
    }

    /// A resident's rows of one municipality, as it registered them.
    func list(of person: SyntheticResident, by office: Party) -> [[String: String]] {
        person.entitlements.filter { $0.body == office.code }
            .map { person.row($0).merging(person.registered($0)) { $1 } }
    }

    private static func name(of row: [String: String]) -> String {
        ["個人番号", "機関別受給者証種別ID", "履歴キー"].map { row[$0] ?? "" }.joined(separator: " ")
    }
}

extension SyntheticResident {
    /// What the registration of the day before said and the night's file leaves out.
    fileprivate func registered(_ entitlement: SyntheticEntitlement) -> [String: String] {
        let limits = entitlement.scheme.monthlyLimits
        let limit = entitlement.segment.flatMap { limits.indices.contains($0) ? limits[$0] : nil }
        return [
            "自己負担上限額(月額)": limit.map { String($0) } ?? "",
            "受給者証券面項目": "交付年月日=\(entitlement.validFrom.text);備考=架空の証です",
        ]
    }

    fileprivate func row(_ entitlement: SyntheticEntitlement) -> [String: String] {
        let scheme = entitlement.scheme
        return [
            "機関別受給者証種別ID": scheme.certificateTypeID, "個人番号": individualNumber, "氏名": name,
            "氏名カナ": nameKana, "住所": address, "生年月日": dateOfBirth, "性別": sex,
            "不開示フラグ": isNotDisclosed ? "1" : "0", "公費負担者番号": entitlement.payerNumber,
            "受給者証名": scheme.name, "公費受給者番号": entitlement.recipientNumber,
            "所得区分": entitlement.segment.map { scheme.incomeSegments[$0] } ?? "",
            "常に償還払い": entitlement.isAlwaysReimbursement ? "1" : "0",
            "資格有効期間開始": entitlement.validFrom.text, "資格有効期間終了": entitlement.validTo.text,
            "履歴キー": entitlement.historyKey, "削除フラグ": "0", "受給者証券面項目": "備考=再交付",
        ]
    }
}

package import Exchange
import Ledger
import Postgres

/// 夜のファイル: rows of `entitlements` as a municipal system writes them.
package struct NightFile: Sendable {
    package static let columns = [
        "機関別受給者証種別ID", "個人番号", "氏名", "氏名カナ", "住所", "生年月日", "性別", "不開示フラグ", "公費負担者番号",
        "受給者証名", "公費受給者番号", "受給者証サブキー", "区分", "所得区分", "追加条件", "指定医療機関情報", "常に償還払い",
        "自己負担上限額(月額)", "資格有効期間開始", "資格有効期間終了", "履歴キー", "削除フラグ", "受給者証券面項目",
    ]

    package var columns = NightFile.columns
    package var rows: [[String: String]]
    package var lineEnd = "\r\n"

    package init(_ rows: [[String: String]]) {
        self.rows = rows
    }

    /// 集団健診の結果: rows of `checkup-results`; each registers, unless it says otherwise.
    package init(massCheckups rows: [[String: String]]) {
        self.rows = rows.map { ["更新区分": "1"].merging($0) { $1 } }
        columns = [
            "更新区分", "結果番号", "届出番号", "健診コード", "健診日", "体重", "身長", "頭囲", "胸囲", "栄養状態", "黄疸",
            "便色カードの番号", "ビタミンK2投与", "身体の診察所見", "判定", "備考", "首のすわり", "股関節開排制限", "目の異常",
            "耳の異常", "精神・運動・言語の発達", "精密検査受診日", "ひとり歩き", "意味のある言葉", "現在の歯の数",
            "未処置のむし歯の数", "むし歯の罹患型（1歳6か月児）", "屈折検査", "尿蛋白", "尿糖", "尿潜血",
            "むし歯の罹患型（3歳児）", "集団生活での社会性・行動", "未実施",
        ]
    }

    /// 集団健診の慎重に扱う項目: rows of `sensitive-checkup-results`; each registers, unless it says otherwise.
    package init(sensitiveCheckups rows: [[String: String]]) {
        self.rows = rows.map { ["更新区分": "1"].merging($0) { $1 } }
        columns = [
            "更新区分", "結果番号", "届出番号", "健診コード", "健診日", "同意日", "被虐待を疑う所見",
            "パートナー等からの暴力", "EPDS合計点", "EPDS質問10の点", "産婦健診の判定", "B型肝炎抗原",
            "C型肝炎抗体", "HIV抗体", "梅毒血清反応", "HTLV-1抗体", "性器クラミジア", "B群溶血性レンサ球菌", "子宮頸がん検診（細胞診）",
            "妊娠中の喫煙", "妊娠中の飲酒", "先天性サイトメガロウイルス検査", "未実施",
        ]
    }

    /// 過去の接種歴: rows of `past-doses`; each tells of a routine dose that was given, unless it says otherwise.
    package init(pastDoses rows: [[String: String]]) {
        self.rows = rows.map { row in
            ["更新区分": "1", "接種の有無": "1", "実施区分": "1"].merging(row) { $1 }
        }
        columns = [
            "更新区分", "記録番号", "個人番号", "生年月日", "性別", "接種の有無", "実施区分", "ワクチン", "製品名",
            "接種回数", "接種日", "製造番号", "製造販売業者", "接種量", "医療機関コード", "医療機関名",
            "区域外接種フラグ", "未接種の理由",
        ]
    }

    /// 受診券: rows of `checkup-tickets`; each registers, unless it says otherwise.
    package init(checkupTickets rows: [[String: String]]) {
        self.rows = rows.map { ["更新区分": "1"].merging($0) { $1 } }
        columns = [
            "更新区分", "宛名番号", "個人番号", "健診種別コード", "受診券番号", "回", "助成上限額", "有効期間開始",
            "有効期間終了", "消除の異動日",
        ]
    }

    /// 制度マスタ: rows of `scheme-masters`.
    package init(schemes rows: [[String: String]]) {
        self.rows = rows
        columns = [
            "市区町村コード", "機関別受給者証種別ID", "マスタ種別", "追加条件項目コード", "コード", "名称",
            "公費負担者番号", "英語名称", "同意区分コード", "優先順位", "指定医療機関限定フラグ", "適用開始日",
            "適用終了日",
        ]
    }

    /// 接種期間: rows of `immunization-seasons`; each registers days of this season, unless it says otherwise.
    package init(seasons rows: [[String: String]]) {
        self.rows = rows.map { row in
            ["更新区分": "1", "接種期コード": "influenza-2026"].merging(row) { $1 }
        }
        columns = ["更新区分", "市区町村コード", "接種期コード", "開始日", "終了日", "お知らせの言葉", "お知らせの英語の言葉"]
    }

    package var text: String {
        let lines = rows.map { row in columns.map { row[$0] ?? "" }.joined(separator: ",") }
        return ([columns.joined(separator: ",")] + lines).map { $0 + lineEnd }.joined()
    }

    package func bytes(_ encoding: TextEncoding = .cp932) -> [UInt8] {
        Self.bytes(of: text, encoding)
    }

    package static func bytes(of text: String, _ encoding: TextEncoding) -> [UInt8] {
        (encoding == .utf8WithMark ? TextEncoding.mark : [])
            + Characters(encoding, table: .cp932).bytes(of: text).bytes
    }

    package static func text(of bytes: [UInt8], _ encoding: TextEncoding) -> String {
        let isMarked = bytes.starts(with: TextEncoding.mark)
        let rest = isMarked ? bytes[TextEncoding.mark.count...] : bytes[...]
        return Characters(encoding, table: .cp932).text(of: rest) ?? "unreadable"
    }
}

extension TestResident {
    /// One row of the file; `changes` replaces cells by their column.
    package func cells(
        _ validFrom: CalendarDay, _ validTo: CalendarDay, historyKey: String = "1",
        _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "機関別受給者証種別ID": "kodomo", "個人番号": number, "氏名": name, "氏名カナ": nameKana,
            "住所": "東京都小金井市見本町1-1", "生年月日": dateOfBirth, "性別": sex, "不開示フラグ": "0",
            "公費負担者番号": Self.payerNumber, "受給者証名": "見本医療費受給者証", "公費受給者番号": "R-00\(index)",
            "常に償還払い": "0", "資格有効期間開始": validFrom.text, "資格有効期間終了": validTo.text,
            "履歴キー": historyKey, "削除フラグ": "0",
        ].merging(changes) { $1 }
    }
}

extension RunningGateway {
    /// Sends a file; `query` is its place and what else is said of it.
    package func upload(
        _ bytes: [UInt8], as layout: String = "entitlements", _ query: String,
        by party: Party = Cast.town, operatorID: String? = nil
    ) async throws -> Answer {
        let client = try await connect(party)
        let answer = try await send(
            client, "POST", "/files/\(layout)?\(query)",
            headers: [("Content-Type", "text/csv")]
                + (operatorID.map { [("Tsunagi-Operator", $0)] } ?? []),
            bytes: bytes)
        await client.close()
        return answer
    }

    /// The next number in the line of a party.
    package func nextSequence(
        of party: Party = Cast.town, field: String = "subsidy"
    ) async throws -> Int {
        try await count(
            """
            select coalesce(max(sequence), 0) + 1 from office.file where party = $1 and field = $2
                and state not in ('arriving', 'refused') and not is_dry_run
            """, [.text(party.key), .text(field)])
    }

    /// Sends a file in its turn and waits until nothing more happens to it by itself.
    package func take(
        _ bytes: [UInt8], as layout: String = "entitlements", by party: Party = Cast.town,
        operatorID: String? = nil, field: String = "subsidy"
    ) async throws -> Answer {
        let sequence = try await nextSequence(of: party, field: field)
        let receipt = try await upload(
            bytes, as: layout, "sequence=\(sequence)", by: party, operatorID: operatorID)
        try receipt.expect(202)
        return try await settled(receipt.text("file"), as: layout, by: party)
    }

    package func settled(
        _ file: String, as layout: String = "entitlements", by party: Party = Cast.town
    ) async throws -> Answer {
        for _ in 0..<2_400 {
            let answer = try await send(party, "GET", "/files/\(layout)/\(file)")
            try answer.expect(200)
            let isWorking = ["weighing", "applying"].contains(answer.text("status"))
            if !isWorking { return answer }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TLSClient.Gone(description: "file \(file) did not come to an end")
    }

    package func errors(
        of file: String, as layout: String = "entitlements", by party: Party = Cast.town
    ) async throws -> Answer {
        let answer = try await send(party, "GET", "/files/\(layout)/\(file)/errors")
        try answer.expect(200)
        return answer
    }

    package func decide(
        _ decision: String, on file: String, effect: String? = nil,
        as layout: String = "entitlements", by party: Party = Cast.town, operatorID: String?
    ) async throws -> Answer {
        var body = JSONObject([.init(name: "decision", value: .string(decision))])
        if let effect { body = body.with("effect", .string(effect)) }
        return try await send(
            party, "POST", "/files/\(layout)/\(file)/decision",
            headers: operatorID.map { [("Tsunagi-Operator", $0)] } ?? [], body: .object(body))
    }
}

extension TLSClient.Answer {
    /// `additions`, `changes`, … of `processed` or `effect`.
    package func number(_ name: String, in part: String = "processed") -> Int? {
        json[part]?.object?[name]?.int
    }

    /// What is said of the file beside its rows.
    package var notices: [JSONObject] { (json["notices"]?.array ?? []).compactMap(\.object) }

    /// Of every row that has something to say.
    package var results: [JSONObject] { (json["results"]?.array ?? []).compactMap(\.object) }
}

extension JSONObject {
    /// Of a row's result.
    package var findings: [JSONObject] { (self["findings"]?.array ?? []).compactMap(\.object) }
}

/// Names for invented people: common ones, and those that systems stumble over.
enum SyntheticNames {
    struct Name: Sendable {
        let written: String
        let kana: String
    }

    /// 異体字 and 外字 among them: an IVS (葛 U+845B U+E0100), a character outside the BMP (𠮷), 髙 and 﨑,
    /// which Shift_JIS writes only with vendors' extensions, and a long name.
    static let families: [Name] = [
        Name(written: "見本", kana: "ミホン"), Name(written: "試験", kana: "シケン"),
        Name(written: "架空", kana: "カクウ"), Name(written: "例田", kana: "レイダ"),
        Name(written: "佐藤", kana: "サトウ"), Name(written: "鈴木", kana: "スズキ"),
        Name(written: "山田", kana: "ヤマダ"), Name(written: "中村", kana: "ナカムラ"),
        Name(written: "葛\u{E0100}城", kana: "カツラギ"), Name(written: "𠮷田", kana: "ヨシダ"),
        Name(written: "髙橋", kana: "タカハシ"), Name(written: "山﨑", kana: "ヤマサキ"),
        Name(written: "渡邉", kana: "ワタナベ"), Name(written: "齋藤", kana: "サイトウ"),
        Name(written: "勘解由小路", kana: "カデノコウジ"), Name(written: "一", kana: "ハジメ"),
    ]
    static let women: [Name] = [
        Name(written: "花子", kana: "ハナコ"), Name(written: "美咲", kana: "ミサキ"),
        Name(written: "さくら", kana: "サクラ"), Name(written: "凛", kana: "リン"),
        Name(written: "結衣", kana: "ユイ"), Name(written: "ヱミ", kana: "エミ"),
        Name(written: "真由美", kana: "マユミ"), Name(written: "ゝ子", kana: "チョコ"),
    ]
    static let men: [Name] = [
        Name(written: "太郎", kana: "タロウ"), Name(written: "蓮", kana: "レン"),
        Name(written: "大翔", kana: "ヒロト"), Name(written: "健一", kana: "ケンイチ"),
        Name(written: "悠眞", kana: "ユウマ"), Name(written: "陽向", kana: "ヒナタ"),
        Name(written: "ジョン", kana: "ジョン"), Name(written: "弌", kana: "ハジメ"),
    ]
    /// 外国人住民: Latin letters only, no kana.
    static let latin = [
        "NGUYEN THI MIHON", "SAMPLE MARIA DOLORES", "EXAMPLE JOHN ALEXANDER", "TEST WEI",
        "DEMO ANA",
    ]
    static let streets = [
        "つなぎ町", "見本町", "架空台", "例示が丘", "試作新田", "字なかば", "大字こうさく",
    ]

    /// A person's name: 1 in 40 in Latin letters only, 1 in 40 of the others with a 通称 behind it.
    static func name(
        family: Name, isWoman: Bool, _ chance: inout SplitMix64
    ) -> (written: String, kana: String) {
        if chance.once(in: 40) { return (chance.pick(latin), "") }
        let given = chance.pick(isWoman ? women : men)
        let kana = "\(family.kana)　\(given.kana)"
        let written = "\(family.written)　\(given.written)"
        guard chance.once(in: 40) else { return (written, kana) }
        let known = chance.pick(families)
        return (
            "\(chance.pick(latin))（通称　\(known.written)　\(given.written)）",
            "\(known.kana)　\(given.kana)"
        )
    }

    static func street(_ chance: inout SplitMix64) -> String {
        let block = "\(chance.below(9) + 1)-\(chance.below(30) + 1)-\(chance.below(20) + 1)"
        let street = "\(chance.pick(streets))\(block)"
        return chance.once(in: 3) ? "\(street)　見本ハイツ\(100 + chance.below(400))号" : street
    }
}

/// 氏名の検索形: forms of a name to search by. The registered characters are kept beside them, because
/// these forms lose distinctions on purpose and nothing may be written back from them.
package enum NameNormalisation {
    /// Unicode NFKC for the characters of Japanese systems: half-width kana joined with their
    /// voicing marks, full-width ASCII, enclosed and squared forms, compatibility ideographs.
    package static func nfkc(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        var mapped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0xFF01...0xFF5E: mapped.append(Unicode.Scalar(UInt8(scalar.value - 0xFEE0)))
            case 0xFF61...0xFF9F: mapped.append(halfWidthKana[Int(scalar.value - 0xFF61)])
            case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: mapped.append(" ")
            case 0..<0xA0: mapped.append(scalar)
            default:
                if let text = compatibility[scalar.value] {
                    mapped.append(contentsOf: text.unicodeScalars)
                } else {
                    mapped.append(scalar)
                }
            }
        }
        return String(composed(mapped))
    }

    /// Joins each letter with the marks behind it. Marks are taken in the order written: names
    /// carry one, in Vietnamese two, and systems write those in the canonical order.
    private static func composed(_ scalars: String.UnicodeScalarView) -> String.UnicodeScalarView {
        var result: [Unicode.Scalar] = []
        for scalar in scalars {
            if let last = result.last,
                let joined = composition[UInt64(last.value) << 32 | UInt64(scalar.value)]
            {
                result[result.count - 1] = joined
            } else {
                result.append(scalar)
            }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: result)
        return view
    }

    /// Katakana in full width, the space of a name as U+3000: `ﾔﾏﾀﾞ ﾊﾅｺ` becomes `ヤマダ　ハナコ`.
    package static func fullWidthKana(_ text: String) -> String {
        var wide = String.UnicodeScalarView()
        for scalar in nfkc(text).unicodeScalars {
            switch scalar.value {
            case 0x20: wide.append("\u{3000}")
            case 0x21...0x7E: wide.append(Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar)
            default: wide.append(katakana(scalar))
            }
        }
        return String(wide)
    }

    /// What two spellings of one name share: NFKC, without spaces and variation selectors, capital
    /// Latin letters, katakana, and the common variants of a kanji (髙 高, 﨑 崎, 邊 辺) as one.
    package static func searchable(_ text: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in nfkc(text).unicodeScalars {
            switch scalar.value {
            case 0x20, 0x09, 0xFE00...0xFE0F, 0xE0100...0xE01EF, 0x200B...0x200D: continue
            case 0x61...0x7A: folded.append(Unicode.Scalar(UInt8(scalar.value - 0x20)))
            case 0xC0...0x24F, 0x1E00...0x1EFF:
                folded.append(contentsOf: scalar.properties.uppercaseMapping.unicodeScalars)
            default: folded.append(variants[scalar] ?? katakana(scalar))
            }
        }
        return String(folded)
    }

    private static func katakana(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard (0x3041...0x3096).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(scalar.value + 0x60) ?? scalar
    }

    /// U+FF61 to U+FF9F; the last two are the combining marks, which composition joins to their
    /// kana.
    private static let halfWidthKana = Array(
        ("。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノ"
            + "ハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309A}").unicodeScalars)

    /// Each word: the form searched by, then the variants met in family registers. For searching
    /// only: a match is a question to a clerk, never an identity.
    private static let variants: [Unicode.Scalar: Unicode.Scalar] = {
        let words = """
            高髙 崎﨑嵜 辺邊邉 斎齋 斉齊 沢澤 浜濵濱 広廣 国國 島嶋嶌 富冨 峰峯 真眞 恵惠 徳德 瀬瀨 桜櫻 条條 \
            寿壽 竜龍 黒黑 増增 横橫 柳栁 吉𠮷 槙槇 遥遙 塩鹽 関關 鉄鐵 栄榮 円圓 亀龜 渋澁 当當 蔵藏 来來 \
            礼禮 学學 実實 宝寶 芦蘆 薮藪 桧檜 桑桒 館舘 曽曾 鶴靏靍 角⻆ 静靜 緑綠 郎郞 万萬 与與 \
            会會 伝傳 体體 団團 声聲 変變 従從 応應 戸戶 払拂 拝拜 拡擴 検檢 楽樂 様樣 歩步 歳歲 気氣 \
            浅淺 清淸 滝瀧 焼燒 狭狹 献獻 県縣 砺礪 秋穐 穂穗 粋粹 総總 縁緣 荘莊 薫薰 蛍螢 \
            譲讓 豊豐 軽輕 弁辨辯 鎮鎭 雑雜 霊靈 頼賴 駅驛 鴎鷗 鶏鷄 麦麥 麺麵 黄黃 点點
            """
        var table: [Unicode.Scalar: Unicode.Scalar] = [:]
        for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            guard let form = word.unicodeScalars.first else { continue }
            for variant in word.unicodeScalars.dropFirst() where variant != form {
                table[variant] = form
            }
        }
        return table
    }()
}

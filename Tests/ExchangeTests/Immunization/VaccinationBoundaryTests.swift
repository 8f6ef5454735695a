import Exchange
import Testing

/// Every boundary at −1, 0 and +1 day, with the law it comes from.
@Suite struct VaccinationBoundaryTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let law: String
        let birth: String?
        var sex: String?
        /// The history; the candidate follows it.
        var history = ""
        let vaccine: String
        /// Days of the candidate, each with its verdict and rule.
        let days: [(day: String, verdict: String, rule: String?)]

        var testDescription: String { law }
    }

    private static let born = "2025-05-10"

    static let windows: [Row] = [
        .init(
            law: "MR 1期 生後12月から24月", birth: born, vaccine: "MR",
            days: [
                ("2026-05-08", "reject", "too-early"), ("2026-05-09", "accept", nil),
                ("2027-05-09", "accept", nil), ("2027-05-10", "reject", "too-late"),
                ("2031-03-31", "reject", "too-late"), ("2031-04-01", "accept", nil),
            ]),
        .init(
            law: "MR 2期 就学前の1年", birth: born, history: "MR 2026-06-01", vaccine: "MR",
            days: [
                ("2031-03-31", "reject", "too-early"), ("2031-04-01", "accept", nil),
                ("2032-03-31", "accept", nil), ("2032-04-01", "reject", "too-late"),
            ]),
        .init(
            law: "MR 2期 4月2日生まれは1年あと", birth: "2025-04-02", vaccine: "MR2",
            days: [("2031-03-31", "reject", "too-early"), ("2031-04-01", "accept", nil)]),
        .init(
            law: "MR 1期の二重", birth: born, history: "MR 2026-06-01", vaccine: "MR",
            days: [("2026-09-01", "reject", "needless")]),
        .init(
            law: "BCG 1歳に至るまで", birth: born, vaccine: "BCG",
            days: [
                ("2025-05-09", "reject", "before-birth"), ("2025-05-10", "accept", nil),
                ("2026-05-09", "accept", nil), ("2026-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "BCG 1回", birth: born, history: "BCG 2025-10-10", vaccine: "BCG",
            days: [("2025-12-10", "reject", "needless"), ("2025-10-10", "reject", "duplicate")]),
        .init(
            law: "水痘 生後12月から36月", birth: born, vaccine: "水痘",
            days: [
                ("2026-05-08", "reject", "too-early"), ("2026-05-09", "accept", nil),
                ("2028-05-09", "accept", nil), ("2028-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "五種混合 生後2月から90月", birth: born, vaccine: "5種",
            days: [
                ("2025-07-08", "reject", "too-early"), ("2025-07-09", "accept", nil),
                ("2032-11-09", "accept", nil), ("2032-11-10", "reject", "too-late"),
            ]),
        .init(
            law: "ロタリックス 出生6週0日後から24週0日後、初回は14週6日後まで", birth: born,
            vaccine: "ロタリックス",
            days: [
                ("2025-06-20", "reject", "too-early"), ("2025-06-21", "accept", nil),
                ("2025-08-22", "accept", nil), ("2025-08-23", "warn", "started-late"),
                ("2025-10-25", "warn", "started-late"), ("2025-10-26", "reject", "too-late"),
            ]),
        .init(
            law: "ロタテック 出生32週0日後まで", birth: born,
            history: "ロタテック 2025-07-01, ロタテック 2025-08-01", vaccine: "ロタテック",
            days: [("2025-12-20", "accept", nil), ("2025-12-21", "reject", "too-late")]),
        .init(
            law: "日本脳炎2期 9歳から13歳", birth: born,
            history: "日本脳炎 2028-06-01, 日本脳炎 2028-06-20, 日本脳炎 2029-06-20", vaccine: "日本脳炎",
            days: [
                ("2034-05-08", "reject", "too-early"), ("2034-05-09", "accept", nil),
                ("2038-05-09", "accept", nil), ("2038-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "DT2期 11歳から13歳", birth: born, vaccine: "DT",
            days: [
                ("2036-05-08", "reject", "too-early"), ("2036-05-09", "accept", nil),
                ("2038-05-09", "accept", nil), ("2038-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "HPV 12歳から16歳の年度、女子", birth: born, sex: "female", vaccine: "HPV9",
            days: [
                ("2037-03-31", "reject", "too-early"), ("2037-04-01", "accept", nil),
                ("2042-03-31", "accept", nil), ("2042-04-01", "reject", "too-late"),
            ]),
        .init(
            law: "HPV 男子", birth: born, sex: "male", vaccine: "HPV9",
            days: [("2038-05-10", "reject", "sex")]),
        .init(
            law: "HPV 令和8年4月1日から9価のみ", birth: "2013-05-10", sex: "female", vaccine: "HPV4",
            days: [("2026-03-31", "accept", nil), ("2026-04-01", "reject", "product-not-routine")]),
        .init(
            law: "高齢者インフルエンザ 65歳から", birth: "1961-11-21", vaccine: "インフルエンザ",
            days: [("2026-11-19", "warn", "condition"), ("2026-11-20", "accept", nil)]),
        .init(
            law: "インフルエンザ 若い人は定期でない", birth: "1986-11-21", vaccine: "インフル",
            days: [("2026-11-21", "reject", "too-early")]),
        .init(
            law: "新型コロナ 10月1日から3月31日", birth: "1950-01-01", vaccine: "コロナ",
            days: [
                ("2026-09-30", "reject", "season"), ("2026-10-01", "accept", nil),
                ("2027-03-31", "accept", nil), ("2027-04-01", "reject", "season"),
            ]),
        .init(
            law: "高齢者肺炎球菌 65歳の間、令和8年4月1日から20価", birth: "1961-05-10", vaccine: "PCV20",
            days: [
                ("2026-05-08", "warn", "condition"), ("2026-05-09", "accept", nil),
                ("2027-05-09", "accept", nil), ("2027-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "平成26年度の高齢者肺炎球菌 大正4年4月1日以前の生まれ", birth: "1915-04-01", vaccine: "PPSV23",
            days: [("2015-03-31", "accept", nil)]),
        .init(
            law: "平成26年度の高齢者肺炎球菌 大正4年4月2日の生まれ", birth: "1915-04-02", vaccine: "PPSV23",
            days: [("2015-03-31", "reject", "too-early"), ("2015-04-01", "accept", nil)]),
        .init(
            law: "平成31年度の高齢者肺炎球菌 大正9年4月1日以前の生まれ", birth: "1920-04-01", vaccine: "PPSV23",
            days: [("2020-03-31", "accept", nil)]),
        .init(
            law: "平成31年度の高齢者肺炎球菌 大正9年4月2日の生まれ", birth: "1920-04-02", vaccine: "PPSV23",
            days: [("2020-03-31", "reject", "too-early"), ("2020-04-01", "accept", nil)]),
        .init(
            law: "経過措置 水痘 すでに受けた人は対象外", birth: "2011-05-10", history: "水痘 2013-01-10",
            vaccine: "水痘", days: [("2014-11-10", "reject", "needless")]),
        .init(
            law: "製剤の記録のない肺炎球菌は、65歳の人には高齢者のもの", birth: "1961-05-10", vaccine: "肺炎球菌",
            days: [
                ("2026-05-08", "warn", "condition"), ("2026-05-09", "accept", nil),
                ("2027-05-09", "accept", nil), ("2027-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "製剤の記録のない肺炎球菌は、子には小児のもの", birth: born, vaccine: "肺炎球菌",
            days: [
                ("2025-07-08", "reject", "too-early"), ("2025-07-09", "accept", nil),
                ("2030-05-09", "accept", nil), ("2030-05-10", "reject", "too-late"),
            ]),
        .init(
            law: "高齢者肺炎球菌 23価は令和8年3月31日まで", birth: "1960-12-10", vaccine: "PPSV23",
            days: [("2026-03-31", "accept", nil), ("2026-04-01", "reject", "product-not-routine")]),
        .init(
            law: "高齢者肺炎球菌 受けたことのある人", birth: "1961-05-10", history: "PPSV23 2024-05-10",
            vaccine: "PCV20", days: [("2026-06-01", "reject", "needless")]),
        .init(
            law: "帯状疱疹 65歳になる年度", birth: "1961-05-10", vaccine: "シングリックス",
            days: [
                ("2026-03-31", "warn", "condition"), ("2026-04-01", "accept", nil),
                // 70歳になる年度(令和13年度)には経過措置が終わっている.
                ("2027-03-31", "accept", nil), ("2027-04-01", "reject", "too-late"),
            ]),
        .init(
            law: "帯状疱疹 70歳になった年度の翌年度、75歳になる年度は経過措置のあと", birth: "1955-05-10",
            vaccine: "シングリックス",
            days: [("2026-03-31", "accept", nil), ("2026-04-01", "reject", "too-late")]),
        .init(
            law: "帯状疱疹 75歳になる年度が令和11年度まで", birth: "1954-05-10", vaccine: "シングリックス",
            days: [("2026-04-01", "reject", "too-early"), ("2029-04-01", "accept", nil)]),
        .init(
            law: "帯状疱疹 70歳になる年度(令和11年度まで)", birth: "1956-05-10", vaccine: "帯状疱疹(生)",
            days: [("2026-03-31", "reject", "too-early"), ("2026-04-01", "accept", nil)]),
    ]

    static let intervals: [Row] = [
        .init(
            law: "生年月日がなくても、MR 1期と2期の間は3年より短くならない", birth: nil, history: "MR 2026-04-01",
            vaccine: "MR",
            days: [("2026-06-01", "reject", "needless"), ("2030-06-01", "accept", nil)]),
        .init(
            law: "BCG 二重、生年月日なし", birth: nil, history: "BCG 2026-04-01", vaccine: "BCG",
            days: [("2026-06-01", "reject", "needless")]),
        .init(
            law: "注射生ワクチンの間27日", birth: nil, history: "MR 2026-04-01", vaccine: "水痘",
            days: [
                ("2026-04-28", "reject", "interval-live-injectable"),
                ("2026-04-29", "accept", nil), ("2026-04-01", "accept", nil),
            ]),
        .init(
            law: "BCGのあとMR", birth: nil, history: "BCG 2026-04-01", vaccine: "MR",
            days: [
                ("2026-04-28", "reject", "interval-live-injectable"), ("2026-04-29", "accept", nil),
            ]),
        .init(
            law: "経口生、不活化との間に決まりはない", birth: nil,
            history: "MR 2026-04-01, 5種 2026-04-01", vaccine: "ロタ",
            days: [("2026-04-02", "accept", nil)]),
        .init(
            law: "令和2年9月30日までは生ワクチンのあと27日", birth: nil, history: "MR 2020-09-01",
            vaccine: "日本脳炎",
            days: [
                ("2020-09-28", "reject", "interval-after-live-until-2020-09"),
                ("2020-09-29", "accept", nil),
            ]),
        .init(
            law: "令和2年10月1日から決まりはない", birth: nil, history: "MR 2020-09-20", vaccine: "日本脳炎",
            days: [
                ("2020-09-30", "reject", "interval-after-live-until-2020-09"),
                ("2020-10-01", "accept", nil),
            ]),
        .init(
            law: "五種混合 初回20日", birth: born, history: "5種 2025-08-01", vaccine: "5種",
            days: [("2025-08-21", "reject", "interval"), ("2025-08-22", "accept", nil)]),
        .init(
            law: "五種混合 追加6月", birth: nil,
            history: "5種1 2026-05-01, 5種2 2026-06-01, 5種3 2026-08-31", vaccine: "5種",
            days: [
                ("2027-02-28", "reject", "interval"), ("2027-03-01", "accept", nil),
                ("2027-03-02", "accept", nil),
            ]),
        .init(
            law: "高齢者肺炎球菌を受けたことのある人、生年月日なし", birth: nil, history: "PPSV23 2024-05-10",
            vaccine: "PCV20",
            days: [("2026-06-01", "reject", "needless")]),
        .init(
            law: "高齢者肺炎球菌(製剤の記録なし)のあと、生年月日なし", birth: nil,
            history: "高齢者肺炎球菌 2024-05-10", vaccine: "肺炎球菌",
            days: [("2026-06-01", "reject", "needless")]),
        .init(
            law: "小児肺炎球菌 追加60日", birth: nil,
            history: "PCV20 2026-02-01, PCV20 2026-03-15, PCV20 2026-05-01", vaccine: "PCV20",
            days: [("2026-06-30", "reject", "interval"), ("2026-07-01", "accept", nil)]),
        .init(
            law: "小児肺炎球菌 追加は生後12月から", birth: born,
            history: "PCV20 2025-07-10, PCV20 2025-08-10, PCV20 2025-09-10", vaccine: "PCV20",
            days: [("2026-05-08", "reject", "too-early"), ("2026-05-09", "accept", nil)]),
        .init(
            law: "ヒブ 初回27日、医師が認めれば20日", birth: born, history: "Hib 2025-07-10", vaccine: "Hib",
            days: [
                ("2025-07-30", "reject", "interval"),
                ("2025-07-31", "warn", "interval-if-doctor-agrees"),
                ("2025-08-06", "warn", "interval-if-doctor-agrees"), ("2025-08-07", "accept", nil),
            ]),
        .init(
            law: "五種混合はヒブの成分も持つ: 同じ日、20日まで、27日まで", birth: born, history: "Hib 2025-08-01",
            vaccine: "5種",
            days: [
                ("2025-08-01", "reject", "duplicate"), ("2025-08-02", "reject", "interval"),
                ("2025-08-21", "reject", "interval"),
                ("2025-08-22", "warn", "interval-if-doctor-agrees"),
                ("2025-08-28", "warn", "interval-if-doctor-agrees"), ("2025-08-29", "accept", nil),
            ]),
        .init(
            law: "ヒブは五種混合にも含まれる: 逆の順も同じ日なら二重", birth: born, history: "5種 2025-08-01",
            vaccine: "Hib", days: [("2025-08-01", "reject", "duplicate")]),
        .init(
            law: "ヒブが4回済んだ人の五種混合", birth: born,
            history: "Hib 2025-08-01, Hib 2025-09-01, Hib 2025-10-01, Hib 2026-05-01",
            vaccine: "5種",
            days: [
                ("2026-05-21", "reject", "interval"), ("2026-05-22", "warn", "component-complete"),
            ]),
        .init(
            law: "四種混合とヒブから五種混合へ切り替えられる", birth: born,
            history: "4種 2025-08-01, Hib 2025-08-01, 4種 2025-09-01, Hib 2025-09-01",
            vaccine: "5種", days: [("2025-10-01", "warn", "product")]),
        .init(
            law: "切り替えたあとの五種混合は五種混合の間隔による", birth: born,
            history: "Hib 2025-08-01, 5種 2025-09-01", vaccine: "5種",
            days: [("2025-09-21", "reject", "interval"), ("2025-09-22", "accept", nil)]),
        .init(
            law: "不活化ポリオは五種混合と四種混合にも含まれる", birth: born, history: "IPV 2025-08-01",
            vaccine: "5種",
            days: [
                ("2025-08-01", "reject", "duplicate"), ("2025-08-21", "reject", "interval"),
                ("2025-08-22", "accept", nil),
            ]),
        .init(
            law: "不活化ポリオと四種混合", birth: born, history: "IPV 2025-08-01", vaccine: "4種",
            days: [
                ("2025-08-01", "reject", "duplicate"), ("2025-08-21", "reject", "interval"),
                ("2025-08-22", "accept", nil),
            ]),
        .init(
            law: "二種混合と三種混合の同じ日", birth: born, history: "DT 2025-08-01", vaccine: "DPT",
            days: [("2025-08-01", "reject", "duplicate"), ("2025-08-02", "accept", nil)]),
        .init(
            law: "四種混合が済んだ人の二種混合2期は決まりどおり", birth: born,
            history: "4種 2025-08-01, 4種 2025-09-01, 4種 2025-10-01, 4種 2026-10-01",
            vaccine: "DT", days: [("2036-05-09", "accept", nil)]),
        .init(
            law: "麻しんとMRの同じ日、注射生ワクチンの間27日", birth: born, history: "麻しん 2026-06-01",
            vaccine: "MR",
            days: [
                ("2026-06-01", "reject", "duplicate"),
                ("2026-06-28", "reject", "interval-live-injectable"),
                ("2026-06-29", "warn", "component-complete"),
            ]),
        .init(
            law: "風しんとMRの同じ日", birth: born, history: "風しん 2026-06-01", vaccine: "MR",
            days: [("2026-06-01", "reject", "duplicate")]),
        .init(
            law: "麻しんと風しんを別々に受けた1期のMR", birth: born,
            history: "麻しん 2026-06-01, 風しん 2026-07-15", vaccine: "MR",
            days: [("2026-09-01", "warn", "component-complete")]),
        .init(
            law: "麻しんと風しんを別々に受けた人のMR 2期", birth: born,
            history: "麻しん 2026-06-01, 風しん 2026-07-15", vaccine: "MR",
            days: [("2031-04-01", "accept", nil), ("2032-03-31", "accept", nil)]),
        .init(
            law: "ヒブ 12月を超えて残りの初回を行わない人の追加27日、医師が認めれば20日", birth: "2025-01-15",
            history: "Hib 2025-04-15, Hib 2025-12-25", vaccine: "Hib",
            days: [
                // Until 12 months it is the third of the first three, with the same intervals.
                ("2026-01-14", "reject", "interval"),
                ("2026-01-15", "warn", "interval-if-doctor-agrees"),
                ("2026-01-21", "warn", "interval-if-doctor-agrees"), ("2026-01-22", "accept", nil),
            ]),
        .init(
            law: "ヒブ 7月から12月に始めて2回目を行わない人の追加", birth: "2025-01-15",
            history: "Hib 2026-01-10", vaccine: "Hib",
            days: [
                ("2026-01-30", "reject", "interval"),
                ("2026-01-31", "warn", "interval-if-doctor-agrees"),
                ("2026-02-06", "warn", "interval-if-doctor-agrees"), ("2026-02-07", "accept", nil),
            ]),
        .init(
            law: "ヒブ 初回を終えた人の追加に医師の20日はない", birth: born,
            history: "Hib 2025-07-10, Hib 2025-08-10, Hib 2025-09-10", vaccine: "Hib",
            days: [("2026-04-09", "reject", "interval"), ("2026-04-10", "accept", nil)]),
        .init(
            law: "B型肝炎 1回目から139日", birth: nil, history: "HBV1 2026-04-10, HBV2 2026-05-08",
            vaccine: "HBV3",
            days: [("2026-08-27", "reject", "interval"), ("2026-08-28", "accept", nil)]),
        .init(
            law: "B型肝炎 3回まで", birth: nil,
            history: "HBV1 2026-01-10, HBV2 2026-02-10, HBV3 2026-06-10", vaccine: "HBV4",
            days: [("2026-08-10", "reject", "needless")]),
        .init(
            law: "ロタ 27日", birth: born, history: "ロタリックス 2025-07-10", vaccine: "ロタリックス",
            days: [("2025-08-06", "reject", "interval"), ("2025-08-07", "accept", nil)]),
        .init(
            law: "ロタ 同じ製剤", birth: born, history: "ロタテック 2025-07-10", vaccine: "ロタリックス",
            days: [("2025-08-10", "reject", "product")]),
        .init(
            law: "ロタ 前回の製剤の記録がなければ、同じ製剤とは言えない", birth: born,
            history: "ロタ 2025-07-10", vaccine: "ロタリックス",
            days: [
                ("2025-08-06", "reject", "interval"), ("2025-08-07", "warn", "product-unknown"),
            ]),
        .init(
            law: "ロタ 前回の製剤の記録がない、3回の製剤", birth: born,
            history: "ロタ 2025-07-10", vaccine: "ロタテック",
            days: [("2025-08-07", "warn", "product-unknown")]),
        .init(
            law: "ロタ 製剤の記録がなくても、後の回の製剤は分かる", birth: born,
            history: "ロタ 2025-07-10, ロタテック 2025-08-10", vaccine: "ロタテック",
            days: [("2025-09-10", "accept", nil)]),
        .init(
            law: "帯状疱疹 前回の製剤の記録がなければ、生ワクチンだったかもしれない", birth: "1961-05-01",
            history: "帯状疱疹 2026-05-01", vaccine: "シングリックス",
            days: [("2026-06-30", "reject", "interval"), ("2026-07-01", "warn", "product-unknown")]),
        .init(
            law: "小児肺炎球菌 製剤の記録がなくても、今の製剤は前の製剤に続けられる", birth: born,
            history: "肺炎球菌 2025-07-10", vaccine: "PCV20",
            days: [("2025-08-06", "reject", "interval"), ("2025-08-07", "accept", nil)]),
        .init(
            law: "ロタ 2回で済む製剤のあと、製剤の記録がない3回目", birth: born,
            history: "ロタリックス 2025-07-10, ロタリックス 2025-08-10", vaccine: "ロタ",
            days: [("2025-09-10", "reject", nil)]),
        .init(
            law: "ロタ 製剤の記録がなくても、前回の製剤の最後の日まで", birth: born,
            history: "ロタリックス 2025-07-10", vaccine: "ロタ",
            days: [("2025-10-25", "accept", nil), ("2025-10-26", "reject", nil)]),
        .init(
            law: "ロタ 製剤の記録がない2回目は3回の製剤として続けられる", birth: born,
            history: "ロタテック 2025-07-10", vaccine: "ロタ",
            days: [("2025-12-20", "accept", nil), ("2025-12-21", "reject", nil)]),
        .init(
            law: "帯状疱疹(生)は1回で、製剤の記録がない次の1回も要らない", birth: "1961-05-01",
            history: "帯状疱疹生 2026-05-01", vaccine: "帯状疱疹",
            days: [("2026-08-01", "reject", nil)]),
        .init(
            law: "組換えのあと製剤の記録がない2回目", birth: "1961-05-01",
            history: "シングリックス 2026-05-01", vaccine: "帯状疱疹",
            days: [("2026-06-30", "reject", "interval"), ("2026-07-01", "accept", nil)]),
        .init(
            law: "水痘 3月", birth: born, history: "水痘 2026-06-01", vaccine: "水痘",
            days: [("2026-08-31", "reject", "interval"), ("2026-09-01", "accept", nil)]),
        .init(
            law: "日本脳炎 6日、追加6月", birth: nil, history: "日本脳炎 2026-05-13", vaccine: "日本脳炎",
            days: [("2026-05-19", "reject", "interval"), ("2026-05-20", "accept", nil)]),
        .init(
            law: "日本脳炎 1期追加6月", birth: nil, history: "日本脳炎 2026-05-13, 日本脳炎 2026-05-20",
            vaccine: "日本脳炎1期追加",
            days: [("2026-11-19", "reject", "interval"), ("2026-11-20", "accept", nil)]),
        .init(
            law: "HPV9 2回法5月", birth: "2013-06-01", sex: "female", history: "HPV9 2026-09-30",
            vaccine: "HPV9",
            days: [
                ("2027-02-28", "reject", "interval"),
                ("2027-03-01", "accept", "month-end-convention"),
            ]),
        .init(
            law: "HPV9 3回法 2回目から3月", birth: "2010-06-01", sex: "female",
            history: "HPV9 2026-01-15, HPV9 2026-03-15", vaccine: "HPV9",
            days: [("2026-06-14", "reject", "interval"), ("2026-06-15", "accept", nil)]),
        .init(
            law: "HPV 4価から9価", birth: "2010-06-01", sex: "female", history: "HPV4 2026-01-15",
            vaccine: "HPV9", days: [("2026-06-14", "warn", "product")]),
        .init(
            law: "帯状疱疹 組換え2月", birth: nil, history: "シングリックス 2026-12-31",
            vaccine: "シングリックス",
            days: [("2027-02-28", "reject", "interval"), ("2027-03-01", "accept", nil)]),
    ]

    /// What is told of a dose that is stopped: the rule, the day to come back, and the last day that was.
    struct Told: Sendable, CustomTestStringConvertible {
        let why: String
        let birth: String
        /// The history and the candidate.
        let given: String
        let rule: String
        var earliest: String?
        var latest: String?

        var testDescription: String { why }
    }

    static let told: [Told] = [
        .init(
            why: "小児肺炎球菌が終わった翌日、65歳まで待てとは言わない", birth: "2021-05-10",
            given: "PCV20 2026-05-10", rule: "too-late", latest: "2026-05-09"),
        .init(
            why: "MR 2期が終わった翌月、まだない3期を待てとは言わない", birth: "2000-05-01",
            given: "MR 2007-05-01", rule: "too-late", latest: "2007-03-31"),
        .init(
            why: "MR 1期が終わった翌日は、終わった日と2期の最初の日を言う", birth: "2024-05-10",
            given: "MR 2026-05-10", rule: "too-late", earliest: "2030-04-01", latest: "2026-05-09"),
        .init(
            why: "日本脳炎1期が終わった翌日も同じ", birth: "2018-05-10", given: "日本脳炎 2025-11-10",
            rule: "too-late", earliest: "2027-05-09", latest: "2025-11-09"),
        .init(
            why: "どの期も終わっていれば、最後に終わった期を言う", birth: "2005-05-10",
            given: "日本脳炎 2026-05-10", rule: "too-late", latest: "2025-05-09"),
        .init(
            why: "特例のない人の日本脳炎は2期の終わり", birth: "2010-05-10",
            given: "日本脳炎 2023-05-10", rule: "too-late", latest: "2023-05-09"),
        .init(
            why: "1期が済んだ人には2期の最初の日だけを言う", birth: "2024-05-10",
            given: "MR 2025-06-10, MR 2026-05-10", rule: "too-early", earliest: "2030-04-01"),
        .init(
            why: "B型肝炎3回目の139日が1歳に至る日にそろう", birth: "2025-05-10",
            given: "HBV 2025-12-20, HBV 2026-01-20, HBV 2026-05-08", rule: "interval",
            earliest: "2026-05-09"),
        .init(
            why: "B型肝炎3回目の139日がそろう前に1歳に至るなら、その日から受けられるとは言わない", birth: "2025-05-10",
            given: "HBV 2025-12-21, HBV 2026-01-20, HBV 2026-05-09", rule: "window-ends-first",
            latest: "2026-05-09"),
        .init(
            why: "期間が過ぎていれば、過ぎたと言う", birth: "2025-05-10",
            given: "HBV 2025-12-21, HBV 2026-01-20, HBV 2026-05-10", rule: "too-late",
            latest: "2026-05-09"),
        .init(
            why: "帯状疱疹2回目の2月がそろう前に年度が終わる", birth: "1961-05-10",
            given: "シングリックス 2027-02-10, シングリックス 2027-03-20", rule: "window-ends-first",
            latest: "2027-03-31"),
        .init(
            why: "日本脳炎1期追加の6月がそろう前に1期が終わる人は、2期から", birth: "2018-05-10",
            given: "日本脳炎 2025-05-01, 日本脳炎 2025-06-01, 日本脳炎 2025-09-01",
            rule: "window-ends-first", earliest: "2027-05-09", latest: "2025-11-09"),
        .init(
            why: "帯状疱疹 70歳になる年度が経過措置のあとの人には、終わった年度を言う", birth: "1960-05-10",
            given: "シングリックス 2026-10-10", rule: "too-late", latest: "2026-03-31"),
        .init(
            why: "帯状疱疹 経過措置の年度を逃した人にも", birth: "1925-05-10",
            given: "シングリックス 2026-10-10", rule: "too-late", latest: "2026-03-31"),
        .init(
            why: "四種混合 令和5年4月1日から生後2月で受けられる", birth: "2023-01-15",
            given: "4種 2023-03-31", rule: "too-early", earliest: "2023-04-01"),
        .init(
            why: "四種混合 新しい決まりでもまだ2月に至らない", birth: "2023-02-15",
            given: "4種 2023-03-31", rule: "too-early", earliest: "2023-04-14"),
        .init(
            why: "BCG 6月を過ぎた人も平成25年4月1日から1歳まで受けられる", birth: "2012-09-15",
            given: "BCG 2013-03-31", rule: "too-late", earliest: "2013-04-01",
            latest: "2013-03-14"),
        .init(
            why: "BCG その日に1歳を過ぎていれば受けられない", birth: "2012-04-01",
            given: "BCG 2013-03-30", rule: "too-late", latest: "2012-09-30"),
        // 20 years, counted as 366 days each: 7,320 days before 2081-05-09 the wait is one.
        .init(
            why: "20年より先は待つ日でない", birth: "2016-05-10", given: "PCV20 2061-04-23",
            rule: "too-late", latest: "2021-05-09"),
        .init(
            why: "20年までは待つ日である", birth: "2016-05-10", given: "PCV20 2061-04-24",
            rule: "too-early", earliest: "2081-05-09", latest: "2082-05-09"),
        .init(
            why: "60歳からは障害のある人だけなので、65歳からと言う", birth: "1967-11-20",
            given: "インフル 2026-11-10", rule: "too-early", earliest: "2032-11-19"),
        .init(
            why: "高齢者肺炎球菌も65歳から", birth: "1967-11-20", given: "PCV20 2026-11-10",
            rule: "too-early", earliest: "2032-11-19", latest: "2033-11-19"),
        .init(
            why: "帯状疱疹も65歳になる年度から", birth: "1967-11-20", given: "シングリックス 2026-11-10",
            rule: "too-early", earliest: "2032-04-01", latest: "2033-03-31"),
        .init(
            why: "新型コロナも65歳から", birth: "1967-11-20", given: "コロナ 2026-11-10",
            rule: "too-early", earliest: "2032-11-19"),
        // Within those years it speaks of what is its own: the season, the interval.
        .init(
            why: "60歳から64歳の人には、その期間の始まりを言う", birth: "1964-05-10",
            given: "コロナ 2026-09-30", rule: "season", earliest: "2026-10-01"),
        .init(
            why: "60歳から64歳の人の2回目は、65歳でなく間隔まで待つ", birth: "1964-05-10",
            given: "シングリックス 2026-05-20, シングリックス 2026-07-19", rule: "interval",
            earliest: "2026-07-20"),
    ]

    @Test(arguments: told)
    func `a stop tells the day that is to be told`(row: Told) throws {
        let answer = try VaccinationCase.judge(row.given, birth: row.birth)
        #expect(answer.verdict == "reject" && answer.rule == row.rule, "\(row.why): \(answer)")
        #expect(answer.earliest == row.earliest, "\(row.why): \(answer)")
        if let latest = row.latest { #expect(answer.latest == latest, "\(row.why): \(answer)") }
    }

    /// Of a record nobody waits for anything, and what the Act does not pay for has no period to keep.
    @Test func `that waiting would not help is told before a dose of the Act alone`() throws {
        let rules = try VaccinationCase.rules()
        let hepatitis = rules.vaccine(named: "HBV")
        let birth = try CalendarDay("2025-05-10")
        let history = try ["2025-12-21", "2026-01-20"].map { day in
            GivenDose(hepatitis, on: try CalendarDay(day))
        }
        let dose = GivenDose(hepatitis, on: try CalendarDay("2026-05-01"))
        var question = NeedleQuestion(birth: birth, history: history, candidate: dose)
        let told = try #require(checkBeforeNeedle(question, rules).leading)
        #expect(told.rule == .windowEndsFirst && told.earliestDay == nil)
        #expect(rules.text(of: told, for: .nurse).ja.contains("2026-05-10"))
        #expect(rules.text(of: told, for: .parent).ja.contains("2026-05-09"))
        question.basis = .voluntary
        #expect(checkBeforeNeedle(question, rules).leading?.rule == .interval)
        let record = judgeDose(dose, birth: birth, sex: nil, history: history, rules)
        #expect(record.leading?.rule == .interval)
    }

    /// The vaccine in the nurse's hand, not the one that its schedule began with.
    @Test(arguments: [
        ("HPV2", "2013-05-10", "組換え沈降2価HPV"), ("HPV4", "2013-05-10", "組換え沈降4価HPV"),
        ("PCV13", "2025-05-10", "沈降13価肺炎球菌結合型"),
    ])
    func `a vaccine that is given no more is called by its own name`(
        vaccine: String, birth: String, name: String
    ) throws {
        let rules = try VaccinationCase.rules()
        let answer = checkBeforeNeedle(
            NeedleQuestion(
                birth: try CalendarDay(birth), sex: .female, history: [],
                candidate: GivenDose(
                    rules.vaccine(named: vaccine), on: try CalendarDay("2026-06-01"))), rules)
        let finding = try #require(answer.leading)
        #expect(finding.rule == .productNotRoutine)
        #expect(rules.text(of: finding, for: .nurse).ja.hasPrefix(name + "は"))
    }

    @Test(arguments: ["インフル 2026-11-10", "コロナ 2026-11-10"])
    func `of a window without end no last day is told`(given: String) throws {
        let answer = try VaccinationCase.judge(given, birth: "1967-11-20")
        #expect(answer.rule == "too-early" && answer.latest == nil, "\(answer)")
    }

    @Test(arguments: windows + intervals)
    func `each boundary falls on its day`(row: Row) throws {
        for (day, verdict, rule) in row.days {
            let given = row.history.isEmpty ? "" : row.history + ", "
            let answer = try VaccinationCase.judge(
                given + "\(row.vaccine) \(day)", birth: row.birth, sex: row.sex)
            #expect(answer.verdict == verdict, "\(row.law) \(day): \(answer)")
            if let rule { #expect(answer.rule == rule, "\(row.law) \(day): \(answer)") }
        }
    }
}

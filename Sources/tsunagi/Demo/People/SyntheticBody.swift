/// 実施機関: a municipality of the demo with the prefecture it lies in, and the schemes both of them
/// run.
///
/// Names of places are real, so that addresses look right; schemes, numbers and streets are
/// invented.
struct SyntheticBody: Sendable {
    /// 全国地方公共団体コード, six digits.
    let municipality: String
    let prefecture: String
    /// As it begins an address: 東京都小金井市.
    let place: String

    /// Those of `profiles/subsidy/programs/`.
    static let standard: [SyntheticBody] = [
        SyntheticBody(municipality: "132101", prefecture: "130001", place: "東京都小金井市"),
        SyntheticBody(municipality: "222216", prefecture: "220001", place: "静岡県湖西市"),
        SyntheticBody(municipality: "232025", prefecture: "230006", place: "愛知県岡崎市"),
        SyntheticBody(municipality: "272108", prefecture: "270008", place: "大阪府枚方市"),
    ]
}

/// 医療費助成制度 of the demo: what its certificates carry. Who qualifies is invented for variety, not by
/// law.
struct SyntheticScheme: Sendable {
    /// 機関別受給者証種別ID, as in the scheme master.
    let certificateTypeID: String
    let name: String
    /// 法別番号. Local schemes choose theirs: 80s here, everywhere the same.
    let lawNumber: String
    let isOfPrefecture: Bool
    let incomeSegments: [String]
    let monthlyLimits: [Int]

    static let children = SyntheticScheme(
        certificateTypeID: "kodomo", name: "こども医療費受給者証", lawNumber: "88",
        isOfPrefecture: false, incomeSegments: [], monthlyLimits: [])
    static let singleParents = SyntheticScheme(
        certificateTypeID: "hitorioya", name: "ひとり親家庭等医療費受給者証", lawNumber: "81",
        isOfPrefecture: false, incomeSegments: ["1", "2"], monthlyLimits: [])
    static let disability = SyntheticScheme(
        certificateTypeID: "shogai", name: "障がい者医療費受給者証", lawNumber: "80",
        isOfPrefecture: false, incomeSegments: ["1", "2"], monthlyLimits: [])
    static let mental = SyntheticScheme(
        certificateTypeID: "seishintsuin", name: "自立支援医療受給者証(精神通院)", lawNumber: "21",
        isOfPrefecture: true, incomeSegments: ["1", "2", "3"],
        monthlyLimits: [2_500, 5_000, 10_000])
    static let chronicChildren = SyntheticScheme(
        certificateTypeID: "shoman", name: "小児慢性特定疾病医療受給者証", lawNumber: "52",
        isOfPrefecture: true, incomeSegments: ["B1", "C1", "D"],
        monthlyLimits: [1_250, 5_000, 15_000])
    static let rareDiseases = SyntheticScheme(
        certificateTypeID: "nanbyo", name: "特定医療費(指定難病)受給者証", lawNumber: "54",
        isOfPrefecture: true, incomeSegments: ["B1", "C1", "D"],
        monthlyLimits: [2_500, 10_000, 30_000])
}

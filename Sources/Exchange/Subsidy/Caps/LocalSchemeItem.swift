/// 地単公費マスターの項目: how the national master of local schemes numbers and calls what a row of ours holds under a
/// key, so that whoever reads of it finds it in the master.
enum LocalSchemeItem {
    static func name(_ key: String) -> BilingualText? { names[key] }

    private static let names: [String: BilingualText] = [
        "conditions": BilingualText(
            ja: "12〜27 助成条件（年齢・保険・所得など）", en: "12 to 27, conditions (age, insurer, income)"),
        "method": BilingualText(ja: "31 助成方法", en: "31, method"),
        "inpatient": BilingualText(
            ja: "41〜45 入院の自己負担", en: "41 to 45, what is asked in hospital"),
        "outpatient": BilingualText(
            ja: "46〜50 入院外の自己負担", en: "46 to 50, what is asked outside hospital"),
        "perMonth": BilingualText(
            ja: "61・68 自己負担の月上限（入院と入院外で違うもの）",
            en: "61 and 68, caps of the month that differ in and outside hospital"),
        "perMonthMultiple": BilingualText(
            ja: "62・69 多数回該当の月上限（適用区分が要ります）",
            en: "62 and 69, caps of multiple months, which need the class"),
        "bearsOtherExpense": BilingualText(
            ja: "74 他の公費負担医療の自己負担への助成",
            en: "74, whether it bears what other public expenses leave"),
        "otherLaws": BilingualText(
            ja: "75〜77 助成する他の公費", en: "75 to 77, the public expenses it follows"),
        "bearsUpTo": BilingualText(
            ja: "高額療養費の限度額までの助成（適用区分が要ります）",
            en: "bearing up to the high-cost limit, which needs the class"),
    ]
}

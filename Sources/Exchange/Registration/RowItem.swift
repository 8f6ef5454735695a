/// An item of a registration row as its sender reads about it: the Japanese name and the rule, in
/// words that can be acted on.
struct RowItem: Hashable, Sendable {
    let label: String
    let ruleJa: String
    let ruleEn: String

    init(_ label: String, _ ruleJa: String, _ ruleEn: String) {
        self.label = label
        self.ruleJa = ruleJa
        self.ruleEn = ruleEn
    }

    /// By the path of the item; what follows the first `[` is inside a free item.
    init(named path: String) {
        let name = String(path.prefix { $0 != "[" })
        self = Self.all[name] ?? RowItem("", "仕様どおりの値", "what the specification asks for")
    }

    private static let day = ("実在する日付YYYY-MM-DD", "a day that exists, as YYYY-MM-DD")
    private static let anyText = ("制御文字のない文字列", "text without control characters")

    static let all: [String: RowItem] = [
        "row": RowItem("行", "JSONのオブジェクト", "one JSON object"),
        "orgSpecificCertificateTypeId": RowItem(
            "機関別受給者証種別ID", "半角英数50文字以内", "at most 50 half-width letters and digits"),
        "myNumber": RowItem("個人番号", "半角数字12桁", "twelve half-width digits"),
        "basicFiveInfo": RowItem("基本5情報", "オブジェクト", "an object"),
        "basicFiveInfo.name": RowItem("氏名", "200文字以内の文字列", "text of at most 200 characters"),
        "basicFiveInfo.nameKana": RowItem(
            "氏名カナ", "200文字以内の文字列", "text of at most 200 characters"),
        "basicFiveInfo.address": RowItem(
            "住所", "400文字以内の文字列", "text of at most 400 characters"),
        "basicFiveInfo.dateOfBirth": RowItem(
            "生年月日", "YYYY-MM-DD（分からない月日は00）", "YYYY-MM-DD (00 for an unknown part)"),
        "basicFiveInfo.sex": RowItem(
            "性別", "\"1\"（男）、\"2\"（女）、\"3\"（未設定）", "\"1\" male, \"2\" female or \"3\" not set"),
        "isNotDisclosed": RowItem("不開示フラグ", "trueまたはfalse", "true or false"),
        "medicalSubsidyInsurerNumber": RowItem(
            "公費負担者番号", "半角数字8桁", "eight half-width digits"),
        "certificationName": RowItem("受給者証名", "100文字以内", "at most 100 characters"),
        "medicalSubsidyRecipientNumber": RowItem(
            "公費受給者番号", "30文字以内", "at most 30 characters"),
        "certificationSubKey": RowItem("受給者証サブキー", "100文字以内", "at most 100 characters"),
        "segment": RowItem("区分", "100文字以内", "at most 100 characters"),
        "incomeSegment": RowItem("所得区分", "100文字以内", "at most 100 characters"),
        "additionalConditions": RowItem(
            "追加条件", "「項目コード-コード;項目コード-コード」", "\"item-code;item-code\""),
        "designatedMedicalInstitutions": RowItem("指定医療機関情報", anyText.0, anyText.1),
        "isAlwaysReimbursement": RowItem("常に償還払い", "\"0\"または\"1\"", "\"0\" or \"1\""),
        "maxCopaymentAmount": RowItem("自己負担上限額", "オブジェクト", "an object"),
        "validFrom": RowItem("資格有効期間(開始)", day.0, day.1),
        "validTo": RowItem("資格有効期間(終了)", day.0, day.1),
        "historyKey": RowItem("履歴キー", "100文字以内", "at most 100 characters"),
        "isDeleted": RowItem("削除フラグ", "trueまたはfalse", "true or false"),
        "certificationDetail": RowItem("受給者証券面項目", "配列", "an array"),
        "modificationSeg": RowItem(
            "更新区分", "\"1\"（登録・更新）または\"2\"（削除）", "\"1\" register or \"2\" delete"),
        "municipalityIdentityKey": RowItem(
            "自治体別本人キー", "100文字以内", "at most 100 characters"),
        "removalDate": RowItem("消除の異動日", day.0, day.1),
        "notificationKey": RowItem("届出番号", "100文字以内", "at most 100 characters"),
        "notificationKind": RowItem(
            "届出の種別", "\"pregnancy\"または\"child\"", "\"pregnancy\" or \"child\""),
        "notifiedOn": RowItem("届出日", day.0, day.1),
        "expectedDate": RowItem("分娩予定日", day.0, day.1),
        "fetuses": RowItem("胎児数", "1〜9の数", "a number from 1 to 9"),
        "losses": RowItem(
            "流産・死産", "妊娠の期間内のonと、残る胎児数以内のfetuses",
            "`on` within the pregnancy and `fetuses` of those remaining"),
        "delivery": RowItem(
            "分娩", "妊娠の期間内のonと、合計が残る胎児数に合うliveとstill",
            "`on` within the pregnancy, `live` and `still` that add up to those remaining"),
        "dateOfBirth": RowItem("出生日", day.0, day.1),
        "isWithdrawn": RowItem("取消フラグ", "trueまたはfalse", "true or false"),
        "child": RowItem("本人", "個人番号だけのオブジェクト", "an object that holds myNumber alone"),
        "guardian": RowItem(
            "保護者・後見人", "本人とは別の人の個人番号だけのオブジェクト",
            "an object that holds myNumber alone, of somebody else than the child"),
        "child.myNumber": RowItem("本人の個人番号", "半角数字12桁", "twelve half-width digits"),
        "guardian.myNumber": RowItem(
            "保護者・後見人の個人番号", "半角数字12桁", "twelve half-width digits"),
        "guardianKind": RowItem(
            "関係区分", "acting.jsonにあるコード（\"1\"父、\"2\"母など）",
            "a code of acting.json (\"1\" father, \"2\" mother, …)"),
        "isCustodyLost": RowItem("親権喪失フラグ", "trueまたはfalse", "true or false"),
        "isCustodyRestored": RowItem(
            "親権回復フラグ", "trueまたはfalse（喪失フラグがfalseの行だけ）",
            "true or false, in a row whose isCustodyLost is false"),
        "kind": RowItem(
            "種別", "\"bind\"、\"residence\"、\"revoke\"", "\"bind\", \"residence\" or \"revoke\""),
        "programme": RowItem(
            "接種種別コード", "予防接種法の接種種別のコード（mrなど）", "a schedule of the Act, such as mr"),
        "vaccine": RowItem(
            "ワクチンコード", "その接種種別のワクチンのコード（すべてなら空）",
            "a vaccine of that schedule, or nothing for all of them"),
        "checkup": RowItem(
            "健診コード", "健診のコード（infant-3-4mなど）", "a checkup, such as infant-3-4m"),
        "ticketKind": RowItem(
            "受診券の種類", "受診券の種類のコード（prenatalなど）。健診コードとどちらか一つ",
            "a kind of ticket, such as prenatal, or a checkup, not both"),
        "priceFrom": RowItem("単価の開始日", day.0, day.1),
        "priceTo": RowItem("単価の終了日", day.0, day.1),
        "unitYen": RowItem(
            "委託単価", "1以上200,000以下の整数（円、税込）", "whole yen from 1 to 200,000, taxes included"),
        "copaymentYen": RowItem(
            "自己負担額", "0以上で委託単価を超えない整数（円）", "whole yen from 0 to unitYen"),
        "subsidyYen": RowItem(
            "公費負担額", "委託単価から自己負担額を引いた額（円）", "unitYen less copaymentYen"),
        "sequence": RowItem("通番", "64文字以内", "at most 64 characters"),
        "issuer": RowItem("発行者", "DERのBase64", "the DER name in Base64"),
        "serial": RowItem("証明書の番号", "16進数（20バイト以内）", "hexadecimal, at most 20 bytes"),
        "supersedes": RowItem("前の証明書", "issuerとserialのオブジェクト", "an object of issuer and serial"),
        "supersedes.issuer": RowItem("前の発行者", "DERのBase64", "the DER name in Base64"),
        "supersedes.serial": RowItem(
            "前の証明書の番号", "16進数（20バイト以内）", "hexadecimal, at most 20 bytes"),
        "municipality": RowItem(
            "市区町村コード", "検査数字の合う6桁", "six digits with a valid check digit"),
        "campaign": RowItem(
            "接種期のコード", "この仕組みにある接種期のコード（influenza-2026など）",
            "a season that the rules have, such as influenza-2026"),
        "effectiveFrom": RowItem("開始日", day.0, day.1),
        "effectiveTo": RowItem("終了日", day.0, day.1),
        "notice": RowItem("お知らせの言葉", "300文字以内", "at most 300 characters"),
        "noticeEnglish": RowItem("お知らせの英語の言葉", "300文字以内", "at most 300 characters"),
        "from": RowItem("異動日", day.0, day.1),
        "effectiveOn": RowItem("異動年月日", day.0, day.1),
        "knownOn": RowItem(
            "届出年月日", "今日までの実在する日付YYYY-MM-DD", "a day up to today, as YYYY-MM-DD"),
        "merged": RowItem(
            "統合される記録", "残す記録とは別の個人番号だけのオブジェクト（またはmergedIdentityKey）",
            "an object that holds myNumber alone, of the other record (or mergedIdentityKey)"),
        "merged.myNumber": RowItem("統合される記録の個人番号", "半角数字12桁", "twelve half-width digits"),
        "mergedIdentityKey": RowItem(
            "統合される自治体別本人キー", "100文字以内", "at most 100 characters"),
        "corrects": RowItem(
            "訂正する異動通番", "この市区町村が送った別の異動の通番（修正と取消しだけ）",
            "the sequence of another event of yours, of a correction or cancellation alone"),
        "otherMunicipality": RowItem(
            "相手市区町村コード", "検査数字の合う6桁", "six digits with a valid check digit"),
        "name": RowItem("氏名", "200文字以内の文字列", "text of at most 200 characters"),
        "sex": RowItem(
            "性別", "\"1\"（男）、\"2\"（女）、\"3\"（未設定）", "\"1\" male, \"2\" female or \"3\" not set"),
    ]
}

/// The sentences of the file codes: what was found, then what the institution or its vendor does about it.
extension UkeCode {
    package var text: BilingualText { BilingualText(ja: ja, en: en) }

    private var ja: String {
        switch self {
        case .empty: "レコードがありません。請求ファイルを作り直して送ってください。"
        case .headerMissing: "医療機関（薬局）情報レコードがありません。先頭に入れて送り直してください。"
        case .headerTwice: "医療機関情報レコードが2つあります。医療機関ごとにファイルを分けてください。"
        case .unknownTable: "点数表が医科・歯科・調剤のどれでもありません。点数表のコードを直してください。"
        case .unknownRecord: "記録条件仕様にないレコードです。どのレセプトのものか分からないため、次のREまで読みませんでした。識別情報を直して送り直してください。"
        case .outsideReceipt: "レセプト共通レコード(RE)より前にあります。REの後に置いて送り直してください。"
        case .order: "レコードの順番が違います。IR、RE、HO、KO、SN、JD、MF、SY、摘要、GOの順に直してください。"
        case .repeated: "1つのレセプトに同じレコードが2つあります。正しい1つだけにしてください。"
        case .fieldCount: "項目の数が記録条件仕様と違います。途中で切れていないか、余分なカンマがないか確かめてください。"
        case .format: "形式が違います。記録条件仕様どおりに直してください。"
        case .required: "記録がありません。必ず記録する項目です。値を入れて送り直してください。"
        case .encoding: "文字コードがシフトJIS(CP932)として読めません。CP932で書き出し直してください。"
        case .lineTooLong: "行が長すぎます。次のREまで読みませんでした。改行が失われていないか確かめ、送り直してください。"
        case .insurerMissing: "レセプト種別は医療保険を示していますが、HOがありません。HOを入れるか種別を直してください。"
        case .payerMissing: "レセプト種別が示す数の公費レコード(KO)がありません。KOを入れるか種別を直してください。"
        case .tooManyPublics: "公費レコード(KO)がレセプト種別の示す数より多くあります。KOか種別を直してください。"
        case .totalMissing: "診療報酬請求書レコード(GO)がありません。ファイルが途中で切れていないか確かめ、送り直してください。"
        case .totalTwice: "診療報酬請求書レコード(GO)が2つあります。1つにしてください。"
        case .totalCount: "GOの総件数がレセプトの数と違います。抜けや重なりがないか確かめてください。"
        case .totalPoints: "GOの総合計点数がレセプトの合計と違います。抜けや重なりがないか確かめてください。"
        case .afterTotal: "GOの後にレコードがあります。GOをファイルの最後に置いてください。"
        case .truncated: "ファイルが行の途中で終わっています。最後まで送り直してください。"
        case .afterEnd: "ファイルの終わりの印(1A)の後にデータがあり、読みませんでした。1つずつのファイルに分けて送り直してください。"
        case .bornAfterService: "生年月日が診療年月より後です。どちらかを直してください。"
        case .publicPoints: "公費の点数が医療保険の点数より多くあります。どちらかを直してください。"
        case .countByPayer: "GOの総件数は、レセプトの数でなく医保と公費の件数の合計です。数え方を確かめてください。"
        case .receiptNumber: "レセプト番号が1からの連番ではありません。抜けや入れ替わりがないか確かめてください。"
        case .unknownCode: "別表にないコードです。コードを確かめてください。"
        case .eraEnded: "元号の終わった後の日付です。次の元号の日として読みました。新しい元号に直してください。"
        case .lineEnd: "行の終わりがCRLFではありません。ファイルは読み取りました。次からは改行をCRLFにしてください。"
        case .endMark: "ファイルの終わりの印(1A)がありません。ファイルは読み取りました。次からは付けてください。"
        }
    }

    private var en: String {
        switch self {
        case .empty: "there is no record. Write the claim file again and send it."
        case .headerMissing: "the institution's record is missing. Put it first and send again."
        case .headerTwice: "there is a second institution's record. Send one file for each."
        case .unknownTable: "the score table is none of medical, dental, pharmacy. Correct it."
        case .unknownRecord:
            "the kind of record is unknown. Nothing was read up to the next RE; correct it and send again."
        case .outsideReceipt: "it stands before any receipt (RE). Put it after its RE."
        case .order:
            "it is out of order. Put the records as IR, RE, HO, KO, SN, JD, MF, SY, details, GO."
        case .repeated: "the receipt has this record twice. Keep the right one alone."
        case .fieldCount:
            "the number of fields is wrong. Check for a cut line or a comma too many."
        case .format: "the form is wrong. Write it as the record specification says."
        case .required: "it is empty, and it is required."
        case .encoding: "the bytes are not CP932. Write the file again in CP932."
        case .lineTooLong:
            "the line is too long. Nothing was read up to the next RE; check for a lost line end."
        case .insurerMissing:
            "the receipt type says insurance, but there is no HO. Add it or correct the type."
        case .payerMissing:
            "there are fewer KO records than the receipt type says. Add them or correct the type."
        case .tooManyPublics:
            "there are more KO records than the receipt type says. Correct one of the two."
        case .totalMissing: "the total (GO) is missing. Check for a cut file and send it again."
        case .totalTwice: "there is a second total (GO). Keep one."
        case .totalCount: "the count differs from the receipts. Look for missing or doubled ones."
        case .totalPoints:
            "the points differ from the receipts' sum. Look for missing or doubled ones."
        case .afterTotal: "it stands after the total. Put GO last."
        case .truncated: "the file ends within a line. Send it again to its end."
        case .afterEnd:
            "data follows the end mark (1A) and was not read. Send the files one by one."
        case .bornAfterService: "the birth lies after the month of service. Correct one of them."
        case .publicPoints:
            "the points of the public payer are above those of the insurance. Correct one of the two."
        case .countByPayer:
            "the count is of insurances and public payers, not of receipts. Check how it is counted."
        case .receiptNumber:
            "receipt numbers do not run 1, 2, 3 …. Look for missing or swapped receipts."
        case .unknownCode: "the code is in no list. Check it."
        case .eraEnded:
            "the era was over by then. It was read as a day of the next; write the new era."
        case .lineEnd: "the line does not end in CRLF. It was read; write CRLF."
        case .endMark: "the end mark (1A) is missing. The file was read."
        }
    }
}

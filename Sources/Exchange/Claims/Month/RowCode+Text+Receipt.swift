/// The sentences of what is wrong with a row of a receipt in a payment body's list: what was found, then
/// what the officer does about it.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofReceipt(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .tooManyPublics:
            BilingualText(
                ja: "1件のレセプトの公費は\(BillPlace.most)つまでです。この行は受け付けていません。医療機関コード・"
                    + "診療年月・レセプト番号が別のレセプトのものでないか確かめ、直した明細を送り直してください。",
                en:
                    "A receipt has room for \(BillPlace.most) public payers, and this row was not taken. "
                    + "Check that institution, month and number are not those of another receipt, and send "
                    + "the corrected list again.")
        case .receiptDiffers:
            BilingualText(
                ja: "\(what)が、同じレセプトの前の行と違います。この行は受け付けていません。どちらが正しいか支払機関に確かめ、"
                    + "直した明細を送り直してください。",
                en:
                    "\(name) differs from an earlier row of the same receipt, and this row was not taken. "
                    + "Ask the payment body which is right, and send the corrected list again.")
        default: nil
        }
    }
}

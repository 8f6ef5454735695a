/// The sentence of what is worth a look with an invitation of a yearly campaign.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofCampaign(_ what: String, _ name: String) -> BilingualText? {
        guard self == .outsideSeason else { return nil }
        return BilingualText(
            ja: "\(what)までの期間が、この接種の今期の期間からはみ出しています。それだけでは行を断りません。"
                + "今期の予診票と案内は期間の中でだけ使えます。期間を確かめてください。",
            en:
                "The period that ends with \(name) reaches beyond the season of the schedule. No row is "
                + "refused for that alone; the season's questionnaire holds within the season only."
        )
    }
}

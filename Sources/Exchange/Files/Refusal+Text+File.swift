/// Refusals of municipal files: read by the officer in charge of them, or the vendor of her system.
extension Refusal.Row {
    static let fileRefused = Self(
        "file-refused", 422, "processing", isEntered: true,
        ja: "このファイルは行の区切りを読み取れないため、何も反映していません。faultsの箇所を直し、同じ順番でもう一度送ってください。",
        en: "The rows of this file cannot be told apart, so nothing of it was applied. Mend what "
            + "faults names and send it again in the same place of the order.")

    static func delivery(_ fault: DeliveryFault) -> Self {
        Self(fault.rawValue, 409, "conflict", isEntered: true, ja: fault.ja, en: fault.en)
    }

    static let fileNotWaiting = Self(
        "file-not-waiting", 409, "conflict", isEntered: true,
        ja: "このファイルは、今はその決定を待っていません。処理結果を読み直し、状態を確かめてください。",
        en: "This file is not waiting for that decision now. Read its acknowledgement again and "
            + "look at its status.")

    static let effectChanged = Self(
        "effect-changed", 409, "conflict", isEntered: true,
        ja: "確認した影響のハッシュが、今のものと違います。処理結果を読み直し、影響を確かめてから確認してください。",
        en: "The hash of the effect that you confirm is not the present one. Read the "
            + "acknowledgement again, look at the effect and confirm that.")

    static let secondPersonNeeded = Self(
        "second-person-needed", 403, "forbidden", isEntered: true,
        ja: "この操作は一人ではできません。最初の人とは別の人が確認します。別の操作者(Tsunagi-Operator)か、その人の証明書で確認してください。",
        en: "One person alone does not do this: another than the first confirms it. Confirm it as "
            + "another operator (Tsunagi-Operator), or with that person's own certificate.")
}

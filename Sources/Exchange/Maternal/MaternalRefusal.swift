/// 母子保健の拒否: why an event of tickets or of a pregnancy is not taken, in both languages, with what to
/// do. The raw value is the code on the wire.
package enum MaternalRefusal: String, Error, CaseIterable, Hashable, Sendable {
    case noSuchTicket = "no-such-ticket"
    case ticketNotYetValid = "ticket-not-yet-valid"
    case ticketExpired = "ticket-expired"
    case ticketUsed = "ticket-used"
    case ticketReturned = "ticket-returned"
    case ticketReplaced = "ticket-replaced"
    case ticketOfAnotherCheckup = "ticket-of-another-checkup"
    case keyReused = "key-reused"
    case useNotFound = "use-not-found"
    case usedTicketStays = "used-ticket-stays"
    case moveOutOfOrder = "move-out-of-order"
    case otherMunicipality = "other-municipality"

    case pregnancyEnded = "pregnancy-ended"
    case outsidePregnancy = "outside-pregnancy"
    case fetusCount = "fetus-count"
    case childrenDiffer = "children-differ"

    /// What the use of a ticket can be refused for.
    package static let ofTickets: [MaternalRefusal] = [
        .noSuchTicket, .ticketNotYetValid, .ticketExpired, .ticketUsed, .ticketReturned,
        .ticketReplaced, .ticketOfAnotherCheckup,
    ]

    package var ja: String {
        switch self {
        case .noSuchTicket: "その受診券はありません。番号を確かめ、発行した市区町村に問い合わせてください。"
        case .ticketNotYetValid: "受診日が受診券の交付日より前です。受診日と券の番号を確かめてください。"
        case .ticketExpired: "受診日が受診券の有効期限を過ぎています。市区町村に相談してください。"
        case .ticketUsed: "この回の受診券はすでに使われています。次の回の券を使うか、前の使用の取消しを市区町村に相談してください。"
        case .ticketReturned: "この受診券は返還されています。使える券を市区町村に確かめてください。"
        case .ticketReplaced: "転出または再交付により、この受診券は使えません。転入先の市区町村の券か、再交付された券を使ってください。"
        case .ticketOfAnotherCheckup: "この受診券は別の健診のものです。券の種類と番号を確かめ、この健診の券で送り直してください。"
        case .keyReused: "同じ送信番号で違う内容が送られています。新しい番号で送るか、元の内容を送り直してください。"
        case .useNotFound: "取り消す使用の記録が見つかりません。券の番号と送信番号を確かめてください。"
        case .usedTicketStays: "使用済みの受診券は返還できません。使用の記録が誤りなら、先にそれを取り消してください。"
        case .moveOutOfOrder: "先に届いた転入より前の日の転入です。異動の起きた順に送ってください。"
        case .otherMunicipality: "今の住所地でない市区町村の券は追加できません。転入を先に送ってください。"
        case .pregnancyEnded: "この妊娠は終わっています。記録を直すときは、元の届出を訂正してください。"
        case .outsidePregnancy: "その日は、分娩予定日から数えた妊娠の期間の外です。日付と分娩予定日を確かめてください。"
        case .fetusCount: "胎児の数が、これまでの記録と合いません。胎児数と死産・流産の記録を確かめてください。"
        case .childrenDiffer: "出生と死産の数が、胎児の数と合いません。胎児数と、出生・死産の数を確かめ、直してください。"
        }
    }

    package var en: String {
        switch self {
        case .noSuchTicket: "There is no such ticket. Check its number with the municipality."
        case .ticketNotYetValid:
            "The visit lies before the ticket was issued. Check its day and the number."
        case .ticketExpired: "The visit lies after the ticket's last day. Ask the municipality."
        case .ticketUsed:
            "The ticket of this visit was already used. Use the next one, or ask the municipality "
                + "to cancel the earlier use."
        case .ticketReturned: "The ticket was given back. Ask the municipality which are valid."
        case .ticketReplaced:
            "The family has moved, or another was issued in its place: this ticket no longer counts. Use "
                + "that of the new municipality, or the one issued last."
        case .ticketOfAnotherCheckup:
            "The ticket is for another checkup. Check its kind and number, and send the one meant."
        case .keyReused:
            "The same key was sent with other content. Send a new key, or the content as it was."
        case .useNotFound: "There is no such use to cancel. Check the ticket and the key."
        case .usedTicketStays:
            "A used ticket cannot be given back. If the use was a mistake, cancel it first."
        case .moveOutOfOrder: "An earlier move was sent after a later one. Send moves in order."
        case .otherMunicipality:
            "Only the municipality of residence adds tickets. Send the move first."
        case .pregnancyEnded:
            "The pregnancy has ended. To correct the record, correct the event that ended it."
        case .outsidePregnancy:
            "The day lies outside the pregnancy as counted from the expected date. Check both."
        case .fetusCount:
            "The number of fetuses does not agree with what was recorded. Check it and the losses."
        case .childrenDiffer:
            "Births and stillbirths do not add up to the fetuses. Correct the one or the other."
        }
    }
}

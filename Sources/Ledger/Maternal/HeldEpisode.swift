import Exchange

/// 妊娠または子の保存場所: the record under which it was notified, or its tickets were given out, and its number.
struct EpisodePlace: Hashable, Sendable {
    let person: PersonKey
    let episode: RecordID
}

/// 保存された妊娠または子: as it is kept, under one record or, since records were merged, in several places. Of two
/// places that tell of the same pregnancy or child, the tickets are one book.
struct HeldEpisode: Sendable {
    /// 受診券 with the place that it, and whatever becomes of it, is kept at.
    struct Ticket: Sendable {
        let place: EpisodePlace
        let ticket: CheckupTicket
    }

    /// Under which new words and new tickets are written.
    let id: RecordID
    /// Every place that tells of it.
    let places: Set<EpisodePlace>
    let notification: MaternalNotification
    /// Every ticket of every place, in the order of their first days.
    let tickets: [Ticket]

    /// As it is shown and used: one ticket of each number. `report`: whose own use is to be found in it,
    /// where both of two were used before their records became one.
    func episode(for report: String? = nil) -> MaternalEpisode {
        MaternalEpisode(
            id: id, notification: notification, tickets: shown(for: report).map(\.ticket))
    }

    /// Of the ticket that `episode` shows by this number; nothing where it shows none.
    func place(
        of number: CheckupTicket.Number, for report: String? = nil
    ) -> EpisodePlace? {
        shown(for: report).first { $0.ticket.number == number }?.place
    }

    func tells(at place: EpisodePlace) -> Bool { places.contains(place) }

    private func shown(for report: String?) -> [Ticket] {
        var places: [CheckupTicket.Number: Int] = [:]
        var shown: [Ticket] = []
        for held in tickets {
            let number = held.ticket.number
            guard let place = places[number] else {
                places[number] = shown.count
                shown.append(held)
                continue
            }
            if held.weight(for: report) > shown[place].weight(for: report) { shown[place] = held }
        }
        return shown
    }
}

extension HeldEpisode.Ticket {
    /// What was used stays used, and what may still be used is not hidden behind what was given back.
    fileprivate func weight(for report: String?) -> Int {
        if let use = ticket.use { return use.key == report ? 4 : 3 }
        guard ticket.returnedOn == nil, ticket.replacedOn == nil else { return 0 }
        return ticket.face == nil ? 1 : 2
    }
}

import Exchange

/// 架空の住民たち: the same seed and day give the same people, each made when asked for and kept nowhere,
/// so that a million of them cost no memory.
///
/// Four neighbouring indices share a seed: a mother, her two children and somebody on their own.
struct SyntheticResidents: RandomAccessCollection, Sendable {
    static let countMax = 1_000_000

    let startIndex = 0
    let endIndex: Int
    let seed: UInt64
    /// The day on which "current", "expired" and "future" are meant.
    let today: CalendarDay
    let bodies: [SyntheticBody]

    init(
        count: Int = 1_000, seed: UInt64 = 1, today: CalendarDay,
        bodies: [SyntheticBody] = SyntheticBody.standard
    ) {
        precondition((1...Self.countMax).contains(count) && !bodies.isEmpty)
        endIndex = count
        self.seed = seed
        self.today = today
        self.bodies = bodies
    }

    subscript(index: Int) -> SyntheticResident {
        let place = SyntheticResident.Place(rawValue: index % 4) ?? .single
        let home = Home(self, place == .single ? -1 - index : index / 4)
        var chance = SplitMix64(seed: seed, 2, index)
        let isWoman = place == .mother || chance.once(in: 2)
        let name = SyntheticNames.name(family: home.family, isWoman: isWoman, &chance)
        let bornOn = birth(place, &chance)
        let isDayUnknown = place == .single && chance.once(in: 25)
        let person = SyntheticQualification.Person(
            index: index, place: place, isSingleParents: home.isSingleParents,
            residences: home.residences, bornOn: bornOn)
        return SyntheticResident(
            index: index, place: place, individualNumber: SyntheticNumbers.individualNumber(index),
            name: name.written, nameKana: name.kana,
            dateOfBirth: isDayUnknown ? "\(bornOn.text.prefix(7))-00" : bornOn.text, bornOn: bornOn,
            sex: isWoman ? "2" : "1", address: home.address, isNotDisclosed: home.isNotDisclosed,
            residences: home.residences, cards: cards(index, &chance),
            entitlements: SyntheticQualification(person, bodies, today).entitlements(&chance))
    }

    /// 世帯: what those under one roof share.
    private struct Home {
        let family: SyntheticNames.Name
        let residences: [SyntheticResident.Residence]
        let address: String
        let isNotDisclosed: Bool
        let isSingleParents: Bool

        init(_ residents: SyntheticResidents, _ number: Int) {
            var chance = SplitMix64(seed: residents.seed, 1, number)
            family = chance.pick(SyntheticNames.families)
            let body = chance.pick(residents.bodies)
            let others = residents.bodies.filter { $0.municipality != body.municipality }
            let settled = residents.today.adding(days: -(400 + chance.below(4_000)))
            let moved = residents.today.adding(days: -(1 + chance.below(300)))
            if chance.once(in: 12), !others.isEmpty {
                residences = [
                    .init(body: chance.pick(others), from: settled), .init(body: body, from: moved),
                ]
            } else {
                residences = [.init(body: body, from: settled)]
            }
            address = body.place + SyntheticNames.street(&chance)
            isNotDisclosed = chance.once(in: 50)
            isSingleParents = chance.once(in: 5)
        }
    }

    /// One in a hundred on the 29th of February.
    private func birth(
        _ place: SyntheticResident.Place, _ chance: inout SplitMix64
    ) -> CalendarDay {
        let years =
            switch place {
            case .mother: 36 + chance.below(15)
            case .firstChild: 4 + chance.below(14)
            case .secondChild: chance.below(16)
            case .single: 20 + chance.below(80)
            }
        let born = today.adding(days: -(years * 365 + chance.below(365) + 1))
        guard chance.once(in: 100) else { return born }
        return born.lastLeapDay
    }

    /// A card of up to five years: one in thirty was renewed, one in fifty has run out.
    private func cards(_ index: Int, _ chance: inout SplitMix64) -> [SyntheticResident.Card] {
        let hasRunOut = chance.once(in: 50)
        let issued = today.adding(days: -(hasRunOut ? 1_827 : 1 + chance.below(1_700)))
        let current = card(index, number: 1, issued)
        guard chance.once(in: 30) else { return [current] }
        return [card(index, number: 0, issued.adding(days: -1_800)), current]
    }

    private func card(_ index: Int, number: Int, _ issued: CalendarDay) -> SyntheticResident.Card {
        .init(
            serial: SyntheticNumbers.cardSerial(index, card: number), validFrom: issued,
            validTo: issued.adding(days: 1_826))
    }
}

extension CalendarDay {
    /// The 29th of February on or before this day.
    fileprivate var lastLeapDay: CalendarDay {
        var day = self
        while (day.month, day.day) != (2, 29) { day = day.adding(days: -1) }
        return day
    }
}

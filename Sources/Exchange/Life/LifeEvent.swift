/// 住民異動の一件: one thing that a municipality tells of a resident's life, with the day it took effect and the
/// day it became known there.
package struct LifeEvent: Hashable, Sendable {
    /// 異動事由, by the codes of `profiles/layouts/residence-moves.json`.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// 転入, 出生, その他の記載: from that day the person lives there.
        case movedIn = "11"
        case born = "12"
        case entered = "13"
        /// 転出, その他の消除: from that day the person no longer does.
        case movedOut = "21"
        case removed = "23"
        /// 死亡: that was the last day.
        case died = "22"
        /// 転居, 氏名変更.
        case movedWithin = "31"
        case renamed = "32"
        /// 修正: of the items it gives, and of the day of the event it names.
        case corrected = "33"
        /// 異動の取消: the event it names never was.
        case cancelled = "34"
        /// 同一人の記録の統合: another record is of the same person. Of their life it says nothing; what was
        /// told of that record is read together with what was told of this one.
        case joined = "41"
        /// 統合の取消: the two are two persons.
        case parted = "42"

        package var isArrival: Bool { self == .movedIn || self == .born || self == .entered }
        package var isDeparture: Bool { self == .movedOut || self == .removed }
        /// It may name another event of its municipality.
        package var mayCorrect: Bool { self == .corrected || self == .cancelled }
        /// It says whose record it is: what one person alone never does.
        package var isOfRecords: Bool { self == .joined || self == .parted }
    }

    package let municipality: String
    /// 異動通番: names the event within its municipality.
    package let sequence: String
    package let kind: Kind
    package let effectiveOn: CalendarDay
    package let knownOn: CalendarDay
    /// Where from, or where to; nothing for abroad.
    package let otherMunicipality: String?
    /// 訂正する異動通番; of an undoing, that of the merge.
    package let corrects: String?

    package init(
        municipality: String, sequence: String, kind: Kind,
        days: (effectiveOn: CalendarDay, knownOn: CalendarDay), otherMunicipality: String?,
        corrects: String?
    ) {
        self.municipality = municipality
        self.sequence = sequence
        self.kind = kind
        effectiveOn = days.effectiveOn
        knownOn = days.knownOn
        self.otherMunicipality = otherMunicipality
        self.corrects = corrects
    }

    /// Of two words on one thing the later known speaks; what is left is settled alike by whoever asks.
    package static func isKnownEarlier(_ left: LifeEvent, _ right: LifeEvent) -> Bool {
        left.knownOn != right.knownOn
            ? left.knownOn < right.knownOn
            : (left.municipality, left.sequence) < (right.municipality, right.sequence)
    }

    fileprivate var name: LifeEventName {
        LifeEventName(municipality: municipality, sequence: sequence)
    }

    /// 訂正する異動: which of its municipality's events it names.
    fileprivate var target: LifeEventName? {
        corrects.map { LifeEventName(municipality: municipality, sequence: $0) }
    }

    /// What is left of it where this is the latest word on it.
    fileprivate func standing(by word: LifeEvent?) -> LifeEvent? {
        guard let word else { return self }
        return word.kind == .cancelled ? nil : corrected(by: word)
    }

    /// The same event as its latest correction has it.
    private func corrected(by correction: LifeEvent) -> LifeEvent {
        LifeEvent(
            municipality: municipality, sequence: sequence, kind: kind,
            days: (correction.effectiveOn, knownOn),
            otherMunicipality: correction.otherMunicipality ?? otherMunicipality, corrects: nil)
    }
}

extension Sequence<LifeEvent> {
    /// 今の異動: those that were not cancelled, each on the day that its latest correction says. A word
    /// that corrects nothing by name stands for itself.
    ///
    /// 訂正の訂正、取消の取消: a correction or a cancellation may be a slip of the pen itself, and is corrected or
    /// taken back as any other event is. Words that name each other in a circle name no event.
    package var standing: [LifeEvent] {
        let latest = latestWords
        return compactMap { event in
            event.corrects == nil ? event.standing(by: latest[event.name]) : nil
        }
    }

    /// 取り消された異動: with corrections and cancellations that were taken back themselves.
    package var takenBack: Set<LifeEvent> {
        let latest = latestWords
        return Set(filter { latest[$0.name]?.kind == .cancelled })
    }

    /// Of each event that is named by any, the latest known word on it that stands.
    private var latestWords: [LifeEventName: LifeEvent] {
        var words: [LifeEventName: LifeEvent] = [:]
        for event in self where event.kind.mayCorrect && event.target != nil {
            words[event.name] = event
        }
        // How many words on each are not settled yet. Not by recursion: a chain may be as long as a year.
        var waiting: [LifeEventName: Int] = [:]
        for word in words.values.compactMap(\.target) { waiting[word, default: 0] += 1 }
        var latest: [LifeEventName: LifeEvent] = [:]
        var ready = words.values.filter { waiting[$0.name] == nil }
        while let word = ready.popLast() {
            guard let event = word.target else { continue }
            if let said = word.standing(by: latest[word.name]),
                latest[event].map({ LifeEvent.isKnownEarlier($0, said) }) ?? true
            {
                latest[event] = said
            }
            let left = (waiting[event] ?? 1) - 1
            waiting[event] = left
            if left == 0, let next = words[event] { ready.append(next) }
        }
        return latest
    }
}

extension Sequence<LifeEvent> {
    /// 今の統合: those that no undoing names, whichever of the two came first.
    package var standingMerges: [LifeEvent] {
        let parted = Set(compactMap { $0.kind == .parted ? $0.target : nil })
        return filter { $0.kind == .joined && !parted.contains($0.name) }
    }
}

private struct LifeEventName: Hashable {
    let municipality: String
    let sequence: String
}

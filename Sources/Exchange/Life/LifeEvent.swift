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

    /// The same event as its latest correction has it.
    fileprivate func corrected(by correction: LifeEvent) -> LifeEvent {
        LifeEvent(
            municipality: municipality, sequence: sequence, kind: kind,
            days: (correction.effectiveOn, knownOn),
            otherMunicipality: correction.otherMunicipality ?? otherMunicipality, corrects: nil)
    }
}

extension Sequence<LifeEvent> {
    /// 今の異動: those that were not cancelled, each on the day that its latest correction says. A word
    /// that corrects nothing by name stands for itself.
    package var standing: [LifeEvent] {
        var words: [LifeEventName: LifeEvent] = [:]
        for event in self where event.kind.mayCorrect {
            guard let corrects = event.corrects else { continue }
            let name = LifeEventName(municipality: event.municipality, sequence: corrects)
            guard words[name].map({ LifeEvent.isKnownEarlier($0, event) }) ?? true else { continue }
            words[name] = event
        }
        return compactMap { event -> LifeEvent? in
            guard event.corrects == nil else { return nil }
            let name = LifeEventName(municipality: event.municipality, sequence: event.sequence)
            guard let word = words[name] else { return event }
            return word.kind == .cancelled ? nil : event.corrected(by: word)
        }
    }
}

extension Sequence<LifeEvent> {
    /// 今の統合: those that no undoing names, whichever of the two came first.
    package var standingMerges: [LifeEvent] {
        let parted = Set(
            compactMap { event in
                event.kind == .parted
                    ? event.corrects.map {
                        LifeEventName(municipality: event.municipality, sequence: $0)
                    } : nil
            })
        return filter { event in
            event.kind == .joined
                && !parted.contains(
                    LifeEventName(municipality: event.municipality, sequence: event.sequence))
        }
    }
}

private struct LifeEventName: Hashable {
    let municipality: String
    let sequence: String
}

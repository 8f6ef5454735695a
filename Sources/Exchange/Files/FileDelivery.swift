/// 送信の順番: where a file stands among those of one municipality and field. The place is said when it is
/// sent, so that a file sent late, twice or before its turn is never misapplied.
package struct FileDelivery: Hashable, Sendable {
    package enum Place: Hashable, Sendable {
        /// 通番: one more than the file before.
        case sequence(Int)
        /// By the digest of the file before; `nil` for the first.
        case following(String?)
    }

    /// SHA-256 of the bytes, in lower-case hexadecimal.
    package let digest: String
    package let place: Place

    package init(digest: String, place: Place) {
        self.digest = digest
        self.place = place
    }
}

/// 待たれているファイル: the file that a held one waits for.
package enum AwaitedFile: Hashable, Sendable {
    case sequence(Int)
    /// The file with this digest.
    case digest(String?)
}

/// What becomes of a file that arrived.
package enum DeliveryDecision: Hashable, Sendable {
    /// Its turn: it is applied, and after it what waited for it.
    case apply
    /// The file before it has not arrived: it waits.
    case hold
    /// It arrived before: nothing happens, and the answer of then is given again.
    case duplicate
    case refuse(DeliveryFault)
}

package enum DeliveryFault: String, CaseIterable, Hashable, Sendable {
    /// Another file has this place.
    case placeTaken = "delivery-place-taken"
    /// Below the first sequence number agreed on.
    case beforeFirst = "delivery-before-first"
    /// Sequence numbers before, a digest now, or the reverse.
    case otherOrder = "delivery-other-order"
    /// The same two contents followed each other before: sent again, or truly so again?
    case unclear = "delivery-unclear"
    /// 先の時点: a whole list as of a moment that is still to come.
    case asOfAhead = "delivery-as-of-ahead"
    /// 前の時点: a whole list as of before another one that is here already.
    case asOfBehind = "delivery-as-of-behind"

    package var ja: String {
        switch self {
        case .placeTaken:
            "この順番には別のファイルがすでにあります。次の順番は同じレイアウトの一覧(GET)のnextPlaceにあります。"
                + "直した行だけのファイルなら、順番を付けずに送ってください。"
        case .beforeFirst: "通番が、取り決めた最初の番号より前です。通番を確かめて送り直してください。"
        case .otherOrder: "これまでと順番の付け方が違います。通番か直前のファイルのハッシュか、これまでと同じ方法で送ってください。"
        case .unclear: "同じ内容の並びが前にもあり、再送か新しい送信かを決められません。通番を付けて送ってください。"
        case .asOfAhead:
            "全件の時点(asOf)が今より先です。一覧を作った日時を確かめ、今までの日時で送り直してください。"
        case .asOfBehind:
            "この時点(asOf)より後の全件をすでに受け付けています。一部を直すときは変更（差分）か直した行を、"
                + "そうでなければ新しい全件を送ってください。"
        }
    }

    package var en: String {
        switch self {
        case .placeTaken:
            "Another file already has this place. The next one is `nextPlace` in the list (GET) of the "
                + "same layout; mended rows alone are sent without a place."
        case .beforeFirst:
            "The sequence number lies before the first one agreed on. Check it and send again."
        case .otherOrder:
            "The order was given in another way before. Use sequence numbers or the digest of the "
                + "file before, as until now."
        case .unclear:
            "The same two contents followed each other before, so nobody can say whether this is "
                + "sent again or new. Send it with a sequence number."
        case .asOfAhead:
            "The moment as of which the list is (asOf) is later than now. Find out when it was made, and "
                + "send it again with that."
        case .asOfBehind:
            "A whole list of a later moment than this one (asOf) is here already. Send a newer list; to "
                + "correct a part of it, send changes or mended rows."
        }
    }
}

/// 送信の列: the files of one municipality and field, those applied in their order and those that wait.
/// Whatever the order and repetition in which the same files arrive, they are applied in the same
/// order, each once.
package struct DeliveryLine: Hashable, Sendable {
    package private(set) var applied: [FileDelivery]
    package private(set) var held: [FileDelivery]
    private let firstSequence: Int

    package init(
        applied: [FileDelivery] = [], held: [FileDelivery] = [], firstSequence: Int = 1
    ) {
        self.applied = applied
        self.held = held
        self.firstSequence = firstSequence
    }

    /// Decides about a file that arrived. `ready` are the files to apply now, in this order.
    package mutating func take(_ delivery: FileDelivery)
        -> (decision: DeliveryDecision, ready: [FileDelivery])
    {
        let decision = decision(on: delivery)
        switch decision {
        case .hold:
            held.append(delivery)
            return (decision, [])
        case .duplicate, .refuse: return (decision, [])
        case .apply:
            let before = applied.count
            applied.append(delivery)
            while let next = held.firstIndex(where: { place(of: $0) == .apply }) {
                applied.append(held.remove(at: next))
            }
            return (decision, Array(applied[before...]))
        }
    }

    /// 待っているもの: what must come before a file that is held.
    package func awaited(by delivery: FileDelivery) -> AwaitedFile {
        switch delivery.place {
        case .following(let earlier): .digest(earlier)
        case .sequence: .sequence(next ?? firstSequence)
        }
    }

    /// 次の通番; `nil` where files follow each other by their digests.
    package var next: Int? {
        guard let last = applied.last else { return firstSequence }
        guard case .sequence(let newest) = last.place else { return nil }
        return newest + 1
    }

    package func decision(on delivery: FileDelivery) -> DeliveryDecision {
        if held.contains(delivery) { return .duplicate }
        if held.contains(where: { $0.place == delivery.place }) { return .refuse(.placeTaken) }
        return place(of: delivery)
    }

    private func place(of delivery: FileDelivery) -> DeliveryDecision {
        switch delivery.place {
        case .sequence(let number): place(of: delivery, at: number)
        case .following(let earlier): place(of: delivery, behind: earlier)
        }
    }

    private func place(of delivery: FileDelivery, at number: Int) -> DeliveryDecision {
        guard number >= firstSequence else { return .refuse(.beforeFirst) }
        if let standing = applied.first(where: { $0.place == delivery.place }) {
            return standing == delivery ? .duplicate : .refuse(.placeTaken)
        }
        guard let last = applied.last else { return number == firstSequence ? .apply : .hold }
        guard case .sequence(let newest) = last.place else { return .refuse(.otherOrder) }
        return number == newest + 1 ? .apply : .hold
    }

    private func place(of delivery: FileDelivery, behind earlier: String?) -> DeliveryDecision {
        if case .sequence? = applied.last?.place { return .refuse(.otherOrder) }
        let isNext = applied.last?.digest == earlier
        switch (applied.contains(delivery), isNext) {
        case (false, true): return .apply
        case (true, false): return .duplicate
        case (true, true): return .refuse(.unclear)
        case (false, false):
            // The file it follows is known, and another has followed it already.
            let isKnown = earlier.map { earlier in applied.contains { $0.digest == earlier } }
            return isKnown ?? true ? .refuse(.placeTaken) : .hold
        }
    }
}

import Exchange

/// 別に保管された封印: a checkpoint that did not come with the list (a witness's, an auditor's, one's own of last
/// year), and what shows how the log went on from one size to another.
package struct KeptCheckpoint: Sendable {
    private let note: [UInt8]
    private let proofs: [ConsistencyProof]
    private let witnesses: [WitnessKey]

    /// `proofs` are answers of `GET /log/consistency/{from}/{to}`; each of `witnesses` must have cosigned.
    package init(note: [UInt8], proofs: [ConsistencyProof], witnesses: [WitnessKey]) {
        self.note = note
        self.proofs = proofs
        self.witnesses = witnesses
    }

    /// Whether the checkpoints that the list's own proofs lead to are of the same log as this one.
    package func check(_ list: ShownList, with key: CheckpointKey) -> [ProofCheck] {
        do {
            let kept = try key.open(note)
            return try witnesses.map { try $0.seen(note) }
                + list.notes.compactMap { note in try? key.open(Array(note.utf8)) }
                .map { same(kept, $0) }
        } catch {
            return [.open("The checkpoint that you gave is not signed as it should be: \(error).")]
        }
    }

    private func same(_ kept: Checkpoint, _ shown: Checkpoint) -> ProofCheck {
        if shown.size == kept.size {
            return shown.root == kept.root
                ? .good("The list is as of the very checkpoint that you gave.")
                : .bad(
                    "TWO VIEWS: the list leans on another log of \(shown.size) leaves than the "
                        + "checkpoint that you gave. Keep both, and tell the auditor and the witnesses."
                )
        }
        let (older, newer) = shown.size < kept.size ? (shown, kept) : (kept, shown)
        let path = "/log/consistency/\(older.size)/\(newer.size)"
        guard
            let proof = proofs.first(where: {
                $0.oldSize == older.size && $0.newSize == newer.size
            })
        else {
            return .open(
                "The list is as of \(shown.size) leaves, your checkpoint of \(kept.size): nothing "
                    + "here shows that both are of one log. Save what the gateway answers to "
                    + "GET \(path), and give it as --consistency.")
        }
        return proof.verifies(oldRoot: older.root, newRoot: newer.root)
            ? .good(
                "The list's checkpoint of \(shown.size) leaves and yours of \(kept.size) are of one "
                    + "log: the larger goes on from the smaller.")
            : .bad(
                "TWO VIEWS: the log of \(newer.size) leaves does not go on from the one of "
                    + "\(older.size). Keep both, and tell the auditor and the witnesses.")
    }
}

extension WitnessKey {
    fileprivate func seen(_ note: [UInt8]) throws -> ProofCheck {
        .good("\(name) cosigned it at \(try verify(SignedNote(note)).text).")
    }
}

extension ShownList {
    /// Every checkpoint that the answer leans on.
    var notes: [String] {
        Set(pages.compactMap(\.proof?.checkpoint) + events.compactMap(\.seal?.checkpoint)).sorted()
    }
}

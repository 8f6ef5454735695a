package import Exchange

/// 立会人: holds a log to what it showed before. It cosigns a checkpoint only where the log proves that it goes
/// on from the one that the witness cosigned last, and never signs two that do not follow each other:
/// so everybody who asks for its cosignature is shown one log.
///
/// Its folder is its memory: the last cosigned note, flushed to the disk before anybody gets it. A crash
/// leaves the former note or the new one. One process works in a folder at a time.
package struct Witness: Sendable {
    package enum Outcome: Sendable, Hashable {
        /// Cosigned and on the disk.
        case cosigned(size: Int)
        /// The log has not grown since.
        case unchanged(size: Int)
        /// What was shown is older than what was cosigned, and is of the same log: a copy that lags.
        case behind(size: Int, cosigned: Int)
    }

    /// 二つの姿: the log showed two checkpoints that do not follow from each other. Both signed notes are in
    /// this folder.
    package struct TwoViews: Error, Hashable {
        package let evidence: String
    }

    private let folder: WitnessFolder
    private let signer: WitnessSigner
    private let logs: [CheckpointKey]

    /// `logs` are the log's keys, as its rotations made them. Throws for a folder in which another process
    /// works, and `TwoViews` for one that has evidence: a person looks at that first.
    package init(
        folder path: String, signer: WitnessSigner, logs: [CheckpointKey],
        day: @escaping @Sendable () -> String
    ) throws {
        folder = try WitnessFolder(path, day: day)
        self.signer = signer
        self.logs = logs
        if let evidence = folder.evidence { throw TwoViews(evidence: evidence) }
    }

    /// What the log shows now against what it showed before. `consistency` asks the log how its tree of
    /// one size goes on to another; nothing when the log says that it cannot.
    ///
    /// Throws `CheckpointFault` for a note that no key of the log signed, `TwoViews` once its evidence is
    /// kept, and what `consistency` throws when nobody answers: then nothing is known and nothing changes.
    package func see(
        _ bytes: [UInt8], at now: Instant,
        consistency: (_ from: Int, _ to: Int) async throws -> ConsistencyProof?
    ) async throws -> Outcome {
        let shown = try open(bytes)
        guard let latest = try folder.latest() else { return try cosign(bytes, shown, now) }
        let cosigned = try open(latest)
        _ = try signer.key.verify(SignedNote(latest))
        guard shown.origin == cosigned.origin else { throw CheckpointFault.otherOrigin }
        if shown.size == cosigned.size, shown.root == cosigned.root {
            return .unchanged(size: shown.size)
        }
        let (older, newer) = shown.size < cosigned.size ? (shown, cosigned) : (cosigned, shown)
        let proof = try await consistency(older.size, newer.size)
        let follows =
            proof.map {
                $0.oldSize == older.size && $0.newSize == newer.size
                    && $0.verifies(oldRoot: older.root, newRoot: newer.root)
            } ?? false
        guard follows else {
            throw TwoViews(evidence: try folder.keep(cosigned: latest, shown: bytes))
        }
        guard shown.size > cosigned.size else {
            return .behind(size: shown.size, cosigned: cosigned.size)
        }
        return try cosign(bytes, shown, now)
    }

    private func cosign(_ bytes: [UInt8], _ shown: Checkpoint, _ now: Instant) throws -> Outcome {
        try folder.write(signer.cosign(SignedNote(bytes), at: now).text)
        return .cosigned(size: shown.size)
    }

    private func open(_ note: [UInt8]) throws -> Checkpoint {
        for key in logs {
            do { return try key.open(note) } catch CheckpointFault.notSigned { continue }
        }
        throw CheckpointFault.notSigned
    }
}

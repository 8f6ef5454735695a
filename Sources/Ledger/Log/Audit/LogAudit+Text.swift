import Exchange

/// 監査の言葉: each finding as a person reads it, one line.
extension LogAudit.Finding: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let from, let to): "positions \(from) to \(to - 1) are missing"
        case .entryMissing(let position): "the entry at position \(position) is missing"
        case .entryAltered(let position): "the entry at position \(position) was altered"
        case .rootDiffers(let size):
            "the first \(size) entries make another tree than the one that was signed"
        case .positionGap(let position): "position \(position) is missing"
        case .tileAltered(let level, let index):
            "the stored tile \(index) of level \(level) is not what its entries make"
        case .headDiffers(let size):
            "the head of \(size) entries is not what the positions make"
        case .positionOutside(let position):
            "position \(position) is before the first: nothing was ever sealed there"
        case .neverSealed(let entry):
            "the entry \(entry.text) is older than the head and has no position"
        case .sequenceForeign(let position):
            "the entry at position \(position) is not in its resident's sequence"
        case .sequenceGap(let position):
            "a number before the one at position \(position) is missing in its sequence"
        case .sequenceRepeated(let position):
            "the number at position \(position) is another entry's of the same sequence"
        case .linkAltered(let position):
            "the link at position \(position) is not of the entries of its sequence"
        case .mapDiffers(let epoch):
            "the map sealed with epoch \(epoch) is not what the entries make"
        case .epochDisordered(let epoch): "epoch \(epoch) is not the next of its order"
        case .mapTileAltered(let prefix):
            "the stored tile '\(prefix)' of the map is not what the entries make"
        case .keyDisordered(let version):
            "the seal key of version \(version) is not the next of its order"
        case .archiveDiffers(let month):
            "the leaf that says that \(month) was archived does not tell its entries"
        case .archivePartial(let month, let missing):
            "\(month) was archived, and \(missing) of its entries are gone while others are here"
        case .archivedEarly(let month, let at, let until):
            "\(month) was archived at \(at.text), and is to be kept in the database until \(until.text)"
        case .archiveUnreadable(let month, let fault):
            "the archive file \(month.isEmpty ? "" : "of \(month) ")is not whole: \(fault)"
        case .archiveUnknown(let month): "no leaf says that \(month) was archived"
        case .archiveAltered(let month):
            "the archive file of \(month) is not the one that was entered"
        case .archivedEntryAltered(let position):
            "the archive has another entry than was sealed at position \(position)"
        case .checkpointUnsigned(let size):
            "the stored checkpoint of \(size) entries was not signed by a key of the log"
        case .checkpointDiffers(let size):
            "the stored checkpoint of \(size) entries is of another tree than they make"
        case .leafless(let what): "no leaf of the log says the \(what)"
        case .withheldUnsaid(let entry):
            "the entry \(entry.text) is held back, and no entry says that it was marked"
        case .formDiffers(let what):
            "\(what): nothing could be verified without it"
        case .unreadable(let position, let what):
            "what is stored from position \(position) on, or beside the entries, cannot be read: \(what)"
        }
    }
}

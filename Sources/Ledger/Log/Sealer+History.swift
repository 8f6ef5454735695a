import Exchange
import Logging
import Postgres

/// 一つの歴史: what was published stays true. A log goes on only where the last published checkpoint is
/// of it: a database that was set back, or another one, never gets a second history under the same name.
extension Sealer {
    /// The tree's edge as this sealer left it, only ever used where the head row has its root; and the
    /// published note that the tree was shown to go on from.
    struct Known: Sendable {
        var edge = TileEdge()
        var note: [UInt8]?
    }

    /// What was published last. Read before a round's transaction begins: the head of whatever is
    /// published was committed before that, by whichever sealer.
    struct Published: Sendable {
        let note: [UInt8]
        let checkpoint: Checkpoint

        /// Throws `SealFault.otherHistory` unless the tree of this edge begins with what was published.
        func require(beginning edge: TileEdge, _ transaction: inout Transaction) throws {
            guard checkpoint.size <= edge.size else { throw SealFault.otherHistory }
            var then = edge
            if checkpoint.size < edge.size {
                var reader = TileStore(size: edge.size)
                then = try TileEdge(size: checkpoint.size) { try reader.tile($0, &transaction) }
            }
            guard then.root == checkpoint.root else { throw SealFault.otherHistory }
        }
    }

    /// Nothing before the first checkpoint. One that cannot be believed does not pass by itself: nobody
    /// knows by it what was published.
    func published(_ keys: SealKeys) throws -> Published? {
        guard let note = try outlet.latest() else { return nil }
        do { return Published(note: note, checkpoint: try keys.open(note)) } catch {
            guard let fault = error as? CheckpointFault else { throw error }
            throw SealFault.published(fault)
        }
    }

    /// The same. What none of these keys signed may be of a version that this gateway has not got: then it is
    /// that which is told, and nobody puts an older checkpoint in the place of a true one.
    func believed(_ keys: SealKeys) async throws -> Published? {
        do { return try published(keys) } catch SealFault.published(.notSigned) {
            let signing = try await pool.transaction(.readOnly) {
                try Head($0.query(Self.selectHead)).signing
            }
            _ = try keys.signer(signing.upperBound)
            throw SealFault.published(.notSigned)
        }
    }
}

/// Why a round of sealing stopped. Nothing was committed by it. Its text begins with the word by which the
/// runbook knows it.
package enum SealFault: Error, CustomStringConvertible {
    /// The one row that says how far the log is sealed, or which key signs, was taken away or holds what no
    /// release writes.
    case headLacking
    /// What stands in the folder as the checkpoint published last is none, or not of this log's key.
    case published(CheckpointFault)
    /// The stored tree does not have the root that the head row says: someone changed one of them.
    case head
    /// The server's transactions are older than those already sealed: it is not the server that
    /// sealed them.
    case horizon
    /// A checkpoint that was already published is not of this log: the database was set back, or is
    /// another one.
    case otherHistory
    /// Another sealer was faster.
    case headMoved
    /// This gateway has not got the version of the seal key that signs now.
    case keyLacking(version: Int)
    /// A tile that must be stored is not, or is of the wrong size.
    case tile(TileID)
    /// The stored map is not the one that the last epoch's leaf says.
    case map

    package var description: String {
        switch self {
        case .headLacking:
            "headLacking: the row of log.head, or that of the seal key in exchange.key_version, is gone or "
                + "was written over"
        case .published(let fault):
            "published: `latest` in the folder of checkpoints was changed, or is of another log: \(fault)"
        case .head: "head: the stored tree has another root than the head row says"
        case .horizon:
            "horizon: this server's transactions are older than those that are sealed: it is another server"
        case .otherHistory:
            "otherHistory: a checkpoint that was published is of another history: the database was set back, "
                + "or is another one"
        case .headMoved: "headMoved: another sealer was faster"
        case .keyLacking(let version):
            "keyLacking: version \(version) of the seal key signs now, and is not in this gateway's folder"
        case .tile(let tile):
            "tile: tile \(tile.index) of level \(tile.level) is not stored as it must be"
        case .map: "map: the stored map is not the one that the last epoch's leaf says"
        }
    }
}

/// 封印の障害: what keeps rounds from their work, told when it begins, when it is something else, and when it is
/// over. A round comes every few milliseconds, and a full disk is not helped by a line for each.
struct SealTrouble {
    /// What does not happen meanwhile, where somebody must look.
    private let consequence: Logger.Message
    private let over: Logger.Message
    private var told: String?

    init(_ consequence: Logger.Message, over: Logger.Message) {
        self.consequence = consequence
        self.over = over
    }

    mutating func isOver(_ logger: Logger) {
        if told != nil { logger.notice(over) }
        told = nil
    }

    /// What passes by itself is a warning; what somebody must look at is an error.
    mutating func report(_ error: any Error, _ logger: Logger) {
        // It stops, or the next round of two sealers at once goes on.
        if Task.isCancelled { return }
        if case SealFault.headMoved = error { return }
        let text = "\(error)"
        guard text != told else { return }
        told = text
        if error is SealFault || error is LogDamage {
            logger.error(consequence, metadata: ["error": "\(text)"])
        } else {
            logger.warning("seal postponed", metadata: ["error": "\(text)"])
        }
    }
}

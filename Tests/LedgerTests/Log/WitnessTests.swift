import Crypto
import Exchange
import Foundation
import Ledger
import TestSupport
import Testing

/// 立会人: never cosigns two checkpoints that do not follow from each other, whatever it is shown and whenever
/// it is stopped.
@Suite struct WitnessTests {
    /// A log of so many leaves; logs of different `seed` are different from leaf `fork` on.
    struct Tree: Sendable {
        var seed = 0
        var fork = 0
        let signer: CheckpointSigner

        func leaves(_ size: Int) -> [LogHash] {
            (0..<size).map { .leaf(Array("\($0 < fork ? 0 : seed) \($0)".utf8)) }
        }

        func note(_ size: Int) throws -> [UInt8] {
            Array(try signer.sign(size: size, root: Frontier(of: leaves(size)).root).text.utf8)
        }

        /// Nothing of sizes that the log has not, as a gateway answers it.
        func consistency(_ from: Int, _ to: Int, upTo size: Int = .max) throws -> ConsistencyProof?
        {
            guard to <= size else { return nil }
            var tree = TileTree(size: to)
            let leaves = leaves(to)
            return try tree.consistencyProof(from: from) { _ in leaves }
        }
    }

    static let signer = LedgerWorldKeys.signer(7)
    static let log = Tree(signer: signer)
    static let key = LedgerWorldKeys.witness("witness.example/w1", 9)
    static let now = Instant(seconds: 1_790_000_000)

    static func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = LedgerWorld.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    static func witness(_ folder: String) throws -> Witness {
        try Witness(folder: folder, signer: key, logs: [signer.key]) { "2026-11-21" }
    }

    static func latest(_ folder: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder + "/latest")))
    }

    @Test func `a log that goes on is cosigned, and what stands still is not cosigned again`()
        async throws
    {
        try await Self.inFolder { folder in
            for size in [0, 3, 3, 10, 200] {
                // A new process each time: the folder is all it remembers.
                let outcome = try await Self.witness(folder).see(
                    Self.log.note(size), at: Self.now
                ) { try Self.log.consistency($0, $1) }
                let note = try SignedNote(Self.latest(folder))
                #expect(try Self.signer.key.open(Self.latest(folder)).size == size)
                #expect(try Self.key.key.verify(note) == Self.now)
                #expect([.cosigned(size: size), .unchanged(size: size)].contains(outcome))
            }
            let kept = try String(
                contentsOfFile: folder + "/2026-11-21.checkpoints", encoding: .utf8)
            #expect(kept.matches(of: /witness\.example/).count == 4)
        }
    }

    @Test func `an older view of the same log is told, and nothing goes back`() async throws {
        try await Self.inFolder { folder in
            let witness = try Self.witness(folder)
            for size in [10, 7] {
                let outcome = try await witness.see(Self.log.note(size), at: Self.now) {
                    try Self.log.consistency($0, $1)
                }
                #expect(
                    outcome == (size == 10 ? .cosigned(size: 10) : .behind(size: 7, cosigned: 10)))
            }
            #expect(try Self.signer.key.open(Self.latest(folder)).size == 10)
        }
    }

    struct View: Sendable, CustomTestStringConvertible {
        let name: String
        let size: Int
        let tree: Tree
        var knows = Int.max
        var testDescription: String { name }
    }

    /// After ten leaves of one log were cosigned.
    static let views: [View] = [
        View(name: "another log of the same size", size: 10, tree: Tree(seed: 1, signer: signer)),
        View(name: "a larger one", size: 20, tree: Tree(seed: 1, signer: signer)),
        View(
            name: "one that differs in its last leaf alone", size: 20,
            tree: Tree(seed: 1, fork: 9, signer: signer)),
        View(name: "a smaller one", size: 5, tree: Tree(seed: 1, signer: signer)),
        View(
            name: "the log set back, which knows nothing of what it had", size: 5, tree: log,
            knows: 5),
        View(name: "a larger one that proves nothing", size: 20, tree: log, knows: 0),
    ]

    @Test(arguments: views)
    func `two views are found, kept, and nothing is cosigned until somebody looked`(view: View)
        async throws
    {
        try await Self.inFolder { folder in
            let before: [UInt8]
            do {
                let witness = try Self.witness(folder)
                _ = try await witness.see(Self.log.note(10), at: Self.now) { _, _ in nil }
                before = try Self.latest(folder)
                // What a machine that died while it kept the evidence left behind.
                try FileManager.default.createDirectory(
                    atPath: folder + "/evidence.new", withIntermediateDirectories: true)
                let views = await #expect(throws: Witness.TwoViews.self) {
                    try await witness.see(view.tree.note(view.size), at: Self.now) {
                        try view.tree.consistency($0, $1, upTo: view.knows)
                    }
                }
                #expect(views?.evidence == folder + "/evidence")
            }
            let kept = try ["cosigned", "shown"].map {
                Array(try Data(contentsOf: URL(filePath: folder + "/evidence/" + $0)))
            }
            #expect(try kept == [before, view.tree.note(view.size)])
            #expect(try Self.latest(folder) == before)
            #expect(throws: Witness.TwoViews.self) { try Self.witness(folder) }
            try FileManager.default.moveItem(
                atPath: folder + "/evidence", toPath: folder + "/elsewhere")
            let again = try await Self.witness(folder).see(Self.log.note(12), at: Self.now) {
                try Self.log.consistency($0, $1)
            }
            #expect(again == .cosigned(size: 12))
        }
    }

    @Test func `a note that the log did not sign, and a log that does not answer, change nothing`()
        async throws
    {
        struct Unanswered: Error {}
        try await Self.inFolder { folder in
            let witness = try Self.witness(folder)
            let foreign = Tree(signer: LedgerWorldKeys.signer(8))
            await #expect(throws: CheckpointFault.notSigned) {
                try await witness.see(foreign.note(5), at: Self.now) { _, _ in nil }
            }
            _ = try await witness.see(Self.log.note(5), at: Self.now) { _, _ in nil }
            let before = try Self.latest(folder)
            await #expect(throws: Unanswered.self) {
                try await witness.see(Self.log.note(9), at: Self.now) { _, _ in throw Unanswered() }
            }
            var altered = try Self.log.note(9)
            altered[altered.count - 5] ^= 1
            await #expect(throws: (any Error).self) {
                try await witness.see(altered, at: Self.now) { try Self.log.consistency($0, $1) }
            }
            #expect(try Self.latest(folder) == before)
            #expect(!FileManager.default.fileExists(atPath: folder + "/evidence"))
        }
    }

    @Test func `two processes never work in one folder`() async throws {
        try await Self.inFolder { folder in
            let first = try Self.witness(folder)
            #expect(throws: (any Error).self) { try Self.witness(folder) }
            _ = try await first.see(Self.log.note(1), at: Self.now) { _, _ in nil }
        }
    }

    /// C2SP tlog-cosignature, written out by hand.
    @Test func `a cosignature has the published form`() throws {
        let note = try SignedNote(Self.log.note(3))
        let cosigned = try Self.key.cosign(note, at: Self.now)
        let mine = try #require(cosigned.signatures.last)
        #expect(mine.name == "witness.example/w1" && mine.bytes.count == 72)
        let publicKey = Self.key.key.publicKey
        let id = SHA256.hash(data: Array("witness.example/w1\n".utf8) + [4] + publicKey).prefix(4)
        #expect(mine.keyID == Array(id))
        #expect(Self.key.key.text.hasPrefix("witness.example/w1+\(Hexadecimal.text(Array(id)))+"))
        #expect(Array(mine.bytes.prefix(8)) == [0, 0, 0, 0, 0x6A, 0xB1, 0x3B, 0x80])
        let text = "cosignature/v1\ntime 1790000000\n" + note.body
        let key = try Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        #expect(key.isValidSignature(mine.bytes.dropFirst(8), for: Array(text.utf8)))
        #expect(try WitnessKey(text: Self.key.key.text) == Self.key.key)
        #expect(throws: CheckpointFault.self) { try WitnessKey(text: Self.signer.key.text) }
        #expect(throws: CheckpointFault.self) { try CheckpointKey(text: Self.key.key.text) }
        // The time is signed, and so is the text.
        for place in [7, 30] {
            var bytes = mine.bytes
            bytes[place] ^= 1
            let forged = SignedNote(
                body: note.body,
                signatures: [.init(name: mine.name, keyID: mine.keyID, bytes: bytes)])
            #expect(throws: CheckpointFault.wrongSignature) { try Self.key.key.verify(forged) }
        }
        let other = try SignedNote(
            body: SignedNote(Self.log.note(4)).body, signatures: [mine])
        #expect(throws: CheckpointFault.wrongSignature) { try Self.key.key.verify(other) }
        #expect(throws: CheckpointFault.notSigned) { try Self.key.key.verify(note) }
        // A second one takes the place of the first.
        let later = try Self.key.cosign(cosigned, at: Self.now.adding(seconds: 60))
        #expect(later.signatures.count == 2)
        #expect(try Self.key.key.verify(later) == Self.now.adding(seconds: 60))
    }
}

/// Keys that are the same at every run.
enum LedgerWorldKeys {
    static func signer(_ byte: UInt8) -> CheckpointSigner {
        let seed = [UInt8](repeating: byte, count: 32)
        guard let signer = try? CheckpointSigner(origin: LedgerWorld.origin, privateKey: seed)
        else { fatalError("no key") }
        return signer
    }

    static func witness(_ name: String, _ byte: UInt8) -> WitnessSigner {
        let seed = [UInt8](repeating: byte, count: 32)
        guard let signer = try? WitnessSigner(name: name, privateKey: seed) else {
            fatalError("no key")
        }
        return signer
    }
}

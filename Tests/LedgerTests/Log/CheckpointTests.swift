import Ledger
import Testing

@Suite struct CheckpointTests {
    static let signer = try? CheckpointSigner(
        origin: "tsunagi.example/log", privateKey: [UInt8](repeating: 7, count: 32))
    static let root = Frontier(of: ReferenceTree.leaves).root

    /// The example of C2SP tlog-checkpoint and signed-note.
    static let published = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        — example.com/behind-the-sofa \
        Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=

        """

    /// The example of golang.org/x/mod/sumdb/note, with its verifier key.
    static let foreignKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let foreignNote = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        — PeterNeumann \
        x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

        """

    @Test func `the published checkpoint is read and written again byte for byte`() throws {
        let note = try SignedNote(Array(Self.published.utf8))
        let checkpoint = try Checkpoint(text: note.body)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.text == note.body)
        #expect(note.signatures.map(\.keyID) == [[0x03, 0x3D, 0xE0, 0xAE]])
        #expect(note.text == Self.published)
    }

    @Test func `a note and a key made by others verify`() throws {
        let key = try CheckpointKey(text: Self.foreignKey)
        #expect(key.name == "PeterNeumann")
        #expect(key.id == [0xC7, 0x4F, 0x20, 0xA3])
        #expect(key.text == Self.foreignKey)
        try key.verify(SignedNote(Array(Self.foreignNote.utf8)))
        let changed = Self.foreignNote.replacing("answer", with: "Answer")
        #expect(throws: CheckpointFault.wrongSignature) {
            try key.verify(SignedNote(Array(changed.utf8)))
        }
    }

    @Test func `what the log signed is what its reader opens`() throws {
        let signer = try #require(Self.signer)
        let note = try signer.sign(size: 8, root: Self.root)
        let opened = try signer.key.open(Array(note.text.utf8))
        #expect(opened == Checkpoint(origin: "tsunagi.example/log", size: 8, root: Self.root))
        #expect(
            note.body == "tsunagi.example/log\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n")
        #expect(try signer.sign(size: 8, root: Self.root) == note, "signing is deterministic")
        let empty = try signer.sign(size: 0, root: .emptyRoot)
        #expect(try signer.key.open(Array(empty.text.utf8)).size == 0)
    }

    @Test func `a change of any byte is noticed`() throws {
        let signer = try #require(Self.signer)
        let bytes = Array(try signer.sign(size: 8, root: Self.root).text.utf8)
        for place in bytes.indices {
            for bit in UInt8(0)..<8 {
                var changed = bytes
                changed[place] ^= 1 << bit
                #expect(throws: CheckpointFault.self, "byte \(place), bit \(bit)") {
                    try signer.key.open(changed)
                }
            }
        }
    }

    @Test func `signatures of witnesses are kept and do not disturb`() throws {
        let signer = try #require(Self.signer)
        let note = try signer.sign(size: 8, root: Self.root)
        let witness = SignedNote.Signature(
            name: "witness.example", keyID: [1, 2, 3, 4], bytes: [UInt8](repeating: 9, count: 72))
        let cosigned = SignedNote(body: note.body, signatures: note.signatures + [witness])
        #expect(try signer.key.open(Array(cosigned.text.utf8)).size == 8)
        #expect(try SignedNote(Array(cosigned.text.utf8)) == cosigned)
    }

    @Test func `a signature of another key or of another log is not enough`() throws {
        let signer = try #require(Self.signer)
        let seed = [UInt8](repeating: 8, count: 32)
        let sameName = try CheckpointSigner(origin: signer.key.name, privateKey: seed)
        let note = try sameName.sign(size: 8, root: Self.root)
        #expect(throws: CheckpointFault.notSigned) { try signer.key.open(Array(note.text.utf8)) }

        let body = Checkpoint(origin: "other.example/log", size: 8, root: Self.root).text
        let borrowed = try signer.sign(size: 8, root: Self.root).signatures
        let moved = SignedNote(body: body, signatures: borrowed)
        #expect(throws: CheckpointFault.wrongSignature) {
            try signer.key.open(Array(moved.text.utf8))
        }
        let key = try CheckpointKey(text: Self.foreignKey)
        #expect(throws: CheckpointFault.self) { try key.open(Array(Self.foreignNote.utf8)) }
    }

    static let hash = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg="
    static let malformedBodies: [(name: String, body: String)] = [
        ("nothing", ""),
        ("no origin", "\n8\n\(hash)\n"),
        ("no root", "log\n8\n"),
        ("no last newline", "log\n8\n\(hash)"),
        ("leading zero", "log\n08\n\(hash)\n"),
        ("plus sign", "log\n+8\n\(hash)\n"),
        ("negative", "log\n-8\n\(hash)\n"),
        ("not a number", "log\neight\n\(hash)\n"),
        ("other digits", "log\n８\n\(hash)\n"),
        ("too large", "log\n9223372036854775808\n\(hash)\n"),
        ("short root", "log\n8\nXcna\n"),
        ("root without padding", "log\n8\n\(hash.dropLast())\n"),
        ("root with spare bits", "log\n8\n\(hash.dropLast(2))h=\n"),
        ("root in another alphabet", "log\n8\n\(hash.replacing("+", with: "-"))\n"),
        ("space after the root", "log\n8\n\(hash) \n"),
        ("empty extension line", "log\n8\n\(hash)\n\n"),
        ("return before newline", "log\r\n8\r\n\(hash)\r\n"),
    ]

    @Test(arguments: malformedBodies)
    func `a malformed checkpoint is refused`(name: String, body: String) {
        #expect(throws: CheckpointFault.self, "\(name)") { try Checkpoint(text: body) }
    }

    @Test func `extension lines of others are read over`() throws {
        #expect(try Checkpoint(text: "log\n8\n\(Self.hash)\nextension\n").size == 8)
    }

    static let line = "— log AAAAAAAA"
    static let malformedNotes: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("no signature", Array("log\n\n".utf8)),
        ("no blank line", Array("log\n\(line)\n".utf8)),
        ("no text", Array("\n\(line)\n".utf8)),
        ("no last newline", Array("log\n\n\(line)".utf8)),
        ("trailing text", Array("log\n\n\(line)\nmore\n".utf8)),
        ("trailing blank line", Array("log\n\n\(line)\n\n".utf8)),
        ("hyphen for dash", Array("log\n\n- log AAAAAAAA\n".utf8)),
        ("two spaces", Array("log\n\n—  log AAAAAAAA\n".utf8)),
        ("no name", Array("log\n\n—  AAAAAAAA\n".utf8)),
        ("plus in name", Array("log\n\n— l+g AAAAAAAA\n".utf8)),
        ("wide space in name", Array("log\n\n— l\u{3000}g AAAAAAAA\n".utf8)),
        ("key hash only", Array("log\n\n— log AAAAAA==\n".utf8)),
        ("not base64", Array("log\n\n— log AAAA*AAA\n".utf8)),
        ("spare bits", Array("log\n\n— log AAAAAAB=\n".utf8)),
        ("control character", Array("l\tog\n\n\(line)\n".utf8)),
        ("not UTF-8", Array("lo".utf8) + [0xC3, 0x28] + Array("\n\n\(line)\n".utf8)),
        ("too many", Array(("log\n\n" + String(repeating: line + "\n", count: 65)).utf8)),
    ]

    @Test(arguments: malformedNotes)
    func `a malformed note is refused`(name: String, bytes: [UInt8]) {
        #expect(throws: CheckpointFault.self, "\(name)") { try SignedNote(bytes) }
    }

    @Test func `the well-formed note beside the malformed ones is accepted`() throws {
        let note = try SignedNote(Array("log\n\n\(Self.line)\n".utf8))
        #expect(note.body == "log\n" && note.signatures.count == 1)
    }

    static let malformedKeys = [
        "", "PeterNeumann", "PeterNeumann+c74f20a3+",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ]

    @Test(arguments: malformedKeys)
    func `a malformed key is refused`(text: String) {
        #expect(throws: CheckpointFault.self) { try CheckpointKey(text: text) }
    }

    @Test(arguments: ["", "two words", "a+b", "a\nb"])
    func `a log cannot have a name that a note cannot carry`(origin: String) {
        #expect(throws: CheckpointFault.self) {
            try CheckpointSigner(origin: origin, privateKey: [UInt8](repeating: 7, count: 32))
        }
    }
}

import Crypto
import Exchange
import Testing
import Trust
import X509

/// 検証の費用: what a handshake may cost us is counted in signatures, not in time. Whoever has no certificate of
/// ours chooses the chain that is shown, and must not choose the work.
@Suite struct PathCostTests {
    private static func slow() -> Certificate.PrivateKey {
        Certificate.PrivateKey(P384.Signing.PrivateKey())
    }

    /// What a search has cost, and why it found nothing; nil for a path.
    private static func cost(
        of leaf: Minted, _ offered: [Minted], to anchors: [Minted],
        at time: Instant = TestCA.now
    ) -> (spent: PathSearch.Spent, reason: Reason?) {
        let verifier = Trust.Verifier(
            anchors: anchors.map(\.parsed), usage: .any, revocation: nil)
        var search = PathSearch(verifier: verifier, time: time)
        search.candidates = offered.map(\.parsed)
        let path = search.path(from: leaf.parsed)
        return (search.spent, path == nil ? search.reason : nil)
    }

    /// So many CAs, each below the one before it, by keys that are slow to check with.
    private static func chain(of count: Int, below top: Minted) -> [Minted] {
        var made: [Minted] = []
        for index in 0..<count {
            made.append(TestCA.authority("Slow \(index)", by: made.last ?? top, key: slow()))
        }
        return made
    }

    /// A CA's certificate with somebody else's key: what they sign with it names our CA and its key.
    private static func forged(_ authority: Minted) -> Minted {
        Minted(certificate: authority.certificate, key: slow())
    }

    @Test func `a chain of a stranger's own costs no signature, however long and slow`() {
        let top = TestCA.authority("Stranger", key: Self.slow())
        let chain = [top] + Self.chain(of: 10, below: top)
        let shown = Self.cost(
            of: TestCA.leaf(by: chain[10]), chain, to: [TestCA.authority("Root")])
        #expect(shown.reason == .issuerUnknown)
        #expect(shown.spent.checks == 0)
    }

    @Test func `a chain to another key of our CA's name costs no signature`() {
        let chain = Self.chain(of: 10, below: TestCA.authority("Root", key: Self.slow()))
        let shown = Self.cost(
            of: TestCA.leaf(by: chain[9]), chain, to: [TestCA.authority("Root")])
        #expect(shown.reason == .signatureInvalid)
        #expect(shown.spent.checks == 0)
    }

    /// The signature nearest to the anchor is looked at first, by the anchor's key; nothing below it is.
    @Test func `a chain that names our CA's key costs one signature, by that key`() {
        let root = TestCA.authority("Root")
        let chain = Self.chain(of: 10, below: Self.forged(root))
        let shown = Self.cost(of: TestCA.leaf(by: chain[9]), chain, to: [root])
        #expect(shown.reason == .signatureInvalid)
        #expect(shown.spent.checks == 1)
        let leaf = Self.cost(of: TestCA.leaf(by: Self.forged(root)), [], to: [root])
        #expect(leaf.reason == .signatureInvalid)
        #expect(leaf.spent.checks == 1)
    }

    /// As many as are offered, and every one of them names the key: of keys that are as slow as P-384, three.
    @Test func `many chains that name our CA's key cost what a few signatures do`() {
        for (root, most) in [
            (TestCA.authority("Root", key: Self.slow()), PathSearch.forgedCostMax / 8),
            (TestCA.authority("Root"), PathSearch.forgedCostMax),
        ] {
            let forged = Self.forged(root)
            let many = (0..<60).map { _ in
                TestCA.authority("CA", by: forged, key: Self.slow())
            }
            let shown = Self.cost(of: TestCA.leaf(by: many[59]), many, to: [root])
            #expect(shown.reason == .pathTooComplex)
            #expect(shown.spent.checks == most)
        }
    }

    /// A real CA's certificate is no secret: a stranger may show it, and sign below it with another key.
    @Test func `what stands below a real CA and was not signed by it costs one signature more`() {
        let root = TestCA.authority("Root")
        let real = TestCA.authority("CA", by: root)
        let below = Self.chain(of: 9, below: Self.forged(real))
        let shown = Self.cost(of: TestCA.leaf(by: below[8]), [real] + below, to: [root])
        #expect(shown.reason == .signatureInvalid)
        #expect(shown.spent.checks == 2)
    }

    @Test func `an honest chain costs one signature for each certificate, whatever is beside it`() {
        let root = TestCA.authority("Root")
        let upper = TestCA.authority("Upper", by: root)
        let lower = TestCA.authority("Lower", by: upper)
        let leaf = TestCA.leaf(by: lower)
        let stranger = TestCA.authority("Stranger")
        let strangers = [stranger] + Self.chain(of: 8, below: stranger)
        // Servers send their root, too.
        for offered in [[lower, upper], [upper, lower, root], strangers + [lower, upper]] {
            let shown = Self.cost(of: leaf, offered, to: [root])
            #expect(shown.reason == nil)
            #expect(shown.spent.checks == 3)
        }
    }

    /// Six keys of one name, each of which certified every other: a maze of good signatures, and at its end a
    /// leaf that nobody may let in.
    @Test func `CAs that certify each other are no maze`() {
        let root = TestCA.authority("Root")
        let keys = (0..<6).map { _ in TestCA.p256() }
        let own = keys.map { TestCA.authority("Same", by: root, key: $0) }
        let crossed = own.indices.flatMap { signer in
            own.indices.filter { $0 != signer }.map {
                TestCA.authority("Same", by: own[signer], key: keys[$0])
            }
        }
        let past = TestCA.term(days: 1, from: TestCA.now.adding(seconds: -9 * 86_400))
        let leaf = TestCA.leaf(by: own[0], term: past)
        let shown = Self.cost(of: leaf, crossed + own, to: [root])
        #expect(shown.reason == .expired)
        // Each certificate's own, once.
        #expect(shown.spent.checks == crossed.count + own.count + 1)
        #expect(shown.spent.links <= PathSearch.linksMax)
    }

    /// The keys of a bundle without any of ours: each certified every other, and no anchor did.
    @Test func `a bundle made to be slow is refused without a signature`() {
        let keys = (0..<8).map { _ in TestCA.p256() }
        let own = keys.map { TestCA.authority("Same", key: $0) }
        let crossed = own.flatMap { signer in
            keys.map { TestCA.authority("Same", by: signer, key: $0) }
        }
        let shown = Self.cost(
            of: TestCA.leaf(by: crossed[0]), crossed, to: [TestCA.authority("Root")])
        #expect(shown.reason == .issuerUnknown)
        #expect(shown.spent.checks == 0)
    }
}

import Exchange
import Testing
import Trust

/// 経路の控え: a good party is found again by its leaf alone, however many others came after it; a bad one is not.
@Suite struct PathMemoryTests {
    private let root = TestCA.authority("Root")

    private func verifier(_ authorities: [Minted], lists: [[UInt8]]? = nil) -> Trust.Verifier {
        Trust.Verifier(
            anchors: [root.parsed], usage: .institution,
            revocation: TestCA.store(lists ?? ([root] + authorities).map { TestCA.list(of: $0) }))
    }

    private func verdict(
        _ verifier: Trust.Verifier, _ leaf: Minted, _ intermediates: [[UInt8]]
    ) -> Trust.Verifier.Verdict {
        verifier.verify(leaf: leaf.der, intermediates: intermediates, at: TestCA.now)
    }

    /// Connects in full, as far as it is let in.
    private func connect(
        _ leaf: Minted, _ chain: [Minted], _ verifier: Trust.Verifier, _ memory: PathMemory
    ) throws {
        guard case .trusted(let trusted) = verdict(verifier, leaf, chain.map(\.der)) else {
            Issue.record("not trusted")
            return
        }
        memory.keep(trusted)
    }

    @Test func `more parties than are remembered below intermediates are all found again`() throws {
        let upper = TestCA.authority("Upper", by: root)
        let lower = (0..<3).map { TestCA.authority("Lower \($0)", by: upper) }
        let verifier = verifier([upper] + lower)
        let memory = PathMemory(pathsMax: 4, issuersMax: 4)
        let leaves = (0..<24).map { (TestCA.leaf(by: lower[$0 % 3], "leaf \($0)"), lower[$0 % 3]) }
        for (leaf, ca) in leaves { try connect(leaf, [ca, upper], verifier, memory) }
        #expect(leaves.count { memory.path(of: $0.0.parsed.fingerprint) != nil } == 4)
        for (leaf, _) in leaves {
            let kept = memory.issuers(above: leaf.der)
            guard case .trusted(let found) = verdict(verifier, leaf, kept) else {
                Issue.record("forgotten")
                continue
            }
            #expect(found.depth == 2 && found.party == TestCA.party)
        }
        // Without what was kept nobody is.
        #expect(verdict(verifier, leaves[0].0, []) == .refused(.issuerUnknown))
    }

    @Test func `what was needed longest ago goes first, and nobody is trusted without it`() throws {
        let authorities = (0..<3).map { TestCA.authority("CA \($0)", by: root) }
        let verifier = verifier(authorities)
        let memory = PathMemory(pathsMax: 1, issuersMax: 2)
        let leaves = authorities.map { TestCA.leaf(by: $0) }
        try connect(leaves[0], [authorities[0]], verifier, memory)
        try connect(leaves[1], [authorities[1]], verifier, memory)
        #expect(memory.issuers(above: leaves[0].der) == [authorities[0].der])
        try connect(leaves[2], [authorities[2]], verifier, memory)
        #expect(memory.issuers(above: leaves[0].der) == [authorities[0].der])
        #expect(memory.issuers(above: leaves[1].der) == [])
        #expect(memory.issuers(above: leaves[2].der) == [authorities[2].der])
        #expect(
            verdict(verifier, leaves[1], memory.issuers(above: leaves[1].der))
                == .refused(.issuerUnknown))
    }

    @Test func `a resumed party that was revoked since is revoked, by its leaf or its CA`() throws {
        let ca = TestCA.authority("CA", by: root)
        let leaf = TestCA.leaf(by: ca)
        let memory = PathMemory(pathsMax: 1, issuersMax: 2)
        try connect(leaf, [ca], verifier([ca]), memory)
        let gone = verifier(
            [], lists: [TestCA.list(of: root), TestCA.list(of: ca, revoked: [leaf.parsed])])
        #expect(verdict(gone, leaf, memory.issuers(above: leaf.der)) == .refused(.revoked))
        let above = verifier(
            [], lists: [TestCA.list(of: root, revoked: [ca.parsed]), TestCA.list(of: ca)])
        #expect(verdict(above, leaf, memory.issuers(above: leaf.der)) == .refused(.revoked))
    }

    @Test func `a revoked party hears the same when it resumes, and keeps nobody's place`() throws {
        let ca = TestCA.authority("CA", by: root)
        let leaf = TestCA.leaf(by: ca)
        let memory = PathMemory(pathsMax: 1, issuersMax: 2)
        let gone = verifier(
            [], lists: [TestCA.list(of: root), TestCA.list(of: ca, revoked: [leaf.parsed])])
        #expect(verdict(gone, leaf, [ca.der]) == .refused(.revoked))
        let known = try #require(
            gone.unrevoked(
                refused: .revoked, leaf: leaf.der, intermediates: [ca.der], at: TestCA.now))
        memory.keepIssuers(of: known)
        #expect(memory.path(of: leaf.parsed.fingerprint) == nil)
        #expect(verdict(gone, leaf, memory.issuers(above: leaf.der)) == .refused(.revoked))
    }

    @Test func `what is offered beside a good path is not kept`() throws {
        let ca = TestCA.authority("CA", by: root)
        // A CA of the same name that nobody signed, and one of another name.
        let impostors = [TestCA.authority("CA"), TestCA.authority("Other")]
        let leaf = TestCA.leaf(by: ca)
        let memory = PathMemory()
        try connect(leaf, [ca] + impostors, verifier([ca]), memory)
        #expect(memory.issuers(above: leaf.der) == [ca.der])
        #expect(memory.issuers(above: TestCA.leaf(by: impostors[1]).der) == [])
        #expect(memory.issuers(above: [1, 2, 3]) == [])
    }
}

import Exchange
import Testing
import Trust

/// A path and what the verifier must say of it; nil means trusted.
struct PathRow: Sendable, CustomTestStringConvertible {
    let name: String
    var usage = Trust.Verifier.Usage.institution
    let reason: Reason?
    let make: @Sendable () -> OfferedPath

    var testDescription: String { name }

    func check(sourceLocation: SourceLocation = #_sourceLocation) {
        let said: Reason? =
            switch make().judge(usage) {
            case .trusted: nil
            case .refused(let reason): reason
            }
        #expect(said == reason, "\(name)", sourceLocation: sourceLocation)
    }
}

/// What somebody shows, and whom we trust.
struct OfferedPath {
    var anchor: Minted
    var otherAnchors: [Minted] = []
    var intermediates: [Minted] = []
    var leaf: Minted
    /// Nil: a fresh list of every CA, or for `any`, none is asked for.
    var lists: [[UInt8]]?
    var time = TestCA.now

    func judge(_ usage: Trust.Verifier.Usage) -> Trust.Verifier.Verdict {
        let anchors = [anchor] + otherAnchors
        var store: RevocationStore?
        if let lists {
            do {
                store = RevocationStore(lists: try lists.map { try RevocationList(der: $0) })
            } catch {
                return .refused(error as? Reason ?? .crlMalformed)
            }
        } else if usage != .any {
            store = TestCA.store((anchors + intermediates).map { TestCA.list(of: $0) })
        }
        let verifier = Trust.Verifier(
            anchors: anchors.map(\.parsed), usage: usage, revocation: store)
        return verifier.verify(leaf: leaf.der, intermediates: intermediates.map(\.der), at: time)
    }
}

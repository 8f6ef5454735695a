/// 四つの目: what one person alone never does, and how the second is told from the first; data of
/// `profiles/access/permissions.json`. The one rule for every deed of this kind.
package struct FourEyes: Hashable, Sendable {
    /// 一人ではしないこと. Closed, because each is a place of ours that asks; none can be left out of the
    /// data.
    package enum Deed: String, CaseIterable, Hashable, Sendable {
        /// 変更の多いファイル: from how much change on is data of its layout.
        case massChange = "mass-change"
        /// 災害の宣言.
        case disaster
        /// 鍵の更新: a new version of a key, or the end of the former seal key.
        case keyRotation = "key-rotation"
        /// アクセスの記録の保管: a month leaves the database.
        case logArchive = "log-archive"
        /// 同一人の記録の統合とその取消.
        case recordMerge = "record-merge"

        /// A command comes without a certificate; a disaster names officers, and what it opens asks for both.
        var canTellApart: Set<Difference> {
            switch self {
            case .massChange, .recordMerge: [.nameOrCertificate, .nameAndCertificate]
            case .disaster: [.nameAndCertificate]
            case .keyRotation, .logArchive: [.nameOrCertificate]
            }
        }
    }

    /// 見分け方.
    package enum Difference: String, CaseIterable, Hashable, Sendable {
        /// Another name of an operator or, where not both are named, another certificate.
        case nameOrCertificate = "name-or-certificate"
        /// Both.
        case nameAndCertificate = "name-and-certificate"
    }

    package let deed: Deed
    package let toldApartBy: Difference

    package init(deed: Deed, toldApartBy: Difference) {
        self.deed = deed
        self.toldApartBy = toldApartBy
    }

    /// Names are compared within one party: two offices may each have their Sato. Within one, a name says who
    /// it is: a certificate that was renewed makes nobody another person.
    package func accepts(_ second: Officer, after first: Officer) -> Bool {
        let isOtherParty = second.party != first.party
        let isOtherName = isOtherParty || Self.differ(second.name, first.name)
        let isOtherCertificate = Self.differ(second.certificate, first.certificate)
        let areBothNamed = first.name != nil && second.name != nil
        return switch toldApartBy {
        case .nameOrCertificate: isOtherName || (isOtherCertificate && !areBothNamed)
        case .nameAndCertificate: isOtherName && isOtherCertificate
        }
    }

    /// Throws `.secondPersonNeeded`.
    package func require(_ second: Officer, after first: Officer) throws(Refusal) {
        guard accepts(second, after: first) else { throw .secondPersonNeeded }
    }

    /// What is not known is no difference.
    private static func differ<Known: Equatable>(_ second: Known?, _ first: Known?) -> Bool {
        guard let second, let first else { return false }
        return second != first
    }
}

/// 職員: one officer, as four eyes count them: of which party, under which name, with which certificate.
package struct Officer: Hashable, Sendable {
    /// `<role>:<code>`.
    package let party: String
    /// 操作者: as the certificate names them where it names an officer, else as the party says.
    package let name: String?
    /// SHA-256 of the certificate; nothing for what came by a command.
    package let certificate: [UInt8]?

    package init(party: String, name: String?, certificate: [UInt8]?) {
        self.party = party
        self.name = name
        self.certificate = certificate
    }
}

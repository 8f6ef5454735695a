/// 関係機関の種別: what a party is, as its certificate says (`urn:tsunagi:party:<role>:<code>`).
/// The raw value is the word used in certificates, SQL, logs and routes.
package enum Role: String, CaseIterable, Hashable, Sendable {
    /// 医療機関・薬局: code is the 10-digit medical institution code.
    case institution
    /// 市区町村: code is the 6-digit local government code.
    case municipality
    /// 都道府県: code is the 6-digit local government code of the prefecture.
    case prefecture
    /// 審査支払機関.
    case reviewer
    /// カードの発行・更新・失効と住所の異動を知らせる機関 (the card authority's feed).
    case cardauthority
    /// 統計.
    case statistics
    /// 監査人.
    case auditor
    /// 国の所管: the ministry in charge, or whom it entrusted with its work (PMDA).
    case ministry
    /// 審査会・オンブズマン: examines a resident's complaint about accesses.
    case ombudsman
    /// ポータル・アプリ: acts for a resident, with a resident token.
    case portal
    /// 運用者: operations listener only.
    case operator_ = "operator"
}

/// 接続口: each listener trusts only the CAs of its roles.
package enum Listener: String, CaseIterable, Hashable, Sendable {
    case institution, office, resident, operations

    package var roles: Set<Role> {
        switch self {
        case .institution: [.institution]
        case .office:
            [
                .municipality, .prefecture, .reviewer, .cardauthority, .statistics, .auditor,
                .ombudsman, .ministry,
            ]
        case .resident: [.portal]
        case .operations: [.operator_]
        }
    }
}

/// 関係機関: who is on the other end, from the certificate alone.
package struct Party: Hashable, Sendable {
    package let role: Role
    /// Institution: 10 digits. Municipality, prefecture: 6 digits. Others: 1–64 of `[a-z0-9-]`.
    package let code: String

    /// Throws `.malformed("party")` when the code is not of the form its role asks for.
    package init(role: Role, code: String) throws(Refusal) {
        let digits = code.utf8.allSatisfy { (0x30...0x39).contains($0) }
        let isFormed =
            switch role {
            case .institution: digits && code.utf8.count == 10
            case .municipality, .prefecture: digits && code.utf8.count == 6
            default:
                (1...64).contains(code.utf8.count)
                    && code.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
                    }
            }
        guard isFormed else { throw .malformed("party") }
        self.role = role
        self.code = code
    }

    /// `urn:tsunagi:party:<role>:<code>`: throws `.malformed("party")` for any other text.
    package init(uri: String) throws(Refusal) {
        let scheme = "urn:tsunagi:party:".utf8
        guard uri.utf8.starts(with: scheme) else { throw .malformed("party") }
        try self.init(key: uri.utf8.dropFirst(scheme.count))
    }

    /// `<role>:<code>`: throws `.malformed("party")` for any other text.
    package init(key: String) throws(Refusal) {
        try self.init(key: key.utf8[...])
    }

    // By its bytes: every row of a record names a party.
    private init(key: Substring.UTF8View) throws(Refusal) {
        guard let colon = key.firstIndex(of: UInt8(ascii: ":")),
            let role = Role(rawValue: String(Substring(key[..<colon])))
        else { throw .malformed("party") }
        try self.init(role: role, code: String(Substring(key[key.index(after: colon)...])))
    }

    package var uri: String { "urn:tsunagi:party:\(role.rawValue):\(code)" }
    /// `<role>:<code>`, the form in SQL and logs.
    package var key: String { "\(role.rawValue):\(code)" }
}

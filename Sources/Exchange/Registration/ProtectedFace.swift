/// 支援措置の券面: what of a row's items is kept of a resident who is not disclosed: nothing that says where they
/// live, under whatever name the municipality writes it. What is not kept cannot leave.
struct ProtectedFace {
    /// Names under which local systems print an address.
    private static let addressWords = [
        "住所", "居所", "所在", "送付先", "送達先", "連絡先", "宛先", "郵便番号", "address",
    ]
    /// 東京都 and the like stand in much that is no address.
    private static let shortestPart = 5

    /// 登録された住所, folded; a municipality may withhold it.
    private let address: String?

    init(address: String?) {
        let folded = address.map(Self.folded)
        self.address = folded?.isEmpty == false ? folded : nil
    }

    /// The row's own items stay, but one that is the address; of what they hold, what says none.
    func kept(of object: JSONObject) -> JSONObject {
        JSONObject(
            object.members.compactMap { member -> JSONObject.Member? in
                guard let value = shown(member.value) else { return nil }
                return JSONObject.Member(name: member.name, value: value)
            })
    }

    private func shown(_ value: JSON) -> JSON? {
        switch value {
        case .string(let text): holdsAddress(Self.folded(text)) ? nil : value
        // 券面項目: name and value stand beside each other, so that both go.
        case .array(let elements): .array(elements.filter { !speaksOfAddress($0) })
        case .object(let object):
            .object(
                JSONObject(
                    object.members.filter {
                        !Self.isName($0.name) && !speaksOfAddress($0.value)
                    }))
        default: value
        }
    }

    private func speaksOfAddress(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): Self.isName(text) || isAddress(text)
        case .array(let elements): elements.contains(where: speaksOfAddress)
        case .object(let object):
            object.members.contains { Self.isName($0.name) || speaksOfAddress($0.value) }
        default: false
        }
    }

    private static func isName(_ text: String) -> Bool {
        let text = folded(text)
        return addressWords.contains { text.contains($0) }
    }

    /// The whole of it somewhere in the text, or the text as a part of it.
    private func isAddress(_ text: String) -> Bool {
        guard let address else { return false }
        let text = Self.folded(text)
        return holdsAddress(text)
            || text.unicodeScalars.count >= Self.shortestPart && address.contains(text)
    }

    private func holdsAddress(_ folded: String) -> Bool {
        address.map { folded.contains($0) } ?? false
    }

    /// Without spaces and in one width: １－２－３ and 1-2-3 are one address.
    private static func folded(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars where !scalar.properties.isWhitespace {
            switch scalar.value {
            case 0x2010...0x2015, 0x2212, 0x30FC, 0xFF0D, 0xFF70: scalars.append("-")
            case 0xFF01...0xFF5E:
                scalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFF01 + 0x21)))
            default: scalars.append(scalar)
            }
        }
        return String(scalars).lowercased()
    }
}

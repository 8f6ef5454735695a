/// 支援措置の券面: what of a row's items is kept of a resident who is not disclosed: nothing that says where they
/// live, under whatever name the municipality writes it. What is not kept cannot leave.
struct ProtectedFace {
    /// Names under which local systems print an address.
    private static let addressWords = [
        "住所", "居所", "所在", "送付先", "送達先", "連絡先", "宛先", "郵便番号", "〒", "方書", "番地", "町字",
        "address",
    ]
    /// 東京都 and the like stand in much that is no address.
    private static let shortestPart = 5
    /// 「本町1-2-3」: with its number so much of an address is said of no other.
    private static let runLength = 6
    /// Without a number an address is a town, whose name stands in much: a long one is sought as a whole.
    private static let longWhole = 10
    private static let numberMarks = Set("0123456789丁番号")

    /// 登録された住所, folded; a municipality may withhold it, and write 「－」.
    private let address: String?
    /// What a text that says the address in other words, without its prefecture or with a room, has of it.
    private let runs: Set<String>

    init(address: String?) {
        let folded = address.map(Self.folded)
        self.address = folded.flatMap { $0.count >= Self.shortestPart ? $0 : nil }
        runs = Self.runs(of: Array(self.address ?? ""))
    }

    private static func runs(of address: [Character]) -> Set<String> {
        guard address.contains(where: numberMarks.contains) else {
            return address.count >= longWhole ? [String(address)] : []
        }
        let length = min(runLength, address.count)
        return Set(
            (0...address.count - length).map { address[$0..<$0 + length] }
                .filter { $0.contains(where: numberMarks.contains) }.map { String($0) })
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
        case .string(let text): Self.folded(text) == address ? nil : value
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

    /// What tells it from others somewhere in the text, or the text as a part of it.
    private func isAddress(_ text: String) -> Bool {
        guard let address else { return false }
        let text = Self.folded(text)
        return runs.contains { text.contains($0) }
            || text.count >= Self.shortestPart && address.contains(text)
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

/// 本人の食い違い: when newly registered identity items speak of another person, and when only of a
/// change. Data in `profiles/registration/mismatch.json`; a resident is never merged or split by
/// code.
package struct MismatchRule: Hashable, Sendable {
    /// Each set of items: when all of them differ, it is another person.
    package let anotherPersonWhen: [[IdentityItem]]
    package let source: RuleSource

    init(reading file: RuleReader) throws(RuleFault) {
        source = try file.source()
        try file.requireOnly(["source", "verified", "note", "anotherPersonWhen"])
        var sets: [[IdentityItem]] = []
        for row in try file.children("anotherPersonWhen") {
            try row.requireOnly(["allDiffer", "reason"])
            var items: [IdentityItem] = []
            for name in try row.strings("allDiffer") {
                guard let item = IdentityItem(rawValue: name) else {
                    throw row.fault("allDiffer", "names an unknown item")
                }
                items.append(item)
            }
            guard !items.isEmpty else { throw row.fault("allDiffer", "is empty") }
            sets.append(items)
        }
        anotherPersonWhen = sets
    }
}

/// 基本5情報, by the names PMH gives them.
package enum IdentityItem: String, CaseIterable, Hashable, Sendable {
    case name, nameKana, address, dateOfBirth, sex
}

/// 本人確認の項目 of one registration, as text exactly as registered. An empty or absent item says
/// nothing, so it differs from nothing; sex `0`, `3` and `9` are "not known".
package struct IdentityFacts: Hashable, Sendable {
    // Not a dictionary: every row of a file makes one of these.
    private let name: String?
    private let nameKana: String?
    private let address: String?
    private let dateOfBirth: String?
    private let sex: String?

    package init(
        name: String?, nameKana: String?, address: String?, dateOfBirth: String?, sex: String?
    ) {
        self.name = name
        self.nameKana = nameKana
        self.address = address
        self.dateOfBirth = dateOfBirth
        self.sex = sex
    }

    private subscript(item: IdentityItem) -> String? {
        switch item {
        case .name: name
        case .nameKana: nameKana
        case .address: address
        case .dateOfBirth: dateOfBirth
        case .sex: sex
        }
    }

    /// 書き方の違う項目: those that are not written alike, whatever they mean.
    package func items(otherThan other: IdentityFacts) -> [IdentityItem] {
        IdentityItem.allCases.filter { self[$0] != other[$0] }
    }

    /// What an item says of the person, whatever way it was typed; `nil` when it says nothing.
    fileprivate func meaning(_ item: IdentityItem) -> String? {
        guard let text = self[item] else { return nil }
        let form: String
        switch item {
        case .nameKana: form = KanaKey.of(text)
        case .name, .address: form = NameNormalisation.searchable(text)
        case .dateOfBirth: form = text
        case .sex: form = ["1", "2"].contains(text) ? text : ""
        }
        return form.isEmpty ? nil : form
    }

    /// Both say something, and it cannot be true of one person: birth dates with an unknown part
    /// contradict only those they cannot be.
    fileprivate func contradicts(_ other: IdentityFacts, on item: IdentityItem) -> Bool {
        guard let left = meaning(item), let right = other.meaning(item), left != right else {
            return false
        }
        guard item == .dateOfBirth, let left = try? BirthDate(left),
            let right = try? BirthDate(right)
        else { return true }
        guard let leftFirst = left.earliest, let leftLast = left.latest,
            let rightFirst = right.earliest, let rightLast = right.latest
        else { return false }
        return leftLast < rightFirst || rightLast < leftFirst
    }

    /// As registered, to the last scalar.
    fileprivate func written(_ item: IdentityItem) -> [UInt8] { Array((self[item] ?? "").utf8) }
}

package enum IdentityComparison: Hashable, Sendable {
    case same
    /// 氏名・住所などの変更: applied.
    case changed([IdentityItem])
    /// 別人のおそれ: the new row is held back.
    case anotherPerson
}

package func compare(
    _ registered: IdentityFacts, _ known: IdentityFacts, _ rule: MismatchRule
) -> IdentityComparison {
    let differing = IdentityItem.allCases.filter { registered.contradicts(known, on: $0) }
    let isAnother = rule.anotherPersonWhen.contains { $0.allSatisfy(differing.contains) }
    guard !isAnother else { return .anotherPerson }
    let rewritten = IdentityItem.allCases.filter { registered.written($0) != known.written($0) }
    return rewritten.isEmpty ? .same : .changed(rewritten)
}

/// 読みの比較: kana names of two offices are compared without width, spaces, small letters, hyphens or
/// middle dots, so that a way of typing is never another person.
enum KanaKey {
    private static let small: [Unicode.Scalar: Unicode.Scalar] = [
        "ァ": "ア", "ィ": "イ", "ゥ": "ウ", "ェ": "エ", "ォ": "オ", "ッ": "ツ", "ャ": "ヤ",
        "ュ": "ユ", "ョ": "ヨ", "ヮ": "ワ", "ヵ": "カ", "ヶ": "ケ",
    ]
    private static let marks: Set<Unicode.Scalar> = ["・", "-", "=", ".", ",", "‐", "ー"]

    static func of(_ text: String) -> String {
        var key = String.UnicodeScalarView()
        for scalar in NameNormalisation.searchable(text).unicodeScalars
        where !marks.contains(scalar) {
            key.append(small[scalar] ?? scalar)
        }
        return String(key)
    }
}

/// 申し出た本人: a resident at a counter without a card, as they say who they are.
package struct StatedPerson: Hashable, Sendable {
    package let name: String
    package let birthDate: CalendarDay
    /// `1` male, `2` female, as municipalities register it.
    package let sex: String

    package static let nameMax = 100

    /// Throws for an item that is missing or malformed; an unknown birth date finds nobody.
    package init(_ object: JSONObject) throws(Refusal) {
        name = try object.requiredString("name")
        guard (1...Self.nameMax).contains(name.count),
            !NameNormalisation.searchable(name).isEmpty
        else { throw .malformed("name") }
        birthDate = try CalendarDay(object.requiredString("birthDate"), item: "birthDate")
        sex = try object.requiredString("sex")
        guard ["1", "2"].contains(sex) else { throw .malformed("sex") }
    }

    /// What a registered sex may be: a sex that is not known contradicts nobody.
    package var registeredSexes: [String] { [sex, "0", "3", "9"] }

    /// The name or its reading is this one, whatever way either was typed.
    package func isNamed(_ registered: String, kana: String?) -> Bool {
        let given = NameNormalisation.searchable(name)
        if NameNormalisation.searchable(registered) == given { return true }
        guard let kana, !kana.isEmpty else { return false }
        return KanaKey.of(kana) == KanaKey.of(name)
    }
}

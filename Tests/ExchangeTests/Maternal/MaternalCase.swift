import Exchange

/// What the tests of this field share: the rules as they are in the repository.
enum MaternalCase {
    static let rules: MaternalRules = {
        guard let rules = Profiles.book.maternal else { fatalError("profiles/maternal is missing") }
        return rules
    }()

    static func day(_ text: String) -> CalendarDay {
        do {
            return try CalendarDay(text)
        } catch {
            fatalError("\(text) is no day")
        }
    }

    static func due(_ text: String) -> PregnancyCalendar {
        PregnancyCalendar(expectedDate: day(text))
    }
}

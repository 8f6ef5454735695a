/// 未接種者: whom a municipality invited and of whom it holds no dose since the invitation began.
package struct UnvaccinatedTarget: Sendable {
    /// The place in the list, to go on from.
    package let place: Int
    package let person: PersonKey
    package let identityKey: String
    package let validFrom: CalendarDay
    package let validTo: CalendarDay
    /// 勧奨した日, the last.
    package let remindedOn: CalendarDay?

    package init(
        place: Int, person: PersonKey, identityKey: String, validFrom: CalendarDay,
        validTo: CalendarDay, remindedOn: CalendarDay?
    ) {
        self.place = place
        self.person = person
        self.identityKey = identityKey
        self.validFrom = validFrom
        self.validTo = validTo
        self.remindedOn = remindedOn
    }
}

/// 生年度: those born from 2 April of a year to 1 April of the next, as school years are; or those of whom the
/// municipality registered no birth date, so that no list leaves anybody out.
package enum BirthCohort: Hashable, Sendable {
    case year(Int)
    case unknown

    /// Throws `.malformed("cohort")`.
    package init(_ text: String) throws(Refusal) {
        guard text != "unknown" else {
            self = .unknown
            return
        }
        guard text.utf8.count == 4, let year = Int(text), year >= 1868 else {
            throw .malformed("cohort")
        }
        self = .year(year)
    }

    /// First and last birth date as it is written, between which a date with an unknown part lies too.
    package var written: (first: String, last: String)? {
        guard case .year(let year) = self else { return nil }
        return ("\(year)-04-02", "\(year + 1)-04-01")
    }
}

/// 未接種者の一覧 of one schedule, for the next letter.
package struct UnvaccinatedList: Sendable {
    private static let columns = [
        "宛名番号", "接種種別コード", "接種種別", "対象期間開始", "対象期間終了", "期間終了", "勧奨日",
    ]

    private let programme: Programme
    private let targets: [UnvaccinatedTarget]
    private let today: CalendarDay

    package init(
        _ targets: [UnvaccinatedTarget], of programme: Programme, today: CalendarDay
    ) {
        self.targets = targets
        self.programme = programme
        self.today = today
    }

    /// `next`: the place to go on from, where there may be more.
    package func json(next: Int?) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 128 + targets.count * 160)
        writer.object { list in
            list.member("programme", programme.code)
            list.array("targets") { rows in
                for target in targets {
                    rows.object {
                        $0.member("municipalityIdentityKey", target.identityKey)
                        $0.member("validFrom", target.validFrom.text)
                        $0.member("validTo", target.validTo.text)
                        $0.member("isOver", target.validTo < today)
                        $0.member("remindedOn", target.remindedOn?.text)
                    }
                }
            }
            list.member("next", next)
        }
        return writer.bytes
    }

    package func csv(_ characters: Characters) -> [UInt8] {
        var table = TextTable(Self.columns, characters)
        for target in targets {
            table.add([
                target.identityKey, programme.code, programme.name.ja, target.validFrom.text,
                target.validTo.text, target.validTo < today ? "1" : "0",
                target.remindedOn?.text ?? "",
            ])
        }
        return table.bytes
    }
}

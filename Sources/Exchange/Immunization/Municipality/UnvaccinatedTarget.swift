/// 未接種者: whom a municipality invited and who may be given a dose of the schedule, or missed it.
package struct UnvaccinatedTarget: Sendable {
    /// 接種しなかった記録: the newest that an institution wrote of the schedule.
    package struct NotDone: Hashable, Sendable {
        package let day: CalendarDay
        package let reason: String?

        package init(on day: CalendarDay, _ record: Vaccination) {
            self.day = day
            reason = record.notDoneWords
        }
    }

    /// The place in the list, to go on from.
    package let place: Int
    package let person: PersonKey
    package let identityKey: String
    package let validFrom: CalendarDay
    package let validTo: CalendarDay
    /// 勧奨した日, the last.
    package let remindedOn: CalendarDay?
    /// Since the invitation began.
    package private(set) var notDone: NotDone?

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

    /// With what was written since the invitation began.
    package func told(_ notDone: NotDone?) -> UnvaccinatedTarget {
        var target = self
        target.notDone = notDone.flatMap { $0.day >= validFrom ? $0 : nil }
        return target
    }
}

/// 未接種の判定: whether somebody who was invited is still waited for, by the judgement of the check before the
/// needle: a dose that it would stop is nobody's to come for.
extension ImmunizationRules {
    /// Whether a dose may be given `today`: of whom that cannot be judged, whether none was given since the
    /// invitation began.
    package func mayCome(
        to programme: Programme, _ person: NeedlePerson, invitedFrom validFrom: CalendarDay,
        today: CalendarDay
    ) -> Bool {
        guard let standing = seriesStanding(of: programme, person, on: today, self) else {
            return !person.isGiven(programme, since: validFrom)
        }
        return standing == .due
    }

    /// The same of the list, on which those stay who did not come while they could: an invitation that is
    /// over is judged by its last day, with what was given since.
    package func isUnvaccinated(
        of programme: Programme, _ person: NeedlePerson, invited days: ClosedRange<CalendarDay>,
        today: CalendarDay
    ) -> Bool {
        guard days.upperBound < today else {
            return mayCome(to: programme, person, invitedFrom: days.lowerBound, today: today)
        }
        let standing = seriesStanding(of: programme, person, on: days.upperBound, self)
        return switch standing {
        case .due, .closed: true
        case .notYet, .complete: false
        case nil: !person.isGiven(programme, since: days.lowerBound)
        }
    }
}

extension NeedlePerson {
    fileprivate func isGiven(_ programme: Programme, since day: CalendarDay) -> Bool {
        held.contains { dose in
            // Of a month alone, the latest that it can have been: who may have come is not asked again.
            guard let vaccine = dose.vaccine, let given = dose.day ?? dose.days?.upperBound else {
                return false
            }
            return given >= day && programme.counts.contains(vaccine)
        }
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
        "未接種の記録日", "未接種の理由",
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
                        $0.member("notDoneOn", target.notDone?.day.text)
                        $0.member("notDoneReason", target.notDone?.reason)
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
                target.remindedOn?.text ?? "", target.notDone?.day.text ?? "",
                target.notDone?.reason ?? "",
            ])
        }
        return table.bytes
    }
}

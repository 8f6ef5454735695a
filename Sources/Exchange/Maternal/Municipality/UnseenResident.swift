/// 未受診: a child or a mother who is due for a checkup and of whom nobody has sent a result.
package struct UnseenResident: Sendable {
    /// The place in the list, to go on from.
    package let place: Int
    package let person: PersonKey
    /// 届出番号: the municipality's own; `nil` of a child who moved in and was not notified anew.
    package let notificationKey: String?
    /// 自治体別本人キー of such a child, where the municipality told of them by one.
    package let identityKey: String?
    /// 起算日: of birth or delivery, or on which the child is expected.
    package let origin: CalendarDay
    /// 勧奨した日, the last.
    package let remindedOn: CalendarDay?

    package init(
        place: Int, person: PersonKey, notificationKey: String?, identityKey: String?,
        origin: CalendarDay, remindedOn: CalendarDay?
    ) {
        self.place = place
        self.person = person
        self.notificationKey = notificationKey
        self.identityKey = identityKey
        self.origin = origin
        self.remindedOn = remindedOn
    }
}

extension LifeWindow {
    /// 対象の出生日: of those whose window has opened by `today` and ended on `since` or later; `nil` where
    /// there is no such day. Both ends of a window move on with the birth, so the days are in a row.
    package func births(openBy today: CalendarDay, endingFrom since: CalendarDay) -> DayRange? {
        var last = today
        while days(from: last).first > today { last = last.adding(days: -1) }
        guard days(from: last).last >= since else { return nil }
        var first = last
        while days(from: first.adding(days: -1)).last >= since { first = first.adding(days: -1) }
        return DayRange(first: first, last: last)
    }
}

/// 未受診者の一覧, as JSON; `next` where there may be more. Whoever has no key of the municipality's own is told
/// by the id under which it receives records of them: `name`.
package func renderUnseen(
    _ residents: [UnseenResident], of checkup: AwaitedCheckup, isFull: Bool,
    named name: (PersonKey) -> String
) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: 128 + residents.count * 160)
    writer.object { list in
        list.member("checkup", checkup.code)
        list.array("targets") { targets in
            for resident in residents {
                guard let days = checkup.days(from: resident.origin) else { continue }
                targets.object {
                    $0.member("notificationKey", resident.notificationKey)
                    $0.member("identityKey", resident.identityKey)
                    if resident.notificationKey == nil {
                        $0.member("patient", "Patient/" + name(resident.person))
                    }
                    $0.member("first", days.first.text)
                    $0.member("last", days.last.text)
                    $0.member("isOver", days.last < checkup.today)
                    $0.member("remindedOn", resident.remindedOn?.text)
                }
            }
        }
        list.member("next", isFull ? residents.last?.place : nil)
    }
    return writer.bytes
}

extension ShownCheckup {
    /// 最低限電子化すべき情報: what the next municipality is told of a checkup before the family came to it;
    /// nothing of one that has no such item, or was withdrawn.
    package func minimum(_ rules: MaternalRules) -> ShownCheckup? {
        var report = version.report
        let kept = report.result.entries.filter { rules.items[$0.item]?.dataSet == .minimum }
        guard !kept.isEmpty, report.status != .enteredInError else { return nil }
        report.result = CheckupResult(
            checkup: report.result.checkup, day: report.result.day, entries: kept)
        report.performers = []
        report.ticket = nil
        return ShownCheckup(
            version: CheckupVersion(
                id: version.id, version: version.version, recordedAt: version.recordedAt,
                institution: version.institution, report: report),
            compartment: compartment, warnings: [], line: nil)
    }
}

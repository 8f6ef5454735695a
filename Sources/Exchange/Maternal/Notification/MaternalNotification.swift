/// 妊娠届・出生の届出: what a municipality says of one pregnancy or one child, as it stands now. Sent again with
/// the same key it is corrected: a date moved, twins found, a delivery.
package struct MaternalNotification: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case pregnancy(Pregnancy)
        /// 出生日.
        case child(CalendarDay)
    }

    /// 届出番号: the municipality's own, one for each pregnancy or child.
    package let key: String
    package let notifiedOn: CalendarDay
    package let subject: Subject
    /// 母子健康手帳番号: one for each child that is expected, as the municipality numbers them.
    package let handbooks: [String]
    /// 返還された受診券, of the municipality's own.
    package let returned: [ReturnedTicket]
    /// 母子の関係, of a child: the key under which the same municipality registered the pregnancy. Sent
    /// without it or with another, the relation that was wrong, or ended by a special adoption
    /// (特別養子縁組, 民法817条の9), is no more.
    package let pregnancyKey: String?
    /// Registered by mistake: as if it had never been.
    package let isWithdrawn: Bool

    package init(
        key: String, notifiedOn: CalendarDay, subject: Subject, handbooks: [String] = [],
        returned: [ReturnedTicket] = [], pregnancyKey: String? = nil, isWithdrawn: Bool = false
    ) {
        self.key = key
        self.notifiedOn = notifiedOn
        self.subject = subject
        self.handbooks = handbooks
        self.returned = returned
        self.pregnancyKey = pregnancyKey
        self.isWithdrawn = isWithdrawn
    }

    package var kind: Kind {
        switch subject {
        case .pregnancy: .pregnancy
        case .child: .child
        }
    }

    package enum Kind: String, CaseIterable, Hashable, Sendable { case pregnancy, child }

    /// 返還: the ticket of a visit, by the day on which it was given back.
    package struct ReturnedTicket: Hashable, Sendable {
        package let kind: String
        package let serial: Int
        package let day: CalendarDay
    }

    package var pregnancy: Pregnancy? {
        guard case .pregnancy(let pregnancy) = subject else { return nil }
        return pregnancy
    }

    package var birth: CalendarDay? {
        guard case .child(let birth) = subject else { return nil }
        return birth
    }

    /// As `Pregnancy.withoutLosses`.
    package var withoutLosses: MaternalNotification {
        guard let pregnancy else { return self }
        return MaternalNotification(
            key: key, notifiedOn: notifiedOn, subject: .pregnancy(pregnancy.withoutLosses),
            handbooks: handbooks, returned: returned, pregnancyKey: pregnancyKey,
            isWithdrawn: isWithdrawn)
    }
}

/// 保存の形: the items that count, without the number. Reading it again gives the same notification.
extension MaternalNotification {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 256)
        writer.object { face in
            face.member("notificationKey", key)
            face.member("notificationKind", kind.rawValue)
            face.member("notifiedOn", notifiedOn.text)
            switch subject {
            case .child(let birth): face.member("dateOfBirth", birth.text)
            case .pregnancy(let pregnancy): pregnancy.write(to: &face)
            }
            face.member("pregnancyKey", pregnancyKey)
            if !handbooks.isEmpty {
                face.array("handbookNumbers") { list in
                    for number in handbooks { list.string(number) }
                }
            }
            if !returned.isEmpty {
                face.array("returnedTickets") { list in
                    for ticket in returned {
                        list.object {
                            $0.member("kind", ticket.kind)
                            $0.member("serial", ticket.serial)
                            $0.member("on", ticket.day.text)
                        }
                    }
                }
            }
            if isWithdrawn { face.member("isWithdrawn", true) }
        }
        return writer.text
    }

    package init(face text: String, _ rules: MaternalRules) throws(Refusal) {
        let object = try JSON(reading: text).requiredObject(at: "notification")
        var reader = RowReader(object, index: 0)
        guard let notification = reader.notification(rules) else {
            throw .malformed("notification")
        }
        self = notification
    }
}

extension Pregnancy {
    fileprivate func write(to face: inout JSONWriter) {
        face.member("expectedDate", calendar.expectedDate.text)
        face.member("fetuses", fetuses)
        if !losses.isEmpty {
            face.array("losses") { list in
                for loss in losses {
                    list.object {
                        $0.member("on", loss.day.text)
                        $0.member("fetuses", loss.fetuses)
                    }
                }
            }
        }
        guard let delivery else { return }
        face.object("delivery") {
            $0.member("on", delivery.day.text)
            $0.member("live", delivery.live)
            $0.member("still", delivery.still)
        }
    }
}

/// 届出の一行 whose individual number has not yet become a keyed hash.
package struct MaternalNotificationRow: Sendable {
    /// Place in the body, from 0.
    package let index: Int
    package let number: GivenNumber
    package let notification: MaternalNotification
    package let warnings: [RowFinding]
}

package func readMaternalNotificationRows(
    _ body: [UInt8], _ rules: MaternalRules
) throws(Refusal) -> [Result<MaternalNotificationRow, RowRefusal>] {
    try readRows(body) { object, index in
        var reader = RowReader(object, index: index)
        let number = reader.individualNumber()
        let notification = reader.notification(rules)
        reader.warnOfUnknown(RowReader.notificationItems)
        reader.refuseIndividualNumbers(own: number, keyItems: ["notificationKey", "pregnancyKey"])
        guard !reader.hasErrors, let number, let notification else {
            return .failure(RowRefusal(reader.findings))
        }
        return .success(
            MaternalNotificationRow(
                index: index, number: number, notification: notification,
                warnings: reader.findings))
    }
}

extension RowReader {
    fileprivate static let notificationItems: Set<String> = [
        "myNumber", "notificationKey", "notificationKind", "notifiedOn", "expectedDate", "fetuses",
        "losses", "delivery", "dateOfBirth", "pregnancyKey", "handbookNumbers", "returnedTickets",
        "isWithdrawn",
    ]

    fileprivate mutating func notification(_ rules: MaternalRules) -> MaternalNotification? {
        let key = text(
            "notificationKey", charactersMax: RegistrationLimits.identityKeyCharactersMax)
        let kind = parsed("notificationKind") { text throws(Refusal) in
            guard let kind = MaternalNotification.Kind(rawValue: text) else {
                throw .malformed("notificationKind")
            }
            return kind
        }
        let notifiedOn = day("notifiedOn")
        let isWithdrawn = bool("isWithdrawn", isRequired: false) ?? false
        let subject: MaternalNotification.Subject?
        switch kind {
        case .child?: subject = day("dateOfBirth").map(MaternalNotification.Subject.child)
        case .pregnancy?: subject = pregnancy(rules).map(MaternalNotification.Subject.pregnancy)
        case nil: subject = nil
        }
        let pregnancyKey =
            kind == .child
            ? text(
                "pregnancyKey", charactersMax: RegistrationLimits.identityKeyCharactersMax,
                isRequired: false) : nil
        let (handbooks, returned) = (handbooks(), returnedTickets())
        guard let key, let notifiedOn, let subject else { return nil }
        return MaternalNotification(
            key: key, notifiedOn: notifiedOn, subject: subject, handbooks: handbooks,
            returned: returned, pregnancyKey: pregnancyKey, isWithdrawn: isWithdrawn)
    }

    /// As many as there are children in one pregnancy, at most.
    private mutating func handbooks() -> [String] {
        let given = array("handbookNumbers", isRequired: false) ?? []
        let numbers = given.compactMap(\.string).filter {
            !$0.isEmpty && $0.unicodeScalars.count <= 30
                && !$0.unicodeScalars.contains(where: \.isControl)
        }
        if numbers.count != given.count || numbers.count > 9 { add(.format, "handbookNumbers") }
        return numbers
    }

    private mutating func returnedTickets() -> [MaternalNotification.ReturnedTicket] {
        let given = array("returnedTickets", isRequired: false) ?? []
        let tickets = given.compactMap { value -> MaternalNotification.ReturnedTicket? in
            guard let object = value.object, let kind = object["kind"]?.string,
                let serial = object["serial"]?.int, (1...99).contains(serial),
                let day = day(of: object)
            else { return nil }
            return .init(kind: kind, serial: serial, day: day)
        }
        if tickets.count != given.count { add(.format, "returnedTickets") }
        return tickets
    }

    /// The events that the row tells of, replayed: numbers that do not add up, and days outside the
    /// pregnancy, are told by the item that brought them.
    private mutating func pregnancy(_ rules: MaternalRules) -> Pregnancy? {
        let expected = day("expectedDate")
        var events: [(item: String, event: PregnancyEvent)] = []
        if let count = count("fetuses", of: object) { events.append(("fetuses", .fetuses(count))) }
        for value in array("losses", isRequired: false) ?? [] {
            guard let loss = value.object, let day = day(of: loss),
                let count = count("fetuses", of: loss)
            else {
                add(.format, "losses")
                continue
            }
            events.append(("losses", .loss(on: day, fetuses: count)))
        }
        if let delivery = object("delivery", isRequired: false) {
            if let day = day(of: delivery), let live = count("live", of: delivery),
                let still = count("still", of: delivery)
            {
                events.append(("delivery", .delivery(on: day, live: live, still: still)))
            } else {
                add(.format, "delivery")
            }
        }
        guard let expected, !hasErrors else { return nil }
        var pregnancy = Pregnancy(calendar: PregnancyCalendar(expectedDate: expected))
        for (item, event) in events {
            guard let next = try? pregnancy.applying(event, rules: rules.pregnancy) else {
                add(.format, item)
                return nil
            }
            pregnancy = next
        }
        return pregnancy
    }

    private func day(of object: JSONObject) -> CalendarDay? {
        object["on"]?.string.flatMap { try? CalendarDay($0) }
    }

    /// A small number; one that is no number is told of by the item it stands in.
    private mutating func count(_ name: String, of place: JSONObject) -> Int? {
        guard let value = place[name], value != .null else { return nil }
        if let count = value.int, (0...9).contains(count) { return count }
        add(.format, name)
        return nil
    }
}

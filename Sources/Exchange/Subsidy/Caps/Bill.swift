/// 会計: what one institution bills at its counter for one day or one stay, on one certificate. Two
/// sendings with the same content are one.
package struct BillContent: Hashable, Sendable {
    /// 識別子: the institution's own number of the bill.
    package let identifier: RecordIdentifier
    package let certificate: HeldCertificate
    package let place: BillPlace
    /// 診療日: its month is the month that counts, whenever the bill is sent.
    package let day: CalendarDay
    /// 医療費総額 in yen.
    package let cost: Int
    /// 一部負担割合 of the insurance, in percent.
    package let percent: Int
    /// 徴収済額: what was collected already of the whole bill, before the gateway could be asked; it is taken as
    /// it was. Meals are not in it.
    package let collected: Int?
    package let care: BillCare

    package init(
        identifier: RecordIdentifier, certificate: HeldCertificate, place: BillPlace = .only,
        day: CalendarDay, cost: Int, percent: Int, collected: Int?, care: BillCare = .visit
    ) {
        self.identifier = identifier
        self.certificate = certificate
        self.place = place
        self.day = day
        self.cost = cost
        self.percent = percent
        self.collected = collected
        self.care = care
    }

    package var capMonth: CapMonth {
        CapMonth(certificate: certificate, month: ServiceMonth(of: day))
    }
}

/// 公費の順位: where a certificate stands among those of one bill, in the order of law.
package struct BillPlace: Hashable, Sendable {
    /// A receipt has room for four public expenses (レセプト: 第1公費 to 第4公費).
    package static let most = 4
    package static let only = BillPlace(number: 1, isLast: true)

    /// From 1.
    package let number: Int
    /// The patient pays what the last one leaves; what an earlier one leaves, the next takes over.
    package let isLast: Bool

    package init(number: Int, isLast: Bool) {
        self.number = number
        self.isLast = isLast
    }
}

/// 会計の版: what became of a bill on one certificate, and of the month with it. A version is never
/// changed, neither by its institution nor by what another enters later.
package struct BillVersion: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        /// 予約: keeps its amount from others until it is confirmed, voided or lapses.
        case reserved
        /// 確定
        case confirmed
        /// 取消
        case voided
    }

    /// What the month held just after this version, in yen as collected; what receipts that were paid back
    /// left borne is in it.
    package struct Month: Hashable, Sendable {
        package let cap: Int?
        package let collected: Int
        package let held: Int
        package let cost: Int

        package init(cap: Int?, collected: Int, held: Int, cost: Int) {
            self.cap = cap
            self.collected = collected
            self.held = held
            self.cost = cost
        }

        /// What is left of the cap for whoever comes next.
        package var rest: Int? { cap.map { max(0, $0 - collected - held) } }
    }

    package let id: RecordID
    /// From 1.
    package let version: Int
    package let status: Status
    package let institution: Party
    package let content: BillContent
    package let amounts: BillAmounts
    package let month: Month
    /// When a reservation ends by itself.
    package let lapses: Instant?
    package let rulesVersion: String
    package let recordedAt: Instant

    package init(
        id: RecordID, version: Int, status: Status, institution: Party, content: BillContent,
        amounts: BillAmounts, month: Month, lapses: Instant?, rulesVersion: String,
        recordedAt: Instant
    ) {
        self.id = id
        self.version = version
        self.status = status
        self.institution = institution
        self.content = content
        self.amounts = amounts
        self.month = month
        self.lapses = lapses
        self.rulesVersion = rulesVersion
        self.recordedAt = recordedAt
    }

    /// 失効: a reservation whose time is over keeps nothing any more.
    package func isLapsed(at now: Instant) -> Bool { lapses.map { $0 <= now } ?? false }
}

/// 会計の用件: what an institution wants of a bill.
package enum BillUse: Hashable, Sendable {
    /// 照会: nothing is kept.
    case quote
    /// 予約
    case reserve
    /// 確定
    case confirm
    /// 取消
    case void
}

extension BillVersion {
    /// What `use` makes of this bill: its next status, or `nil` where it is that already, so that
    /// the same request again changes nothing. Nothing is left to do for a reservation that comes
    /// after its own confirmation, as one delayed on its way does.
    ///
    /// Throws `.billChanged` for another content than the one sent before under the identifier (a
    /// confirmation may still change cost and share), `.billVoided` for one that was taken back.
    package func next(_ use: BillUse, _ content: BillContent?) throws(Refusal) -> Status? {
        switch (use, status) {
        case (.quote, _): return nil
        case (.void, .voided): return nil
        case (.void, _): return .voided
        case (_, .voided): throw .billVoided
        case (.reserve, _), (.confirm, .confirmed):
            guard content == self.content else { throw .billChanged }
            return nil
        case (.confirm, .reserved):
            guard content?.capMonth == self.content.capMonth, content?.place == self.content.place
            else { throw .billChanged }
            return .confirmed
        }
    }
}

/// 一枚の会計: what one institution billed under one number, a line for each certificate in the order of
/// law. Its lines are written together and never apart: they share status, day, cost and version.
package struct BillLines: Hashable, Sendable {
    package let first: BillVersion
    package let further: [BillVersion]

    package init(_ first: BillVersion, further: [BillVersion] = []) {
        self.first = first
        self.further = further
    }

    package func adding(_ line: BillVersion) -> BillLines {
        BillLines(first, further: further + [line])
    }

    package var all: [BillVersion] { [first] + further }
    /// What the patient pays.
    package var last: BillVersion { further.last ?? first }

    /// As `BillVersion.next`, of every line; `contents` are empty for a void.
    package func next(
        _ use: BillUse, _ contents: [BillContent]
    ) throws(Refusal) -> BillVersion.Status? {
        var next: BillVersion.Status?
        for (place, line) in all.enumerated() {
            next = try line.next(use, contents.indices.contains(place) ? contents[place] : nil)
        }
        return next
    }
}

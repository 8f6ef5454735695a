import Exchange
import Postgres

/// 明細書の単位: one person's month at one institution, in hospital or outside it. A hospital's dental care has
/// an institution code of its own. What stands on it is read from the bills; nobody keeps a total.
struct ReceiptKey: Hashable, Sendable {
    let person: PersonKey
    let party: Party
    let month: ServiceMonth
    let isInpatient: Bool

    init(_ person: PersonKey, _ party: Party, _ content: BillContent) {
        self.person = person
        self.party = party
        month = content.capMonth.month
        isInpatient = content.care.isInpatient
    }

    /// $1 to $4.
    fileprivate static func values(_ keys: [ReceiptKey]) -> [Value] {
        [
            .uuids(keys.map { UUIDBytes($0.person) }), .texts(keys.map(\.party.key)),
            .days(keys.map { Int($0.month.firstDay) }), .bools(keys.map(\.isInpatient)),
        ]
    }
}

extension AskedBill {
    /// `nil` where the other bills of its receipt do not matter.
    fileprivate var receipt: ReceiptKey? {
        guard let named, named.reckoning.isOnReceipt else { return nil }
        return ReceiptKey(visit.person, party, named.contents[0])
    }
}

extension CapDesk {
    /// The other bills of its receipt that count, confirmed or held.
    func onReceipt(of asked: AskedBill, without bill: BillName?) -> [ReceiptBill] {
        guard let key = asked.receipt else { return [] }
        return (receipts[key] ?? [:]).filter { $0.key != bill }.map(\.value)
    }

    /// For those that come after it in the batch.
    mutating func keepOnReceipt(_ held: HeldBill, instead before: HeldBill?) {
        if let before { receipts[before.receipt]?[before.name] = nil }
        guard held.newest.status != .voided else { return }
        receipts[held.receipt]?[held.name] = ReceiptBill(held.lines)
    }

    /// Only of bills that a limit of the month holds. It is their people's turn by then: no other such
    /// bill is added to what is read.
    mutating func readReceipts(
        _ transaction: inout Transaction, _ asked: [AskedBill], _ now: Instant
    ) throws {
        let order = Array(Set(asked.compactMap(\.receipt)))
        guard !order.isEmpty else { return }
        for key in order { receipts[key] = [:] }
        let rows = try transaction.query(
            Self.selectReceipts, ReceiptKey.values(order) + [.time(now)])
        for (place, identifier, bill) in try rows.map({ row in
            (
                try row.int(0) - 1,
                RecordIdentifier(system: try row.text(1), value: try row.text(2)),
                ReceiptBill(
                    certificate: HeldCertificate(
                        body: try row.text(3), typeID: try row.text(4),
                        subKey: try row.text(5)),
                    day: CalendarDay(daysSince1970: try row.day(6)), cost: try row.int(7),
                    percent: try row.int(8), due: try row.int(9), borne: try row.int(10))
            )
        }) {
            let key = order[place]
            receipts[key]?[BillName(party: key.party, identifier: identifier)] = bill
        }
    }

    /// By the months of the person, few as they are: by the institution it would be all it ever billed.
    private static let selectReceipts = Statement(
        """
        select q.ord, f.identifier_system, f.identifier, f.body, f.certificate_type, f.sub_key, f.day,
            f.cost, f.percent, f.due, l.share
        from unnest($1::uuid[], $2::text[], $3::date[], $4::boolean[]) with ordinality
            as q(person, party, month, is_inpatient, ord)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) r
        join exchange.cap_month c on c.person = r.record and c.month = q.month and c.position > 0
        cross join lateral (
            select * from exchange.bill m
            where m.person = c.person and m.body = c.body
                and m.certificate_type = c.certificate_type and m.sub_key = c.sub_key
                and m.month = c.month and m.party = q.party and m.is_inpatient = q.is_inpatient
                and m.place = 1 and m.status <> 'voided'
                and (m.lapses_at is null or m.lapses_at > $5) and not exists (
                    select 1 from exchange.bill later
                    where later.person = m.person and later.bill = m.bill
                        and later.version > m.version)
            offset 0) f
        join exchange.bill l on l.party = f.party and l.identifier_system = f.identifier_system
            and l.identifier = f.identifier and l.version = f.version and l.is_last
        """)
}

extension HeldBill {
    fileprivate var receipt: ReceiptKey {
        ReceiptKey(person, newest.institution, newest.content)
    }
}

import Exchange

/// What we write of bills: the last one below a cap, as its counter is told, and the month as its
/// holder sees it.
extension Written {
    static let bills: [Resource] = [
        Resource("subsidy/examples/valid/bill-confirmed.json") {
            try BillLines(bill(.confirmed)).render(
                as: "pw-0001", visitID: "visit-1", at: now())
        },
        Resource("subsidy/examples/valid/bill-reserved.json") {
            try BillLines(bill(.reserved)).render(
                as: "pw-0001", visitID: "visit-1", at: now())
        },
        Resource("subsidy/examples/valid/bill-two-certificates.json") {
            try twoCertificates().render(as: "pw-0001", visitID: "visit-1", at: now())
        },
        Resource("subsidy/examples/valid/own-balances.json") {
            let version = try bill(.confirmed)
            let refund = OwnBalances.Refund(
                id: "refund-0001", yen: 2_000, status: .open, since: try now())
            let month = OwnBalances.Month(
                version.content.capMonth,
                .init(cap: 10_000, collected: 12_000, held: 0, cost: 90_000), passedOn: 0,
                bills: [.init(version: version, institutionName: "見本病院")], refunds: [refund])
            let sums = [MonthSum(capMonth: version.content.capMonth, cost: 90_000, paid: 10_000)]
            return OwnBalances(
                asOf: try now(), months: [month],
                sums: OwnSums(sums, on: try CalendarDay("2026-06-15"), Example.book)
            ).render(Example.book.subsidy)
        },
    ]

    /// 30,000 yen of care on a national certificate, and on the town's, which keeps 500 yen.
    private static func twoCertificates() throws -> BillLines {
        guard let rules = Example.book.copayment else { throw Refusal.rulesUnknown }
        let day = try CalendarDay("2026-06-15")
        let held = try [
            ("130001", "nanbyo", #"{"incomeSegment":"C1"}"#),
            ("132101", "kodomo", #"{"maxCopaymentAmount":{"perMonth":500}}"#),
        ].map { body, type, face in
            let program = Example.book.subsidy.programs.first {
                $0.body == body && $0.certificateTypeID == type
            }
            guard let program else { throw Refusal.rulesUnknown }
            let row = EntitlementVersion(
                version: 1, body: body, certificateTypeID: type, historyKey: "1", subKey: nil,
                validFrom: day, validTo: day, knownAt: try now(), payerNumber: nil,
                recipientNumber: "1234566", certificationName: "見本", face: face)
            return (row: row, program: program)
        }
        let contents = held.enumerated().map { place, held in
            BillContent(
                identifier: RecordIdentifier(system: "https://clinic.example/bill", value: "0002"),
                certificate: held.row.certificate,
                place: BillPlace(number: place + 1, isLast: place == 1), day: day, cost: 30_000,
                percent: 30, collected: nil)
        }
        let before = CapBalance(confirmed: CapRun(), cost: 0, held: CapRun())
        let reckoning = try BillReckoning(contents[0], on: held, rules)
        let amounts = try reckoning.amounts(after: [before, before])
        let lines = try contents.indices.map { place in
            BillVersion(
                id: RecordID(high: 0x0198_0000_0000_7000, low: 0x8000_0000_0000_0002), version: 1,
                status: .confirmed, institution: try Party(role: .institution, code: institution),
                content: contents[place], amounts: amounts[place],
                month: .init(
                    cap: reckoning.caps[place], collected: amounts[place].collected, held: 0,
                    cost: 30_000),
                lapses: nil, rulesVersion: "example-rules", recordedAt: try now())
        }
        return BillLines(lines[0], further: [lines[1]])
    }

    /// 30,000 yen of care, after 9,000 of 10,000 yen were collected elsewhere.
    private static func bill(_ status: BillVersion.Status) throws -> BillVersion {
        let day = try CalendarDay("2026-06-15")
        guard let rules = Example.book.copayment,
            let program = Example.book.subsidy.programs.first(where: {
                $0.body == "130001" && $0.certificateTypeID == "nanbyo"
            })
        else { throw Refusal.rulesUnknown }
        let row = EntitlementVersion(
            version: 1, body: "130001", certificateTypeID: "nanbyo", historyKey: "1", subKey: nil,
            validFrom: day, validTo: day, knownAt: try now(), payerNumber: "54136015",
            recipientNumber: "1234566", certificationName: "見本",
            face: #"{"incomeSegment":"C1"}"#)
        let content = BillContent(
            identifier: RecordIdentifier(system: "https://clinic.example/bill", value: "0001"),
            certificate: row.certificate, day: day, cost: 30_000, percent: 30, collected: nil)
        let before = CapBalance(
            confirmed: CapRun(share: 9_000, collected: 9_000), cost: 45_000, held: CapRun())
        let reckoning = try BillReckoning(content, on: [(row, program)], rules)
        let amounts = try reckoning.amounts(after: [before])[0]
        let isReserved = status == .reserved
        return BillVersion(
            id: RecordID(high: 0x0198_0000_0000_7000, low: 0x8000_0000_0000_0001), version: 1,
            status: status, institution: try Party(role: .institution, code: institution),
            content: content, amounts: amounts,
            month: .init(
                cap: 10_000, collected: isReserved ? 9_000 : 10_000, held: isReserved ? 1_000 : 0,
                cost: isReserved ? 45_000 : 75_000),
            lapses: isReserved ? .startOfDay(day.adding(days: 1)) : nil,
            rulesVersion: "example-rules", recordedAt: try now())
    }
}

import Exchange
import Foundation
import Ledger

/// 月の締め: a town's claims of the month come as a receipt file with errors planted in it; the run names each of
/// them, the closing is signed by the log, and what is rejected goes back.
extension DemoStory {
    func month() async throws {
        teller.chapter("12. The town reconciles and closes its month")
        let town = cast.offices[0]
        let planted = PlantedMonth(cast, town, on: WallClock.now().dayInJapan)
        let month = planted.month.text
        teller.say(
            "\(cast.names[town] ?? "") receives a receipt file (UKE, CP932) of "
                + "\(planted.receipts.count) claims, with \(planted.errorsInFile) errors in it.")
        let sent = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: "/claims/files?month=\(month)", body: ("month.UKE", planted.file),
                contentType: "text/csv"))
        try expect(sent, 201)
        try sendAmount(of: planted, by: town)
        let run = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: "/claims/months/\(month)/runs"))
        try expect(run, 200)
        tell(totals: run)
        try check(planted, town, month)
        try await close(run, town, month)
    }

    /// 金額の誤り: a line of the payment body's own list, which says what it computes beside what was claimed.
    private func sendAmount(of planted: PlantedMonth, by town: Party) throws {
        guard let body = planted.amountError else { return }
        teller.say("The payment body sends one claim more, with what it computes itself.")
        let sent = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: "/claims?month=\(planted.month.text)", body: ("amount.json", body)))
        try expect(sent, 201)
    }

    private func tell(totals run: Teller.Answer) {
        let total = run.json?["totals"]?.object?["total"]?.object
        let counts = ["accepted", "questioned", "rejected"].map { name in
            "\(total?[name]?.object?["count"]?.int ?? 0) \(name)"
        }
        let records = run.json?["totals"]?.object?["records"]?.array?.count ?? 0
        teller.say(
            "Run \(run.json?["run"]?.int ?? 0): \(counts.joined(separator: ", ")); beside them "
                + "\(records) lines of vaccinations and checkups that nobody had to send.")
    }

    /// Every planted error, and no other difference than these.
    private func check(_ planted: PlantedMonth, _ town: Party, _ month: String) throws {
        let page = try teller.send(
            .init(
                party: town, listener: .office,
                path: "/claims/months/\(month)/runs/latest?_count=1000"))
        try expect(page, 200)
        var found: [Int: String] = [:]
        for value in page.json?["results"]?.array ?? [] {
            guard let result = value.object?["result"]?.object,
                let receipt = result["receipt"]?.int,
                let reason = result["reasons"]?.array?.first?.object
            else { continue }
            found[receipt] = reason["code"]?.string
            teller.say("  receipt \(receipt): \(reason["ja"]?.string ?? "")")
            let evidence = reason["evidence"]?.object
            if let claimed = evidence?["claimed"]?.int, let expected = evidence?["expected"]?.int {
                teller.say("    claimed \(claimed) yen, expected \(expected) yen")
            }
            teller.say("    → " + (reason["nextJa"]?.string ?? ""))
        }
        guard found == planted.errors else {
            throw Command.Failure(description: "planted \(planted.errors), found \(found)")
        }
        teller.say("Every planted error is found, and nothing else is.")
    }

    private func close(_ run: Teller.Answer, _ town: Party, _ month: String) async throws {
        var body = JSONWriter()
        body.beginObject()
        body.member("run", run.json?["run"]?.int)
        body.member("digest", run.text("digest"))
        body.endObject()
        let path = "/claims/months/\(month)/closings"
        let closed = try teller.send(
            .init(
                method: "POST", party: town, listener: .office, path: path,
                body: ("closing.json", body.bytes)))
        try expect(closed, 200)
        for _ in 0..<30 {
            let proven = try teller.send(
                .init(party: town, listener: .office, path: path + "/1", isShown: false))
            try expect(proven, 200)
            guard proven.json?["checkpoint"] != nil else {
                try await Task.sleep(for: .milliseconds(500))
                continue
            }
            teller.say(
                "Closed. Its SHA-256 \(proven.text("digest").prefix(16))… stands in leaf "
                    + "\(proven.json?["index"]?.int ?? 0) of the log, under a signed checkpoint: no later "
                    + "change alters it unseen.")
            return
        }
        throw Command.Failure(description: "the closing was not sealed within fifteen seconds")
    }
}

/// 仕込んだ月: receipts of people of one town, and which of them are wrong, by receipt number.
struct PlantedMonth {
    struct Receipt {
        let payer: String
        let recipient: String
        let birth: String
        let sex: String
        var specialNotes = ""
    }

    let month: ServiceMonth
    private(set) var receipts: [Receipt] = []
    private(set) var errors: [Int: String] = [:]
    private(set) var errorsInFile = 0
    /// 金額の誤り, as JSON; a small cast may have nobody left for it.
    private(set) var amountError: [UInt8]?
    private let institution: Party
    private let day: Int

    init(_ cast: DemoCast, _ town: Party, on today: CalendarDay) {
        month = ServiceMonth(of: today)
        day = today.day
        institution = cast.clinic
        var kinds: [Kind: [Receipt]] = [:]
        // Whoever moved away in the story is not entitled here today, whatever the cast says.
        let moved = cast.movingFamily ?? []
        for resident in cast.residents
        where resident.residences.count == 1 && !moved.contains(resident.index) {
            guard let (kind, receipt) = Self.receipt(of: resident, of: town, on: today),
                kinds[kind, default: []].count < 5
            else { continue }
            kinds[kind, default: []].append(receipt)
        }
        let usable = kinds[.usable] ?? []
        let good = Array(usable.prefix(4))
        for receipt in good { add(receipt) }
        plant(kinds[.ended]?.first, "NOT_ELIGIBLE_ON_DATE")
        plant(kinds[.refundOnly]?.first, "REFUND_ONLY")
        errorsInFile = errors.count
        guard good.count > 3 else { return }
        plant(good[0], "DUPLICATE_RECEIPT")
        receipts[1] = Receipt(
            payer: good[1].payer, recipient: good[1].recipient, birth: "19500101",
            sex: good[1].sex)
        errors[2] = "PERSON_MISMATCH"
        receipts[2].specialNotes = "10"
        errors[3] = "OTHER_PAYER"
        plant(
            Receipt(payer: good[0].payer, recipient: "9999999", birth: "20200101", sex: "1"),
            "RECIPIENT_UNKNOWN")
        errorsInFile = errors.count
        guard usable.count > 4 else { return }
        errors[receipts.count + 1] = "AMOUNT_MISMATCH"
        amountError = claim(of: usable[4], number: receipts.count + 1)
    }

    /// A visit at which the patient was asked for three times what the payment body computes.
    private func claim(of receipt: Receipt, number: Int) -> [UInt8] {
        let birth = receipt.birth
        let born = "\(birth.prefix(4))-\(birth.dropFirst(4).prefix(2))-\(birth.suffix(2))"
        let text = """
            {"claims":[{"number":\(number),"institution":"\(institution.code)",\
            "month":"\(month.text)","type":"1122","insurer":"01130012","points":500,"days":[\(day)],\
            "birthDate":"\(born)","publics":[{"payer":"\(receipt.payer)",\
            "recipient":"\(receipt.recipient)","copayment":1500,"recomputedCopayment":500}]}]}
            """
        return Array(text.utf8)
    }

    private enum Kind { case usable, ended, refundOnly }

    /// Of somebody whose children's certificate of this town has one row, now or before.
    private static func receipt(
        of resident: SyntheticResident, of town: Party, on today: CalendarDay
    ) -> (Kind, Receipt)? {
        let held = resident.entitlements.filter {
            $0.body == town.code
                && $0.scheme.certificateTypeID == SyntheticScheme.children.certificateTypeID
        }
        guard let last = held.last else { return nil }
        let kind: Kind
        if let now = held.first(where: { $0.holds(on: today) }) {
            kind = now.isAlwaysReimbursement ? .refundOnly : .usable
        } else {
            guard last.validTo < today else { return nil }
            kind = .ended
        }
        let birth = resident.bornOn.text.filter { $0 != "-" }
        return (
            kind,
            Receipt(
                payer: last.payerNumber, recipient: last.recipientNumber, birth: birth,
                sex: resident.sex)
        )
    }

    private mutating func add(_ receipt: Receipt) { receipts.append(receipt) }

    private mutating func plant(_ receipt: Receipt?, _ reason: String) {
        guard let receipt else { return }
        add(receipt)
        errors[receipts.count] = reason
    }

    /// The records that a clinic's computer writes, in its character set.
    var file: [UInt8] {
        let digits = month.text.filter { $0 != "-" }
        let code = institution.code
        var lines = [
            "IR,1,\(code.prefix(2)),\(code.dropFirst(2).prefix(1)),\(code.suffix(7)),,見本診療所,"
                + "\(digits),00,"
        ]
        for (place, receipt) in receipts.enumerated() {
            let rest = String(repeating: ",", count: 26)
            let days =
                String(repeating: ",", count: day) + "1" + String(repeating: ",", count: 31 - day)
            lines += [
                "RE,\(place + 1),1122,\(digits),見本,\(receipt.sex),\(receipt.birth),,,,,"
                    + receipt.specialNotes + rest,
                "HO,01130012,1,2,1,500,,,,,,,,,",
                "KO,\(receipt.payer),\(receipt.recipient),,1,500,0,,,,,", "SN,1,01,,,,01,,",
                "JD,1\(days)",
            ]
        }
        lines.append("GO,\(receipts.count),\(receipts.count * 500),99")
        let text = lines.map { $0 + "\r\n" }.joined()
        return Characters(.cp932, table: .cp932).bytes(of: text).bytes + [0x1A]
    }
}

import Exchange
import TestSupport
import Trust

/// 請求 as a body sends them: a month of its own for each test, so that none sees another's.
struct SentClaim {
    var institution = Cast.clinic
    var payer = TestResident.payerNumber
    var recipient: String
    var copayment = 0
    var day = 10
    /// Instead of `day`; of a stay not each of its days may be named.
    var days: [Int]?
    /// 実日数; 0 is not said.
    var dayCount = 0
    var birth: String?
    var extra = ""
    /// レセプト種別: of other care than a stay.
    var type = "1122"

    init(_ recipient: String, copayment: Int = 0) {
        self.recipient = recipient
        self.copayment = copayment
    }

    func json(_ month: ServiceMonth, _ number: Int) -> String {
        let born = birth.map { ",\"birthDate\":\"\($0)\"" } ?? ""
        let counted = dayCount > 0 ? ",\"dayCount\":\(dayCount)" : ""
        return """
            {"number":\(number),"institution":"\(institution.code)","month":"\(month.text)",\
            "type":"\(type)","insurer":"01130012","points":1000,"days":\(days ?? [day])\(born)\(extra),\
            "publics":[{"payer":"\(payer)","recipient":"\(recipient)",\
            "copayment":\(copayment)\(counted)}]}
            """
    }

    /// A receipt of ten records' kinds that matter, as a clinic's own computer writes it.
    func receipt(_ month: ServiceMonth, _ number: Int) -> String {
        let digits = month.text.filter { $0 != "-" }
        let marks =
            String(repeating: ",", count: day) + "1" + String(repeating: ",", count: 31 - day)
        let born = (birth ?? "1990-01-02").filter { $0 != "-" }
        return "RE,\(number),1122,\(digits),TEST,2,\(born)" + String(repeating: ",", count: 31)
            + "\r\nHO,01130012,1,2,1,1000,,,,,,,,,\r\n"
            + "KO,\(payer),\(recipient),,1,1000,\(copayment),,,,,\r\n"
            + "SN,1,01,,,,01,,\r\nJD,1\(marks)\r\n"
    }

    /// 支払明細 as a payment body writes it: a row for each claim.
    static func list(_ claims: [SentClaim], _ month: ServiceMonth) -> [UInt8] {
        var text =
            "医療機関コード,診療年月,レセプト番号,公費負担者番号,公費受給者番号,合計点数,患者負担額,生年月日,性別,保険者番号,"
            + "レセプト種別,公費支払額,支払日,返戻\r\n"
        for (place, claim) in claims.enumerated() {
            text += "\(claim.institution.code),\(month.text.filter { $0 != "-" }),\(place + 1),"
            text += "\(claim.payer),\(claim.recipient),1000,\(claim.copayment),"
            text += "\(claim.birth ?? ""),2,01130012,1122,,,0\r\n"
        }
        return Array(text.utf8)
    }

    static func file(_ claims: [SentClaim], _ month: ServiceMonth) -> [UInt8] {
        let digits = month.text.filter { $0 != "-" }
        var text = "IR,1,13,1,0000001,,TEST,\(digits),00,\r\n"
        for (place, claim) in claims.enumerated() { text += claim.receipt(month, place + 1) }
        text += "GO,\(claims.count),\(claims.count * 1000),99\r\n\u{1A}"
        return Array(text.utf8)
    }
}

extension RunningGateway {
    /// Somebody under this town's local scheme in that month.
    func enrol(
        _ month: ServiceMonth, _ changes: [String: JSON?] = [:], by body: Party = Cast.town
    ) async throws -> (resident: TestResident, recipient: String) {
        let resident = people.next()
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let row = resident.row(
            "kodomo", first.adding(days: -100), first.adding(days: 400), changes)
        try await hold([row], by: body)
        return (resident, "R-00\(resident.index)")
    }

    @discardableResult
    func submit(
        _ claims: [SentClaim], _ month: ServiceMonth, runMonth: ServiceMonth? = nil,
        by body: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        let rows = claims.enumerated().map { $1.json(month, $0 + 1) }.joined(separator: ",")
        return try await send(
            body, "POST", "/claims?month=\((runMonth ?? month).text)",
            body: try JSON(reading: "{\"claims\":[\(rows)]}"))
    }

    /// What is asked about a month names several people: an entry for each.
    func ask(
        _ party: Party, _ method: String, _ path: String, body: JSON? = nil
    ) async throws -> (answer: TLSClient.Answer, entries: [EntryRow]) {
        var sent: TLSClient.Answer?
        let entries = try await entries {
            sent = try await send(party, method, path, body: body)
        }
        expectMoreEntries(entries.count - 1)
        guard let sent else { throw SentClaimFault() }
        return (sent, entries)
    }

    func reconcile(
        _ month: ServiceMonth, by body: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        try await ask(body, "POST", "/claims/months/\(month.text)/runs").answer
    }

    func close(
        _ run: TLSClient.Answer, _ month: ServiceMonth, by body: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        try await send(
            body, "POST", "/claims/months/\(month.text)/closings",
            body: try JSON(
                reading: #"{"run":\#(run.int("run") ?? 0),"digest":"\#(run.text("digest"))"}"#))
    }

    /// Reason codes by recipient.
    func reasons(
        _ month: ServiceMonth, show: String = "told", by body: Party = Cast.town
    ) async throws -> [String: [String]] {
        let answer = try await ask(
            body, "GET", "/claims/months/\(month.text)/runs/latest?show=\(show)&_count=1000"
        ).answer
        try answer.expect(200)
        var found: [String: [String]] = [:]
        for value in answer.json["results"]?.array ?? [] {
            let result = value.object?["result"]?.object
            let name =
                result?["publics"]?.array?.first?.object?["recipient"]?.string
                ?? result?["programme"]?.string ?? ""
            found[name, default: []] += (result?["reasons"]?.array ?? []).compactMap {
                $0.object?["code"]?.string
            }
        }
        return found
    }
}

private struct SentClaimFault: Error {}

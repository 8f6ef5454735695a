/// 照合結果の一件: what one claim of a month is told, as it is kept with its run and shown ever after. It is
/// written once; list, statement and FHIR are made of the same text.
package struct ToldClaim: Sendable {
    package struct Public: Sendable {
        package let payer: String?
        package let recipient: String?
        package let copayment: Int?
        package let amount: Int?
    }

    package struct Reason: Sendable {
        package let code: String
        package let text: BilingualText
        package let next: BilingualText
        /// Which public payer, from 1; `nil`: the claim as a whole.
        package let part: Int?
    }

    package let id: String
    package let institution: String?
    package let month: String
    package let standing: ClaimStanding
    /// 取下げ・返戻: it claims nothing any more.
    package let isReturned: Bool
    /// 返戻済み, for what no longer holds.
    package let isToBeSentAgain: Bool
    /// Of a claim that came from a record.
    package let field: RecordClaim.Field?
    package let programme: String?
    package let day: String?
    package let cost: Int
    package let publics: [Public]
    package let reasons: [Reason]

    /// Reads what `told` wrote; `id` is the one that its reader knows the claim by.
    package init(reading text: String, id: String) throws(Refusal) {
        let object = try JSON(reading: text).requiredObject(at: "told")
        self.id = id
        institution = try object.optionalString("institution")
        month = try object.requiredString("serviceMonth")
        guard let standing = ClaimStanding(rawValue: try object.requiredString("standing")) else {
            throw .malformed("standing")
        }
        self.standing = standing
        isReturned = try object.optionalBool("isReturned") ?? false
        isToBeSentAgain = object["sentBack"] != nil
        field = try object.optionalString("record").flatMap(RecordClaim.Field.init(rawValue:))
        programme = try object.optionalString("programme")
        day = try object.optionalString("day")
        cost = try object.requiredInt("cost")
        var publics: [Public] = []
        for value in try object.requiredArray("publics") {
            let item = try value.requiredObject(at: "publics")
            publics.append(
                Public(
                    payer: try item.optionalString("payer"),
                    recipient: try item.optionalString("recipient"),
                    copayment: try item.optionalInt("copayment"),
                    amount: try item.optionalInt("amount")))
        }
        self.publics = publics
        var reasons: [Reason] = []
        for value in try object.requiredArray("reasons") {
            let item = try value.requiredObject(at: "reasons")
            reasons.append(
                Reason(
                    code: try item.requiredString("code"),
                    text: .init(
                        ja: try item.requiredString("ja"), en: try item.requiredString("en")),
                    next: .init(
                        ja: try item.requiredString("nextJa"),
                        en: try item.requiredString("nextEn")),
                    part: try item.optionalInt("public")))
        }
        self.reasons = reasons
    }

    /// What is said of a claim that is to be sent again, and what to do.
    static let sentBack = (
        text: BilingualText(
            ja: "前の締めで返戻した請求です。今の登録に照らすと、返戻の理由がなくなっています。",
            en: "A closing sent this claim back for what no longer holds by what is known now."),
        next: BilingualText(
            ja: "再請求してください。再請求の届いた月に照合します。ここでは支払いません。",
            en: "Claim again: it is judged in the month in which that arrives, and not paid here.")
    )

    /// What the patient keeps, and what the scheme is asked for.
    package var copayment: Int { publics.reduce(0) { $0 + ($1.copayment ?? 0) } }
    package var amount: Int? {
        let said = publics.compactMap(\.amount)
        return said.isEmpty ? nil : said.reduce(0, +)
    }
}

extension ToldClaim {
    /// Whether two of the texts judge a claim alike. With which of several checks it was matched, in which
    /// words a reason is put, and that something else of a record was corrected, is no other judgement.
    package static func isSame(_ one: String, _ other: String) -> Bool {
        guard one != other else { return true }
        guard let left = judged(one), let right = judged(other) else { return false }
        return left == right
    }

    private static func judged(_ text: String) -> [JSONObject.Member]? {
        guard let object = try? JSON(reading: text).object else { return nil }
        let members = object.without("check").without("version").members
        return members.map { member -> JSONObject.Member in
            guard member.name == "reasons", let reasons = member.value.array else { return member }
            return .init(name: member.name, value: .array(reasons.map(withoutWords)))
        }
    }

    private static func withoutWords(_ reason: JSON) -> JSON {
        guard let object = reason.object else { return reason }
        let words: Set<String> = ["ja", "en", "nextJa", "nextEn"]
        return .object(JSONObject(object.members.filter { !words.contains($0.name) }))
    }
}

extension MonthReport {
    /// `check` is the id of the answered check that the claim was matched with.
    package func told(_ index: Int, check: String?) -> String {
        var writer = JSONWriter(reservingBytes: 512)
        writer.object {
            $0.member("check", check)
            $0.member("cost", Int(max(0, batch.claims[index].points)) * 10)
            write(claim: index, into: &$0)
        }
        return writer.text
    }
}

extension RecordClaim {
    package var told: String {
        var writer = JSONWriter(reservingBytes: 512)
        writer.object { claim in
            claim.member("record", field.rawValue)
            claim.member("version", version)
            claim.member("programme", programme)
            claim.member("institution", institution)
            claim.member("serviceMonth", ServiceMonth(of: day).text)
            claim.member("day", day.text)
            claim.member("cost", unitYen ?? 0)
            claim.array("publics") { list in
                guard unitYen != nil else { return }
                list.object {
                    $0.member("copayment", copaymentYen)
                    $0.member("amount", claimedYen)
                }
            }
            claim.member("standing", standing.rawValue)
            claim.array("reasons") { list in
                guard let hindrance else { return }
                list.object {
                    $0.member("code", hindrance.code)
                    $0.member("standing", standing.rawValue)
                    $0.member("ja", hindrance.text.ja)
                    $0.member("en", hindrance.text.en)
                    $0.member("nextJa", hindrance.text.ja)
                    $0.member("nextEn", hindrance.text.en)
                }
            }
        }
        return writer.text
    }

    /// One row of the statement, under `MonthReport.rowHeadings`.
    package var row: [String] {
        [
            institution, ServiceMonth(of: day).text, field.rawValue, "", "", "1", "",
            String(copaymentYen), unitYen == nil ? "" : String(claimedYen), standing.rawValue,
            hindrance?.code ?? "", hindrance?.text.ja ?? "", hindrance?.text.ja ?? "", programme,
            day.text,
        ]
    }
}

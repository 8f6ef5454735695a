package import Exchange
import Ledger
import Postgres
package import Trust

/// 会計 as an institution sends it: one day at the counter of somebody with a rare disease; tests
/// change what they are about.
package struct SentBill: Sendable {
    package var identifier: String
    package var use = "claim"
    package var status = "active"
    package var cost = 30_000
    package var percent = 30
    package var collected: Int?
    package var day: CalendarDay
    /// 入院の終わりの日
    package var lastDay: CalendarDay?
    package var meals: (count: Int, code: String)?
    /// 適用区分
    package var limitClass: String?
    /// 特定疾病 (長) の限度額
    package var longTerm: Int?
    /// 処方元の医療機関コード
    package var prescriber: String?
    package var certificate = (system: "urn:tsunagi:certificate-type:130001", value: "nanbyo")
    /// Named before the other, against the order of law.
    package var local: (system: String, value: String)?

    /// 小金井市の受給者証: `RunningGateway.settleChronic(local:)`.
    package static let localCertificate = (
        system: "urn:tsunagi:certificate-type:132101", value: "kodomo"
    )

    private var insurance: String {
        [local, certificate].compactMap { $0 }.enumerated().map { place, name in
            """
            {"sequence":\(place + 1),"focal":true,"coverage":{"identifier":{\
            "system":"\(name.system)","value":"\(name.value)"}}}
            """
        }.joined(separator: ",")
    }

    package init(_ use: String = "claim", cost: Int = 30_000, on day: CalendarDay) {
        identifier = RecordID.random().text
        self.use = use
        self.cost = cost
        self.day = day
    }

    /// The same bill for another end.
    package func used(as use: String, status: String = "active") -> SentBill {
        var bill = self
        bill.use = use
        bill.status = status
        return bill
    }

    package func body(_ visit: RunningGateway.Visit) -> JSONObject {
        let extra =
            collected.map {
                """
                ,{"url":"urn:tsunagi:StructureDefinition:collected",\
                "valueMoney":{"value":\($0),"currency":"JPY"}}
                """
            } ?? ""
        let eaten =
            meals.map {
                """
                ,{"url":"urn:tsunagi:StructureDefinition:meals","extension":[\
                {"url":"count","valueInteger":\($0.count)},{"url":"class","valueString":"\($0.code)"}]}
                """
            } ?? ""
        let told =
            limitClass.map {
                """
                ,{"url":"urn:tsunagi:StructureDefinition:limit-class","valueString":"\($0)"}
                """
            } ?? ""
        let disease =
            longTerm.map {
                """
                ,{"url":"urn:tsunagi:StructureDefinition:long-term",\
                "valueMoney":{"value":\($0),"currency":"JPY"}}
                """
            } ?? ""
        let prescribed =
            prescriber.map {
                """
                ,{"url":"urn:tsunagi:StructureDefinition:prescriber","valueString":"\($0)"}
                """
            } ?? ""
        let text = """
            {"resourceType":"Claim","extension":[{\
            "url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id)"},{\
            "url":"urn:tsunagi:StructureDefinition:insurance-share",\
            "valueInteger":\(percent)}\(extra)\(eaten)\(told)\(disease)\(prescribed)],\
            "identifier":[{"system":"https://clinic.example/bill","value":"\(identifier)"}],\
            "status":"\(status)","use":"\(use)","patient":{"reference":"\(visit.patient)"},\
            "billablePeriod":{"start":"\(day.text)","end":"\((lastDay ?? day).text)"},\
            "created":"\(day.text)","insurance":[\(insurance)],\
            "total":{"value":\(cost),"currency":"JPY"}}
            """
        return (try? JSON(reading: text))?.object ?? JSONObject()
    }
}

extension RunningGateway {
    package static let billPath = "/fhir/Claim/$submit"
    /// Where a chronic patient's certificate is good.
    package static let chronicCare = [Cast.clinic, Cast.pharmacy, Cast.paperClinic]

    /// Somebody with a rare disease whose certificate names its institutions; the cap is 10,000 yen
    /// a month. With `local` they hold a certificate of their town's as well, of that cap.
    package func settleChronic(
        _ changes: [String: JSON?] = [:], local: Int? = nil
    ) async throws -> (resident: TestResident, card: SoftwareCard) {
        let (resident, card) = try await settle()
        var items: [String: JSON?] = [
            "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
            "medicalSubsidyRecipientNumber": .string(String(1_000_000 + resident.index)),
            "designatedMedicalInstitutions": .string(
                Self.chronicCare.map(\.code).joined(separator: " ")),
        ]
        items.merge(changes) { $1 }
        let row = resident.row(
            "nanbyo", clock.today.adding(days: -400), clock.today.adding(days: 300), items)
        try await hold([row], by: Cast.prefecture)
        if let local {
            let cap = JSONObject([.init(name: "perMonth", value: .number(String(local)))])
            let row = resident.row(
                "kodomo", clock.today.adding(days: -400), clock.today.adding(days: 300),
                ["maxCopaymentAmount": .object(cap)])
            try await hold([row])
        }
        return (resident, card)
    }

    /// As if the day of a reservation had ended: a version that stands is not changed by any role, so
    /// the owner silences the trigger.
    package func lapse(_ bill: SentBill) async throws {
        try await sql { transaction in
            try transaction.script("set local session_replication_role = replica")
            for table in ["bill", "cap_hold"] {
                let which = Statement(
                    """
                    update exchange.\(table) set lapses_at = now() - interval '1 s' where bill in (
                        select bill from exchange.bill where identifier = $1)
                    """)
                try transaction.run(which, [.text(bill.identifier)])
            }
        }
    }

    package func settle(
        _ bill: SentBill, _ visit: Visit, by institution: Party = Cast.clinic
    ) async throws -> Answer {
        try await send(institution, "POST", Self.billPath, body: .object(bill.body(visit)))
    }
}

extension TLSClient.Answer {
    /// Yen of a category of `adjudication` or `total`: of the whole bill, or of one of its several
    /// certificates.
    package func yen(_ category: String, of sequence: Int? = nil) -> Int? {
        for row in (json["adjudication"]?.array ?? []) + (json["total"]?.array ?? []) {
            let own = row.object?["extension"]?.array?.first?.object?["valuePositiveInt"]?.int
            guard own == sequence else { continue }
            let coding = row.object?["category"]?.object?["coding"]?.array?.first?.object
            guard coding?["code"]?.string == category else { continue }
            return row.object?["amount"]?.object?["value"]?.int
        }
        return nil
    }

    package var billStatus: String? {
        for case .object(let entry) in json["extension"]?.array ?? []
        where entry["url"]?.string == "urn:tsunagi:StructureDefinition:bill-status" {
            return entry["valueCode"]?.string
        }
        return nil
    }

    /// The steps in one language, in order.
    package func notes(_ language: String) -> [String] {
        noteObjects(language).compactMap { $0["text"]?.string }
    }

    /// What the steps in one language can be checked by: the yen of each, the name of its rule, and whether
    /// somebody held that against its source. Empty for words that are no step.
    package func traces(_ language: String) -> [String] {
        noteObjects(language).map { note in
            var told: [String] = []
            for case .object(let entry) in note["extension"]?.array ?? [] {
                switch entry["url"]?.string {
                case "urn:tsunagi:StructureDefinition:step-amount":
                    told.append(
                        entry["valueMoney"]?.object?["value"]?.int.map { String($0) } ?? "none")
                case "urn:tsunagi:StructureDefinition:rule-source":
                    for case .object(let part) in entry["extension"]?.array ?? []
                    where part["url"]?.string != "source" {
                        let value = part["valueString"] ?? part["valueCode"]
                        told.append(value?.string ?? "none")
                    }
                default: told.append("unknown")
                }
            }
            return told.joined(separator: " ")
        }
    }

    private func noteObjects(_ language: String) -> [JSONObject] {
        (json["processNote"]?.array ?? []).compactMap(\.object).filter { note in
            let coding = note["language"]?.object?["coding"]?.array?.first?.object
            return coding?["code"]?.string == language
        }
    }
}

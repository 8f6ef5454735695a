import Exchange
import Foundation
import Ledger

/// 予防接種の物語: the baby is invited, the questionnaire is filled in at home, a dose too early is stopped, the
/// right one is recorded, and the town holds record and claim without typing.
extension DemoStory {
    private static let form = "screening-child-dpt-ipv-hib-1"

    func vaccination() throws {
        guard let index = cast.baby, let home = cast.residents[index].residences.last else {
            return
        }
        let town = try Party(role: .municipality, code: home.body.municipality)
        teller.chapter("10. The town invites the baby \(cast.residents[index].name)")
        try invite(index, by: town)
        let bearer = "Authorization: Bearer \(try session(of: index))"
        try fillIn(bearer)
        let opened = try open(index, consents: ["immunization"], at: cast.clinic, isShown: false)
        let visit = (id: opened.text("visit"), patient: opened.text("patient"))
        try vaccinate(visit)
        try receive(by: town)
        try move(index, from: town)
        try showCard(bearer)
    }

    private var today: CalendarDay { WallClock.now().dayInJapan }

    private func invite(_ index: Int, by town: Party) throws {
        let body = """
            [{"modificationSeg":"1","myNumber":"\(cast.residents[index].individualNumber)",\
            "municipalityIdentityKey":"\(index)","programme":"dpt-ipv-hib",\
            "validFrom":"\(today.adding(days: -30).text)","validTo":"\(today.adding(days: 300).text)"}]
            """
        let answer = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: "/immunization/registration-tasks",
                body: ("invitation.json", Array(body.utf8))))
        try expect(answer, 202)
        teller.say(summary(answer))
    }

    private func fillIn(_ bearer: String) throws {
        let told = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/fhir/Communication",
                headers: [bearer]))
        try expect(told, 200)
        let notice = told.entries.first?["payload"]?.array?.first?.object
        teller.say("The mother reads: \(notice?["contentString"]?.string ?? "")")
        let form = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/fhir/Questionnaire/\(Self.form)",
                isShown: false))
        let draft = try teller.send(
            .init(
                party: cast.portal, listener: .resident,
                path: "/fhir/Questionnaire/\(Self.form)/$populate", headers: [bearer]))
        try expect(draft, 200)
        let answers = FilledQuestionnaire.make(form: form.json, populated: draft.json)
        let saved = try teller.send(
            .init(
                method: "POST", party: cast.portal, listener: .resident,
                path: "/fhir/QuestionnaireResponse", body: ("questionnaire.json", answers),
                headers: [bearer]))
        try expect(saved, 201)
        teller.say("She answers the questionnaire at home, and submits it.")
    }

    private func vaccinate(_ visit: (id: String, patient: String)) throws {
        teller.chapter("The clinic checks before the needle")
        let read = try teller.send(
            .init(
                method: "POST", party: cast.clinic, listener: .institution,
                path: "/fhir/QuestionnaireResponse/_search",
                body: ("search.txt", Array("subject=\(visit.patient)&visit=\(visit.id)".utf8)),
                contentType: "application/x-www-form-urlencoded"))
        try expect(read, 200)
        let response = read.entries.first?["id"]?.string ?? ""
        try record(visit, "dpt-ipv-hib", today.adding(days: -10), nil, isShown: false)
        teller.say("The first dose of 五種混合 was given ten days ago.")
        try check(visit, "dpt-ipv-hib", response)
        try check(visit, "pcv20", response)
        try record(visit, "pcv20", today, response, isShown: true)
    }

    private func check(
        _ visit: (id: String, patient: String), _ vaccine: String, _ response: String
    ) throws {
        let answer = try teller.send(
            .init(
                method: "POST", party: cast.clinic, listener: .institution,
                path: "/fhir/Immunization/$check",
                body: (
                    "check-\(vaccine).json",
                    VaccinationBody.check(
                        visit, vaccine: vaccine, day: today, response: response)
                )))
        try expect(answer, 200)
        teller.say("\(vaccine) today: \(answer.parameter("verdict")?.string ?? "")")
        for text in answer.findings { teller.say("  → " + text) }
    }

    private func record(
        _ visit: (id: String, patient: String), _ vaccine: String, _ day: CalendarDay,
        _ response: String?, isShown: Bool
    ) throws {
        let answer = try teller.send(
            .init(
                method: "POST", party: cast.clinic, listener: .institution,
                path: "/fhir/Immunization",
                body: (
                    "dose-\(vaccine).json",
                    VaccinationBody.dose(visit, vaccine: vaccine, day: day, response: response)
                ), headers: ["Prefer: return=OperationOutcome"], isShown: isShown))
        try expect(answer, 201)
        for text in answer.issues where isShown { teller.say("  → " + text) }
    }

    private func receive(by town: Party) throws {
        teller.chapter("The town receives record and claim, and types nothing")
        let answer = try teller.send(
            .init(party: town, listener: .office, path: "/fhir/Immunization"))
        try expect(answer, 200)
        for line in answer.lines { teller.say("  " + line) }
    }

    /// 転居: the next town registers the baby under a key of its own, and reads what was given before.
    private func move(_ index: Int, from town: Party) throws {
        guard let next = cast.offices.first(where: { $0.role == .municipality && $0 != town })
        else { return }
        teller.chapter("The family moves to \(cast.names[next] ?? next.code)")
        let number = cast.residents[index].individualNumber
        let moved = """
            [{"kind":"residence","myNumber":"\(number)","municipality":"\(next.code)",\
            "from":"\(today.text)","sequence":"moved-\(index)"}]
            """
        let told = try teller.send(
            .init(
                method: "POST", party: cast.authority, listener: .office,
                path: "/card-feed/events", body: ("moved.json", Array(moved.utf8)),
                isShown: false))
        try expect(told, 202)
        try invite(index, by: next)
        let key = "patient.identifier=urn:tsunagi:municipality-identity-key%7C\(index)"
        let answer = try teller.send(
            .init(
                method: "POST", party: next, listener: .office,
                path: "/fhir/Immunization/_search", body: ("history.txt", Array(key.utf8)),
                contentType: "application/x-www-form-urlencoded"))
        try expect(answer, 200)
        for dose in answer.doses { teller.say("  " + dose) }
        teller.say("Nobody wrote to the town they came from, and nothing of it is claimed twice.")
    }

    private func showCard(_ bearer: String) throws {
        teller.chapter("The family gets a card that anybody can verify")
        let own = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/fhir/Immunization",
                headers: [bearer], isShown: false))
        try expect(own, 200)
        let patient = own.entries.first?["patient"]?.object?["reference"]?.string ?? ""
        let body =
            #"{"resourceType":"Parameters","parameter":[{"name":"credentialType","#
            + #""valueUri":"https://smarthealth.cards#immunization"}]}"#
        let card = try teller.send(
            .init(
                method: "POST", party: cast.portal, listener: .resident,
                path: "/fhir/\(patient)/$health-cards-issue",
                body: ("card.json", Array(body.utf8)), headers: [bearer]))
        try expect(card, 200)
        let codes = card.parameters("qr").compactMap(\.string)
        teller.say("In its QR code: \(codes.first?.prefix(60) ?? "")…")
        let keys = try teller.send(
            .init(party: cast.portal, listener: .resident, path: "/.well-known/jwks.json"))
        try expect(keys, 200)
        guard let published = keys.json,
            try ScannedCard(codes: codes).isSigned(byOneOf: published)
        else { throw Command.Failure(description: "the card does not verify") }
        teller.say("Scanned at a door: signed with a key that the gateway publishes.")
    }
}

/// What the story reads out of an answer.
extension Teller.Answer {
    fileprivate var entries: [JSONObject] {
        (json?["entry"]?.array ?? []).compactMap { $0.object?["resource"]?.object }
    }

    fileprivate func parameter(_ name: String) -> JSON? {
        Self.parameter(name, in: json?["parameter"])
    }

    fileprivate func parameters(_ name: String) -> [JSON] {
        (json?["parameter"]?.array ?? []).compactMap(\.object)
            .filter { $0["name"]?.string == name }
            .compactMap { $0.members.first { $0.name.hasPrefix("value") }?.value }
    }

    private static func parameter(_ name: String, in list: JSON?) -> JSON? {
        (list?.array ?? []).lazy.compactMap(\.object).first { $0["name"]?.string == name }?
            .members.first { $0.name.hasPrefix("value") || $0.name == "part" }?.value
    }

    /// The nurse's words.
    fileprivate var findings: [String] {
        (json?["parameter"]?.array ?? []).compactMap(\.object)
            .filter { $0["name"]?.string == "candidate" }
            .flatMap { $0["part"]?.array ?? [] }.compactMap(\.object)
            .filter { $0["name"]?.string == "finding" }
            .compactMap { Self.parameter("nurse", in: $0["part"])?.string }
    }

    fileprivate var issues: [String] {
        (json?["issue"]?.array ?? []).compactMap {
            $0.object?["details"]?.object?["text"]?.string
        }
    }

    /// A dose of the history in one sentence.
    fileprivate var doses: [String] {
        entries.map { entry in
            let code = entry["vaccineCode"]?.object?["coding"]?.array?.first?.object?["code"]?
                .string
            return "\(entry["occurrenceDateTime"]?.string ?? "") \(code ?? "") lot "
                + (entry["lotNumber"]?.string ?? "")
        }
    }

    /// A line of the ledger in one sentence.
    fileprivate var lines: [String] {
        entries.map { entry in
            let line = (entry["extension"]?.array ?? []).compactMap(\.object)
                .first { $0["url"]?.string?.hasSuffix(":vaccination-line") == true }
            let parts = (line?["extension"]?.array ?? []).compactMap(\.object)
            func part(_ url: String) -> JSONObject? { parts.first { $0["url"]?.string == url } }
            let yen = part("claimed")?["valueMoney"]?.object?["value"]?.int
            return "\(entry["occurrenceDateTime"]?.string ?? "") "
                + "\(part("programme")?["valueCode"]?.string ?? "") lot "
                + "\(entry["lotNumber"]?.string ?? ""): "
                + (yen.map { "claimed ¥\($0)" } ?? "no price agreed yet")
        }
    }
}

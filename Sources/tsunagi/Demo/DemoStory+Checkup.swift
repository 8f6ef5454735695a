import Exchange
import Foundation
import Ledger

/// 3〜4か月児健診: recorded once by the clinic; the family and the municipality see it, and neither types anything.
extension DemoStory {
    func checkup() async throws {
        teller.chapter("11. A baby's checkup at 3 to 4 months, recorded once")
        try settleBaby()
        let visit = try open(
            cast.babyResident.index, consents: ["maternal"], at: cast.clinic, isShown: false)
        let body = CheckupBody.make(
            (visit.text("visit"), visit.text("patient")), day: WallClock.now().dayInJapan,
            checkup: "infant-3-4m", identifier: "demo-1", items: CheckupBody.infant(isWell: false))
        let call = Teller.Call(
            method: "POST", party: cast.clinic, listener: .institution,
            path: "/fhir/DiagnosticReport", body: ("checkup.json", body))
        let made = try teller.send(call)
        try expect(made, 201)
        teller.say("The clinic's report is the town's line and the claim, in one commit:")
        teller.say("  → " + claim(in: made))
        var again = call
        again.isShown = false
        try expect(try teller.send(again), 200)
        teller.say("Sent twice by mistake, it is the one that is held.")
        try family()
        try town()
    }

    /// What offices say of the baby, before it comes to anybody.
    private func settleBaby() throws {
        let baby = cast.babyResident
        let today = WallClock.now().dayInJapan
        let feed = try teller.send(
            .init(
                method: "POST", party: cast.authority, listener: .office,
                path: "/card-feed/events", body: ("baby-card.json", cast.feed(of: baby)),
                isShown: false))
        try expect(feed, 202)
        let town = try cast.town(of: baby)
        for (path, name, rows) in [
            (
                "/medical-subsidy/history-registration-tasks", "baby-entitlement.json",
                cast.registration(of: town, for: baby)
            ),
            (
                "/maternal-health/registration-tasks", "baby-birth.json",
                CheckupBody.birth(of: baby, notified: today.adding(days: -100))
            ),
        ] {
            let answer = try teller.send(
                .init(
                    method: "POST", party: town, listener: .office, path: path, body: (name, rows),
                    isShown: name == "baby-birth.json"))
            try expect(answer, 202)
        }
    }

    private func family() throws {
        let token = try session(of: cast.babyResident.index)
        func own(_ type: String) throws -> [JSONObject] {
            let answer = try teller.send(
                .init(
                    party: cast.portal, listener: .resident, path: "/fhir/" + type,
                    headers: ["Authorization: Bearer \(token)"], isShown: type == "Observation"))
            try expect(answer, 200)
            return (answer.json?["entry"]?.array ?? []).compactMap {
                $0.object?["resource"]?.object
            }
        }
        teller.say("The family sees its handbook grow:")
        for measured in try own("Observation") {
            let name = measured["code"]?.object?["text"]?.string ?? ""
            let quantity = measured["valueQuantity"]?.object
            let value = quantity?["value"].map(\.text) ?? ""
            let place = measured["referenceRange"]?.array?.first?.object
            teller.say(
                "  \(name) \(value) \(quantity?["unit"]?.string ?? "")"
                    + (place.map { "  \(CheckupBody.percentiles($0))" } ?? ""))
        }
        for plan in try own("CarePlan") {
            let due = (plan["activity"]?.array ?? []).compactMap { $0.object?["detail"]?.object }
                .filter { ["not-started", "scheduled"].contains($0["status"]?.string) }
            guard let next = due.first else { continue }
            let from = next["scheduledPeriod"]?.object?["start"]?.string ?? ""
            teller.say(
                "Next: \(next["code"]?.object?["text"]?.string ?? "") from \(from)")
        }
    }

    private func town() throws {
        let answer = try teller.send(
            .init(
                party: try cast.town(of: cast.babyResident), listener: .office, path: "/fhir/Task")
        )
        try expect(answer, 200)
        let tasks = (answer.json?["entry"]?.array ?? []).compactMap {
            $0.object?["resource"]?.object
        }
        teller.say("The town is told what the checkup asks of it, and by when:")
        for task in tasks {
            let due = task["restriction"]?.object?["period"]?.object?["end"]?.string ?? ""
            teller.say(
                "  \(task["code"]?.object?["text"]?.string ?? "") until \(due): "
                    + (task["description"]?.string ?? ""))
        }
    }

    func claim(in answer: Teller.Answer) -> String {
        let claims = (answer.json?["extension"]?.array ?? []).compactMap(\.object).filter {
            $0["url"]?.string?.hasSuffix("checkup-claim") == true
        }
        let parts = (claims.first?["extension"]?.array ?? []).compactMap(\.object)
        let state = parts.first { $0["url"]?.string == "state" }?["valueCode"]?.string ?? ""
        let yen = parts.first { $0["url"]?.string == "claimed" }?["valueMoney"]?.object?["value"]
        return state + (yen.map { ", \($0.text) yen" } ?? "")
    }
}

/// The bodies of the checkup, as a clinic's and a town's systems would make them.
enum CheckupBody {
    static func make(
        _ visit: (id: String, patient: String), day: CalendarDay, checkup: String,
        identifier: String, items: [(String, String)]
    ) -> [UInt8] {
        make(
            subject: """
                "extension":[{"url":"urn:tsunagi:StructureDefinition:visit",\
                "valueString":"\(visit.id)"}],"subject":{"reference":"\(visit.patient)"}
                """, day: day, checkup: checkup, identifier: identifier, items: items)
    }

    /// 集団健診: of somebody whom the town notified under this key.
    static func make(
        notified key: String, day: CalendarDay, checkup: String, identifier: String,
        items: [(String, String)]
    ) -> [UInt8] {
        make(
            subject: """
                "subject":{"identifier":{"system":"urn:tsunagi:maternal-notification-key",\
                "value":"\(key)"}}
                """, day: day, checkup: checkup, identifier: identifier, items: items)
    }

    private static func make(
        subject: String, day: CalendarDay, checkup: String, identifier: String,
        items: [(String, String)]
    ) -> [UInt8] {
        let contained = items.map { item, value in
            """
            {"resourceType":"Observation","id":"\(item)","status":"final","code":{"coding":[{\
            "system":"urn:tsunagi:CodeSystem:checkup-item","code":"\(item)"}]},\(value)}
            """
        }
        let results = items.map { "{\"reference\":\"#\($0.0)\"}" }
        let text = """
            {"resourceType":"DiagnosticReport","contained":[\(contained.joined(separator: ","))],\
            \(subject),"identifier":[{"system":"https://clinic.example/checkup",\
            "value":"\(identifier)"}],\
            "status":"final","code":{"coding":[{"system":"urn:tsunagi:CodeSystem:checkup",\
            "code":"\(checkup)"}]},\
            "effectiveDateTime":"\(day.text)","performer":[{"display":"見本 医師"}],\
            "result":[\(results.joined(separator: ","))]}
            """
        return Array(text.utf8)
    }

    /// `isWell`: nothing that asks anything of the town.
    static func infant(isWell: Bool) -> [(String, String)] {
        [
            ("weight", quantity("6.42", "kg")), ("height", quantity("62.5", "cm")),
            ("head-circumference", quantity("41.0", "cm")), ("hip", answer("hip", "none")),
            ("neck-control", answer("neck-control", isWell ? "yes" : "no")),
            ("child-judgement", answer("child-judgement", isWell ? "healthy" : "observation")),
        ]
    }

    static func birth(of baby: SyntheticResident, notified: CalendarDay) -> [UInt8] {
        let text = """
            [{"myNumber":"\(baby.individualNumber)","notificationKey":"C-\(baby.index)",\
            "notificationKind":"child","notifiedOn":"\(notified.text)",\
            "dateOfBirth":"\(baby.dateOfBirth)"}]
            """
        return Array(text.utf8)
    }

    /// `3rd to 10th percentile` of a range that says where the measurement lies.
    static func percentiles(_ range: JSONObject) -> String {
        let place = range["extension"]?.array?.first?.object?["extension"]?.array ?? []
        func part(_ name: String) -> Int? {
            place.compactMap(\.object).first { $0["url"]?.string == name }?["valueInteger"]?.int
        }
        switch (part("atLeast"), part("below")) {
        case (let low?, let high?): return "between the percentiles \(low) and \(high)"
        case (nil, let high?): return "below percentile \(high)"
        case (let low?, nil): return "at or above percentile \(low)"
        case (nil, nil): return ""
        }
    }

    static func quantity(_ value: String, _ unit: String) -> String {
        """
        "valueQuantity":{"value":\(value),"unit":"\(unit)","system":"http://unitsofmeasure.org",\
        "code":"\(unit)"}
        """
    }

    static func answer(_ item: String, _ code: String) -> String {
        """
        "valueCodeableConcept":{"coding":[{"system":"urn:tsunagi:CodeSystem:checkup-answer:\(item)",\
        "code":"\(code)"}]}
        """
    }
}

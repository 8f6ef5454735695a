import Exchange
import Foundation
import Ledger

/// 妊娠届から3歳児健診まで: one mother and her child, partly away from home. Every finding is typed once, by the clinic
/// or the town that made it, every answer once, by her, on her phone; the story tells in one morning what
/// took four years, each with its own day.
extension DemoStory {
    func motherAndChild() throws {
        guard let mother = cast.mother, let toddler = cast.toddler else { return }
        teller.chapter("13. A mother from her notification to the child's third-year checkup")
        let birth = toddler.bornOn
        let town = try cast.town(of: mother)
        try settle([mother, toddler], in: town)
        try pregnancy(of: mother, bornOn: birth, told: town)
        try delivery(of: mother, toddler, bornOn: birth, told: town)
        try childhood(of: toddler, bornOn: birth, told: town)
        try handbook(of: toddler)
    }

    private func settle(_ people: [SyntheticResident], in town: Party) throws {
        for person in people {
            try told(
                cast.authority, "/card-feed/events", "family-card-\(person.index).json",
                cast.feed(of: person), isShown: false)
            try told(
                town, "/medical-subsidy/history-registration-tasks",
                "family-\(person.index).json", cast.registration(of: town, for: person),
                isShown: false)
        }
    }

    private func pregnancy(
        of mother: SyntheticResident, bornOn birth: CalendarDay, told town: Party
    ) throws {
        try notify(town, MotherBody.pregnancy(of: mother, bornOn: birth, isDelivered: false))
        teller.say("She notifies her town once. Her card is from now on her fourteen tickets:")
        let items = [
            ("maternal-weight", CheckupBody.quantity("58.4", "kg")),
            ("systolic", CheckupBody.quantity("112", "mm[Hg]")),
            ("diastolic", CheckupBody.quantity("70", "mm[Hg]")),
            ("urine-protein", CheckupBody.answer("urine-protein", "-")),
            ("urine-sugar", CheckupBody.answer("urine-sugar", "-")),
        ]
        for (place, daysBefore) in [(cast.clinic, 180), (cast.clinic, 90), (cast.awayHospital, 14)]
        {
            try examine(
                mother, "prenatal", on: birth.adding(days: -daysBefore), at: place, items)
        }
        teller.say("The last one far from home: the same ticket, and nobody paid in advance.")
    }

    private func delivery(
        of mother: SyntheticResident, _ child: SyntheticResident, bornOn birth: CalendarDay,
        told town: Party
    ) throws {
        try notify(
            town, MotherBody.pregnancy(of: mother, bornOn: birth, isDelivered: true),
            MotherBody.birth(of: child, to: mother, bornOn: birth))
        teller.say("The birth is notified, and mother and child are related by the town's word.")
        let items = [
            ("maternal-weight", CheckupBody.quantity("54.0", "kg")),
            ("systolic", CheckupBody.quantity("108", "mm[Hg]")),
            ("diastolic", CheckupBody.quantity("66", "mm[Hg]")),
        ]
        teller.say("At home she answers how she feels, on her phone and in confidence:")
        try answer(.feelings, as: mother)
        try examine(
            mother, "postpartum-2w", on: birth.adding(days: 14), at: cast.awayHospital, items,
            asked: .feelings)
        teller.say("  (by a consent of its own; the hospital types none of it)")
    }

    private func childhood(
        of child: SyntheticResident, bornOn birth: CalendarDay, told town: Party
    ) throws {
        func measured(_ weight: String, _ height: String) -> [(String, String)] {
            [
                ("weight", CheckupBody.quantity(weight, "kg")),
                ("height", CheckupBody.quantity(height, "cm")),
                ("head-circumference", CheckupBody.quantity("46.0", "cm")),
                ("child-judgement", CheckupBody.answer("child-judgement", "healthy")),
            ]
        }
        try examine(
            child, "infant-3-4m", on: birth.anniversary(months: 3).adding(days: 9),
            at: cast.clinic, measured("6.30", "61.8"))
        try examine(
            child, "infant-6-7m", on: birth.anniversary(months: 6).adding(days: 12),
            at: cast.clinic, measured("7.80", "67.4"))
        try massCheckup(
            of: child, "infant-18m", on: birth.anniversary(months: 18).adding(days: 20), by: town,
            measured("10.40", "80.1"))
        let waiting = try unseen(of: child, by: town)
        teller.say("At three years the town sees who has not come: \(waiting). It reminds them.")
        try told(
            town, "/maternal-health/reminders", "remind.json",
            Array(
                #"{"checkup":"infant-3y","notificationKeys":["C-\#(child.index)"]}"#.utf8),
            status: 200)
        teller.say("The questions of the third-year checkup are answered at home:")
        try answer(.thirdYear, as: child)
        try examine(
            child, "infant-3y", on: WallClock.now().dayInJapan, at: cast.clinic,
            measured("14.20", "94.6"), asked: .thirdYear)
        teller.say("Afterwards on the town's list: \(try unseen(of: child, by: town)).")
    }

    private func handbook(of child: SyntheticResident) throws {
        let token = try session(of: child.index)
        let headers = ["Authorization: Bearer \(token)"]
        let plan = try teller.send(
            .init(
                party: cast.portal, listener: .resident, path: "/fhir/CarePlan", headers: headers))
        try expect(plan, 200)
        let first = plan.json?["entry"]?.array?.first?.object?["resource"]?.object
        let steps = (first?["activity"]?.array ?? []).compactMap { $0.object?["detail"]?.object }
        teller.say("The family's handbook: \(first?["description"]?.string ?? "")")
        for step in steps where step["status"]?.string == "completed" {
            teller.say("  done: \(step["code"]?.object?["text"]?.string ?? "")")
        }
    }

    private func unseen(of child: SyntheticResident, by town: Party) throws -> String {
        let answer = try teller.send(
            .init(
                party: town, listener: .office,
                path: "/maternal-health/unseen?checkup=infant-3y&count=1000", isShown: false))
        try expect(answer, 200)
        let keys = (answer.json?["targets"]?.array ?? []).compactMap {
            $0.object?["notificationKey"]?.string
        }
        return keys.contains("C-\(child.index)") ? "C-\(child.index)" : "nobody of this family"
    }

    private func examine(
        _ person: SyntheticResident, _ checkup: String, on day: CalendarDay, at place: Party,
        _ items: [(String, String)], asked: Asked? = nil
    ) throws {
        let visit = try open(
            person.index, consents: ["maternal", "maternal-sensitive"], at: place, isShown: false)
        if let asked {
            let read = try answers(to: asked, in: visit, at: place)
            teller.say("  \(cast.names[place] ?? "") reads: \(read)")
        }
        let body = CheckupBody.make(
            (visit.text("visit"), visit.text("patient")), day: day, checkup: checkup,
            identifier: "story-\(checkup)-\(day.text)", items: items)
        let made = try teller.send(
            .init(
                method: "POST", party: place, listener: .institution,
                path: "/fhir/DiagnosticReport", body: ("story.json", body), isShown: false))
        try expect(made, 201)
        let name = made.json?["code"]?.object?["text"]?.string ?? checkup
        teller.say("  \(day.text) \(name), \(cast.names[place] ?? ""): \(claim(in: made))")
    }

    /// 集団健診: the town examined sixty children that morning; this is the row of one, sent by itself.
    private func massCheckup(
        of child: SyntheticResident, _ checkup: String, on day: CalendarDay, by town: Party,
        _ items: [(String, String)]
    ) throws {
        teller.say(
            "The checkup at a year and a half is the town's own, in a hall; no visit, no card:")
        let body = CheckupBody.make(
            notified: "C-\(child.index)", day: day, checkup: checkup,
            identifier: "hall-\(day.text)-\(child.index)", items: items)
        let made = try teller.send(
            .init(
                method: "POST", party: town, listener: .office, path: "/fhir/DiagnosticReport",
                body: ("hall.json", body)))
        try expect(made, 201)
        let name = made.json?["code"]?.object?["text"]?.string ?? checkup
        teller.say("  \(day.text) \(name), the town itself: \(claim(in: made))")
    }

    private func notify(_ town: Party, _ rows: String...) throws {
        try told(
            town, "/maternal-health/registration-tasks", "family-words.json",
            Array("[\(rows.joined(separator: ","))]".utf8))
    }

    private func told(
        _ office: Party, _ path: String, _ name: String, _ body: [UInt8], status: Int = 202,
        isShown: Bool = true
    ) throws {
        let answer = try teller.send(
            .init(
                method: "POST", party: office, listener: .office, path: path, body: (name, body),
                isShown: isShown))
        try expect(answer, status)
        guard (answer.json?["refused"]?.int ?? 0) == 0 else {
            throw Command.Failure(description: String(decoding: answer.body, as: UTF8.self))
        }
    }
}

/// What the town of the story says of the family.
private enum MotherBody {
    /// 39 weeks 3 days at birth.
    static func pregnancy(
        of mother: SyntheticResident, bornOn birth: CalendarDay, isDelivered: Bool
    ) -> String {
        let delivery = #","delivery":{"on":"\#(birth.text)","live":1,"still":0}"#
        return """
            {"myNumber":"\(mother.individualNumber)","notificationKey":"P-\(mother.index)",\
            "notificationKind":"pregnancy","notifiedOn":"\(birth.adding(days: -215).text)",\
            "expectedDate":"\(birth.adding(days: 4).text)","fetuses":1,\
            "handbookNumbers":["2023-0417"]\(isDelivered ? delivery : "")}
            """
    }

    static func birth(
        of child: SyntheticResident, to mother: SyntheticResident, bornOn birth: CalendarDay
    ) -> String {
        """
        {"myNumber":"\(child.individualNumber)","notificationKey":"C-\(child.index)",\
        "notificationKind":"child","notifiedOn":"\(birth.adding(days: 9).text)",\
        "dateOfBirth":"\(birth.text)","pregnancyKey":"P-\(mother.index)"}
        """
    }
}

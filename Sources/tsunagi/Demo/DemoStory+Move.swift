import Exchange
import Ledger

/// 転居: a family leaves for another municipality. Each side tells of it in its own words and at its own time,
/// and both then hold what the gateway signed.
extension DemoStory {
    func move() throws {
        guard let family = cast.movingFamily else { return }
        let (old, new) = (cast.offices[0], cast.offices[2])
        let day = WallClock.now().dayInJapan.adding(days: -3)
        let arrived = family.map {
            cast.residents[$0].moved(to: cast.residents.bodies[1], place: 1, on: day)
        }
        teller.say("")
        teller.say(
            "\(arrived[0].name) and her children move to \(cast.names[new] ?? ""). It tells of them first, "
                + "with what it gives from then on:")
        try tell(arrived, by: new, .movedIn, from: old, on: day, isShown: true)
        var json = JSONWriter(reservingBytes: 8_192)
        json.beginArray()
        for person in arrived { person.writeRegistration(of: new.code, to: &json) }
        json.endArray()
        let given = try teller.send(
            .init(
                method: "POST", party: new, listener: .office,
                path: "/medical-subsidy/history-registration-tasks",
                body: ("registration-moved.json", json.bytes), isShown: false))
        try expect(given, 202)
        teller.say(summary(given))
        teller.say(
            "The old one tells of it a day later; no day is left between, and none is double:")
        try tell(arrived, by: old, .movedOut, from: new, on: day, isShown: false)
        let theirs =
            cast.wholeList(of: new, afterNight: false)
            + arrived.flatMap { cast.list(of: $0, by: new) }
        teller.say("Both hold it against what was signed:")
        for (town, rows) in [(old, cast.ended(of: arrived, at: old, by: day)), (new, theirs)] {
            let verdict = try compare(town, rows, "moved-\(town.code).csv", isShown: false)
            guard verdict.isAgreed else { throw Command.Failure(description: verdict.text) }
            teller.say("\(cast.names[town] ?? town.code): \(verdict.text)")
        }
    }

    private func tell(
        _ family: [SyntheticResident], by town: Party, _ kind: LifeEvent.Kind, from other: Party,
        on day: CalendarDay, isShown: Bool
    ) throws {
        var json = JSONWriter(reservingBytes: 4_096)
        json.beginArray()
        for person in family { person.write(kind, other: other, on: day, to: &json) }
        json.endArray()
        let answer = try teller.send(
            .init(
                method: "POST", party: town, listener: .office,
                path: "/life-events/registration-tasks",
                body: ("\(kind)-\(town.code).json", json.bytes), isShown: isShown))
        try expect(answer, 202)
        teller.say(summary(answer))
    }
}

extension DemoCast {
    /// A mother and her children who live in the first municipality, hold its certificates and appear nowhere
    /// else; a small cast may have none.
    var movingFamily: [Int]? {
        let today = WallClock.now().dayInJapan
        let others = Set(
            [child, movedChild, adult, chronic?.index, baby].compactMap { $0.map { $0 / 4 } })
        return stride(from: residents.count - residents.count % 4 - 4, through: 0, by: -4).first {
            let mother = residents[$0]
            return !others.contains($0 / 4) && mother.residences.count == 1
                && mother.residences[0].body.municipality == offices[0].code
                && !mother.isNotDisclosed
                && (1...2).contains { place in
                    residents[mother.index + place].entitlements.contains {
                        $0.body == offices[0].code && $0.holds(on: today.adding(days: -3))
                    }
                }
        }.map { Array($0..<$0 + 3) }
    }

    /// The old municipality's list once its own system has ended what it gave the family.
    fileprivate func ended(
        of family: [SyntheticResident], at office: Party, by day: CalendarDay
    ) -> [[String: String]] {
        let numbers = Set(family.map(\.individualNumber))
        return wholeList(of: office).compactMap { row in
            guard let number = row["個人番号"], numbers.contains(number),
                let from = row["資格有効期間開始"], let to = row["資格有効期間終了"]
            else { return row }
            // What had not begun is taken back.
            guard from < day.text else { return nil }
            return row.merging(["資格有効期間終了": min(to, day.adding(days: -1).text)]) { $1 }
        }
    }
}

extension SyntheticResident {
    fileprivate func write(
        _ kind: LifeEvent.Kind, other: Party, on day: CalendarDay, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("sequence", "\(kind.rawValue)-\(index)")
        json.member("kind", kind.rawValue)
        json.member("municipalityIdentityKey", "demo-\(index)")
        json.member("myNumber", individualNumber)
        json.member("effectiveOn", day.text)
        json.member("knownOn", day.text)
        json.member("otherMunicipality", other.code)
        if kind.isArrival {
            json.member("name", name)
            json.member("nameKana", nameKana.isEmpty ? nil : nameKana)
            json.member("dateOfBirth", dateOfBirth)
            json.member("sex", sex)
        }
        json.member("isNotDisclosed", isNotDisclosed)
        json.endObject()
    }
}

import Exchange
import Foundation
import Ledger
import Trust

/// 登場人物: the parties of the demo, its residents, and real (software) cards for those who appear in
/// person.
struct DemoCast {
    let clinic: Party
    let pharmacy: Party
    let hospital: Party
    /// 里帰り先: in another prefecture.
    let awayHospital: Party
    let portal: Party
    let authority: Party
    let offices: [Party]
    let residents: SyntheticResidents
    let names: [Party: String]
    /// Who appears in person, by index into `residents`.
    let child: Int
    let movedChild: Int
    let adult: Int
    /// 慢性の患者; among very few residents there may be none.
    let chronic: Chronic?
    /// Whose first vaccinations are due; a small cast may have none.
    let baby: Int?
    /// 乳児: beside the invented residents, because few of those are of an age to be measured.
    let babyResident: SyntheticResident
    /// 母と三歳の子: beside the invented residents; among very few there may be no home for them.
    let mother: SyntheticResident?
    let toddler: SyntheticResident?
    let cards: [Int: SoftwareCard]
    let issuer: [UInt8]

    init(world: World, residents count: Int) async throws {
        let today = WallClock.now().dayInJapan
        residents = SyntheticResidents(count: count, today: today)
        clinic = try Party(role: .institution, code: "1319999995")
        pharmacy = try Party(role: .institution, code: "1349999992")
        hospital = try Party(role: .institution, code: "1319999987")
        awayHospital = try Party(role: .institution, code: "4019999990")
        portal = try Party(role: .portal, code: "demo-portal")
        authority = try Party(role: .cardauthority, code: "demo-card-authority")
        var names: [Party: String] = [
            clinic: "見本こどもクリニック", pharmacy: "見本調剤薬局", hospital: "見本総合病院",
            awayHospital: "見本里帰り産院", portal: "見本ポータル", authority: "見本カード機関",
        ]
        var offices: [Party] = []
        for body in residents.bodies {
            let town = try Party(role: .municipality, code: body.municipality)
            let prefecture = try Party(role: .prefecture, code: body.prefecture)
            names[town] = body.place
            names[prefecture] = String(body.place.prefix(3))
            offices += [town, prefecture]
        }
        self.offices = offices
        self.names = names
        try await world.enrol(
            Self.operators() + names.map { .init(party: $0.key, name: $0.value) },
            since: today.adding(days: -4000))
        child = Self.first(residents) { person in
            person.residences.count == 1 && !person.isNotDisclosed
                && person.entitlements.contains { $0.holds(on: today) && !$0.isAlwaysReimbursement }
        }
        movedChild = Self.first(residents) { $0.residences.count > 1 && !$0.entitlements.isEmpty }
        adult = Self.first(residents) { $0.entitlements.isEmpty }
        chronic = Self.chronic(residents, on: today)
        for party in [hospital, pharmacy, clinic] {
            guard let chronic else { break }
            try await world.designate(party, .init(body: chronic.body, scheme: chronic.law))
        }
        baby = residents.indices.first { [residents] in
            let person = residents[$0]
            return (90...300).contains(today.daysSince1970 - person.bornOn.daysSince1970)
                && person.residences.count == 1
                && person.entitlements.contains { $0.holds(on: today) }
        }
        babyResident = residents[child].sibling(count, bornOn: today.adding(days: -110))
        let home = residents.first { Self.isHome($0, on: today) }
        mother = home?.sibling(count + 1, bornOn: today.adding(days: -11_000))
        toddler = home?.sibling(count + 2, bornOn: today.adding(days: -1_130))
        let term = DevelopmentPKI.Term(
            from: WallClock.now().adding(seconds: -86_400),
            to: WallClock.now().adding(seconds: 86_400 * 1_800))
        var cards: [Int: SoftwareCard] = [:]
        let others = [baby, chronic?.index, mother?.index, toddler?.index].compactMap(\.self)
        for index in [child, movedChild, adult, babyResident.index] + others {
            cards[index] = try SoftwareCard(issuedBy: world.pki, algorithm: .rsa2048, term: term)
        }
        cards[adult] = try SoftwareCard(issuedBy: world.pki, algorithm: .p384, term: term)
        self.cards = cards
        issuer = try world.pki.anchor(.cards).subject.der
    }

    /// For `tsunagi card sign`: whoever tries by hand has the same cards as the story.
    func saveCards(in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, index) in [("child", child), ("moved", movedChild), ("adult", adult)] {
            try cards[index]?.save("\(folder)/\(name).pem")
        }
    }

    /// 運用者: two, because one alone rotates no key and archives no month.
    private static func operators() throws -> [PartyRegistry.Listing] {
        try ["sato", "suzuki"].map {
            .init(party: try Party(role: .operator_, code: $0), name: $0)
        }
    }

    /// Where a child may be born whose municipality gives tickets, and has for long enough.
    private static func isHome(_ person: SyntheticResident, on today: CalendarDay) -> Bool {
        guard let home = person.residences.last, person.residences.count == 1 else { return false }
        return home.body.municipality == "132101" && home.from <= today.adding(days: -1_500)
            && !person.isNotDisclosed && person.entitlements.contains { $0.holds(on: today) }
    }

    private static func chronic(
        _ residents: SyntheticResidents, on day: CalendarDay
    ) -> Chronic? {
        for resident in residents {
            if let chronic = Chronic(resident, on: day) { return chronic }
        }
        return nil
    }

    /// Where the chronic patient goes.
    var counters: [Party] { [hospital, pharmacy, clinic] }

    private static func first(
        _ residents: SyntheticResidents, where isMeant: (SyntheticResident) -> Bool
    ) -> Int {
        residents.indices.first { isMeant(residents[$0]) } ?? 0
    }

    /// The card authority's feed for these residents, in bodies of at most so many events.
    func feed(of range: Range<Int>) -> [UInt8] {
        var json = JSONWriter(reservingBytes: range.count * 600)
        json.beginArray()
        for index in range {
            residents[index].writeFeed(issuer: Base64.text(issuer), to: &json)
            guard let card = cards[index] else { continue }
            write(card, of: residents[index], to: &json)
        }
        json.endArray()
        return json.bytes
    }

    func feed(of resident: SyntheticResident) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 4_096)
        json.beginArray()
        resident.writeFeed(issuer: Base64.text(issuer), to: &json)
        if let card = cards[resident.index] { write(card, of: resident, to: &json) }
        json.endArray()
        return json.bytes
    }

    func registration(of office: Party, for resident: SyntheticResident) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 4_096)
        json.beginArray()
        resident.writeRegistration(of: office.code, to: &json)
        json.endArray()
        return json.bytes
    }

    func town(of resident: SyntheticResident) throws -> Party {
        try Party(
            role: .municipality, code: resident.residences.last?.body.municipality ?? "")
    }

    /// The one body's registration for all residents.
    func registration(of office: Party) -> [UInt8] {
        var json = JSONWriter(reservingBytes: 1_000_000)
        json.beginArray()
        for resident in residents { resident.writeRegistration(of: office.code, to: &json) }
        json.endArray()
        return json.bytes
    }

    private func write(
        _ card: SoftwareCard, of resident: SyntheticResident, to json: inout JSONWriter
    ) {
        json.beginObject()
        json.member("kind", "bind")
        json.member("myNumber", resident.individualNumber)
        json.member("issuer", Base64.text(card.issuerDER))
        json.member("serial", Hexadecimal.text(card.serial))
        json.member("validFrom", card.notBefore.dayInJapan.text)
        json.member("validTo", card.notAfter.dayInJapan.text)
        json.member("sequence", "card-\(resident.index)")
        json.endObject()
    }
}

extension SyntheticEntitlement {
    func holds(on day: CalendarDay) -> Bool { validFrom <= day && day <= validTo }
}

extension DemoCast {
    /// Somebody whose certificate has a monthly cap, with a bill of which three are more than it.
    struct Chronic {
        let index: Int
        let body: String
        let type: String
        let law: String
        let cap: Int

        init?(_ resident: SyntheticResident, on day: CalendarDay) {
            let scheme = SyntheticScheme.rareDiseases
            guard resident.residences.count == 1,
                let held = resident.entitlements.first(where: {
                    $0.scheme.certificateTypeID == scheme.certificateTypeID && $0.holds(on: day)
                        && !$0.isAlwaysReimbursement
                }), let segment = held.segment
            else { return nil }
            index = resident.index
            body = held.body
            type = scheme.certificateTypeID
            law = scheme.lawNumber
            cap = scheme.monthlyLimits[segment]
        }

        /// The scheme asks a fifth: two fifths of the cap.
        var cost: Int { cap * 2 }
    }
}

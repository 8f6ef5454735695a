package import Exchange
import Ledger
import Synchronization
package import Trust

/// 登場機関: the parties every running gateway knows. Municipalities are those of profiles/subsidy/programs.
package enum Cast {
    package static let clinic = party(.institution, "1310000001")
    package static let pharmacy = party(.institution, "1340000002")
    /// For tests that stop a party or use up its allowance.
    package static let spare = party(.institution, "1310000003")
    package static let paperClinic = party(.institution, "1310000004")
    package static let notOptedIn = party(.institution, "1310000005")
    package static let unregistered = party(.institution, "1310000006")
    package static let town = party(.municipality, "132101")
    package static let prefecture = party(.prefecture, "130001")
    package static let otherTown = party(.municipality, "222216")
    package static let otherPrefecture = party(.prefecture, "220001")
    /// Has schemes in profiles/, and never connects.
    package static let silentTown = party(.municipality, "232025")
    package static let authority = party(.cardauthority, "card-authority")
    package static let auditor = party(.auditor, "board-of-audit")
    package static let reviewer = party(.reviewer, "review-and-payment")
    package static let statistics = party(.statistics, "statistics-bureau")
    package static let ombudsman = party(.ombudsman, "privacy-review-board")
    package static let ministry = party(.ministry, "ministry-in-charge")
    package static let portal = party(.portal, "portal-one")
    package static let otherPortal = party(.portal, "portal-two")

    static let all: [Party] = [
        clinic, pharmacy, spare, paperClinic, town, prefecture, otherTown, otherPrefecture,
        silentTown, authority,
        auditor, reviewer, statistics, ombudsman, ministry, portal, otherPortal,
    ]

    /// 運用者: what one of them asks for waits for the other.
    package static let operators = [
        party(.operator_, "operator-one"), party(.operator_, "operator-two"),
    ]

    private static func party(_ role: Role, _ code: String) -> Party {
        guard let party = try? Party(role: role, code: code) else {
            preconditionFailure("no party")
        }
        return party
    }
}

/// An invented resident: a number and what offices say of the person.
package struct TestResident: Sendable {
    package let number: String
    package var name: String
    package var nameKana: String
    package var dateOfBirth: String
    package var sex: String
    package let index: Int
}

/// Invents residents, none twice. Cards share two keys, because making an RSA key takes its time.
package final class TestPeople: Sendable {
    private let chance = Mutex(Seeded(0x7473_756E))
    private let count = Mutex(0)

    package init() {}

    package func next() -> TestResident {
        let index = count.withLock { count in
            count += 1
            return count
        }
        return TestResident(
            number: chance.withLock { $0.individualNumber() }, name: "見本 住民\(index)",
            nameKana: "ミホン ジュウミン",
            dateOfBirth: "2018-05-\(index % 28 < 9 ? "0" : "")\(index % 28 + 1)",
            sex: "2", index: index)
    }

    package static func card(
        _ pki: DevelopmentPKI, _ algorithm: SoftwareCard.Algorithm = .p384, from: Instant,
        to: Instant, serial: [UInt8]? = nil
    ) throws -> SoftwareCard {
        let key = try (algorithm == .rsa2048 ? rsa : p384).get()
        return try SoftwareCard(
            issuedBy: pki, key: key, term: .init(from: from, to: to), serial: serial)
    }

    private static let rsa = Result { try SoftwareCard.Key(.rsa2048) }
    private static let p384 = Result { try SoftwareCard.Key(.p384) }
}

extension RecordID {
    /// 試験の番号: as random as any, of letters and hyphens alone. A number that a town gives is searched for
    /// individual numbers, and of a few thousand random ones with digits one looks like that.
    package static func letters() -> String {
        String(
            random().text.map { digit in
                digit.wholeNumberValue.map { Character(Unicode.Scalar(UInt8(0x67 + $0))) } ?? digit
            })
    }
}

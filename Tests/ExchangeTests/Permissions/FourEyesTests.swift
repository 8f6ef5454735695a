import Exchange
import Testing

/// 四つの目: who counts as another person.
@Suite struct FourEyesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let first: Officer
        let second: Officer
        /// By name or certificate; by name and certificate.
        let accepted: [Bool]
        var testDescription: String { name }
    }

    static let town = "municipality:132101"
    static let prefecture = "prefecture:130001"
    static let cases: [Case] = [
        Case(
            name: "another name with another certificate",
            first: Officer(party: town, name: "sato", certificate: [1]),
            second: Officer(party: town, name: "suzuki", certificate: [2]),
            accepted: [true, true]),
        Case(
            name: "another name with the same certificate",
            first: Officer(party: town, name: "sato", certificate: [1]),
            second: Officer(party: town, name: "suzuki", certificate: [1]),
            accepted: [true, false]),
        Case(
            name: "the same name with another certificate",
            first: Officer(party: town, name: "sato", certificate: [1]),
            second: Officer(party: town, name: "sato", certificate: [2]),
            accepted: [false, false]),
        Case(
            name: "nobody named, with another certificate",
            first: Officer(party: town, name: nil, certificate: [1]),
            second: Officer(party: town, name: nil, certificate: [2]),
            accepted: [true, false]),
        Case(
            name: "one named, with another certificate",
            first: Officer(party: town, name: nil, certificate: [1]),
            second: Officer(party: town, name: "sato", certificate: [2]),
            accepted: [true, false]),
        Case(
            name: "the same again",
            first: Officer(party: town, name: "sato", certificate: [1]),
            second: Officer(party: town, name: "sato", certificate: [1]),
            accepted: [false, false]),
        Case(
            name: "nobody named",
            first: Officer(party: town, name: nil, certificate: [1]),
            second: Officer(party: town, name: "suzuki", certificate: [1]),
            accepted: [false, false]),
        Case(
            name: "the same name in another office",
            first: Officer(party: town, name: "sato", certificate: [1]),
            second: Officer(party: prefecture, name: "sato", certificate: [2]),
            accepted: [true, true]),
        Case(
            name: "two operators at a command",
            first: Officer(party: "operator:one", name: nil, certificate: nil),
            second: Officer(party: "operator:two", name: nil, certificate: nil),
            accepted: [true, false]),
    ]

    @Test(arguments: cases)
    func `the second is told from the first as the rule says`(row: Case) {
        let rules = [FourEyes.Difference.nameOrCertificate, .nameAndCertificate].map {
            FourEyes(deed: .massChange, toldApartBy: $0)
        }
        #expect(rules.map { $0.accepts(row.second, after: row.first) } == row.accepted)
        #expect(rules.map { $0.accepts(row.first, after: row.second) } == row.accepted)
    }
}

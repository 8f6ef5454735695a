import Exchange
import Testing
import Trust

/// RFC 5280 §7.1: which names are one name.
@Suite struct NameChainingTests {
    struct Row: Sendable, CustomStringConvertible {
        let description: String
        var isSame = true
        let subject: [UInt8]
        let issuer: [UInt8]
    }

    @Test(arguments: table)
    func `a path chains by what names say, not by how they are written`(row: Row) {
        for (above, below) in [(row.subject, row.issuer), (row.issuer, row.subject)] {
            var root = HandMade.root
            root.subject = above
            root.issuer = above
            var leaf = HandMade()
            leaf.issuer = below
            let reason = HandMade.reason(anchor: root.der, leaf: leaf.der)
            #expect(reason == (row.isSame ? nil : .issuerUnknown))
        }
    }

    static func names(
        _ description: String, _ subject: String, _ issuer: String, isSame: Bool = true
    ) -> Row {
        Row(
            description: description, isSame: isSame, subject: Raw.name(subject),
            issuer: Raw.name(issuer))
    }

    static func wide(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    static let country = Raw.attribute(6, 19, Array("JP".utf8))
    static let organisation = Raw.attribute(10, 12, Array("Office".utf8))
    static let common = Raw.common("Root")

    static let table: [Row] = [
        names("the same", "Good CA", "Good CA"),
        names("letter case", "Good CA", "gOOD ca"),
        names("runs of spaces", "Good CA", "Good    CA"),
        names("spaces at the ends", "Good CA", "  Good CA "),
        names("a tab for a space", "Good CA", "Good\tCA"),
        names("no space", "Good CA", "GoodCA", isSame: false),
        names("another word", "Good CA", "Good CB", isSame: false),
        names("a longer word", "Good CA", "Good CA1", isSame: false),
        names("letter case beyond ASCII", "Société Ägypten", "SOCIÉTÉ ägypten"),
        names("composed and decomposed", "Soci\u{E9}t\u{E9}", "Socie\u{301}te\u{301}"),
        names("an accent", "Société", "Societe", isSame: false),
        names("full width", "Tsunagi CA 1", "Ｔｓｕｎａｇｉ　ＣＡ　１"),
        names("an ideographic space", "認証局 一", "認証局\u{3000}一"),
        names("a soft hyphen", "Good CA", "Go\u{AD}od CA"),
        names("a zero-width space", "認証局", "認\u{200B}証局"),
        names("other ideographs", "認証局", "認證局", isSame: false),
        names("a Cyrillic letter", "Good CA", "Gооd CA", isSame: false),
        Row(
            description: "PrintableString and UTF8String",
            subject: Raw.sequence(Raw.common("Good CA", tag: 19)),
            issuer: Raw.sequence(Raw.common("good  ca", tag: 12))),
        Row(
            description: "UTF8String and BMPString", subject: Raw.name("認証局 A"),
            issuer: Raw.sequence(Raw.attribute(3, 30, wide("認証局 a")))),
        Row(
            description: "PrintableString and IA5String",
            subject: Raw.sequence(Raw.common("Good CA", tag: 19)),
            issuer: Raw.sequence(Raw.common("Good CA", tag: 22))),
        Row(
            description: "the same TeletexString",
            subject: Raw.sequence(Raw.common("Good CA", tag: 20)),
            issuer: Raw.sequence(Raw.common("Good CA", tag: 20))),
        // Which characters T.61 means is not agreed on, so its bytes count.
        Row(
            description: "TeletexString and UTF8String", isSame: false,
            subject: Raw.sequence(Raw.common("Good CA", tag: 20)), issuer: Raw.name("Good CA")),
        Row(
            description: "the order of relative names", isSame: false,
            subject: Raw.sequence(country, organisation),
            issuer: Raw.sequence(organisation, country)),
        Row(
            description: "one relative name more", isSame: false,
            subject: Raw.sequence(country, organisation),
            issuer: Raw.sequence(country, organisation, common)),
        Row(
            description: "two relative names and one of two attributes", isSame: false,
            subject: Raw.sequence(country, organisation),
            issuer: Raw.sequence(Raw.node(0x31, Array(country[2...]), Array(organisation[2...])))),
        Row(
            description: "the order within a relative name",
            subject: Raw.sequence(Raw.node(0x31, Array(country[2...]), Array(organisation[2...]))),
            issuer: Raw.sequence(Raw.node(0x31, Array(organisation[2...]), Array(country[2...])))),
        Row(
            description: "another attribute of the same value", isSame: false,
            subject: Raw.sequence(Raw.common("Office")), issuer: Raw.sequence(organisation)),
    ]
}

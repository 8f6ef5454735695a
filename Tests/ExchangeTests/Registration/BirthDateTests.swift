import Exchange
import Testing

@Suite struct BirthDateTests {
    static let known: [(String, String?, String?)] = [
        ("1987-06-05", "1987-06-05", "1987-06-05"), ("1950-00-00", "1950-01-01", "1950-12-31"),
        ("1948-02-00", "1948-02-01", "1948-02-29"), ("0000-00-00", nil, nil), ("不明", nil, nil),
    ]

    @Test(arguments: known)
    func `what is known of a birth date is kept`(text: String, earliest: String?, latest: String?)
        throws
    {
        let date = try BirthDate(text)
        #expect(date.text == text)
        #expect(date.earliest?.text == earliest && date.latest?.text == latest)
        #expect(date.day?.text == (earliest == latest ? earliest : nil))
    }

    @Test(arguments: [
        "", "1950-00-12", "1950-13-00", "1950-02-30", "1800-01-01", "S50.1.1", "19500101",
        "1950-1-1",
    ])
    func `what cannot be is refused`(text: String) {
        #expect(throws: Refusal.malformed("birthDate")) { try BirthDate(text, item: "birthDate") }
    }
}

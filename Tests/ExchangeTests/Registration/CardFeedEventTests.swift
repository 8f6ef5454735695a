import Exchange
import Testing

@Suite struct CardFeedEventTests {
    static let issuer = "MAA="
    static let bind =
        #"{"kind":"bind","myNumber":"123456789018","issuer":"MAA=","serial":"00ab01","#
        + #""validFrom":"2026-04-01","validTo":"2031-04-01","sequence":"e1"}"#

    @Test func `a binding, a move and a revocation are read`() throws {
        let body =
            "[\(Self.bind),"
            + #"{"kind":"bind","myNumber":"123456789018","issuer":"MAA=","serial":"0C","#
            + #""validFrom":"2026-04-01T00:00:00+09:00","validTo":"2031-04-01T00:00:00Z","sequence":2,"#
            + #""supersedes":{"issuer":"MAA=","serial":"ab01"}},"#
            + #"{"kind":"residence","myNumber":"123456789018","municipality":"132047","#
            + #""from":"2026-04-01","sequence":"e3"},"#
            + #"{"kind":"residence","myNumber":"123456789018","municipality":null,"#
            + #""from":"2026-04-01","sequence":"e4"},"#
            + #"{"kind":"revoke","issuer":"MAA=","serial":"ab01","sequence":"e5"}]"#
        let events = try readCardFeedEvents(Array(body.utf8)).map { try $0.get() }
        #expect(events.map(\.sequence) == ["e1", "2", "e3", "e4", "e5"])
        guard case .bind(let first, _, let from, let to, nil) = events[0].change,
            case .bind(_, _, _, _, let earlier) = events[1].change,
            case .residence(_, let town, let day) = events[2].change,
            case .residence(_, nil, _) = events[3].change,
            case .revoke(let revoked) = events[4].change
        else {
            Issue.record("an event was read as another")
            return
        }
        #expect(first.issuer == [0x30, 0] && first.serial == [0xAB, 1])
        #expect(from.dayInJapan.text == "2026-04-01" && to.dayInJapan.text == "2031-04-01")
        #expect(to.adding(seconds: 1).dayInJapan.text == "2031-04-02")
        #expect(earlier == first && revoked == first)
        #expect(town?.digits == "132047" && day.text == "2026-04-01")
    }

    static let spoilt: [(String, String, String, RowCode)] = [
        (#""bind""#, #""bound""#, "kind", .format), (#""kind":"bind","#, "", "kind", .required),
        (#""123456789018""#, #""123456789010""#, "myNumber", .number),
        ("MAA=", "MAA", "issuer", .format), ("MAA=", "MQA=", "issuer", .format),
        ("00ab01", "0ab01", "serial", .format), ("00ab01", "00", "serial", .format),
        ("00ab01", String(repeating: "ab", count: 21), "serial", .format),
        ("2031-04-01", "2025-04-01", "validTo", .dateOrder),
        ("2026-04-01", "2026-04-31", "validFrom", .format),
        (#","sequence":"e1""#, "", "sequence", .required),
        (#""e1""#, #""e1","supersedes":{"issuer":"MAA="}"#, "supersedes.serial", .required),
        (#""e1""#, #""e1","note":"123456789018""#, "note", .individualNumberElsewhere),
    ]

    @Test(arguments: spoilt)
    func `a spoilt event is refused by name`(old: String, new: String, item: String, code: RowCode)
        throws
    {
        let body = "[\(Self.bind.replacing(old, with: new))]"
        let result = try #require(try readCardFeedEvents(Array(body.utf8)).first)
        guard case .failure(let refusal) = result else {
            Issue.record("taken")
            return
        }
        #expect(refusal.findings.contains { $0.item == item && $0.code == code })
    }

    @Test func `a move without its municipality is not a death`() throws {
        let body =
            #"[{"kind":"residence","myNumber":"123456789018","from":"2026-04-01","sequence":"e"}]"#
        guard case .failure(let refusal)? = try readCardFeedEvents(Array(body.utf8)).first else {
            Issue.record("taken")
            return
        }
        #expect(refusal.findings.map(\.item) == ["municipality"])
    }
}

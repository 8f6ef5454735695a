import Exchange
import Ledger
import TestSupport
import Testing

/// 連携のCSV: the same lines for systems that read files, in their own encoding.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct DeliveryTableTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func table(_ query: String, accept: String? = "text/csv") async throws
        -> TLSClient.Answer
    {
        try await gateway.send(
            Cast.town, "GET", "/deliveries/immunization" + query,
            headers: accept.map { [("Accept", $0)] } ?? [])
    }

    /// The rows by the names of the first one.
    private static func rows(_ answer: TLSClient.Answer, _ encoding: TextEncoding) throws
        -> [[String: String]]
    {
        var bytes = answer.body[...]
        if encoding == .utf8WithMark { bytes = bytes.dropFirst(TextEncoding.mark.count) }
        let text = Characters(encoding, table: .cp932).text(of: bytes)
        let rows = try #require(text).split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(rows.first)
        return rows.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
    }

    private func record(lot: String) async throws {
        var dose = SentDose(on: today)
        dose.lot = lot
        try await gateway.record(
            dose, gateway.openVaccinationVisit(gateway.settleBaby())
        ).expect(201)
    }

    private func catchUp() async throws {
        let answer = try await gateway.send(
            Cast.town, "GET", "/deliveries/immunization?_count=1000")
        let residents = Set(answer.entries.compactMap { $0["patient"]?.object?.text })
        gateway.expectMoreEntries(max(0, residents.count - 1))
        if let next = answer.next { _ = try await gateway.send(Cast.town, "GET", next) }
    }

    @Test(arguments: TextEncoding.allCases)
    func `a dose is a row in the encoding that was asked for`(_ encoding: TextEncoding)
        async throws
    {
        try await catchUp()
        try await record(lot: "AB12")
        let answer = try await table("?encoding=\(encoding.rawValue)", accept: nil)
        try answer.expect(200)
        let charset = encoding == .cp932 ? "Windows-31J" : "UTF-8"
        #expect(answer["Content-Type"] == "text/csv; charset=\(charset); header=present")
        let row = try #require(try Self.rows(answer, encoding).first)
        #expect(row["製造番号"] == "AB12" && row["接種日"] == today.text)
        #expect(row["医療機関コード"] == Cast.clinic.code && row["請求額"] == "20010")
        #expect(row["取下げ"] == "0" && row["つなぎ:書けない文字"]?.isEmpty == true)
        let place = try #require(row["位置"])
        let link = try #require(answer["Link"])
        #expect(link.hasPrefix("</deliveries/immunization?_cursor=\(place)&"))
        #expect(link.hasSuffix("&encoding=\(encoding.rawValue)>; rel=\"next\""))
    }

    @Test func `what cannot be written is told with its place, and no formula runs`() async throws {
        try await catchUp()
        try await record(lot: "=𠮷1")
        let answer = try await table("?encoding=cp932")
        let row = try #require(try Self.rows(answer, .cp932).first)
        #expect(row["製造番号"] == "'=〓1")
        #expect(row["つなぎ:書けない文字"] == "製造番号:2:U+20BB7")
        let again = try await table("?encoding=utf-8")
        #expect(try Self.rows(again, .utf8).first?["製造番号"] == "'=𠮷1")
    }

    @Test func `an encoding that is none is refused`() async throws {
        let answer = try await table("?encoding=shift_jis")
        gateway.expect(.malformed("encoding"), in: answer)
    }
}

import Exchange
import Testing

/// 診療年月: one month in every way a list writes it, and none that never was.
@Suite struct ServiceMonthTests {
    static let written: [(text: String, month: String)] = [
        ("202604", "2026-04"), ("2026-04", "2026-04"), ("2026/4", "2026-04"),
        ("2026.4", "2026-04"), ("2026年4月", "2026-04"), ("２０２６／０４", "2026-04"),
        ("50804", "2026-04"), ("５０８０４", "2026-04"), ("R8.4", "2026-04"),
        ("r8-04", "2026-04"), ("Ｒ８．４", "2026-04"), ("令和8年4月", "2026-04"),
        ("令和８年０４月", "2026-04"), ("令和元年5月", "2019-05"), ("R元.12", "2019-12"),
        // A month that two eras share is of either.
        ("平成31年5月", "2019-05"), ("昭和64年1月", "1989-01"), ("平成元年1月", "1989-01"),
    ]

    @Test(arguments: written)
    func `a month is read however it is written`(_ row: (text: String, month: String)) {
        #expect(ServiceMonth(written: row.text)?.text == row.month)
    }

    @Test(arguments: [
        "", "2026", "202613", "2026-00", "2026-13", "26-04", "2026-4-1", "2026年4", "4月", "令和8年",
        "令和0年4月",
        "令和8年4月1日", "令和元年4月", "平成31年6月", "昭和64年2月", "X8.4", "R8", "60804", "令和八年四月", "R8.4.1",
        "-04",
    ])
    func `a month that never was is none`(_ text: String) {
        #expect(ServiceMonth(written: text) == nil)
    }
}

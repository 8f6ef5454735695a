/// 診療報酬明細書(レセプト): one RE record and those that belong to it, as a receipt file tells them. What a
/// reconciliation asks for is typed; every line stays as it arrived.
package struct UkeReceipt: Sendable {
    /// 1, 2, 3 … of the file, as the file numbers it; 0 when it is unreadable.
    package var number = 0
    /// Of its RE record, from 1.
    package var line = 0
    /// Ten digits: prefecture, score table and the seven of the header.
    package var institution: UInt64 = 0
    package var scoreTable = 0
    /// 処方箋を発行した医療機関, in the same form; 0 where the receipt names none.
    package var prescriber: UInt64 = 0
    package var month: ServiceMonth?
    /// レセプト種別: four digits.
    package var type = 0
    package var birth: CalendarDay?
    /// 男女区分: 1 or 2; 0 when it says neither.
    package var sex = 0
    /// 特記事項: bit n for code n.
    package var specialNotes: UInt64 = 0
    /// 検索番号: set when an earlier receipt came back and this takes its place.
    package var isResubmission = false
    package var insurance: Insurance?
    package var publics: [Public] = []
    /// 受診日: bit n for day n of the month, of any payer; 0 when the receipt names no days.
    package var days: UInt32 = 0
    package var hasErrors = false
    /// Every record of the receipt in its order, and their bytes one after another.
    package private(set) var records: [UkeRecord] = []
    private var text: [UInt8] = []

    /// A record as it arrived, without its line end.
    package func bytes(of record: UkeRecord) -> ArraySlice<UInt8> {
        text[record.start..<record.end]
    }

    mutating func keep(_ kind: UkeKind, line: Int, _ bytes: ArraySlice<UInt8>) {
        let start = text.count
        text += bytes
        records.append(UkeRecord(line: line, kind: kind, start: start, end: text.count))
    }

    /// 保険者レコード.
    package struct Insurance: Hashable, Sendable {
        package var number: InsurerNumber?
        package var days: Int?
        package var points: Int?
        /// 一部負担金額.
        package var copayment: Int?
        package var meals: Meals?
        /// 職務上の事由; 0 when there is none.
        package var dutyReason: Int
    }

    /// 公費レコード, in the order of the file.
    package struct Public: Hashable, Sendable {
        package var payer: PublicPayerNumber?
        package var recipient: RecipientNumber?
        package var days: Int?
        package var points: Int?
        package var copayment: Int?
        package var meals: Meals?
    }

    /// 食事・生活療養: times and yen.
    package struct Meals: Hashable, Sendable {
        package var times: Int
        package var yen: Int
    }
}

/// Where one record of a receipt is.
package struct UkeRecord: Hashable, Sendable {
    /// In the file, from 1.
    package let line: Int
    package let kind: UkeKind
    fileprivate let start: Int
    fileprivate let end: Int
}

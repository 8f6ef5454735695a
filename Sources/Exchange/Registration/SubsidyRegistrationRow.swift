/// 医療費助成対象者情報の1行: one row as a municipality registered it. The typed items are for deciding;
/// `face` and `basicFiveInfo` keep every item exactly as it was written; of a resident who is not disclosed,
/// `face` keeps no address.
package struct SubsidyRegistrationRow: Sendable {
    package enum Sex: String, Sendable {
        case unknown = "0"
        case male = "1"
        case female = "2"
        case notSet = "3"
        case notApplicable = "9"
    }

    package struct Person: Sendable {
        package let name: String
        /// Absent for people whose name has no reading in kana.
        package let nameKana: String?
        /// Absent only where the municipality withholds it for a protected person.
        package let address: String?
        package let dateOfBirth: BirthDate
        package let sex: Sex
        package let isNotDisclosed: Bool
    }

    /// 受給者証: what is printed on the certificate and decides.
    package struct Certificate: Sendable {
        package let typeID: String
        package let name: String
        package let payerNumber: PublicPayerNumber?
        package let recipientNumber: RecipientNumber?
        package let subKey: String?
        package let segment: String?
        package let incomeSegment: String?
        package let additionalConditions: [AdditionalCondition]
        package let designatedMedicalInstitutions: String?
        package let isAlwaysReimbursement: Bool
        package let maxCopaymentAmount: JSONObject?
        package let validFrom: CalendarDay
        package let validTo: CalendarDay
        package let detail: [JSON]
    }

    /// 追加条件: `項目コード-コード`.
    package struct AdditionalCondition: Hashable, Sendable {
        package let item: String
        package let code: String
    }

    /// Place in the body, from 0.
    package let index: Int
    package let number: GivenNumber
    package let person: Person
    package let certificate: Certificate
    /// Absent in the full form of v0.1.1.
    package let historyKey: String?
    package let isDeleted: Bool
    /// JSON text of all items as written, without `myNumber` and `basicFiveInfo`, and where the resident is
    /// not disclosed without what says an address.
    package let face: String
    /// JSON text of `basicFiveInfo` as written.
    package let basicFiveInfo: String
    package private(set) var warnings: [RowFinding]

    init(
        index: Int, number: GivenNumber, person: Person, certificate: Certificate,
        history: (key: String?, isDeleted: Bool), warnings: [RowFinding], object: JSONObject
    ) {
        self.index = index
        self.number = number
        self.person = person
        self.certificate = certificate
        historyKey = history.key
        isDeleted = history.isDeleted
        self.warnings = warnings
        let items = object.without("myNumber").without("basicFiveInfo")
        let shown =
            person.isNotDisclosed ? ProtectedFace(address: person.address).kept(of: items) : items
        face = JSON.object(shown).text
        basicFiveInfo = (object["basicFiveInfo"] ?? .null).text
    }

    /// 行の鍵: by which a later row is known to speak of this one. Without a history key it is the first day:
    /// two terms of one certificate are two rows, and the next one takes nothing from the one that runs.
    package var rowKey: String { historyKey ?? certificate.validFrom.text }

    mutating func warn(_ finding: RowFinding) {
        warnings.append(finding)
    }
}

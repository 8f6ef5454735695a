/// 自治体検診対象者情報登録API(自治体) v1.0.0: a target of municipal checkups, registered or removed. The items
/// beyond the keys differ by checkup; `face` keeps them exactly as written.
package struct MunicipalCheckupRow: Sendable {
    /// 更新区分.
    package enum Modification: String, Sendable {
        case registerOrUpdate = "1"
        /// 転出・死亡, or registered by mistake; sent again to correct the day.
        case delete = "2"
    }

    /// Place in the body, from 0.
    package let index: Int
    package let modification: Modification
    package let number: GivenNumber
    package let municipalityIdentityKey: String
    /// 消除の異動日, where it was given.
    package let removalDate: CalendarDay?
    /// JSON text of all items as written, without `myNumber`.
    package let face: String
    package let warnings: [RowFinding]
}

package func readMunicipalCheckupRows(_ body: [UInt8]) throws(Refusal)
    -> [Result<MunicipalCheckupRow, RowRefusal>]
{
    try readRows(body) { object, index in
        readMunicipalCheckupRow(object, index: index, number: .inTheRow)
    }
}

extension CheckedRow {
    /// 検診対象者のファイル: by the same rules as a row of the API.
    package func checkupRow(number: NumberPlace) -> Result<MunicipalCheckupRow, RowRefusal> {
        readMunicipalCheckupRow(object, index: line - 1, number: number)
    }
}

private func readMunicipalCheckupRow(
    _ object: JSONObject, index: Int, number place: NumberPlace
) -> Result<MunicipalCheckupRow, RowRefusal> {
    var reader = RowReader(object, index: index, number: place)
    let modification = reader.parsed("modificationSeg") { text throws(Refusal) in
        guard let value = MunicipalCheckupRow.Modification(rawValue: text) else {
            throw .malformed("modificationSeg")
        }
        return value
    }
    let number = reader.individualNumber()
    let key = reader.text(
        "municipalityIdentityKey", charactersMax: RegistrationLimits.identityKeyCharactersMax)
    let removal = reader.day("removalDate", isRequired: false)
    reader.refuseIndividualNumbers(own: number, keyItems: ["municipalityIdentityKey"])
    guard !reader.hasErrors, let modification, let number, let key else {
        return .failure(RowRefusal(reader.findings))
    }
    return .success(
        MunicipalCheckupRow(
            index: index, modification: modification, number: number,
            municipalityIdentityKey: key, removalDate: removal,
            face: JSON.object(object.without("myNumber")).text, warnings: reader.findings))
}

import Exchange
import Testing

/// What `tsunagi immunization check` says of one case.
struct VaccinationCase: CustomStringConvertible {
    let verdict: String
    let rule: String?
    let earliest: String?
    let latest: String?

    var description: String { "\(verdict) \(rule ?? "-") \(earliest ?? "-")" }

    static func rules() throws -> ImmunizationRules { try #require(Profiles.book.immunization) }

    /// By `id`.
    static func answers(_ cases: JSON) throws -> [String: VaccinationCase] {
        let file = JSON.object(JSONObject([.init(name: "data", value: cases)]))
        let told = try ImmunizationCheckCases(reading: Array(file.text.utf8), rules()).answers
        var answers: [String: VaccinationCase] = [:]
        for case .object(let row) in try JSON(reading: told).object?["data"]?.array ?? [] {
            answers[try row.requiredString("id")] = VaccinationCase(
                verdict: try row.requiredString("verdict"), rule: try row.optionalString("rule"),
                earliest: try row.optionalString("earliest"),
                latest: try row.optionalString("latest"))
        }
        return answers
    }

    /// `MR 2026-04-01, 水痘 2026-04-28`: the last is the candidate. `nil` birth and sex are unknown.
    static func judge(_ given: String, birth: String?, sex: String? = nil) throws
        -> VaccinationCase
    {
        var members: [JSONObject.Member] = [.init(name: "id", value: .string("x"))]
        if let birth { members.append(.init(name: "birth", value: .string(birth))) }
        if let sex { members.append(.init(name: "sex", value: .string(sex))) }
        let doses = given.split(separator: ",").map { text in
            let parts = text.split(separator: " ")
            return JSON.object(
                JSONObject([
                    .init(name: "v", value: .string(String(parts[0]))),
                    .init(name: "date", value: .string(String(parts[1]))),
                ]))
        }
        members.append(.init(name: "given", value: .array(doses)))
        return try #require(
            answers(.array([.object(JSONObject(members))]))["x"])
    }

    /// The schedule that permits the last of the doses, read as `judge` does; `nil` where none does.
    static func programme(permitting given: String, birth: String?, sex: String? = nil) throws
        -> String?
    {
        let rules = try rules()
        let doses = try given.split(separator: ",").map { text in
            let parts = text.split(separator: " ")
            return GivenDose(
                rules.vaccine(named: String(parts[0])), on: try CalendarDay(String(parts[1])))
        }
        let answer = checkBeforeNeedle(
            NeedleQuestion(
                birth: try birth.map { try CalendarDay($0) },
                sex: sex.flatMap { ResidentSex(rawValue: $0) },
                history: Array(doses.dropLast()), candidate: try #require(doses.last)), rules)
        guard answer.verdict != .stop else { return nil }
        return answer.programme.map { rules.programmes[$0].code }
    }
}

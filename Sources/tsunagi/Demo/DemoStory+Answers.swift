import Exchange
import Foundation

/// 問診票: answered once on the phone, before the checkup, and read by whoever examines. Nobody types it again.
extension DemoStory {
    /// The form of one checkup, with the answer to each of its questions by the number it has on the form.
    struct Asked {
        let form: String
        /// `/fhir`, or below `/fhir/sensitive` what is asked in confidence.
        let base: String
        let answers: [(linkID: String, code: String)]

        /// エジンバラ産後うつ病質問票: eight points, below what asks for support.
        static let feelings = Asked(
            form: "sensitive-screening-epds-postpartum-2w", base: "/fhir/sensitive",
            answers: [
                ("1", "1"), ("2", "2"), ("3", "2"), ("4", "3"), ("5", "3"), ("6", "3"),
                ("7", "4"), ("8", "3"), ("9", "4"), ("10", "4"),
            ])

        static let thirdYear = Asked(
            form: "screening-child-history-3y-infant-3y", base: "/fhir",
            answers: [
                ("congenital", "no"), ("convulsions", "no"), ("asthma-atopy", "no"),
                ("food-allergy", "yes"),
            ])
    }

    func answer(_ asked: Asked, as resident: SyntheticResident) throws {
        let bearer = "Authorization: Bearer \(try session(of: resident.index))"
        let draft = try teller.send(
            .init(
                party: cast.portal, listener: .resident,
                path: "/fhir/Questionnaire/\(Asked.thirdYear.form)-1/$populate",
                headers: [bearer], isShown: false))
        // What is asked in confidence has no draft; the resident's id at this portal is the same.
        try expect(draft, 200)
        let parameter = draft.json?["parameter"]?.array?.first?.object
        let subject = parameter?["resource"]?.object?["subject"]?.object
        let saved = try teller.send(
            .init(
                method: "POST", party: cast.portal, listener: .resident,
                path: asked.base + "/QuestionnaireResponse",
                body: ("answers.json", asked.body(of: subject?["reference"]?.string ?? "")),
                headers: [bearer]))
        try expect(saved, 201)
    }

    /// What the clinic of a visit finds answered: how many questions, what they come to, what they ask for.
    func answers(
        to asked: Asked, in visit: Teller.Answer, at place: Party
    ) throws -> String {
        let search = "subject=\(visit.text("patient"))&visit=\(visit.text("visit"))"
        let read = try teller.send(
            .init(
                method: "POST", party: place, listener: .institution,
                path: asked.base + "/QuestionnaireResponse/_search",
                body: ("answers.txt", Array(search.utf8)), isShown: false,
                contentType: "application/x-www-form-urlencoded"))
        try expect(read, 200)
        let found = read.json?["entry"]?.array?.first?.object?["resource"]?.object
        guard let found else { throw Command.Failure(description: "no answers were found") }
        let count = found["item"]?.array?.count ?? 0
        let parts = (found["extension"]?.array?.first?.object?["extension"]?.array ?? [])
            .compactMap(\.object)
        let total = parts.compactMap { $0["valueInteger"]?.int }.first
        let asks = parts.compactMap { $0["valueCoding"]?.object?["code"]?.string }
        return "\(count) answers" + (total.map { ", \($0) points" } ?? "")
            + (asks.isEmpty ? "" : ", which ask for \(asks.joined(separator: " and "))")
    }
}

extension DemoStory.Asked {
    fileprivate func body(of patient: String) -> [UInt8] {
        let items = answers.map {
            #"{"linkId":"\#($0.linkID)","answer":[{"valueCoding":{"code":"\#($0.code)"}}]}"#
        }
        let text = """
            {"resourceType":"QuestionnaireResponse",\
            "questionnaire":"urn:tsunagi:Questionnaire:\(form)|1","status":"completed",\
            "subject":{"reference":"\(patient)"},"item":[\(items.joined(separator: ","))]}
            """
        return Array(text.utf8)
    }
}

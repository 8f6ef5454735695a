/// 決まり文句: what the Observations of one resident say alike, item by item and answer by answer. A
/// timeline of years has the same few of them a thousand times: each is written once and copied.
struct ObservationPhrases {
    let patientID: String
    private let items: CheckupItems
    private var heads: [Key: [UInt8]] = [:]
    private var answers: [Key: [UInt8]] = [:]

    private struct Key: Hashable {
        /// Of an answer, the element that it stands in.
        var name = ""
        let item: String
        /// 未実施, or an answer's code.
        let said: String?
    }

    init(of patientID: String, _ items: CheckupItems) {
        self.patientID = patientID
        self.items = items
    }

    /// Profile, status, category, code and subject.
    mutating func head(_ entry: CheckupResult.Entry) -> [UInt8] {
        var isExamined = true
        if case .notExamined = entry.value { isExamined = false }
        let key = Key(item: entry.item, said: isExamined ? nil : "")
        if let head = heads[key] { return head }
        let item = items[entry.item]
        var writer = JSONWriter(reservingBytes: 512)
        writer.profile(FHIR.Profile.observation + (item?.jpCore.profile ?? "Common"))
        writer.member("status", isExamined ? "final" : "cancelled")
        writer.array("category") {
            $0.conceptItem(FHIR.System.observationCategory, item?.jpCore.category ?? "exam")
        }
        writer.object("code") { code in
            code.array("coding") { codings in
                codings.codingItem(FHIR.System.checkupItem, entry.item, display: item?.name.en)
                if let known = item?.jpCore?.coding {
                    codings.codingItem(known.system, known.code)
                }
            }
            code.member("text", item?.name.ja)
        }
        writer.reference("subject", "Patient/" + patientID)
        heads[key] = writer.bytes
        return writer.bytes
    }

    /// A coded answer, or why there is none.
    mutating func answer(
        _ name: String, _ item: String, _ system: @autoclosure () -> String, _ code: String,
        _ text: (CheckupItems) -> BilingualText?
    ) -> [UInt8] {
        let key = Key(name: name, item: item, said: code)
        if let answer = answers[key] { return answer }
        let text = text(items)
        var writer = JSONWriter(reservingBytes: 256)
        writer.object(name) { concept in
            concept.array("coding") { $0.codingItem(system(), code, display: text?.en) }
            concept.member("text", text?.ja)
        }
        answers[key] = writer.bytes
        return writer.bytes
    }
}

extension JSONWriter {
    /// What every Observation of a checkup says, but for its id.
    mutating func write(
        _ entry: CheckupResult.Entry, on time: String, _ phrases: inout ObservationPhrases
    ) {
        members(phrases.head(entry))
        member("effectiveDateTime", time)
        switch entry.value {
        case .quantity(let digits, let unit):
            object("valueQuantity") {
                $0.name("value")
                $0.raw(digits)
                $0.member("unit", unit)
                $0.member("system", FHIR.System.ucum)
                $0.member("code", unit)
            }
        case .choice(let answer):
            members(
                phrases.answer(
                    "valueCodeableConcept", entry.item, FHIR.System.checkupAnswer(entry.item),
                    answer
                ) { $0[entry.item]?.choiceName(answer) })
        case .day(let day): member("valueDateTime", day)
        case .text(let text): member("valueString", text)
        case .notExamined(let reason):
            members(
                phrases.answer("dataAbsentReason", "", FHIR.System.notExamined, reason) {
                    $0.notExaminedReasons[reason]
                })
        }
    }
}

extension CheckupItem.JPCoreCode? {
    fileprivate var profile: String {
        map { $0.isBodyMeasurement ? "BodyMeasurement" : "VitalSigns" } ?? "Common"
    }

    fileprivate var category: String {
        map { $0.isBodyMeasurement ? "body-measurement" : "vital-signs" } ?? "exam"
    }
}

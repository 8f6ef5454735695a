/// 答えの定型: what every answer says in the same bytes, written once for each version of the rules.
struct EligibilityPhrases: Sendable {
    /// What an answer says of one body and scheme: parts of the outcome's extension, and the words of
    /// the disposition.
    struct Subject: Sendable {
        let parts: [UInt8]
        let words: BilingualText

        init(body: String, program: SubsidyProgram?, bodyName: BilingualText) {
            var writer = JSONWriter(reservingBytes: 512)
            Self.write(body, program, bodyName, to: &writer)
            parts = writer.bytes
            guard let name = program?.name else {
                words = BilingualText(ja: bodyName.ja + ": ", en: bodyName.en + ": ")
                return
            }
            words = BilingualText(
                ja: bodyName.ja + " " + name.ja + ": ", en: bodyName.en + " " + name.en + ": ")
        }

        private static func write(
            _ body: String, _ program: SubsidyProgram?, _ bodyName: BilingualText,
            to parts: inout JSONWriter
        ) {
            parts.object {
                $0.member("url", "body")
                $0.coding(
                    "valueCoding", FHIR.System.localGovernment, body, display: bodyName.ja)
            }
            guard let program else { return }
            parts.object {
                $0.member("url", "scheme")
                $0.coding(
                    "valueCoding", FHIR.System.certificateType + body, program.certificateTypeID,
                    display: program.name.ja)
            }
            if let law = program.lawNumber { parts.extensionItem("lawNumber", "valueCode", law) }
        }
    }

    private let outcomes: [EligibilityOutcome: [UInt8]]
    private let warnings: [EligibilityWarning.Code: [UInt8]]
    private let subjects: [ObjectIdentifier: Subject]

    init(
        programs: [SubsidyProgram], bodyNames: [String: BilingualText], texts: EligibilityTexts
    ) {
        outcomes = Self.codes(of: EligibilityOutcome.allCases, FHIR.System.outcome) {
            texts[outcome: $0].display.ja
        }
        warnings = Self.codes(of: EligibilityWarning.Code.allCases, FHIR.System.warning) {
            texts[warning: $0].display.ja
        }
        // A pattern's programs are of many bodies: they are written when they are met.
        subjects = Dictionary(
            programs.compactMap { program in
                bodyNames[program.body].map {
                    let subject = Subject(body: program.body, program: program, bodyName: $0)
                    return (ObjectIdentifier(program), subject)
                }
            }, uniquingKeysWith: { first, _ in first })
    }

    private static func codes<Code: RawRepresentable<String> & Hashable>(
        of codes: [Code], _ system: String, display: (Code) -> String
    ) -> [Code: [UInt8]] {
        var written: [Code: [UInt8]] = [:]
        for code in codes {
            var writer = JSONWriter(reservingBytes: 160)
            writer.object {
                $0.member("url", "code")
                $0.coding("valueCoding", system, code.rawValue, display: display(code))
            }
            written[code] = writer.bytes
        }
        return written
    }

    /// The extension part that holds the code; total, because all codes were written.
    subscript(outcome outcome: EligibilityOutcome) -> [UInt8] { outcomes[outcome] ?? [] }
    subscript(warning code: EligibilityWarning.Code) -> [UInt8] { warnings[code] ?? [] }

    func subject(body: String, program: SubsidyProgram?, of rules: SubsidyRules) -> Subject {
        if let program, program.body == body, let kept = subjects[ObjectIdentifier(program)] {
            return kept
        }
        return Subject(body: body, program: program, bodyName: rules.bodyName(body))
    }
}

/// 制度マスタの一覧: one body's own schemes as the newest rules have them, with the codes that its certificates
/// may carry, and who registered them. Of that body alone, and of no resident.
package struct SchemeList: Sendable {
    /// Of the rules.
    private let version: String
    private let programs: [SubsidyProgram]
    /// The body's own word stands, and not an operator's file.
    private let isRegistered: Bool
    private let origins: [String: RuleOrigin]

    /// `origins` by `SubsidyProgram.ownKey`.
    package init(
        of body: String, in rules: SubsidyRules, version: String, isRegistered: Bool,
        origins: [String: RuleOrigin]
    ) {
        self.version = version
        self.isRegistered = isRegistered
        self.origins = origins
        programs = rules.programs.filter { $0.body == body }.sorted { $0.ownKey < $1.ownKey }
    }

    /// `day`: those that hold on it, and no others.
    package func json(on day: CalendarDay?, _ part: ListPart) -> [UInt8] {
        let asked = programs.filter { program in
            day.map { program.effective.contains($0) } ?? true
        }
        let (shown, next) = part.of(asked)
        var writer = JSONWriter(reservingBytes: 64 + shown.count * 1_024)
        writer.object { list in
            list.member("rules", version)
            list.array("schemes") { rows in
                for program in shown {
                    rows.object {
                        program.write(to: &$0)
                        $0.member("isRegistered", isRegistered)
                        origins[program.ownKey]?.write(to: &$0)
                    }
                }
            }
            list.member("next", next)
        }
        return writer.bytes
    }
}

extension SubsidyProgram {
    /// What names it among those of its body: 受給者証種別 and 適用開始日. A row of a file has it, too
    /// (`SchemeMasterRow.programKey`).
    fileprivate var ownKey: String { "\(certificateTypeID)\t\(effective.from.text)" }

    /// By the items of a file of schemes.
    fileprivate func write(to row: inout JSONWriter) {
        row.member("orgSpecificCertificateTypeId", certificateTypeID)
        row.member("name", name.ja)
        row.member("nameEnglish", name.en)
        row.member("consentKind", consentKind.code)
        row.member("lawNumber", lawNumber)
        row.member("priority", priority)
        row.member("requiresDesignation", requiresDesignation)
        row.member("effectiveFrom", effective.from.text)
        row.member("effectiveTo", effective.to?.text)
        for (member, codes) in [
            ("incomeSegments", incomeSegments), ("additionalConditions", additionalConditions),
        ] {
            row.array(member) { list in
                for code in codes {
                    list.object {
                        $0.member("code", code.code)
                        $0.member("name", code.name.ja)
                        $0.member("nameEnglish", code.name.en)
                    }
                }
            }
        }
    }
}

/// 医療費助成の決まりの読み取り: `profiles/subsidy/`, each file checked against the others before any of it
/// counts.
extension RuleFolder {
    func subsidyRules(
        version: String, consentKinds: [ConsentKindRule], isKept: Bool
    ) throws(RuleFault) -> SubsidyRules {
        let kinds = Set(consentKinds.filter { $0.field == "subsidy" }.map(\.kind))
        let lawNumbers = try lawNumbers()
        var programs: [SubsidyProgram] = []
        var bodyNames: [String: BilingualText] = [:]
        for file in try readers(in: "subsidy/programs/") {
            let body = try file.bodyPattern("body")
            bodyNames[body] = try file.text("name")
            for row in try file.children("programs") {
                let program = try SubsidyProgram(reading: row, body: body, of: file)
                guard kinds.contains(program.consentKind) else {
                    throw row.fault("consentKind", "is no consent kind of the field subsidy")
                }
                if let law = program.lawNumber, !lawNumbers.order.contains(law) {
                    throw row.fault("lawNumber", "is not in subsidy/law-numbers.json")
                }
                guard !programs.contains(where: { $0.overlaps(program) }) else {
                    throw row.fault("effectiveFrom", "overlaps another row of the same type")
                }
                programs.append(program)
            }
        }
        return SubsidyRules(
            version: version, programs: programs, consentKinds: kinds, lawNumbers: lawNumbers,
            limits: (try limits(), try moves(isKept: isKept)), bodyNames: bodyNames,
            texts: try texts())
    }

    /// A version kept from before there were life events ended every entitlement with the last day.
    private func moves(isKept: Bool) throws(RuleFault) -> MoveRules {
        let path = "subsidy/moves.json"
        if isKept, files[path] == nil { return .ending }
        let file = try file(path)
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "arrivalWithinDays", "schemes"])
        var schemes: [MoveRules.Scheme] = []
        for row in try file.children("schemes") {
            try row.requireOnly(["body", "certificateTypeID", "afterMove"])
            schemes.append(
                MoveRules.Scheme(
                    body: try row.bodyPattern("body"),
                    certificateTypeID: try row.string("certificateTypeID"),
                    afterMove: try row.choice("afterMove")))
        }
        return MoveRules(
            arrivalWithinDays: try file.int("arrivalWithinDays", in: 0...366), schemes: schemes)
    }

    func lawNumbers() throws(RuleFault) -> LawNumbers {
        let file = try file("subsidy/law-numbers.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "order"])
        var names: [String: String] = [:]
        let order = try file.rows("order", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name"])
            let code = try row.string("code")
            names[code] = try row.string("name")
            return code
        }
        return LawNumbers(order: order, names: names)
    }

    private func limits() throws(RuleFault) -> EligibilityLimits {
        let file = try file("subsidy/eligibility.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "stale", "cardExpiresSoonDays"])
        let stale = try file.child("stale")
        try stale.requireOnly(["hours", "bodies"])
        var byBody: [String: Int] = [:]
        for row in try stale.optionalChildren("bodies") {
            try row.requireOnly(["body", "hours"])
            byBody[try row.bodyPattern("body")] = try row.int("hours", in: 1...8784)
        }
        return EligibilityLimits(
            staleHoursDefault: try stale.int("hours", in: 1...8784), staleHoursByBody: byBody,
            staleHoursByField: try feedHours(),
            cardExpiresSoonDays: try file.int("cardExpiresSoonDays", in: 0...366))
    }

    /// 分野ごとの鮮度. Without the file, as in versions kept from before it, every field is as entitlements are.
    private func feedHours() throws(RuleFault) -> [StatementField: Int] {
        let path = "registration/feeds.json"
        guard files[path] != nil else { return [:] }
        let file = try file(path)
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "fields"])
        var hours: [StatementField: Int] = [:]
        for row in try file.children("fields") {
            try row.requireOnly(["field", "hours"])
            let field: StatementField = try row.choice("field")
            hours[field] = try row.int("hours", in: 1...8784)
        }
        return hours
    }

    private func texts() throws(RuleFault) -> EligibilityTexts {
        let outcomes = try texts(in: "subsidy/eligibility-outcome.json") {
            EligibilityOutcome(rawValue: $0)
        }
        let warnings = try texts(in: "subsidy/eligibility-warning.json") {
            EligibilityWarning.Code(rawValue: $0)
        }
        return EligibilityTexts(outcomes: outcomes, warnings: warnings)
    }

    /// A FHIR CodeSystem that must hold exactly the codes of a closed set of ours.
    private func texts<Code: CaseIterable & Hashable & RawRepresentable<String>>(
        in path: String, code: (String) -> Code?
    ) throws(RuleFault) -> [Code: EligibilityTexts.Text] {
        let file = try file(path)
        _ = try file.resourceSource()
        var texts: [Code: EligibilityTexts.Text] = [:]
        _ = try file.rows("concept", uniqueBy: "code") { concept throws(RuleFault) in
            guard let code = code(try concept.string("code")) else {
                throw concept.fault("code", "is not one of the closed set")
            }
            texts[code] = EligibilityTexts.Text(
                display: BilingualText(
                    ja: try concept.designation(), en: try concept.string("display")),
                definition: BilingualText(
                    ja: try concept.property("definitionJa"), en: try concept.string("definition")),
                nextAction: BilingualText(
                    ja: try concept.property("nextActionJa"),
                    en: try concept.property("nextActionEn")))
        }
        for code in Code.allCases where texts[code] == nil {
            throw file.fault("concept", "leaves out \(code.rawValue)")
        }
        return texts
    }
}

extension SubsidyProgram {
    fileprivate convenience init(
        reading row: RuleReader, body: String, of file: RuleReader
    ) throws(RuleFault) {
        try row.requireOnly([
            "certificateTypeID", "name", "consentKind", "lawNumber", "priority", "effectiveFrom",
            "effectiveTo", "requiresDesignation", "incomeSegments", "additionalConditions",
        ])
        self.init(
            Row(
                certificateTypeID: try row.string("certificateTypeID"),
                name: try row.text("name"), consentKind: try row.consentKind("consentKind"),
                lawNumber: try row.optionalString("lawNumber"),
                priority: try row.int("priority", in: 0...9999),
                requiresDesignation: try row.bool("requiresDesignation")),
            body: body, effective: try row.effectivePeriod(),
            names: (
                try row.codedTexts("incomeSegments"), try row.codedTexts("additionalConditions")
            ),
            source: try file.source())
    }

    fileprivate func overlaps(_ other: SubsidyProgram) -> Bool {
        body == other.body && certificateTypeID == other.certificateTypeID
            && effective.overlaps(other.effective)
    }
}

extension RuleReader {
    fileprivate func bodyPattern(_ name: String) throws(RuleFault) -> String {
        let body = try string(name)
        let isFormed = body.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x3F }
        guard body.utf8.count == 6, isFormed else {
            throw fault(name, "is not six digits (or ?)")
        }
        return body
    }

    fileprivate func codedTexts(_ name: String) throws(RuleFault) -> [SubsidyProgram.CodedText] {
        var texts: [SubsidyProgram.CodedText] = []
        for row in try optionalChildren(name) {
            try row.requireOnly(["code", "name"])
            texts.append(.init(code: try row.string("code"), name: try row.text("name")))
        }
        return texts
    }

    /// A FHIR resource names its source in an extension, so that it stays a FHIR resource.
    fileprivate func resourceSource() throws(RuleFault) -> RuleSource {
        for row in try children("extension")
        where try row.string("url") == "urn:tsunagi:StructureDefinition:rule-source" {
            var found: [String: String] = [:]
            for part in try row.children("extension") {
                let url = try part.string("url")
                found[url] = try part.string(url == "verified" ? "valueCode" : "valueString")
            }
            guard let text = found["source"], let verified = found["verified"] else { break }
            return RuleSource(text: text, isVerified: verified == "verified")
        }
        throw fault("extension", "names no source")
    }

    /// `designation[]` in Japanese.
    fileprivate func designation() throws(RuleFault) -> String {
        for row in try children("designation") where try row.string("language") == "ja" {
            return try row.string("value")
        }
        throw fault("designation", "has no Japanese")
    }

    /// `property[]` of the given code.
    fileprivate func property(_ code: String) throws(RuleFault) -> String {
        for row in try children("property") where try row.string("code") == code {
            return try row.string("valueString")
        }
        throw fault("property", "has no \(code)")
    }
}

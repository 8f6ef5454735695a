/// 接種の決まりの読み取り: `immunization/schedule/`, one file for each schedule.
extension RuleFolder {
    func programmes(_ register: VaccineRegister) throws(RuleFault) -> [Programme] {
        var programmes: [(programme: Programme, file: RuleReader)] = []
        for file in try readers(in: "immunization/schedule/") {
            let programme = try Programme(reading: file, register)
            for other in programmes.map(\.programme) {
                guard other.code != programme.code else {
                    throw file.fault("programme", "is given twice")
                }
                guard other.order != programme.order else {
                    throw file.fault("order", "is that of \(other.code), too")
                }
            }
            try ProgrammeFaults(programme, file).check()
            programmes.append((programme, file))
        }
        try requireOneLineEach(programmes)
        return programmes.map(\.programme).sorted { $0.order < $1.order }
    }

    /// Two windows under one key of `tsunagi immunization windows` would hide each other; the courses and
    /// versions of one schedule share theirs.
    private func requireOneLineEach(
        _ programmes: [(programme: Programme, file: RuleReader)]
    ) throws(RuleFault) {
        var owners: [String: String] = [:]
        for (programme, file) in programmes {
            for course in programme.versions.flatMap(\.courses) {
                let keys = course.doses.flatMap { [$0.windowKey, $0.lateKey] }.compactMap(\.self)
                var seen: Set<String> = []
                for key in keys {
                    guard seen.insert(key).inserted,
                        owners[key, default: programme.code] == programme.code
                    else { throw file.fault("windowKey", "is given twice: \(key)") }
                    owners[key] = programme.code
                }
            }
        }
    }
}

extension Programme {
    fileprivate convenience init(
        reading file: RuleReader, _ register: VaccineRegister
    ) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "programme", "name", "category", "order", "counts",
            "countsEarlyDoses", "forecast", "versions",
        ])
        let category: Category = try file.choice("category")
        let isInvited = category != .voluntary
        guard isInvited == (file.object["forecast"] != nil) else {
            throw file.fault("forecast", isInvited ? "is missing" : "is not for the voluntary")
        }
        let counts = try register.set(file, "counts")
        var versions: [ProgrammeVersion] = []
        for row in try file.children("versions") {
            let version = try ProgrammeVersion(reading: row, register)
            if let last = versions.last, version.effective.lowerBound <= last.effective.upperBound {
                throw row.fault("effectiveFrom", "is not after the version before")
            }
            for vaccine in version.gives where !counts.contains(vaccine) {
                throw row.fault(
                    "gives", "is not counted: \(register.vaccines[vaccine.index].code)")
            }
            versions.append(version)
        }
        guard !versions.isEmpty else { throw file.fault("versions", "is empty") }
        self.init(
            code: try file.string("programme"), name: try file.text("name"),
            kind: (category, isInvited ? try file.choice("forecast") : nil),
            source: try file.source(),
            counting: (counts, try file.bool("countsEarlyDoses", default: true)),
            order: try file.int("order", in: 0...9999), versions: versions)
    }
}

extension ProgrammeVersion {
    fileprivate convenience init(
        reading row: RuleReader, _ register: VaccineRegister
    ) throws(RuleFault) {
        try row.requireOnly([
            "effectiveFrom", "effectiveTo", "source", "verified", "note", "gives", "sex", "born",
            "earlierDose", "condition", "season", "perPregnancy", "mixing", "courses",
        ])
        var mixing: [ProductMixing] = []
        for rule in try row.optionalChildren("mixing") {
            try rule.requireOnly(["after", "give", "verdict", "source", "verified"])
            mixing.append(
                ProductMixing(
                    after: try register.set(rule, "after"), give: try register.set(rule, "give"),
                    verdict: try rule.verdict("verdict"), source: try rule.source()))
        }
        var courses: [DoseCourse] = []
        for course in try row.children("courses") {
            courses.append(try DoseCourse(reading: course, register))
        }
        guard !courses.isEmpty else { throw row.fault("courses", "is empty") }
        self.init(
            effective: try row.effectivePeriod().days, gives: try register.list(row, "gives"),
            eligibility: try row.eligibility(),
            counting: (try row.season(), try row.bool("perPregnancy", default: false)),
            mixing: mixing, courses: courses, source: try row.source())
    }
}

extension DoseCourse {
    fileprivate convenience init(
        reading row: RuleReader, _ register: VaccineRegister
    ) throws(RuleFault) {
        try row.requireOnly([
            "startTo", "startedWith", "neverWith", "secondAfter", "onlyDuring", "note", "doses",
        ])
        var doses: [DoseRule] = []
        for dose in try row.children("doses") {
            doses.append(try DoseRule(reading: dose, place: doses.count))
        }
        guard !doses.isEmpty else { throw row.fault("doses", "is empty") }
        let started = try row.optional("startedWith") { name throws(RuleFault) in
            try register.set(row, name)
        }
        let never = try row.optional("neverWith") { name throws(RuleFault) in
            try register.set(row, name)
        }
        self.init(
            startTo: try row.optionalBound("startTo"), with: (started, never),
            secondAfter: try row.optional("secondAfter", row.interval),
            onlyDuring: try row.optional("onlyDuring", row.window),
            doses: doses)
    }
}

extension DoseRule {
    fileprivate init(reading row: RuleReader, place: Int) throws(RuleFault) {
        try row.requireOnly([
            "name", "window", "standard", "after", "dropAfter", "dropIfPreviousAfter",
            "lateAfter", "whenEarlierMissing", "windowKey", "lateKey",
        ])
        var after: [DoseSpacing] = []
        for spacing in try row.optionalChildren("after") {
            after.append(try DoseSpacing(reading: spacing, place: place))
        }
        name = try row.text("name")
        window = try row.window("window")
        standard = try row.optional("standard", row.window)
        self.after = after
        dropAfter = try row.optionalBound("dropAfter")
        dropIfPreviousAfter = try row.optionalBound("dropIfPreviousAfter")
        lateAfter = try row.optionalBound("lateAfter")
        whenEarlierMissing = try row.optional("whenEarlierMissing", row.verdict) ?? .caution
        windowKey = try row.optionalString("windowKey")
        lateKey = try row.optionalString("lateKey")
    }
}

extension DoseSpacing {
    fileprivate init(reading row: RuleReader, place: Int) throws(RuleFault) {
        try row.requireOnly([
            "dose", "min", "ifDoctorAgrees", "afterDropping", "afterDroppingIfDoctorAgrees",
            "standard",
        ])
        guard place > 0 else { throw row.fault("min", "has no dose before it") }
        // Doses are counted from 1 in the file, as everybody counts them.
        of = try row.optionalInt("dose", in: 1...place).map { $0 - 1 }
        least = try row.interval("min")
        ifDoctorAgrees = try row.optional("ifDoctorAgrees", row.interval)
        afterDropping = try row.optional("afterDropping", row.interval)
        afterDroppingIfDoctorAgrees = try row.optional(
            "afterDroppingIfDoctorAgrees", row.interval)
        if row.object["afterDropping"] == nil, row.object["afterDroppingIfDoctorAgrees"] != nil {
            throw row.fault("afterDroppingIfDoctorAgrees", "has no afterDropping")
        }
        guard row.object["standard"] != nil else {
            standard = nil
            return
        }
        let usual = try row.child("standard")
        try usual.requireOnly(["from", "to"])
        standard = (try usual.interval("from"), try usual.optional("to", usual.interval))
    }
}

extension RuleReader {
    fileprivate func bound(_ name: String, _ text: String) throws(RuleFault) -> DayBound {
        guard let bound = DayBound(text) else { throw fault(name, "is no age or day: \(text)") }
        return bound
    }

    func optionalBound(_ name: String) throws(RuleFault) -> DayBound? {
        try optionalString(name).map { text throws(RuleFault) in try bound(name, text) }
    }

    /// `{"from": ["12m"], "to": ["24m"]}`.
    fileprivate func window(_ name: String) throws(RuleFault) -> DoseWindow {
        let row = try child(name)
        try row.requireOnly(["from", "to"])
        var from: [DayBound] = []
        for text in try row.strings("from") { from.append(try row.bound("from", text)) }
        guard !from.isEmpty else { throw row.fault("from", "is empty") }
        var to: [DayBound] = []
        for text in try row.optionalStrings("to") { to.append(try row.bound("to", text)) }
        return DoseWindow(from: from, to: to)
    }

    fileprivate func eligibility() throws(RuleFault) -> ProgrammeVersion.Eligibility {
        let sex = try optionalString("sex").map { text throws(RuleFault) in
            guard let sex = ResidentSex(rawValue: text) else {
                throw fault("sex", "is none of male, female")
            }
            return sex
        }
        return ProgrammeVersion.Eligibility(
            sex: sex, born: try optionalDays("born"), earlierDose: try optionalDays("earlierDose"),
            condition: try optional("condition", text))
    }

    private func optionalDays(_ name: String) throws(RuleFault) -> ClosedRange<Int>? {
        guard object[name] != nil else { return nil }
        let row = try child(name)
        try row.requireOnly(["from", "to"])
        let first = try row.day("from").daysSince1970
        let last = try row.optionalDay("to")?.daysSince1970 ?? DoseWindow.never
        guard first <= last else { throw row.fault("to", "is before from") }
        return first...last
    }

    /// `{"from": "10-01", "to": "03-31"}`.
    fileprivate func season() throws(RuleFault) -> ProgrammeVersion.Season? {
        guard object["season"] != nil else { return nil }
        let row = try child("season")
        try row.requireOnly(["from", "to"])
        let from = try row.dayOfYear("from")
        let to = try row.dayOfYear("to")
        return .init(
            fromMonth: from.month, fromDay: from.day, toMonth: to.month, toDay: to.day)
    }

    /// `MM-DD` of any year, so not 29 February.
    private func dayOfYear(_ name: String) throws(RuleFault) -> CalendarDay {
        do throws(Refusal) {
            return try CalendarDay("2001-" + (try string(name, orRefuse: name)))
        } catch {
            throw fault(name, "is no day like 10-01")
        }
    }

    private func string(_ name: String, orRefuse item: String) throws(Refusal) -> String {
        try object.requiredString(name)
    }
}

/// 年度ごとの接種の読み取り: `immunization/campaigns/`, one file for each season, and `immunization/seasons/`, one for
/// each municipality that registered its days itself.
extension RuleFolder {
    /// Two seasons of one vaccine overlap in no municipality, and none reaches beyond the days that the law
    /// gives its schedules.
    func campaigns(_ programmes: [Programme]) throws(RuleFault) -> [Campaign] {
        var campaigns: [Campaign] = []
        for file in try readers(in: "immunization/campaigns/") {
            let campaign = try Campaign(reading: file, programmes)
            for other in campaigns { try campaign.requireApart(from: other, file) }
            campaigns.append(campaign)
        }
        for file in try readers(in: RegisteredSeasons.folder) {
            try campaigns.takeRegistered(file, programmes)
        }
        return campaigns
    }
}

extension [Campaign] {
    /// What is said of a season that the rules hold no longer counts for nothing: the season is nobody's.
    fileprivate mutating func takeRegistered(
        _ file: RuleReader, _ known: [Programme]
    ) throws(RuleFault) {
        try file.requireOnly(["source", "verified", "registeredBy", "seasons"])
        _ = try file.source()
        let body = try file.string("registeredBy")
        guard file.file == RegisteredSeasons.path(of: body) else {
            throw file.fault("registeredBy", "is not the municipality of the file")
        }
        for row in try file.children("seasons") {
            try row.requireOnly(["campaign", "effectiveFrom", "effectiveTo", "notice"])
            let code = try row.string("campaign")
            guard let place = firstIndex(where: { $0.code == code }) else { continue }
            let days = Campaign.OwnDays(
                row: nil, effective: try row.seasonPeriod(), notice: try row.text("notice"))
            do throws(SeasonFault) {
                try self[place].register(days, of: body, known)
            } catch {
                throw row.fault(error.end ?? "effectiveFrom", error.reason)
            }
        }
        for campaign in self where campaign.registered[body] != nil {
            for other in self where other.code != campaign.code && other.meets(campaign, in: body) {
                throw file.fault("seasons", "\(campaign.code) overlaps \(other.code)")
            }
        }
    }
}

extension Campaign {
    fileprivate init(reading file: RuleReader, _ known: [Programme]) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "campaign", "name", "season", "programmes",
            "effectiveFrom", "effectiveTo", "notice", "bodies",
        ])
        let season = try file.string("season")
        guard season.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw file.fault("season", "is no number")
        }
        let code = try file.string("campaign")
        let name = try file.text("name")
        let effective = try file.seasonPeriod()
        let notice = try file.text("notice")
        let source = try file.source()
        let programmes = try file.strings("programmes")
        guard !programmes.isEmpty else { throw file.fault("programmes", "is empty") }
        var given: [Programme] = []
        for code in programmes {
            guard let programme = known.first(where: { $0.code == code }) else {
                throw file.fault("programmes", "is unknown: \(code)")
            }
            given.append(programme)
        }
        var vaccines = try given.vaccines(
            given: effective, in: effective, file, at: "programmes")
        var own: [String: OwnDays] = [:]
        for (place, row) in try file.optionalChildren("bodies").enumerated() {
            try row.requireOnly([
                "municipalities", "effectiveFrom", "effectiveTo", "notice", "note",
            ])
            let days = OwnDays(
                row: place, effective: try row.seasonPeriod(), notice: try row.text("notice"))
            let more = try given.vaccines(
                given: days.effective, in: effective, row, at: "effectiveFrom")
            for vaccine in more where !vaccines.contains(vaccine) { vaccines.append(vaccine) }
            for (code, path) in try row.municipalities() {
                guard own.updateValue(days, forKey: code) == nil else {
                    throw row.fault(at: path, "is given twice: \(code)")
                }
            }
        }
        self.init(
            code: code, name: name, season: season, programmes: programmes, effective: effective,
            notice: notice, listed: own, source: source, vaccines: vaccines)
    }

    fileprivate func requireApart(
        from other: Campaign, _ file: RuleReader
    ) throws(RuleFault) {
        guard other.code != code else { throw file.fault("campaign", "is given twice") }
        guard other.vaccines.contains(where: vaccines.contains) else { return }
        guard other.season != season else {
            throw file.fault("season", "is that of \(other.code), too")
        }
        guard !other.effective.overlaps(effective) else {
            throw file.fault("effectiveFrom", "overlaps \(other.code)")
        }
        for municipality in Set(own.keys).union(other.own.keys).sorted()
        where other.effective(in: municipality).overlaps(self.effective(in: municipality)) {
            let row = own[municipality]?.row.map { JSONPath.element($0, of: "bodies") }
            throw file.fault(
                at: JSONPath.member("effectiveFrom", of: row ?? ""),
                "overlaps \(other.code) in \(municipality)")
        }
    }
}

/// 期間の誤り: why days are not those of a season of the law; `end` is the item that is wrong, where one is.
struct SeasonFault: Error {
    let end: String?
    let reason: String
}

extension [Programme] {
    /// What they give on these days, which lie in the season of the law that `common` lies in.
    func vaccines(
        given days: EffectivePeriod, in common: EffectivePeriod
    ) throws(SeasonFault) -> [Vaccine.ID] {
        let first = common.from.daysSince1970
        var vaccines: [Vaccine.ID] = []
        for programme in self {
            let inForce = programme.versions.filter { $0.effective.overlaps(days.days) }
            guard !inForce.isEmpty else {
                throw SeasonFault(end: nil, reason: "is not in force: \(programme.code)")
            }
            for version in inForce {
                guard let season = version.season else {
                    throw SeasonFault(
                        end: nil, reason: "is not given every year: \(programme.code)")
                }
                let year = season.around(first)
                let ends = [
                    (first, "effectiveTo"), (days.days.upperBound, "effectiveTo"),
                    (days.days.lowerBound, "effectiveFrom"),
                ]
                for (day, end) in ends where !year.contains(day) {
                    throw SeasonFault(
                        end: end, reason: "reaches beyond the season of \(programme.code)")
                }
                for vaccine in version.gives where !vaccines.contains(vaccine) {
                    vaccines.append(vaccine)
                }
            }
        }
        return vaccines
    }

    /// The same of a row of a file; `item` is what is wrong where one of them is not in force.
    fileprivate func vaccines(
        given days: EffectivePeriod, in common: EffectivePeriod, _ row: RuleReader,
        at item: String
    ) throws(RuleFault) -> [Vaccine.ID] {
        do throws(SeasonFault) {
            return try vaccines(given: days, in: common)
        } catch {
            throw row.fault(error.end ?? item, error.reason)
        }
    }
}

extension RuleReader {
    /// A season ends.
    fileprivate func seasonPeriod() throws(RuleFault) -> EffectivePeriod {
        let period = try effectivePeriod()
        guard period.to != nil else { throw fault("effectiveTo", "is missing: a season ends") }
        return period
    }

    /// 全国地方公共団体コード of municipalities, each with its place in the file.
    fileprivate func municipalities() throws(RuleFault) -> [(code: String, path: String)] {
        let list = JSONPath.member("municipalities", of: path)
        let codes = try strings("municipalities")
        guard !codes.isEmpty else { throw fault("municipalities", "is empty") }
        var found: [(code: String, path: String)] = []
        for (index, code) in codes.enumerated() {
            let place = JSONPath.element(index, of: list)
            guard let body = try? LocalGovernmentCode(code) else {
                throw fault(at: place, "is no local government code: \(code)")
            }
            guard !body.isPrefecture else {
                throw fault(at: place, "is a prefecture: \(code)")
            }
            found.append((code, place))
        }
        return found
    }
}

/// 予防接種対象者の登録の一行: a resident whom a municipality invites to a schedule of the Act, or no longer
/// does. PMH publishes no form for it, so ours follows that of the checkups.
package struct VaccinationTargetRow: Sendable {
    /// 更新区分.
    package enum Modification: String, Sendable {
        case registerOrUpdate = "1"
        /// 転出・死亡, or registered by mistake.
        case delete = "2"
    }

    /// Place in the body, from 0.
    package let index: Int
    package let modification: Modification
    package let number: GivenNumber
    package let municipalityIdentityKey: String
    /// A schedule of `immunization/schedule/` that the Act provides for.
    package let programme: String
    /// 接種期間: from when to when the municipality pays for it.
    package let validFrom: CalendarDay
    package let validTo: CalendarDay
    /// 長期療養特例: the day on which the reason ended for which they could not be vaccinated in time.
    package let illnessEnded: CalendarDay?
    /// What the invited reads that they are invited to: the season, where the schedule is given every year.
    package let subject: String
    package let warnings: [RowFinding]
}

/// `municipality`: which one invites.
package func readVaccinationTargetRows(
    _ body: [UInt8], _ rules: ImmunizationRules, in municipality: String? = nil
) throws(Refusal) -> [Result<VaccinationTargetRow, RowRefusal>] {
    let programmes = rules.invitedProgrammes(in: municipality)
    return try readRows(body) { object, index in
        readVaccinationTargetRow(object, index: index, programmes, number: .inTheRow)
    }
}

extension CheckedRow {
    /// 予防接種対象者のファイル: by the same rules as a row of the API.
    package func vaccinationTargetRow(_ programmes: InvitedProgrammes, number: NumberPlace)
        -> Result<VaccinationTargetRow, RowRefusal>
    {
        readVaccinationTargetRow(object, index: line - 1, programmes, number: number)
    }
}

extension ImmunizationRules {
    /// What a municipality may invite to, and its seasons.
    package func invitedProgrammes(in municipality: String? = nil) -> InvitedProgrammes {
        InvitedProgrammes(
            codes: Set(programmes.filter { $0.category != .voluntary }.map(\.code)),
            givenAgain: longIllnessProgrammes, campaigns: campaigns, municipality: municipality)
    }
}

/// 勧奨の対象の接種: schedules that a municipality invites to, those that the Act provides for, and their seasons.
package struct InvitedProgrammes: Sendable {
    fileprivate let codes: Set<String>
    /// 長期療養特例: those whose time may be given again.
    fileprivate let givenAgain: Set<String>
    private let campaigns: [Campaign]
    private let municipality: String?

    fileprivate init(
        codes: Set<String>, givenAgain: Set<String>, campaigns: [Campaign], municipality: String?
    ) {
        self.codes = codes
        self.givenAgain = givenAgain
        self.campaigns = campaigns
        self.municipality = municipality
    }

    /// Where no rules are loaded nobody is invited.
    package static let nobody = InvitedProgrammes(
        codes: [], givenAgain: [], campaigns: [], municipality: nil)

    /// The season that the days of an invitation touch, and the days of it here.
    fileprivate func season(
        of programme: String, from: CalendarDay, to: CalendarDay
    ) -> (code: String, days: EffectivePeriod)? {
        let invited = EffectivePeriod(from: from, to: to)
        let campaign = campaigns.first {
            $0.programmes.contains(programme)
                && $0.effective(in: municipality).overlaps(invited)
        }
        return campaign.map { ($0.code, $0.effective(in: municipality)) }
    }
}

private func readVaccinationTargetRow(
    _ object: JSONObject, index: Int, _ programmes: InvitedProgrammes, number place: NumberPlace
) -> Result<VaccinationTargetRow, RowRefusal> {
    var reader = RowReader(object, index: index, number: place)
    let modification = reader.parsed("modificationSeg") { text throws(Refusal) in
        guard let value = VaccinationTargetRow.Modification(rawValue: text) else {
            throw .malformed("modificationSeg")
        }
        return value
    }
    let number = reader.individualNumber()
    let key = reader.text(
        "municipalityIdentityKey",
        charactersMax: RegistrationLimits.identityKeyCharactersMax)
    let programme = reader.parsed("programme", code: .unknownCode) { text throws(Refusal) in
        guard programmes.codes.contains(text) else { throw .malformed("programme") }
        return text
    }
    let from = reader.day("validFrom")
    let to = reader.day("validTo")
    if let from, let to, to < from { reader.add(.dateOrder, "validTo") }
    let ended = reader.day("specialCaseEndedOn", isRequired: false)
    if let ended, let to, to < ended { reader.add(.dateOrder, "specialCaseEndedOn") }
    if ended != nil, let programme, !programmes.givenAgain.contains(programme) {
        reader.add(.contradicts, "specialCaseEndedOn")
    }
    reader.warnOfUnknown([
        "modificationSeg", "myNumber", "municipalityIdentityKey", "programme", "validFrom",
        "validTo", "specialCaseEndedOn",
    ])
    reader.refuseIndividualNumbers(own: number, keyItems: ["municipalityIdentityKey"])
    guard !reader.hasErrors, let modification, let number, let key, let programme, let from,
        let to
    else { return .failure(RowRefusal(reader.findings)) }
    let season = programmes.season(of: programme, from: from, to: to)
    if let season, from < season.days.from || season.days.to.map({ $0 < to }) ?? false {
        reader.add(.outsideSeason, "validTo")
    }
    return .success(
        VaccinationTargetRow(
            index: index, modification: modification, number: number,
            municipalityIdentityKey: key, programme: programme, validFrom: from, validTo: to,
            illnessEnded: ended, subject: season?.code ?? programme, warnings: reader.findings))
}

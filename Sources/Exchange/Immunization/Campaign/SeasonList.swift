/// 接種期間の一覧: on which days one municipality gives what is given every year, by its own word or an
/// operator's file, and who registered what of it. Of that municipality alone, and of no resident.
package struct SeasonList: Sendable {
    /// 登録した期間, as the municipality's own file has them.
    package struct Registered: Hashable, Sendable {
        let campaign: String
        let from: String
        let to: String
        let notice: String
        let noticeEnglish: String

        package init(
            campaign: String, from: String, to: String, notice: String, noticeEnglish: String
        ) {
            self.campaign = campaign
            self.from = from
            self.to = to
            self.notice = notice
            self.noticeEnglish = noticeEnglish
        }
    }

    fileprivate struct Row {
        let days: Registered
        let name: BilingualText?
        /// `nil`: the rules have no such season any more, so its days count for nothing.
        let inForce: EffectivePeriod?
        let isRegistered: Bool
        let origin: RuleOrigin?
    }

    /// Of the rules.
    private let version: String
    private let rows: [Row]

    /// `origins` by season.
    package init(
        of body: String, in rules: ImmunizationRules, version: String, registered: [Registered],
        origins: [String: RuleOrigin]
    ) {
        self.version = version
        let known = rules.campaigns.map { season -> Row in
            let effective = season.effective(in: body)
            let notice = season.notice(of: body)
            let isRegistered = season.registered[body] != nil
            return Row(
                days: Registered(
                    campaign: season.code, from: effective.from.text, to: effective.to?.text ?? "",
                    notice: notice.ja, noticeEnglish: notice.en),
                name: season.name, inForce: effective, isRegistered: isRegistered,
                origin: isRegistered ? origins[season.code] : nil)
        }
        let gone = registered.filter { rules.campaign($0.campaign) == nil }.map {
            Row(
                days: $0, name: nil, inForce: nil, isRegistered: true, origin: origins[$0.campaign])
        }
        rows = (known + gone).sorted { $0.days.campaign < $1.days.campaign }
    }

    /// `day`: the seasons of which it is a day, and no others.
    package func json(on day: CalendarDay?, _ part: ListPart) -> [UInt8] {
        let asked = rows.filter { row in
            day.map { row.inForce?.contains($0) ?? false } ?? true
        }
        let (shown, next) = part.of(asked)
        var writer = JSONWriter(reservingBytes: 64 + shown.count * 512)
        writer.object { list in
            list.member("rules", version)
            list.array("seasons") { rows in
                for row in shown { rows.object { row.write(to: &$0) } }
            }
            list.member("next", next)
        }
        return writer.bytes
    }
}

extension SeasonList.Row {
    fileprivate func write(to row: inout JSONWriter) {
        row.member("campaign", days.campaign)
        row.member("name", name?.ja)
        row.member("nameEnglish", name?.en)
        row.member("effectiveFrom", days.from)
        row.member("effectiveTo", days.to)
        row.member("notice", days.notice)
        row.member("noticeEnglish", days.noticeEnglish)
        row.member("isRegistered", isRegistered)
        row.member("isInForce", inForce != nil)
        origin?.write(to: &row)
    }
}

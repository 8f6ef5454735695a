/// 市区町村が登録した接種期間: the days of yearly seasons as one municipality says them itself, in the place of
/// what an operator's file says of it: the rule file of `profiles/immunization/seasons/` that they become.
/// Pure: the same rows over the same rules give the same file.
package struct RegisteredSeasons: Sendable {
    /// What became of one row.
    package enum Verdict: Hashable, Sendable {
        case added
        case changed
        case ended
        case unchanged
        case refused(RowFinding)
    }

    package let body: String
    private let programmes: [Programme]
    private var campaigns: [Campaign]

    package init(of body: String, in rules: ImmunizationRules) {
        self.body = body
        programmes = rules.programmes
        campaigns = rules.campaigns
    }

    /// In the order of the rows; each is judged by what those before it left.
    package mutating func take(_ rows: [SeasonRow]) -> [Verdict] {
        var taken: Set<String> = []
        return rows.map { row in
            guard row.body == body else {
                return .refused(row.finding("municipality", .seasonOfAnother))
            }
            guard let place = campaigns.firstIndex(where: { $0.code == row.campaign }) else {
                return .refused(row.finding("campaign", .unknownCode))
            }
            guard taken.insert(row.campaign).inserted else {
                return .refused(row.finding("campaign", .duplicateKey))
            }
            return take(row, at: place)
        }
    }

    private mutating func take(_ row: SeasonRow, at place: Int) -> Verdict {
        let held = campaigns[place]
        let verdict: Verdict
        if let days = row.days {
            let said = Campaign.OwnDays(row: nil, effective: days.effective, notice: days.notice)
            let before = held.registered[body]
            guard before != said else { return .unchanged }
            do throws(SeasonFault) {
                try campaigns[place].register(said, of: body, programmes)
            } catch {
                return .refused(row.finding(error.end ?? "effectiveFrom", .seasonBeyondLaw))
            }
            verdict = before == nil ? .added : .changed
        } else {
            guard campaigns[place].withdraw(of: body) else { return .unchanged }
            verdict = .ended
        }
        let isApart = campaigns.indices.allSatisfy { other in
            other == place || !campaigns[other].meets(campaigns[place], in: body)
        }
        guard isApart else {
            campaigns[place] = held
            let item = row.days == nil ? "campaign" : "effectiveFrom"
            return .refused(row.finding(item, .seasonOverlap))
        }
        return verdict
    }

    package var path: String { Self.path(of: body) }

    static let folder = "immunization/seasons/"

    static func path(of body: String) -> String { "\(folder)\(body).json" }

    /// The file, with where it comes from; `registeredBy` says that it stands over an operator's folder
    /// (`RegisteredFiles`).
    package func file(from source: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 1024)
        writer.object { file in
            file.member("source", source)
            file.member("verified", "verified")
            file.member(RegisteredFiles.mark, body)
            file.array("seasons") { list in
                for campaign in campaigns.sorted(by: { $0.code < $1.code }) {
                    guard let days = campaign.registered[body] else { continue }
                    list.object { row in
                        row.member("campaign", campaign.code)
                        row.member("effectiveFrom", days.effective.from.text)
                        row.member("effectiveTo", days.effective.to?.text)
                        row.object("notice") {
                            $0.member("ja", days.notice.ja)
                            $0.member("en", days.notice.en)
                        }
                    }
                }
            }
        }
        return writer.bytes
    }
}

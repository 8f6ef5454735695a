import Exchange

/// What we write of checkups, of the same child and day as the examples that are read.
extension Written {
    static let maternal: [Resource] = [
        Resource("maternal/examples/valid/written-report.json") {
            try shown("report-detailed-examination", .open).render(
                as: "pw-0001", visitID: "0f8fad5b-d9cb-469f-a165-70867728950e", ruleSet())
        },
        Resource("maternal/examples/valid/written-sensitive.json") {
            try shown("report-of-the-compartment", .sensitive).render(as: "pw-0001", ruleSet())
        },
        Resource("maternal/examples/valid/bundle-own-measurements.json") {
            let report = try submitted("report-baby").report
            let rules = try ruleSet()
            let list = rules.measurements(
                in: report, birth: try CalendarDay("2026-03-01"), sex: .female)
            return renderMeasurements(
                list.enumerated().map { ("m-\($0)", $1) }, of: "pw-0001",
                page: page("Observation"), rules)
        },
        Resource("maternal/examples/valid/bundle-own-plan.json") {
            let today = try now().dayInJapan
            let plans = try ruleSet().plans(
                CheckupPlanFacts(birth: nil, episodes: [episode()], done: []), today: today)
            return renderCheckupPlans(
                plans, of: "pw-0001", today: today, page: page("CarePlan"))
        },
        Resource("maternal/examples/valid/bundle-clinic-plan.json") {
            let today = try now().dayInJapan
            let facts = CheckupPlanFacts(birth: nil, episodes: [try episode()], done: [])
            return renderClinicPlans(
                try ruleSet().clinicPlans(facts, today: today), of: "pw-0001", today: today,
                page: page("CarePlan"))
        },
        Resource("maternal/examples/valid/written-questionnaire.json") {
            try form("sensitive-screening-epds-postpartum-2w").render()
        },
        Resource("maternal/examples/valid/written-response.json") {
            let read = Example.files["maternal/examples/valid/response-epds-alarming.json"] ?? []
            let sent = try SubmittedResponse(reading: read, ruleSet().screenings)
            return ScreeningVersion(
                id: "qr-0002", version: 1, savedAt: try now(), response: sent.response
            ).render(as: "pw-0001", isScored: true)
        },
        Resource("maternal/examples/valid/written-task.json") {
            FollowUpTask(
                id: "task-0001", version: 1, patientID: "pw-0001",
                whom: .identityKey("0001"), code: "detailed-examination",
                checkup: "infant-3-4m", day: try CalendarDay("2026-06-15"),
                due: try CalendarDay("2026-08-14"), madeAt: try now(), status: .requested,
                note: nil
            ).render(try ruleSet())
        },
    ]

    private static func form(_ name: String) throws -> ScreeningForm {
        let named = try ruleSet().screenings.form(named: "urn:tsunagi:Questionnaire:\(name)|1")
        guard let named else { throw Refusal.recordUnknown }
        return named
    }

    private static func ruleSet() throws -> MaternalRules {
        guard let rules = Example.book.maternal else { throw Refusal.rulesUnknown }
        return rules
    }

    private static func submitted(_ name: String) throws -> SubmittedCheckup {
        try SubmittedCheckup(
            reading: Example.files["maternal/examples/valid/\(name).json"] ?? [],
            institution: Party(role: .institution, code: institution),
            today: now().dayInJapan, ruleSet())
    }

    private static func shown(
        _ name: String, _ compartment: CheckupCompartment
    ) throws -> ShownCheckup {
        let version = CheckupVersion(
            id: "rep-0001", version: 2, recordedAt: try now(),
            institution: try Party(role: .institution, code: institution),
            report: try submitted(name).report)
        let line = try ruleSet().line(
            of: version,
            CheckupClaimFacts(municipality: "132101", tickets: TicketBook(), others: []))
        return ShownCheckup(
            version: version, compartment: compartment,
            warnings: compartment == .open
                ? [ItemFinding(item: "infant-3-4m", code: .outsideWindow)] : [],
            line: compartment == .open ? line : nil)
    }

    private static func episode() throws -> MaternalEpisode {
        let day = try CalendarDay("2026-06-15")
        let calendar = PregnancyCalendar(expectedDate: try CalendarDay("2026-11-17"))
        let notification = MaternalNotification(
            key: "P-1", notifiedOn: day, subject: .pregnancy(Pregnancy(calendar: calendar)))
        let empty = MaternalEpisode(
            id: RecordID(high: 0, low: 1), notification: notification, tickets: [])
        return MaternalEpisode(
            id: empty.id, notification: notification,
            tickets: empty.issuing(by: "132101", notification, isFirst: true, try ruleSet())
                .tickets)
    }
}

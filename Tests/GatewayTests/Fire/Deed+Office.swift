import Exchange
import Ledger
import TestSupport

/// What offices ask.
extension Deed {
    private static func office(
        _ id: String, _ about: About, _ make: @escaping Make
    ) -> Deed { Deed(listener: .office, id: id, about: about, make: make) }

    static let office: [Deed] =
        registrations + prices + seasons + lists + statements + files + ends + claims + audits
        + emergencies

    private static let registrations: [Deed] =
        rows(
            "/medical-subsidy/registration-tasks", "postRegistrationTasks",
            "getRegistrationTask", unchangedToo: true
        ) { $0.fullRow(of: $1) }
        + [
            office("postHistoryRegistrationTasks", .written(unchangedToo: true)) { fire, person in
                .post(
                    person.town, "/medical-subsidy/history-registration-tasks",
                    .array([fire.historyRow(of: person)]))
            }
        ]
        + rows(
            "/municipal-checkup/registration-tasks", "postMunicipalCheckupRegistrationTasks",
            "getMunicipalCheckupRegistrationTask"
        ) { $0.checkupTarget($1) }
        + rows(
            "/life-events/registration-tasks", "postLifeEventRegistrationTasks",
            "getLifeEventRegistrationTask"
        ) { $0.lifeEvent($1) }
        + rows(
            "/immunization/registration-tasks", "postVaccinationRegistrationTasks",
            "getVaccinationRegistrationTask"
        ) { $0.invitation($1) }
        + rows(
            "/maternal-health/registration-tasks", "postMaternalNotificationTasks",
            "getMaternalNotificationTask", unchangedToo: true
        ) {
            $1.resident.birth(
                on: $0.gateway.clock.today.adding(days: -110),
                notified: $0.gateway.clock.today.adding(days: -100), key: "B-\($1.index)")
        }
        + [
            office("postCardFeedEvents", .written(unchangedToo: true)) { fire, person in
                .post(Cast.authority, "/card-feed/events", fire.feed(person))
            },
            office("getCardFeedTask", .nobody) { _, person in
                let task = person.tasks["/card-feed/events"] ?? ""
                return .get(Cast.authority, "/card-feed/events/\(task)")
            },
        ]

    private static func rows(
        _ path: String, _ post: String, _ get: String, unchangedToo: Bool = false,
        _ row: @escaping @Sendable (Fire, FirePerson) -> JSON
    ) -> [Deed] {
        [
            office(post, .written(unchangedToo: unchangedToo)) { fire, person in
                .post(person.town, path, .array([row(fire, person)]))
            },
            office(get, .nobody) { _, person in
                .get(person.town, "\(path)/\(person.tasks[path] ?? "")")
            },
        ]
    }

    /// Of a schedule and a checkup that nobody here has, so that no claim changes by it.
    private static let prices: [Deed] = [
        (
            "/immunization/prices", "Vaccination",
            #"{"programme":"influenza-60","copaymentYen":0,"#
        ), ("/maternal-health/prices", "Checkup", #"{"checkup":"infant-5y","#),
    ].flatMap { path, name, beginning in
        let rows =
            "[\(beginning)" + #""modificationSeg":"1","priceFrom":"2026-10-01","unitYen":1}]"#
        return [
            office("post\(name)PriceTasks", .nobody) { _, person in
                .post(person.town, path + "/registration-tasks", try JSON(reading: rows))
            },
            office("get\(name)PriceTask", .nobody) { fire, person in
                let sent = try await fire.gateway.send(
                    .post(person.town, path + "/registration-tasks", try JSON(reading: rows)))
                return .get(person.town, "\(path)/registration-tasks/\(sent.text("taskId"))")
            },
            office("read\(name)Prices", .nobody) { _, person in .get(person.town, path) },
        ]
    }

    /// Nobody here registered any days: taking them back changes no rules.
    private static let seasons: [Deed] = [
        office("postSeasonTasks", .nobody) { _, person in
            .post(person.town, seasonPath, try JSON(reading: seasonRows(person)))
        },
        office("getSeasonTask", .nobody) { fire, person in
            let sent = try await fire.gateway.send(
                .post(person.town, seasonPath, try JSON(reading: seasonRows(person))))
            return .get(person.town, "\(seasonPath)/\(sent.text("taskId"))")
        },
        office("readSeasons", .nobody) { _, person in .get(person.town, "/immunization/seasons") },
        office("readSchemes", .nobody) { _, person in
            .get(person.town, "/medical-subsidy/schemes")
        },
    ]

    private static let seasonPath = "/immunization/seasons/registration-tasks"

    private static func seasonRows(_ person: FirePerson) -> String {
        #"[{"modificationSeg":"2","municipality":"\#(person.town.code)","campaign":"influenza-2026"}]"#
    }

    private static let lists: [Deed] = [
        office("issueOfficeToken", .nobody) { _, person in
            .search(person.town, "/oauth2/token", [("grant_type", "client_credentials")])
        },
        office("listUnvaccinated", .shown) { _, person in
            .get(
                person.town,
                "/immunization/unvaccinated?programme=\(FirePerson.programme)&count=1000")
        },
        office("remindOfVaccination", .written(unchangedToo: true)) { _, person in
            .post(
                person.town, "/immunization/reminders",
                try JSON(
                    reading: """
                        {"programme":"\(FirePerson.programme)",\
                        "municipalityIdentityKeys":["\(person.key)"]}
                        """))
        },
        office("receiveVaccinations", .shown) { _, person in
            .get(person.town, "/fhir/Immunization?_cursor=0&_count=1000")
        },
        office("readCoverage", .nobody) { fire, person in
            .get(person.town, "/fhir/MeasureReport?period=\(fire.gateway.lastMonth)")
        },
        office("readCoverageFile", .nobody) { fire, person in
            .get(person.town, "/immunization/coverage.csv?period=\(fire.gateway.lastMonth)")
        },
        office("receiveReactions", .shown) { _, person in
            .get(person.town, "\(RunningGateway.reactionPath)?_count=1000")
        },
        office("exportReactions", .shown) { _, _ in
            .get(Cast.ministry, "\(RunningGateway.reactionPath)/$reports?_count=1000")
        },
        office("exportReactionFile", .shown) { _, _ in
            .get(Cast.ministry, "/reactions/reports.csv?_count=1000&encoding=utf-8")
        },
        office("printMunicipalPaperForms", .nobody) { _, person in
            .post(person.town, RunningGateway.paperFormPath, try JSON(reading: sheets))
        },
        office("receiveSubsidyLines", .shown) { _, person in
            .get(person.town, "/deliveries/subsidy?_cursor=0&_count=1000")
        },
        office("receiveImmunizationLines", .shown) { _, person in
            .get(person.town, "/deliveries/immunization?_cursor=0&_count=1000")
        },
        office("receiveMaternalLines", .shown) { _, person in
            .get(person.town, "/deliveries/maternal?_cursor=0&_count=1000")
        },
        office("receiveSensitiveMaternalLines", .nobody) { _, person in
            .get(person.town, "/deliveries/maternal-sensitive?_cursor=0&_count=1000")
        },
        office("receiveClaimLines", .shown) { _, person in
            .get(person.prefecture, "/deliveries/claims?_cursor=0&_count=1000")
        },
        // Without `Prefer`, or of an export that is none.
        office("beginExport", .nobody) { _, person in
            .get(person.town, "/fhir/Patient/$export")
        },
        office("readExport", .nobody) { _, person in
            .get(person.town, "/fhir/exports/\(RecordID.random().text)")
        },
        office("readExportFile", .nobody) { _, person in
            .get(person.town, "/fhir/exports/\(RecordID.random().text)/Patient-1.ndjson")
        },
        office("deleteExport", .nobody) { _, person in
            Ask(
                party: person.town, method: "DELETE",
                path: "/fhir/exports/\(RecordID.random().text)")
        },
        office("searchVaccinationLines", .shown) { _, person in Fire.lines(of: person) },
        office("listUnseen", .shown) { _, person in
            .get(person.town, "/maternal-health/unseen?checkup=infant-1m&count=1000")
        },
        office("remindOfCheckup", .written(unchangedToo: true)) { _, person in
            .post(
                person.town, "/maternal-health/reminders",
                try JSON(
                    reading: """
                        {"checkup":"infant-1m","notificationKeys":["B-\(person.index)"]}
                        """))
        },
        office("countAttendance", .nobody) { _, person in
            .get(person.town, "/maternal-health/attendance?checkup=infant-1m")
        },
        office("recordMassCheckup", .asker) { _, person in
            .post(
                person.town, person.mass.path,
                .object(person.mass.body(notified: "B-\(person.index)")))
        },
        office("correctMassCheckup", .asker) { _, person in
            .put(
                person.town, "\(person.mass.path)/\(person.massID)", seen: 1,
                .object(person.mass.body(notified: "B-\(person.index)")))
        },
        office("recordSensitiveMassCheckup", .asker) { _, person in
            .post(
                person.town, person.confided.path,
                .object(person.confided.body(notified: "B-\(person.index)")))
        },
        office("correctSensitiveMassCheckup", .asker) { _, person in
            .put(
                person.town, "\(person.confided.path)/\(person.confidedID)", seen: 1,
                .object(person.confided.body(notified: "B-\(person.index)")))
        },
        office("readMassCheckup", .asker) { _, person in
            .get(person.town, "\(person.mass.path)/\(person.massID)")
        },
        office("searchCheckupLines", .named) { _, person in
            .search(
                person.town, "/fhir/DiagnosticReport/_search",
                [
                    (
                        "patient.identifier",
                        "urn:tsunagi:maternal-notification-key|B-\(person.index)"
                    )
                ])
        },
        office("readFollowUps", .shown) { _, person in .get(person.town, "/fhir/Task?_count=100") },
        office("readSensitiveFollowUps", .shown) { _, person in
            .get(person.town, "/fhir/sensitive/Task?_count=100")
        },
        office("answerFollowUp", .asker) { _, person in
            .put(
                person.town, "/fhir/Task/\(person.followUp)", seen: 1,
                try JSON(reading: answered))
        },
        office("answerSensitiveFollowUp", .asker) { _, person in
            .put(
                person.town, "/fhir/sensitive/Task/\(person.sensitiveFollowUp)", seen: 1,
                try JSON(reading: answered))
        },
        office("replayEligibilityForBody", .asker) { _, person in
            .get(person.town, "/fhir/CoverageEligibilityResponse/\(person.check)/$replay")
        },
    ]

    private static let statements: [Deed] = [
        ("subsidy", "Subsidy"), ("checkup-targets", "CheckupTarget"),
        ("vaccination-targets", "VaccinationTarget"), ("checkup-tickets", "CheckupTicket"),
        ("checkup-results", "CheckupResult"),
        ("sensitive-checkup-results", "SensitiveCheckupResult"), ("guardianships", "Guardianship"),
        ("residence-moves", "ResidenceMove"), ("scheme-masters", "SchemeMaster"),
    ].flatMap { field, name in
        [
            office("read\(name)Statement", .nobody) { _, person in
                .get(person.town, "/statements/\(field)")
            },
            office("make\(name)Statement", .nobody) { _, person in
                .post(person.town, "/statements/\(field)", nil)
            },
            office("compare\(name)Statement", .nobody) { _, person in
                .post(person.town, "/statements/\(field)/compare", try JSON(reading: question))
            },
        ]
    }

    private static let answered =
        #"{"resourceType":"Task","status":"in-progress","note":[{"text":"訪問した。"}]}"#

    private static let question = #"{"statement":"\#(nobody)","level":0,"node":0}"#

    /// A file of claims names certificates; whose they are, a month that is run says. Those have suites of
    /// their own.
    private static let claims: [Deed] = [
        office("postClaimFile", .nobody) { _, person in
            Ask(
                party: person.town, method: "POST", path: "/claims/files?month=2019-01",
                headers: [("Content-Type", "text/csv")],
                body: SentClaim.file([SentClaim("R-2")], claimMonth))
        },
        office("postPaymentList", .nobody) { _, person in
            Ask(
                party: person.town, method: "POST", path: "/claims/payments?month=2019-01",
                headers: [("Content-Type", "text/csv")],
                body: SentClaim.list([SentClaim("R-3")], claimMonth))
        },
        office("postClaims", .nobody) { _, person in
            .post(
                person.town, "/claims?month=2019-01",
                try JSON(reading: "{\"claims\":[\(SentClaim("R-1").json(claimMonth, 1))]}"))
        },
        office("postClaimEvents", .nobody) { _, person in
            .post(
                person.town, "/claims/months/2019-02/events",
                try JSON(
                    reading: """
                        {"events":[{"claim":"\(nobody).1","step":"paid","on":"2019-03-01"}]}
                        """))
        },
        office("runMonth", .nobody) { _, person in
            .post(person.town, "/claims/months/2019-02/runs", nil)
        },
        office("listMonths", .nobody) { _, person in .get(person.town, "/claims/months") },
        office("readMonthRun", .nobody) { _, person in
            .get(person.town, "/claims/months/2019-02/runs/latest")
        },
        office("readMonthStatement", .nobody) { _, person in
            .get(person.town, "/claims/months/2019-02/runs/latest/statement")
        },
        office("closeMonth", .nobody) { _, person in
            .post(
                person.town, "/claims/months/2019-02/closings",
                try JSON(reading: #"{"run":1,"digest":"00"}"#))
        },
        office("readClosing", .nobody) { _, person in
            .get(person.town, "/claims/months/2019-02/closings/1")
        },
        office("readRefunds", .shown) { _, person in .get(person.town, "/refunds") },
        office("answerRefund", .nobody) { _, person in
            .post(
                person.town, "/refunds/\(nobody)/answers",
                try JSON(reading: #"{"decision":"paid","on":"2019-02-01"}"#))
        },
        office("readBenefits", .nobody) { _, person in
            .get(person.town, "/fhir/ExplanationOfBenefit?month=2019-02")
        },
    ]

    private static var claimMonth: ServiceMonth {
        ServiceMonth(of: CalendarDay(daysSince1970: 17_900))
    }

    private static let nobody = "00000000-0000-4000-8000-000000000000"

    private static let audits: [Deed] = [
        office("searchAccessLog", .named) { _, person in
            .search(
                person.town, "/fhir/AuditEvent/_search",
                [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(person.key)")])
        },
        office("examineComplaint", .asker) { _, person in
            .post(
                Cast.ombudsman, "/fhir/AuditEvent/$examine",
                try JSON(
                    reading: """
                        {"complaint":"審-1","reason":"見覚えのない照会","ground":"agreement",\
                        "groundReference":"同意書","municipality":"\(person.town.code)",\
                        "municipalityIdentityKey":"\(person.key)"}
                        """))
        },
        office("withholdEntries", .nobody) { fire, person in
            let until = fire.gateway.clock.now().adding(seconds: 86_400).text
            return .post(
                person.town, "/access-log/withholdings",
                try JSON(
                    reading: """
                        {"entries":["\(nobody)"],"reason":"inspection","reference":"計画3号",\
                        "releaseAt":"\(until)"}
                        """))
        },
        office("liftWithholdings", .nobody) { _, person in
            .post(
                person.town, "/access-log/withholdings/lift",
                try JSON(reading: #"{"entries":["\#(nobody)"],"reference":"終結3号"}"#))
        },
    ]

    private static func proposed(_ fire: Fire, by party: Party) async throws -> Ask {
        let end = fire.gateway.clock.now().adding(seconds: 86_400).text
        return .post(
            party, "/disasters",
            try JSON(
                reading: """
                    {"areas":["\(party.code)"],"reason":"見本の地震","endsAt":"\(end)"}
                    """), [("Tsunagi-Operator", "officer-a")])
    }

    private static let emergencies: [Deed] = [
        office("proposeDisaster", .nobody) { fire, person in
            try await proposed(fire, by: person.town)
        },
        office("listDisasters", .nobody) { _, person in .get(person.prefecture, "/disasters") },
        office("confirmDisaster", .nobody) { _, person in
            .post(
                person.town, "/disasters/\(nobody)/confirm", nil,
                [("Tsunagi-Operator", "officer-b")])
        },
        office("endDisaster", .nobody) { fire, person in
            let disaster = try await fire.gateway.send(proposed(fire, by: person.town))
            return .post(
                person.town, "/disasters/\(disaster.text("id"))/end", nil,
                [("Tsunagi-Operator", "officer-b")])
        },
        office("readEmergencyReviews", .shown) { _, person in
            .get(person.town, "/emergency-reviews")
        },
        office("answerEmergencyReview", .asker) { _, person in
            .post(
                person.town, "/emergency-reviews/\(nobody)",
                try JSON(reading: #"{"verdict":"justified","word":"避難所での診療を確認"}"#),
                [("Tsunagi-Operator", "officer-b")])
        },
    ]

    /// A dry run can be sent again and again; what is really applied has tests of its own.
    private static let files: [Deed] = [
        ("entitlements", "Entitlements"), ("entitlements-full", "EntitlementsFull"),
        ("checkup-targets", "CheckupTargets"), ("card-bindings", "CardBindings"),
        ("guardianships", "Guardianships"), ("vaccination-targets", "VaccinationTargets"),
        ("residence-moves", "ResidenceMoves"),
        ("vaccination-prices", "VaccinationPrices"), ("checkup-results", "CheckupResults"),
        ("checkup-prices", "CheckupPrices"), ("checkup-tickets", "CheckupTickets"),
        ("scheme-masters", "SchemeMasters"), ("immunization-seasons", "ImmunizationSeasons"),
        ("sensitive-checkup-results", "SensitiveCheckupResults"), ("past-doses", "PastDoses"),
    ].flatMap { layout, name in
        [
            office("post\(name)File", .nobody) { fire, person in
                let bytes = fire.files(of: person).first { $0.layout == layout }?.bytes ?? []
                return fire.file(layout, bytes, "dryRun=true", of: person)
            },
            office("list\(name)Files", .nobody) { fire, person in
                .get(fire.party(of: layout, person), "/files/\(layout)")
            },
            office("get\(name)File", .nobody) { fire, person in
                let file = person.files[layout] ?? ""
                return .get(fire.party(of: layout, person), "/files/\(layout)/\(file)")
            },
            // Rows of those whom the sender named, where any was refused.
            office("get\(name)FileErrors", .named) { fire, person in
                let file = person.files[layout] ?? ""
                return .get(fire.party(of: layout, person), "/files/\(layout)/\(file)/errors")
            },
            office("get\(name)FilePlan", .nobody) { fire, person in
                let file = person.files[layout] ?? ""
                return .get(fire.party(of: layout, person), "/files/\(layout)/\(file)/plan")
            },
            office("decide\(name)File", .nobody) { fire, person in
                let file = person.files[layout] ?? ""
                return .post(
                    fire.party(of: layout, person), "/files/\(layout)/\(file)/decision",
                    try JSON(reading: #"{"decision":"withdraw"}"#),
                    [("Tsunagi-Operator", "clerk-2")])
            },
        ]
    }

    private static let ends: [Deed] = [
        office("getEntitlementsFullFileEnds", .nobody) { _, person in
            .get(person.town, "/files/entitlements-full/\(nobody)/ends")
        }
    ]
}

package import Exchange
import HTTPTypes
import Hummingbird
package import ServiceLifecycle
import Trust

/// 経路の一覧: every route of every listener. A new field adds its lines here and nowhere else.
extension GatewayParts {
    package func routes(of listener: Listener) -> [Route] {
        let routes =
            switch listener {
            case .institution: institutionRoutes + eligibilityRoutes + commonRoutes(listener)
            case .office: officeRoutes + claimRoutes + commonRoutes(listener)
            case .resident: residentRoutes + commonRoutes(listener)
            case .operations: [Route]()
            }
        return routes.map(permitted)
    }

    private var institutionRoutes: [Route] {
        [
            Route(.post, "/visits/nonces", handle: issueNonce(.visit)),
            route(.post, "/visits", for: .openVisit, handle: openVisit),
            route(.post, "/visits/paper", for: .openPaperVisit, handle: openPaperVisit),
            route(
                .post, "/visits/emergency", for: .openEmergencyVisit, handle: openEmergencyVisit),
            route(.get, "/fhir/Patient/:id", for: .readPatient, handle: readPatient),
            route(
                .post, "/fhir/Immunization", for: .recordVaccination, handle: recordVaccination),
            route(
                .put, "/fhir/Immunization/:id", for: .recordVaccination,
                handle: correctVaccination),
            route(.get, "/fhir/Immunization/:id", for: .readVaccination, handle: readVaccination),
            route(
                .post, "/fhir/Immunization/$check", for: .checkVaccination,
                handle: checkVaccination),
            route(
                .post, "/fhir/$immds-forecast", for: .forecastVaccinations,
                handle: forecastDoses),
            route(.post, "/fhir/AdverseEvent", for: .reportReaction, handle: reportReaction),
            route(.put, "/fhir/AdverseEvent/:id", for: .reportReaction, handle: followReaction),
            route(.get, "/fhir/AdverseEvent/:id", for: .readReaction, handle: readReaction),
            route(.get, "/reactions/:id/form", for: .readReaction, handle: fillReactionForm),
            route(.post, "/fhir/Claim/$submit", for: .settleBill, handle: settleBill),
            route(.get, "/fhir/ClaimResponse/:id", for: .readBill, handle: readBill),
            route(
                .get, "/fhir/ClaimResponse", for: .readSettledClaims, handle: readClaimResponses),
            route(.get, "/claims/statements", for: .readSettledClaims, handle: readOwnStatement),
        ] + deliveryRoutes(on: .institution) + [
            route(
                .post, "/fhir/QuestionnaireResponse/_search", for: .readScreenings,
                handle: searchScreenings(in: .open)),
            route(
                .post, "/fhir/sensitive/QuestionnaireResponse/_search",
                for: .readSensitiveScreenings, handle: searchScreenings(in: .sensitive)),
            route(.post, "/paper-forms", for: .printPaperForms, handle: printPaperForms),
            route(
                .post, "/fhir/QuestionnaireResponse", for: .bringScreening, handle: bringScreening),
            route(
                .put, "/fhir/QuestionnaireResponse/:id", for: .bringScreening,
                handle: bringScreeningAgain),
            route(.get, "/fhir/CarePlan", for: .readCheckups, handle: readCheckupPlan),
        ] + checkupRoutes(.open, record: .recordCheckup, read: .readCheckups)
            + checkupRoutes(
                .sensitive, record: .recordSensitiveCheckup, read: .readSensitiveCheckups)
    }

    private func checkupRoutes(
        _ compartment: CheckupCompartment, record: Purpose, read: Purpose
    ) -> [Route] {
        let path = compartment.basePath + "/DiagnosticReport"
        return [
            route(.post, path, for: record, handle: recordCheckup(in: compartment)),
            route(.get, path, for: read, handle: readCheckups(in: compartment)),
            route(.put, path + "/:id", for: record, handle: correctCheckup(in: compartment)),
            route(.get, path + "/:id", for: read, handle: readCheckup(in: compartment)),
        ]
    }

    private var officeRoutes: [Route] {
        fileRoutes + deliveryRoutes(on: .office) + exportRoutes + statementRoutes + auditRoutes
            + emergencyRoutes + [
                Route(.post, RefusalForm.tokenPath, handle: issueOfficeToken),
                route(
                    .post, "/medical-subsidy/registration-tasks", for: .registerEntitlements,
                    handle: registerEntitlements(form: .full)),
                route(
                    .post, "/medical-subsidy/history-registration-tasks",
                    for: .registerEntitlements,
                    handle: registerEntitlements(form: .difference)),
                route(
                    .get, "/medical-subsidy/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/municipal-checkup/registration-tasks", for: .registerCheckupTargets,
                    handle: registerCheckupTargets),
                route(
                    .get, "/municipal-checkup/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/guardianship/registration-tasks", for: .registerGuardianships,
                    handle: registerGuardianships),
                route(
                    .get, "/guardianship/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/life-events/registration-tasks", for: .registerLifeEvents,
                    handle: registerLifeEvents),
                route(
                    .get, "/life-events/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/immunization/registration-tasks", for: .registerVaccinationTargets,
                    handle: registerVaccinationTargets),
                route(
                    .get, "/immunization/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/immunization/prices/registration-tasks",
                    for: .registerVaccinationPrices, handle: registerPrices(of: .immunization)),
                route(
                    .get, "/immunization/prices/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/immunization/seasons/registration-tasks", for: .registerSeasons,
                    handle: registerSeasons),
                route(
                    .get, "/immunization/seasons/registration-tasks/:taskId",
                    for: .readRegistration, handle: readRegistration),
                route(
                    .get, "/immunization/seasons", for: .readRegistration,
                    handle: readOwnSeasons),
                route(
                    .get, "/medical-subsidy/schemes", for: .readRegistration,
                    handle: readOwnSchemes),
                route(
                    .get, "/immunization/prices", for: .readVaccinationPrices,
                    handle: readPrices(of: .immunization)),
                route(
                    .get, "/immunization/unvaccinated", for: .listUnvaccinated,
                    handle: listUnvaccinated),
                route(
                    .post, "/immunization/reminders", for: .remindOfVaccination,
                    handle: remindOfVaccination),
                route(
                    .get, "/fhir/Immunization", for: .receiveVaccinations,
                    handle: receive(.immunization)),
                route(
                    .post, "/fhir/Immunization/_search", for: .receiveVaccinations,
                    handle: searchVaccinationLines),
                route(.get, "/fhir/AdverseEvent", for: .receiveReactions, handle: receiveReactions),
                route(
                    .get, "/fhir/AdverseEvent/$reports", for: .exportReactions,
                    handle: exportReactions),
                route(
                    .get, "/reactions/reports.csv", for: .exportReactions,
                    handle: exportReactionFile),
                route(.post, "/paper-forms", for: .printPaperForms, handle: printPaperForms),
                route(.get, "/fhir/MeasureReport", for: .readCoverage, handle: readCoverage),
                route(
                    .get, "/immunization/coverage.csv", for: .readCoverage, handle: readCoverageFile
                ),
                route(
                    .post, "/maternal-health/registration-tasks", for: .registerNotifications,
                    handle: registerNotifications),
                route(
                    .get, "/maternal-health/registration-tasks/:taskId", for: .readRegistration,
                    handle: readRegistration),
                route(
                    .post, "/maternal-health/prices/registration-tasks",
                    for: .registerCheckupPrices, handle: registerPrices(of: .maternal)),
                route(
                    .get, "/maternal-health/prices/registration-tasks/:taskId",
                    for: .readRegistration, handle: readRegistration),
                route(
                    .get, "/maternal-health/prices", for: .readCheckupPrices,
                    handle: readPrices(of: .maternal)),
                route(.get, "/fhir/Task", for: .readFollowUps, handle: readFollowUps(in: .open)),
                route(
                    .put, "/fhir/Task/:id", for: .answerFollowUp, handle: answerFollowUp(in: .open)),
                route(
                    .get, "/fhir/sensitive/Task", for: .readSensitiveFollowUps,
                    handle: readFollowUps(in: .sensitive)),
                route(
                    .put, "/fhir/sensitive/Task/:id", for: .answerSensitiveFollowUp,
                    handle: answerFollowUp(in: .sensitive)),
                route(.get, "/maternal-health/unseen", for: .listUnseen, handle: listUnseen),
                route(
                    .post, "/maternal-health/reminders", for: .remindOfCheckup,
                    handle: remindOfCheckup),
                route(
                    .get, "/maternal-health/attendance", for: .countAttendance,
                    handle: countAttendance),
                route(
                    .post, "/fhir/DiagnosticReport/_search", for: .readCheckupLines,
                    handle: searchCheckupLines),
                route(
                    .post, "/fhir/DiagnosticReport", for: .recordMassCheckup,
                    handle: recordMassCheckup(in: .open)),
                route(
                    .put, "/fhir/DiagnosticReport/:id", for: .recordMassCheckup,
                    handle: correctMassCheckup(in: .open)),
                route(
                    .post, "/fhir/sensitive/DiagnosticReport", for: .recordSensitiveMassCheckup,
                    handle: recordMassCheckup(in: .sensitive)),
                route(
                    .put, "/fhir/sensitive/DiagnosticReport/:id",
                    for: .recordSensitiveMassCheckup,
                    handle: correctMassCheckup(in: .sensitive)),
                route(
                    .get, "/fhir/DiagnosticReport/:id", for: .readCheckupLines,
                    handle: readCheckup(in: .open)),
                route(.post, "/card-feed/events", for: .feedCards, handle: feedCards),
                route(.get, "/card-feed/events/:taskId", for: .feedCards, handle: readRegistration),
                route(
                    .get, "/fhir/CoverageEligibilityResponse/:id/$replay", for: .replayEligibility,
                    handle: replayEligibility),
            ]
    }

    private var auditRoutes: [Route] {
        [
            route(
                .post, "/fhir/AuditEvent/_search", for: .searchAccessLog, handle: searchAccessLog),
            route(
                .post, "/fhir/AuditEvent/$examine", for: .examineComplaint,
                handle: examineComplaint),
            route(
                .post, "/access-log/withholdings", for: .withholdEntries, handle: withholdEntries),
            route(
                .post, "/access-log/withholdings/lift", for: .withholdEntries,
                handle: liftWithholdings),
        ]
    }

    /// 請求と月次の照合.
    private var claimRoutes: [Route] {
        [
            route(
                .post, "/claims/files", for: .submitClaims, handle: receiveReceipts),
            route(.post, "/claims", for: .submitClaims, handle: receiveClaims),
            route(.post, "/claims/payments", for: .submitClaims, handle: receivePayments),
            route(
                .post, "/claims/months/:month/events", for: .submitClaims, handle: followClaims),
            route(.get, "/claims/months", for: .readClaims, handle: listMonths),
            route(.post, "/claims/months/:month/runs", for: .reconcileMonth, handle: runMonth),
            route(.get, "/claims/months/:month/runs/:run", for: .readClaims, handle: readMonthRun),
            route(
                .get, "/claims/months/:month/runs/:run/statement", for: .readClaims,
                handle: readMonthStatement),
            route(
                .post, "/claims/months/:month/closings", for: .reconcileMonth,
                handle: closeMonth),
            route(
                .get, "/claims/months/:month/closings/:number", for: .readClaims,
                handle: readClosing),
            route(.get, "/fhir/ExplanationOfBenefit", for: .readClaims, handle: readBenefits),
            route(.get, "/refunds", for: .readRefunds, handle: readRefunds),
            route(.post, "/refunds/:id/answers", for: .answerRefund, handle: answerRefund),
        ]
    }

    private var emergencyRoutes: [Route] {
        [
            route(.post, "/disasters", for: .declareDisaster, handle: proposeDisaster),
            route(.get, "/disasters", for: .declareDisaster, handle: listDisasters),
            route(
                .post, "/disasters/:id/confirm", for: .declareDisaster, handle: confirmDisaster),
            route(.post, "/disasters/:id/end", for: .declareDisaster, handle: endDisaster),
            route(
                .get, "/emergency-reviews", for: .readEmergencyReviews,
                handle: readEmergencyReviews),
            route(
                .post, "/emergency-reviews/:id", for: .answerEmergencyReview,
                handle: answerEmergencyReview),
        ]
    }

    /// 代理と本人の意思: who acts for whom, and what a resident takes back or forbids.
    private var representationRoutes: [Route] {
        [
            route(.get, "/represented", for: .readRepresented, handle: readRepresented),
            route(.post, "/tokens/acting", for: .beginActingSession, handle: beginActing),
            route(
                .get, "/representatives", for: .readOwnRepresentatives,
                handle: readRepresentatives),
            route(.post, "/delegations", for: .delegate, handle: delegate),
            route(
                .post, "/delegations/accept", for: .acceptDelegation, handle: acceptDelegation),
            route(.post, "/delegations/:id/end", for: .endDelegation, handle: endDelegation),
            route(
                .post, "/visits/:id/withdraw", for: .withdrawOwnConsent,
                handle: withdrawOwnConsent),
            route(.get, "/blocks", for: .readOwnBlocks, handle: readOwnBlocks),
            route(.post, "/blocks", for: .setOwnBlock, handle: setOwnBlock),
            route(.post, "/blocks/:id/lift", for: .liftOwnBlock, handle: liftOwnBlock),
        ]
    }

    private func screeningRoutes(
        _ compartment: CheckupCompartment, save: Purpose, read: Purpose
    ) -> [Route] {
        let path = compartment.basePath + "/QuestionnaireResponse"
        return [
            route(.post, path, for: save, handle: saveScreening(in: compartment)),
            route(.put, path + "/:id", for: save, handle: saveScreeningAgain(in: compartment)),
            route(.get, path, for: read, handle: readOwnScreenings(in: compartment)),
        ]
    }

    private var residentRoutes: [Route] {
        representationRoutes
            + screeningRoutes(.open, save: .saveScreening, read: .readOwnScreenings)
            + screeningRoutes(
                .sensitive, save: .saveSensitiveScreening, read: .readOwnSensitiveScreenings)
            + [
                Route(.post, "/tokens/nonces", handle: issueNonce(.residentToken)),
                route(.post, "/tokens", for: .beginResidentSession, handle: beginSession),
                route(.post, "/tokens/revoke", for: .endResidentSession, handle: endSession),
                route(
                    .get, "/fhir/Coverage", for: .readOwnEntitlements, handle: readOwnEntitlements),
                route(.get, "/fhir/Consent", for: .readOwnVisits, handle: readOwnVisits),
                route(.get, "/fhir/Communication", for: .readOwnNotices, handle: readOwnNotices),
                route(
                    .get, "/fhir/Immunization", for: .readOwnVaccinations,
                    handle: readOwnVaccinations),
                route(
                    .get, "/fhir/ImmunizationRecommendation", for: .readOwnForecast,
                    handle: readOwnForecast),
                route(.get, "/balances", for: .readOwnBalances, handle: readOwnBalances),
                route(.post, "/refunds", for: .requestRefund, handle: requestRefund),
                route(.get, "/refunds", for: .readOwnRefunds, handle: readOwnRefunds),
                route(
                    .post, "/screenings/:id/print", for: .printScreening, handle: printScreening),
                route(
                    .get, "/fhir/Questionnaire/:id/$populate", for: .readOwnScreenings,
                    handle: populateQuestionnaire),
                route(
                    .post, "/fhir/Patient/:id/$health-cards-issue", for: .issueHealthCard,
                    handle: issueHealthCard),
                route(.post, "/health-cards/print", for: .issueHealthCard, handle: printHealthCard),
                route(
                    .post, "/health-cards/:id/revoke", for: .revokeHealthCard,
                    handle: revokeHealthCard),
                Route(.get, "/.well-known/jwks.json", handle: readHealthCardKeys),
                Route(.get, "/.well-known/crl/:file", handle: readRevokedHealthCards),
                route(
                    .get, "/fhir/DiagnosticReport", for: .readOwnCheckups,
                    handle: readOwnCheckups(in: .open)),
                route(
                    .get, "/fhir/sensitive/DiagnosticReport", for: .readOwnSensitiveCheckups,
                    handle: readOwnCheckups(in: .sensitive)),
                route(
                    .get, "/fhir/Observation", for: .readOwnMeasurements,
                    handle: readOwnMeasurements),
                route(.post, "/checkups/print", for: .readOwnCheckups, handle: printHandbook),
                route(.get, "/fhir/CarePlan", for: .readOwnCheckupPlan, handle: readOwnCheckupPlan),
                route(.post, "/visits/:id/end", for: .endOwnVisit, handle: endOwnVisit),
                route(.get, "/fhir/AuditEvent", for: .readOwnAccessLog, handle: readOwnAccessLog),
            ]
    }

    /// What says nothing of anyone, on every listener: counted, not entered.
    private func commonRoutes(_ listener: Listener) -> [Route] {
        [
            Route(.get, "/fhir/metadata", handle: readCapabilities),
            Route(.get, "/openapi.json", handle: readOpenAPI),
            Route(.get, "/errors", handle: readErrors),
            Route(.get, "/fhir/Questionnaire", handle: readQuestionnaires),
            Route(.get, "/fhir/Questionnaire/:id", handle: readQuestionnaire),
            Route(.get, "/fhir/CodeSystem", handle: readCodeSystems),
            Route(.get, "/fhir/CodeSystem/:id", handle: readCodeSystem),
            Route(.get, "/log/checkpoint", handle: readCheckpoint),
            Route(.get, "/log/consistency/:from/:to", handle: readConsistency),
        ]
    }
}

/// A listener of exactly these routes, as a service of the gateway's process.
package func listenerService(
    _ configuration: ListenerConfiguration, routes: [Route], environment: ServingEnvironment,
    onListening: @escaping @Sendable (_ port: Int) async -> Void
) -> any Service {
    ListenerService(
        configuration, responder: RouterResponder.answering(routes), environment: environment,
        onListening: onListening)
}

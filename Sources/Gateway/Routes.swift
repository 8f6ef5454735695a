package import Exchange
import HTTPTypes
import Hummingbird
package import ServiceLifecycle
import Trust

/// 経路の一覧: every route of every listener. A new field adds its lines here and nowhere else.
extension GatewayParts {
    package func routes(of listener: Listener) -> [Route] {
        switch listener {
        case .institution: institutionRoutes + commonRoutes(listener)
        case .office: officeRoutes + commonRoutes(listener)
        case .resident: residentRoutes + commonRoutes(listener)
        case .operations: []
        }
    }

    private var institutionRoutes: [Route] {
        [
            Route(.post, "/visits/nonces", handle: issueNonce(.visit)),
            Route(.post, "/visits", handle: openVisit),
            Route(.post, "/visits/paper", handle: openPaperVisit),
            Route(.get, "/fhir/Patient/:id", handle: readPatient),
            Route(
                .post, "/fhir/CoverageEligibilityRequest/$submit", handle: submitEligibilityCheck),
            Route(.get, "/fhir/CoverageEligibilityRequest/:id", handle: readEligibilityRequest),
            Route(.get, "/fhir/CoverageEligibilityResponse/:id", handle: readEligibilityResponse),
            Route(
                .get, "/fhir/CoverageEligibilityResponse/:id/$replay", handle: replayEligibility),
        ]
    }

    private var officeRoutes: [Route] {
        [
            Route(.post, "/oauth2/token", handle: issueOfficeToken),
            Route(
                .post, "/medical-subsidy/registration-tasks",
                handle: registerEntitlements(form: .full)),
            Route(
                .post, "/medical-subsidy/history-registration-tasks",
                handle: registerEntitlements(form: .difference)),
            Route(
                .get, "/medical-subsidy/registration-tasks/:taskId", handle: readRegistration),
            Route(
                .post, "/municipal-checkup/registration-tasks", handle: registerCheckupTargets),
            Route(
                .get, "/municipal-checkup/registration-tasks/:taskId", handle: readRegistration),
            Route(.post, "/card-feed/events", handle: feedCards),
            Route(.get, "/card-feed/events/:taskId", handle: readCardFeed),
            Route(
                .get, "/fhir/CoverageEligibilityResponse/:id/$replay",
                handle: replayEligibilityForBody),
        ]
    }

    private var residentRoutes: [Route] {
        [
            Route(.post, "/tokens/nonces", handle: issueNonce(.residentToken)),
            Route(.post, "/tokens", handle: beginSession),
            Route(.post, "/tokens/revoke", handle: endSession),
            Route(.get, "/fhir/Coverage", handle: readOwnEntitlements),
            Route(.get, "/fhir/Consent", handle: readOwnVisits),
            Route(.post, "/visits/:id/end", handle: endOwnVisit),
            Route(.get, "/fhir/AuditEvent", handle: readOwnAccessLog),
        ]
    }

    /// What says nothing of anyone, on every listener: counted, not entered.
    private func commonRoutes(_ listener: Listener) -> [Route] {
        [
            Route(.get, "/fhir/metadata", handle: readCapabilities),
            Route(.get, "/openapi.json", handle: readOpenAPI),
            Route(.get, "/errors", handle: readErrors),
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

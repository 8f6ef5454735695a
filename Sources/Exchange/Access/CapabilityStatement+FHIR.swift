/// CapabilityStatement of one listener: what is served there and nothing more, because a route that
/// is not on a listener cannot be reached from it. `released` is the day of the software, never of
/// the request.
package func renderCapabilityStatement(
    for listener: Listener, softwareVersion: String, released: CalendarDay
) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: 2048)
    writer.object { statement in
        statement.member("resourceType", "CapabilityStatement")
        statement.member("id", "tsunagi-" + listener.rawValue)
        statement.member("status", "active")
        statement.member("date", released.text)
        statement.member("publisher", "Tsunagi")
        statement.member("kind", "instance")
        statement.object("software") {
            $0.member("name", "tsunagi")
            $0.member("version", softwareVersion)
        }
        statement.object("implementation") {
            $0.member("description", "Tsunagi gateway, \(listener.rawValue) listener")
        }
        statement.member("fhirVersion", FHIR.version)
        statement.array("format") { $0.string("application/fhir+json") }
        statement.array("rest") { rest in
            rest.object { server in
                server.member("mode", "server")
                server.object("security") {
                    $0.member("description", listener.security)
                }
                let served = listener.served
                guard !served.isEmpty else { return }
                server.array("resource") { for resource in served { resource.write(to: &$0) } }
                guard listener == .institution else { return }
                server.array("operation") { list in
                    list.object {
                        $0.member("name", "immds-forecast")
                        $0.member("definition", FHIR.forecastOperation)
                    }
                }
            }
        }
    }
    return writer.bytes
}

/// One line of the list: a resource and what can be done with it.
private struct ServedResource {
    let type: String
    var profile: String?
    var interactions: [String] = []
    /// Operation name and canonical.
    var operations: [String] = []
    var searchParameters: [(name: String, type: String)] = []
    /// What names somebody, or a sheet of theirs, stands in a body, never in an address.
    var isSearchedByPost = false

    /// Read by its id, and searched for by what names somebody.
    mutating func allowSearch(by parameters: [(name: String, type: String)]) {
        interactions = ["read", "search-type"]
        searchParameters = parameters
        isSearchedByPost = true
    }

    func write(to resources: inout JSONWriter) {
        resources.object { resource in
            resource.member("type", type)
            resource.member("profile", profile)
            if !interactions.isEmpty {
                resource.array("interaction") { list in
                    for code in interactions { list.object { $0.member("code", code) } }
                }
                // A correction names the version that its sender had seen, in `If-Match`.
                resource.member(
                    "versioning", interactions.contains("update") ? "versioned-update" : nil)
            }
            if !searchParameters.isEmpty {
                resource.array("searchParam") { list in
                    for parameter in searchParameters {
                        list.object {
                            $0.member("name", parameter.name)
                            $0.member("type", parameter.type)
                            $0.member(
                                "documentation", isSearchedByPost ? "POST _search alone" : nil)
                        }
                    }
                }
            }
            guard !operations.isEmpty else { return }
            resource.array("operation") { list in
                for name in operations {
                    list.object {
                        $0.member("name", name)
                        $0.member("definition", definition(of: name))
                    }
                }
            }
        }
    }

    private func definition(of operation: String) -> String {
        switch operation {
        case "submit": "http://hl7.org/fhir/OperationDefinition/" + type + "-submit"
        case "export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export"
        case "populate":
            "http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate"
        case "health-cards-issue":
            "https://spec.smarthealth.cards/artifacts/operation-patient-i-health-cards-issue.json"
        default: "urn:tsunagi:OperationDefinition:" + type + "-" + operation
        }
    }
}

extension Listener {
    fileprivate var security: String {
        switch self {
        case .institution, .office, .operations: "Mutual TLS"
        case .resident: "Mutual TLS and a resident token bound to the certificate (RFC 8705)"
        }
    }

    fileprivate var served: [ServedResource] {
        let replay = ServedResource(
            type: "CoverageEligibilityResponse", operations: ["replay"])
        var forms = ServedResource(
            type: "Questionnaire", interactions: ["read", "search-type"])
        forms.searchParameters = [("code", "token")]
        let codes = ServedResource(
            type: "CodeSystem", interactions: ["read", "search-type"],
            searchParameters: [("url", "uri")])
        switch self {
        case .institution:
            var request = ServedResource(
                type: "CoverageEligibilityRequest", operations: ["submit"])
            var response = replay
            request.allowSearch(by: [
                ("patient", "reference"), ("visit", "token"), ("created", "date"),
            ])
            response.allowSearch(by: request.searchParameters)
            return [
                request, response,
                ServedResource(
                    type: "Patient", profile: FHIR.Profile.patient, interactions: ["read"]),
                ServedResource(
                    type: "Immunization", profile: FHIR.Profile.vaccination,
                    interactions: ["create", "update", "read"], operations: ["check"]),
                ServedResource(
                    type: "AdverseEvent", interactions: ["create", "update", "read"]),
                ServedResource(type: "Claim", operations: ["submit"]),
                ServedResource(
                    type: "ClaimResponse", interactions: ["read", "search-type"],
                    searchParameters: [("month", "string"), ("body", "string")]),
                ServedResource(
                    type: "DiagnosticReport", profile: FHIR.Profile.checkup,
                    interactions: ["create", "update", "read", "search-type"],
                    searchParameters: [("subject", "reference"), ("patient", "reference")]),
                ServedResource(
                    type: "CarePlan", interactions: ["search-type"],
                    searchParameters: [("subject", "reference"), ("patient", "reference")]),
                forms, codes,
                ServedResource(
                    type: "QuestionnaireResponse",
                    interactions: ["create", "update", "search-type"],
                    searchParameters: [
                        ("subject", "reference"), ("visit", "token"), ("identifier", "token"),
                    ], isSearchedByPost: true),
            ]
        case .office:
            var log = ServedResource(
                type: "AuditEvent", interactions: ["search-type"], operations: ["examine"])
            log.searchParameters = [
                ("date", "date"), ("purpose", "token"), ("outcome", "token"),
                ("address", "string"), ("patient.identifier", "token"),
            ]
            log.isSearchedByPost = true
            return [
                replay, log, ServedResource(type: "Patient", operations: ["export"]),
                ServedResource(
                    type: "Immunization", profile: FHIR.Profile.vaccination,
                    interactions: ["search-type"],
                    searchParameters: [("patient.identifier", "token")], isSearchedByPost: true),
                ServedResource(
                    type: "AdverseEvent", interactions: ["search-type"], operations: ["reports"]),
                ServedResource(
                    type: "MeasureReport", interactions: ["search-type"],
                    searchParameters: [("period", "date")]),
                forms, codes,
                ServedResource(type: "Task", interactions: ["search-type", "update"]),
                ServedResource(
                    type: "DiagnosticReport", profile: FHIR.Profile.checkup,
                    interactions: ["create", "update", "read", "search-type"],
                    searchParameters: [("patient.identifier", "token")], isSearchedByPost: true),
                ServedResource(
                    type: "ExplanationOfBenefit", interactions: ["search-type"],
                    searchParameters: [
                        ("month", "string"), ("run", "number"), ("show", "string"),
                    ]),
            ]
        case .resident:
            forms.operations = ["populate"]
            return [
                ServedResource(
                    type: "Coverage", profile: FHIR.Profile.coverage,
                    interactions: ["search-type"]),
                ServedResource(type: "Consent", interactions: ["search-type"]),
                ServedResource(type: "Communication", interactions: ["search-type"]),
                ServedResource(
                    type: "Immunization", profile: FHIR.Profile.vaccination,
                    interactions: ["search-type"]),
                ServedResource(
                    type: "ImmunizationRecommendation", interactions: ["search-type"]),
                forms, codes,
                ServedResource(
                    type: "QuestionnaireResponse",
                    interactions: ["create", "update", "search-type"]),
                ServedResource(type: "Patient", operations: ["health-cards-issue"]),
                ServedResource(
                    type: "DiagnosticReport", profile: FHIR.Profile.checkup,
                    interactions: ["search-type"]),
                ServedResource(type: "Observation", interactions: ["search-type"]),
                ServedResource(type: "CarePlan", interactions: ["search-type"]),
                ServedResource(type: "AuditEvent", interactions: ["search-type"]),
            ]
        case .operations: return []
        }
    }
}

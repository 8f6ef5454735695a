import Exchange
import TestSupport
import Trust

/// What is asked by whoever acts for somebody, and what residents decide.
extension Deed {
    static let representation: [Deed] = guardianships + acting + delegations + decisions

    private static func resident(
        _ id: String, _ about: About = .asker, _ make: @escaping Make
    ) -> Deed { Deed(listener: .resident, id: id, about: about, make: make) }

    private static let guardianships: [Deed] = [
        Deed(
            listener: .office, id: "postGuardianshipRegistrationTasks",
            about: .written(unchangedToo: true)
        ) { fire, person in
            fire.guardianship(of: person, by: try await fire.stranger().resident)
        },
        Deed(listener: .office, id: "getGuardianshipRegistrationTask", about: .nobody) {
            fire, person in
            let stranger = try await fire.stranger().resident
            let made = try await fire.gateway.send(fire.guardianship(of: person, by: stranger))
            return .get(
                person.town, "\(RunningGateway.guardianshipPath)/\(made.text("taskId"))")
        },
    ]

    private static let acting: [Deed] = [
        resident("readRepresented", .shownToAnother) { fire, person in
            .get(Cast.portal, "/represented", [try await fire.guardian(of: person)])
        },
        resident("beginActingSession") { fire, person in
            .post(
                Cast.portal, "/tokens/acting",
                .object(JSONObject([.init(name: "resident", value: .string(person.patient))])),
                [try await fire.guardian(of: person)])
        },
        resident("readOwnRepresentatives") { _, person in
            .get(Cast.portal, "/representatives", [person.token])
        },
    ]

    /// A baby lets nobody act: these are of people of whom nothing else is asked.
    private static let delegations: [Deed] = [
        resident("delegate", .nobody) { fire, _ in
            .post(
                Cast.portal, "/delegations",
                .object(
                    JSONObject([
                        .init(name: "kinds", value: .array(["immunization"])),
                        .init(
                            name: "validTo",
                            value: .string(fire.gateway.clock.today.adding(days: 9).text)),
                    ])), [try await fire.stranger().token])
        },
        resident("acceptDelegation", .nobody) { fire, _ in
            let made = try await fire.delegation(by: fire.stranger().token)
            return .post(
                Cast.portal, "/delegations/accept",
                .object(
                    JSONObject([.init(name: "code", value: .string(made.text("code")))])),
                [try await fire.stranger().token])
        },
        resident("endDelegation", .nobody) { fire, _ in
            let token = try await fire.stranger().token
            let made = try await fire.delegation(by: token)
            return .post(
                Cast.portal, "/delegations/\(made.text("delegation"))/end", nil, [token])
        },
    ]

    /// None of them stands in the way of what else is asked about the person.
    private static let decisions: [Deed] = [
        resident("withdrawOwnConsent") { fire, person in
            let visit = try await fire.gateway.openVisit(person.card, at: Cast.pharmacy)
            return .post(
                Cast.portal, "/visits/\(visit.id)/withdraw",
                .object(JSONObject([.init(name: "consents", value: .array(["subsidy"]))])),
                [person.token])
        },
        resident("readOwnBlocks") { _, person in .get(Cast.portal, "/blocks", [person.token]) },
        resident("setOwnBlock") { fire, person in fire.block(by: person) },
        resident("liftOwnBlock") { fire, person in
            let block = try await fire.gateway.send(fire.block(by: person))
            return .post(
                Cast.portal, "/blocks/\(block.text("block"))/lift", nil, [person.token])
        },
    ]
}

extension Fire {
    /// Somebody of age of whom nobody counts anything.
    fileprivate func stranger() async throws -> (
        resident: TestResident, token: RunningGateway.Header
    ) {
        try await about([]) {
            let (resident, card) = try await gateway.settle(years: 40)
            return (resident, try await gateway.session(of: card))
        }
    }

    fileprivate func guardianship(of person: FirePerson, by guardian: TestResident) -> Ask {
        .post(
            person.town, RunningGateway.guardianshipPath,
            .array([gateway.guardianship(of: person.resident, by: guardian)]))
    }

    /// The session of somebody who may act for this person.
    fileprivate func guardian(of person: FirePerson) async throws -> RunningGateway.Header {
        let stranger = try await stranger()
        try await gateway.send(guardianship(of: person, by: stranger.resident)).expect(202)
        return stranger.token
    }

    fileprivate func delegation(
        by token: RunningGateway.Header
    ) async throws -> RunningGateway.Answer {
        try await about([]) { try await gateway.delegate(["immunization"], token) }
    }

    /// Of an institution that asks nothing here.
    fileprivate func block(by person: FirePerson) -> Ask {
        .post(
            Cast.portal, "/blocks",
            .object(JSONObject([.init(name: "institution", value: .string(Cast.notOptedIn.code))])),
            [person.token])
    }
}

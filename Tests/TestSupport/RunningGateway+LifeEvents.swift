package import Exchange
import Ledger

/// 住民異動: events as municipalities send them.
extension RunningGateway {
    package static let lifePath = "/life-events/registration-tasks"

    /// An event that is told of today; `items` replaces or adds.
    package func lifeEvent(
        _ kind: LifeEvent.Kind, of resident: TestResident, _ sequence: String, on day: CalendarDay,
        _ items: [String: JSON] = [:]
    ) -> JSON {
        var members: [String: JSON] = [
            "sequence": .string("\(sequence)-\(resident.index)"), "kind": .string(kind.rawValue),
            "municipalityIdentityKey": .string("L-\(resident.index)"),
            "myNumber": .string(resident.number), "effectiveOn": .string(day.text),
            "knownOn": .string(clock.today.text), "isNotDisclosed": .bool(false),
        ]
        if kind.isArrival {
            members["name"] = .string(resident.name)
            members["nameKana"] = .string(resident.nameKana)
            members["dateOfBirth"] = .string(resident.dateOfBirth)
            members["sex"] = .string(resident.sex)
        }
        for (item, value) in items { members[item] = value }
        return .object(JSONObject(members.map { .init(name: $0.key, value: $0.value) }))
    }

    package func tell(
        _ rows: [JSON], by municipality: Party = Cast.town, key: String? = nil
    ) async throws -> Answer {
        try await send(
            municipality, "POST", Self.lifePath,
            headers: key.map { [("Idempotency-Key", $0)] } ?? [], body: .array(rows))
    }
}

/// Task (https://hl7.org/fhir/R4/task.html) for the office of the municipality of residence.
extension FollowUpTask {
    package func render(_ rules: MaternalRules) -> [UInt8] {
        let rule = rules.followUps[code]
        var writer = JSONWriter(reservingBytes: 1536)
        writer.object { task in
            task.member("resourceType", "Task")
            task.member("id", id)
            task.object("meta") { $0.member("versionId", String(version)) }
            task.member("status", status.rawValue)
            task.member("intent", "order")
            task.object("code") { concept in
                concept.array("coding") {
                    $0.codingItem(FHIR.System.followUp, code, display: rule?.name.en)
                }
                concept.member("text", rule?.name.ja)
            }
            if let rule { task.bilingual("description", rule.task) }
            task.object("for") { writeWhom(to: &$0) }
            task.object("executionPeriod") { $0.member("start", day.text) }
            task.member("authoredOn", madeAt.text)
            task.concept("reasonCode", FHIR.System.checkup, checkup)
            task.object("restriction") { restriction in
                restriction.object("period") { $0.member("end", due.text) }
            }
            guard let note else { return }
            task.array("note") { list in list.object { $0.member("text", note) } }
        }
        return writer.bytes
    }

    private func writeWhom(to reference: inout JSONWriter) {
        reference.member("reference", "Patient/" + patientID)
        let (system, key): (String, String?) =
            switch whom {
            case .identityKey(let key): (FHIR.System.identityKey, key)
            case .notificationKey(let key): (FHIR.System.notificationKey, key)
            case .unknown: ("", nil)
            }
        guard let key else { return }
        reference.object("identifier") {
            $0.member("system", system)
            $0.member("value", key)
        }
    }
}

package func renderFollowUps(
    _ tasks: [FollowUpTask], page: SearchPage, _ rules: MaternalRules
) -> [UInt8] {
    renderSearchset(
        tasks.map { SearchEntry(reference: "Task/" + $0.id, resource: $0.render(rules)) },
        page: page)
}

import Exchange
import Ledger

/// One line of a resident's list for the story: when, who, why, and whether it was refused.
extension ShownEvent {
    var line: String {
        get throws {
            if let release { return "(withheld until \(release.text.prefix(19)))" }
            let purpose = try resource.optionalArray("purposeOfEvent")?.first?
                .requiredObject(at: "purposeOfEvent")
            let coding = try purpose?.optionalArray("coding")?.first?
                .requiredObject(at: "coding")
            let who = try resource.requiredArray("agent").lazy
                .compactMap { $0.object?["who"]?.object?["display"]?.string }.first
            return "\(try resource.requiredString("recorded").prefix(19))  \(who ?? "?")  "
                + "\(coding?["display"]?.string ?? "?")"
                + (resource["outcomeDesc"]?.string.map { "  (\($0))" } ?? "")
        }
    }
}

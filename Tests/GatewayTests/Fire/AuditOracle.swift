import Exchange
import Foundation
import TestSupport

/// 開示の数え手: reads every answer of every kind with a reader of its own and counts, for each person, how
/// many answers told of them. What it knows of persons it was told by the test or learned from answers; it
/// asks neither the product's code nor its database.
struct AuditOracle {
    private var persons: [String: Int] = [:]
    private(set) var told: [Int: Int] = [:]
    private(set) var complaints: [String] = []
    /// Answers by operation and status: what the workload has really been through.
    private(set) var kinds: Set<String> = []
    private(set) var answers = 0

    mutating func learn(_ marks: [String], of person: Int) {
        for mark in marks { persons[mark] = person }
    }

    mutating func more(_ count: Int, of person: Int) { told[person, default: 0] += count }

    /// Counts one answer; returns whom it told of.
    @discardableResult
    mutating func hear(
        _ heard: RunningGateway.Heard, _ deed: String, _ about: Deed.About, subjects: [Int]
    ) -> Set<Int> {
        answers += 1
        kinds.insert("\(deed) \(heard.answer.status)")
        let units = Self.units(of: heard)
        guard heard.answer.status < 400 else {
            // A refusal may say back what was sent and tells of nobody else.
            for unit in units { expect(shown(unit, deed), within: subjects, deed) }
            return []
        }
        var disclosed: Set<Int> = []
        switch about {
        case .nobody:
            // A report on a file holds what its sender wrote, of those whom the sender named.
            for unit in units { expect(shown(unit, deed), within: subjects, deed) }
        case .asker:
            disclosed = Set(subjects)
            for unit in units {
                expect(shown(unit, deed), within: subjects, deed)
                learn(unit.patients, of: subjects)
            }
        case .named:
            for unit in units where !unit.texts.isEmpty {
                disclosed = Set(subjects)
                expect(shown(unit, deed), within: subjects, deed)
                learn(unit.patients, of: subjects)
            }
        case .written(let unchangedToo):
            disclosed = written(heard, subjects, unchangedToo)
        case .shown, .shownToAnother:
            // Of a table that says whose layout it is, that and the names of its columns come first.
            let heads = deed == "exportReactionFile" ? 2 : 0
            for unit in units.dropFirst(heads) where !unit.texts.isEmpty {
                let found = shown(unit, deed)
                if found.count != 1 { complaints.append("\(deed): an entry of \(found.count)") }
                learn(unit.patients, of: Array(found))
                disclosed.formUnion(found)
            }
        }
        for person in disclosed { told[person, default: 0] += 1 }
        return disclosed
    }

    private mutating func written(
        _ heard: RunningGateway.Heard, _ subjects: [Int], _ unchangedToo: Bool
    ) -> Set<Int> {
        let counts =
            (try? JSONSerialization.jsonObject(with: Data(heard.answer.body))) as? [String: Any]
        func count(_ name: String) -> Int { counts?[name] as? Int ?? 0 }
        let taken =
            count("applied") + count("underReview") + count("reminded")
            + (unchangedToo ? count("unchanged") : 0)
        // Rows of a body are of one person each, the good ones first.
        return Set(subjects.prefix(taken))
    }

    private mutating func expect(_ found: Set<Int>, within subjects: [Int], _ deed: String) {
        if !found.isSubset(of: subjects) { complaints.append("\(deed) told of somebody else") }
    }

    private mutating func learn(_ patients: Set<String>, of persons: [Int]) {
        guard persons.count == 1 else { return }
        for patient in patients where self.persons[patient] == nil {
            self.persons[patient] = persons[0]
        }
    }

    private func shown(_ unit: Unit, _ deed: String) -> Set<Int> {
        Set(unit.texts.compactMap { persons[$0] } + unit.patients.compactMap { persons[$0] })
    }
}

/// What tells of one person at most: an entry of a Bundle, a line of a list or of a CSV file, or a whole
/// answer.
extension AuditOracle {
    private struct Unit {
        var texts: Set<String> = []
        var patients: Set<String> = []

        mutating func read(_ value: Any) {
            switch value {
            case let text as String:
                texts.insert(text)
                if let id = text.split(separator: "Patient/").last, text.contains("Patient/") {
                    patients.insert("Patient/" + id.prefix { $0.isLetter || $0.isNumber })
                }
            case let values as [Any]: for value in values { read(value) }
            case let object as [String: Any]:
                if object["resourceType"] as? String == "Patient", let id = object["id"] as? String
                {
                    patients.insert("Patient/" + id)
                }
                for (_, value) in object { read(value) }
            default: break
            }
        }
    }

    private static func units(of heard: RunningGateway.Heard) -> [Unit] {
        var whole = Unit()
        for (_, value) in heard.answer.headers { whole.texts.insert(value) }
        guard !heard.answer.body.isEmpty else { return [Unit()] }
        if heard.answer["Content-Type"]?.hasPrefix("text/csv") == true {
            return lines(of: heard.answer.body)
        }
        guard
            let json = try? JSONSerialization.jsonObject(
                with: Data(heard.answer.body), options: .fragmentsAllowed)
        else {
            whole.read(heard.answer.text)
            return [whole]
        }
        let object = json as? [String: Any]
        let lists = ["entry", "targets", "reviews", "refunds"]
        let parts = lists.compactMap { object?[$0] as? [Any] }.first
        guard let parts else {
            // A searchset without entries tells of nobody.
            if object?["type"] as? String == "searchset" { return [Unit()] }
            whole.read(json)
            return [whole]
        }
        return parts.map { part in
            var unit = Unit()
            unit.read(part)
            return unit
        }
    }

    /// CP932 is ASCII where our marks are; names stand in UTF-8 files alone.
    private static func lines(of bytes: [UInt8]) -> [Unit] {
        bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let cells = line.split(separator: UInt8(ascii: ","))
            return Unit(texts: Set(cells.map { String(decoding: $0, as: UTF8.self) }))
        }
    }
}

/// 決まりの誤り: which file, on which line, where in it, and why; a rule file is refused as a whole.
package struct RuleFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let path: String
    package let reason: String
    /// From 1; nothing of a file that is not there. Where the path is the same, so is the line.
    package let line: Int?

    package init(file: String, path: String, reason: String, line: Int? = nil) {
        self.file = file
        self.path = path
        self.reason = reason
        self.line = line
    }

    package static func == (one: RuleFault, other: RuleFault) -> Bool {
        (one.file, one.path, one.reason) == (other.file, other.path, other.reason)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(file)
        hasher.combine(path)
        hasher.combine(reason)
    }

    package var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        return path.isEmpty ? "\(place): \(reason)" : "\(place): \(path): \(reason)"
    }

    /// The same, with the line in the file's text.
    fileprivate func located(in bytes: [UInt8]) -> RuleFault {
        RuleFault(
            file: file, path: path, reason: reason, line: RuleLines.line(of: path, in: bytes))
    }
}

/// 日英併記: every word a person reads is given in both.
package struct BilingualText: Hashable, Sendable {
    package let ja: String
    package let en: String
}

/// 出典: where a rule was taken from, and whether somebody has checked it against that source.
package struct RuleSource: Hashable, Sendable {
    package let text: String
    package let isVerified: Bool
}

/// One object of a rule file, read by name; every complaint carries the file and the path.
struct RuleReader {
    let file: String
    let path: String
    let object: JSONObject
    /// The whole file, for the line of a fault.
    private let bytes: [UInt8]

    init(file: String, bytes: [UInt8]) throws(RuleFault) {
        self.file = file
        self.bytes = bytes
        path = ""
        do throws(Refusal) {
            object = try JSON(reading: bytes).requiredObject(at: "body")
        } catch {
            // What is wrong with the whole stands at no place within it; only a request has a body.
            let isWhole = error == .malformed("body")
            throw RuleFault(isWhole ? .malformed("") : error, file: file).located(in: bytes)
        }
    }

    private init(_ parent: RuleReader, path: String, object: JSONObject) {
        file = parent.file
        bytes = parent.bytes
        self.path = path
        self.object = object
    }

    func fault(_ name: String, _ reason: String) -> RuleFault {
        fault(at: JSONPath.member(name, of: path), reason)
    }

    /// `path`: from the beginning of the file.
    func fault(at path: String, _ reason: String) -> RuleFault {
        RuleFault(file: file, path: path, reason: reason).located(in: bytes)
    }

    func requireOnly(_ names: Set<String>) throws(RuleFault) {
        try read { () throws(Refusal) in try object.requireOnly(names, at: path) }
    }

    func string(_ name: String) throws(RuleFault) -> String {
        let text = try read { () throws(Refusal) in try object.requiredString(name, at: path) }
        guard !text.isEmpty else { throw fault(name, "is empty") }
        return text
    }

    func optionalString(_ name: String) throws(RuleFault) -> String? {
        object[name] == nil ? nil : try string(name)
    }

    func bool(_ name: String) throws(RuleFault) -> Bool {
        try read { () throws(Refusal) in try object.requiredBool(name, at: path) }
    }

    func int(_ name: String, in range: ClosedRange<Int>) throws(RuleFault) -> Int {
        let number = try read { () throws(Refusal) in try object.requiredInt(name, at: path) }
        guard range.contains(number) else {
            throw fault(name, "is not within \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    func day(_ name: String) throws(RuleFault) -> CalendarDay {
        let text = try string(name)
        return try read { () throws(Refusal) in
            try CalendarDay(text, item: JSONPath.member(name, of: path))
        }
    }

    func optionalDay(_ name: String) throws(RuleFault) -> CalendarDay? {
        object[name] == nil ? nil : try day(name)
    }

    func child(_ name: String) throws(RuleFault) -> RuleReader {
        let child = try read { () throws(Refusal) in try object.requiredObject(name, at: path) }
        return RuleReader(self, path: JSONPath.member(name, of: path), object: child)
    }

    func children(_ name: String) throws(RuleFault) -> [RuleReader] {
        let list = try read { () throws(Refusal) in try object.requiredArray(name, at: path) }
        var children: [RuleReader] = []
        for (index, value) in list.enumerated() {
            let place = JSONPath.element(index, of: JSONPath.member(name, of: path))
            let child = try read { () throws(Refusal) in try value.requiredObject(at: place) }
            children.append(RuleReader(self, path: place, object: child))
        }
        return children
    }

    func optionalChildren(_ name: String) throws(RuleFault) -> [RuleReader] {
        object[name] == nil ? [] : try children(name)
    }

    func strings(_ name: String) throws(RuleFault) -> [String] {
        let list = try read { () throws(Refusal) in try object.requiredArray(name, at: path) }
        var texts: [String] = []
        for (index, value) in list.enumerated() {
            let place = JSONPath.element(index, of: JSONPath.member(name, of: path))
            texts.append(try read { () throws(Refusal) in try value.requiredString(at: place) })
        }
        return texts
    }

    func text(_ name: String) throws(RuleFault) -> BilingualText {
        let both = try child(name)
        try both.requireOnly(["ja", "en"])
        return BilingualText(ja: try both.string("ja"), en: try both.string("en"))
    }

    /// Every file names its `source`, and says `verified` or `unverified`.
    func source() throws(RuleFault) -> RuleSource {
        let isVerified: Bool
        switch try string("verified") {
        case "verified": isVerified = true
        case "unverified": isVerified = false
        default: throw fault("verified", "is neither verified nor unverified")
        }
        return RuleSource(text: try string("source"), isVerified: isVerified)
    }

    private func read<Value>(
        _ body: () throws(Refusal) -> Value
    ) throws(RuleFault) -> Value {
        do throws(Refusal) {
            return try body()
        } catch {
            throw RuleFault(error, file: file).located(in: bytes)
        }
    }
}

extension RuleFault {
    package init(_ refusal: Refusal, file: String) {
        self =
            switch refusal {
            case .missing(let path): .init(file: file, path: path, reason: "is missing")
            case .malformed(let path): .init(file: file, path: path, reason: "is malformed")
            case .unknownItem(let path): .init(file: file, path: path, reason: "is unknown")
            case .duplicateItem(let path): .init(file: file, path: path, reason: "is given twice")
            case .tooMany(let path): .init(file: file, path: path, reason: "holds too many")
            case .individualNumberNotAllowed(let path):
                .init(
                    file: file, path: path, reason: "holds what looks like an individual number")
            case .bodyTooLarge: .init(file: file, path: "", reason: "is too large")
            default:
                .init(
                    file: file, path: refusal.item ?? "", reason: "is refused (\(refusal.title))")
            }
    }
}

package import Exchange

/// 示された一覧: what a portal received as `GET /fhir/AuditEvent`, read as a stranger would read it. One
/// page, or several of the same resident in any order.
///
/// Everything that `check` says rests on the answer and on the log's public key, and on nothing else.
package struct ShownList: Sendable {
    package let pages: [ShownPage]

    /// Throws `Refusal` for what is no searchset of AuditEvents.
    package init(_ bodies: [[UInt8]]) throws {
        pages = try bodies.map { try ShownPage($0) }
    }

    /// Each entry once, newest first: an entry may stand on two pages, as the list grew in between, and
    /// was perhaps sealed only on the later one.
    package var events: [ShownEvent] {
        var places: [String: Int] = [:]
        var all: [ShownEvent] = []
        for event in pages.flatMap(\.events) {
            if let place = places[event.id] {
                if all[place].seal == nil { all[place] = event }
            } else {
                places[event.id] = all.count
                all.append(event)
            }
        }
        return pages.count == 1
            ? all : all.sorted { ($0.sequence ?? .max) > ($1.sequence ?? .max) }
    }
}

/// One answer: a bundle with its proof.
package struct ShownPage: Sendable {
    package let events: [ShownEvent]
    package let total: Int?
    /// Nothing before the first epoch.
    package let proof: ShownProof?
    /// 保管: the leaves that say which months are archived.
    package let archives: [ShownArchive]

    init(_ body: [UInt8]) throws {
        let bundle = try JSON(reading: body).requiredObject(at: "body")
        guard bundle["resourceType"]?.string == "Bundle" else {
            throw Refusal.malformed("resourceType")
        }
        total = bundle["total"]?.int
        events = try (bundle.optionalArray("entry") ?? []).map { entry in
            try ShownEvent(entry.requiredObject(at: "entry").requiredObject("resource"))
        }
        let parts = ShownParts(bundle["meta"]?.object, FHIR.Extension.listProof)
        let proof = parts.isEmpty ? nil : try ShownProof(parts)
        self.proof = proof
        archives = try ShownParts.all(bundle["meta"]?.object, FHIR.Extension.archiveProof).map {
            try ShownArchive($0, under: proof?.checkpoint ?? "")
        }
    }
}

/// One entry as shown: the resource, and what proves it.
package struct ShownEvent: Sendable {
    package let id: String
    package let resource: JSONObject
    /// Nothing while it is not sealed.
    package let seal: Seal?
    package let isNotYetCommitted: Bool
    /// 開示の延期: from when on the entry is readable; nothing of one that is.
    package let release: Instant?

    package struct Seal: Sendable {
        /// Nothing of a withheld or archived entry, which shows the hash alone.
        package let leaf: [UInt8]?
        package let archivedMonth: String?
        package let hash: LogHash
        package let sequence: Int
        package let inclusion: InclusionProof
        package let checkpoint: String
    }

    package var sequence: Int? { seal?.sequence }

    init(_ resource: JSONObject) throws {
        guard resource["resourceType"]?.string == "AuditEvent" else {
            throw Refusal.malformed("entry.resource.resourceType")
        }
        id = try resource.requiredString("id")
        self.resource = resource
        let parts = ShownParts(resource, FHIR.Extension.logPosition)
        isNotYetCommitted = parts.claim("notYetCommitted")
        release =
            resource["recorded"] == nil
            ? try Instant(
                ShownParts(resource, FHIR.Extension.withheld).text("until"), item: "until")
            : nil
        seal =
            parts.claim("sealed")
            ? try Seal(parts, isWithheld: release != nil) : nil
    }
}

extension ShownEvent.Seal {
    fileprivate init(_ parts: ShownParts, isWithheld: Bool) throws {
        archivedMonth = try parts.optionalText("archivedMonth")
        let leaf = isWithheld || archivedMonth != nil ? nil : try parts.bytes("leaf")
        self.leaf = leaf
        hash = try leaf.map(LogHash.leaf) ?? parts.hash("leafHash")
        sequence = try parts.number("sequence")
        inclusion = InclusionProof(
            index: try parts.number("position"), size: try parts.number("treeSize"),
            path: try parts.hashes("proof"))
        checkpoint = try parts.text("checkpoint")
    }
}

/// What shows that the list is whole.
package struct ShownProof: Sendable {
    package let checkpoint: String
    package let mapLeaf: [UInt8]
    package let inclusion: InclusionProof
    package let index: ResidentIndex
    package let count: Int
    package let head: SequenceHead?
    package let map: MapProof

    init(_ parts: ShownParts) throws {
        checkpoint = try parts.text("checkpoint")
        mapLeaf = try parts.bytes("mapLeaf")
        // The size is the checkpoint's own: it is not said twice.
        inclusion = InclusionProof(
            index: try parts.number("mapPosition"),
            size: try Checkpoint(text: SignedNote(Array(checkpoint.utf8)).body).size,
            path: try parts.hashes("mapProof"))
        guard let index = ResidentIndex(try parts.bytes("index")) else {
            throw Refusal.malformed("index")
        }
        self.index = index
        count = try parts.number("count")
        head =
            count == 0
            ? nil
            : SequenceHead(
                count: count, position: try parts.number("lastPosition"),
                link: try parts.bytes("lastLink"))
        map = MapProof(
            occupied: try parts.bytes("occupied"), siblings: try parts.hashes("sibling"))
    }
}

/// That a month was archived, as the leaf of the log says it.
package struct ShownArchive: Sendable {
    package let leaf: [UInt8]
    package let inclusion: InclusionProof
    package let checkpoint: String

    init(_ parts: ShownParts, under checkpoint: String) throws {
        leaf = try parts.bytes("archiveLeaf")
        inclusion = InclusionProof(
            index: try parts.number("position"),
            size: try Checkpoint(text: SignedNote(Array(checkpoint.utf8)).body).size,
            path: try parts.hashes("proof"))
        self.checkpoint = checkpoint
    }
}

/// The parts of one extension, by their names.
struct ShownParts {
    private var values: [String: [JSON]] = [:]

    init(_ element: JSONObject?, _ url: String) {
        for parts in Self.all(element, url) { values.merge(parts.values) { $0 + $1 } }
    }

    private init(_ item: JSONObject) {
        for case .object(let part) in item["extension"]?.array ?? [] {
            guard let name = part["url"]?.string else { continue }
            let value = part.members.first { $0.name.hasPrefix("value") }
            values[name, default: []].append(value?.value ?? .null)
        }
    }

    /// Each extension of this name.
    static func all(_ element: JSONObject?, _ url: String) -> [ShownParts] {
        (element?["extension"]?.array ?? []).compactMap(\.object)
            .filter { $0["url"]?.string == url }.map { ShownParts($0) }
    }

    var isEmpty: Bool { values.isEmpty }

    func claim(_ name: String) -> Bool { values[name]?.first?.bool ?? false }

    func optionalText(_ name: String) throws -> String? {
        values[name] == nil ? nil : try text(name)
    }

    func text(_ name: String) throws -> String {
        guard let text = values[name]?.first?.string else { throw Refusal.malformed(name) }
        return text
    }

    func number(_ name: String) throws -> Int {
        let text = try text(name)
        guard let number = Int(text), number >= 0 else { throw Refusal.malformed(name) }
        return number
    }

    func bytes(_ name: String) throws -> [UInt8] {
        guard let bytes = Base64.bytes(try text(name)) else { throw Refusal.malformed(name) }
        return bytes
    }

    func hash(_ name: String) throws -> LogHash {
        guard let hash = try hashes(name).first else { throw Refusal.malformed(name) }
        return hash
    }

    func hashes(_ name: String) throws -> [LogHash] {
        try (values[name] ?? []).map { value in
            guard let hash = value.string.flatMap({ Base64.bytes($0) }).flatMap({ LogHash($0) })
            else { throw Refusal.malformed(name) }
            return hash
        }
    }
}

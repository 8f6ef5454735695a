/// 検索結果: where a searchset stands: its own address, the one of the next page, and how many there
/// are in all.
package struct SearchPage: Hashable, Sendable {
    /// `https://…/fhir`, without a slash at the end.
    package let base: String
    package let selfLink: String
    package let nextLink: String?
    /// `nil`: as many as the entries.
    package let total: Int?
    /// False where nobody counts what other pages have.
    package let isCounted: Bool
    /// 統合された記録の一覧: other lists about the same resident, each with a proof of its own.
    package private(set) var relatedLinks: [String] = []

    package init(
        base: String, selfLink: String, nextLink: String? = nil, total: Int? = nil,
        isCounted: Bool = true
    ) {
        self.base = base
        self.selfLink = selfLink
        self.nextLink = nextLink
        self.total = total
        self.isCounted = isCounted
    }

    package func beside(_ relatedLinks: [String]) -> SearchPage {
        var page = self
        page.relatedLinks = relatedLinks
        return page
    }
}

/// One match: its relative reference and the finished bytes of the resource.
package struct SearchEntry: Hashable, Sendable {
    package let reference: String
    package let resource: [UInt8]
    /// One extension of the entry, written.
    package let `extension`: [UInt8]?

    package init(reference: String, resource: [UInt8], extension: [UInt8]? = nil) {
        self.reference = reference
        self.resource = resource
        self.extension = `extension`
    }
}

/// 一覧の一部: matches as they stand in a searchset, written one after another: a long answer is made in parts,
/// and no resource of it twice.
package struct WrittenEntries: Sendable {
    package private(set) var count = 0
    private let base: String
    private let expected: Int
    private var writer = JSONWriter(reservingBytes: 8192)

    /// Of an answer on `page`, and how many of them will come, if that is known.
    package init(on page: SearchPage, expecting expected: Int = 0) {
        base = page.base
        self.expected = expected
    }

    /// `write` writes one resource.
    package mutating func add(
        _ reference: String, extension written: [UInt8]? = nil,
        _ write: (inout JSONWriter) -> Void
    ) {
        count += 1
        writer.object {
            if let written { $0.array("extension") { $0.raw(written) } }
            $0.member("fullUrl", base + "/" + reference)
            $0.name("resource")
            write(&$0)
            $0.object("search") { $0.member("mode", "match") }
        }
        guard count == 1, expected > 1 else { return }
        // Room for all, as if each were an eighth longer than the first.
        let room = expected * (writer.bytes.count + writer.bytes.count / 8)
        writer.reserve(min(room, Self.roomMax))
    }

    /// What is longer grows as it comes: one long report first takes no more than this.
    private static let roomMax = 1 << 20

    fileprivate var bytes: [UInt8] { writer.bytes }
}

/// `writeMeta` fills the bundle's `meta`: a Bundle has no extensions of its own.
package func renderSearchset(
    _ entries: [SearchEntry], page: SearchPage, writeMeta: ((inout JSONWriter) -> Void)? = nil
) -> [UInt8] {
    var written = WrittenEntries(on: page, expecting: entries.count)
    for entry in entries {
        written.add(entry.reference, extension: entry.extension) { $0.raw(entry.resource) }
    }
    return renderSearchset(of: [written], page: page, writeMeta: writeMeta)
}

/// The same of what was written already, part after part.
package func renderSearchset(
    of parts: [WrittenEntries], page: SearchPage, writeMeta: ((inout JSONWriter) -> Void)? = nil
) -> [UInt8] {
    let pieces = searchsetPieces(of: parts, page: page, writeMeta: writeMeta)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
    for piece in pieces { bytes.append(contentsOf: piece) }
    return bytes
}

/// The same bytes in pieces, which follow one another: the parts of a long answer are not copied to bind
/// them.
package func searchsetPieces(
    of parts: [WrittenEntries], page: SearchPage, writeMeta: ((inout JSONWriter) -> Void)? = nil
) -> [[UInt8]] {
    let parts = parts.filter { $0.count > 0 }
    var pieces: [[UInt8]] = []
    var writer = JSONWriter(reservingBytes: 512)
    writer.object { bundle in
        bundle.member("resourceType", "Bundle")
        if let writeMeta { bundle.object("meta", writeMeta) }
        bundle.member("type", "searchset")
        if page.isCounted {
            bundle.member("total", page.total ?? parts.reduce(0) { $0 + $1.count })
        }
        bundle.array("link") { links in
            let related = page.relatedLinks.map { ("related", Optional($0)) }
            for (relation, url) in [("self", page.selfLink), ("next", page.nextLink)] + related {
                guard let url else { continue }
                links.object {
                    $0.member("relation", relation)
                    $0.member("url", url)
                }
            }
        }
        guard !parts.isEmpty else { return }
        bundle.array("entry") { list in
            for part in parts {
                // The comma before it.
                list.members([])
                pieces += [list.takeBytes(), part.bytes]
            }
        }
    }
    return pieces + [writer.takeBytes()]
}

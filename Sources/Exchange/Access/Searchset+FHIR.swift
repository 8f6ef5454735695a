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

/// `writeMeta` fills the bundle's `meta`: a Bundle has no extensions of its own.
package func renderSearchset(
    _ entries: [SearchEntry], page: SearchPage, writeMeta: ((inout JSONWriter) -> Void)? = nil
) -> [UInt8] {
    var writer = JSONWriter(
        reservingBytes: 512 + entries.reduce(0) { $0 + $1.resource.count + 128 })
    writer.object { bundle in
        bundle.member("resourceType", "Bundle")
        if let writeMeta { bundle.object("meta", writeMeta) }
        bundle.member("type", "searchset")
        if page.isCounted { bundle.member("total", page.total ?? entries.count) }
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
        guard !entries.isEmpty else { return }
        bundle.array("entry") { list in
            for entry in entries {
                list.object {
                    if let written = entry.extension { $0.array("extension") { $0.raw(written) } }
                    $0.member("fullUrl", page.base + "/" + entry.reference)
                    $0.name("resource")
                    $0.raw(entry.resource)
                    $0.object("search") { $0.member("mode", "match") }
                }
            }
        }
    }
    return writer.bytes
}

/// 一覧の証明: that a list has so many entries as of an epoch, and none is left out. Whoever has the
/// log's public key checks it without asking anybody (decisions/0007). Numbers travel as decimal text.
package struct ListProof: Hashable, Sendable {
    /// A leaf of the log that is no entry, with its inclusion proof: the one that holds the map's root.
    package struct OwnLeaf: Hashable, Sendable {
        package let text: [UInt8]
        package let position: Int
        package let path: [[UInt8]]

        package init(text: [UInt8], position: Int, path: [[UInt8]]) {
            self.text = text
            self.position = position
            self.path = path
        }
    }

    /// What the map has at the resident's index; `last` is absent where it has nothing.
    package struct Place: Hashable, Sendable {
        package struct Last: Hashable, Sendable {
            package let position: Int
            package let link: [UInt8]

            package init(position: Int, link: [UInt8]) {
                self.position = position
                self.link = link
            }
        }

        package let index: [UInt8]
        package let count: Int
        package let last: Last?

        package init(index: [UInt8], count: Int, last: Last?) {
            self.index = index
            self.count = count
            self.last = last
        }
    }

    package let checkpoint: String
    package let map: OwnLeaf
    /// 保管: of each month that an entry of this page is archived in, the leaf that says so.
    package var archives: [OwnLeaf] = []
    package let place: Place
    /// Which steps from the map's root down have a sibling, and those siblings.
    package let occupied: [UInt8]
    package let siblings: [[UInt8]]

    package init(
        checkpoint: String, map: OwnLeaf, place: Place, occupied: [UInt8], siblings: [[UInt8]]
    ) {
        self.checkpoint = checkpoint
        self.map = map
        self.place = place
        self.occupied = occupied
        self.siblings = siblings
    }

    /// Into a `meta` object.
    func write(to meta: inout JSONWriter) {
        meta.array("extension") { extensions in
            extensions.object { entry in
                entry.member("url", FHIR.Extension.listProof)
                entry.array("extension") { writeParts(to: &$0) }
            }
            for leaf in archives {
                extensions.object { entry in
                    entry.member("url", FHIR.Extension.archiveProof)
                    entry.array("extension") { parts in
                        parts.bytesItem("archiveLeaf", leaf.text)
                        parts.extensionItem("position", "valueString", String(leaf.position))
                        for hash in leaf.path { parts.bytesItem("proof", hash) }
                    }
                }
            }
        }
    }

    private func writeParts(to parts: inout JSONWriter) {
        parts.extensionItem("checkpoint", "valueString", checkpoint)
        parts.bytesItem("mapLeaf", map.text)
        parts.extensionItem("mapPosition", "valueString", String(map.position))
        for hash in map.path { parts.bytesItem("mapProof", hash) }
        parts.bytesItem("index", place.index)
        parts.extensionItem("count", "valueString", String(place.count))
        if let last = place.last {
            parts.extensionItem("lastPosition", "valueString", String(last.position))
            parts.bytesItem("lastLink", last.link)
        }
        parts.bytesItem("occupied", occupied)
        for hash in siblings { parts.bytesItem("sibling", hash) }
    }
}

extension JSONWriter {
    fileprivate mutating func bytesItem(_ url: String, _ bytes: [UInt8]) {
        extensionItem(url, "valueBase64Binary", Base64.text(bytes))
    }
}

import Exchange
import HTTPTypes
import Hummingbird

/// 頁: where a list stands, how much of it is asked for and where it goes on. Nothing of anyone is in it.
extension Request {
    /// Where the list stands. The path is the route's own: nothing of the resident is in it.
    func page() -> SearchPage {
        SearchPage(base: base, selfLink: origin + uri.path)
    }

    /// `https://host:port`, as the caller reached this server: fullUrl and links are absolute
    /// (https://hl7.org/fhir/R4/bundle.html#bundle-unique), or clients do not follow them. A `Host` that is
    /// none is not repeated.
    var origin: String {
        let host = head.authority ?? ""
        let isHost = (1...255).contains(host.utf8.count) && host.utf8.allSatisfy(Self.isOfHost)
        return "https://" + (isHost ? host : "localhost")
    }

    /// The FHIR root of this route: the open one, or that of the sensitive compartment.
    var base: String {
        let roots = CheckupCompartment.allCases.map(\.basePath).filter {
            uri.path.hasPrefix($0 + "/")
        }
        return origin + (roots.max { $0.utf8.count < $1.utf8.count } ?? "/fhir")
    }

    /// A name, an IPv4 address, or an IPv6 address in brackets; and a port.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
            true
        default: false
        }
    }

    /// `_offset` and `_count`: numbers, nothing about anyone.
    func range() throws -> (offset: Int, count: Int) {
        let count = try number("_count") ?? PageLimits.entriesDefault
        let offset = try number("_offset") ?? 0
        guard (1...PageLimits.entriesMax).contains(count) else { throw Refusal.malformed("_count") }
        guard offset <= PageLimits.offsetMax else { throw Refusal.malformed("_offset") }
        return (offset, count)
    }

    /// `_count` of a list of lines.
    func lineCount(_ name: String = "_count") throws -> Int {
        let count = try number(name) ?? PageLimits.linesDefault
        guard (1...PageLimits.linesMax).contains(count) else { throw Refusal.malformed(name) }
        return count
    }

    /// `narrowed`: what else of the query says which list it is, each with `&` behind it.
    func page(
        _ narrowed: String = "", offset: Int, count: Int
    ) -> @Sendable (_ total: Int) -> SearchPage {
        let (base, list) = (base, "\(origin)\(uri.path)?\(narrowed)")
        return { total in
            let next = offset + count
            return SearchPage(
                base: base, selfLink: "\(list)_offset=\(offset)&_count=\(count)",
                nextLink: next < total ? "\(list)_offset=\(next)&_count=\(count)" : nil,
                total: total)
        }
    }

    /// The same for a list that a resident has several of, because several records are of them
    /// (統合された記録): `record` counts them, from 0 for the one that stands for all.
    func page(record: Int, offset: Int, count: Int)
        -> @Sendable (_ total: Int, _ records: Int)
        -> SearchPage
    {
        let list = "\(origin)\(uri.path)?record="
        let page = page(record == 0 ? "" : "record=\(record)&", offset: offset, count: count)
        return { total, records in
            page(total).beside((0..<records).filter { $0 != record }.map { "\(list)\($0)" })
        }
    }

    /// 人で絞る検索: of a list of several people. Clients of FHIR are used to narrow it by `patient`, and one that
    /// passed that over would show them somebody else. A person is named in a body: `POST …/_search`.
    func refusePersons() throws {
        for (written, _) in uri.queryParameters {
            // Many clients write `:` as `%3A`; Hummingbird decodes values alone.
            let decoded = try? SearchForm.decoded(Array(written.utf8)[...], of: "query")
            let item = (decoded ?? String(written)).prefix { $0 != "." && $0 != ":" }
            guard !Self.persons.contains(String(item)) else {
                throw Refusal.unknownItem(String(item))
            }
        }
    }

    private static let persons: Set = ["patient", "subject", "identifier", "_id"]

    /// A parameter of the query, which says nothing of anyone.
    func text(_ name: String) -> String? {
        uri.queryParameters[Substring(name)].map { String($0) }
    }

    func number(_ name: String) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), number >= 0 else { throw Refusal.malformed(name) }
        return number
    }
}

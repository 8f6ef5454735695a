import Exchange
import Testing

/// The definitions in `profiles/fhir/` say what the gateway writes.
@Suite struct DefinitionTests {
    /// url of a complex extension → names of its parts; empty for a simple one.
    private static let defined: [String: Set<String>] = {
        var defined: [String: Set<String>] = [:]
        for (path, bytes) in Example.files where path.hasPrefix("fhir/StructureDefinition-") {
            guard let file = try? JSON(reading: bytes).object, let url = file["url"]?.string
            else { continue }
            let elements = file["differential"]?.object?["element"]?.array ?? []
            defined[url] = Set(
                elements.compactMap { $0.object?["sliceName"]?.string })
        }
        return defined
    }()

    private func check(_ value: JSON, _ path: String) {
        switch value {
        case .array(let elements):
            for element in elements { check(element, path) }
        case .object(let object):
            for member in object.members {
                if member.name == "extension" { checkExtensions(member.value, path) }
                check(member.value, path)
            }
        default: break
        }
    }

    private func checkExtensions(_ list: JSON, _ path: String) {
        for case .object(let entry) in list.array ?? [] {
            guard let url = entry["url"]?.string, url.hasPrefix("urn:tsunagi:") else { continue }
            guard let parts = Self.defined[url] else {
                Issue.record("\(path): \(url) has no definition")
                continue
            }
            let written = (entry["extension"]?.array ?? []).compactMap {
                $0.object?["url"]?.string
            }
            #expect(parts.isSuperset(of: written), "\(path): \(url)")
            #expect(parts.isEmpty == written.isEmpty, "\(path): \(url)")
        }
    }

    @Test func `every extension we write is defined, with all its parts`() throws {
        for resource in Written.resources {
            check(try JSON(reading: try resource.make()), resource.path)
        }
        for (path, bytes) in Example.files where path.hasPrefix("subsidy/eligibility-") {
            check(try JSON(reading: bytes), path)
        }
        #expect(Self.defined.count == 45)
    }

    /// Where each extension may stand, by its own definition.
    @Test func `an extension of a definition stands where its own definition allows it`() throws {
        var contexts: [String: Set<String>] = [:]
        let files = try Example.files.filter { $0.key.hasPrefix("fhir/") }.map {
            try JSON(reading: $0.value).requiredObject(at: $0.key)
        }
        for file in files {
            contexts[file["url"]?.string ?? ""] = Set(
                (file["context"]?.array ?? []).compactMap { $0.object?["expression"]?.string })
        }
        for file in files {
            let type = try file.requiredString("resourceType")
            for entry in file["extension"]?.array ?? [] {
                let url = entry.object?["url"]?.string ?? ""
                guard url.hasPrefix("urn:tsunagi:") else { continue }
                #expect(contexts[url]?.contains(type) == true, "\(url) on a \(type)")
            }
        }
    }

    @Test(arguments: [
        ("purpose", "access/purposes.json", "purposes"),
        ("consent-kind", "access/consent-kinds.json", "kinds"),
        ("visit-kind", "access/visit-kinds.json", "kinds"),
        ("notice-kind", "access/notice-kinds.json", "kinds"),
        ("vaccine", "immunization/vaccines.json", "vaccines"),
        ("copayment-class", "immunization/copayment-classes.json", "classes"),
        ("vaccine-reaction", "immunization/reactions.json", "symptoms"),
    ])
    func `a code system lists the codes of its rule file`(
        id: String, path: String, key: String
    ) throws {
        func codes(_ path: String, _ key: String) throws -> [String] {
            let file = try #require(try JSON(reading: Example.files[path] ?? []).object)
            return try file.requiredArray(key).compactMap { $0.object?["code"]?.string }
        }
        #expect(try codes("fhir/CodeSystem-\(id).json", "concept") == codes(path, key))
    }

    @Test func `every rule file says where it comes from`() throws {
        for (path, bytes) in Example.files
        where !path.contains("/examples/") && !path.hasPrefix("fhir/") {
            let file = try #require(try JSON(reading: bytes).object)
            let isResource = file["resourceType"] != nil
            #expect(isResource || file["source"]?.string?.isEmpty == false, "\(path)")
            #expect(
                isResource || ["verified", "unverified"].contains(file["verified"]?.string),
                "\(path)")
        }
    }
}

/// CodeableConcept as given: codes and words are kept as they came, understood or not.
package struct Concept: Hashable, Sendable {
    package struct Code: Hashable, Sendable {
        package let system: String?
        package let version: String?
        package let code: String?
        package let display: String?

        package init(
            system: String?, version: String? = nil, code: String?, display: String? = nil
        ) {
            self.system = system
            self.version = version
            self.code = code
            self.display = display
        }
    }

    package let codes: [Code]
    package let text: String?

    package init(codes: [Code] = [], text: String? = nil) {
        self.codes = codes
        self.text = text
    }

    /// Throws `.missing(path.coding)` for a concept that says nothing.
    init(reading object: JSONObject, at path: String) throws(Refusal) {
        var codes: [Code] = []
        for (coding, place) in try object.objects("coding", at: path) {
            codes.append(try Code(reading: coding, at: place))
        }
        self.codes = codes
        text = try object.filledString("text", at: path)
        guard !codes.isEmpty || text != nil else { throw .missing(path + ".coding") }
    }

    /// The first code of a system.
    package func code(of system: String) -> String? {
        codes.first { $0.system == system && $0.code != nil }?.code
    }

    func write(to writer: inout JSONWriter) {
        writer.object { concept in
            if !codes.isEmpty {
                concept.array("coding") { for code in codes { code.write(to: &$0) } }
            }
            concept.member("text", text)
        }
    }
}

extension Concept.Code {
    init(reading coding: JSONObject, at path: String) throws(Refusal) {
        self.init(
            system: try coding.filledString("system", at: path),
            version: try coding.filledString("version", at: path),
            code: try coding.filledString("code", at: path),
            display: try coding.filledString("display", at: path))
        guard code != nil || display != nil else { throw .missing(path + ".code") }
    }

    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("system", system)
            $0.member("version", version)
            $0.member("code", code)
            $0.member("display", display)
        }
    }
}

extension JSONObject {
    func concept(_ name: String, at path: String = "") throws(Refusal) -> Concept? {
        guard let object = try optionalObject(name, at: path) else { return nil }
        return try Concept(reading: object, at: JSONPath.member(name, of: path))
    }

    func concepts(_ name: String, at path: String = "") throws(Refusal) -> [Concept] {
        var concepts: [Concept] = []
        for (object, place) in try objects(name, at: path) {
            concepts.append(try Concept(reading: object, at: place))
        }
        return concepts
    }
}

extension JSONWriter {
    mutating func member(_ name: String, _ concept: Concept?) {
        guard let concept else { return }
        self.name(name)
        concept.write(to: &self)
    }

    mutating func member(_ name: String, _ concepts: [Concept]) {
        guard !concepts.isEmpty else { return }
        array(name) { for concept in concepts { concept.write(to: &$0) } }
    }

    /// A text in Japanese with its English translation, as FHIR says it (`_name`).
    mutating func bilingual(_ name: String, _ text: BilingualText) {
        member(name, text.ja)
        object("_" + name) { $0.translation(text.en) }
    }

    /// `extension` with an English translation of the text beside it.
    mutating func translation(_ english: String) {
        array("extension") { extensions in
            extensions.object { entry in
                entry.member("url", "http://hl7.org/fhir/StructureDefinition/translation")
                entry.array("extension") {
                    $0.extensionItem("lang", "valueCode", "en")
                    $0.extensionItem("content", "valueString", english)
                }
            }
        }
    }
}

/// 団体が登録した決まり: the files that bodies said themselves, their schemes and the days of their seasons, as
/// they stand beside the files of an operator's folder. A body's own word wins, but for one thing: under
/// which kind of consent a type is. That is the operator's to say, in the folder, because no file of a body
/// may change it. Pure: the same files over the same folder give the same files.
package struct RegisteredFiles: Sendable {
    /// By path.
    private var files: [String: [UInt8]]

    /// Of the files of one version of the rules.
    package init(in version: [String: [UInt8]]) {
        files = version.filter { Self.body(of: $0.key, $0.value) != nil }
    }

    /// Whether a file of the rules holds schemes of a body, registered or not.
    package static func isProgram(_ path: String) -> Bool {
        path.hasPrefix(Self.programs)
    }

    private static let programs = "subsidy/programs/"
    static let mark = "registeredBy"

    /// Who said what stands in a file: nobody of one of the operator's.
    private static func body(of path: String, _ bytes: [UInt8]) -> String? {
        let folders = [programs, RegisteredSeasons.folder]
        guard let folder = folders.first(where: { path.hasPrefix($0) }),
            let file = try? JSON(reading: bytes).object, let body = file[mark]?.string,
            path == "\(folder)\(body).json"
        else { return nil }
        return body
    }

    /// Whose registered word a file is, as it stands in the rules.
    package func body(of path: String) -> String? {
        files[path].flatMap { Self.body(of: path, $0) }
    }

    /// Takes a body's word back: what the folder says of it counts again. Returns false where it
    /// registered nothing.
    package mutating func remove(_ body: String) -> Bool {
        let held = files.count
        files = files.filter { Self.body(of: $0.key, $0.value) != body }
        return files.count < held
    }

    /// The folder's files with what bodies registered. Throws for a folder whose own schemes contradict
    /// themselves, those that a registered file takes the place of as well.
    package func over(_ folder: [String: [UInt8]]) throws(RuleFault) -> [String: [UInt8]] {
        guard !files.isEmpty else { return folder }
        let own = RuleFolder(files: folder)
        let rules = try own.subsidyRules(
            version: "", consentKinds: own.consentKinds(), isKept: false)
        var all = folder
        for (path, bytes) in files {
            guard Self.isProgram(path) else {
                all[path] = bytes
                continue
            }
            let programs = rules.programs.filter { $0.body == body(of: path) }
            all[path] = Self.taking(kindsOf: programs, bytes)
        }
        return all
    }

    /// The very bytes where no kind differs: loading the same folder again makes no other version. What this
    /// release cannot read is left as it is, for whoever reads it as a rule file to say so.
    private static func taking(kindsOf programs: [SubsidyProgram], _ bytes: [UInt8]) -> [UInt8] {
        guard let file = try? JSON(reading: bytes).object, let rows = file["programs"]?.array
        else { return bytes }
        let renamed = rows.map { row -> JSON in
            guard let program = row.object, let type = program["certificateTypeID"]?.string,
                let from = program["effectiveFrom"]?.string,
                let kind = kind(of: type, from: from, in: programs)
            else { return row }
            return .object(program.replacing("consentKind", .string(kind.code)))
        }
        guard renamed != rows else { return bytes }
        return Array(JSON.object(file.replacing("programs", .array(renamed))).text.utf8)
    }

    /// What the folder says of the type on the first day of the row; of a row that begins before all of
    /// its own, what it says first.
    private static func kind(
        of type: String, from: String, in programs: [SubsidyProgram]
    ) -> ConsentKind? {
        let rows = programs.filter { $0.certificateTypeID == type }
            .sorted { $0.effective.from < $1.effective.from }
        return (rows.last { $0.effective.from.text <= from } ?? rows.first)?.consentKind
    }
}

extension JSONObject {
    fileprivate func replacing(_ name: String, _ value: JSON) -> JSONObject {
        JSONObject(members.map { $0.name == name ? Member(name: name, value: value) : $0 })
    }
}

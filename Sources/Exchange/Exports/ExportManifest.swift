/// 目録: the files of an export that is ready.
package struct ExportManifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package let type: ExportType
        /// From 1 on, of its type.
        package let number: Int
        package let count: Int

        package init(type: ExportType, number: Int, count: Int) {
            self.type = type
            self.number = number
            self.count = count
        }

        /// `Immunization-1.ndjson`.
        package var name: String { "\(type.rawValue)-\(number).ndjson" }

        /// Throws `.recordUnknown` for a name that is none.
        package static func place(
            of name: String
        ) throws(Refusal) -> (type: ExportType, number: Int) {
            let parts = name.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, parts[1].hasSuffix(".ndjson"),
                let type = ExportType(rawValue: String(parts[0])),
                let number = Int(parts[1].dropLast(".ndjson".count)),
                (1...Int(Int32.max)).contains(number), parts[1].first != "+"
            else { throw .recordUnknown }
            return (type, number)
        }
    }

    package let question: ExportQuestion
    /// As of this moment.
    package let askedAt: Instant
    package let files: [File]

    package init(question: ExportQuestion, askedAt: Instant, files: [File]) {
        self.question = question
        self.askedAt = askedAt
        self.files = files
    }

    /// `base`: the FHIR root; `folder`: where the files are.
    package func render(base: String, folder: String) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 256 + files.count * 160)
        writer.object { manifest in
            manifest.member("transactionTime", askedAt.text)
            manifest.member("request", question.address(under: base))
            // The certificate of the connection opens them, and a token adds nothing.
            manifest.member("requiresAccessToken", false)
            manifest.array("output") { list in
                for file in files {
                    list.object {
                        $0.member("type", file.type.rawValue)
                        $0.member("url", folder + "/" + file.name)
                        $0.member("count", file.count)
                    }
                }
            }
            manifest.array("error") { _ in }
        }
        return writer.bytes
    }
}

/// 住民: as the municipality knows them, and nothing that it does not know already.
package func renderExported(_ patientID: String, known whom: FollowUpTask.Whom) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: 256)
    writer.object { patient in
        patient.member("resourceType", "Patient")
        patient.member("id", patientID)
        let keys = [
            (FHIR.System.identityKey, whom.identityKey),
            (FHIR.System.notificationKey, whom.notificationKey),
        ]
        guard keys.contains(where: { $0.1 != nil }) else { return }
        patient.array("identifier") { list in
            for (system, value) in keys {
                guard let value else { continue }
                list.object {
                    $0.member("system", system)
                    $0.member("value", value)
                }
            }
        }
    }
    return writer.bytes
}

import Crypto
package import Exchange
import FoundationEssentials
import SwiftASN1
import X509

/// 開発用 PKI: one self-signed CA per listener, one for the server and one for test cards, each a
/// folder with its key, its list of issued certificates and its revocation list. For development,
/// tests and the demo: real deployments bring the CAs described in certs/README.md.
package struct DevelopmentPKI: Sendable {
    package let folder: String

    package enum Authority: String, CaseIterable, Sendable {
        case institutions, offices, portals, operations, server, cards

        /// The CA whose certificates the role's listener trusts.
        package init(of role: Role) {
            switch role {
            case .institution: self = .institutions
            case .portal: self = .portals
            case .operator_: self = .operations
            default: self = .offices
            }
        }

        package var usage: Verifier.Usage {
            switch self {
            case .institutions: .institution
            case .offices: .office
            case .portals: .portal
            case .operations: .operations
            case .server: .server
            case .cards: .card
            }
        }
    }

    /// One line of a CA's index: what was issued, and whether it still stands.
    package struct Issued: Sendable, Hashable {
        /// The content of the DER INTEGER, in hexadecimal.
        package let serial: String
        package let name: String
        package let notAfter: Instant
        package var revokedSince: Instant?
        package var reason: RevocationReason?
    }

    /// 13 months: renewed once a year with a month to spare.
    package static let leafDays: Int64 = 396
    package static let authorityDays: Int64 = 3652
    package static let listDays: Int64 = 7

    /// Opens a PKI that was made before; nothing is read until it is used.
    package init(folder: String) {
        self.folder = folder
    }

    /// Makes every CA that is not there yet, with an empty revocation list.
    @discardableResult
    package static func create(in folder: String, at now: Instant) throws -> DevelopmentPKI {
        let pki = DevelopmentPKI(folder: folder)
        // Typed where `certs` is not there yet. What cannot be made is told by the next line.
        try? FileManager.default.createDirectory(
            at: URL(filePath: folder).deletingLastPathComponent(),
            withIntermediateDirectories: true)
        try SecretFile.makeFolder(folder)
        for authority in Authority.allCases {
            guard !FileManager.default.fileExists(atPath: pki.path(authority, "ca.pem")) else {
                continue
            }
            try SecretFile.makeFolder(folder + "/" + authority.rawValue)
            try pki.makeAuthority(authority, at: now)
            try pki.writeList(authority, at: now)
        }
        return pki
    }

    // MARK: Files

    package func path(_ authority: Authority, _ file: String) -> String {
        "\(folder)/\(authority.rawValue)/\(file)"
    }

    package func certificatePath(_ authority: Authority, _ name: String) -> String {
        path(authority, name + ".pem")
    }

    package func keyPath(_ authority: Authority, _ name: String) -> String {
        path(authority, name + ".key")
    }

    package func listPath(_ authority: Authority) -> String { path(authority, "crl.pem") }

    package func anchor(_ authority: Authority) throws -> ParsedCertificate {
        let contents = try contents(path(authority, "ca.pem"))
        guard let anchor = try ParsedCertificate.all(in: Array(contents)).first else {
            throw FileProblem(path(authority, "ca.pem"), "holds no certificate")
        }
        return anchor
    }

    /// Throws a sentence for whoever typed the command in another folder.
    func contents(_ path: String) throws -> Data {
        guard let contents = try? Data(contentsOf: URL(filePath: path)) else {
            throw FileProblem(
                path,
                "is not there or cannot be read: tsunagi pki init and issue make it, --pki names the folder"
            )
        }
        return contents
    }

    package func issued(_ authority: Authority) throws -> [Issued] {
        let path = path(authority, "index.txt")
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            guard let issued = Issued(line: line) else {
                throw FileProblem(path, "has a line that cannot be read: \(line)")
            }
            return issued
        }
    }

    // MARK: Revocation

    /// Marks every standing certificate of this name as revoked and writes the list anew.
    package func revoke(
        _ authority: Authority, _ name: String, reason: RevocationReason, at now: Instant
    ) throws {
        try revoke(authority, reason: reason, at: now) { $0.name == name }
    }

    package func revoke(
        _ authority: Authority, serial: [UInt8], reason: RevocationReason, at now: Instant
    ) throws {
        let text = Hexadecimal.text(serial)
        try revoke(authority, reason: reason, at: now) { $0.serial == text }
    }

    private func revoke(
        _ authority: Authority, reason: RevocationReason, at now: Instant,
        where isMeant: (Issued) -> Bool
    ) throws {
        var index = try issued(authority)
        let meant = index.indices.filter { isMeant(index[$0]) && index[$0].revokedSince == nil }
        guard !meant.isEmpty else {
            throw FileProblem(path(authority, "index.txt"), "has no standing certificate like that")
        }
        for place in meant {
            index[place].revokedSince = now
            index[place].reason = reason
        }
        let text = index.map { $0.line + "\n" }.joined()
        try SecretFile.replace(path(authority, "index.txt"), Array(text.utf8), mode: 0o644)
        try writeList(authority, at: now)
    }

    /// A new list from the index; the list number only grows because time does.
    package func writeList(
        _ authority: Authority, at now: Instant, days: Int64 = DevelopmentPKI.listDays
    ) throws {
        let entries = try issued(authority).compactMap { issued -> RevocationList.Entry? in
            guard let since = issued.revokedSince, let serial = Hexadecimal.bytes(issued.serial)
            else { return nil }
            return .init(serial: serial, since: since, reason: issued.reason ?? .unspecified)
        }
        let authorityCertificate = try anchor(authority)
        let heading = RevocationList.Heading(
            issuer: authorityCertificate.subject.der,
            authorityKeyID: authorityCertificate.extensions.subjectKeyID ?? [],
            number: UInt64(max(0, now.microseconds)), thisUpdate: now,
            nextUpdate: now.adding(seconds: days * 86_400))
        let der = try RevocationList.write(
            heading, entries, signedBy: try key(authority), .ecdsaWithSHA256)
        let text = PEMDocument(type: "X509 CRL", derBytes: der).pemString + "\n"
        try SecretFile.replace(listPath(authority), Array(text.utf8), mode: 0o644)
    }

    func key(_ authority: Authority) throws -> Certificate.PrivateKey {
        let pem = try SecretFile.read(path(authority, "ca.key"))
        return try Certificate.PrivateKey(pemEncoded: String(decoding: pem, as: UTF8.self))
    }
}

extension DevelopmentPKI.Issued {
    /// `serial V|R notAfter since|- reason|- name`, separated by tabs; times are seconds since
    /// 1970.
    var line: String {
        let fields = [
            serial, revokedSince == nil ? "V" : "R", String(notAfter.seconds),
            revokedSince.map { String($0.seconds) } ?? "-", reason?.rawValue ?? "-", name,
        ]
        return fields.joined(separator: "\t")
    }

    init?(line: Substring) {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 6, let end = Int64(fields[2]), !fields[5].isEmpty,
            fields[1] == "V" || Int64(fields[3]) != nil
        else { return nil }
        serial = String(fields[0])
        notAfter = Instant(seconds: end)
        revokedSince = fields[1] == "R" ? Int64(fields[3]).map(Instant.init(seconds:)) : nil
        reason = RevocationReason(rawValue: String(fields[4]))
        name = String(fields[5])
    }
}

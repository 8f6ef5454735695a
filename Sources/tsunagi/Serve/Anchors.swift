import Exchange
import Trust

/// 信頼の起点: the CAs of each role, as the settings name them.
struct Anchors {
    let institution: [ParsedCertificate]
    let office: [ParsedCertificate]
    let portal: [ParsedCertificate]
    let card: [ParsedCertificate]
    private let files: [Listener: [UInt8]]

    init(_ trust: Settings.TrustFiles) throws {
        let institutionPEM = try Files.read(trust.institutionAnchors)
        let officePEM = try Files.read(trust.officeAnchors)
        let portalPEM = try Files.read(trust.portalAnchors)
        institution = try Self.read(institutionPEM, of: trust.institutionAnchors)
        office = try Self.read(officePEM, of: trust.officeAnchors)
        portal = try Self.read(portalPEM, of: trust.portalAnchors)
        card = try Self.read(Files.read(trust.cardAnchors), of: trust.cardAnchors)
        files = [.institution: institutionPEM, .office: officePEM, .resident: portalPEM]
    }

    private static func read(_ contents: [UInt8], of path: String) throws -> [ParsedCertificate] {
        do { return try ParsedCertificate.all(in: contents) } catch {
            throw FileProblem(path, "is not what it must be, certificates of CAs: \(error.code)")
        }
    }

    var all: [ParsedCertificate] { institution + office + portal + card }

    func of(_ listener: Listener) -> (
        roots: [ParsedCertificate], usage: Verifier.Usage, pem: [UInt8]
    ) {
        let pem = files[listener] ?? []
        return switch listener {
        case .institution: (institution, .institution, pem)
        case .office: (office, .office, pem)
        case .resident: (portal, .portal, pem)
        case .operations: ([], .operations, pem)
        }
    }
}

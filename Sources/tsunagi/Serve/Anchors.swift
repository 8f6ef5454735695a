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
        let institutions = try Self.read(
            trust.institutionAnchors, of: "trust.institution-anchors")
        let offices = try Self.read(trust.officeAnchors, of: "trust.office-anchors")
        let portals = try Self.read(trust.portalAnchors, of: "trust.portal-anchors")
        institution = institutions.certificates
        office = offices.certificates
        portal = portals.certificates
        card = try Self.read(trust.cardAnchors, of: "trust.card-anchors").certificates
        files = [
            .institution: institutions.contents, .office: offices.contents,
            .resident: portals.contents,
        ]
    }

    private static func read(
        _ path: String, of setting: String
    ) throws -> (contents: [UInt8], certificates: [ParsedCertificate]) {
        try SettingProblem.naming(setting) {
            let contents = try Files.read(path)
            return (contents, try certificates(contents, of: path))
        }
    }

    private static func certificates(
        _ contents: [UInt8], of path: String
    ) throws -> [ParsedCertificate] {
        do { return try ParsedCertificate.all(in: contents) } catch {
            throw FileProblem(
                path, "is not what it must be, certificates of CAs in PEM: \(error.code)")
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

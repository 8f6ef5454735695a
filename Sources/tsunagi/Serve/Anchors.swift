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
        institution = try ParsedCertificate.all(in: institutionPEM)
        office = try ParsedCertificate.all(in: officePEM)
        portal = try ParsedCertificate.all(in: portalPEM)
        card = try ParsedCertificate.all(in: Files.read(trust.cardAnchors))
        files = [.institution: institutionPEM, .office: officePEM, .resident: portalPEM]
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

import Exchange
import Hummingbird

/// 約束の公開: what is served here, in the words of the standards, and every refusal with what to do
/// about it.
extension GatewayParts {
    /// https://hl7.org/fhir/R4/http.html#capabilities
    func readCapabilities(_ request: Request, _ context: GatewayContext) async throws -> Response {
        .fhir(.ok, Published.capabilities[context.listener] ?? [])
    }

    func readOpenAPI(_ request: Request, _ context: GatewayContext) async throws -> Response {
        .json(.ok, Published.openAPI[context.listener] ?? [])
    }

    /// エラー一覧: code, status, both texts and whether it is on the record.
    func readErrors(_ request: Request, _ context: GatewayContext) async throws -> Response {
        var writer = JSONWriter(reservingBytes: 32_768)
        writer.beginArray()
        for refusal in Refusal.table {
            writer.beginObject()
            writer.member("code", refusal.code)
            writer.member("status", refusal.status)
            writer.member("ja", refusal.ja)
            writer.member("en", refusal.en)
            writer.member("entered", refusal.isEntered)
            writer.endObject()
        }
        writer.endArray()
        return .json(.ok, writer.bytes)
    }
}

/// What never changes while the gateway runs, written once.
private enum Published {
    static let capabilities = each {
        renderCapabilityStatement(
            for: $0, softwareVersion: Release.version, released: Release.day)
    }
    static let openAPI = each(OpenAPI.document)

    private static func each(_ document: (Listener) -> [UInt8]) -> [Listener: [UInt8]] {
        Dictionary(uniqueKeysWithValues: Listener.allCases.map { ($0, document($0)) })
    }
}

/// The release this gateway is.
package enum Release {
    package static let version = "0.1.0"
    static let day = CalendarDay(daysSince1970: 20_778)
}

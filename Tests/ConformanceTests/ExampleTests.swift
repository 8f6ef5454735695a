import Exchange
import Testing

/// Every file of `profiles/**/examples` is run: valid ones are read or are what we write, invalid ones
/// name their error.
@Suite struct ExampleTests {
    @Test(arguments: Example.of("subsidy", "valid/request-"))
    func `a valid request is read as its side file says`(example: Example) throws {
        let institution = try Party(role: .institution, code: Written.institution)
        let question = try EligibilityQuestion(reading: example.bytes, institution: institution)
        let again = question.render(id: "r", created: try Written.now())
        #expect(try EligibilityQuestion(reading: again, institution: institution) == question)
        guard let expected = example.expectation else {
            // As stored: compared byte for byte below.
            #expect(example.path.hasSuffix("as-stored.json"))
            return
        }
        #expect(try question.serviceDate.text == expected.requiredString("serviceDate"))
        #expect(try question.visitID == expected.requiredString("visitID"))
        #expect(try question.patientID == expected.requiredString("patientID"))
        let purposes = try expected.requiredArray("purposes").compactMap(\.string)
        #expect(question.purposes.map(\.rawValue) == purposes)
    }

    @Test(arguments: Example.of("subsidy", "invalid/request-"))
    func `an invalid request names its error`(example: Example) throws {
        let institution = try Party(role: .institution, code: Written.institution)
        let expected = try #require(example.expectation).requiredString("expect")
        do throws(Refusal) {
            _ = try EligibilityQuestion(reading: example.bytes, institution: institution)
            Issue.record("\(example.path) was read")
        } catch {
            #expect("Refusal.\(error)".replacing("\"", with: "") == expected)
        }
    }

    @Test(arguments: Example.of("registration"))
    func `a registration is taken, or says why not`(example: Example) throws {
        let side = try #require(example.expectation)
        let form: RegistrationForm = try side.requiredString("form") == "full" ? .full : .difference
        var found: [String] = []
        do throws(Refusal) {
            for row in try readSubsidyRows(example.bytes, form: form) {
                guard case .failure(let refusal) = row else { continue }
                found += refusal.findings.filter { $0.severity == .error }.map {
                    "RowCode.\($0.code.rawValue)(\($0.item))"
                }
            }
        } catch {
            found.append("Refusal.\(error)".replacing("\"", with: ""))
        }
        let expected = try side.optionalArray("expect")?.compactMap(\.string) ?? []
        #expect(found == expected)
        #expect(found.isEmpty == example.isValid)
    }

    @Test(arguments: Written.resources.map(\.path))
    func `what we write is the example, byte for byte`(path: String) throws {
        let resource = try #require(Written.resources.first { $0.path == path })
        let file = try #require(Example.files[path], "no \(path)")
        let expected = try JSON(reading: file).text
        let made = String(decoding: try resource.make(), as: UTF8.self)
        #expect(made == expected, "\(made)")
    }

    @Test func `no example is left unrun`() {
        let written = Set(Written.resources.map(\.path))
        let unrun = Example.all.filter {
            !$0.path.contains("/request-") && !$0.path.hasPrefix("registration/")
                && !ImmunizationExampleTests.reads($0) && !MaternalExampleTests.reads($0)
                && !written.contains($0.path)
        }
        #expect(unrun.map(\.path) == [])
        #expect(Example.of("subsidy", "valid/request-").count >= 8)
        #expect(Example.of("subsidy", "invalid/request-").count >= 28)
        #expect(Example.of("registration").count >= 9)
        #expect(Example.of("immunization", "valid/").count >= 25)
        #expect(Example.of("immunization", "invalid/").count >= 35)
        #expect(Example.of("maternal", "valid/").count >= 12)
        #expect(Example.of("maternal", "invalid/").count >= 39)
    }
}

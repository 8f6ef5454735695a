import Testing

@Suite struct TidyTests {
    private static let files = Result { try SourceFile.all() }

    @Test(arguments: Rule.all)
    func `every file keeps the rule`(rule: Rule) throws {
        let files = try Self.files.get()
        #expect(files.contains { $0.path == "Package.swift" }, "the package was not found")
        for complaint in rule.check(files) { Issue.record("\(complaint)") }
    }

    @Test(arguments: Rule.all)
    func `the rule refuses what breaks it`(rule: Rule) {
        for sample in rule.breaks {
            #expect(
                !rule.complaints(about: [sample]).isEmpty, "not refused: \(sample.text.prefix(80))")
        }
    }

    @Test(arguments: Rule.all)
    func `the rule accepts what keeps it`(rule: Rule) {
        #expect(rule.complaints(about: rule.keeps) == [])
    }

    @Test(arguments: [
        ("a // b\nc", "a \nc"),
        ("a /* b /* c */ \n d */ e", "a \n e"),
        ("say(\"{ \\\" }\")", "say(\"\")"),
        ("say(\"\\(name(\"}\")) {\")", "say(\"name(\"\")\")"),
        ("let a = #\"\\(b) \" {\"# + c", "let a = \"\" + c"),
        ("let a = \"\"\"\n { \"x\" \n\"\"\"\n}", "let a = \"\n\n\"\n}"),
        ("\"not // a comment\" + b", "\"\" + b"),
    ])
    func `what is left is code`(text: String, code: String) {
        #expect(CodeOnly.of(text) == code)
    }
}

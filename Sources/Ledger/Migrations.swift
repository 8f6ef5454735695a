import Crypto
import Exchange
package import Logging
package import Postgres

/// Forward-only migrations: plain SQL files, each applied once, in order, all pending ones in one
/// transaction.
///
/// Safe when several gateways start at once: an advisory lock makes the others wait and then find
/// nothing to do. A crash leaves the schema as it was. A file that changed after it was applied is
/// refused by its checksum.
package struct Migrations: Sendable {
    package struct File: Sendable {
        package let name: String
        let sql: [UInt8]
        var checksum: String { Hexadecimal.text(Array(SHA256.hash(data: sql))) }
    }

    package enum Failure: Error, CustomStringConvertible {
        case changed(String)
        case ahead([String])
        case pending([String])

        package var description: String {
            switch self {
            case .changed(let name):
                "Migration \(name) was changed after it had been applied. Restore the released file."
            case .ahead(let names):
                "The database has migrations this release does not know (\(names.joined(separator: ", "))). "
                    + "Run the newer release."
            case .pending(let names):
                "The database lacks \(names.joined(separator: ", ")). Run `tsunagi migrate`."
            }
        }
    }

    package static let files: [File] = [
        File(name: "0001_house", sql: PackageResources._001_house_sql),
        File(name: "0002_access", sql: PackageResources._002_access_sql),
        File(name: "0003_cards_and_visits", sql: PackageResources._003_cards_and_visits_sql),
        File(name: "0004_subsidy", sql: PackageResources._004_subsidy_sql),
        File(name: "0005_checkup_targets", sql: PackageResources._005_checkup_targets_sql),
        File(name: "0006_registry", sql: PackageResources._006_registry_sql),
        File(name: "0007_reviews", sql: PackageResources._007_reviews_sql),
        File(name: "0008_tries_reviews_keys", sql: PackageResources._008_tries_reviews_keys_sql),
        File(name: "0009_sequences", sql: PackageResources._009_sequences_sql),
        File(name: "0010_card_revocations", sql: PackageResources._010_card_revocations_sql),
        File(name: "0011_one_index_less", sql: PackageResources._011_one_index_less_sql),
        File(
            name: "0012_revocation_key_versions",
            sql: PackageResources._012_revocation_key_versions_sql),
        File(name: "0013_vaccinations", sql: PackageResources._013_vaccinations_sql),
        File(name: "0014_seal_keys", sql: PackageResources._014_seal_keys_sql),
        File(name: "0015_files", sql: PackageResources._015_files_sql),
        File(name: "0016_caps", sql: PackageResources._016_caps_sql),
        File(name: "0017_maternal", sql: PackageResources._017_maternal_sql),
        File(
            name: "0018_immunization_around_the_needle",
            sql: PackageResources._018_immunization_around_the_needle_sql),
        File(name: "0019_key_checks", sql: PackageResources._019_key_checks_sql),
        File(name: "0020_archives", sql: PackageResources._020_archives_sql),
        File(name: "0022_people", sql: PackageResources._022_people_sql),
        File(
            name: "0024_offices_and_emergencies",
            sql: PackageResources._024_offices_and_emergencies_sql),
        File(
            name: "0025_lifted_withholdings",
            sql: PackageResources._025_lifted_withholdings_sql),
        File(name: "0026_references", sql: PackageResources._026_references_sql),
        File(
            name: "0027_deliveries_and_statements",
            sql: PackageResources._027_deliveries_and_statements_sql),
        File(name: "0028_counted_doses", sql: PackageResources._028_counted_doses_sql),
        File(name: "0029_claims", sql: PackageResources._029_claims_sql),
        File(name: "0030_maternal_ways", sql: PackageResources._030_maternal_ways_sql),
        File(name: "0031_settled_words", sql: PackageResources._031_settled_words_sql),
        File(name: "0033_webhooks", sql: PackageResources._033_webhooks_sql),
        File(
            name: "0034_reactions_and_coverage",
            sql: PackageResources._034_reactions_and_coverage_sql),
        File(name: "0035_refunds", sql: PackageResources._035_refunds_sql),
        File(name: "0036_told_once", sql: PackageResources._036_told_once_sql),
        File(name: "0037_life_events", sql: PackageResources._037_life_events_sql),
        File(name: "0039_losses", sql: PackageResources._039_losses_sql),
        File(
            name: "0040_prices_and_reminders",
            sql: PackageResources._040_prices_and_reminders_sql),
        File(name: "0041_questionnaires", sql: PackageResources._041_questionnaires_sql),
        File(
            name: "0042_paper_forms_and_portals",
            sql: PackageResources._042_paper_forms_and_portals_sql),
        File(name: "0044_permissions", sql: PackageResources._044_permissions_sql),
        File(name: "0045_bulk_exports", sql: PackageResources._045_bulk_exports_sql),
        File(name: "0046_losses_of_moves", sql: PackageResources._046_losses_of_moves_sql),
        File(
            name: "0047_bills_on_several_certificates",
            sql: PackageResources._047_bills_on_several_certificates_sql),
        File(
            name: "0048_lapses_and_payment_lists",
            sql: PackageResources._048_lapses_and_payment_lists_sql),
        File(name: "0050_mass_checkups", sql: PackageResources._050_mass_checkups_sql),
        File(name: "0051_follow_up_sources", sql: PackageResources._051_follow_up_sources_sql),
        File(name: "0052_agreed_prices", sql: PackageResources._052_agreed_prices_sql),
        File(name: "0053_record_merges", sql: PackageResources._053_record_merges_sql),
        File(
            name: "0055_ticket_faces_and_statements",
            sql: PackageResources._055_ticket_faces_and_statements_sql),
        File(name: "0056_schemes_by_file", sql: PackageResources._056_schemes_by_file_sql),
        File(name: "0058_paper_sheets", sql: PackageResources._058_paper_sheets_sql),
        File(
            name: "0059_reactions_of_the_nation",
            sql: PackageResources._059_reactions_of_the_nation_sql),
        File(name: "0060_stays_and_years", sql: PackageResources._060_stays_and_years_sql),
        File(
            name: "0061_sensitive_mass_checkups",
            sql: PackageResources._061_sensitive_mass_checkups_sql),
        File(name: "0062_claimed_checkups", sql: PackageResources._062_claimed_checkups_sql),
        File(name: "0063_exports_in_steps", sql: PackageResources._063_exports_in_steps_sql),
        File(name: "0064_paid_over", sql: PackageResources._064_paid_over_sql),
        File(name: "0065_days_of_consent", sql: PackageResources._065_days_of_consent_sql),
        File(
            name: "0067_merges_in_their_own_lane",
            sql: PackageResources._067_merges_in_their_own_lane_sql),
        File(name: "0070_days_of_stays", sql: PackageResources._070_days_of_stays_sql),
        File(
            name: "0073_visits_of_parted_records",
            sql: PackageResources._073_visits_of_parted_records_sql),
        File(name: "0074_more_statements", sql: PackageResources._074_more_statements_sql),
        File(name: "0076_quick_triggers", sql: PackageResources._076_quick_triggers_sql),
        File(
            name: "0077_merges_with_doses", sql: PackageResources._077_merges_with_doses_sql),
        File(
            name: "0078_own_seasons_and_salts",
            sql: PackageResources._078_own_seasons_and_salts_sql),
        File(
            name: "0079_merges_of_families", sql: PackageResources._079_merges_of_families_sql),
        File(
            name: "0080_who_registered_rules",
            sql: PackageResources._080_who_registered_rules_sql),
        File(
            name: "0081_ends_of_whole_lists",
            sql: PackageResources._081_ends_of_whole_lists_sql),
        File(
            name: "0083_words_taken_back",
            sql: PackageResources._083_words_taken_back_sql),
        File(
            name: "0084_limits_of_months",
            sql: PackageResources._084_limits_of_months_sql),
        File(
            name: "0085_refunds_of_one_month",
            sql: PackageResources._085_refunds_of_one_month_sql),
        File(
            name: "0086_designations_of_the_day",
            sql: PackageResources._086_designations_of_the_day_sql),
        File(
            name: "0087_refused_refunds_again",
            sql: PackageResources._087_refused_refunds_again_sql),
        File(
            name: "0088_marks_stay",
            sql: PackageResources._088_marks_stay_sql),
        File(
            name: "0089_months_in_parts",
            sql: PackageResources._089_months_in_parts_sql),
        File(
            name: "0090_years_of_refunds",
            sql: PackageResources._090_years_of_refunds_sql),
        File(
            name: "0091_awaited_mothers",
            sql: PackageResources._091_awaited_mothers_sql),
        File(
            name: "0093_moments_of_lists",
            sql: PackageResources._093_moments_of_lists_sql),
        File(
            name: "0094_merges_with_voided_bills",
            sql: PackageResources._094_merges_with_voided_bills_sql),
        File(
            name: "0095_past_doses",
            sql: PackageResources._095_past_doses_sql),
        File(
            name: "0097_narrow_reads",
            sql: PackageResources._097_narrow_reads_sql),
        File(
            name: "0098_proxies_stay",
            sql: PackageResources._098_proxies_stay_sql),
        File(
            name: "0099_merges_with_bills",
            sql: PackageResources._099_merges_with_bills_sql),
        File(
            name: "0102_ledgers_told",
            sql: PackageResources._102_ledgers_told_sql),
        File(
            name: "0103_moments_of_changes",
            sql: PackageResources._103_moments_of_changes_sql),
        File(
            name: "0104_whose_records",
            sql: PackageResources._104_whose_records_sql),
        File(
            name: "0106_merges_of_three",
            sql: PackageResources._106_merges_of_three_sql),
        File(
            name: "0107_versions_of_their_own",
            sql: PackageResources._107_versions_of_their_own_sql),
        File(
            name: "0108_told_doses",
            sql: PackageResources._108_told_doses_sql),
        File(
            name: "0110_numbers_of_withdrawn_files",
            sql: PackageResources._110_numbers_of_withdrawn_files_sql),
        File(
            name: "0113_children_who_moved_in",
            sql: PackageResources._113_children_who_moved_in_sql),
        File(
            name: "0114_places_of_receipts",
            sql: PackageResources._114_places_of_receipts_sql),
        File(
            name: "0115_changes_of_closed_months",
            sql: PackageResources._115_changes_of_closed_months_sql),
        File(
            name: "0116_waiting_claims",
            sql: PackageResources._116_waiting_claims_sql),
        File(
            name: "0117_undone_doses_and_audiences",
            sql: PackageResources._117_undone_doses_and_audiences_sql),
        File(
            name: "0119_early_protection",
            sql: PackageResources._119_early_protection_sql),
        File(
            name: "0120_months_tried_again",
            sql: PackageResources._120_months_tried_again_sql),
        File(name: "0121_prescribers", sql: PackageResources._121_prescribers_sql),
        File(
            name: "0126_planned_changes",
            sql: PackageResources._126_planned_changes_sql),
        File(
            name: "0127_protections_of_withdrawn_files",
            sql: PackageResources._127_protections_of_withdrawn_files_sql),
        File(
            name: "0128_answered_checks",
            sql: PackageResources._128_answered_checks_sql),
        File(
            name: "0129_long_illnesses",
            sql: PackageResources._129_long_illnesses_sql),
        File(
            name: "0130_prescribers_of_claims",
            sql: PackageResources._130_prescribers_of_claims_sql),
    ]

    /// Applies what is missing as the owner; returns the names applied.
    package static func apply(as owner: Address, logger: Logger) async throws -> [String] {
        let pool = Pool(owner, limits: .single, label: "tsunagi-migrate", logger: logger)
        let applied: [String]
        do {
            applied = try await pool.transaction { transaction in
                try transaction.script(
                    """
                    select pg_advisory_xact_lock(\(AdvisoryLock.migration.rawValue));
                    create table if not exists public.tsunagi_migration (
                        name text primary key,
                        checksum text not null,
                        applied_at timestamptz not null default clock_timestamp()
                    );
                    """)
                let missing = try Self.missing(in: &transaction)
                for file in missing {
                    try transaction.script(String(decoding: file.sql, as: UTF8.self))
                    _ = try transaction.run(
                        Self.insert, [.text(file.name), .text(file.checksum)])
                }
                try transaction.script(
                    """
                    grant usage on schema public to tsunagi_gateway, tsunagi_office, tsunagi_sealer;
                    grant select on public.tsunagi_migration
                        to tsunagi_gateway, tsunagi_office, tsunagi_sealer;
                    select log.ensure_partitions(3);
                    """)
                return missing.map(\.name)
            }
        } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
        return applied
    }

    /// Throws unless exactly this release's migrations are applied. Serving never changes a schema.
    static func check(in transaction: inout Transaction) throws {
        let pending = try missing(in: &transaction)
        guard pending.isEmpty else { throw Failure.pending(pending.map(\.name)) }
    }

    private static func missing(in transaction: inout Transaction) throws -> [File] {
        let rows = try transaction.query(Self.select)
        var applied: [String: String] = [:]
        for index in 0..<rows.count {
            applied[try rows[index].text(0)] = try rows[index].text(1)
        }
        let unknown = Set(applied.keys).subtracting(files.map(\.name))
        guard unknown.isEmpty else { throw Failure.ahead(unknown.sorted()) }
        for file in files {
            if let checksum = applied[file.name], checksum != file.checksum {
                throw Failure.changed(file.name)
            }
        }
        return files.filter { applied[$0.name] == nil }
    }

    private static let insert = Statement(
        "insert into public.tsunagi_migration (name, checksum) values ($1, $2)")
    private static let select = Statement(
        "select name, checksum from public.tsunagi_migration order by name")
}

extension Pool.Limits {
    /// One connection for work that waits for nobody: ten minutes for a migration of a large table.
    static let single = Pool.Limits(
        connectionsMax: 1, waitersMax: 1, waitMilliseconds: 30_000,
        statementTimeoutMilliseconds: 600_000)
}

// PostgreSQL's own functions by name, so that a default can be judged without a server: pg_proc of 15, those
// that people call, and what 16 to 18 have added. A name with one volatile variant counts as volatile.
#include <set>
#include <sstream>
#include <string>

#include "migration/lint/world/expressions.hpp"

namespace pgteal::migration::lint {

namespace {

constexpr const char* volatile_names =
    "array_sample array_shuffle clock_timestamp current_query currval cursor_to_xml gen_random_uuid "
    "lastval lo_create lo_from_bytea lo_import lo_unlink nextval pg_advisory_lock "
    "pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared "
    "pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_cancel_backend pg_current_wal_lsn pg_notify "
    "pg_reload_conf pg_sleep pg_sleep_for pg_sleep_until pg_terminate_backend pg_try_advisory_lock "
    "pg_try_advisory_xact_lock query_to_xml random random_normal set_config setseed setval timeofday "
    "txid_status uuidv4 uuidv7 ";

constexpr const char* stable_names =
    "abbrev abs acldefault aclexplode acos acosd acosh age any_value area array_agg array_dims "
    "array_fill array_length array_lower array_ndims array_position array_positions array_remove "
    "array_replace array_reverse array_sort array_to_json array_to_string array_to_tsvector array_upper "
    "ascii asind asinh atan atan2 atan2d atand atanh avg bit_count bit_length bool bool_and bool_or "
    "bound_box box bpchar broadcast btrim cardinality casefold cbrt ceil ceiling center char "
    "char_length character_length chr cidr circle coalesce col_description concat concat_ws convert "
    "convert_from convert_to corr cos cosd cosh cot cotd count covar_pop covar_samp crc32 crc32c "
    "cume_dist current_database current_schema current_schemas current_setting current_user date "
    "date_bin date_part date_trunc daterange decode degrees diagonal diameter div dtrunc encode "
    "enum_first enum_last enum_range erf erfc every exp extract factorial family first_value float4 "
    "float8 floor fmgr_c_validator fmgr_internal_validator fmgr_sql_validator format format_type gamma "
    "gcd generate_series generate_subscripts get_bit get_byte get_current_ts_config getdatabaseencoding "
    "getpgusername greatest has_table_privilege hashtext hashtextextended height host hostmask "
    "inet_client_addr inet_server_addr initcap int2 int4 int8 interval is_normalized isclosed isempty "
    "isfinite ishorizontal isparallel isperp isvertical json_agg json_array json_array_elements "
    "json_array_elements_text json_array_length json_build_array json_build_object json_each "
    "json_each_text json_object json_object_agg json_object_keys json_populate_record "
    "json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_to_tsvector "
    "json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length "
    "jsonb_build_array jsonb_build_object jsonb_each jsonb_insert jsonb_object jsonb_object_agg "
    "jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz "
    "jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first "
    "jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset "
    "jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset "
    "jsonb_typeof justify_days justify_hours justify_interval lag last_value lcm lead least left length "
    "lgamma like line ln localtime localtimestamp log lower lpad lseg ltrim make_date make_interval "
    "make_time make_timestamp make_timestamptz makeaclitem masklen max md5 min_scale mod mode money "
    "multirange mxid_age name netmask network normalize notlike now npoints nth_value ntile nullif "
    "num_nonnulls num_nulls numeric nummultirange numnode numrange numrange_subdiff obj_description "
    "octet_length overlaps overlay parse_ident path pclose percent_rank percentile_cont percentile_disc "
    "pg_backend_pid pg_client_encoding pg_column_size pg_input_is_valid pg_postmaster_start_time "
    "pg_size_pretty pg_typeof phraseto_tsquery pi plainto_tsquery point popen position "
    "postgresql_fdw_validator pow power querytree quote_ident quote_literal quote_nullable radians "
    "radius rank regclass regexp_count regexp_instr regexp_like regexp_match regexp_matches "
    "regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy "
    "regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse "
    "right round row_number row_to_json rpad rtrim satisfies_hash_partition scale schema_to_xml "
    "schema_to_xml_and_xmlschema schema_to_xmlschema session_user set_bit set_byte set_masklen "
    "setweight sha224 sha256 sha384 sha512 shobj_description sign similar_escape similar_to_escape sind "
    "sinh slope split_part sqrt statement_timestamp stddev stddev_pop stddev_samp string_agg "
    "string_to_array string_to_table strip strpos substr substring sum table_to_xml "
    "table_to_xml_and_xmlschema table_to_xmlschema tan tand tanh text textlen time timestamp "
    "timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb to_number "
    "to_oct to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc "
    "to_regprocedure to_regrole to_regtype to_timestamp to_tsquery to_tsvector transaction_timestamp "
    "translate trim_array trim_scale trunc ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse "
    "ts_rank ts_rank_cd ts_token_type tsmultirange tsrange tsrange_subdiff tstzmultirange tstzrange "
    "tstzrange_subdiff txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xip "
    "txid_snapshot_xmax txid_visible_in_snapshot unistr unnest upper upper_inc upper_inf "
    "uuid_extract_timestamp uuid_extract_version var_pop var_samp varbit varchar variance version "
    "websearch_to_tsquery width width_bucket xml xml_is_well_formed xml_is_well_formed_content "
    "xml_is_well_formed_document xmlagg xmlcomment xmlconcat2 xmlexists xmlvalidate xpath xpath_exists ";

std::set<std::string, std::less<>> words(const char* text) {
    std::istringstream in(text);
    std::set<std::string, std::less<>> result;
    for (std::string word; in >> word;) {
        result.insert(word);
    }
    return result;
}

} // namespace

Builtin builtin_function(std::string_view name) {
    static const auto moving = words(volatile_names);
    static const auto still = words(stable_names);
    if (moving.contains(name)) {
        return {true, true};
    }
    return {still.contains(name), false};
}

} // namespace pgteal::migration::lint

#include "health/checks/disk.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

#include <boost/json.hpp>
#include <sys/statvfs.h>

#include "base/program.hpp"
#include "health/checks/sql.hpp"
#include "health/facts/verdict.hpp"

namespace pgteal::health {

namespace {

std::optional<Bytes> free_at(const std::string& path) {
    struct statvfs disk {};
    if (::statvfs(path.c_str(), &disk) != 0) {
        return std::nullopt;
    }
    return Bytes{static_cast<std::int64_t>(disk.f_bavail * disk.f_frsize)};
}

std::string df(const std::string& side, const std::string& folder) {
    return "on " + side + "'s machine:  " + postgres::to_string(postgres::Program{{"df", "-h", folder}, {}});
}

/// Rows that are copied need no dead ones beside them, but indexes grow as they are built.
Bytes with_reserve(Bytes bytes) { return Bytes{bytes.count + bytes.count / 5}; }

void judge_copy(CheckResult& result, const DiskFacts& blue, const DiskFacts& green, Level worst) {
    if (!green.room) {
        add(result, Level::info, "green", green.folder,
            "the copy needs about " + to_string(blue.databases) +
                " on green. What its disk has free can't be seen from here: when it is full, prepare stops, "
                "and "
                "so does whatever else writes there.",
            df("green", green.folder));
        return;
    }
    if (green.room->data >= with_reserve(blue.databases)) {
        result.summary = "the copy needs " + to_string(blue.databases) + ", green has " +
                         to_string(green.room->data) + " free";
        return;
    }
    const bool full = green.room->data < blue.databases;
    add(result, full ? worst : Level::warning, "green", green.folder,
        "the copy needs about " + to_string(blue.databases) + " on green, whose disk has " +
            to_string(green.room->data) + " free. " +
            (full ? "prepare would stop with the disk full." : "It may become full while indexes are built."),
        "make room until this shows " + to_string(with_reserve(blue.databases)) + " free, " +
            df("green", green.folder) + (full ? "   or accept = [\"capacity\"] in [check]" : ""));
}

std::string keep_at_most(double bytes) {
    const auto megabytes = static_cast<long>(bytes / 1024 / 1024) + 1;
    return "ALTER SYSTEM SET max_slot_wal_keep_size = '" +
           (megabytes > 10240 ? std::to_string(megabytes / 1024) + "GB" : std::to_string(megabytes) + "MB") +
           "';  SELECT pg_reload_conf();";
}

constexpr double few_hours = 4;

/// Half a day's where it fits, a few hours' where room has to be made for that.
std::string keep_for(double hourly, double room, const std::string& folder) {
    constexpr double half_a_day = 12;
    if (half_a_day * hourly < room) {
        return keep_at_most(half_a_day * hourly);
    }
    const double least = few_hours * 1.25 * hourly;
    const auto keep = keep_at_most(least);
    return least * 1.1 < room
               ? keep
               : "make room until this shows " + to_string(Bytes{static_cast<std::int64_t>(least * 1.25)}) +
                     " free, " + df("blue", folder + "/pg_wal") + "   then " + keep;
}

void judge_wal(CheckResult& result, const DiskFacts& blue, long keep_mb) {
    constexpr double quiet = 100.0 * 1024 * 1024;
    if (!blue.wal_hourly || *blue.wal_hourly < quiet) {
        return;
    }
    const auto hourly = to_string(Bytes{static_cast<std::int64_t>(*blue.wal_hourly)});
    if (!blue.room) {
        add(result, Level::info, "blue", blue.folder + "/pg_wal",
            "blue writes about " + hourly +
                " of WAL an hour, and keeps it while green stands still. What its "
                "disk has free can't be seen from here: when it is full, clients' "
                "writes fail.",
            df("blue", blue.folder + "/pg_wal"));
        return;
    }
    const double keep = static_cast<double>(keep_mb) * 1024 * 1024;
    const auto room = static_cast<double>(blue.room->wal.count);
    const bool disk_first = keep_mb < 0 || keep > room;
    const double hours = (disk_first ? room : keep) / *blue.wal_hourly;
    if (!disk_first && hours >= few_hours) {
        return;
    }
    if (hours >= few_hours && keep_mb < 0) {
        return; // slot-retention speaks of that
    }
    add(result, Level::warning, "blue", blue.folder + "/pg_wal",
        "blue writes about " + hourly + " of WAL an hour, keeps " +
            (keep_mb < 0 ? "all of it" : "up to " + to_string(Bytes{static_cast<std::int64_t>(keep)})) +
            " while green stands still, and has " + to_string(blue.room->wal) + " free. After " +
            seconds_text(from_seconds(hours * 3600)) +
            (disk_first ? " its disk would be full, and clients' writes fail."
                        : " the lane would be lost, and the data has to be copied again."),
        disk_first ? keep_at_most(room / 2) : keep_for(*blue.wal_hourly, room, blue.folder));
}

} // namespace

std::optional<Room> room_of(const std::string& folder, const std::string& system_identifier) {
    std::ifstream control(folder + "/global/pg_control", std::ios::binary);
    std::array<char, sizeof(std::uint64_t)>
        bytes{}; // the first member of ControlFileData (source: pg_control.h)
    std::uint64_t identifier = 0;
    if (!control.read(bytes.data(), bytes.size())) {
        return std::nullopt;
    }
    std::memcpy(&identifier, bytes.data(), sizeof identifier);
    const auto data = free_at(folder);
    const auto wal = free_at(folder + "/pg_wal");
    if (std::to_string(identifier) != system_identifier || !data || !wal) {
        return std::nullopt;
    }
    return Room{*data, *wal};
}

Task<DiskFacts> read_disk(postgres::Server& server, std::vector<std::string> databases, Deadline deadline) {
    DiskFacts facts;
    const auto identity = co_await server.identity(deadline);
    const postgres::Params of{boost::json::serialize(boost::json::value_from(databases))};
    const auto size = co_await server.exec("", std::string(sql::disk), of, deadline);
    facts.databases = Bytes{size.get<std::int64_t>(0, 0)};
    facts.folder = size.get<std::string>(0, 1);
    facts.room = room_of(facts.folder, identity.system_identifier);
    if (!identity.in_recovery) {
        constexpr int has_statistics = 140000;
        const auto rate = co_await server.exec(
            "", std::string(identity.version >= has_statistics ? sql::wal_rate_14 : sql::wal_rate_13), {},
            deadline);
        facts.wal_hourly = rate.get<std::optional<double>>(0, 0);
    }
    co_return facts;
}

CheckResult check_disk(const std::optional<DiskFacts>& blue, const std::optional<DiskFacts>& green,
                       long keep_mb, bool run_started, const std::vector<std::string>& accept) {
    CheckResult result{"disk", {}, "room for what the run needs"};
    if (blue && green && !run_started) {
        judge_copy(result, *blue, *green, accepted(accept, "capacity") ? Level::warning : Level::error);
    }
    if (blue) {
        judge_wal(result, *blue, keep_mb);
    }
    return result;
}

} // namespace pgteal::health

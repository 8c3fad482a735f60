// Settings changed for the length of a pause, so that no server login fails in it (why: pgbouncer.hpp).
#pragma once

#include <optional>
#include <set>
#include <string>

#include "pooler/admin_sessions.hpp"

namespace pgteal::pooler {

class LoginGuard {
public:
    explicit LoginGuard(AdminSessions& sessions) : sessions_(sessions) {}

    /// Before PAUSE of `entry`: no login starts for min_pool_size, and those under way get 100 ms to end.
    Task<void> before_pause(std::string entry, Deadline deadline);
    /// Before RESUME: a login that failed all the same may be tried again at once.
    Task<void> before_resume(Deadline deadline);
    /// After RESUME of `entry`: with the last one min_pool_size is put back.
    Task<void> after_resume(std::string entry, Deadline deadline);
    Task<void> settle(Deadline deadline);
    /// All settings are as in the file again.
    void reloaded();

    /// server_login_retry as it was before this changed it, if it did.
    [[nodiscard]] const std::optional<std::string>& login_retry() const { return login_retry_; }

private:
    /// Sets it to `value`; what it was goes to `before`, unless it has been changed already.
    Task<void> change(std::string key, std::string value, std::optional<std::string>* before,
                      Deadline deadline);
    Task<void> put_back(std::string key, std::optional<std::string>* before, Deadline deadline);

    AdminSessions& sessions_;
    std::set<std::string> paused_;
    std::optional<std::string> min_pool_size_;
    std::optional<std::string> login_retry_;
};

} // namespace pgteal::pooler

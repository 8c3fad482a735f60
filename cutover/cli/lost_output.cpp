#include "cutover/cli/lost_output.hpp"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/stat.h>

namespace pgteal::cutover {

namespace {

/// The write that failed may be long past, and its errno with it: the stream keeps only that one did.
bool reader_gone(int fd) {
    struct stat what {};
    if (::fstat(fd, &what) != 0 || !(S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode))) {
        return false;
    }
    pollfd state{fd, POLLOUT, 0};
    return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

} // namespace

std::optional<std::string> lost_output(std::FILE* out) {
    errno = 0;
    const bool flushed = std::fflush(out) == 0;
    const int error = errno;
    if ((flushed && std::ferror(out) == 0) || reader_gone(::fileno(out))) {
        return std::nullopt;
    }
    return error != 0 ? std::strerror(error) : "a write failed; is the disk full?";
}

} // namespace pgteal::cutover

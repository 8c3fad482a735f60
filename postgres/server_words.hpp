// What of a server's error may be shown. The one place that decides it: values of rows never reach the
// terminal, --json, a log or the journal; tables, columns and constraints are named instead, and the server's
// own log has the rest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgteal::postgres {

/// An error as the server sent it (docs: "Error and Notice Message Fields"); "" where it gave none.
struct ServerSaid {
    std::string sqlstate, message, detail, hint, context;
    std::string schema, table, column, constraint;
    std::string routine; ///< of the server's source, that raised it
};

/// What may be shown of it.
struct ServerWords {
    std::string message, detail, hint;
};
ServerWords without_values(const ServerSaid& said);

/// On one line, each run of spaces and breaks one space.
std::string one_line(std::string_view text);

/// libpq's text of an error (fe-protocol3.c, pqBuildErrorMessage3): message, DETAIL, HINT and CONTEXT.
/// `sqlstate`: when it is known from elsewhere.
ServerSaid read_error_text(std::string_view text, std::string sqlstate = {});

/// What pg_dump, pg_restore and their like say went wrong, by their stderr: the server's last error, with the
/// object that it was about; the last lines when there is none. Neither values nor the statement.
std::string complaint_of(std::string_view output);

/// One of the errors that pg_restore went on after.
struct Complaint {
    std::string object;  ///< its entry in the archive: "ACL FUNCTION pg_ls_dir(text) postgres"
    std::string message; ///< as complaint_of() words it
    std::string grant;   ///< the statement, when it is a GRANT: these hold no secrets
};
/// All of them, in order.
std::vector<Complaint> complaints_of(std::string_view output);

/// Lines of another program's output, without a row's values where it passes on a server's error.
class RowFilter {
public:
    std::string operator()(std::string_view line);

private:
    bool inside_ = false; ///< a row that went over the end of its line
};

} // namespace pgteal::postgres

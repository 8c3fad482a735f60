// For builds with -fsanitize=address, which look for this function.
// libpqxx 6.4 asks for the client's encoding before it takes over a result (connection_base::make_result): on
// a connection that broke the question throws, and that one result is never freed.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer chose the name
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx-6\n"; }

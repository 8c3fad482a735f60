#include "cutover/record/digest.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.hpp"

namespace pgteal::cutover {

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
        throw Error(ErrorCode::internal, "controller", "OpenSSL has no SHA-256");
    }
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
        text += fmt::format("{:02x}", digest.at(i));
    }
    return text;
}

} // namespace pgteal::cutover

#include "health/logins/hba.hpp"

#include <gtest/gtest.h>

namespace pgteal::health {
namespace {

HbaRule host(std::string database, std::string user, std::string address, std::string netmask,
             std::string method) {
    HbaRule rule;
    rule.type = "host";
    rule.databases = {std::move(database)};
    rule.users = {std::move(user)};
    rule.address = std::move(address);
    rule.netmask = std::move(netmask);
    rule.method = std::move(method);
    return rule;
}

HbaRule local(std::string database, std::string user, std::string method) {
    auto rule = host(std::move(database), std::move(user), "", "", std::move(method));
    rule.type = "local";
    return rule;
}

HbaClient client(std::string address = "10.0.0.7") {
    return {"app", "shop", std::move(address), {"app"}, Answer::no};
}

/// The method of the line that decides; "none" without one.
std::string method(const std::vector<HbaRule>& rules, const HbaClient& who,
                   const std::string& server = "10.0.0.9") {
    const auto verdict = first_match(rules, who, server);
    return (verdict.rule ? verdict.rule->method : "none") + std::string(verdict.unsure ? "?" : "");
}

TEST(Hba, the_first_line_that_matches_decides) {
    const auto all = host("all", "all", "0.0.0.0", "0.0.0.0", "scram-sha-256");
    const auto no = host("all", "app", "10.0.0.0", "255.255.255.0", "reject");
    EXPECT_EQ(method({no, all}, client()), "reject");
    EXPECT_EQ(method({all, no}, client()), "scram-sha-256");
    EXPECT_EQ(method({no, all}, client("10.0.1.7")), "scram-sha-256");
    EXPECT_EQ(method({}, client()), "none");
    EXPECT_EQ(method({no}, client("192.168.0.1")), "none");
}

TEST(Hba, networks_of_both_families) {
    EXPECT_EQ(address_matches("10.1.2.3", "10.0.0.0", "255.0.0.0"), Answer::yes);
    EXPECT_EQ(address_matches("11.1.2.3", "10.0.0.0", "255.0.0.0"), Answer::no);
    EXPECT_EQ(address_matches("10.0.0.129", "10.0.0.128", "255.255.255.128"), Answer::yes);
    EXPECT_EQ(address_matches("10.0.0.127", "10.0.0.128", "255.255.255.128"), Answer::no);
    EXPECT_EQ(address_matches("10.0.0.7", "10.0.0.7", ""), Answer::yes);
    EXPECT_EQ(address_matches("fd00::12", "fd00::", "ffff:ffff:ffff:ffff::"), Answer::yes);
    EXPECT_EQ(address_matches("fd01::12", "fd00::", "ffff:ffff:ffff:ffff::"), Answer::no);
    EXPECT_EQ(address_matches("fd00::12", "0.0.0.0", "0.0.0.0"), Answer::no);
    EXPECT_EQ(address_matches("10.0.0.7", "::", "::"), Answer::no);
    EXPECT_EQ(address_matches("::ffff:10.0.0.7", "10.0.0.0", "255.0.0.0"), Answer::yes);
    EXPECT_EQ(address_matches("10.0.0.7", "pooler.internal", ""), Answer::maybe);
    EXPECT_EQ(address_matches("10.0.0.7", ".internal", ""), Answer::maybe);
}

TEST(Hba, sockets_and_networks_are_apart) {
    const auto socket = local("all", "all", "peer");
    const auto net = host("all", "all", "all", "", "md5");
    EXPECT_EQ(method({socket, net}, client("")), "peer");
    EXPECT_EQ(method({socket, net}, client()), "md5");
    EXPECT_EQ(method({net}, client("")), "none");
}

TEST(Hba, words_for_databases) {
    const auto who = client();
    EXPECT_EQ(method({host("replication", "all", "all", "", "reject")}, who), "none");
    EXPECT_EQ(method({host("sameuser", "all", "all", "", "md5")}, who), "none");
    auto same = who;
    same.database = "app";
    EXPECT_EQ(method({host("sameuser", "all", "all", "", "md5")}, same), "md5");
    auto member = who;
    member.groups.insert("shop");
    EXPECT_EQ(method({host("samerole", "all", "all", "", "md5")}, who), "none");
    EXPECT_EQ(method({host("samerole", "all", "all", "", "md5")}, member), "md5");
    EXPECT_EQ(method({host("samegroup", "all", "all", "", "md5")}, member), "md5");
    auto several = host("other", "all", "all", "", "md5");
    several.databases.emplace_back("shop");
    EXPECT_EQ(method({several}, who), "md5");
    EXPECT_EQ(method({host("Shop", "all", "all", "", "md5")}, who), "none");
    auto odd = who;
    odd.database = "my shop, \"quoted\"";
    EXPECT_EQ(method({host("my shop, \"quoted\"", "all", "all", "", "md5")}, odd), "md5");
    EXPECT_EQ(method({host("/^sh", "all", "all", "", "md5")}, who), "md5");
    EXPECT_EQ(method({host("/^op", "all", "all", "", "md5")}, who), "none");
    EXPECT_EQ(method({host("/(", "all", "all", "", "md5")}, who), "none?");
}

TEST(Hba, roles_and_groups) {
    auto who = client();
    EXPECT_EQ(method({host("all", "+apps", "all", "", "md5")}, who), "none");
    who.groups.insert("apps");
    EXPECT_EQ(method({host("all", "+apps", "all", "", "md5")}, who), "md5");
    EXPECT_EQ(method({host("all", "apps", "all", "", "md5")}, who), "none");
    EXPECT_EQ(method({host("all", "+app", "all", "", "md5")}, who), "md5") << "a role is a member of itself";
    EXPECT_EQ(method({host("all", "/^a.p$", "all", "", "md5")}, who), "md5");
}

TEST(Hba, the_servers_own_addresses) {
    const auto samehost = host("all", "all", "samehost", "", "md5");
    EXPECT_EQ(method({samehost}, client("127.0.0.1")), "md5");
    EXPECT_EQ(method({samehost}, client("10.0.0.9"), "10.0.0.9"), "md5");
    EXPECT_EQ(method({samehost}, client("10.0.0.7"), "10.0.0.9"), "none?");
    EXPECT_EQ(method({host("all", "all", "samenet", "", "md5")}, client("10.0.0.7"), "10.0.0.9"), "none?");
    EXPECT_EQ(method({samehost}, client("10.0.0.7"), ""), "none?");
}

TEST(Hba, encryption) {
    auto ssl = host("all", "all", "all", "", "cert");
    ssl.type = "hostssl";
    auto plain = host("all", "all", "all", "", "md5");
    plain.type = "hostnossl";
    auto gss = host("all", "all", "all", "", "gss");
    gss.type = "hostgssenc";
    auto no_gss = host("all", "all", "all", "", "scram-sha-256");
    no_gss.type = "hostnogssenc";
    auto who = client();
    EXPECT_EQ(method({ssl, plain}, who), "md5");
    who.tls = Answer::yes;
    EXPECT_EQ(method({ssl, plain}, who), "cert");
    EXPECT_EQ(method({plain}, who), "none");
    who.tls = Answer::maybe;
    EXPECT_EQ(method({ssl, plain}, who), "none?");
    EXPECT_EQ(method({gss, no_gss}, who), "scram-sha-256");
}

TEST(Hba, a_line_that_the_server_can_not_read_is_no_line) {
    auto broken = host("all", "all", "all", "", "reject");
    broken.error = "invalid IP mask";
    EXPECT_EQ(method({broken, host("all", "all", "all", "", "md5")}, client()), "md5");
}

} // namespace
} // namespace pgteal::health

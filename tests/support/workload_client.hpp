// One client: it sends one operation after another, over a connection that it keeps or over a new one each
// time.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "tests/support/workload_log.hpp"

namespace pgteal::workload {

struct Step {
    const char* sql = nullptr;
    std::vector<std::string> parameters;
};

// Keeps its connection, reconnects when it is lost, and mixes all kinds of operations. Rows whose value it
// must predict exactly are its own; one whose write ended unknown it never touches again.
class Client {
public:
    Client(LogWriter& log, int number, std::vector<std::string> dsns, std::chrono::seconds deadline);

    // False: there's no connection, and the attempt to make one failed.
    bool run_one();

protected:
    LogWriter& log_;
    int number_;
    std::vector<std::string> dsns_;
    std::chrono::seconds deadline_;
    Id next_id_;
    Session session_;

    // Fills in the outcome. Single statements commit by themselves; several are a transaction. Each must
    // return one row: the server, then r1 and r2 where there are any.
    void statement(Op& op, const Step& step);
    void transaction(Op& op, const std::vector<Step>& steps);

private:
    Op choose();
    void perform(Op& op);
    void learn(const Op& op);
    Id one_of(const std::vector<Id>& keys);

    std::minstd_rand random_;
    std::vector<Id> keyed_, toasted_;
    std::deque<Id> items_;
};

// Makes a connection for each insert, as a burst of short-lived clients would.
class Newcomer : public Client {
public:
    using Client::Client;
    void run_one();
};

} // namespace pgteal::workload

"""Makes measured cases of squawk's own examples: squawk_examples.py CHECKOUT FOLDER

CHECKOUT is a clone of squawk's public repository (github.com/sbdchd/squawk), work tree or bare; the SQL in the pages of its rules is
taken as it stands there, one case a block. FOLDER gets them with a fixture that has the tables they speak of, for
PGTEAL_MEASURED_DIR=FOLDER. Nothing of that repository is part of this one.
"""

import os
import re
import subprocess
import sys

checkout, folder = sys.argv[1:]

# The tables, each with rows. What a page needs otherwise is below.
FIXTURE = """
CREATE SCHEMA app;
CREATE TABLE core_recipe (id int PRIMARY KEY, bar int, baz int);
CREATE TABLE recipe (id int PRIMARY KEY, view_count int);
CREATE TABLE table_name (id int PRIMARY KEY, column_name int);
CREATE TABLE "user" (id bigint PRIMARY KEY);
CREATE TABLE email (id bigint PRIMARY KEY, user_id bigint);
CREATE TABLE account (id int NOT NULL);
CREATE TABLE accounts (id int, balance numeric);
CREATE TABLE app_user (id int PRIMARY KEY, email text, col_name int);
CREATE TABLE distributors (id int, dist_id text);
CREATE TABLE foo_tbl (id int, CONSTRAINT foo_constraint CHECK (id > 0));
CREATE INDEX foo_idx ON foo_tbl (id);
CREATE TABLE foo (id int);
CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY);
CREATE TABLE user_stars (id int);
CREATE TABLE papers (id int, status text);
INSERT INTO core_recipe SELECT n, n, n FROM generate_series(1, 300) n;
INSERT INTO recipe SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO table_name SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO "user" SELECT n FROM generate_series(1, 300) n;
INSERT INTO email SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO account SELECT n FROM generate_series(1, 300) n;
INSERT INTO accounts SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO app_user SELECT n, n, n FROM generate_series(1, 300) n;
INSERT INTO distributors SELECT n, n FROM generate_series(1, 300) n;
INSERT INTO foo_tbl SELECT n FROM generate_series(1, 300) n;
INSERT INTO foo SELECT n FROM generate_series(1, 300) n;
INSERT INTO t SELECT n FROM generate_series(1, 300) n;
INSERT INTO user_stars SELECT n FROM generate_series(1, 300) n;
INSERT INTO papers SELECT n, 'x' FROM generate_series(1, 300) n;
"""
SETUP = {
    "require-concurrent-partition-detach": "DROP TABLE t; CREATE TABLE t (id int) PARTITION BY RANGE (id); "
    "CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (1000); INSERT INTO t SELECT generate_series(1, 300);",
    "require-concurrent-reindex": "DROP TABLE foo_tbl; CREATE INDEX foo_idx ON foo (id);",
    "require-concurrent-index-deletion": "CREATE TABLE app.mails AS SELECT * FROM app_user; CREATE INDEX email_idx ON app.mails (email);",
    "renaming-table": "CREATE VIEW user_favorites AS SELECT * FROM user_stars;",
    "ban-truncate-cascade": "CREATE TABLE a (a_id int PRIMARY KEY); INSERT INTO a SELECT generate_series(1, 300); "
    "CREATE TABLE b (b_id int PRIMARY KEY, a_id int REFERENCES a); INSERT INTO b SELECT n, n FROM generate_series(1, 300) n;",
    "cli": "ALTER TABLE t ADD c int, ADD d int; CREATE TABLE my_table AS SELECT n AS col FROM generate_series(1, 300) n;",
    "disallowed-unique-constraint-4": "ALTER TABLE distributors DROP dist_id;",
    "prefer-robust-stmts-2": "ALTER TABLE app_user DROP email;",
    # To what it calls bad from good, and the other way round.
    "prefer-timestamptz-3": "CREATE TABLE app.users AS SELECT now() AS created_ts, now() AS modified_ts FROM generate_series(1, 300);",
    "prefer-timestamptz-4": "CREATE TABLE app.users AS SELECT localtimestamp AS created_ts, localtimestamp AS modified_ts "
    "FROM generate_series(1, 300);",
}
HOLD = {
    "app_user": "LOCK TABLE app_user IN ROW EXCLUSIVE MODE",
    "account ": "LOCK TABLE account IN ROW EXCLUSIVE MODE",
    "distributors": "LOCK TABLE distributors IN ROW EXCLUSIVE MODE",
    "app\"": "LOCK TABLE app.mails IN ROW EXCLUSIVE MODE",
    "my_idx": "LOCK TABLE my_table IN ROW EXCLUSIVE MODE",
    "foo": "LOCK TABLE foo IN ROW EXCLUSIVE MODE",
    "vacuum full t": "LOCK TABLE t IN ROW EXCLUSIVE MODE",
    "detach": "LOCK TABLE t IN ROW EXCLUSIVE MODE",
}


def git(*words):
    return subprocess.run(["git", "-C", checkout, *words], check=True, capture_output=True, text=True).stdout


def made_names(text):
    return re.findall(r"create\s+(?:table|view)\s+(?:if\s+not\s+exists\s+)?([\w.\"]+)", text, re.I)


cases = []
seen = set()
for page in git("ls-tree", "-r", "--name-only", "HEAD", "docs/docs").split():
    rule = os.path.basename(page).removesuffix(".md")
    number = 0
    for block in re.findall(r"^```sql\n(.*?)^```", git("show", "HEAD:" + page), re.S | re.M):
        # pgteal makes the transaction itself.
        text = re.sub(r"^\s*(begin|commit)\s*;.*\n", "", block, flags=re.I | re.M).strip()
        if not re.search(r"^\s*(alter|create|drop|truncate|vacuum|cluster|reindex|repack)\b", text, re.I | re.M) or text in seen:
            continue
        seen.add(text)
        number += 1
        setup = SETUP.get(f"{rule}-{number}", SETUP.get(rule, ""))
        for name in made_names(text):
            kind = "VIEW" if re.search(r"create\s+view\s+" + re.escape(name), text, re.I) else "TABLE"
            setup += f" DROP {kind} IF EXISTS {name} CASCADE;"
        case = f"-- case: {rule}-{number}\n"
        if re.search(r"concurrently|vacuum", text, re.I):
            case += "".join(f"-- hold: {hold}\n" for word, hold in HOLD.items() if word in text.lower() or word in text)
        case += f"-- setup: {setup.strip()}\n" if setup.strip() else ""
        cases.append(case + "-- file:\n" + text + ("\n" if text.endswith(";") else ";\n"))

os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "fixture.sql"), "w") as file:
    file.write(FIXTURE)
with open(os.path.join(folder, "squawk.sql"), "w") as file:
    file.write("".join(cases))
print(f"{len(cases)} examples of {git('rev-parse', '--short', 'HEAD').strip()} in {folder}")

#!/usr/bin/env python3
"""Holds docker-compose.yml and docker/ against what scripts/lab runs and writes.

    compose_check.py FOLDER     FOLDER is what scripts/lib/compose_lab.sh filled

No Docker engine is at hand where the project is built, so nothing here is started; what the lab starts is, by every test
that has a lab. Prints each difference; exits 1 if there is one.
"""
import configparser
import json
import pathlib
import re
import shlex
import sys
import tomllib

import yaml

# Where a server is, and how it is kept, differs by nature: containers have addresses, volumes and an entrypoint of their own.
PLACES = {"listen_addresses", "port", "unix_socket_directories", "unix_socket_dir", "logging_collector", "log_line_prefix",
          "listen_addr", "listen_port", "auth_file", "logfile", "pidfile", "fsync"}
PROGRAMS = {"postgres", "initdb", "pg_ctl", "psql", "pgbench", "pgbouncer", "pg_isready"}
problems = []


def say(text):
    problems.append(text)


def plain(words):
    """A command from its program on, without folder, host, port, data directory and ways into the background."""
    start = next((n for n, word in enumerate(words) if pathlib.PurePath(word).name in PROGRAMS), None)
    if start is None:
        return words
    program, result, rest = pathlib.PurePath(words[start]).name, [], iter(words[start + 1:])
    for word in rest:
        if word in ("-h", "-p", "-D"):
            next(rest, None)
        elif program == "pgbouncer" and word in ("-q", "-d"):
            continue
        elif program == "initdb" and (word in ("-N", "--auth=trust") or word == "-U" and next(rest, None)):
            # Speed, who may log in, and the name of the superuser: the image's entrypoint sees to these.
            continue
        elif program == "pgbouncer":
            result.append(pathlib.PurePath(word).name)
        else:
            result.append(word)
    return [program, *result]


def recorded(folder):
    """(command, statements) of each recorded process."""
    return [(plain(file.read_bytes().decode().split("\0")[:-1]), statements(file.with_suffix(".input").read_text()))
            for file in sorted(folder.glob("*.words"))]


def statements(sql):
    lines = "\n".join(line for line in sql.splitlines() if not line.lstrip().startswith("--"))
    return [" ".join(part.replace('"', "").split()) for part in lines.split(";") if part.strip()]


def settings_file(path):
    """name = value lines of a postgresql.conf."""
    pairs = re.findall(r"^\s*([a-z_.]+)\s*=\s*('[^']*'|\S+)", path.read_text(), re.M)
    return {name: value.strip("'") for name, value in pairs}


def ini_file(path):
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=None, comment_prefixes=(";", "#"))
    parser.read(path)
    return {section: dict(parser[section]) for section in parser.sections()}


def names_of(entries):
    """The dbname of each entry of PgBouncer's [databases]."""
    return {name: dict(word.split("=", 1) for word in entry.split()).get("dbname") for name, entry in entries.items()}


def without_places(settings):
    return {name: value for name, value in settings.items() if name not in PLACES}


def same(what, ours, labs):
    """The same keys with the same values on both sides."""
    for name in sorted(ours.keys() | labs.keys()):
        if ours.get(name) != labs.get(name):
            say(f"{what}: {name} is {ours.get(name, 'missing')}, scripts/lab has {labs.get(name, 'none')}")


def ran(what, words, lab, sql=None):
    command = plain(words)
    if not any(command == other and (sql is None or sql == read) for other, read in lab):
        say(f"{what}: scripts/lab does not run this: {shlex.join(command)}" + (f" with {sql}" if sql else ""))


def check_server(name, service, lab, labs_settings):
    words = shlex.split(service["command"])
    if words[0] != "postgres" or words[1::2] != ["-c"] * (len(words) // 2):
        say(f"{name}: its command is not postgres with -c settings only")
        return
    same(name, without_places(dict(word.split("=", 1) for word in words[2::2])), without_places(labs_settings))
    ran(f"{name}, POSTGRES_INITDB_ARGS", ["initdb", *shlex.split(service["environment"]["POSTGRES_INITDB_ARGS"])], lab)
    ran(f"{name}, healthcheck", service["healthcheck"]["test"][1:], lab)


def docker_stage(text, target):
    """CMD and ENTRYPOINT of a stage of the Dockerfile; without a target of the last one."""
    stages = re.split(r"^FROM ", text, flags=re.M)[1:]
    stage = stages[-1] if target is None else next(one for one in stages if re.match(rf"\S+ AS {target}\n", one))
    found = {key: json.loads(value) for key, value in re.findall(r"^(CMD|ENTRYPOINT) (\[.*\])$", stage, re.M)}
    return found.get("ENTRYPOINT", []), found.get("CMD", [])


def without_addresses(value):
    """A pgteal.toml without what says where things are: hosts, ports, passwords, files, the run's name, and that the
    pooler is in a container where its logins can't be tried."""
    if isinstance(value, dict):
        return {key: without_addresses(inner) for key, inner in value.items()
                if key not in ("dsn", "admin", "config", "listen", "state", "migrations", "name")
                and inner != {"accept": ["untried-logins"]}}
    return [without_addresses(inner) for inner in value] if isinstance(value, list) else value


def check_well_formed(services):
    for name, service in services.items():
        if not isinstance(service, dict) or not ("image" in service or "build" in service):
            sys.exit(f"service {name} has neither image nor build")
        for other in service.get("depends_on", []):
            if other not in services:
                sys.exit(f"service {name} depends on {other}, which is not there")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith(".") and not pathlib.Path(source).exists():
                say(f"service {name} mounts {source}, which is not there")


def main(folder):
    compose = yaml.safe_load(pathlib.Path("docker-compose.yml").read_text())
    services = compose.get("services") if isinstance(compose, dict) else None
    if not services:
        sys.exit("docker-compose.yml names no services")
    check_well_formed(services)
    lab = recorded(folder / "lab")
    dockerfile = pathlib.Path("Dockerfile").read_text()

    for name, service in services.items():
        image = service.get("image", "")
        if name in ("blue", "green"):
            check_server(name, service, lab, settings_file(folder / name / "postgresql.conf"))
        elif "build" in service:
            target = service["build"].get("target") if isinstance(service["build"], dict) else None
            entrypoint, command = docker_stage(dockerfile, target)
            words = [*service.get("entrypoint", entrypoint), *service.get("command", command)]
            # The lab's visitor runs pgteal by hand; that it knows the command, scripts/check asks pgteal itself.
            if words[:1] != ["pgteal"]:
                ran(name, words, lab)
        elif service.get("entrypoint") or service.get("command"):
            ran(name, [*service.get("entrypoint", []), *service.get("command", [])], lab)
        elif not image.startswith("prom/prometheus:"):
            say(f"service {name}: nothing here knows what its image {image} runs")

    ran("docker/roles.sql", ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres"], lab,
        statements(pathlib.Path("docker/roles.sql").read_text()))
    scripted = recorded(folder / "blue-service")
    if not scripted:
        say("docker/blue.sh runs nothing")
    for command, sql in scripted:
        ran("docker/blue.sh", command, lab, sql)

    ours, labs = ini_file("docker/pgbouncer/pgbouncer.ini"), ini_file(folder / "pgb1" / "pgbouncer.ini")
    same("docker/pgbouncer/pgbouncer.ini", without_places(ours["pgbouncer"]), without_places(labs["pgbouncer"]))
    same("docker/pgbouncer/pgbouncer.ini, [databases]", names_of(ours["databases"]), names_of(labs["databases"]))
    if pathlib.Path("docker/pgbouncer/userlist.txt").read_text() != (folder / "pgb1" / "userlist.txt").read_text():
        say("docker/pgbouncer/userlist.txt is not what scripts/lab writes")
    same("docker/pgteal.toml", without_addresses(tomllib.loads(pathlib.Path("docker/pgteal.toml").read_text())),
         without_addresses(tomllib.loads((folder / "pgteal.toml").read_text())))
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))

# shellcheck shell=bash
#
# lib.sh
#     What test/run and demo/run have in common: find a server, install what
#     is missing, copy the tree, build and stage the extension, start and stop
#     a throw-away server.
#
# Sourced by bash scripts, which set "root" to the top of the source tree.
# Nothing here touches an existing cluster or an installed extension: the
# build goes to a staging folder and the server is told to look there.  The
# server listens on a unix socket in a folder only its user can enter.
#
# Variables set here: pg_config, pg_major, pg_bin (select_server); server_user
# and as_user, a command prefix that runs something as the ordinary user that
# servers need (select_user); temp, the folder for temporary ones
# (scrub_environment).

# Oldest PostgreSQL the extension supports.
readonly OLDEST_MAJOR=15

# Where Debian's packages put their servers, by major.
debian_servers=/usr/lib/postgresql

# The folder whose lock lets one run of ours after the other install packages,
# and the one with what their server package is told when it is installed.
debian_state=/var/lib/dpkg
debian_clusters=/etc/postgresql-common/createcluster.d

# demo/run or test/run, for messages
program=$(basename "$(dirname "$(realpath "$0")")")/${0##*/}

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$program" "$*" >&2
	exit 1
}

# Programs can be run in the folder $1: it is there and not mounted noexec.
can_execute()
{
	local probe status

	probe=$(mktemp "$1/wals-probe.XXXXXX" 2>/dev/null) || return
	printf '#!/bin/sh\n' >"$probe"
	chmod 700 "$probe"
	"$probe" 2>/dev/null
	status=$?
	rm -f "$probe"
	return $status
}

# Begin: forget settings that would lead our programs to somebody's own server,
# find what a PATH made by su lacks, choose the folder for temporary ones, and
# end when interrupted, whatever the program that runs just then makes of it.
scrub_environment()
{
	local name

	for name in "${!PG@}"; do
		[ "$name" = PG_CONFIG ] || unset "$name"
	done
	unset MAKEFLAGS MFLAGS MAKELEVEL
	export LC_ALL=C.UTF-8
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	umask 022
	trap 'exit 130' INT TERM HUP

	temp=${TMPDIR:-/tmp}
	if [ -z "${TMPDIR:-}" ] && ! can_execute "$temp" && can_execute /var/tmp; then
		temp=/var/tmp
	fi
	can_execute "$temp" ||
		die "no programs can be run in $temp: it can't be written, or is mounted" \
			"noexec; name another folder, such as TMPDIR=/var/tmp $program"
}

# ---------------------------------------------------------------------------
# What is installed, what is missing
# ---------------------------------------------------------------------------

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

major_of()
{
	"$1" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'
}

# The header that an extension of the server of $1, a pg_config, begins with.
# Debian has pg_config and pgxs.mk in other packages, so these prove nothing.
server_header()
{
	printf '%s/postgres.h\n' "$("$1" --includedir-server 2>/dev/null)"
}

has_server()
{
	[ -x "$1" ] && [ -x "$("$1" --bindir 2>/dev/null)/postgres" ]
}

has_headers()
{
	[ -x "$1" ] && [ -e "$(server_header "$1")" ] &&
		[ -e "$("$1" --pgxs 2>/dev/null)" ]
}

# Majors of Debian's servers on this machine, newest first; with an argument
# only those for which that function of their pg_config is true.
installed_majors()
{
	local folder major

	for folder in "$debian_servers"/*/; do
		major=$(basename "$folder")
		[ "$major" -ge "$OLDEST_MAJOR" ] 2>/dev/null &&
			[ -x "$folder/bin/postgres" ] &&
			"${1:-true}" "${folder}bin/pg_config" && echo "$major"
	done | sort -rn
}

# Newest major the package archive offers, of those we support.
available_major()
{
	apt-cache search --names-only '^postgresql-server-dev-[0-9]+$' 2>/dev/null |
		sed -n 's/^postgresql-server-dev-\([0-9]*\) .*/\1/p' | sort -rn |
		awk -v oldest="$OLDEST_MAJOR" '$1 >= oldest && !n++'
}

# Choose the server: PG_CONFIG if given, else the newest of Debian's with its
# headers, else the newest of Debian's, else pg_config on the path if nothing is
# missing there, else whatever can be installed (pg_config stays empty until it
# is).
select_server()
{
	local found

	pg_config=
	pg_major=
	pg_bin=
	if [ -n "${PG_CONFIG:-}" ]; then
		pg_config=$(command -v "$PG_CONFIG") ||
			die "PG_CONFIG names \"$PG_CONFIG\", which is no program"
		pg_config=$(realpath -s "$pg_config")
	else
		pg_major=$( { installed_majors has_headers; installed_majors; } | sed -n 1p)
		if [ -n "$pg_major" ]; then
			pg_config=$debian_servers/$pg_major/bin/pg_config
		elif found=$(command -v pg_config) && has_server "$found" && has_headers "$found" &&
			[ "$(major_of "$found")" -ge "$OLDEST_MAJOR" ] 2>/dev/null; then
			pg_config=$found
		elif ! command -v apt-get >/dev/null; then
			pg_config=$found
			[ -n "$found" ] || die "no PostgreSQL found; set PG_CONFIG to its pg_config"
		fi
	fi
	if [ -x "$pg_config" ]; then
		pg_major=$(major_of "$pg_config")
		[ "${pg_major:-0}" -ge "$OLDEST_MAJOR" ] ||
			die "$pg_config is version ${pg_major:-unknown}," \
				"PostgreSQL $OLDEST_MAJOR or newer is needed"
		pg_bin=$("$pg_config" --bindir)
	fi
}

have_openblas()
{
	ldconfig -p 2>/dev/null | grep 'libopenblas\.so' >/dev/null
}

# Install what is missing for "programs", building the extension and running a
# server, for "tests" or for "benchmarks".  Sets pg_config and the rest.
install_missing()
{
	local packages=() server=''

	select_server
	command -v make >/dev/null && command -v cc >/dev/null &&
		command -v gcc >/dev/null || packages+=(build-essential)
	command -v perl >/dev/null || packages+=(perl)
	[ "$1" != benchmarks ] || have_openblas || packages+=(libopenblas0)
	if [ "$1" = tests ]; then
		perl -MTest::More -MTime::HiRes -e 1 2>/dev/null &&
			command -v prove >/dev/null || packages+=(perl)
		perl -MIPC::Run -e 1 2>/dev/null || packages+=(libipc-run-perl)
	fi
	if [ -z "$pg_config" ]; then
		server=new
	elif [ "$pg_config" = "$debian_servers/$pg_major/bin/pg_config" ]; then
		has_server "$pg_config" || packages+=("postgresql-$pg_major")
		has_headers "$pg_config" || packages+=("postgresql-server-dev-$pg_major")
	fi

	if [ -n "$server" ] || [ "${#packages[@]}" -gt 0 ]; then
		command -v apt-get >/dev/null ||
			die "missing (by their names in Debian):" \
				"${server:+postgresql-NN postgresql-server-dev-NN }${packages[*]}"
		may_install || die_not_allowed
		install_packages || exit
		select_server
	fi

	has_server "$pg_config" ||
		die "${pg_bin:-this machine} has no server program;" \
			"install postgresql-${pg_major:-NN} or set PG_CONFIG"
	has_headers "$pg_config" ||
		die "the headers of PostgreSQL $pg_major are missing: there is no" \
			"$(server_header "$pg_config")
Debian and Ubuntu have them in a package of their own:

    sudo apt-get install postgresql-server-dev-$pg_major

PG_CONFIG names another server's pg_config."
}

# We are root, or may become it; without a terminal nobody can be asked for a
# password.
may_install()
{
	[ "$(id -u)" -eq 0 ] && return
	command -v sudo >/dev/null || return
	sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

# End with what an administrator has to do, as we can't install "packages" and,
# if "server" says so, a server.
die_not_allowed()
{
	local major

	if [ -n "$server" ]; then
		# apt may not have looked yet
		major=$(available_major)
		packages+=("postgresql${major:+-$major}" "postgresql-server-dev-${major:-all}")
	fi
	die "packages are missing and you may not install any (no sudo).
An administrator can do it with these commands:

    apt-get update
    apt-get install --no-install-recommends ${packages[*]}

Then run $program again."
}

# What to do where the release has no PostgreSQL that is new enough.
die_too_old()
{
	local release

	release=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}")
	die "the package archive of ${release:-this system} offers no PostgreSQL $OLDEST_MAJOR or newer.
The PostgreSQL project's own archive does, for every release that is still
maintained.  To use it, and then run $program again:

    sudo apt-get install -y postgresql-common ca-certificates
    sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh
$([ "${release#Ubuntu}" = "$release" ] || printf '\n%s\n\n%s\n' \
		"Ubuntu has it in the component \"universe\", which may be switched off:" \
		"    sudo add-apt-repository universe")"
}

# Install "packages", and the newest server there is if "server" says so.
# Another run of ours may be at it: wait until it is done.  In a shell of its
# own, for the end of which, however it comes, there is something to undo.
install_packages()
(
	guard=$debian_clusters/wals-no-main.conf
	guarded=
	log=$(mktemp "$temp/wals-install.XXXXXX") || exit
	trap 'rm -f "$log"; [ -z "$guarded" ] || as_root rm -f "$guard"' EXIT
	trap 'exit 130' INT TERM HUP

	exec 9<"$debian_state" && flock -w 1800 9
	say "installing what is missing:${server:+ the newest PostgreSQL and its headers,} ${packages[*]}"
	# an archive that has nothing to do with us may be broken
	apt_get update >"$log" 2>&1 ||
		say "    apt-get update had errors, trying with what is known"
	if [ -n "$server" ]; then
		major=$(available_major)
		if [ -z "$major" ]; then
			grep -E '^(E|W|Err):' "$log"
			die_too_old
		fi
		packages+=("postgresql-$major" "postgresql-server-dev-$major")
	fi
	apt-get install --assume-no -o Debug::NoLocking=true \
		-o APT::Install-Recommends=false "${packages[@]}" </dev/null 2>/dev/null | say_size
	if [ -n "$server" ]; then
		# The package would create and start a cluster "main" on port 5432.
		# Nobody asked for one: tell it not to, just this once.
		guarded=yes
		as_root mkdir -p "${guard%/*}" &&
			echo 'create_main_cluster = false' | as_root tee "$guard" >/dev/null || exit
	fi
	apt_get install "${packages[@]}" 2>>"$log" | say_progress
	[ "${PIPESTATUS[0]}" -eq 0 ] || {
		cat "$log" >&2
		die "could not install what is missing, apt-get's messages are above"
	}
)

# Tell from what apt-get would do what it is going to take.
say_size()
{
	local size

	size=$(sed -n -e 's/^Need to get \(.*\) of archives\./\1 to download/p' \
		-e 's/^ *Download size: \(.*\)/\1 to download/p' \
		-e 's/^After this operation, \(.*\) of additional .*/\1 of disk/p' \
		-e 's/^ *Space needed: \([^/]*[^/ ]\).*/\1 of disk/p' |
		paste -sd '|' | sed 's/|/, /g')
	say "    ${size:+$size; }usually done in one to three minutes"
}

# Tell every fifth of the way from apt's reports.  Goes on when interrupted,
# because apt does, and must be heard.
say_progress()
(
	trap '' INT TERM HUP
	awk -F : '
		$1 == "dlstatus" { what = "downloading" }
		$1 == "pmstatus" { what = "installing" }
		$1 == "dlstatus" || $1 == "pmstatus" {
			if (what != last) step = 0
			last = what
			while ($3 >= step + 20) {
				step += 20
				printf "    %s %d %%\n", what, step
				fflush()
			}
		}'
)

# Install packages that single tests use and the others do without: those of
# them the archive offers.
install_companions()
{
	local package packages=() server=''

	[ -z "${PG_CONFIG:-}" ] && command -v apt-get >/dev/null || return 0
	[ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || return 0
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			! apt-cache show "$package" >/dev/null 2>&1 || packages+=("$package")
	done
	[ "${#packages[@]}" -gt 0 ] || return 0
	install_packages || say "that failed, single tests will be skipped"
}

# apt-get without questions.  Standard output gets its reports of progress and
# standard error the rest; sudo closes other descriptors.
apt_get()
{
	local command=$1

	shift
	as_root env DEBIAN_FRONTEND=noninteractive sh -c 'exec "$@" 3>&1 >&2' sh \
		apt-get -q -y -o DPkg::Lock::Timeout=300 -o APT::Status-Fd=3 \
		-o APT::Install-Recommends=false "$command" "$@" </dev/null 9<&-
}

# ---------------------------------------------------------------------------
# Who, where
# ---------------------------------------------------------------------------

# PostgreSQL refuses to run as root.  Root's servers run as the user postgres,
# or nobody where the packages did not make one; an ordinary user's run as
# himself.  The folder $1 becomes his, and his home: no settings of whoever calls,
# nor files of settings (make's, perl's, psql's), have a say.
select_user()
{
	local name path=$PATH

	server_user=$(id -un)
	as_user=()
	mkdir -p "$1/tmp"
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		getent passwd postgres >/dev/null && server_user=postgres
		as_user=(runuser -u "$server_user" --)
		path=/usr/local/bin:/usr/bin:/bin
		chown -R "$server_user": "$1"
	fi
	as_user+=(env -i HOME="$1" TMPDIR="$1/tmp" LC_ALL="$LC_ALL" PATH="$path")
	for name in TERM CI COPT NODE_PATH CLASSPATH; do
		[ -z "${!name:-}" ] || as_user+=("$name=${!name}")
	done
	# from / because the folder we are in may be closed to him
	(cd / && "${as_user[@]}" test -w "$1/tmp" -a -x "$1") ||
		die "user $server_user can't enter $1; set TMPDIR to a folder he can"
	(cd / && "${as_user[@]}" test -x "$pg_bin/postgres") ||
		die "user $server_user can't run $pg_bin/postgres"
}

# Names of the files that make up the source tree $1, zero-terminated: what
# git tracks or would, or everything but build products where git can't say.
list_tree()
{
	local git=(git -c 'safe.directory=*' -C "$1")

	if [ -z "$("${git[@]}" rev-parse --show-prefix 2>&1)" ]; then
		"${git[@]}" ls-files -z --cached --others --exclude-standard |
			(cd "$1" && perl -0ne 'chomp; print "$_\0" if -e || -l')
	else
		(cd "$1" && find . \( -path ./.git -o -path ./build-unit \
			-o -path ./results -o -path ./output_iso -o -path ./tmp_check \
			-o -path ./test/output \) -prune -o \
			! -type d ! -name '*.o' ! -name '*.so' -printf '%P\0')
	fi
}

# Copy the source tree $1 to the new folder $2 and give it to our user.
copy_tree()
{
	mkdir -p "$2"
	list_tree "$1" | tar -C "$1" --null -T - -cf - | tar -C "$2" -xf - || return
	[ "$(id -u)" -ne 0 ] || chown -R "$server_user": "$2"
}

# ---------------------------------------------------------------------------
# Build, stage, serve: all as the ordinary user.
# ---------------------------------------------------------------------------

has_setting()
{
	"${as_user[@]}" "$pg_bin/postgres" --describe-config | cut -f1 | grep -x "$1" >/dev/null
}

# Build the tree $1, with further arguments of make, and install it below the
# folder $2.
build_stage()
{
	"${as_user[@]}" make -s -C "$1" -j"$(nproc)" PG_CONFIG="$pg_config" "${@:3}" &&
		"${as_user[@]}" make -s -C "$1" PG_CONFIG="$pg_config" "${@:3}" \
			DESTDIR="$2" install
}

# Print the settings that make a server find the extension below the folder $1.
# Debian's 15 to 17 carry a setting of their own for this, 18 has it built in.
stage_settings()
{
	local lib share

	lib=$("$pg_config" --pkglibdir)
	share=$("$pg_config" --sharedir)
	if has_setting extension_control_path; then
		printf "extension_control_path = '%s:\$system'\n" "$1$share"
	elif has_setting extension_destdir; then
		printf "extension_destdir = '%s'\n" "$1"
	else
		return 1
	fi
	printf "dynamic_library_path = '%s:\$libdir'\n" "$1$lib"
}

# Decide where a build goes that the servers of the folder $1 find: to the stage
# there, whose settings are in $1/server.conf then, or into a copy of the server
# that this makes.  Sets stage, for build_stage.
choose_stage()
{
	if has_setting extension_control_path || has_setting extension_destdir; then
		stage=$1/stage
		stage_settings "$stage" >"$1/server.conf"
	else
		say "this server can't use a staged build: taking a copy of it"
		stage=
		copy_server "$1/pg"
		: >"$1/server.conf"
	fi
}

# A server that can't be pointed at a stage is copied to the folder $1, and the
# extension goes into the copy: installations can be moved as a whole.
copy_server()
{
	local prefix=${pg_bin%/bin} folder

	for folder in "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)"; do
		case $prefix:$folder in
			/usr:* | /usr/local:* | :*) prefix= ;;
			"$prefix:$prefix"/*) ;;
			*) prefix= ;;
		esac
		[ -n "$prefix" ] ||
			die "$pg_bin/postgres can't be pointed at a staged build;" \
				"use make install and make installcheck"
	done
	"${as_user[@]}" cp -a "$prefix" "$1"
	pg_config=$1/bin/pg_config
	pg_bin=$1/bin
}

# Start the server with its data in $1/data.
server_run()
{
	"${as_user[@]}" "$pg_bin/pg_ctl" --pgdata="$1/data" \
		--log="$1/server.log" --silent --wait start >/dev/null || {
		cat "$1/server.log" >&2
		return 1
	}
}

# Initialize and start a server with its data in $1/data, its socket in $1 and
# the extra settings in the file $2.
server_start()
{
	[ "${#1}" -le 80 ] ||
		die "the path $1 is too long for a unix socket; set TMPDIR"
	"${as_user[@]}" "$pg_bin/initdb" --pgdata="$1/data" --username=postgres --auth=trust \
		--encoding=UTF8 --no-locale --no-sync >"$1/initdb.log" 2>&1 || {
		cat "$1/initdb.log" >&2
		return 1
	}
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$1'"
		echo "unix_socket_permissions = 0700"
		echo "fsync = off"
		echo "log_line_prefix = '%m [%p] %q%a %e '"
		cat "$2"
	} >>"$1/data/postgresql.conf"
	server_run "$1"
}

# A streaming standby of the server in $1, in the new folder $2.
standby_start()
{
	"${as_user[@]}" mkdir -m 700 "$2" &&
		"${as_user[@]}" "$pg_bin/pg_basebackup" --host="$1" --username=postgres \
			--pgdata="$2/data" --checkpoint=fast --write-recovery-conf \
			--no-sync >"$2/basebackup.log" 2>&1 || {
		cat "$2/basebackup.log" >&2
		return 1
	}
	{
		echo "unix_socket_directories = '$2'"
		echo "hot_standby_feedback = on"
	} >>"$2/data/postgresql.conf"
	server_run "$2"
}

server_stop()
{
	[ ! -e "$1/data/postmaster.pid" ] ||
		"${as_user[@]}" "$pg_bin/pg_ctl" --pgdata="$1/data" --silent \
			--mode=immediate --wait stop >/dev/null 2>&1
}

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
# servers need (select_user).

# Oldest PostgreSQL the extension supports.
readonly OLDEST_MAJOR=15

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

# Forget settings that would lead our programs to somebody's own server.
scrub_environment()
{
	local name

	for name in "${!PG@}"; do
		[ "$name" = PG_CONFIG ] || unset "$name"
	done
	unset MAKEFLAGS MFLAGS MAKELEVEL
	export LC_ALL=C.UTF-8
	umask 022
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

# Majors of Debian's server packages on this machine, newest first; with an
# argument only those that have that file.
installed_majors()
{
	local folder major

	for folder in /usr/lib/postgresql/*/; do
		major=$(basename "$folder")
		[ -x "$folder/bin/postgres" ] && [ -e "$folder/${1:-}" ] &&
			[ "$major" -ge "$OLDEST_MAJOR" ] 2>/dev/null && echo "$major"
	done | sort -rn
}

# Newest major the package archive offers, of those we support.
available_major()
{
	apt-cache search --names-only '^postgresql-server-dev-[0-9]+$' |
		sed -n 's/^postgresql-server-dev-\([0-9]*\) .*/\1/p' | sort -rn |
		awk -v oldest="$OLDEST_MAJOR" '$1 >= oldest { print; exit }'
}

# Choose the server: PG_CONFIG if given, else the newest of Debian's with its
# development files, else the newest of Debian's, else pg_config on the path,
# else whatever can be installed (pg_config stays empty until it is).
select_server()
{
	local pgxs=lib/pgxs/src/makefiles/pgxs.mk

	pg_config=
	pg_major=
	if [ -n "${PG_CONFIG:-}" ]; then
		pg_config=$(command -v "$PG_CONFIG") ||
			die "PG_CONFIG names \"$PG_CONFIG\", which is no program"
		pg_config=$(realpath -s "$pg_config")
	else
		pg_major=$( { installed_majors $pgxs; installed_majors; } | head -n 1)
		if [ -n "$pg_major" ]; then
			pg_config=/usr/lib/postgresql/$pg_major/bin/pg_config
		elif ! command -v apt-get >/dev/null; then
			pg_config=$(command -v pg_config) ||
				die "no PostgreSQL found; set PG_CONFIG to its pg_config"
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
	PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null |
		grep -q 'libopenblas\.so'
}

# Install what is missing for "programs", building the extension and running a
# server, for "tests" or for "benchmarks".  Sets pg_config and the rest.
install_missing()
{
	local packages=() server='' missing log

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
	if [ -z "${PG_CONFIG:-}" ]; then
		if [ -z "$pg_major" ]; then
			server=new
		elif [ ! -e "/usr/lib/postgresql/$pg_major/lib/pgxs/src/makefiles/pgxs.mk" ] &&
			[ "$pg_config" = "/usr/lib/postgresql/$pg_major/bin/pg_config" ]; then
			packages+=("postgresql-server-dev-$pg_major")
		fi
	fi

	if [ -n "$server" ] || [ "${#packages[@]}" -gt 0 ]; then
		missing="${server:+the newest postgresql-NN and postgresql-server-dev-NN }${packages[*]}"
		command -v apt-get >/dev/null ||
			die "missing (by their names in Debian): $missing"
		[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
			die "missing: $missing; there is no sudo here to install them"
		say "installing what is missing: $missing"
		log=$(mktemp)
		if ! install_packages >"$log" 2>&1; then
			cat "$log" >&2
			rm -f "$log"
			die "could not install what is missing"
		fi
		rm -f "$log"
		select_server
	fi

	[ -x "$pg_bin/postgres" ] ||
		die "$pg_bin has no server program; install it or set PG_CONFIG"
	[ -e "$("$pg_config" --pgxs)" ] ||
		die "the development files of $pg_config are missing"
}

# Install packages that single tests use and the others do without: those of
# them the archive offers.
install_companions()
{
	local package packages=()

	[ -z "${PG_CONFIG:-}" ] && command -v apt-get >/dev/null || return 0
	[ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null || return 0
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			! apt-cache show "$package" >/dev/null 2>&1 || packages+=("$package")
	done
	[ "${#packages[@]}" -gt 0 ] || return 0
	say "installing for single tests: ${packages[*]}"
	apt_get install "${packages[@]}" >/dev/null 2>&1 ||
		say "that failed, they will be skipped"
}

# The part of install_missing that writes to a log; uses its variables.
install_packages()
{
	local guard=/etc/postgresql-common/createcluster.d/wals-no-main.conf
	local status

	apt_get update || return
	if [ -n "$server" ]; then
		pg_major=$(available_major)
		[ -n "$pg_major" ] || {
			echo "the package archive offers no PostgreSQL >= $OLDEST_MAJOR"
			return 1
		}
		packages+=("postgresql-$pg_major" "postgresql-server-dev-$pg_major")
	fi
	if [ -z "$server" ]; then
		apt_get install "${packages[@]}"
		return
	fi

	# The package would create and start a cluster "main" on port 5432.  Nobody
	# asked for one: tell it not to, just this once.
	apt_get install postgresql-common || return
	as_root mkdir -p "$(dirname "$guard")" || return
	echo 'create_main_cluster = false' | as_root tee "$guard" || return
	apt_get install "${packages[@]}"
	status=$?
	as_root rm -f "$guard"
	return $status
}

apt_get()
{
	local command=$1

	shift
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o APT::Install-Recommends=false \
		"$command" "$@" </dev/null
}

# ---------------------------------------------------------------------------
# Who, where
# ---------------------------------------------------------------------------

# PostgreSQL refuses to run as root.  Root's servers run as the user postgres,
# or nobody where the packages did not make one, with a fresh environment; an
# ordinary user's run as himself.  The folder $1 becomes his, and his home.
select_user()
{
	local name

	as_user=(env TMPDIR="$1/tmp")
	mkdir -p "$1/tmp"
	if [ "$(id -u)" -eq 0 ]; then
		server_user=nobody
		getent passwd postgres >/dev/null && server_user=postgres
		as_user=(runuser -u "$server_user" -- env -i HOME="$1" TMPDIR="$1/tmp"
			LC_ALL="$LC_ALL" PATH=/usr/local/bin:/usr/bin:/bin)
		for name in TERM CI COPT; do
			[ -z "${!name:-}" ] || as_user+=("$name=${!name}")
		done
		chown -R "$server_user": "$1"
	fi
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
	"${as_user[@]}" "$pg_bin/postgres" --describe-config | cut -f1 | grep -qx "$1"
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
	"${as_user[@]}" "$pg_bin/pg_ctl" --pgdata="$1/data" \
		--log="$1/server.log" --silent --wait start >/dev/null || {
		cat "$1/server.log" >&2
		return 1
	}
}

server_stop()
{
	[ ! -e "$1/data/postmaster.pid" ] ||
		"${as_user[@]}" "$pg_bin/pg_ctl" --pgdata="$1/data" --silent \
			--mode=immediate --wait stop >/dev/null 2>&1
}

# shellcheck shell=bash
#
# lib.sh
#     What the benchmarks have in common: a private server with the extension
#     in it, and the conditions every table is printed under.
#
# Sourced by bash scripts, which set "root" to the top of the source tree,
# "command_line" to what the user typed, "keep" and "installed" to something or
# nothing.  Finding, building and serving are those of test/lib.sh.
#
# bench_open sets work, the working folder; src, the built copy of the tree; and
# stage.  The exit trap stops the server and removes the folder.

. "$root/test/lib.sh"

program=bench/$(basename "$0")
work=

die()
{
	printf '%s: %s\n' "$program" "$*" >&2
	exit 1
}

# The comment at the head of the script.
usage()
{
	sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0"
}

whole_number()
{
	[[ $2 =~ ^[1-9][0-9]{0,7}$ ]] || die "$1 takes a whole number from 1 to 99999999"
}

# psql as superuser on the benchmark's server; an error ends the benchmark.
sql()
{
	"$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work/server" -U postgres \
		-d "$database" "$@" || die "psql failed, its message is above"
}

bench_close()
{
	local name

	[ -n "$work" ] || return
	if [ -n "$keep" ] && [ -e "$work/server/data/postmaster.pid" ]; then
		say ""
		say "The server is still running. To look around, and to end it:"
		say ""
		say "    $pg_bin/psql -h $work/server -U postgres bench"
		for name in standby server; do
			[ ! -e "$work/$name/data/postmaster.pid" ] ||
				say "    ${as_user[*]} $pg_bin/pg_ctl -D $work/$name/data stop"
		done
		say "    rm -rf $work"
		return
	fi
	(
		cd / || exit
		server_stop "$work/standby"
		server_stop "$work/server"
	)
	rm -rf "$work"
}

# Build, and start a server with the database "bench" and the extension in it.
# Arguments are lines for postgresql.conf.
bench_open()
{
	scrub_environment
	install_missing benchmarks
	work=$(mktemp -d "$temp/wals-bench.XXXXXX") || exit 1
	chmod 755 "$work"
	trap bench_close EXIT
	select_user "$work"
	src=$work/src
	stage=
	copy_tree "$root" "$src" || die "could not copy the source tree"
	cd "$src" || exit 1

	# The programs link core's objects, so the tree is built in any case.
	if [ -n "$installed" ]; then
		: >"$work/server.conf"
		"${as_user[@]}" make -C "$src" -j"$(nproc)" PG_CONFIG="$pg_config" \
			>"$work/build.log" 2>&1
	else
		if has_setting extension_control_path || has_setting extension_destdir; then
			stage=$work/stage
			stage_settings "$stage" >"$work/server.conf"
		else
			copy_server "$work/pg"
			: >"$work/server.conf"
		fi
		build_stage "$src" "$stage" >"$work/build.log" 2>&1
	fi || {
		cat "$work/build.log" >&2
		die "could not build the extension"
	}

	printf '%s\n' "$@" >>"$work/server.conf"
	chmod a+r "$work/server.conf"
	"${as_user[@]}" mkdir -m 700 "$work/server"
	server_start "$work/server" "$work/server.conf" ||
		die "could not start the server"
	database=postgres
	sql -c 'CREATE DATABASE bench'
	database=bench
	sql -c 'CREATE EXTENSION wals'
}

# Compile bench/$1.c of the built tree to $work/$1, with what else it needs:
# core.
bench_compile()
{
	local name=$1 part parts=()

	shift
	for part; do
		case $part in
			core) parts+=("$src"/src/core/*/*.o) ;;
		esac
	done
	cc -std=c11 -D_GNU_SOURCE -O2 -I"$src/src" "$src/bench/$name.c" \
		"${parts[@]}" -lm -ldl -lpthread -o "$work/$name" ||
		die "could not compile bench/$name.c"
}

# Milliseconds since an arbitrary moment.
clock()
{
	echo $(($(date +%s%N) / 1000000))
}

bench_conditions()
{
	local cpu memory

	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
	memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null)
	say "date       $(date -u '+%Y-%m-%d %H:%M UTC')"
	say "command    $command_line"
	say "machine    ${cpu:-$(uname -m)}, $(nproc) processors," \
		"$((${memory:-0} / 1048576)) GB;" \
		"load average $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null)"
	say "software   wals $(sql -At -c 'SELECT wals_version()')," \
		"$("$pg_bin/postgres" --version), $(cc --version | head -n 1)"
}

#!/bin/bash
# packages - install the Debian packages that building and testing need.
#
#     tests/packages.sh         build and run
#     tests/packages.sh lint    the tools of `make lint`
#     tests/packages.sh fuzz    the compiler of `make fuzz`
#
# What is installed already is left alone; with nothing missing this is
# instant and touches no network.  Services of the packages are not started:
# the tests run their own, private ones.
set -euo pipefail

build=(gcc libc6-dev make pkg-config libevent-dev libssl-dev libsasl2-dev
	libldap-dev libidn-dev libcjose-dev libjansson-dev libconfuse-dev libcmocka-dev)
run=(libsasl2-modules slapd ldap-utils postfix openssl python3 python3-pytest
	swaks libnet-ssleay-perl libauthen-sasl-perl curl ca-certificates
	msmtp nodejs node-nodemailer python3-aiosmtplib libio-socket-ssl-perl
	git-email libmailtools-perl s-nail mutt neomutt haproxy
	libmail-deliverystatus-bounceparser-perl python3-jwt python3-cryptography
	libauthen-scram-perl libgsasl18 python3-openssl)
lint=(clang-format clang-tidy cppcheck)
fuzz=(clang libclang-rt-dev)

case ${1-} in
'') want=("${build[@]}" "${run[@]}") ;;
lint) want=("${lint[@]}") ;;
fuzz) want=("${fuzz[@]}") ;;
*)
	echo "usage: ${0##*/} [lint|fuzz]" >&2
	exit 2
	;;
esac

fail() {
	echo "packages: $*" >&2
	exit 1
}

command -v dpkg-query >/dev/null ||
	fail "this system has no dpkg; have these at hand: ${want[*]}"

missing=()
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n')
for name in "${want[@]}"; do
	grep -qxF "installed $name" <<<"$installed" || missing+=("$name")
done
if [ ${#missing[@]} -eq 0 ]; then
	exit 0
fi

if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null ||
		fail "run as root: apt-get install --no-install-recommends ${missing[*]}"
	echo "packages: installing with sudo: ${missing[*]}"
	exec sudo -- bash "$0" "$@"
fi
echo "packages: installing ${missing[*]}"

log=$(mktemp)
policy=
cleanup() {
	rm -f "$log"
	[ -z "$policy" ] || rm -f "$policy"
}
trap cleanup EXIT

# Keep the packages' own services down while they are installed, unless the
# administrator already has a say in that.
if ! [ -e /usr/sbin/policy-rc.d ]; then
	policy=/usr/sbin/policy-rc.d
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

# ... and unconfigured afterwards.  Only on first installation: what is
# configured on this machine stays as it is.
for name in "${missing[@]}"; do
	case $name in
	postfix) echo "postfix postfix/main_mailer_type select No configuration" ;;
	slapd) echo "slapd slapd/no_configuration boolean true" ;;
	esac
done | debconf-set-selections

export DEBIAN_FRONTEND=noninteractive
quietly() {
	"$@" >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		return 1
	}
}
quietly apt-get -q update ||
	echo "packages: apt-get update failed; trying with the lists at hand" >&2
quietly apt-get -q -y --no-install-recommends install "${missing[@]}" ||
	fail "apt-get could not install ${missing[*]}"

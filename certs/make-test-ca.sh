#!/bin/sh
# Make a throw-away certificate authority and a server certificate.
#
#     make-test-ca.sh [-k rsa|ecdsa] [-d DAYS] DIR NAME...
#
# DIR/ca.pem, DIR/ca.key   the authority; kept when it is already there
# DIR/FIRST.pem, FIRST.key the certificate and its key, named after the first
#                          NAME; every NAME (host name or IP address) is in it
#
# -k  the kind of key (ecdsa: P-256); rsa makes FIRST.rsa.pem and FIRST.rsa.key
# -d  days until the certificate expires (30); negative: it has
#
# For tests and demonstrations only: the keys are not protected.
set -eu

kind=ecdsa
days=30
usage() {
	echo "usage: ${0##*/} [-k rsa|ecdsa] [-d DAYS] DIR NAME..." >&2
	exit 2
}
while getopts k:d: option; do
	case $option in
	k) kind=$OPTARG ;;
	d) days=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
dir=$1
first=$2
shift

names=
for name; do
	case $name in
	*:* | *[0-9].[0-9]*.[0-9]*.[0-9]*) type=IP ;;
	*) type=DNS ;;
	esac
	names=$names${names:+,}$type:$name
done

umask 077
mkdir -p "$dir"
tmp=$(mktemp -d "$dir/.new.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

key() {
	case $1 in
	ecdsa) openssl ecparam -genkey -noout -name prime256v1 -out "$2" ;;
	rsa) openssl genrsa -out "$2" 2048 2>/dev/null ;;
	*) usage ;;
	esac
}

if ! [ -s "$dir/ca.pem" ]; then
	key ecdsa "$tmp/ca.key"
	openssl req -x509 -new -sha256 -key "$tmp/ca.key" -days 30 \
		-subj "/CN=submitd throw-away test CA" \
		-addext "keyUsage=critical,keyCertSign,cRLSign" \
		-out "$tmp/ca.pem"
	mv "$tmp/ca.key" "$tmp/ca.pem" "$dir"
fi

key "$kind" "$tmp/server.key"
cat >"$tmp/extensions" <<-END
	basicConstraints = critical,CA:FALSE
	keyUsage = critical,digitalSignature
	extendedKeyUsage = serverAuth
	subjectAltName = $names
END
openssl req -new -sha256 -key "$tmp/server.key" -subj "/CN=$first" \
	-out "$tmp/request"
openssl x509 -req -sha256 -days "$days" -in "$tmp/request" \
	-CA "$dir/ca.pem" -CAkey "$dir/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
	-extfile "$tmp/extensions" -out "$tmp/server.pem" 2>/dev/null
if [ "$kind" = rsa ]; then
	first=$first.rsa
fi
mv "$tmp/server.key" "$dir/$first.key"
mv "$tmp/server.pem" "$dir/$first.pem"
chmod 644 "$dir/ca.pem" "$dir/$first.pem"

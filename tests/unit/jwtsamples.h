/*
 * jwtsamples - tokens made by another program (PyJWT) at the time JWT_NOW.
 *
 * The private keys are gone.
 */

#ifndef SUBMITD_JWTSAMPLES_H
#define SUBMITD_JWTSAMPLES_H

#include <stddef.h>

#define JWT_NOW 1700000000

/* clang-format off */
static const char jwt_keys[] =
	    "{\"keys\": [{\"kty\": \"RSA\", \"n\": \"rbF3K1cINpztQEBTuJp"
	    "D5wbQgHTqRDifuZBZscVRMd0uplL61ORzE3ggaYG3E7CYnsBDI"
	    "HhczZDrH9eLLz9cBRzyhwA0nCfrm7Yp-ivVi2vjGRBEv-49i4r"
	    "gtXUhvFDebwOXXHCrOCSDn4kwzqzwivpZX6VbLiLulzJ0xIHeC"
	    "uvI-XXdafCatZFL36imezktT4qH5JUu18D32uZyKCQbmkoyjpN"
	    "BF2tyjORHaWKec5xjFEpKpPu4vl3k3McowTyySVXSB6uXX_fsP"
	    "bXW4jzVdsT4ZJC-f05VLTLb8kPE154Nyb8Id9hIH81d4K2f9Jg"
	    "MDnHezQB9oClqdaLJ15XcKQ\", \"e\": \"AQAB\", \"kid\": \"r1\""
	    ", \"use\": \"sig\", \"alg\": \"RS256\"}, {\"kty\": \"EC\", \"cr"
	    "v\": \"P-256\", \"x\": \"oOzJ9z-YXh8pdbiHtlgMnYShIrzplI8"
	    "w0voqVp5ihxU\", \"y\": \"dN4RuhFTkeC68R4EDwT5WnBhQgc_C"
	    "Vk9pv_oxwGDRr4\", \"kid\": \"e1\", \"key_ops\": [\"verify\""
	    "]}, {\"kty\": \"RSA\", \"n\": \"wkgUI1LCeBwp7zET6jmWhNNQp"
	    "HoPsxxO8q7kD4J561GRZtORYWya5tDYC0R20Z_1r68vCwm6nr_"
	    "avlkvp7t-EVuZeLdTKQMZ-NyaxXPW9QZSRwYnCrl8STZQRQFqo"
	    "F7lcd6Jej7AkF229-UF6Bgbr0LusXWMkPGJpFxKHvgDlU8\", \""
	    "e\": \"AQAB\", \"kid\": \"small\"}, {\"kty\": \"EC\", \"crv\": "
	    "\"P-256\", \"x\": \"biUAyesg-4EOchyq0MLZTFZU_uctDsqaaPA"
	    "z42XrG7A\", \"y\": \"C0oM7_jpn5YfQHcCzNA2QqEgkpfdvToyi"
	    "RFIG9ApYhs\", \"kid\": \"enc\", \"use\": \"enc\"}, {\"kty\": "
	    "\"EC\", \"crv\": \"P-256\", \"x\": \"biUAyesg-4EOchyq0MLZTF"
	    "ZU_uctDsqaaPAz42XrG7A\", \"y\": \"C0oM7_jpn5YfQHcCzNA2"
	    "QqEgkpfdvToyiRFIG9ApYhs\", \"kid\": \"signs\", \"key_ops"
	    "\": [\"sign\"]}, {\"kty\": \"oct\", \"k\": \"c2VjcmV0\", \"kid"
	    "\": \"o1\"}, {\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"biUA"
	    "yesg-4EOchyq0MLZTFZU_uctDsqaaPAz42XrG7A\", \"y\": \"C0"
	    "oM7_jpn5YfQHcCzNA2QqEgkpfdvToyiRFIG9ApYhs\", \"kid\":"
	    " \"private\", \"d\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAU\"}, {\"kty\": \"RSA\", \"n\": \"rbF3K1cINpztQE"
	    "BTuJpD5wbQgHTqRDifuZBZscVRMd0uplL61ORzE3ggaYG3E7CY"
	    "nsBDIHhczZDrH9eLLz9cBRzyhwA0nCfrm7Yp-ivVi2vjGRBEv-"
	    "49i4rgtXUhvFDebwOXXHCrOCSDn4kwzqzwivpZX6VbLiLulzJ0"
	    "xIHeCuvI-XXdafCatZFL36imezktT4qH5JUu18D32uZyKCQbmk"
	    "oyjpNBF2tyjORHaWKec5xjFEpKpPu4vl3k3McowTyySVXSB6uX"
	    "X_fsPbXW4jzVdsT4ZJC-f05VLTLb8kPE154Nyb8Id9hIH81d4K"
	    "2f9JgMDnHezQB9oClqdaLJ15XcKQ\", \"e\": \"AQAB\", \"kid\":"
	    " \"ps\", \"alg\": \"PS256\"}, {\"kty\": \"EC\", \"crv\": \"P-38"
	    "4\", \"x\": \"biUAyesg-4EOchyq0MLZTFZU_uctDsqaaPAz42Xr"
	    "G7A\", \"y\": \"C0oM7_jpn5YfQHcCzNA2QqEgkpfdvToyiRFIG9"
	    "ApYhs\", \"kid\": \"p384\"}, 7]}";

static const struct jwt_sample {
	const char *name;
	const char *token;
	const char *why; /* NULL: it is good */
} jwt_samples[] = {
	{ "RS256",
	    "eyJhbGciOiJSUzI1NiIsImtpZCI6InIxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.HHy2h"
	    "fEMi7pPTgJcYWAnyUNLPNJS2blvwClcIwQhmVkuM0xokJsdfjq"
	    "eV898b6YJENHjaJEd-myAImURRsejfxg4ySK4HD6p4U_2EFKur"
	    "Nopqo4mXeq3wyeXL6OLsARQlFpVAkMAYFd8YfQWqdvHC3wxCa3"
	    "YgJyjaKEDr7KCqK9P-6EBuG7AnUDSTzcrSuHeeULMyw8ZrAe6Q"
	    "fUF0Av6csU0pE9AfjvLDRxX-whIUqV0U5R0nSk6OAR5ENX0pdj"
	    "kQJCQPYaeMDdmPd2Kc4gf7BwjwlbSDbJAWy1nzN0Fmb5xq15tR"
	    "oSnuJCpT4_1oO37iOe2ZBu38rcIdTKeemDi3Q",
	    NULL },
	{ "ES256",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.LCkUe"
	    "0EHWoquTT6tQlMuMi3gwrBO0dBDDme7ghrGTYdjJ5_lapsV1Xs"
	    "IEEnPjvWhMOINTbZSSM4u5OnZRt_PrA",
	    NULL },
	{ "no kid",
	    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJod"
	    "HRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjoic3VibWl0Iiw"
	    "ic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5vc"
	    "mciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6MTY5OTk5OTk5MCw"
	    "ic2NvcGUiOiJvcGVuaWQgc210cCJ9.rzitvf5vKOJwqmNIF4RX"
	    "ksqRO4lPMQpJbI92h6TK7UAy1FciNTi-tsAQYy6BL5MqV--oTw"
	    "hzEKILxayPTvkjIg",
	    NULL },
	{ "an audience among others",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "IjpbIngiLCJzdWJtaXQiXSwic3ViIjoiNDcxMSIsImVtYWlsIj"
	    "oiYWxpY2VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAs"
	    "ImlhdCI6MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cC"
	    "J9.LHKmQBf7hFtHLmuU_o5TtithtMNc73GINaWbLWqxCXmbl6u"
	    "J9WGGMj-qxFUbFigafa3XQ2M6gTcRD8OLCj-2ew",
	    NULL },
	{ "a fraction of a second",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDAwMDAuNSwiaWF0"
	    "IjoxNjk5OTk5OTkwLCJzY29wZSI6Im9wZW5pZCBzbXRwIn0.HC"
	    "y8YOjr5fIeXMS9cg4jyBhOA69BEtD7wIgXH28kQEXwb8LjJNIz"
	    "BP983mD6gnhpJ25PgeFlTgoy1mYQfh7XeQ",
	    NULL },
	{ "expired within the leeway",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE2OTk5OTk5NDEsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.YtZeK"
	    "4JdIgNVVvTWFqQl4HzJ9xG3B3CFR_5ejzIjgdl2cYSXbVxcCbW"
	    "M9N6ah76T-XyTEcRarx4V6D-fCBkXZg",
	    NULL },
	{ "expired",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE2OTk5OTk5NDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.yUv-f"
	    "TtEInE-eZVp3zm8J7Xlasfgfo9WbsWNk4D2iTB5wT3Wj0Dizxm"
	    "IMxPSAYiO4MVuCyDXbkp2ZaZn01OjTw",
	    "token_expired" },
	{ "no end",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJpYXQiOjE2OTk5OTk5OTAsInNjb3Bl"
	    "Ijoib3BlbmlkIHNtdHAifQ.wgMHhoM2OLi6auCcr3fDStZLXjV"
	    "8LzhtxWXO5t8w2Mfrm8aGGKfQASLkEKdz8iPRw-klhP9XPer_s"
	    "Is0Nc3O5w",
	    "token_no_end" },
	{ "an end that is no number",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIn0.eyJpc3MiOi"
	    "AiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3Vi"
	    "bWl0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIjogImFsaWNlQG"
	    "V4YW1wbGUub3JnIiwgImV4cCI6ICJzb29uIiwgImlhdCI6IDE2"
	    "OTk5OTk5OTAsICJzY29wZSI6ICJvcGVuaWQgc210cCJ9.tr-zx"
	    "BL_fqHUv21AyM7ZuarUqdmO2-71sS5QMG6MGpKtshYLTlVY3Y1"
	    "fHJUTDIEZ4rvayJqGvNL5G4f0frMVYw",
	    "token_no_end" },
	{ "not yet",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCIsIm5iZi"
	    "I6MTcwMDAwMDA2MX0.fXk7yeBIERB-EXrAF-rgpK6_CBkwCVZL"
	    "xqWjU82oE85RicpI4JgOVuGkQ0AeZFGtpcM4TMl83VllSgopK0"
	    "ZvCA",
	    "token_too_early" },
	{ "made in the future",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTcwMDAwMDA2MSwic2NvcGUiOiJvcGVuaWQgc210cCJ9.Dvxqp"
	    "ywwiFbkLr73-B4QQLrgvVefx7sDwwFS87Zff5GmAkA0CNx2gdk"
	    "ClbLU9LcjF4k2CbSfcOing8Caif4g-A",
	    "token_too_early" },
	{ "another issuer",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnLyIsImF1"
	    "ZCI6InN1Ym1pdCIsInN1YiI6IjQ3MTEiLCJlbWFpbCI6ImFsaW"
	    "NlQGV4YW1wbGUub3JnIiwiZXhwIjoxNzAwMDAwNjAwLCJpYXQi"
	    "OjE2OTk5OTk5OTAsInNjb3BlIjoib3BlbmlkIHNtdHAifQ.kn6"
	    "ZIEbTcN3Ez-OaqBpDJZwabo26DNcoJUVQGubPZqtbitn4EiK4s"
	    "6aqKeiNS0vN1Q8Oz7lzWN7kV9iOKEjZeA",
	    "token_issuer" },
	{ "no issuer",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJhdWQiOiJzdWJtaXQiLCJzdWIiOiI0NzExIiwiZW1haWwi"
	    "OiJhbGljZUBleGFtcGxlLm9yZyIsImV4cCI6MTcwMDAwMDYwMC"
	    "wiaWF0IjoxNjk5OTk5OTkwLCJzY29wZSI6Im9wZW5pZCBzbXRw"
	    "In0.q51zQIhPGphrXF3Dh-JpQilhfNgfqR9Dr82JNaeRdQkaRJ"
	    "QgxZTqbyasEt34Z7-W5e4eW8KtoJGRXbAK_9SJBw",
	    "token_issuer" },
	{ "another audience",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWkiLCJzdWIiOiI0NzExIiwiZW1haWwiOiJhbGljZU"
	    "BleGFtcGxlLm9yZyIsImV4cCI6MTcwMDAwMDYwMCwiaWF0Ijox"
	    "Njk5OTk5OTkwLCJzY29wZSI6Im9wZW5pZCBzbXRwIn0.Rbf9y8"
	    "Wvr-5o8KvbrOFbp5Rj0PYF_Yi3vjQnBVk-aeJJF4tfSdERSYXn"
	    "d8C6FOh7ZtASi12k3AaL2OQhgavPDg",
	    "token_audience" },
	{ "no audience",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwic3Vi"
	    "IjoiNDcxMSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5vcmciLC"
	    "JleHAiOjE3MDAwMDA2MDAsImlhdCI6MTY5OTk5OTk5MCwic2Nv"
	    "cGUiOiJvcGVuaWQgc210cCJ9.HBHeEmL7zhm9oBNAV_4XgBoTk"
	    "Rth6irV80c3Jn-JMeoGeVn-jVvGID0zVEz8BZv0MWBBKfG-cM-"
	    "Y4cEszp1dLA",
	    "token_audience" },
	{ "no user",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImV4cCI6MTcwMDAwMD"
	    "YwMCwiaWF0IjoxNjk5OTk5OTkwLCJzY29wZSI6Im9wZW5pZCBz"
	    "bXRwIn0.iAHMFRQkkHY_i8lpBjMXOu1rGhJEqxa0ou03zfEuOB"
	    "TNvoUIPRhJ_Ea_m9vfBgCW9H6YhGdbq3fNCqJLm6XzQg",
	    "token_user" },
	{ "a user that is no text",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjpbImEiXS"
	    "wiZXhwIjoxNzAwMDAwNjAwLCJpYXQiOjE2OTk5OTk5OTAsInNj"
	    "b3BlIjoib3BlbmlkIHNtdHAifQ.rez-hEzDZLxtoTuyoQ2heh5"
	    "KofPWkzf15AT2Fs_D7folaBS5Ota7Qn5cnB8OmJV-ODHDgosF9"
	    "AD7EQPyxRwLAg",
	    "token_user" },
	{ "an empty user",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiIiwiZX"
	    "hwIjoxNzAwMDAwNjAwLCJpYXQiOjE2OTk5OTk5OTAsInNjb3Bl"
	    "Ijoib3BlbmlkIHNtdHAifQ.Oza7wKb01iRPY2qHWpsZ1wVljEd"
	    "nM5tQJ2-7AptS1ahyu6Jklym9TYeaJb0aROsuGAW4tLpJNRQln"
	    "8OMUsqrYQ",
	    "token_user" },
	{ "a long user",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoieHh4eH"
	    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH"
	    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH"
	    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4"
	    "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eH"
	    "h4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eCIsImV4cCI6MTcw"
	    "MDAwMDYwMCwiaWF0IjoxNjk5OTk5OTkwLCJzY29wZSI6Im9wZW"
	    "5pZCBzbXRwIn0.I-ZR5-kdkZ7ykC5E2Mkr_rL3azZw4yLRrSpH"
	    "u4pShSqCtaugCSLaExX00tzVSShRD7RTvffzfWOPZYRAksaukQ",
	    "token_user" },
	{ "no scope",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cHgifQ.YgE"
	    "pyZjZKSkdu3qmOxIPA_35HbIcgfw42t_jahaXZU8GcdVcgvUYn"
	    "jaUjdUiANO0YKKxf6ErGxvO9L8PdF19-Q",
	    "token_scope" },
	{ "a NUL in the user",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIn0.eyJpc3MiOi"
	    "AiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3Vi"
	    "bWl0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIjogImFsaWNlXH"
	    "UwMDAwQGV4YW1wbGUub3JnIiwgImV4cCI6IDE3MDAwMDA2MDAs"
	    "ICJpYXQiOiAxNjk5OTk5OTkwLCAic2NvcGUiOiAib3BlbmlkIH"
	    "NtdHAifQ.rbGSI4o9J2n24-duua9W-XInc18aTpPh1gJdUDcoy"
	    "S2XwbG9Ds_JUeknwW6yQkYNX1WaQ-z2bQDSZnODX3L2DA",
	    "token_form" },
	{ "a claim twice",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIn0.eyJpc3MiOi"
	    "AiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3Vi"
	    "bWl0IiwgImVtYWlsIjogImJvYkBleGFtcGxlLm9yZyIsICJzdW"
	    "IiOiAiNDcxMSIsICJlbWFpbCI6ICJhbGljZUBleGFtcGxlLm9y"
	    "ZyIsICJleHAiOiAxNzAwMDAwNjAwLCAiaWF0IjogMTY5OTk5OT"
	    "k5MCwgInNjb3BlIjogIm9wZW5pZCBzbXRwIn0.e8jrQ-wpvqRc"
	    "ZJ5bPfOxmup2nQHyDTMyv1K9kZ9MamCW8WU9wfgsjlRnryUjiE"
	    "Ey2_epHhC15WjhaaOaKIRD8A",
	    "token_form" },
	{ "claims that are a list",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIn0.WzFd._i3W0"
	    "vC8MC1DjFz3CKdOhYt6jZE5vWgFAgm5AhoCI3nHU1sS9z8riGX"
	    "BIvGB_DsiT-RZpLd-bQQ6UA4OfghHig",
	    "token_form" },
	{ "alg none",
	    "eyJhbGciOiAibm9uZSJ9.eyJpc3MiOiAiaHR0cHM6Ly9pZC5le"
	    "GFtcGxlLm9yZyIsICJhdWQiOiAic3VibWl0IiwgInN1YiI6ICI"
	    "0NzExIiwgImVtYWlsIjogImFsaWNlQGV4YW1wbGUub3JnIiwgI"
	    "mV4cCI6IDE3MDAwMDA2MDAsICJpYXQiOiAxNjk5OTk5OTkwLCA"
	    "ic2NvcGUiOiAib3BlbmlkIHNtdHAifQ.eA",
	    "token_algorithm" },
	{ "HS256 with the public key",
	    "eyJhbGciOiAiSFMyNTYiLCAia2lkIjogInIxIn0.eyJpc3MiOi"
	    "AiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3Vi"
	    "bWl0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIjogImFsaWNlQG"
	    "V4YW1wbGUub3JnIiwgImV4cCI6IDE3MDAwMDA2MDAsICJpYXQi"
	    "OiAxNjk5OTk5OTkwLCAic2NvcGUiOiAib3BlbmlkIHNtdHAifQ"
	    ".hjnBzfpsjCEOsSL1jqdKzzxAsqJiR1wdnv1fYMvK_wo",
	    "token_algorithm" },
	{ "PS256",
	    "eyJhbGciOiJQUzI1NiIsImtpZCI6InIxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.IbnVi"
	    "SOpGXSu30b-ReucdK9BWfaYUS2c4WwuJdE9yPKEfB_T_ueU6pr"
	    "fRM5yIUiagaZBCNbgy3BLLguPAByCc7EY7IdGChLyzeDmeJX7P"
	    "jTVI5NfZJuDQf_6wY1k8IaDwdE2LCO530-JNpKhfw9PQs9nUAi"
	    "yGifRMJOFxuK_xryZuOxuKa8iAwO6LwwtlwrLQyYRIao6gezZa"
	    "Pw8PtGj-F_Q016AYaf6i2R6puxZKtQxcCAUTM3VItgAke5iJt-"
	    "obneOcxEOb1knH3GuJKtU2Y5F89BDOJUUBeQ0Uke7OZ3UDN7rk"
	    "r4_btx1CkTD5gDcG8PXhAkjAbPpx6rM-saJNA",
	    "token_algorithm" },
	{ "RS512",
	    "eyJhbGciOiJSUzUxMiIsImtpZCI6InIxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.FxnOF"
	    "0Yur0aL9t2ueE5CTrKAKhSfDQTQWOerCIpqLHYvbit5VOkrWcs"
	    "LfIYoSiEDZLUtATIBs14JqGCqlkZSHoZpsq_xth1C1o-RPd__l"
	    "1CfzGjeQQQCe54Vecx9yYN7vgH59BfRt6M_VoSStb7jIUZq4ea"
	    "EHoFgLgW_F5kBSIfJcyKcgtF-QGJwTT2CtxDYfbfDtcmCuXHL2"
	    "6h74a-4kNlK57oICBjtxpQohCNNvPkH3I1GN3vd7N1sgzuaf79"
	    "vYMLAN1Usv1DuLI5u7kCUdYdeukegpK_PomHTNdDhr3-RUOl3m"
	    "OsbIImuTU5ZrbBbh3QpTZqVoe7U3XM0Wj8gIg",
	    "token_algorithm" },
	{ "alg twice",
	    "eyJhbGciOiJub25lIiwiYWxnIjoiRVMyNTYiLCJraWQiOiJlMS"
	    "J9.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJ"
	    "hdWQiOiAic3VibWl0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsI"
	    "jogImFsaWNlQGV4YW1wbGUub3JnIiwgImV4cCI6IDE3MDAwMDA"
	    "2MDAsICJpYXQiOiAxNjk5OTk5OTkwLCAic2NvcGUiOiAib3Blb"
	    "mlkIHNtdHAifQ.AU8JGOqGjpplQ6nF89pGVcNoEUgifjHDJ5yU"
	    "6EPSMDBbT4tOPoN3W8lNUkrfGaxkoUWeZvZYTuLImCJiCCbMXA",
	    "token_form" },
	{ "critical",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIiwgImNyaXQiOi"
	    "BbIngiXSwgIngiOiAxfQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5le"
	    "GFtcGxlLm9yZyIsICJhdWQiOiAic3VibWl0IiwgInN1YiI6ICI"
	    "0NzExIiwgImVtYWlsIjogImFsaWNlQGV4YW1wbGUub3JnIiwgI"
	    "mV4cCI6IDE3MDAwMDA2MDAsICJpYXQiOiAxNjk5OTk5OTkwLCA"
	    "ic2NvcGUiOiAib3BlbmlkIHNtdHAifQ.WdSIXsLwSUH-ckDiCo"
	    "7PMMRYFxDQ5IgI44K1LwXILfxPaxyxhDJclQwbi4ptekWIbYo6"
	    "mwYGnbYOCDW-w0zrXQ",
	    "token_critical" },
	{ "unencoded",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUxIiwgImI2NCI6IG"
	    "ZhbHNlfQ.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZ"
	    "yIsICJhdWQiOiAic3VibWl0IiwgInN1YiI6ICI0NzExIiwgImV"
	    "tYWlsIjogImFsaWNlQGV4YW1wbGUub3JnIiwgImV4cCI6IDE3M"
	    "DAwMDA2MDAsICJpYXQiOiAxNjk5OTk5OTkwLCAic2NvcGUiOiA"
	    "ib3BlbmlkIHNtdHAifQ.IZXzbNAy93TmoLR4YTE6YO6XM3PygP"
	    "22WmpIJSCtwwcjRw43niLe0Ehz5g3SjO1BBn_q49HD6EoeoVwm"
	    "-mnwag",
	    "token_header" },
	{ "an empty kid",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogIiJ9.eyJpc3MiOiAia"
	    "HR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3VibWl"
	    "0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIjogImFsaWNlQGV4Y"
	    "W1wbGUub3JnIiwgImV4cCI6IDE3MDAwMDA2MDAsICJpYXQiOiA"
	    "xNjk5OTk5OTkwLCAic2NvcGUiOiAib3BlbmlkIHNtdHAifQ._z"
	    "Ng85yXPrQg8KpZ9V2Cm0MTuir9rRjIF9uRhis8VjqYniL38wj3"
	    "QiICcN3GaJA7GxG5k_dtTHlUrWHjc3S80w",
	    "token_header" },
	{ "a kid that is a number",
	    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogMX0.eyJpc3MiOiAiaH"
	    "R0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJhdWQiOiAic3VibWl0"
	    "IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIjogImFsaWNlQGV4YW"
	    "1wbGUub3JnIiwgImV4cCI6IDE3MDAwMDA2MDAsICJpYXQiOiAx"
	    "Njk5OTk5OTkwLCAic2NvcGUiOiAib3BlbmlkIHNtdHAifQ.uFk"
	    "R5y90lvyK-e3_aZliyqrmm0YAJI0bNCgeMir13H-YEGmKKHlh-"
	    "zOBarY34UV1bbRQs4ylJ1vaEeqzC8MyWQ",
	    "token_header" },
	{ "an unknown kid",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUyIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.Gsnh7"
	    "wfPn4axvKT9jiAogVEKigiOkaA8rWdo6QnrRlNLg1IVWhggpzS"
	    "Ly6AFbieyRvmMt6htTQCuSPERcbgNcw",
	    "token_signature" },
	{ "another kind's kid",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6InIxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.KdyqE"
	    "r4CA1C97U_2CcofKWkFosAgh5r7kGVHLQ2iY-tmZikoudoTmFk"
	    "cgvVSmPskli6XjNQluvvzZDiV5XIDlQ",
	    "token_signature" },
	{ "a key of encryption",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVuYyIsInR5cCI6IkpXVC"
	    "J9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXV"
	    "kIjoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY"
	    "2VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI"
	    "6MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.T-q8"
	    "KsVqzpgr-xHAHDQRL8R4zrIvgXqw_OrYhUq0FZIAAupfmsvLO4"
	    "TWI1JD28Gzv_0__98HeZ-gLa_tTfVCgA",
	    "token_signature" },
	{ "a private key",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6InByaXZhdGUiLCJ0eXAiOi"
	    "JKV1QifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnI"
	    "iwiYXVkIjoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjo"
	    "iYWxpY2VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsI"
	    "mlhdCI6MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ"
	    "9.IX6bPkTPa5dSAetZaFaQOI-BK6u0P366yOjCpRnALu5M7LQD"
	    "koD5m_duhAfRl0kgmRunf8RmQrKIOM_AyaazcQ",
	    "token_signature" },
	{ "a small key",
	    "eyJhbGciOiJSUzI1NiIsImtpZCI6InNtYWxsIiwidHlwIjoiSl"
	    "dUIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwi"
	    "YXVkIjoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYW"
	    "xpY2VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlh"
	    "dCI6MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.m"
	    "N7f5QO3OgSJ7V6DLwQp7-fZhnSCjOT39KV34ZQBFZcg1PF9qEF"
	    "W4DVU107YhtIjdihKKFcjpE-GGDNMtUpUNVFAH5CaSd6SgBALG"
	    "0RhhLb8DMvEhELt2ZtksTHSXT5CSLpbDyxgn5WZnFBFDWr9j0D"
	    "AsgXBzJ7uG3Pbv97L3RQ",
	    "token_signature" },
	{ "another key",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.NaDck"
	    "DGBz_RS4nR_JOpGoeMLRV1h5Ee9PaNk1ibgD2iJlmMfGXe7CPD"
	    "WQhawVKxf_bTI2A8DkM-1fAbT0dD7QQ",
	    "token_signature" },
	{ "another key, no kid",
	    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJod"
	    "HRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkIjoic3VibWl0Iiw"
	    "ic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5vc"
	    "mciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6MTY5OTk5OTk5MCw"
	    "ic2NvcGUiOiJvcGVuaWQgc210cCJ9.ioU136wPgcqyNco6Xb5e"
	    "-YnVwRgOkXSacc4FCps6GL6kXD60mz5T0qm4G5pDnB9e7fBJfx"
	    "uFuHF7Ya34pjSsdg",
	    "token_signature" },
	{ "other claims",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiAiaHR0cHM6Ly9pZC5leGFtcGxlLm9yZyIsICJh"
	    "dWQiOiAic3VibWl0IiwgInN1YiI6ICI0NzExIiwgImVtYWlsIj"
	    "ogImJvYkBleGFtcGxlLm9yZyIsICJleHAiOiAxNzAwMDAwNjAw"
	    "LCAiaWF0IjogMTY5OTk5OTk5MCwgInNjb3BlIjogIm9wZW5pZC"
	    "BzbXRwIn0.BVquPOunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq"
	    "0K7i5PMxcma8l0H0Jr72ousskAxvLROa3ZfDsX0xsx998w",
	    "token_signature" },
	{ "two parts",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9",
	    "token_form" },
	{ "four parts",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.BVquP"
	    "OunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PMxcma8l0H"
	    "0Jr72ousskAxvLROa3ZfDsX0xsx998w.x",
	    "token_form" },
	{ "no signature",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.",
	    "token_form" },
	{ "no header",
	    ".eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVkI"
	    "joic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2V"
	    "AZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6M"
	    "TY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.BVquPO"
	    "unGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PMxcma8l0H0"
	    "Jr72ousskAxvLROa3ZfDsX0xsx998w",
	    "token_form" },
	{ "no claims",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0..BVquPOunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PM"
	    "xcma8l0H0Jr72ousskAxvLROa3ZfDsX0xsx998w",
	    "token_form" },
	{ "padding",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.BVquP"
	    "OunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PMxcma8l0H"
	    "0Jr72ousskAxvLROa3ZfDsX0xsx998w=",
	    "token_form" },
	{ "a space",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9 .BVqu"
	    "POunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PMxcma8l0"
	    "H0Jr72ousskAxvLROa3ZfDsX0xsx998w",
	    "token_form" },
	{ "nothing",
	    "",
	    "token_form" },
	{ "a short signature",
	    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIiwidHlwIjoiSldUIn"
	    "0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUub3JnIiwiYXVk"
	    "Ijoic3VibWl0Iiwic3ViIjoiNDcxMSIsImVtYWlsIjoiYWxpY2"
	    "VAZXhhbXBsZS5vcmciLCJleHAiOjE3MDAwMDA2MDAsImlhdCI6"
	    "MTY5OTk5OTk5MCwic2NvcGUiOiJvcGVuaWQgc210cCJ9.BVquP"
	    "OunGeYAxlg7p5XgVhyJrAVeVcunHHLjWQhq0K7i5PMxcma8l0H"
	    "0Jr72ousskAxvLROa3ZfDsX0xsx",
	    "token_signature" },
};
/* clang-format on */

#endif

"""What must not leave the machine, as it stands in logs: one table of patterns, and the masks that take its place.

    postgres://app:s3cr3t@10.0.0.7/shop    ->    postgres://<user-1>:<password-1>@<ip-1>/shop

Every pattern runs in linear time: what repeats is bounded or possessive, and begins only where nothing of its kind
stands before it. A doubtful value is masked: a mask too many costs a word, a mask too few a password. What is left
alone is what source code has in the place of a value (``password=settings.password``), since sources are quoted too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from loopdoctor.addresses import mask_addresses
from loopdoctor.patterns import lazy
from loopdoctor.secrets_seen import MASK, Secrets, decoded_pair

Step = Callable[[str, Secrets], str]

_NOT_MASK = rf"(?!{MASK}(?:[\s\"'&,;)\]}}>\\]|$))"
# A value: within quotes up to the closing one (or the end), within escaped quotes, or up to what ends a bare word.
_VALUE = (
    rf"(?:b?(?P<quote>[\"'])(?P<quoted>(?:(?!(?P=quote))[^\\\n]|\\[^\n])*+)"
    rf"|\\{{1,7}}[\"'](?P<escaped>[^\"'\\\n]*+)"
    rf"|{_NOT_MASK}(?P<bare>(?:[^\s\"'&,;)\]}}>\\]|>(?=[\w!#$%*+/=?@^~-])|\\(?![\"'nrt]))++))"
)
_NAMES = (
    r"(?P<name>passwords?|passwd|passphrase|passcode|(?<![a-z])pass|(?<![a-z])pwd|pgpassword"
    r"|secrets?|credentials?|(?<![a-z])creds"
    r"|(?:api|access|account|auth|private|shared|signing|encryption|master|client|session)[_\- ]?key"
    r"|token|sharedaccesssignature|(?<![a-z])auth)"
)
_ENDS = r"(?:[_-]?(?:key|value|hash|string|id|\d{1,3})){0,2}(?![\w-])"

KEY_VALUE = lazy(rf"{_NAMES}{_ENDS}\\{{0,7}}[\"'\]]{{0,2}}\s{{0,3}}(?P<sign>[=:]>?)\s{{0,3}}{_VALUE}", re.IGNORECASE)
OPTION = lazy(rf"(?<!-)--(?!-)[\w-]{{0,30}}?{_NAMES}{_ENDS}\s{{1,3}}(?P<sign>){_VALUE}", re.IGNORECASE)
SQL = lazy(rf"{_NAMES}\s{{1,3}}(?P<sign>)(?=[\"']){_VALUE}", re.IGNORECASE)
"""``ALTER USER app PASSWORD 'x'``, ``IDENTIFIED BY PASSWORD 'x'``"""
QUERY = lazy(
    r"[?&;](?:sig|signature|x-amz-[a-z-]+|x-goog-[a-z-]+|key|auth|session|sid|code|ticket|jwt)="
    rf"{_NOT_MASK}(?P<value>[^\s\"'&,;<>)\]}}\\]{{8,}}+)",
    re.IGNORECASE,
)
USERINFO = lazy(
    r"://(?P<info>[^\s/\"'?#\\]{1,512})@"
    # A password with a slash is no URL, and yet it is written; what is a port is none.
    r"|://(?P<user>[^\s/:@\[\"'\\]{1,128}):(?!\d{1,6}[/?#])(?P<password>[^\s\"'@\\]{1,256})@"
)
GO_DSN = lazy(r"(?P<user>[^\s:@/\"'=]{1,64}+):(?P<password>[^\s@\"']{1,256}+)@(?:tcp|udp|unix)\(")
CURL_USER = lazy(r"(?:\s-u|--user)[ =]['\"]?(?P<user>[^\s:\"']{1,64}+):(?P<password>[^\s\"']{1,256}+)")
AUTHORIZATION = lazy(
    r"authorization\\{0,7}[\"']?\s{0,2}[:=,]\s{0,2}(?:b(?=[\"']))?\\{0,7}[\"']?"
    r"(?P<scheme>(?:Bearer|Basic|Digest|Token|Negotiate|NTLM|ApiKey|AWS4-HMAC-SHA256)\s{1,4})?(?P<value>[^\"'\n\\]++)",
    re.IGNORECASE,
)
BEARER = lazy(r"\bBearer\s{1,4}(?P<value>[\w.~+/=-]{8,}+)", re.IGNORECASE)
BASIC = lazy(r"\bBasic\s{1,4}(?P<value>[A-Za-z0-9+/]{6,}+={0,2})", re.IGNORECASE)
HEADER = lazy(
    r"(?:x-[a-z-]{0,30}?(?:token|api-key|apikey|secret|key|signature)|apikey)"
    rf"\\{{0,7}}[\"']?\s{{0,2}}(?P<sign>[:,])\s{{0,2}}{_VALUE}",
    re.IGNORECASE,
)
COOKIE = lazy(
    r"\b(?:set-)?cookies?\\{0,7}(?:[\"']\s{0,2}[:,]\s{0,2}b?\\{0,7}[\"'](?P<quoted>[^\"'\n\\]++)"
    r"|\s{0,2}:\s{0,2}(?P<line>[^\n\"']++)|=(?P<table>\{[^}\n]*+\}))",
    re.IGNORECASE,
)
TOKEN = lazy(
    r"(?<![A-Za-z0-9_])(?:"
    r"gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{16,}+"  # GitHub
    r"|gl(?:pat|ptt|dt|rt|cbt|ft|imt|soat|agent|oas|ffct)-[\w.-]{16,}+|GR1348941[\w-]{16,}+"  # GitLab
    r"|xox[a-z](?:\.xox[a-z])?-[\w-]{8,}+|xapp-\d-[\w-]{8,}+"  # Slack
    r"|(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA|ANVA)[A-Z0-9]{12,}+"  # AWS key ids
    r"|AIza[\w-]{30,}+|ya29\.[\w-]{16,}+|GOCSPX-[\w-]{16,}+|1//0[\w-]{20,}+"  # Google
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}+|whsec_[A-Za-z0-9+/=]{12,}+"  # Stripe
    r"|pypi-AgE[\w-]{12,}+|npm_[A-Za-z0-9]{20,}+|hf_[A-Za-z0-9]{20,}+|dckr_pat_[\w-]{16,}+"
    r"|sk-(?=[\w-]{0,40}\d)[\w-]{16,}+"  # OpenAI, Anthropic and their like
    r"|SG\.[\w-]{16,}+\.[\w-]{16,}+|(?:SK|AC)[0-9a-f]{32}(?![0-9a-f])|do[opr]_v1_[0-9a-f]{32,}+"
    r"|shp(?:at|ss|ca|pa)_[0-9a-f]{24,}+|dapi[0-9a-f]{32}(?!\w)|hv[sbr]\.[\w-]{16,}+|AGE-SECRET-KEY-1[A-Z0-9]{20,}+"
    r"|\d{8,10}:AA[\w-]{30,}+"  # Telegram
    r"|eyJ[\w-]{6,800}+\.[\w-]{6,}+(?:\.[\w-]*+){0,3}"  # JSON Web Tokens
    # A name that was cut where a text was filled in: what is left of a token is no less of one.
    r"|(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|AIza|[srp]k_live_|[srp]k_test_|pypi-AgE|npm_|sk-|eyJ)"
    r"[\w.-]{0,120}+…)"
)
HOOK = lazy(r"(?<=hooks\.slack\.com/services/)[\w/-]{8,}+|(?<=/api/webhooks/)\d{5,}+/[\w-]{8,}+")
AWS_SECRET = lazy(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
PEM = lazy(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?!<)(?P<body>[^-]*+)(?P<end>-----END [^-\n]{0,60}-----)?"
)
PEM_END = lazy(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = lazy(r"[A-Za-z0-9+/]{62,64}={0,2}")
PEM_LINE = lazy(
    r"[^A-Za-z0-9+/]{0,12}(?P<body>[A-Za-z0-9+/]{12,}+={0,2})\W{0,6}$|\s*(?:Proc-Type|DEK-Info|Version): .{0,80}$|\s*$"
)

# What stands in the place of a value and is none: code, placeholders, words of a sentence, what was masked before.
_CODE = lazy(
    r"(?:self|cls|os|settings|config|conf|cfg|env|environ|request|args|kwargs|options|params|credentials)[.\[].*"
    r"|(?:b|f|r)?|[\w.]+[(\[].*|<[A-Za-z_.]+|\{[\w.!:]*\}?|\$\{?[A-Z_][A-Z0-9_]*\}?|%s|%\(\w+\)s|\$\d|\.\.\.|…"
    r"|[*•x.#_-]+|\[?(?:filtered|redacted|masked|hidden|removed|secret|scrubbed)\]?"
    r"|none|null|nil|true|false|undefined|str|bytes|int|optional|required|missing|invalid|incorrect|expired|wrong"
    r"|expected|unexpected|empty|unset|not|is|was|the|a|an|for|and|or|in|must|str\||basic|bearer|digest",
    re.IGNORECASE,
)


def mask_text(text: str, secrets: Secrets) -> str:
    """``text`` with every secret masked that its own words show to be one; new ones are noted in ``secrets``."""
    for trigger, step in _STEPS:
        if trigger is None or trigger.search(text):
            text = step(text, secrets)
    return text


def mask_key_blocks(texts: Sequence[str], secrets: Secrets) -> list[str]:
    """Lines that follow each other, with those of a PEM private key masked, even where its begin or end is missing."""
    masked = [_alone(text, secrets) for text in texts]
    if not any("PRIVATE KEY" in text for text in texts):
        return masked
    inside = set(_key_lines(texts)) | {len(texts) - 1 - at for at in _key_lines(texts[::-1], ending=True)}
    return [_key_line(text, secrets) if at in inside else text for at, text in enumerate(masked)]


def _key_line(text: str, secrets: Secrets) -> str:
    match = PEM_LINE.match(text)
    if match is None or not match["body"]:
        return text
    return text[: match.start("body")] + secrets.mask("private-key", match["body"]) + text[match.end("body") :]


def _alone(text: str, secrets: Secrets) -> str:
    """A line of base64 as long as those of PEM, whose begin and end were not kept."""
    body = text.strip()
    looks = len(body) == 64 and body.isascii() and not body.islower() and not body.isupper() and not body.isalpha()
    return _key_line(text, secrets) if looks and PEM_BODY.fullmatch(body) else text


def _key_lines(texts: Sequence[str], *, ending: bool = False) -> Iterator[int]:
    """The lines of a key, below its first line (or, read upwards, above its last one)."""
    inside = False
    for at, text in enumerate(texts):
        if "PRIVATE KEY" in text:
            inside = bool(PEM_END.search(text)) if ending else "-----BEGIN " in text and not PEM_END.search(text)
        elif inside:
            inside = PEM_LINE.match(text) is not None
            if inside:
                yield at


def _pem(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        body = match["body"]
        if not body.strip() or secrets.is_mask(body.strip()):
            return match[0]
        for part in re.findall(r"[A-Za-z0-9+/=]{12,}", body):
            secrets.mask("private-key", part, also_as=body)
        mask = secrets.mask("private-key", body)
        return match[0][: match.start("body") - match.start()] + mask + (match["end"] or "")

    return PEM.sub(replace, text)


def _value_step(pattern: re.Pattern[str]) -> Step:
    def step(text: str, secrets: Secrets) -> str:
        return pattern.sub(lambda match: _keyed(match, secrets), text)

    return step


def _keyed(match: re.Match[str], secrets: Secrets) -> str:
    """``name=value`` with the value masked, unless it is none."""
    group = next((name for name in ("quoted", "escaped", "bare") if match[name]), "")
    if not group:
        return match[0]
    value, name = match[group], (match.groupdict().get("name") or "token").lower()
    rest = ""
    if group == "bare":
        kept = value.rstrip(".!?:" if match["sign"] != "=" else "")
        value, rest = (kept, value[len(kept) :]) if kept else (value, "")
    if _is_no_value(value, name, match) or secrets.is_mask(value):
        return match[0]
    kind = "password" if name.startswith(("pass", "pwd", "pgpass")) else "secret" if "secret" in name else "token"
    # "password: mistyped" may be a sentence: its word is masked here and nowhere else.
    spread = not (group == "bare" and match["sign"] == ":" and value.isalpha())
    mask = secrets.mask(kind, value, spread=spread)
    start, end = match.span(group)
    return f"{match.string[match.start() : start]}{mask}{rest}{match.string[end : match.end()]}"


def _is_no_value(value: str, name: str, match: re.Match[str]) -> bool:
    if match["quoted"] and not _CODE.fullmatch(value):
        return value.isspace()
    if _CODE.fullmatch(value) or value.lower() == name:
        return True
    if name == "pwd":  # the shell's working directory
        return value.startswith(("/", "~"))
    if name == "auth":  # `auth=None`, `auth: ok`: mostly no secret unless it looks like one
        return not any(map(str.isdigit, value)) or len(value) < 6
    spaced = match["sign"] == "=" and match.string[match.start("sign") - 1 : match.start("sign")] == " "
    return spaced and match["bare"] is not None and value.isidentifier() and not any(map(str.isdigit, value))


def _query(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        value = match["value"]
        if value.isalpha():
            return match[0]
        return match[0][: match.start("value") - match.start()] + secrets.mask("token", value)

    return QUERY.sub(replace, text)


def _userinfo(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        if match["info"] is not None:
            user, colon, password = match["info"].partition(":")
        else:
            user, colon, password = match["user"], ":", match["password"]
        return f"://{_user(user, secrets, alone=not colon)}{colon}{_password(password, secrets)}@"

    return USERINFO.sub(replace, text)


def _pairs(pattern: re.Pattern[str]) -> Step:
    def step(text: str, secrets: Secrets) -> str:
        def replace(match: re.Match[str]) -> str:
            whole, at = match[0], match.start()
            return (
                whole[: match.start("user") - at]
                + _user(match["user"], secrets, alone=False)
                + ":"
                + _password(match["password"], secrets)
                + whole[match.end("password") - at :]
            )

        return pattern.sub(replace, text)

    return step


def _user(user: str, secrets: Secrets, *, alone: bool) -> str:
    if not user or secrets.is_mask(user):
        return user
    # A token is often given as a user without a password.
    return secrets.mask("token", user) if alone and len(user) >= 16 else secrets.mask("user", user, spread=False)


def _password(password: str, secrets: Secrets) -> str:
    return password if not password or secrets.is_mask(password) else secrets.mask("password", password)


def _authorization(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        value = match["value"].rstrip()
        if _CODE.fullmatch(value) or secrets.is_mask(value):
            return match[0]
        if (pair := decoded_pair(value)) is not None:
            secrets.mask("password", pair)
        lead, rest = match.start("value") - match.start(), match["value"][len(value) :]
        return match[0][:lead] + secrets.mask("token", value) + rest

    return AUTHORIZATION.sub(replace, text)


def _bearer(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        value = match["value"]
        if len(value) < 20 and not any(map(str.isdigit, value)):
            return match[0]  # "Bearer authentication"
        return match[0][: match.start("value") - match.start()] + secrets.mask("token", value)

    return BEARER.sub(replace, text)


def _basic(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        pair = decoded_pair(match["value"])
        if pair is None:
            return match[0]  # "Basic authentication"
        secrets.mask("password", pair)
        return match[0][: match.start("value") - match.start()] + secrets.mask("token", match["value"])

    return BASIC.sub(replace, text)


def _cookie(text: str, secrets: Secrets) -> str:
    def replace(match: re.Match[str]) -> str:
        group = next(name for name in ("quoted", "line", "table") if match[name] is not None)
        value = match[group].rstrip()
        if not value or _CODE.fullmatch(value) or secrets.is_mask(value) or value == "{}":
            return match[0]
        mask = secrets.mask("cookie", value)
        for part in re.split(r"[;,]", value):
            crumb = re.split(r"[=:]", part, maxsplit=1)[-1].strip(" '\"{}")
            if len(crumb) >= 8 and any(map(str.isdigit, crumb)):
                secrets.mask("cookie", crumb, also_as=value)
        lead, rest = match.start(group) - match.start(), match[group][len(value) :]
        return match[0][:lead] + mask + rest + match[0][match.end(group) - match.start() :]

    return COOKIE.sub(replace, text)


def _token(text: str, secrets: Secrets) -> str:
    near_key_id = False

    def replace(match: re.Match[str]) -> str:
        nonlocal near_key_id
        near_key_id = near_key_id or match[0][:4] in {"AKIA", "ASIA"}
        return secrets.mask("token", match[0])

    text = TOKEN.sub(replace, text)
    if near_key_id:  # forty such characters are a digest as often, but not beside a key id
        text = AWS_SECRET.sub(replace, text)
    return HOOK.sub(replace, text)


_STEPS: tuple[tuple[re.Pattern[str] | None, Step], ...] = (
    (lazy("PRIVATE KEY"), _pem),
    (lazy("(?i)authorization"), _authorization),
    (lazy("(?i)bearer"), _bearer),
    (lazy("(?i)basic"), _basic),
    (lazy("(?i)cookie"), _cookie),
    (lazy("://"), _userinfo),
    (lazy(r"@(?:tcp|udp|unix)\("), _pairs(GO_DSN)),
    (lazy(r"-u|--user"), _pairs(CURL_USER)),
    (lazy("(?i)pass|pwd|secret|token|key|cred|auth|signature"), _value_step(KEY_VALUE)),
    (lazy("--"), _value_step(OPTION)),
    (lazy("(?i)pass|secret|token|key"), _value_step(SQL)),
    (lazy("(?i)x-|apikey"), _value_step(HEADER)),
    (lazy("[?&;]"), _query),
    (None, _token),
    (None, mask_addresses),
)

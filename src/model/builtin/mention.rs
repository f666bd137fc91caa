//! Records named in a question: ids with or without dash, prefix or zeros, e-mails, hosts, serial numbers.

use super::frame::{How, Mention};
use super::knowledge::{IdForm, KindId, Knowledge, Look};
use super::lexicon::Meaning;
use super::text::{Gap, Word, stem};

/// The record named at `at`, and how many words name it.
pub(super) fn mention_at(
    knowledge: &Knowledge,
    words: &[Word],
    at: usize,
    today_year: i16,
) -> Option<(Mention, usize)> {
    let word = words.get(at)?;
    if word.low.contains('@') && word.low.rsplit('@').next().is_some_and(|domain| domain.contains('.')) {
        return looks(knowledge, word, &[Look::Email]).map(|mention| (mention, 1));
    }
    if let Some((kind, ids, one_of, used)) = id_at(knowledge, words, at, today_year) {
        let said = words.get(at..at + used)?.iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ");
        let how = if one_of { How::OneOf(ids) } else { How::Ids(ids) };
        return Some((Mention { kind, said, how }, used));
    }
    // "kernel-panic" is two words, no machine.
    let plain =
        word.low.split('-').all(|part| part.chars().all(char::is_alphabetic) && knowledge.lexicon.knows_text(part));
    if knowledge.lexicon.knows(word) || plain {
        return None;
    }
    let after_serial = at > 0 && words.get(at - 1).is_some_and(|word| word.low.contains("serial") || word.low == "s/n");
    let order: &[Look] = match shape(&word.raw)? {
        Look::Host if after_serial => &[Look::Serial, Look::Host],
        Look::Host => &[Look::Host, Look::Serial],
        Look::Serial => &[Look::Serial, Look::Host],
        Look::Email => return None,
    };
    looks(knowledge, word, order).map(|mention| (mention, 1))
}

fn looks(knowledge: &Knowledge, word: &Word, looks: &[Look]) -> Option<Mention> {
    let kind = knowledge
        .kinds
        .iter()
        .position(|kind| kind.fields.iter().any(|field| field.looks_like.is_some_and(|look| look == looks[0])))?;
    let fields = looks
        .iter()
        .filter_map(|look| knowledge.kind(kind).fields.iter().find(|field| field.looks_like == Some(*look)))
        .map(|field| field.name.clone())
        .collect();
    Some(Mention { kind, said: word.raw.clone(), how: How::Fields(fields, word.raw.clone()) })
}

/// Host name or serial number, by the look of it; error codes and versions are neither.
fn shape(raw: &str) -> Option<Look> {
    if raw.contains('_') || raw.contains('%') || raw.contains('\\') || raw.to_lowercase().starts_with("0x") {
        return None;
    }
    if !raw.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') || raw.starts_with(['-', '.']) {
        return None;
    }
    let digits = raw.chars().filter(char::is_ascii_digit).count();
    let letters = raw.chars().filter(char::is_ascii_alphabetic).count();
    let first = raw.chars().next()?;
    if letters == 0 || !(first.is_ascii_alphabetic() || digits >= 5) {
        return None;
    }
    if digits >= 5 && letters + digits >= 8 {
        return Some(Look::Serial);
    }
    let joined = raw.contains('-') || raw.contains('.');
    let dotted = raw.split('.').count() >= 3 && letters > digits;
    let lettered_end = raw.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = (1..=3).contains(&digits) && letters >= 2 && lettered_end.chars().all(|c| c.is_ascii_alphabetic());
    ((raw.contains('-') && letters >= 3) || dotted || (joined && digits > 0 && letters > digits) || numbered)
        .then_some(Look::Host)
}

/// Kind, ids, whether only one of them is meant, words used.
type FoundId = (KindId, Vec<String>, bool, usize);

fn id_at(knowledge: &Knowledge, words: &[Word], at: usize, today_year: i16) -> Option<FoundId> {
    let word = words.get(at)?;
    for (kind, form) in forms(knowledge) {
        if let Some((id, used)) = written(form, words, at) {
            let (mut ids, mut used) = (vec![id], used);
            more_numbers(form, words, at, &mut ids, &mut used);
            return Some((kind, ids, false, used));
        }
    }
    let mut found: Option<FoundId> = None;
    for (kind, form) in forms(knowledge) {
        for phrase in &form.words {
            let Some((numbers, used)) = numbered(knowledge, form, phrase, words, at) else { continue };
            let ids: Vec<String> = numbers.iter().flat_map(|number| fill(form, number, today_year)).collect();
            match &mut found {
                Some((known, all, one_of, _)) if *known == kind => {
                    for id in ids {
                        if !all.contains(&id) {
                            all.push(id);
                            *one_of = true;
                        }
                    }
                }
                Some(_) => {}
                None => {
                    let one_of = ids.len() > numbers.len();
                    found = Some((kind, ids, one_of, used));
                }
            }
        }
    }
    if found.is_some() {
        return found;
    }
    if let Some(found) = unfinished(knowledge, word, today_year) {
        return Some(found);
    }
    bare(knowledge, words, at, word)
}

fn forms(knowledge: &Knowledge) -> impl Iterator<Item = (KindId, &IdForm)> {
    knowledge.kinds.iter().enumerate().flat_map(|(id, kind)| kind.ids.iter().map(move |form| (id, form)))
}

/// The parts of a form: letters, a year, digits.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Letters(&'a str),
    Year,
    Digits(usize),
}

fn parts(form: &str) -> Vec<Part<'_>> {
    form.split('-')
        .map(|part| match part {
            "%Y" => Part::Year,
            _ if part.starts_with('#') => Part::Digits(part.len()),
            _ => Part::Letters(part),
        })
        .collect()
}

/// Runs of letters or digits in a word: `tkt1005` has two.
fn runs(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last: Option<bool> = None;
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() {
            if !matches!(c, '-' | '_' | '#' | '/' | '.') {
                return Vec::new();
            }
            last = None;
            continue;
        }
        let digit = c.is_ascii_digit();
        match out.last_mut() {
            Some(run) if last == Some(digit) => run.push(c),
            _ => out.push(c.to_string()),
        }
        last = Some(digit);
    }
    out
}

/// Whether an id has the form of its class; ids of classes that no file knows have any.
pub(super) fn whole(knowledge: &Knowledge, id: &str) -> bool {
    let have: Vec<String> = id.split('-').map(str::to_owned).collect();
    let class = |form: &IdForm| match parts(&form.form).first() {
        Some(Part::Letters(letters)) => have.first().is_some_and(|first| first == letters),
        Some(Part::Year | Part::Digits(_)) | None => false,
    };
    let mut own = forms(knowledge).filter(|(_, form)| class(form)).peekable();
    own.peek().is_none()
        || own.any(|(_, form)| {
            let parts = parts(&form.form);
            parts.len() == have.len() && filled(&parts, &have).is_some_and(|filled| filled == id)
        })
}

/// The whole id, its parts in one word or in several: `TKT-1005`, `tkt1005`, `inv 2025 003`.
fn written(form: &IdForm, words: &[Word], at: usize) -> Option<(String, usize)> {
    let parts = parts(&form.form);
    let mut have: Vec<String> = Vec::new();
    for used in 1..=parts.len() {
        let word = words.get(at + used - 1)?;
        if used > 1 && word.gap != Gap::None {
            return None;
        }
        have.extend(runs(&word.low));
        if have.len() > parts.len() {
            return None;
        }
        if have.len() == parts.len() {
            return filled(&parts, &have).map(|id| (id, used));
        }
        if have.is_empty() || have.iter().zip(&parts).any(|(run, part)| !fits(part, run)) {
            return None;
        }
    }
    None
}

fn fits(part: &Part<'_>, run: &str) -> bool {
    match part {
        Part::Letters(letters) => letters.eq_ignore_ascii_case(run),
        Part::Year => is_year(run),
        Part::Digits(width) => run.len() <= *width && run.chars().all(|c| c.is_ascii_digit()),
    }
}

fn is_year(run: &str) -> bool {
    run.len() == 4 && run.parse::<u16>().is_ok_and(|year| (1990..=2099).contains(&year))
}

fn filled(parts: &[Part<'_>], runs: &[String]) -> Option<String> {
    let mut out = Vec::new();
    for (part, run) in parts.iter().zip(runs) {
        if !fits(part, run) {
            return None;
        }
        out.push(match part {
            Part::Letters(letters) => (*letters).to_owned(),
            Part::Year => run.clone(),
            Part::Digits(width) => format!("{run:0>width$}"),
        });
    }
    Some(out.join("-"))
}

/// A word for the kind and a number: `ticket 1005`, `customer no. 4`, `srv 1`, `tickets 1001 and 1005`.
fn numbered(
    knowledge: &Knowledge,
    form: &IdForm,
    phrase: &[String],
    words: &[Word],
    at: usize,
) -> Option<(Vec<String>, usize)> {
    for (offset, stem) in phrase.iter().enumerate() {
        let word = words.get(at + offset)?;
        if word.stem != *stem || (offset > 0 && word.gap != Gap::None) {
            return None;
        }
    }
    let mut used = phrase.len();
    let plural = words.get(at + used - 1).is_some_and(|word| word.low.ends_with('s') && word.low != word.stem);
    while words.get(at + used).is_some_and(|word| matches!(word.low.as_str(), "number" | "no" | "nr" | "id" | "num")) {
        used += 1;
    }
    let width = width(form)?;
    let word = words.get(at + used).filter(|word| word.gap == Gap::None)?;
    // "invoice 2025-006": the number with its year.
    if let (true, [year, number]) = (parts(&form.form).contains(&Part::Year), runs(&word.low).as_slice())
        && is_year(year)
        && number.len() <= width
        && number.chars().all(|c| c.is_ascii_digit())
    {
        return Some((vec![format!("{year}-{number}")], used + 1));
    }
    let wide_enough = |digits: &str| !plural || digits.len() == width;
    let number = digits(word, width).filter(|digits| wide_enough(digits))?;
    // "customer 360" asks for everything about a customer.
    let composite = |meaning: &Meaning| matches!(meaning, Meaning::Composite(_));
    if knowledge.lexicon.longest(words, at + used).is_some_and(|found| found.meaning.iter().any(composite)) {
        return None;
    }
    if words.get(at + used + 1).is_some_and(|next| next.gap == Gap::None && is_unit(&next.low)) {
        return None;
    }
    let mut numbers = vec![number];
    used += 1;
    more(words, at, &mut used, |word| digits(word, width).filter(|digits| digits.len() == width), &mut numbers);
    Some((numbers, used))
}

fn is_unit(low: &str) -> bool {
    matches!(stem(low).as_str(), "day" | "week" | "month" | "year" | "hour" | "percent" | "%")
}

fn digits(word: &Word, width: usize) -> Option<String> {
    let low = word.low.trim_start_matches('#');
    (!low.is_empty() && low.len() <= width && low.chars().all(|c| c.is_ascii_digit())).then(|| low.to_owned())
}

fn width(form: &IdForm) -> Option<usize> {
    parts(&form.form).iter().find_map(|part| match part {
        Part::Digits(width) => Some(*width),
        Part::Letters(_) | Part::Year => None,
    })
}

/// A class and a number in one word that are no whole id: of `INV-003` the year is missing, `INV-99999` has too many
/// digits and stays as it is, so that the answer can say what is wrong with it.
fn unfinished(knowledge: &Knowledge, word: &Word, today_year: i16) -> Option<FoundId> {
    let [class, number] = runs(&word.low).try_into().ok()?;
    if !number.chars().all(|c| c.is_ascii_digit()) || number.len() < 3 {
        return None;
    }
    let named = |form: &IdForm| match parts(&form.form).first() {
        Some(Part::Letters(letters)) => letters.eq_ignore_ascii_case(&class),
        Some(Part::Year | Part::Digits(_)) | None => false,
    };
    let (kind, _) = forms(knowledge).find(|(_, form)| named(form))?;
    let own = || forms(knowledge).filter(|(other, form)| *other == kind && named(form)).map(|(_, form)| form);
    let fits = own().all(|form| width(form).is_some_and(|width| number.len() <= width));
    if !fits {
        return Some((kind, vec![word.raw.to_uppercase()], false, 1));
    }
    let ids: Vec<String> = own().flat_map(|form| fill(form, &number, today_year)).collect();
    let one_of = ids.len() > 1;
    Some((kind, ids, one_of, 1))
}

/// Numbers after "and", "or" or a comma that continue a list.
fn more(words: &[Word], at: usize, used: &mut usize, read: impl Fn(&Word) -> Option<String>, out: &mut Vec<String>) {
    while let Some(next) = words.get(at + *used) {
        let joined = matches!(next.low.as_str(), "and" | "or" | "&");
        let candidate =
            if joined { words.get(at + *used + 1) } else { Some(next).filter(|next| next.gap == Gap::Comma) };
        let Some(number) = candidate.and_then(&read) else { return };
        out.push(number);
        *used += if joined { 2 } else { 1 };
    }
}

/// `TKT-1001, 1002 and 1003`.
fn more_numbers(form: &IdForm, words: &[Word], at: usize, ids: &mut Vec<String>, used: &mut usize) {
    let parts = parts(&form.form);
    if parts.contains(&Part::Year) {
        return;
    }
    let Some(width) = width(form) else { return };
    let mut numbers = Vec::new();
    more(words, at, used, |word| digits(word, width).filter(|digits| digits.len() == width), &mut numbers);
    ids.extend(numbers.iter().flat_map(|number| fill(form, number, 0)));
}

/// The ids a number may stand for; a form with a year gives the last two years.
fn fill(form: &IdForm, number: &str, today_year: i16) -> Vec<String> {
    let parts = parts(&form.form);
    let (given, number) =
        number.split_once('-').map_or((None, number), |(year, number)| (year.parse::<i16>().ok(), number));
    let years: Vec<i16> = if let Some(year) = given {
        vec![year]
    } else if parts.contains(&Part::Year) {
        vec![today_year, today_year - 1]
    } else {
        vec![0]
    };
    years
        .into_iter()
        .map(|year| {
            parts
                .iter()
                .map(|part| match part {
                    Part::Letters(letters) => (*letters).to_owned(),
                    Part::Year => year.to_string(),
                    Part::Digits(width) => format!("{number:0>width$}"),
                })
                .collect::<Vec<_>>()
                .join("-")
        })
        .collect()
}

/// A number alone that is as long as such an id's.
fn bare(knowledge: &Knowledge, words: &[Word], at: usize, word: &Word) -> Option<FoundId> {
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.low.as_str());
    let counts = matches!(
        before,
        "error" | "code" | "event" | "port" | "top" | "last" | "first" | "next" | "windows" | "server"
    );
    if counts || super::reading::is_amount(words, at) {
        return None;
    }
    let (kind, form) = forms(knowledge).find(|(_, form)| form.bare && width(form) == Some(word.low.len()))?;
    let number = digits(word, word.low.len()).filter(|number| !is_year(number))?;
    if words.get(at + 1).is_some_and(|next| is_unit(&next.low)) {
        return None;
    }
    Some((kind, fill(form, &number, 0), false, 1))
}

#[cfg(test)]
mod tests {
    use super::super::text::words;
    use super::*;

    fn read(question: &str) -> String {
        let knowledge = Knowledge::load(None).unwrap();
        let words = words(question, &knowledge.synonyms);
        (0..words.len())
            .find_map(|at| mention_at(&knowledge, &words, at, 2025))
            .map_or_else(String::new, |(mention, used)| format!("{:?} {used}", mention.how))
    }

    #[test]
    fn ids_are_completed() {
        assert_eq!(read("ticket 1005"), "Ids([\"TKT-1005\"]) 2");
        assert_eq!(read("tkt1005?"), "Ids([\"TKT-1005\"]) 1");
        assert_eq!(read("what about 1005"), "Ids([\"TKT-1005\"]) 1");
        assert_eq!(read("ticket #1005"), "Ids([\"TKT-1005\"]) 2");
        assert_eq!(read("cust 4"), "Ids([\"CUST-004\"]) 2");
        assert_eq!(read("customer number 4"), "Ids([\"CUST-004\"]) 3");
        assert_eq!(read("cust-4"), "Ids([\"CUST-004\"]) 1");
        assert_eq!(read("srv 1"), "Ids([\"AST-SRV-001\"]) 2");
        assert_eq!(read("AST-SRV-1"), "Ids([\"AST-SRV-001\"]) 1");
        assert_eq!(read("inv 2025 3"), "Ids([\"INV-2025-003\"]) 3");
        assert_eq!(read("invoice 3"), "OneOf([\"INV-2025-003\", \"INV-2024-003\"]) 2");
        assert_eq!(read("INV-001"), "OneOf([\"INV-2025-001\", \"INV-2024-001\"]) 1");
        assert_eq!(read("AST-001"), "OneOf([\"AST-SRV-001\", \"AST-WKS-001\", \"AST-LAP-001\"]) 1");
        assert_eq!(read("INV-99999"), "Ids([\"INV-99999\"]) 1");
        assert_eq!(read("asset 3"), "OneOf([\"AST-SRV-003\", \"AST-WKS-003\", \"AST-LAP-003\"]) 2");
        assert_eq!(read("tickets 1001, 1002 and 1005"), "Ids([\"TKT-1001\", \"TKT-1002\", \"TKT-1005\"]) 5");
    }

    #[test]
    fn numbers_that_are_no_ids_are_left_alone() {
        for question in
            ["top 2 tickets", "Windows Server 2022", "since 2025", "error 1005", "last 30 days", "0x0000007E"]
        {
            assert_eq!(read(question), "", "{question}");
        }
    }

    #[test]
    fn hosts_serials_and_mail_addresses_are_seen_by_their_look() {
        assert_eq!(read("where is tc-fs01"), "Fields([\"hostname\", \"serial_number\"], \"tc-fs01\") 1");
        assert_eq!(read("DL760-0018472"), "Fields([\"serial_number\", \"hostname\"], \"DL760-0018472\") 1");
        assert_eq!(read("who is ops@dataflow.example"), "Fields([\"email\"], \"ops@dataflow.example\") 1");
    }
}

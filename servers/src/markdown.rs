//! The little of Markdown that is needed to read an article: its sections, their numbered steps, its passages.

/// The text below the heading `title`, up to the next heading of the same or a higher level.
pub(crate) fn section<'a>(content: &'a str, title: &str) -> Option<&'a str> {
    let mut found: Option<(usize, usize)> = None;
    let mut fenced = false;
    let mut at = 0;
    for line in content.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        let heading = if fenced { None } else { heading(line) };
        if let Some((level, name)) = heading {
            match found {
                Some((start, own)) if level <= own => return Some(&content[start..at]),
                None if name.eq_ignore_ascii_case(title) => found = Some((at + line.len(), level)),
                Some(_) | None => {}
            }
        }
        at += line.len();
    }
    found.map(|(start, _)| &content[start..])
}

/// The numbered steps of a section, in order, each with the lines that belong to it.
pub(crate) fn steps(content: &str, title: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for line in section(content, title).unwrap_or_default().lines() {
        if let Some(step) = numbered(line) {
            steps.push(step.to_owned());
        } else if let Some(step) = steps.last_mut() {
            let indented = line.starts_with(' ') || line.starts_with('\t');
            // An unindented line after a blank one is a new paragraph, not part of the step.
            if line.trim().is_empty() {
                step.push('\n');
            } else if indented || !step.ends_with('\n') {
                step.push('\n');
                step.push_str(line.trim());
            }
        }
    }
    for step in &mut steps {
        let lines: Vec<&str> = step.lines().filter(|line| !line.is_empty()).collect();
        *step = lines.join("\n");
    }
    steps
}

/// The paragraphs of an article as plain text on one line each, without headings and code fences.
pub(crate) fn passages(content: &str) -> Vec<String> {
    let mut passages = Vec::new();
    let mut passage = String::new();
    for line in content.lines() {
        let line = line.trim();
        let ends = line.is_empty() || heading(line).is_some() || line.starts_with("```");
        if ends || begins_item(line) {
            push_passage(&mut passages, &mut passage);
        }
        if !ends {
            if !passage.is_empty() {
                passage.push(' ');
            }
            passage.push_str(line);
        }
    }
    push_passage(&mut passages, &mut passage);
    passages
}

fn push_passage(passages: &mut Vec<String>, passage: &mut String) {
    if !passage.is_empty() {
        passages.push(std::mem::take(passage));
    }
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let rest = &line[level..];
    (1..=6).contains(&level).then_some(())?;
    rest.starts_with(' ').then(|| (level, rest.trim().trim_end_matches('#').trim_end()))
}

fn begins_item(line: &str) -> bool {
    numbered(line).is_some() || line.starts_with("- ") || line.starts_with("* ")
}

/// The text of a top-level line such as `3. Restart the spooler.`
fn numbered(line: &str) -> Option<&str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then_some(())?;
    let rest = line[digits..].strip_prefix(['.', ')'])?;
    rest.strip_prefix(' ').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARTICLE: &str = "Intro.\n\n## Causes\n\n- one\n\n## Resolution\n\nDo this:\n\n1. First\n   goes on\n2. Second:\n\n   ```\n   # not a heading\n   ```\n\nAfter the list.\n\n## Prevention\n\n1. Not a step\n";

    #[test]
    fn steps_are_the_numbered_list_of_the_section() {
        let steps = steps(ARTICLE, "resolution");
        assert_eq!(steps, ["First\ngoes on", "Second:\n```\n# not a heading\n```"]);
    }

    #[test]
    fn a_section_that_is_missing_is_none() {
        assert_eq!(section(ARTICLE, "Symptoms"), None);
        assert_eq!(section(ARTICLE, "Causes"), Some("\n- one\n\n"));
    }
}

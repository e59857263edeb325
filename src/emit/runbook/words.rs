//! The words of the documents: one catalogue for each language, read strictly, and plans that are told in one.
//!
//! Must not know which document says what. Called by the parts of the view, and by `templates` and `render`.

use crate::diagnostic::did_you_mean;
use crate::emit::runbook::templates::Flaw;
use crate::model::Release;
use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// The language that is built in.
pub const ENGLISH: &str = "en";
/// The ending of a catalogue's file.
pub(super) const ENDING: &str = ".words";

/// The catalogue that is built in. Its keys are the keys that there are.
const BUILT_IN: &str = include_str!("words/en.words");

/// The words of one language.
#[derive(Debug, Clone)]
pub struct Words {
    language: String,
    texts: BTreeMap<String, String>,
}

impl Default for Words {
    fn default() -> Self {
        let texts = lines(BUILT_IN)
            .filter_map(|(_, line)| line.split_once('='))
            .map(|(key, text)| (key.trim().to_string(), text.trim().to_string()))
            .collect();
        Words {
            language: ENGLISH.to_string(),
            texts,
        }
    }
}

/// The lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(i, line)| (i + 1, line.trim()));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

impl Words {
    /// The catalogue of a file that is called `LANGUAGE.words`.
    ///
    /// # Errors
    /// The first line that is no entry, says something twice, has a key that there is not, or other places to fill in than the
    /// English text; else the first key that is missing.
    pub fn read(file: &str, text: &str) -> Result<Self, Flaw> {
        let at = |line: usize, message: String, help: Option<String>| Flaw {
            file: file.to_string(),
            line: Some(line),
            message,
            help,
        };
        let language = file.strip_suffix(ENDING).unwrap_or(file).to_string();
        let tag =
            |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !language.split('-').all(tag) {
            let message = "a language is called by its tag, as in `de.words` or `pt-BR.words`".to_string();
            return Err(at(1, message, None));
        }
        let english = Words::default().texts;
        let mut texts: BTreeMap<String, String> = BTreeMap::new();
        let mut last = 1;
        for (number, line) in lines(text) {
            last = number;
            let Some((key, text)) = line.split_once('=') else {
                let message = "this line is neither a comment nor `key = text`".to_string();
                return Err(at(number, message, None));
            };
            let (key, text) = (key.trim(), text.trim());
            let Some(original) = english.get(key) else {
                let near = did_you_mean(key, english.keys().map(String::as_str));
                return Err(at(
                    number,
                    format!("there is no text `{key}` in the documents"),
                    near,
                ));
            };
            if text.is_empty() {
                return Err(at(number, format!("`{key}` says nothing"), None));
            }
            let (here, there) = (places(text), places(original));
            if let Some(unknown) = here.difference(&there).next() {
                let known: Vec<String> = there.iter().map(|p| format!("`{{{p}}}`")).collect();
                let help = match known.as_slice() {
                    [] => "nothing is filled in there".to_string(),
                    known => format!("what is filled in there is {}", known.join(", ")),
                };
                let message = format!("`{key}` has nothing to fill in for `{{{unknown}}}`");
                return Err(at(number, message, Some(help)));
            }
            if let Some(missing) = there.difference(&here).next() {
                let message = format!("`{key}` leaves out `{{{missing}}}`");
                let help = format!("the English text is `{original}`");
                return Err(at(number, message, Some(help)));
            }
            if texts.insert(key.to_string(), text.to_string()).is_some() {
                return Err(at(number, format!("`{key}` is said twice"), None));
            }
        }
        let missing: Vec<&String> = english.keys().filter(|k| !texts.contains_key(*k)).collect();
        if let Some(first) = missing.first() {
            let more = match missing.len() {
                1 => String::new(),
                n => format!(", nor for {} more", n - 1),
            };
            let message = format!("there are no words for `{first}`{more}");
            let help = format!("add `{first} = {}`, in this language", english[*first]);
            return Err(at(last, message, Some(help)));
        }
        Ok(Words { language, texts })
    }

    /// The tag of the language.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// A text by its key; nothing for a key that there is not.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// Every key, to tell which one was meant.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// A text with its places filled in.
    pub(super) fn fill(&self, key: &str, values: &[(&str, String)]) -> String {
        let text = self
            .get(key)
            .expect("internal: a text of the documents is in every catalogue");
        let value = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
        filled(text, str::to_string, value)
    }
}

/// A text in pieces: what stands there goes through `plain`, what is filled in is taken as it is.
pub(super) fn filled(
    text: &str,
    plain: impl Fn(&str) -> String,
    value: impl Fn(&str) -> Option<String>,
) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        out.push_str(&plain(before));
        out.push_str(&value(name).unwrap_or_default());
        rest = after;
    }
    out.push_str(&plain(rest));
    out
}

/// The next place to fill in: what stands before it, its name, and what follows.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|i| from + i) {
        let inside = &text[open + 1..];
        let end = inside
            .find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_')
            .unwrap_or(inside.len());
        if end > 0 && inside[end..].starts_with('}') {
            return Some((&text[..open], &inside[..end], &inside[end + 1..]));
        }
        from = open + 1;
    }
    None
}

/// The names of what is filled in.
fn places(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut rest = text;
    while let Some((_, name, after)) = next(rest) {
        found.insert(name);
        rest = after;
    }
    found
}

/// A text of the catalogue, by its key, with what is filled in: `words!(r, "undo.by", owner = name)`.
macro_rules! words {
    ($told:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $told.words.fill($key, &[$((stringify!($name), ($value).to_string())),*])
    };
}
pub(super) use words;

/// A plan, and the language in which it is told.
#[derive(Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub plan: &'a Plan,
    pub words: &'a Words,
}

impl<'a> Spoken<'a> {
    /// What the plan is made from, told in the same language.
    pub(super) fn release(self) -> Told<'a> {
        Told {
            release: self.plan.release(),
            words: self.words,
        }
    }
}

impl Deref for Spoken<'_> {
    type Target = Plan;

    fn deref(&self) -> &Plan {
        self.plan
    }
}

/// A release, and the language in which it is told.
#[derive(Clone, Copy)]
pub(super) struct Told<'a> {
    pub release: &'a Release,
    pub words: &'a Words,
}

impl Deref for Told<'_> {
    type Target = Release;

    fn deref(&self) -> &Release {
        self.release
    }
}

#[cfg(test)]
mod tests {
    use crate::emit::runbook::words::{BUILT_IN, Words, filled};

    fn flaw(text: &str) -> String {
        match Words::read("de.words", text) {
            Ok(_) => "none".into(),
            Err(f) => format!("{:?}: {} ({})", f.line, f.message, f.help.unwrap_or_default()),
        }
    }

    #[test]
    fn a_catalogue_is_read_strictly() {
        assert_eq!(flaw(BUILT_IN), "none");
        assert!(flaw("# nothing\n").starts_with("Some(1): there are no words for `"));
        assert_eq!(
            flaw("heading.timelin = x"),
            "Some(1): there is no text `heading.timelin` in the documents (did you mean `heading.timeline`?)"
        );
        assert_eq!(
            flaw("\nheading.runbook = Fahrplan"),
            "Some(2): `heading.runbook` leaves out `{title}` (the English text is `Runbook: {title}`)"
        );
        assert!(flaw("heading.runbook = {title} {titel}").contains("nothing to fill in for `{titel}`"));
        assert!(
            flaw("heading.risks = a\nheading.risks = b")
                .starts_with("Some(2): `heading.risks` is said twice")
        );
        assert!(flaw("heading.risks\n").contains("neither a comment nor"));
        assert!(flaw("heading.risks =\n").contains("says nothing"));
    }

    #[test]
    fn places_are_filled_and_braces_stay() {
        let value = |name: &str| (name == "a").then(|| "{b}".to_string());
        assert_eq!(filled("{a} { {A} {a", str::to_uppercase, value), "{b} { {A} {A");
    }
}

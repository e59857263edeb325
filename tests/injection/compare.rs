//! Two artifacts of one plan, the one with harmless texts, the other with hostile ones, side by side: what is structure must be the
//! same, and what is data must be exactly the text.

use crate::lexed::{self, Piece};
use crate::shell::{self, Part, Token};
use serde_json::Value;
use std::collections::BTreeMap;

/// Texts by place: the harmless one, and the one that stands there instead.
pub struct Comparison<'a> {
    texts: Vec<(&'a str, &'a str)>,
    /// What the states of the machine are called in the one and in the other.
    states: BTreeMap<String, String>,
    /// References to states, to be followed when all states are known.
    later: Vec<(String, String, String)>,
    /// What differs.
    pub problems: Vec<String>,
}

/// How a string is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Nothing in it is evaluated.
    Plain,
    /// GitHub evaluates `${{ }}`.
    GitHub,
    /// Step Functions evaluates `{% %}`.
    Jsonata,
}

impl<'a> Comparison<'a> {
    /// With these texts: harmless, hostile.
    pub fn new(mut texts: Vec<(&'a str, &'a str)>) -> Self {
        // The longest first, so that no marker is found inside another.
        texts.sort_by_key(|(own, _)| std::cmp::Reverse(own.len()));
        Comparison {
            texts,
            states: BTreeMap::new(),
            later: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// A text with the hostile texts in the stead of the harmless ones.
    pub fn replaced(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            if let Some((own, hostile)) = self.texts.iter().find(|(own, _)| rest.starts_with(own)) {
                out.push_str(hostile);
                rest = &rest[own.len()..];
            } else {
                let c = rest.chars().next().expect("not empty");
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    /// Whether one of the texts changes how a document is laid out: long commands and those of several lines stand in blocks, and
    /// where nothing is to be seen there is no column.
    pub fn some_text_is_wild(&self) -> bool {
        self.texts.iter().any(|(_, text)| crate::wild(text))
    }

    /// Whether one of the texts is this address.
    pub fn is_address(&self, url: &str) -> bool {
        url.starts_with("http") && self.texts.iter().any(|(_, text)| *text == url)
    }

    fn differ(&mut self, path: &str, want: &str, got: &str) {
        let cut = |s: &str| s.chars().take(300).collect::<String>();
        self.problems.push(format!(
            "{path}\n      want {:?}\n      got  {:?}",
            cut(want),
            cut(got)
        ));
    }

    /// Data: the text itself.
    pub fn data(&mut self, path: &str, own: &str, got: &str) {
        let want = self.replaced(own);
        if want != got {
            self.differ(path, &want, got);
        }
    }

    /// A tree and its strings.
    pub fn tree(&mut self, path: &str, own: &Value, got: &Value, read: &impl Fn(&str) -> Reading) {
        match (own, got) {
            (Value::Object(a), Value::Object(b)) => {
                if let Some(held) = held(a, b) {
                    return self.held(path, a, &held);
                }
                if a.len() != b.len() {
                    let keys =
                        |m: &serde_json::Map<String, Value>| m.keys().cloned().collect::<Vec<_>>().join(" ");
                    self.differ(&format!("{path} (keys)"), &keys(a), &keys(b));
                    return;
                }
                if path.ends_with(".States") {
                    let names = a.keys().cloned().zip(b.keys().cloned());
                    self.states.extend(names);
                    if b.keys().any(|k| k.chars().count() > 80) {
                        self.differ(path, "names of 80 characters at most", "longer ones");
                    }
                }
                for ((ka, va), (kb, vb)) in a.iter().zip(b) {
                    if path.ends_with(".States") {
                        self.tree(&format!("{path}.{ka}"), va, vb, read);
                        continue;
                    }
                    if path.ends_with(".env.BY_HAND (JSON)") || path.ends_with(".env.FALLEN (JSON)") {
                        // The names of jobs, as people see them.
                        self.string(&format!("{path} (key).name"), ka, kb, Reading::GitHub);
                    } else {
                        self.data(&format!("{path} (key)"), ka, kb);
                    }
                    self.tree(&format!("{path}.{ka}"), va, vb, read);
                }
            }
            (Value::Array(a), Value::Array(b)) => {
                if a.len() != b.len() {
                    self.differ(
                        &format!("{path} (length)"),
                        &a.len().to_string(),
                        &b.len().to_string(),
                    );
                    return;
                }
                for (i, (va, vb)) in a.iter().zip(b).enumerate() {
                    self.tree(&format!("{path}[{i}]"), va, vb, read);
                }
            }
            (Value::String(a), Value::String(b)) => self.string(path, a, b, read(path)),
            (a, b) if a == b => {}
            (a, b) => self.differ(path, &a.to_string(), &b.to_string()),
        }
    }

    /// A command that stands in a variable: it is one of those that the step writes into files when no expression is in them.
    fn held(&mut self, path: &str, own: &serde_json::Map<String, Value>, held: &str) {
        let end = |list: &[Token]| list.len() - usize::from(list.last() == Some(&Token::Sign('\n')));
        let held = shell::tokens(held);
        let held = &held[..end(&held)];
        let script = own["run"].as_str().map(shell::tokens).unwrap_or_default();
        let before = self.problems.len();
        for token in &script {
            let Token::Script(written) = token else { continue };
            self.problems.truncate(before);
            // What refuses a dash is written before it by itself.
            let written = &written[..end(written)];
            self.tokens(path, &written[written.len().saturating_sub(held.len())..], held);
            if self.problems.len() == before {
                return;
            }
        }
    }

    fn string(&mut self, path: &str, own: &str, got: &str, reading: Reading) {
        let member = path.rsplit('.').next().unwrap_or("");
        if member == "Comment" && path.contains(".States.") {
            return;
        }
        if reading == Reading::Jsonata && matches!(member, "Next" | "Default" | "StartAt") {
            // A name is shortened and made unique; what it names must be the same state.
            return self
                .later
                .push((path.to_string(), own.to_string(), got.to_string()));
        }
        if reading == Reading::GitHub && (member == "SUMMARY" || member.starts_with("SUMMARY'")) {
            let words = |text: &str| lexed::github(text).iter().map(Piece::words).collect::<String>();
            return crate::markup::markdown(self, path, &words(own), &words(got));
        }
        let shown = reading == Reading::GitHub && member == "name"
            || [".Comment", "(JSON)[0].why'", ".what.tell"]
                .iter()
                .any(|end| path.ends_with(end))
            || path.contains(".env.NODES (JSON)")
            || path.contains(".env.TOOLS (JSON)")
            || path.contains(".env.BARRED (JSON)")
            || path.ends_with(".env.BODY")
            || path.ends_with(".env.BODY'");
        if shown && path.ends_with('\'') {
            return;
        }
        if shown {
            // People see it, nothing reads it: but it is evaluated.
            let code = |text: &str| -> Vec<Piece> {
                let list = lexed::github(text).into_iter();
                list.filter(|p| matches!(p, Piece::Code(_))).collect()
            };
            if code(own) != code(got) {
                self.differ(path, own, got);
            }
            return;
        }
        if path.ends_with(".run")
            || path.ends_with(']') && path.contains(".commands[")
            || path.ends_with("(script)")
        {
            return self.script(path, own, got);
        }
        if own.starts_with(['{', '['])
            && !own.starts_with("{%")
            && let Ok(a) = serde_json::from_str::<Value>(own)
        {
            return match serde_json::from_str::<Value>(got) {
                Ok(b) => self.tree(&format!("{path} (JSON)"), &a, &b, &|_| reading),
                Err(_) => self.differ(path, own, got),
            };
        }
        if own.starts_with("version: ") && own.contains("phases:") || own.starts_with("\"version\": ") {
            let (a, b) = (yaml(own), yaml(got));
            return match (a, b) {
                (Ok(a), Ok(b)) => self.tree(&format!("{path} (YAML)"), &a, &b, &|_| Reading::Plain),
                (a, b) => self.problems.push(format!("{path}: {:?} {:?}", a.err(), b.err())),
            };
        }
        match reading {
            // A command as people see it: the white space at its ends is not.
            Reading::Plain if path.starts_with("plan.json") && self.replaced(own).trim() == got.trim() => {}
            // What a lock is called: the same for the same text, in the letters that the service admits.
            Reading::Plain if own.contains("/releasec/locks/") => {}
            _ if own.contains("[lock ") => {}
            Reading::Plain if path.starts_with("plan.json") && got.ends_with('…') => {}
            Reading::Plain => self.data(path, own, got),
            Reading::GitHub => self.pieces(path, &lexed::github(own), &lexed::github(got)),
            Reading::Jsonata => self.pieces(path, &lexed::jsonata(own), &lexed::jsonata(got)),
        }
    }

    fn pieces(&mut self, path: &str, own: &[Piece], got: &[Piece]) {
        if own.len() != got.len() {
            return self.differ(
                &format!("{path} (pieces)"),
                &format!("{own:?}"),
                &format!("{got:?}"),
            );
        }
        for (a, b) in own.iter().zip(got) {
            match (a, b) {
                (Piece::Data(a), Piece::Data(b)) => self.string(&format!("{path}'"), a, b, Reading::Plain),
                (Piece::Code(a), Piece::Code(b)) if a == b => {}
                (a, b) => self.differ(path, &format!("{a:?}"), &format!("{b:?}")),
            }
        }
    }

    /// A bash script.
    pub fn script(&mut self, path: &str, own: &str, got: &str) {
        let read = |text: &str| std::panic::catch_unwind(|| shell::tokens(text));
        match (read(own), read(got)) {
            (Ok(a), Ok(b)) => self.tokens(path, &a, &b),
            _ => self.differ(&format!("{path} (no script)"), own, got),
        }
    }

    fn tokens(&mut self, path: &str, own: &[Token], got: &[Token]) {
        for (i, (a, b)) in own.iter().zip(got).enumerate() {
            let path = format!("{path} token {i}");
            match (a, b) {
                (Token::Word(a), Token::Word(b)) => self.word(&path, a, b),
                (Token::Script(a), Token::Script(b)) => self.tokens(&path, a, b),
                (a, b) if a == b => {}
                (a, b) => return self.differ(&path, &format!("{a:?}"), &format!("{b:?}")),
            }
        }
        let ended = |list: &[Token]| list.len() - usize::from(list.last() == Some(&Token::Sign('\n')));
        if ended(own) != ended(got) {
            self.differ(
                &format!("{path} (tokens)"),
                &own.len().to_string(),
                &format!("{} {:?}", got.len(), got.last()),
            );
        }
    }

    fn word(&mut self, path: &str, own: &[Part], got: &[Part]) {
        if own.len() != got.len() {
            return self.differ(
                &format!("{path} (parts)"),
                &format!("{own:?}"),
                &format!("{got:?}"),
            );
        }
        for (a, b) in own.iter().zip(got) {
            match (a, b) {
                (Part::Text(a), Part::Text(b)) => self.string(path, a, b, Reading::Plain),
                (Part::Expansion(a), Part::Expansion(b)) if a == b => {}
                (Part::Command(a), Part::Command(b)) => self.tokens(path, a, b),
                (a, b) => self.differ(path, &format!("{a:?}"), &format!("{b:?}")),
            }
        }
    }
}

/// The command of a step that holds it in a variable, because GitHub would read an expression in it.
fn held(own: &serde_json::Map<String, Value>, got: &serde_json::Map<String, Value>) -> Option<String> {
    let variables = |step: &serde_json::Map<String, Value>| -> Vec<(String, String)> {
        let env = step.get("env").and_then(Value::as_object);
        let held = env
            .into_iter()
            .flatten()
            .filter(|(k, _)| k.ends_with("_COMMAND") || *k == "COMMAND");
        held.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_string())))
            .collect()
    };
    if !own.contains_key("run") || !variables(own).is_empty() {
        return None;
    }
    let (_, value) = variables(got).into_iter().next()?;
    match lexed::github(&value).as_slice() {
        [Piece::Data(text)] => Some(text.clone()),
        _ => None,
    }
}

/// A YAML document.
pub fn yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|e| e.to_string())
}

/// Everything that must be the same in two trees of files.
pub fn files(
    comparison: &mut Comparison<'_>,
    own: &BTreeMap<String, String>,
    got: &BTreeMap<String, String>,
) {
    let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>().join(" ");
    if paths(own) != paths(got) {
        return comparison.differ("the files", &paths(own), &paths(got));
    }
    for (path, a) in own {
        let b = &got[path];
        if let Some(c) = b.chars().find(|c| !matches!(c, '\n' | '\t') && crate::hidden(*c)) {
            comparison
                .problems
                .push(format!("{path} holds the character U+{:04X}", c as u32));
        }
        let end = path.rsplit('.').next().unwrap_or("");
        comparison.states.clear();
        match end {
            "yml" => match (yaml(a), yaml(b)) {
                (Ok(a), Ok(b)) => comparison.tree(path, &a, &b, &|_| Reading::GitHub),
                (a, b) => comparison
                    .problems
                    .push(format!("{path}: {:?} {:?}", a.err(), b.err())),
            },
            "json" => {
                let machine = path.ends_with(".asl.json");
                let read = move |_: &str| if machine { Reading::Jsonata } else { Reading::Plain };
                match (serde_json::from_str(a), serde_json::from_str(b)) {
                    (Ok(a), Ok(b)) => comparison.tree(path, &a, &b, &read),
                    (a, b) => comparison
                        .problems
                        .push(format!("{path}: {:?} {:?}", a.err(), b.err())),
                }
            }
            "tf" => crate::hcl::compare(comparison, path, a, b),
            "md" => crate::markup::markdown(comparison, path, a, b),
            "html" => crate::markup::html(comparison, path, a, b),
            end => panic!("nobody reads `.{end}`"),
        }
        for (at, a, b) in std::mem::take(&mut comparison.later) {
            if comparison.states.get(&a) != Some(&b) {
                let want = comparison.states.get(&a).cloned().unwrap_or_default();
                comparison.differ(&at, &want, &b);
            }
        }
    }
}

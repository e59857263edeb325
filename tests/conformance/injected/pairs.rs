//! What two runs of an engine showed, the one of a plan with harmless texts, the other of the same plan with hostile ones: the second must be
//! the first with its texts exchanged, and nothing else.
//!
//! Must not know an engine, nor where the texts came from.

use std::collections::BTreeMap;

use serde_json::Value;

/// How much of a text is shown when it is not as it should be.
const SHOWN: usize = 400;
/// What the names of locks begin with.
const LOCK: &str = "/releasec/locks/";
/// More of a question than this may be cut.
const MESSAGE: usize = 1000;

/// Harmless texts (`zq…qz`), each with the text that stands in its stead.
pub struct Pairs<'t>(pub BTreeMap<String, &'t str>);

impl Pairs<'_> {
    /// A text with its harmless parts exchanged.
    fn replaced(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("zq") {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = rest.find("qz").map_or(rest.len(), |end| end + 2);
            match self.0.get(&rest[..end]) {
                Some(hostile) => {
                    out.push_str(hostile);
                    rest = &rest[end..];
                }
                None => {
                    out.push_str("zq");
                    rest = &rest[2..];
                }
            }
        }
        out + rest
    }

    /// Whether what an engine showed is the same but for the texts; what is not is added to the problems.
    pub fn same(&self, path: &str, own: &Value, got: &Value, problems: &mut Vec<String>) {
        match (own, got) {
            (Value::String(a), Value::String(b)) => self.text(path, a, b, problems),
            (Value::Array(a), Value::Array(b)) => {
                let lengths = a.len().abs_diff(b.len());
                let before = problems.len();
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.same(&format!("{path}[{i}]"), a, b, problems);
                    // What comes after something that is missing or too much is not what it is held against.
                    if lengths != 0 && problems.len() > before {
                        break;
                    }
                }
                if lengths != 0 {
                    let next = a.get(b.len()).or(b.get(a.len())).map(ToString::to_string);
                    problems.push(format!(
                        "{path} has {} parts, not {}: {}",
                        b.len(),
                        a.len(),
                        cut(&next.unwrap_or_default())
                    ));
                }
            }
            (Value::Object(a), Value::Object(b)) => {
                for (key, a) in a {
                    match b.get(&self.replaced(key)) {
                        Some(b) => self.same(&format!("{path}.{key}"), a, b, problems),
                        None => problems.push(format!("{path}.{key} is missing")),
                    }
                }
                if a.len() < b.len() {
                    let keys: Vec<&String> = b.keys().filter(|k| !a.contains_key(*k)).collect();
                    problems.push(format!("{path} has more: {keys:?}"));
                }
            }
            (a, b) if a == b => {}
            (a, b) => problems.push(format!(
                "{path}: {}\n        became {}",
                cut(&a.to_string()),
                cut(&b.to_string())
            )),
        }
    }

    fn text(&self, path: &str, own: &str, got: &str, problems: &mut Vec<String>) {
        let wanted = self.replaced(own);
        if wanted == got {
            return;
        }
        let read = |text: &str| {
            serde_json::from_str::<Value>(text)
                .ok()
                .filter(|v| v.is_object() || v.is_array())
        };
        // `state={…}` too: JSON behind a name.
        let behind = |text: &'_ str| text.find(['{', '[']).unwrap_or(0);
        let (head, own_head) = (behind(got), behind(own));
        if self.replaced(&own[..own_head]) == got[..head]
            && let (Some(a), Some(b)) = (read(&own[own_head..]), read(&got[head..]))
        {
            return self.same(&format!("{path} (JSON)"), &a, &b, problems);
        }
        // What the services ask for: letters in the name of a lock; no variables of theirs in a question, and not more of it than they take.
        let letters = |c: char| {
            if c.is_ascii_alphanumeric() || "_.-".contains(c) {
                c
            } else {
                '-'
            }
        };
        if let (Some(lock), Some(got)) = (wanted.strip_prefix(LOCK), got.strip_prefix(LOCK))
            && lock.chars().map(letters).collect::<String>() == got
        {
            return;
        }
        let asked = wanted.replace("{{", "{ {").replace("{{", "{ {");
        if path.ends_with(".Message[0]")
            && !got.contains("{{")
            && (asked == got || got.len() > MESSAGE && asked.starts_with(got))
        {
            return;
        }
        problems.push(format!(
            "{path}: {:?}\n        should be {:?}\n        and is   {:?}",
            cut(own),
            cut(&wanted),
            cut(got)
        ));
    }
}

/// The beginning of a text that is too long to read.
fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

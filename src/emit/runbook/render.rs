//! The templates, and the helpers that write text of users into Markdown and HTML.
//!
//! Strict: a field that is missing is an error, which a test finds. Called by `mod` only.

use crate::diagnostic::did_you_mean;
use crate::emit::runbook::changes::Since;
use crate::emit::runbook::templates::{Flaw, Templates, file_of};
use crate::emit::runbook::words::{Words, filled};
use crate::emit::runbook::{View, escape, tidy};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    RenderErrorReason, ScopedJson, handlebars_helper,
};

handlebars_helper!(md: |text: String| escape::inline(&text));
handlebars_helper!(code: |text: String| escape::code(&text));
handlebars_helper!(cell: |text: String| escape::cell(&text));
handlebars_helper!(link: |text: String| escape::link(&text));
handlebars_helper!(anchor: |text: String| escape::anchor(&text));
handlebars_helper!(blank: |count: u64| {
    vec![escape::BLANK.to_string(); usize::try_from(count).unwrap_or(1).min(20)].join(" | ")
});
handlebars_helper!(any: |list: Json, field: String| {
    let filled = |v: &serde_json::Value| v.get(&field).is_some_and(|f| f.as_str() != Some(""));
    list.as_array().is_some_and(|l| l.iter().any(filled))
});
handlebars_helper!(shell: |text: String| escape::fenced(&text, "bash"));
handlebars_helper!(said: |text: String| escape::said(&text));
handlebars_helper!(spoken: |text: String| escape::spoken(&text));
handlebars_helper!(markup: |text: String| escape::html(&text));

/// `{{require 1}}`: the template is written for this version of the view, or an earlier one.
fn require(
    h: &Helper<'_>,
    _: &Handlebars<'_>,
    context: &Context,
    _: &mut RenderContext<'_, '_>,
    _: &mut dyn Output,
) -> HelperResult {
    let wanted = h.param(0).and_then(|p| p.value().as_u64()).unwrap_or(0);
    let there = context
        .data()
        .get("version")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or(0);
    if wanted == 0 || wanted > there {
        let message =
            format!("it is written for version {wanted} of the view; this compiler has version {there}");
        return Err(RenderErrorReason::Other(message).into());
    }
    Ok(())
}

/// `{{w "key" name=(md x)}}`: words of the language's catalogue, with what is filled in as it is given.
struct Word {
    words: Words,
    escape: fn(&str) -> String,
}

impl HelperDef for Word {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        h: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let key = h.param(0).and_then(|p| p.value().as_str()).unwrap_or_default();
        let Some(text) = self.words.get(key) else {
            let near = did_you_mean(key, self.words.keys()).map(|n| format!("; {n}"));
            let message = format!("there are no words for `{key}`{}", near.unwrap_or_default());
            return Err(RenderErrorReason::Other(message).into());
        };
        let value = |name: &str| {
            let value = h.hash_get(name)?.value();
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_string))
        };
        // The blanks around what is filled in belong to the sentence.
        let plain = |part: &str| {
            let (front, back) = (part.len() - part.trim_start().len(), part.trim_end().len());
            match part.get(front..back.max(front)) {
                Some(inner) if !inner.is_empty() => {
                    format!("{}{}{}", &part[..front], (self.escape)(inner), &part[back..])
                }
                _ => part.to_string(),
            }
        };
        Ok(ScopedJson::Derived(filled(text, plain, value).into()))
    }
}

/// The engine with the helpers and the parts.
fn engine(given: &Templates) -> Result<Handlebars<'_>, Flaw> {
    let mut templates = Handlebars::new();
    templates.set_strict_mode(true);
    templates.register_escape_fn(handlebars::no_escape);
    templates.register_helper("md", Box::new(md));
    templates.register_helper("code", Box::new(code));
    templates.register_helper("cell", Box::new(cell));
    templates.register_helper("link", Box::new(link));
    templates.register_helper("anchor", Box::new(anchor));
    templates.register_helper("blank", Box::new(blank));
    templates.register_helper("any", Box::new(any));
    templates.register_helper("shell", Box::new(shell));
    templates.register_helper("h", Box::new(markup));
    templates.register_helper("said", Box::new(said));
    templates.register_helper("h_said", Box::new(spoken));
    templates.register_helper("require", Box::new(require));
    let word = |escape| Word {
        words: given.words().clone(),
        escape,
    };
    templates.register_helper("w", Box::new(word(escape::inline)));
    templates.register_helper("hw", Box::new(word(escape::html)));
    for (name, text) in given.parts() {
        templates
            .register_partial(name, text)
            .map_err(|e| flaw(name, None, &e.to_string()))?;
    }
    Ok(templates)
}

/// What changed, in Markdown.
///
/// # Errors
/// What an organisation's template asks for and the view does not have.
pub(super) fn changes(since: &Since, given: &Templates) -> Result<String, Flaw> {
    let data = serde_json::json!({ "changes": since });
    let page = engine(given)?
        .render_template(
            "## {{w \"heading.what_changed_in_the_plan\"}}\n\n{{> changes}}\n",
            &data,
        )
        .map_err(|e| asked_too_much(given, "changes", &e))?;
    Ok(tidy::markdown(&page))
}

/// Every document with its path.
///
/// # Errors
/// What an organisation's template asks for and the view does not have.
pub(super) fn documents(view: &View, given: &Templates) -> Result<Vec<(&'static str, String)>, Flaw> {
    let templates = engine(given)?;
    let data = serde_json::to_value(view).map_err(|e| flaw("", None, &e.to_string()))?;
    let mut documents = Vec::new();
    for (name, text) in given
        .documents()
        .into_iter()
        .filter(|(name, _)| given.chose(name))
    {
        let page = templates
            .render_template(text, &data)
            .map_err(|e| asked_too_much(given, name, &e))?;
        let tidied = if name.ends_with(".html") {
            tidy::html(&page)
        } else {
            tidy::markdown(&page)
        };
        documents.push((name, tidied));
    }
    Ok(documents)
}

/// What a template asked for that the view does not have, with the place and the words that asked.
fn asked_too_much(given: &Templates, document: &str, e: &handlebars::RenderError) -> Flaw {
    let name = e.template_name.as_deref().unwrap_or(document);
    let all = given.parts().into_iter().chain(given.documents());
    let text = all
        .into_iter()
        .find(|(n, _)| *n == name)
        .map_or("", |(_, text)| text);
    let line = e
        .line_no
        .and_then(|l| text.lines().nth(l.checked_sub(1)?))
        .unwrap_or("");
    let from: String = line
        .chars()
        .skip(e.column_no.unwrap_or(1).saturating_sub(1))
        .collect();
    let words = from.split_inclusive("}}").next().unwrap_or("").trim();
    let words = if words.is_empty() {
        String::new()
    } else {
        format!(": `{words}`")
    };
    let reason = match e.reason() {
        RenderErrorReason::ParamNotFoundForName(..)
        | RenderErrorReason::ParamNotFoundForIndex(..)
        | RenderErrorReason::MissingVariable(_)
        | RenderErrorReason::ParamTypeMismatchForName(..) => format!("the view has no such text here{words}"),
        RenderErrorReason::HelperNotFound(helper) => format!("there is no helper `{helper}`"),
        RenderErrorReason::Other(words) => words.clone(),
        other => format!("{}{words}", other.to_string().to_lowercase()),
    };
    flaw(name, e.line_no, &reason)
}

fn flaw(name: &str, line: Option<usize>, reason: &str) -> Flaw {
    Flaw {
        file: file_of(name),
        line,
        message: reason.trim().trim_end_matches('.').to_string(),
        help: Some("`docs/templates.md` lists what a template may ask for".to_string()),
    }
}

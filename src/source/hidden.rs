//! Characters that are obeyed instead of shown, or that hide or reorder what is shown.
//!
//! Must not know who prints. Called by the reports and by every target, so that all agree on what is never written as it is.

/// Whether a character must not stand as it is in anything people read: control characters, marks that turn the direction of text
/// around, characters without a picture, and those that Unicode says are none. Line breaks and tabs count too.
pub fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || (c as u32) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text of JSON in which such characters are escaped; line breaks between values stay.
pub fn visible_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, c) in text.char_indices().filter(|(_, c)| *c != '\n' && is_hidden(*c)) {
        out.push_str(&text[from..at]);
        let mut units = [0u16; 2];
        for unit in c.encode_utf16(&mut units) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
        from = at + c.len_utf8();
    }
    out.push_str(&text[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::{is_hidden, visible_json};

    #[test]
    fn what_is_hidden_is_escaped_and_comes_back() {
        let text = "a\u{7f}\u{85}\u{202e}\u{feff}\u{ffff}\u{e0041}\u{10ffff}é\u{1f600}\t\n\"";
        let json = visible_json(&serde_json::to_string_pretty(&[text]).expect("serialises"));
        assert!(json.chars().all(|c| c == '\n' || !is_hidden(c)), "{json}");
        let back: [String; 1] = serde_json::from_str(&json).expect("parses");
        assert_eq!(back[0], text);
    }
}

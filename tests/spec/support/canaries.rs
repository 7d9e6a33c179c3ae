//! Secrets that are unmistakable, and a search for them in whatever anybody may come to see: as they are, and in
//! every form in which they could have been written down.

use std::fs;
use std::path::Path;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

use super::Answer;

/// The secrets of a test, and all that was seen while they were in use.
#[derive(Default)]
pub struct Canaries {
    secrets: Vec<Secret>,
    seen: Vec<(String, Vec<u8>)>,
}

struct Secret {
    what: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Canaries {
    /// A password for this purpose. What stands around its middle is written otherwise in HTML, JSON and
    /// addresses; the middle is the same in all of them.
    pub fn password(&mut self, purpose: &str) -> String {
        let middle = format!("canary-{purpose}-{:016x}", fastrand::u64(..));
        self.keep(&format!("the password for {purpose}"), middle.as_bytes());
        let password = format!("<&\" {middle} \"é+");
        self.keep(&format!("the whole password for {purpose}"), password.as_bytes());
        password
    }

    /// One that is too short to be taken.
    pub fn short_password(&mut self) -> String {
        let password = format!("c-{:012x}", fastrand::u64(..) >> 16);
        self.keep("a short password", password.as_bytes());
        password
    }

    /// A token or a link's code, as it is written and as the bytes that it stands for. A cut one is a secret as
    /// well, so its beginning is what is looked for.
    pub fn code(&mut self, what: &str, text: &str) {
        self.keep(what, &text.as_bytes()[..30]);
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url");
        self.keep(&format!("the bytes of {what}"), &bytes[..22]);
    }

    fn keep(&mut self, what: &str, bytes: &[u8]) {
        self.secrets.push(Secret { what: what.to_owned(), forms: forms(bytes) });
    }

    /// Somebody saw this.
    pub fn saw(&mut self, place: &str, text: impl Into<Vec<u8>>) {
        self.seen.push((place.to_owned(), text.into()));
    }

    /// Somebody got this answer, in which nothing but `meant` and the token's own cookie may be secret.
    pub fn got(&mut self, answer: &Answer, meant: &str) {
        let without = |text: &str| if meant.is_empty() { text.to_owned() } else { text.replace(meant, "") };
        self.saw("a page", without(&answer.body));
        for (name, value) in &answer.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let value = match name.as_str() {
                "set-cookie" => value.split_once(';').map_or("", |(_, attributes)| attributes).to_owned(),
                _ => without(&value),
            };
            self.saw(&format!("the header {name}"), value);
        }
    }

    /// Everything in a folder, with its names, lies open to whoever copies it.
    pub fn saw_all_below(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let place = path.display().to_string();
            self.saw("a file's name", place.clone());
            match path.is_dir() {
                true => self.saw_all_below(&path),
                false => self.saw(&place, fs::read(&path).expect("a file")),
            }
        }
    }

    /// Keeps the secrets alone.
    pub fn forgets_what_it_saw(&mut self) {
        self.seen.clear();
    }

    /// Which secrets were seen, where, and in which form.
    pub fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (place, text) in &self.seen {
            for Secret { what, forms } in &self.secrets {
                let forms = forms.iter().filter(|(_, form)| contains(text, form));
                found.extend(forms.map(|(form, _)| format!("{what}, {form}, in {place}")));
            }
        }
        found
    }
}

/// All that a secret may have become.
fn forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = (HEXLOWER.encode(bytes), HEXUPPER.encode(bytes));
    let percent = |hex: &str| hex.as_bytes().chunks(2).flat_map(|byte| [b"%", byte].concat()).collect();
    let form: String = url::form_urlencoded::byte_serialize(bytes).collect();
    let mut forms = vec![
        ("as it is", bytes.to_vec()),
        ("as bytes in a list", list(bytes)),
        ("percent-encoded", percent(&hex.0)),
        ("percent-encoded", percent(&hex.1)),
        ("as forms have it", form.into_bytes()),
        ("in hex", hex.0.into_bytes()),
        ("in hex", hex.1.into_bytes()),
    ];
    // Behind other bytes, base64 has another text for it: one for each place within three bytes.
    for before in 0..3 {
        let shifted = [&vec![0; before][..], bytes].concat();
        let whole = (before * 8).div_ceil(6)..shifted.len() * 8 / 6;
        for encoding in [&BASE64_NOPAD, &BASE64URL_NOPAD] {
            forms.push(("in base64", encoding.encode(&shifted).as_bytes()[whole.clone()].to_vec()));
        }
    }
    forms
}

/// As `Debug` prints bytes.
fn list(bytes: &[u8]) -> Vec<u8> {
    let list = format!("{bytes:?}");
    list.trim_matches(['[', ']']).as_bytes().to_vec()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    // By the first byte: most of what is seen is long, and holds nothing.
    let Some((&first, _)) = part.split_first() else { return false };
    text.iter().enumerate().any(|(at, &byte)| byte == first && text[at..].starts_with(part))
}

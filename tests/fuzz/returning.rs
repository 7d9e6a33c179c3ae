//! Where `next` leads: to a page of this site, as a browser reads it, and never to one that logs out, or to one behind
//! the door.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use bolero::check;
use poem::Response;
use poem::http::{HeaderValue, Uri, header};
use url::{Url, form_urlencoded};

use crate::corpus::Example;
use crate::effort;
use crate::material::Material;
use crate::site::{ORIGIN, PASSWORD, Site, TOKEN};

pub const NAME: &str = "returning";

/// All that is behind the door.
const BEHIND: &str = "https://localhost:8443/";

/// One in so many is also where bob's login leads: that writes to the disk, and with more of them there would
/// be time for little else.
const LOGINS: u8 = 64;

const PIECES: [&[u8]; 33] = [
    b"/",
    b"//",
    b"\\",
    b"/\\",
    b"..",
    b"/../",
    b"/./",
    b"/%2e%2e/",
    b"%2f",
    b"%5c",
    b"%2F%2F",
    b"logout",
    b"/logout",
    b"%6cogout",
    b"%6Cogout%2f",
    b"/login",
    b"login?next=/",
    b"evil.example",
    b"https:",
    b"http://localhost:8000",
    b"https://localhost:8443",
    b":8443",
    b"localhost",
    b"@",
    b"?",
    b"#",
    b";",
    b"\t",
    b"\r\n",
    b"\0",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xa9xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

#[test]
fn every_next_leads_to_a_page_of_this_site_or_through_the_door() {
    let mut here = AssertUnwindSafe(Here { site: Site::open(), known: BTreeSet::new() });
    let material = Material::of(&examples(), &PIECES);
    check!(name = NAME).with_test_time(effort()).for_each(|input: &[u8]| {
        for text in material.readings(input) {
            here.is_where_it_leads(&text);
        }
        let page = simple(input);
        assert_eq!(location(here.site.get(login(page.as_bytes()).unwrap(), alice())), page);
    });
}

pub fn examples() -> Vec<Example> {
    let of = |text: &str| text.as_bytes().to_vec();
    vec![
        ("page", of("/reports?year=2026&a=b")),
        ("any-script", of("/café/名前?ü=ö#piece")),
        ("encoded", of("/caf%C3%A9%2F%2e%2E/x%00")),
        ("dots", of("/x/../..//evil.example")),
        ("backslash", of("/\\evil.example/a\\b")),
        ("tab", of("/\t/evil.example")),
        ("elsewhere", of("https://evil.example/")),
        ("behind-the-door", of("https://localhost:8443/reports?year=2026#piece")),
        ("beside-the-door", of("https://localhost:8443@evil.example:8443/")),
        ("without-scheme", of("//evil.example/")),
        ("script", of("javascript:alert(1)")),
        ("logout", of("/x/../logout?which=all")),
        ("encoded-logout", of("/%6Cogout%2F")),
        ("login", of("/login?next=/login")),
        ("long", format!("/{}", "é".repeat(400)).into_bytes()),
    ]
}

/// The site, and its pages that have been looked at.
struct Here {
    site: Site,
    known: BTreeSet<String>,
}

impl Here {
    fn is_where_it_leads(&mut self, next: &[u8]) {
        // As a form writes it, and as somebody might who makes a link by hand.
        let led = location(self.site.get(login(next).unwrap(), alice()));
        self.has(&led);
        assert!(
            led == "/" || led.starts_with(BEHIND) || may_lead_here(&String::from_utf8_lossy(next)),
            "{led} for {}",
            next.escape_ascii()
        );
        if let Ok(raw) = Uri::try_from([b"/login?next=", next].concat()) {
            self.has(&location(self.site.get(raw, alice())));
        }
        let form = format!("next={}", encoded(next));
        let led = location(self.site.post("/logout", form.clone()));
        let led = Url::parse(ORIGIN).unwrap().join(&led).unwrap();
        assert_eq!(led.path(), "/login");
        let kept = led.query_pairs().find(|(name, _)| name == "next");
        self.has(&kept.map_or_else(|| "/".to_owned(), |(_, next)| next.into_owned()));
        if next.iter().fold(0, |sum: u8, &byte| sum.wrapping_add(byte)) % LOGINS == 0 {
            let form = format!("username=bob&password={}&{form}", encoded(PASSWORD.as_bytes()));
            self.has(&location(self.site.post("/login", form)));
        }
    }

    fn has(&mut self, led: &str) {
        assert!(led.len() <= 2048, "{} bytes", led.len());
        assert!(led.bytes().all(|byte| byte.is_ascii_graphic()), "{led:?}");
        let page = Url::parse(&format!("{ORIGIN}/login")).unwrap().join(led).unwrap();
        if led.starts_with(BEHIND) {
            assert_eq!((page.as_str(), page.username(), page.password()), (led, "", None));
            return;
        }
        // Letter by letter what a browser makes of it: a path, and nothing that it reads in another way.
        assert_eq!(page.as_str(), format!("{ORIGIN}{led}"));
        assert!(led.starts_with('/') && !led.starts_with("//"), "{led}");
        if self.known.insert(led.to_owned()) {
            let shown = self.site.text(self.site.get(led.parse().unwrap(), alice()));
            assert!(!shown.contains("<title>Log out"), "{led} is the page that logs out");
        }
    }
}

/// What is asked of every `next` before anything is made of it.
fn may_lead_here(next: &str) -> bool {
    let is_local = next.starts_with('/') && !next.starts_with("//") && !next.starts_with("/\\");
    is_local && next.len() <= 2048 && !next.contains(char::is_control)
}

fn login(next: &[u8]) -> Result<Uri, poem::http::Error> {
    Uri::builder().path_and_query(format!("/login?next={}", encoded(next))).build()
}

fn encoded(text: &[u8]) -> String {
    form_urlencoded::byte_serialize(text).collect()
}

fn alice() -> Vec<HeaderValue> {
    vec![HeaderValue::from_str(&format!("exeunt={TOKEN}")).unwrap()]
}

fn location(answer: Response) -> String {
    assert_eq!(answer.status().as_u16(), 303);
    answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
}

/// A page that nobody has to change: letters, digits, and slashes between them.
fn simple(input: &[u8]) -> String {
    const LETTERS: &[u8; 40] = b"abcdefghijklmnopqrstuvwxyz0123456789-_~/";
    let letters = input.iter().map(|&byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    format!("/x{}?a=b", letters.collect::<String>())
}

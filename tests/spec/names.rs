//! Names of accounts: what people may be called, in any script, and never a way out of the folder.

use exeunt::accounts::{AccountName, NameError};

#[test]
fn letters_digits_and_a_few_signs_make_a_name() {
    for name in ["a", "7", "alice", "alice.b", "a_b-c+d@example.org", "007", "a.", "a..b", "x@"] {
        assert_eq!(parse(name).as_deref(), Ok(name));
    }
}

#[test]
fn people_of_every_script_have_names() {
    for name in ["josé", "łukasz", "мария", "ελένη", "田中さくら", "김민준", "محمد", "שרה", "สมชาย", "አበበ"]
    {
        assert_eq!(parse(name).as_deref(), Ok(name));
    }
}

#[test]
fn signs_that_belong_to_letters_are_part_of_names() {
    for name in ["प्रिया", "நித்யா", "বিদ্যা", "น้อย", "ខ្មែរ", "i̇brahim"]
    {
        assert_eq!(parse(name).as_deref(), Ok(name), "{name}");
    }
    assert_eq!(parse("İbrahim").as_deref(), Ok("i̇brahim"), "in Turkey people begin like this");
}

#[test]
fn capitals_and_small_letters_are_the_same_name() {
    for (typed, name) in [
        ("Alice", "alice"),
        ("ALICE@Example.ORG", "alice@example.org"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ΌΔΟΣ", "όδοσ"),
        ("όδος", "όδοσ"),
        ("МАРИЯ", "мария"),
        ("ꭰ", "Ꭰ"),
    ] {
        assert_eq!(parse(typed).as_deref(), Ok(name), "{typed}");
    }
}

#[test]
fn two_ways_to_write_a_letter_are_the_same_name() {
    for (typed, name) in [
        ("jose\u{301}", "jos\u{e9}"),
        ("ａｌｉｃｅ", "alice"),
        ("ﬁona", "fiona"),
        ("㎏", "kg"),
        ("𝒜𝓁𝒾𝒸𝑒", "alice"),
        ("①", "1"),
        ("Ⅳ", "iv"),
        ("각", "각"),
    ] {
        assert_eq!(parse(typed).as_deref(), Ok(name), "{typed}");
    }
}

#[test]
fn spaces_around_a_name_are_not_part_of_it() {
    for typed in [" alice", "alice ", "\talice\r\n", "\u{3000}alice\u{a0}"] {
        assert_eq!(parse(typed).as_deref(), Ok("alice"), "{typed:?}");
    }
}

#[test]
fn nothing_is_no_name() {
    for typed in ["", " ", "\t\n", "\u{3000}"] {
        assert_eq!(parse(typed), Err(NameError::Empty), "{typed:?}");
    }
}

#[test]
fn a_name_has_64_characters_at_most() {
    assert_eq!(parse(&"a".repeat(64)), Ok("a".repeat(64)));
    assert_eq!(parse(&"é".repeat(64)), Ok("é".repeat(64)));
    assert_eq!(parse(&"a".repeat(65)), Err(NameError::TooLong));
    assert_eq!(parse(&"é".repeat(65)), Err(NameError::TooLong));
    assert_eq!(parse(&"a".repeat(10 << 20)), Err(NameError::TooLong));
}

#[test]
fn a_name_fits_into_255_bytes() {
    let letter = "𠀀";
    assert_eq!(letter.len(), 4);
    assert_eq!(parse(&letter.repeat(63)), Ok(letter.repeat(63)));
    assert_eq!(parse(&letter.repeat(64)), Err(NameError::TooLong));
}

#[test]
fn what_grows_when_it_is_normalised_is_measured_afterwards() {
    assert_eq!(parse(&"ß".repeat(32)), Ok("s".repeat(64)));
    assert_eq!(parse(&"ß".repeat(33)), Err(NameError::TooLong));
    assert_eq!(parse(&"ﬃ".repeat(22)), Err(NameError::TooLong));
}

#[test]
fn a_name_begins_with_a_letter_or_a_digit() {
    for typed in [".alice", "-alice", "_alice", "+alice", "@alice", "--help", ".first", ".tmp-00", ".locks"] {
        assert_eq!(parse(typed), Err(NameError::Characters), "{typed}");
    }
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let typed = [
        ".",
        "..",
        "/",
        "../alice",
        "a/b",
        "a/../b",
        "/etc/passwd",
        "a\\b",
        "C:alice",
        "a\0b",
        "a\nb",
        "a b",
        "a\u{7f}",
        "．．",
        "‥",
        "a／b",
        "a⁄b",
        "a∕b",
        "℀",
        "a＼b",
        "a\u{2028}b",
    ];
    for typed in typed {
        assert_eq!(parse(typed), Err(NameError::Characters), "{typed:?}");
    }
}

#[test]
fn what_cannot_be_seen_is_in_no_name() {
    for sign in ["\u{200b}", "\u{200d}", "\u{feff}", "\u{202e}", "\u{ad}", "\u{2066}", "\u{e0061}", "\u{1b}"]
    {
        assert_eq!(parse(&format!("al{sign}ice")), Err(NameError::Characters), "{sign:?}");
    }
}

#[test]
fn letters_and_marks_that_cannot_be_seen_are_in_no_name() {
    for sign in
        ["\u{34f}", "\u{115f}", "\u{3164}", "\u{ffa0}", "\u{17b4}", "\u{180b}", "\u{fe0f}", "\u{e0100}"]
    {
        assert_eq!(parse(&format!("al{sign}ice")), Err(NameError::Characters), "{sign:?}");
    }
}

#[test]
fn a_name_does_not_begin_with_a_mark() {
    for sign in ["\u{301}", "\u{93e}", "\u{94d}", "\u{e49}", "\u{5b0}", "\u{20dd}"] {
        assert_eq!(parse(&format!("{sign}alice")), Err(NameError::Characters), "{sign:?}");
    }
}

#[test]
fn signs_that_mean_something_to_pages_and_shells_are_in_no_name() {
    for sign in "<>&\"'`$;|*?!#%^()[]{}=,~:".chars() {
        assert_eq!(parse(&format!("a{sign}b")), Err(NameError::Characters), "{sign}");
    }
}

#[test]
fn every_name_is_its_own_normal_form_and_a_files_name() {
    for letter in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let Ok(name) = AccountName::parse(&format!("x{letter}")) else { continue };
        let name = name.as_str();
        assert_eq!(parse(name).as_deref(), Ok(name), "U+{:04X}", u32::from(letter));
        let is_plain = name.chars().all(|letter| !letter.is_control() && !letter.is_whitespace());
        assert!(is_plain && !name.contains(['/', '\\', '\0']), "U+{:04X}", u32::from(letter));
    }
}

#[test]
fn a_name_that_is_read_from_a_record_is_held_to_the_same_rules() {
    let read = |text: &str| serde_json::from_value::<AccountName>(text.into());
    assert_eq!(read("alice").unwrap().as_str(), "alice");
    for text in ["", "../alice", ".first", "a b", &"a".repeat(65)] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn a_refusal_says_what_would_do() {
    let says = |typed: &str| AccountName::parse(typed).unwrap_err().to_string();
    assert_eq!(says(""), "Enter a name.");
    assert_eq!(
        says(&"a".repeat(65)),
        "A name has at most 64 characters, and fewer in scripts that take more room."
    );
    assert_eq!(
        says("a/b"),
        "A name has letters, digits and . _ - + @ only, and begins with a letter or a digit."
    );
}

fn parse(typed: &str) -> Result<String, NameError> {
    AccountName::parse(typed).map(|name| name.to_string())
}

//! The browser's mouse and keyboard: real input events, which go where a
//! person's would, and never a script's `click()` or a set value.

use fantoccini::{
    Locator,
    actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction},
};

use super::{Browser, Key};

/// The element that has the keyboard focus, as assistive technology names it.
#[derive(Debug, PartialEq, Eq)]
pub struct Focus {
    pub tag: String,
    pub id: Option<String>,
    pub name: Option<String>,
    /// The accessible name: a field's label, a button's or link's text.
    pub label: String,
}

impl Browser {
    /// Empties a form field and types `text` into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("the field should be editable");
        field.send_keys(text).await.expect("the field should take keys");
    }

    pub async fn click(&self, css: &str) {
        let target = self.find(css).await;
        target.click().await.unwrap_or_else(|e| panic!("`{css}` should be clickable: {e}"));
    }

    /// Clicks the one `<button>` with this visible label.
    pub async fn click_button(&self, label: &str) {
        let buttons = self.client.find_all(Locator::Css("button")).await;
        let mut matching = Vec::new();
        for button in buttons.expect("the page should list its buttons") {
            if button.text().await.is_ok_and(|text| text == label) {
                matching.push(button);
            }
        }
        let [button] = &matching[..] else {
            panic!("{} buttons are labelled {label:?} on {}", matching.len(), self.whereabouts().await)
        };
        button.click().await.unwrap_or_else(|e| panic!("{label:?} should be clickable: {e}"));
    }

    /// Two quick clicks of the real mouse button, as an impatient person does.
    pub async fn double_click(&self, css: &str) {
        const DOWN: PointerAction = PointerAction::Down { button: 0 };
        const UP: PointerAction = PointerAction::Up { button: 0 };
        let element = self.find(css).await;
        let mouse = MouseActions::new("mouse".into())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(DOWN)
            .then(UP)
            .then(DOWN)
            .then(UP);
        self.client.perform_actions(mouse).await.expect("the mouse should double-click");
    }

    /// Presses one key, for the element that has the focus.
    pub async fn press(&self, key: Key) {
        self.chord(&[key.into()]).await;
    }

    /// Holds `modifier` while pressing `key`, as in Shift+Tab.
    pub async fn press_with(&self, modifier: Key, key: Key) {
        self.chord(&[modifier.into(), key.into()]).await;
    }

    /// Types `text`, each key with Control held: a selects all, x cuts, v pastes.
    pub async fn holds_control_and_types(&self, text: &str) {
        for value in text.chars() {
            self.chord(&[Key::Control.into(), value]).await;
        }
    }

    /// Types `text`, key by key, into the element that has the focus.
    pub async fn type_keys(&self, text: &str) {
        for value in text.chars() {
            self.chord(&[value]).await;
        }
    }

    async fn chord(&self, keys: &[char]) {
        let down = keys.iter().map(|&value| KeyAction::Down { value });
        let up = keys.iter().rev().map(|&value| KeyAction::Up { value });
        let keyboard = KeyActions::new("keyboard".into());
        let keyboard = down.chain(up).fold(keyboard, |keyboard, action| keyboard.then(action));
        self.client.perform_actions(keyboard).await.expect("the keyboard should work");
    }

    /// What has the keyboard focus; `body` when nothing has.
    pub async fn focused(&self) -> Focus {
        const GONE: &str = "the focused element should stay";
        let element = self.client.active_element().await.expect("something should have the focus");
        let label = self.ask(format!("element/{}/computedlabel", element.element_id()), None).await;
        Focus {
            tag: element.tag_name().await.expect(GONE),
            id: element.attr("id").await.expect(GONE),
            name: element.attr("name").await.expect(GONE),
            label: label.as_str().unwrap_or_default().to_owned(),
        }
    }
}

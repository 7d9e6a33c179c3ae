//! The same in Firefox and in WebKit, which Safari is made of, as far as browsers differ: forms, cookies,
//! and above all what they keep of a page that is left.

use crate::in_a_browser::{
    a_person_logs_in_wrongly_then_rightly_and_logs_out, back_after_a_logout_shows_nothing_private,
    back_after_a_logout_shows_nothing_private_on_https, back_shows_again_what_may_be_kept,
    one_session_is_logged_out_from_the_list,
};
use crate::support::browser::{Browser, Engine, Scripts};
use crate::support::with_and_without_javascript;

mod firefox {
    use super::*;

    with_and_without_javascript! { Firefox:
        a_person_logs_in_wrongly_then_rightly_and_logs_out
        one_session_is_logged_out_from_the_list
        back_after_a_logout_shows_nothing_private
        back_after_a_logout_shows_nothing_private_on_https
        back_shows_again_what_may_be_kept
    }
}

mod webkit {
    use super::*;

    with_and_without_javascript! { WebKit:
        a_person_logs_in_wrongly_then_rightly_and_logs_out
        one_session_is_logged_out_from_the_list
        back_after_a_logout_shows_nothing_private_on_https
        back_shows_again_what_may_be_kept
    }

    /// On plain http WebKit keeps pages that are `no-store` too, and shows them again. Ours ask the server
    /// then, which takes JavaScript; without it, there is nothing that an answer could say against it.
    #[tokio::test(flavor = "multi_thread")]
    async fn with_javascript_back_after_a_logout_shows_nothing_private() {
        let browser = Browser::open_in(Engine::WebKit, Scripts::On).await;
        back_after_a_logout_shows_nothing_private(browser).await;
    }
}

/// Each scenario, an `async fn` that takes a browser, becomes a test with JavaScript and a test without.
macro_rules! with_and_without_javascript {
    ($engine:ident: $($scenario:ident)*) => {
        mod with_javascript {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                use $crate::support::browser::{Browser, Engine, Scripts};
                super::$scenario(Browser::open_in(Engine::$engine, Scripts::On).await).await;
            })*
        }
        mod without_javascript {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                use $crate::support::browser::{Browser, Engine, Scripts};
                super::$scenario(Browser::open_in(Engine::$engine, Scripts::Off).await).await;
            })*
        }
    };
}

pub(crate) use with_and_without_javascript;

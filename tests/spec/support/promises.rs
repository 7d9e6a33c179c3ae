//! One contract, held against each store that there is.

/// Makes a test of every promise for every store. Whoever uses it has `in_a_folder`, and a function like
/// it for each further store.
macro_rules! promises {
    ($($promise:ident,)*) => {
        mod files {
            $(#[tokio::test] async fn $promise() { super::$promise(super::in_a_folder()).await; })*
        }
        // A store's line goes here.
    };
}

pub(crate) use promises;

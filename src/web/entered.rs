//! What a request carries with it once it has entered: the site, who sent it and, where pages are, who that is.
//! Handlers ask for these as parameters. It never finds any of it out.

use std::sync::Arc;

use poem::{FromRequest, Request, RequestBody, Result};

use super::Site;
use super::visitor::Visitor;
use crate::audit::Asker;

/// A request that has entered; one note in it, since each takes memory.
#[derive(Clone)]
pub struct Entered {
    /// Where it is.
    pub site: Arc<Site>,
    /// Who sent it.
    pub asker: Asker,
    visitor: Option<Arc<Visitor>>,
}

impl Entered {
    /// Notes where it is and who sent it.
    pub fn at(site: &Arc<Site>, asker: &Asker, request: &mut Request) {
        request.set_data(Self { site: Arc::clone(site), asker: asker.clone(), visitor: None });
    }

    /// Notes who that is.
    pub fn as_visitor(visitor: &Arc<Visitor>, request: &mut Request) {
        let entered = request.extensions_mut().get_mut::<Self>().expect(ENTERED);
        entered.visitor = Some(Arc::clone(visitor));
    }

    /// What the request carries.
    pub fn of(request: &Request) -> &Self {
        request.data().expect(ENTERED)
    }

    /// Who sent it.
    pub fn visitor(&self) -> &Visitor {
        self.visitor.as_ref().expect("BUG: whoever opens a page is recognised")
    }
}

const ENTERED: &str = "BUG: every request enters";

impl<'a> FromRequest<'a> for &'a Site {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(&Entered::of(request).site)
    }
}

impl<'a> FromRequest<'a> for &'a Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(Entered::of(request).visitor())
    }
}

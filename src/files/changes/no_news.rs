//! On a system that tells nothing without being waited for, folders are never watched.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::path::Path;

use super::{KeyOf, Moment, Moments};

#[derive(Debug)]
pub struct System<K>(Infallible, PhantomData<K>);

pub struct Beginning(Infallible);

impl Beginning {
    pub fn watch(&self, _: &Path) -> io::Result<Infallible> {
        match self.0 {}
    }

    pub fn is_at(&self, _: &Path) -> io::Result<bool> {
        match self.0 {}
    }
}

impl<K> System<K> {
    pub fn of(_: &Path, _: KeyOf<K>) -> io::Result<Self> {
        Err(io::Error::new(ErrorKind::Unsupported, "folders are watched on Linux alone"))
    }

    pub fn is_full(&self) -> bool {
        match self.0 {}
    }

    pub fn moment(&self, _: K) -> Option<Moment> {
        match self.0 {}
    }

    pub fn beginning(&mut self) -> Beginning {
        match self.0 {}
    }

    pub fn begun(&mut self, _: &Beginning, _: Infallible, _: K, _: Moment) {
        match self.0 {}
    }

    pub fn has_begun(&mut self) {
        match self.0 {}
    }

    pub fn follow(&mut self, _: &mut Moments) -> io::Result<()> {
        match self.0 {}
    }
}

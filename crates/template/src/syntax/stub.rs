//! Stands in for the parser and the printer of nodes until they are there: delete this file then.

use super::*;
use crate::{Error, functions::Functions, value::Text};
use std::fmt;
pub(crate) fn parse(_: &Text, _: &Text, _: &Functions) -> Result<Vec<Tree>, Error> {
    Err(Error::message("stub"))
}
pub(crate) fn is_empty_tree(_: &[Node]) -> bool {
    false
}
macro_rules! d { ($($t:ty),*) => { $(impl fmt::Display for $t { fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) } })* } }
d!(Node, TemplateCall, Pipe, Command, Expression);
impl Node {
    pub(crate) fn position(&self) -> usize {
        0
    }
}
impl Expression {
    pub(crate) fn position(&self) -> usize {
        0
    }
}
impl Source {
    pub(crate) fn line_and_column(&self, _: usize) -> (usize, usize) {
        (0, 0)
    }
}

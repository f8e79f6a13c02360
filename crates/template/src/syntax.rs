//! Texts to trees: Go's template syntax.

mod node;
mod stub;
pub(crate) use stub::*;

pub use node::{
    Branch, Chain, Command, Expression, Identifier, Node, Number, Pipe, Position, Source, StringConstant,
    TemplateCall, Tree, Variable,
};

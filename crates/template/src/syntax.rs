//! Texts to trees: Go's template syntax.

mod characters;
mod lexer;
mod literal;
mod node;
mod number;
mod parser;
mod print;
#[cfg(test)]
mod tests;
mod unicode;

pub(crate) use node::{
    Branch, Chain, Command, Expression, Node, Number, Pipe, Position, TemplateCall, Tree, Variable,
    is_empty_tree, on_large_stack,
};
pub(crate) use parser::{FieldNames, parse};

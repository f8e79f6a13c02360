use std::fmt;

use crate::error::Place;
use crate::syntax::{Command, Expression, Node, Pipe, Position, TemplateCall, Tree};

/// The node that an execution is at: what an error names.
#[derive(Clone, Copy)]
pub(super) enum NodeRef<'t> {
    Node(&'t Node),
    Template(&'t TemplateCall),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expression(&'t Expression),
}

impl NodeRef<'_> {
    fn position(self) -> Position {
        match self {
            Self::Node(node) => node.position(),
            Self::Template(template) => template.position,
            Self::Pipe(pipe) => pipe.position,
            Self::Command(command) => command.position,
            Self::Expression(expression) => expression.position(),
        }
    }

    pub(super) fn place(self, tree: &Tree) -> Place {
        let (line, column) = tree.source.line_and_column(self.position());
        Place {
            file: tree.source.name.to_string(),
            line,
            column,
            template: tree.name.to_string(),
            expression: self.to_string(),
        }
    }
}

impl fmt::Display for NodeRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(node) => node.fmt(formatter),
            Self::Template(template) => template.fmt(formatter),
            Self::Pipe(pipe) => pipe.fmt(formatter),
            Self::Command(command) => command.fmt(formatter),
            Self::Expression(expression) => expression.fmt(formatter),
        }
    }
}
